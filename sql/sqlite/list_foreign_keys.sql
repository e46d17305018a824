-- Foreign keys of all tables that are not virtual, one row a column.
-- Parameters: none. SQLite 3.16.
-- Returns: table, id, column, referenced table, referenced column (null where the
-- primary key is meant), on update, on delete.
SELECT o.name, f.id, f."from", f."table", f."to", f.on_update, f.on_delete
FROM sqlite_master AS o
JOIN pragma_foreign_key_list(o.name, 'main') AS f
WHERE o.type = 'table' AND o.rootpage > 0
ORDER BY o.rowid, f.id DESC, f.seq
