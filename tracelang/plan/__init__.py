"""The Plan: records and their layout, maps, programs and what a run requires."""
