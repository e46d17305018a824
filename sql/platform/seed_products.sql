-- Purpose: products: the platform's own services first, then what chefs sell.
-- Parameters: :chefs (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO products (
    id, chef_id, slug, name, category, description, price, stock, is_active, created_at
)
SELECT
    n,
    CASE WHEN n > 8 THEN 1 + CAST(:chefs * grown * warm AS INTEGER) END,
    replace(kind.article, ' ', '-') || '-' || n,
    upper(substr(kind.article, 1, 1)) || substr(kind.article, 2) || ', ' || maker.dish,
    CASE WHEN n > 8 THEN sort.category ELSE 'service' END,
    kind.article || ': ' || maker.dish || '. ' || voices.closing || ' ' || voices.praise,
    300 + 100 * CAST(200 * hot AS INTEGER),
    CASE WHEN c % 6 = 0 THEN 0 ELSE c % 80 END,
    d % 5 <> 0,
    at
FROM draws
JOIN words AS kind ON kind.position = a & 63
JOIN words AS maker ON maker.position = b & 63
JOIN words AS sort ON sort.position = CAST(64 * even AS INTEGER)
JOIN voices
    ON voices.locale = CASE WHEN e % 3 = 0 THEN 'en' ELSE 'ja' END AND voices.position = f & 63;
