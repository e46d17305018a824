-- Makes the table of objects that a migration planned and PostgreSQL would not have, if need be.
-- Parameters: none. Lowest server: PostgreSQL 15.
CREATE TABLE IF NOT EXISTS dbtune.migration_left_out (
    migration_id text NOT NULL REFERENCES dbtune.migration (id),
    source_table text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (migration_id, source_table, kind, name)
);
