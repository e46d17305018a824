"""What else was tried: ANALYZE, other forms of tables, indexes to drop or proposed by others."""
