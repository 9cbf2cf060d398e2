"""What can stand at a place of a half-written script, and what stands there: for prompt and shell.

`engine.complete` lists candidates, `meaning.describe_place` says what a word is; both take a
`machine.Machine`, which remembers what they learn of the kernel.
"""
