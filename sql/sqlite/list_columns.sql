-- Columns of all tables that are not virtual; a module that is not loaded would fail the query.
-- Parameters: none. SQLite 3.26.
-- Returns: table, column, declared type, not null, default, position in the primary key, hidden
-- (2 and 3 are generated columns).
SELECT o.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
FROM sqlite_master AS o
JOIN pragma_table_xinfo(o.name, 'main') AS c
WHERE o.type = 'table' AND o.rootpage > 0
ORDER BY o.rowid, c.cid
