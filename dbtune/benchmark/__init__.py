"""Load on copies of a database, and comparisons of two."""
