CREATE TABLE IF NOT EXISTS user (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    joined        TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS notice (
    id        INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    title     TEXT NOT NULL,
    body      TEXT NOT NULL,
    category  TEXT NOT NULL,
    picture   TEXT,
    created   TEXT NOT NULL,
    changed   TEXT
);

CREATE INDEX IF NOT EXISTS notice_by_time ON notice (created DESC, id DESC);
CREATE INDEX IF NOT EXISTS notice_by_author ON notice (author_id);
