"""What a database holds: tables, keys, indexes, and how much of each."""
