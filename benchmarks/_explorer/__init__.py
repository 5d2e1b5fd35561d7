"""Data for the explorer's benchmark and for looking at it."""
