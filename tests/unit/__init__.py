"""One capability at a time, in process."""
