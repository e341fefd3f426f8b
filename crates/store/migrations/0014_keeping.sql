-- Keeping and handing out: holds, decisions about records whose time has come, what left the building, bundles for people who ask
-- for their data, records opened in an emergency. Immutable once released.

-- What must not be destroyed, and why. It reaches one concern, everything that names a person, or everything.
CREATE TABLE legal_hold (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  concern_id {uuid},                   -- reaches this concern; null with person_id null: everything
  person_id {uuid},                    -- reaches all that names this person
  ground TEXT NOT NULL,                -- police, court, inquiry, lado, complaint, request, insurer, other
  asked_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  placed_by {uuid} NOT NULL,
  placed_at {long} NOT NULL,
  lifted_by {uuid},
  lifted_at {long},
  lifted_why TEXT,
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, placed_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, lifted_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX legal_hold_open ON legal_hold (setting_id, lifted_at);

-- A decision about one record. Destroyed, it is the certificate; it points at no row, since that row is gone.
CREATE TABLE disposal (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  record TEXT NOT NULL,                -- concern, low_level, transfer
  record_id {uuid} NOT NULL,
  concern_id {uuid},                   -- for the sight of it (S8): the empty place of a concern keeps who must not see
  about_id {uuid},                     -- for the sight of a low-level concern: whom it was about
  state TEXT NOT NULL,                 -- kept, proposed, withdrawn, destroyed
  rule TEXT NOT NULL,
  edition TEXT NOT NULL,
  due TEXT NOT NULL,                   -- date
  reason TEXT NOT NULL,
  keep_until TEXT,                     -- date: look again then
  decided_by {uuid} NOT NULL,
  decided_at {long} NOT NULL,
  second_by {uuid},
  second_at {long},
  digest TEXT,                         -- over every row that went, with its digest
  gone {long},                         -- how many rows went
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  -- Two people, whatever the program thinks.
  CHECK (state <> 'destroyed' OR (second_by IS NOT NULL AND second_by <> decided_by)),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, about_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, decided_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, second_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX disposal_of ON disposal (setting_id, record, record_id);

-- What left the building. The encrypted file lies in DATA/exports until it is taken or its week is over.
CREATE TABLE export (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  number TEXT NOT NULL,                -- random; stands on every page of it
  what TEXT NOT NULL,                  -- concern, child, bundle
  concern_id {uuid},
  person_id {uuid},
  for_whom TEXT NOT NULL,
  why TEXT NOT NULL,
  other_way TEXT NOT NULL,             -- by which other way the passphrase goes
  bytes {long} NOT NULL,
  sha256 TEXT NOT NULL,
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  taken {long} NOT NULL,               -- how often the file was fetched
  taken_at {long},
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX export_made ON export (setting_id, made_at);
-- A child's file goes out with several concerns: who may not see one of them does not see that it went.
CREATE TABLE export_concern (
  setting_id {uuid} NOT NULL,
  export_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  PRIMARY KEY (export_id, concern_id),
  FOREIGN KEY (setting_id, export_id) REFERENCES export (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id)
) {strict};

-- Somebody's data, gathered and redacted: hangs on the concern that is their request (M2), whose clock it has.
CREATE TABLE bundle (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,           -- whose data
  letter TEXT NOT NULL,
  state TEXT NOT NULL,                 -- open, to_check, checked, made
  begun_by {uuid} NOT NULL,
  begun_at {long} NOT NULL,
  sent_by {uuid},
  sent_at {long},
  digest TEXT,                         -- of what was sent to be checked: another text needs another check
  checked_by {uuid},
  checked_at {long},
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  UNIQUE (setting_id, concern_id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, begun_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, sent_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, checked_by) REFERENCES person (setting_id, id)
) {strict};

-- A mark of a bundle. Append-only but for its end; the original record is never touched.
CREATE TABLE redaction (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  bundle_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,          -- of the bundle
  item TEXT,                           -- part of the paper; null: everywhere
  words TEXT,                          -- null: the whole part
  ground TEXT NOT NULL,
  reason TEXT NOT NULL,
  left_in {bool} NOT NULL,             -- proposed and, for the reason, not blacked out
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  ended_by {uuid},
  ended_at {long},
  FOREIGN KEY (setting_id, bundle_id) REFERENCES bundle (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, ended_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX redaction_of ON redaction (setting_id, bundle_id);

-- A record that somebody opened for four hours because nobody else could (S12), and what a review said of it.
CREATE TABLE emergency (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  reason TEXT NOT NULL,
  opened_at {long} NOT NULL,
  ends_at {long} NOT NULL,
  ended_at {long},
  reviewed_by {uuid},
  reviewed_at {long},
  review TEXT,
  justified {bool},
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, reviewed_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX emergency_of ON emergency (setting_id, concern_id);

-- Does the clock stand before the latest link? Asked at every form with a time in it (S43).
CREATE INDEX audit_latest ON audit (setting_id, at);
