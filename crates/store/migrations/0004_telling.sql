-- Reports without an account, and files that belong to a concern (S14, S17). Immutable once released.

-- A receipt is looked up by its slow hash alone; that must not cost a walk over all concerns.
CREATE INDEX concern_receipt ON concern (setting_id, receipt_hash);

CREATE TABLE attachment (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  name TEXT NOT NULL,                  -- as people see it; never a path
  media_type TEXT NOT NULL,            -- by its own first bytes, not by what was claimed
  bytes {long} NOT NULL,
  sha256 TEXT NOT NULL,                -- of what is kept
  what TEXT NOT NULL,                  -- what it is, and why it is needed
  declared TEXT NOT NULL,              -- who answered what about undressed, sexual, injured; JSON
  scanned TEXT NOT NULL,               -- clean, no_scanner
  added_by {uuid} NOT NULL,
  added_at {long} NOT NULL,
  sealed_at {long},                    -- may be illegal: nobody sees it any more (S17)
  sealed_by {uuid},
  ordered TEXT,                        -- release, destroy: waits for a second person
  ordered_word TEXT,                   -- the word it rests on: whose, when, reference; JSON (S20)
  ordered_by {uuid},
  ordered_at {long},
  destroyed_at {long},
  destroyed_by {uuid},
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, added_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, sealed_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, ordered_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, destroyed_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX attachment_of_concern ON attachment (setting_id, concern_id, added_at);

-- The content, encrypted to the key of this one attachment, in pieces; base64, as every value here is text or number.
CREATE TABLE attachment_part (
  setting_id {uuid} NOT NULL,
  attachment_id {uuid} NOT NULL,
  number {long} NOT NULL,
  sealed TEXT NOT NULL,
  PRIMARY KEY (attachment_id, number),
  FOREIGN KEY (setting_id, attachment_id) REFERENCES attachment (setting_id, id)
) {strict};

-- The key of one attachment. In no backup: beside the backups lies one file with the keys that still exist, written over
-- each time, so that destroying a key destroys every copy of what it opens.
CREATE TABLE attachment_key (
  setting_id {uuid} NOT NULL,
  attachment_id {uuid} NOT NULL,
  identity TEXT NOT NULL,
  PRIMARY KEY (attachment_id),
  FOREIGN KEY (setting_id, attachment_id) REFERENCES attachment (setting_id, id)
) {strict};
