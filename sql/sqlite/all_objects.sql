-- Every object of the schema, SQLite's own included.
-- Parameters: none. SQLite 3.8.
-- Returns: type, name, SQL (null for the index of a constraint), by type and name.
SELECT type, name, sql
FROM sqlite_master
ORDER BY type, name, sql
