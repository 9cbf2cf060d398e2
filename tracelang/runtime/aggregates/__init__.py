"""Aggregates: reading what programs keep on each CPU, and putting it together as rows."""
