"""The engine hook on real engines."""
