"""Benchmarks, printed and not asserted; run one by `python -m bench.NAME`."""
