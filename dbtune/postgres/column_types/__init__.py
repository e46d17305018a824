"""Which PostgreSQL type each column gets, and why."""
