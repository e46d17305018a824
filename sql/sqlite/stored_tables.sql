-- Tables whose rows lie in the file: all but virtual ones.
-- Parameters: none. SQLite 3.8.
-- Returns: table, in the order of creation.
SELECT name
FROM sqlite_master
WHERE type = 'table' AND rootpage > 0
ORDER BY rowid
