-- Purpose: one row of chance for each of the rows :first to :last of a table of :total rows.
--          Nine Lehmer generators modulo 2^31 - 1, each with a full-period multiplier (Fishman and
--          Moore 1986, https://doi.org/10.1137/0907002; Park and Miller 1988), so that the same
--          seed gives the same platform on every machine.
-- Parameters: :first, :last, :total; :seed (1 to 2147483646); :start and :span (Unix seconds of the
--          platform's first day and seconds until now; business grows fourfold meanwhile).
-- Returns nothing. Lowest version: SQLite 3.8.3.
WITH RECURSIVE chance (n, a, b, c, d, e, f, g, h, i) AS (
    SELECT
        :first,
        :seed,
        :seed * 16807 % 2147483647,
        :seed * 69621 % 2147483647,
        :seed * 630360016 % 2147483647,
        :seed * 742938285 % 2147483647,
        :seed * 950706376 % 2147483647,
        :seed * 1226874159 % 2147483647,
        :seed * 62089911 % 2147483647,
        :seed * 1343714438 % 2147483647
    UNION ALL
    SELECT
        n + 1,
        a * 48271 % 2147483647,
        b * 16807 % 2147483647,
        c * 69621 % 2147483647,
        d * 630360016 % 2147483647,
        e * 742938285 % 2147483647,
        f * 950706376 % 2147483647,
        g * 1226874159 % 2147483647,
        h * 62089911 % 2147483647,
        i * 1343714438 % 2147483647
    FROM chance
    WHERE n < :last
),
moment AS (
    SELECT
        *,
        n * 1.0 / :total AS grown,
        g / 2147483647.0 AS even,
        h / 2147483647.0 AS warm,
        i / 2147483647.0 AS hot,
        :start + CAST(
            (:span - 7200) * (n * 1.0 / :total) * (1.6 - 0.6 * n / :total) AS INTEGER
        ) + f % 7200 AS t
    FROM chance
)
INSERT INTO draws (n, grown, t, at, a, b, c, d, e, f, even, warm, hot)
SELECT
    n,
    grown,
    t,
    datetime(t, 'unixepoch') || printf('.%06d', e % 1000000),
    a,
    b,
    c,
    d,
    e,
    f,
    even,
    warm * (0.25 + 0.75 * warm),
    hot * hot * (0.2 + 0.8 * hot)
FROM moment;
