"""Text and trees: the grammar, the parser, its messages, and the canonical layout."""
