"""Building: C into a loadable object, compiled in a child process and cached."""
