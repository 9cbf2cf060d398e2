"""Running: load, attach, drain the events, and account for every loss."""
