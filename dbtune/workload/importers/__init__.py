"""Readers of what other tools write: traces and logs in which statements stand."""
