-- Lists what the last migration into a schema planned and PostgreSQL would not have.
-- Parameters: %(schema)s. Columns: those of dbtune.postgres.server.left_out.LeftOut.
-- Lowest server: PostgreSQL 15.
SELECT source_table, kind, name
FROM dbtune.migration_left_out
WHERE migration_id = (
    SELECT id
    FROM dbtune.migration
    WHERE schema_name = %(schema)s AND state = 'done'
    ORDER BY finished_at DESC, id
    LIMIT 1
)
ORDER BY source_table, kind, name;
