-- Lists the constraints of a schema's tables, but NOT NULL.
-- Parameters: %(schema)s.
-- Columns: table_name, constraint_name, kind ('p', 'u', 'c', 'f'), columns (in the order of the
-- key), validated, deferrable, initially_deferred, referenced_table and referenced_columns of a
-- foreign key, on_update and on_delete (as SQL says them). Ordered by table and name.
-- Lowest server: PostgreSQL 15.
SELECT
    c.relname AS table_name,
    k.conname AS constraint_name,
    k.contype::text AS kind,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(k.conkey) WITH ORDINALITY AS key (attnum, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = key.attnum
        ORDER BY key.position
    ) AS columns,
    k.convalidated AS validated,
    k.condeferrable AS deferrable,
    k.condeferred AS initially_deferred,
    p.relname AS referenced_table,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(k.confkey) WITH ORDINALITY AS key (attnum, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = key.attnum
        ORDER BY key.position
    ) AS referenced_columns,
    CASE k.confupdtype
        WHEN 'a' THEN 'NO ACTION'
        WHEN 'r' THEN 'RESTRICT'
        WHEN 'c' THEN 'CASCADE'
        WHEN 'n' THEN 'SET NULL'
        WHEN 'd' THEN 'SET DEFAULT'
    END AS on_update,
    CASE k.confdeltype
        WHEN 'a' THEN 'NO ACTION'
        WHEN 'r' THEN 'RESTRICT'
        WHEN 'c' THEN 'CASCADE'
        WHEN 'n' THEN 'SET NULL'
        WHEN 'd' THEN 'SET DEFAULT'
    END AS on_delete
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
WHERE n.nspname = %(schema)s AND k.contype IN ('p', 'u', 'c', 'f')
ORDER BY c.relname, k.conname, k.contype;
