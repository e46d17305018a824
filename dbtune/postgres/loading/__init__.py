"""Rows on their way: encoded, copied in parts, each part exactly once."""
