-- Lists the migrations into this database that were begun and not published.
-- Parameters: none.
-- Columns: those of dbtune.postgres.server.migration_state.Migration. Lowest server: PostgreSQL 15.
SELECT id, source_path, source_state, plan_sha256, schema_name, staging_schema, state
FROM dbtune.migration
WHERE state = 'loading'
ORDER BY started_at, id;
