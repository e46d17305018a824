-- Whether this SQLite holds its own JSON functions for unsafe (3.38 to 3.40 do) and the schema
-- uses one: trusted_schema = OFF would then make the database unreadable.
-- Parameters: none. SQLite 3.30 (2097152 is SQLITE_INNOCUOUS).
-- Returns: 0 or 1.
SELECT EXISTS (
    SELECT 1 FROM pragma_function_list WHERE name = 'json_extract' AND NOT flags & 2097152
  ) AND EXISTS (
    SELECT 1 FROM sqlite_master WHERE sql LIKE '%json%' OR sql LIKE '%->%'
  )
