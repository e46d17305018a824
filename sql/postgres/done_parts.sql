-- Lists the parts of tables that a migration has loaded.
-- Parameters: %(id)s of the migration.
-- Columns: source_table, part, rows, rejected. Lowest server: PostgreSQL 15.
SELECT source_table, part, rows, rejected
FROM dbtune.migration_part
WHERE migration_id = %(id)s
ORDER BY source_table, part;
