-- Sources of lists: each version that was fetched, what became of it, and when each source was last asked. What the
-- sources are stands in the filter policy. Immutable once released.

CREATE TABLE list_version (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  source TEXT NOT NULL,                -- key in the filter policy
  fetched_at {long} NOT NULL,
  dated TEXT,                          -- the publisher's own word: Last-Modified
  bytes {long} NOT NULL,
  digest TEXT NOT NULL,                -- SHA-256 of what was fetched, in hex
  signed {bool} NOT NULL,              -- a signature was asked for, and fits
  entries {long} NOT NULL,
  unreadable {long} NOT NULL,          -- lines
  licence TEXT,                        -- as the list itself says
  state TEXT NOT NULL,                 -- store::words::ListState
  why TEXT,                            -- why it waits for a person
  decided_by {uuid},
  decided_at {long},
  words TEXT,
  version {long} NOT NULL
) {strict};
CREATE INDEX list_version_of_source ON list_version (setting_id, source, fetched_at);

CREATE TABLE list_check (
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  source TEXT NOT NULL,
  asked_at {long} NOT NULL,
  good_at {long},                      -- the last time that it answered with a list, new or unchanged
  etag TEXT,
  dated TEXT,
  failures {long} NOT NULL,            -- in a row
  failed TEXT,                         -- why, in a sentence
  PRIMARY KEY (setting_id, source)
) {strict};
