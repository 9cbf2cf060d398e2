"""A script in words: where each part runs, what is attached, how and why."""
