"""SQLite's expressions and statements as PostgreSQL's, by a table of constructs."""
