-- Purpose: temporary tables that the seed statements read from: one row of chance for each row to
--          insert (draws), and the vocabulary (words by position,
--          voices by locale and position; positions are 0 to 63).
-- Parameters: none. Returns nothing. Lowest version: SQLite 3.8.
CREATE TEMP TABLE draws (
    n INTEGER PRIMARY KEY,  -- id of the row to insert
    grown REAL NOT NULL,    -- how much of the platform exists by then, above 0 to 1
    t INTEGER NOT NULL,     -- when the row was created, Unix seconds
    at TEXT NOT NULL,       -- the same as SQLAlchemy stores a DateTime
    a INTEGER NOT NULL,     -- a to f: even chance, 1 to 2147483646
    b INTEGER NOT NULL,
    c INTEGER NOT NULL,
    d INTEGER NOT NULL,
    e INTEGER NOT NULL,
    f INTEGER NOT NULL,
    even REAL NOT NULL,     -- 0 to 1, each part as likely
    warm REAL NOT NULL,     -- 0 to 1, low values more likely
    hot REAL NOT NULL       -- 0 to 1, low values far more likely: hot users, busy chefs
);

-- How people of one locale are called and what they write.
CREATE TEMP TABLE voices (
    locale TEXT NOT NULL,
    position INTEGER NOT NULL,
    given TEXT NOT NULL,
    family TEXT NOT NULL,
    given_ascii TEXT NOT NULL,
    family_ascii TEXT NOT NULL,
    opening TEXT NOT NULL,
    closing TEXT NOT NULL,
    praise TEXT NOT NULL,
    request TEXT NOT NULL,
    biography TEXT NOT NULL,
    PRIMARY KEY (locale, position)
) WITHOUT ROWID;

CREATE TEMP TABLE words (
    position INTEGER PRIMARY KEY,
    cuisine TEXT NOT NULL,
    location TEXT NOT NULL,
    dish TEXT NOT NULL,
    hashtag TEXT NOT NULL,
    platform TEXT NOT NULL,
    category TEXT NOT NULL,
    article TEXT NOT NULL,
    campaign TEXT NOT NULL,
    task TEXT NOT NULL
);
