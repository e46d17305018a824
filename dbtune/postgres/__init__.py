"""Moves a SQLite database to PostgreSQL: profiled, planned, loaded, verified."""
