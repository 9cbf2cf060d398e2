"""The body of a program: a small, C-shaped language of values and statements.

There are no names to look up. Values are integers of up to 64 bits and pointers; texts and byte
strings live in buffers.
"""
