"""Meaning: names, types and what is legal, for the kernel at hand."""
