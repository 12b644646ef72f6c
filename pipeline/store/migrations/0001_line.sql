-- The line from feeds to flags. Times are UTC (TIMESTAMPTZ). Ids are 16 hexadecimal digits, see records.digest_id.
-- No table has a column for an author: bylines are not data here.

-- How far each archive file has been taken in. Written in the same transaction as the rows it speaks of.
CREATE TABLE archive_files (
    name        TEXT PRIMARY KEY,
    taken_to    BIGINT NOT NULL       -- bytes; everything before this offset is in the tables below
);

-- The coverage ledger: every request and what came of it. Append-only.
CREATE TABLE fetches (
    id              TEXT PRIMARY KEY,
    source_id       TEXT NOT NULL,
    kind            TEXT NOT NULL,    -- robots, feed, sitemap, listing, article
    url             TEXT NOT NULL,
    key             TEXT NOT NULL,    -- the URL in one spelling
    requested_at    TIMESTAMPTZ NOT NULL,
    outcome         TEXT NOT NULL,    -- see records.Outcome
    seconds         DOUBLE NOT NULL,
    status          INTEGER,
    final_url       TEXT NOT NULL,
    content_type    TEXT NOT NULL,
    body_bytes      BIGINT NOT NULL,  -- as transferred
    payload_sha256  TEXT NOT NULL,    -- of the decoded body; empty when none came
    etag            TEXT NOT NULL,
    last_modified   TEXT NOT NULL,
    warc_file       TEXT,             -- where the body lies in the archive
    warc_offset     BIGINT,
    warc_length     BIGINT,
    reason          TEXT NOT NULL     -- catalogue key and values as JSON; empty when all went well
);
CREATE INDEX fetches_by_url ON fetches (url);

-- Articles that an entry point announced.
CREATE TABLE links (
    key             TEXT PRIMARY KEY,
    url             TEXT NOT NULL,
    source_id       TEXT NOT NULL,    -- who announced it first
    title           TEXT NOT NULL,
    summary         TEXT NOT NULL,
    published       TIMESTAMPTZ,
    updated         TIMESTAMPTZ,
    fingerprint     TEXT NOT NULL,    -- of what was announced
    first_seen      TIMESTAMPTZ NOT NULL,
    last_seen       TIMESTAMPTZ NOT NULL,
    changed_at      TIMESTAMPTZ NOT NULL,  -- when the announcement last changed
    asked_at        TIMESTAMPTZ,      -- last request for the page
    got_at          TIMESTAMPTZ,      -- last time the page came
    tries           INTEGER NOT NULL  -- failed requests since then
);
CREATE INDEX links_by_source ON links (source_id);

-- What was read: a fetched page, or an announcement whose page did not come.
CREATE TABLE readings (
    subject         TEXT NOT NULL,    -- fetch id, or digest of link key and fingerprint
    extractor       TEXT NOT NULL,
    article_id      TEXT NOT NULL,
    version_id      TEXT NOT NULL,
    seen_at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (subject, extractor)
);

-- An article, whatever links lead to it.
CREATE TABLE articles (
    id              TEXT PRIMARY KEY, -- digest of the canonical address
    source_id       TEXT NOT NULL,
    link_key        TEXT NOT NULL,
    url             TEXT NOT NULL,    -- canonical
    first_seen      TIMESTAMPTZ NOT NULL,
    published       TIMESTAMPTZ,
    current_version TEXT NOT NULL,
    current_seen    TIMESTAMPTZ NOT NULL
);

-- Every text an article has had while we watched.
CREATE TABLE versions (
    id              TEXT PRIMARY KEY, -- digest of article and text
    article_id      TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    fetch_id        TEXT NOT NULL,
    seen_at         TIMESTAMPTZ NOT NULL,
    url             TEXT NOT NULL,
    title           TEXT NOT NULL,
    lead            TEXT NOT NULL,
    text            TEXT NOT NULL,    -- paragraphs, separated by blank lines
    section         TEXT NOT NULL,
    captions        TEXT[] NOT NULL,
    published       TIMESTAMPTZ,
    modified        TIMESTAMPTZ,
    lang            TEXT NOT NULL,
    method          TEXT NOT NULL,    -- selectors, general, fallback, feed
    confidence      DOUBLE NOT NULL,
    extractor       TEXT NOT NULL
);
CREATE INDEX versions_by_article ON versions (article_id);

CREATE TABLE words (
    version_id      TEXT PRIMARY KEY,
    segmenter       TEXT NOT NULL,
    title           TEXT NOT NULL,    -- tokens separated by spaces, syllables inside a token by '_'
    lead            TEXT NOT NULL,
    body            TEXT NOT NULL
);

-- One row a version, model and topic.
CREATE TABLE flags (
    version_id      TEXT NOT NULL,
    model           TEXT NOT NULL,
    topic           TEXT NOT NULL,
    score           DOUBLE NOT NULL,
    flagged         BOOLEAN NOT NULL,
    terms           TEXT NOT NULL,    -- JSON: [[term, log-odds], ...], strongest first
    sentence        TEXT NOT NULL,    -- quoted exactly; empty when not flagged
    marks           TEXT NOT NULL,    -- JSON: [[start, end], ...] of the terms in the sentence
    PRIMARY KEY (version_id, model, topic)
);

-- Items a stage could not process. Shown; tried again by the stage's next version.
CREATE TABLE failures (
    stage           TEXT NOT NULL,
    subject         TEXT NOT NULL,
    producer        TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    url             TEXT NOT NULL,
    reason          TEXT NOT NULL,
    failed_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (stage, subject, producer)
);
