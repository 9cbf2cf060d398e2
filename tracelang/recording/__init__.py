"""Recordings: events kept as they were captured, and asked again later, on any machine."""
