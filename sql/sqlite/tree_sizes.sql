-- Bytes of each table and index, overflow pages included. Reads every page once.
-- Parameters: none. SQLite 3.31 with DBSTAT compiled in.
-- Returns: name, bytes.
SELECT name, pgsize
FROM dbstat
WHERE aggregate = TRUE
ORDER BY name
