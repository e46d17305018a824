"""Opening a database."""
