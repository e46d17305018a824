-- Share of the tables' leaf pages that do not lie shortly behind the page read before them.
-- In the order of path a scan reads them, overflow pages included; interior pages and pointer maps
-- lie between, so a gap of up to 8 pages is still read ahead.
-- Parameters: none. SQLite 3.31 with DBSTAT compiled in.
-- Returns: one row; the ratio, null for a database without leaf pages.
SELECT avg(NOT coalesce(pageno > previous AND pageno <= previous + 8, TRUE))
FROM (
  SELECT pageno, pagetype, lag(pageno) OVER (PARTITION BY name ORDER BY path) AS previous
  FROM dbstat
  WHERE name IN (SELECT name FROM sqlite_master WHERE type = 'table')
)
WHERE pagetype = 'leaf'
