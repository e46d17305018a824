-- Indexes of all tables that are not virtual, one row a key column.
-- Parameters: none. SQLite 3.16.
-- Returns: table, index, unique, origin (c, u, pk), partial, position of the key, column id
-- (-2: expression, -1: rowid), column name, descending, collation.
SELECT o.name, i.name, i."unique", i.origin, i.partial,
  k.seqno, k.cid, k.name, k."desc", k.coll
FROM sqlite_master AS o
JOIN pragma_index_list(o.name, 'main') AS i
JOIN pragma_index_xinfo(i.name, 'main') AS k
WHERE o.type = 'table' AND o.rootpage > 0 AND k."key"
ORDER BY o.rowid, i.seq DESC, k.seqno
