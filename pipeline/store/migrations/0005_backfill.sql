-- WARC files from elsewhere: how far each has been read. Written in the same transaction as the rows it speaks of.
CREATE TABLE warc_files (
    id          TEXT PRIMARY KEY,     -- digest of name, size, first and last megabyte, and of the outlets looked for
    name        TEXT NOT NULL,
    size        BIGINT NOT NULL,      -- bytes
    done_to     BIGINT NOT NULL,      -- bytes; what our outlets have before this offset is in the archive
    told        TEXT NOT NULL         -- JSON: the other fields of records.WarcFile
);
