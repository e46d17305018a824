-- Writes down that a part of a table is loaded, in the transaction that loads it.
-- Parameters: id, source_table, part, rows, rejected. Lowest server: PostgreSQL 15.
INSERT INTO dbtune.migration_part (migration_id, source_table, part, rows, rejected)
VALUES (%(id)s, %(source_table)s, %(part)s, %(rows)s, %(rejected)s);
