-- Every object of the schema but SQLite's own.
-- Parameters: none. SQLite 3.8.
-- Returns: type, name, tbl_name, sql, in the order of creation.
SELECT type, name, tbl_name, coalesce(sql, '')
FROM sqlite_master
WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'
ORDER BY rowid
