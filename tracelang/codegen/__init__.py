"""From a Plan to text: C for the compiler, ctypes for Python."""
