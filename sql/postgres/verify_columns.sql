-- Lists the columns of a schema's tables as a migration promised them.
-- Parameters: %(schema)s.
-- Columns: table_name, column_name, pg_type (as format_type writes it), not_null, has_default,
-- is_identity, generated ('' no, 's' stored, 'v' virtual), sequence_name (of the identity, or
-- NULL). Ordered by table and position. Lowest server: PostgreSQL 15.
SELECT
    c.relname AS table_name,
    a.attname AS column_name,
    format_type(a.atttypid, a.atttypmod) AS pg_type,
    a.attnotnull AS not_null,
    a.atthasdef AND a.attgenerated = '' AS has_default,
    a.attidentity = 'd' AS is_identity,
    a.attgenerated::text AS generated,
    s.relname AS sequence_name
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend AS d
    ON d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.classid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = c.oid
    AND d.refobjsubid = a.attnum
    AND d.deptype = 'i'
LEFT JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
WHERE
    n.nspname = %(schema)s
    AND c.relkind = 'r'
    AND a.attnum > 0
    AND NOT a.attisdropped
ORDER BY c.relname, a.attnum;
