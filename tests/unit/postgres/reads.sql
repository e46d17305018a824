-- Queries that give the same rows on both sides, one a line; test_statements_both.py runs them.
SELECT * FROM items
SELECT id, name FROM items WHERE ok = 1 ORDER BY name
SELECT id, name FROM items ORDER BY name DESC, id
SELECT id, n FROM items ORDER BY n LIMIT 3
SELECT id, n FROM items ORDER BY n DESC LIMIT 3 OFFSET 1
SELECT id FROM items ORDER BY id LIMIT -1 OFFSET 2
SELECT id FROM items ORDER BY id LIMIT 2, 3
SELECT id FROM items WHERE id IN (SELECT item_id FROM tags) ORDER BY 1
SELECT id FROM items WHERE id NOT IN (SELECT item_id FROM tags WHERE tag = 'red') ORDER BY id
SELECT id, tag FROM items JOIN tags ON tags.item_id = items.id ORDER BY id, tag
SELECT i.id, t.tag FROM items i, tags t WHERE t.item_id = i.id ORDER BY i.id DESC, t.tag DESC
SELECT i.id, t.tag FROM items AS i LEFT JOIN tags t ON t.item_id = i.id ORDER BY i.id, t.tag
SELECT i.id, t.tag FROM items i LEFT JOIN tags t ON t.item_id = i.id AND t.w > 1 WHERE t.tag IS NULL ORDER BY 1
SELECT count(*), sum(n), avg(n), total(f), min(name), max(name), group_concat(name) FROM items WHERE id < 3
SELECT ok, count(*) AS c FROM items GROUP BY ok ORDER BY c DESC, ok
SELECT ok, count(*) c, sum(price) FROM items GROUP BY ok HAVING c > 1 ORDER BY ok
SELECT ok, max(n) FROM items GROUP BY 1 ORDER BY 1
SELECT strftime('%Y', at) AS y, count(*) FROM items GROUP BY y ORDER BY y
SELECT date(at) d, count(*) FROM items GROUP BY date(at) ORDER BY date(at) DESC
SELECT DISTINCT ok FROM items ORDER BY ok
SELECT DISTINCT name FROM items ORDER BY name
SELECT DISTINCT tag AS label FROM tags ORDER BY label DESC
SELECT tag FROM tags UNION SELECT name FROM items ORDER BY tag
SELECT tag FROM tags UNION ALL SELECT name FROM items
SELECT id FROM items EXCEPT SELECT item_id FROM tags ORDER BY id
SELECT id FROM items INTERSECT SELECT item_id FROM tags
SELECT id FROM items UNION SELECT item_id FROM tags INTERSECT SELECT 1
SELECT 1 UNION SELECT NULL
SELECT id, 'x' FROM items UNION ALL SELECT NULL, tag FROM tags
SELECT (SELECT tag FROM tags WHERE item_id = items.id ORDER BY tag) FROM items ORDER BY id
SELECT (SELECT count(*) FROM tags WHERE item_id = items.id) FROM items ORDER BY id
SELECT id FROM items WHERE EXISTS (SELECT 1 FROM tags WHERE item_id = id) ORDER BY id
SELECT s.y, count(*) FROM (SELECT strftime('%Y', at) AS y, id FROM items) s GROUP BY s.y ORDER BY s.y
SELECT * FROM (SELECT id, name FROM items WHERE n > 0) ORDER BY id
WITH big AS (SELECT id, n FROM items WHERE n > 5) SELECT count(*) FROM big
WITH big(a, b) AS (SELECT id, n FROM items WHERE n > 5) SELECT a, b FROM big ORDER BY b
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT n FROM c ORDER BY n
WITH RECURSIVE c(id, path) AS (SELECT 1, 'a' UNION ALL SELECT id + 1, path || '>' || id FROM c WHERE id < 4) SELECT * FROM c ORDER BY id
SELECT id, row_number() OVER (ORDER BY name DESC) FROM items ORDER BY id
SELECT id, rank() OVER (PARTITION BY ok ORDER BY n), sum(n) OVER (PARTITION BY ok ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM items ORDER BY id
SELECT id, lag(n) OVER w, lead(name, 1, 'none') OVER w FROM items WINDOW w AS (ORDER BY id) ORDER BY id
SELECT id, first_value(name) OVER (ORDER BY id), ntile(2) OVER (ORDER BY id), nth_value(n, 2) OVER (ORDER BY id) FROM items ORDER BY id
SELECT count(*) FILTER (WHERE ok), count(DISTINCT ok), sum(n) FILTER (WHERE n > 0) FROM items
SELECT group_concat(tag, '; ') FROM (SELECT tag FROM tags ORDER BY tag)
SELECT group_concat(DISTINCT ok) FROM items WHERE ok = 1
SELECT id FROM items WHERE name LIKE '%APPLE%' ORDER BY id
SELECT items.id, j.key, j.value FROM items, json_each(items.doc) AS j ORDER BY items.id
SELECT value FROM json_each('[1, 2, "x"]')
SELECT items.id FROM items, json_each(items.doc, '$.b.c') WHERE json_each.value = 2
SELECT rowid, name FROM items WHERE rowid = 2
SELECT name AS label FROM items WHERE label = 'apple'
SELECT n * 2 AS twice FROM items WHERE twice > 10 ORDER BY twice
SELECT n, count(*) FROM items GROUP BY n ORDER BY n
SELECT id, name, count(tag) FROM items LEFT JOIN tags ON item_id = id GROUP BY id ORDER BY id
SELECT items.* FROM items JOIN tags ON item_id = id WHERE tag = 'red' ORDER BY id
SELECT tags.tag, items.name FROM tags CROSS JOIN items WHERE item_id = id ORDER BY tag, name
SELECT a.id FROM items a, items b JOIN tags t ON t.item_id = a.id WHERE b.id = 1 ORDER BY a.id
SELECT t1.item_id FROM tags t1 JOIN tags t2 USING (item_id) WHERE t1.tag < t2.tag
SELECT * FROM tags NATURAL JOIN (SELECT item_id, count(*) AS c FROM tags GROUP BY item_id) ORDER BY item_id, tag
SELECT nick FROM items ORDER BY nick COLLATE NOCASE, id
SELECT nick, id FROM items ORDER BY nick, id
SELECT name FROM items ORDER BY name COLLATE NOCASE, id
SELECT CASE WHEN n IS NULL THEN 'none' ELSE 'some' END AS k, count(*) FROM items GROUP BY k ORDER BY k
SELECT id FROM items WHERE (id, name) IN (SELECT item_id, tag FROM tags)
SELECT max(id, 3), min(n, 0) FROM items ORDER BY id
SELECT items.id FROM main.items WHERE items.id = 1
VALUES (1, 'a'), (2, 'b')
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) ORDER BY 1
SELECT 1 WHERE 0
SELECT 1, 'a', 2.5, NULL, x'00'
SELECT count(*) FROM items WHERE data IS NOT NULL AND length(data) > 2
SELECT tag, w FROM tags ORDER BY w IS NULL, w
SELECT tag FROM tags GROUP BY tag HAVING count(*) > 1
SELECT sum(w) / count(*) FROM tags
SELECT sum(n) / count(*) FROM items
SELECT avg(price), sum(price) FROM items
SELECT sum(ok) FROM items
SELECT count(ok), max(ok), min(ok) FROM items
SELECT max(at), min(day) FROM items
SELECT id FROM items ORDER BY ok, id
SELECT id FROM items ORDER BY f DESC, id
SELECT id FROM items ORDER BY at DESC
SELECT ok AND n > 0 FROM items ORDER BY id
SELECT round(avg(f), 2) FROM items
