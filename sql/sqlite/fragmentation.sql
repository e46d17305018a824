-- Share of the tables' leaf pages that do not lie shortly behind the leaf page read before them.
-- In the order of path a scan reads them. Overflow pages of both leaves may lie between (SQLite
-- takes those of a leaf before the leaf itself), and 8 others: interior pages, pointer maps.
-- Parameters: none. SQLite 3.31 with DBSTAT compiled in.
-- Returns: one row; the ratio, null for a database without leaf pages.
SELECT avg(NOT coalesce(pageno > previous AND pageno <= previous + 8 + overflow_pages, TRUE))
FROM (
  SELECT
    pageno,
    lag(pageno) OVER leaves AS previous,
    lead(overflow_before, 1, overflow_before) OVER leaves
      - lag(overflow_before, 1, 0) OVER leaves AS overflow_pages
  FROM (
    SELECT
      name, path, pageno, pagetype,
      sum(pagetype = 'overflow') OVER (PARTITION BY name ORDER BY path) AS overflow_before
    FROM dbstat
    WHERE name IN (SELECT name FROM sqlite_master WHERE type = 'table')
  )
  WHERE pagetype = 'leaf'
  WINDOW leaves AS (PARTITION BY name ORDER BY path)
)
