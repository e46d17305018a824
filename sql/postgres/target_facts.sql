-- Tells what a server is and what this role may do in its database.
-- Parameters: %(schema)s the schema that tables will go to.
-- Columns: see below; one row. Lowest server: none (it has to run on those that are too old).
SELECT
    current_setting('server_version_num')::integer AS server_version,
    current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS standby,
    current_setting('transaction_read_only') = 'on' AS read_only,
    current_database() AS database,
    current_user AS role,
    has_database_privilege(current_database(), 'CREATE') AS may_create,
    to_regnamespace(quote_ident(%(schema)s)) IS NOT NULL AS schema_exists,
    coalesce(
        has_schema_privilege(to_regnamespace(quote_ident(%(schema)s))::oid, 'CREATE'), false
    ) AS may_create_in_schema,
    EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citext') AS has_citext,
    EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'citext') AS knows_citext;
