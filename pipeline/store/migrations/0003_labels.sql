-- What analysts answered, and how they came to be asked. All three are append-only.

-- The text as it was read when it was labelled.
CREATE TABLE label_items (
    id          TEXT PRIMARY KEY,     -- version id; for an item that came with a file, its id there
    title       TEXT NOT NULL,
    text        TEXT NOT NULL,
    lang        TEXT NOT NULL
);

-- One row an answer. A person who changes her mind adds a row; the latest of each person counts.
CREATE TABLE labels (
    id          TEXT PRIMARY KEY,     -- see records.Label.id
    item_id     TEXT NOT NULL,
    topic       TEXT NOT NULL,
    value       BOOLEAN NOT NULL,
    who         TEXT NOT NULL,        -- user name of an analyst, never an author
    given_at    TIMESTAMPTZ NOT NULL,
    guide       TEXT NOT NULL,        -- version of the labelling guide
    drawn       TEXT NOT NULL         -- see records.Drawn
);
CREATE INDEX labels_by_item ON labels (item_id);

-- The daily blind samples, kept as drawn: the estimate of what was missed rests on the probabilities of that day.
CREATE TABLE blind_draws (
    day         TEXT NOT NULL,        -- 2026-11-23, the edition
    item_id     TEXT NOT NULL,
    stratum     TEXT NOT NULL,        -- near, far
    size        BIGINT NOT NULL,      -- unflagged items in the stratum that day
    drawn       BIGINT NOT NULL,      -- of these, how many were drawn
    model       TEXT NOT NULL,
    PRIMARY KEY (day, item_id)
);

-- What the terms not shown and the bias add to the log-odds, see records.Flag.rest; NULL for flags made before.
ALTER TABLE flags ADD COLUMN rest DOUBLE;
