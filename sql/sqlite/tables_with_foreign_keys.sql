-- Tables that declare at least one foreign key.
-- Parameters: none. SQLite 3.16.
-- Returns: table, in the order of creation.
SELECT o.name
FROM sqlite_master AS o
WHERE o.type = 'table' AND o.rootpage > 0
  AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(o.name, 'main'))
ORDER BY o.rowid
