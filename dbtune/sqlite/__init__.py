"""All that touches a SQLite file."""
