"""Facts about a kernel: types, functions, tracepoints, system calls and what may be used."""
