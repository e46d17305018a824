-- Builds a full-text index that answers LIKE '%text%' and keeps it true to its table.
-- Printed as advice, never run by dbtune. {table}, {columns}, {old}, {new}, {key}: quoted names;
-- {search}: the FTS5 table; {content}, {content_key}: the same names as literals.
-- Returns nothing. SQLite 3.34 with FTS5.
CREATE VIRTUAL TABLE {search} USING fts5({columns}, content={content}, content_rowid={content_key}, tokenize='trigram');
INSERT INTO {search}({search}) VALUES ('rebuild');
CREATE TRIGGER {insert_trigger} AFTER INSERT ON {table} BEGIN
  INSERT INTO {search}(rowid, {columns}) VALUES (new.{key}, {new});
END;
CREATE TRIGGER {delete_trigger} AFTER DELETE ON {table} BEGIN
  INSERT INTO {search}({search}, rowid, {columns}) VALUES ('delete', old.{key}, {old});
END;
CREATE TRIGGER {update_trigger} AFTER UPDATE ON {table} BEGIN
  INSERT INTO {search}({search}, rowid, {columns}) VALUES ('delete', old.{key}, {old});
  INSERT INTO {search}(rowid, {columns}) VALUES (new.{key}, {new});
END;
