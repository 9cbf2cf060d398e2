"""Symbols: from addresses of the kernel and of processes to the names of functions."""
