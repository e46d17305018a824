-- Lists the views of a schema.
-- Parameters: %(schema)s.
-- Columns: view_name. Ordered by name. Lowest server: PostgreSQL 15.
SELECT c.relname AS view_name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'v'
ORDER BY c.relname;
