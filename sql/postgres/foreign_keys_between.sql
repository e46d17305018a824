-- Lists the foreign keys between the tables of a schema.
-- Parameters: %(schema)s.
-- Columns: constraint_name, table_name, referenced_table, deferrable. Ordered by table and name.
-- Lowest server: PostgreSQL 15.
SELECT
    k.conname AS constraint_name,
    c.relname AS table_name,
    p.relname AS referenced_table,
    k.condeferrable AS deferrable
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND n.nspname = %(schema)s AND k.conparentid = 0
ORDER BY c.relname, k.conname;
