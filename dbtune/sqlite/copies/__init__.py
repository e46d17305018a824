"""Copies of a database: backups, and scratch copies that go away."""
