"""Defaults, keys, indexes, checks and views: planned, created, and read back."""
