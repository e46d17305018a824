-- Creates what dbtune remembers of migrations into this database, in a schema of its own.
-- Parameters: none. Run in one transaction. Lowest server: PostgreSQL 15.
CREATE SCHEMA IF NOT EXISTS dbtune;

CREATE TABLE IF NOT EXISTS dbtune.migration (
    id text PRIMARY KEY,
    source_path text NOT NULL,
    source_state text NOT NULL,
    plan_sha256 text NOT NULL,
    schema_name text NOT NULL,
    staging_schema text NOT NULL,
    dbtune_version text NOT NULL,
    state text NOT NULL CHECK (state IN ('loading', 'done', 'discarded')),
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

CREATE TABLE IF NOT EXISTS dbtune.migration_part (
    migration_id text NOT NULL,
    source_table text NOT NULL,
    part integer NOT NULL,
    rows bigint NOT NULL,
    rejected bigint NOT NULL,
    PRIMARY KEY (migration_id, source_table, part)
);
