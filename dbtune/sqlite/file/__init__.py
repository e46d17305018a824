"""The database as a file: its header, locks, users, journal, and what lies beside it."""
