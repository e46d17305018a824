-- Lists the columns of a schema's tables, as an application made them.
-- Parameters: %(schema)s.
-- Columns: table_name, column_name, pg_type (as DDL), not_null, has_default (a default, an identity
-- or a generation expression), generated, sequence (which it draws from, or NULL), collation (NULL
-- where it is the type's own). Ordered by table and position. Lowest server: PostgreSQL 15.
SELECT
    c.relname AS table_name,
    a.attname AS column_name,
    format_type(a.atttypid, a.atttypmod) AS pg_type,
    a.attnotnull AS not_null,
    a.atthasdef OR a.attidentity <> '' AS has_default,
    a.attgenerated <> '' AS generated,
    pg_get_serial_sequence(
        quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname
    ) AS sequence
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    n.nspname = %(schema)s
    AND c.relkind IN ('r', 'p')
    AND a.attnum > 0
    AND NOT a.attisdropped
ORDER BY c.relname, a.attnum;
