-- What is begun and not finished, and what a CSV brought in. Immutable once released.

-- A link that was handed over, a second factor being set up, a voice for a recovery. Secrets of links are kept as SHA-256.
CREATE TABLE pending (
  id {uuid} PRIMARY KEY,
  kind TEXT NOT NULL,                  -- store::words::PendingKind
  setting_id {uuid} REFERENCES setting (id),
  account_id {uuid} REFERENCES account (id),
  person_id {uuid},
  token_hash TEXT UNIQUE,
  payload TEXT NOT NULL,
  made_by {uuid},                      -- the person who handed it over or vouched
  created_at {long} NOT NULL,
  expires_at {long} NOT NULL,
  used_at {long}
) {strict};
CREATE INDEX pending_of_account ON pending (account_id, kind);

-- One import, so that it can be taken back while nothing else hangs on its rows (S55).
CREATE TABLE import (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  what TEXT NOT NULL,                  -- people, devices
  made {long} NOT NULL,                -- how many rows
  rows TEXT NOT NULL,                  -- JSON: what was added, table and id
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  undone_at {long},
  undone_by {uuid}
) {strict};
