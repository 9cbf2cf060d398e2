"""Facts about programs and libraries: where they are, their functions and static probes."""
