-- Lists the relations of a schema that no extension owns.
-- Parameters: %(schema)s name of the schema.
-- Columns: kind ("table", "view", "sequence", ...), name. Ordered by kind and name.
-- Lowest server: PostgreSQL 15.
SELECT
    CASE c.relkind
        WHEN 'r' THEN 'table'
        WHEN 'p' THEN 'partitioned table'
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view'
        WHEN 'S' THEN 'sequence'
        WHEN 'f' THEN 'foreign table'
        ELSE 'type'
    END AS kind,
    c.relname AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    n.nspname = %(schema)s
    AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_depend AS d
        WHERE
            d.classid = 'pg_catalog.pg_class'::regclass
            AND d.objid = c.oid
            AND d.deptype IN ('e', 'i', 'a')
    )
ORDER BY 1, 2;
