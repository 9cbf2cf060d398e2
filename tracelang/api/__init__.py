"""tracelang for Python programs. What is public is named in the package's own `__all__`."""
