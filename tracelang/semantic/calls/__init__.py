"""Function calls: text and memory, casts, kernel variables, decoders, the script's own tables."""
