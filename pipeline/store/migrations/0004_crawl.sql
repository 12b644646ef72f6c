-- What the crawler remembers of each entry point, of entries, and of articles that went away.

-- The state from which the next request of an entry point follows, see crawl.schedule.Poll. A function of the ledger.
CREATE TABLE polls (
    url             TEXT PRIMARY KEY,
    source_id       TEXT NOT NULL,
    asked_at        TIMESTAMPTZ NOT NULL,
    answered_at     TIMESTAMPTZ,       -- last answer that could be read, 304 included
    interval        DOUBLE NOT NULL,   -- seconds
    state           TEXT NOT NULL      -- JSON: the other fields
);

-- A feed's own names for its entries: an entry that comes back under another address is the same article.
CREATE TABLE guids (
    source_id       TEXT NOT NULL,
    guid            TEXT NOT NULL,
    key             TEXT NOT NULL,     -- of the address under which it was first announced
    PRIMARY KEY (source_id, guid)
);
CREATE TABLE aliases (
    key             TEXT PRIMARY KEY,  -- of a later address
    first           TEXT NOT NULL      -- the key under which the article was first announced
);

-- Articles that a feed carries whole, for pages that do not come.
CREATE TABLE full_texts (
    key             TEXT PRIMARY KEY,
    text            TEXT NOT NULL,     -- paragraphs, separated by blank lines
    seen_at         TIMESTAMPTZ NOT NULL
);

-- Articles that were there and are not. Append-only; a version seen later says that it is back.
CREATE TABLE removals (
    key             TEXT NOT NULL,     -- of the link
    seen_at         TIMESTAMPTZ NOT NULL,
    how             TEXT NOT NULL,     -- 404, 410, soft (an answer that says it is not there, or another page in its place)
    PRIMARY KEY (key, seen_at)
);
