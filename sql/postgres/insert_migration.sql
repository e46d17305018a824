-- Writes down that a migration begins.
-- Parameters: %(id)s and the other columns by name. Lowest server: PostgreSQL 15.
INSERT INTO dbtune.migration
    (id, source_path, source_state, plan_sha256, schema_name, staging_schema, dbtune_version, state)
VALUES
    (
        %(id)s, %(source_path)s, %(source_state)s, %(plan_sha256)s, %(schema_name)s,
        %(staging_schema)s, %(dbtune_version)s, 'loading'
    );
