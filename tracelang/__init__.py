"""tracelang: ask a running Linux kernel a question, in a declarative language on eBPF."""

__all__ = ["__version__"]

__version__ = "0.1.0"
