-- Lists the indexes of a schema's tables, those of constraints too.
-- Parameters: %(schema)s.
-- Columns: table_name, index_name, is_unique, is_valid, is_partial, method, columns (names in the
-- order of the keys, NULL for an expression), options (bit 1 DESC, bit 2 NULLS FIRST).
-- Ordered by table and name. Lowest server: PostgreSQL 15.
SELECT
    c.relname AS table_name,
    i.relname AS index_name,
    x.indisunique AS is_unique,
    x.indisvalid AND x.indisready AND x.indislive AS is_valid,
    x.indpred IS NOT NULL AS is_partial,
    m.amname::text AS method,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(x.indkey) WITH ORDINALITY AS key (attnum, position)
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = x.indrelid AND a.attnum = key.attnum AND key.attnum > 0
        WHERE key.position <= x.indnkeyatts
        ORDER BY key.position
    ) AS columns,
    ARRAY(
        SELECT o.option::integer
        FROM unnest(x.indoption) WITH ORDINALITY AS o (option, position)
        ORDER BY o.position
    ) AS options
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = i.relam
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'r'
ORDER BY c.relname, i.relname;
