"""Processes that all read one snapshot of the source, and run tasks between it and a target."""
