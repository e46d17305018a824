-- The columns of a table with the types they store: a domain's base type in place of the domain.
-- Parameters: schema, table. Columns: name, type (as in pg_type), form ('e' of an enum).
-- Lowest server version: 15.
WITH RECURSIVE stored AS (
    SELECT a.attnum, a.attname, t.oid, t.typname, t.typtype, t.typbasetype
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    WHERE n.nspname = %(schema)s
        AND c.relname = %(table)s
        AND c.relkind IN ('r', 'p', 'f')
        AND a.attnum > 0
        AND NOT a.attisdropped
    UNION ALL
    SELECT s.attnum, s.attname, t.oid, t.typname, t.typtype, t.typbasetype
    FROM stored AS s
    JOIN pg_catalog.pg_type AS t ON t.oid = s.typbasetype
    WHERE s.typtype = 'd'
)
SELECT attname, typname, typtype::text
FROM stored
WHERE typtype <> 'd'
ORDER BY attnum;
