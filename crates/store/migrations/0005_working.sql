-- Working a concern with others: whom to ring as this setting found it, referrals and letters, strands, files that move on
-- with a child, cover, and low-level concerns about adults. Immutable once released.

-- Somebody here rang or read the number and says what is right. The pack in content/ stays as the source (AGY-01).
CREATE TABLE agency_check (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  agency TEXT NOT NULL,                -- key of content/agencies
  details TEXT NOT NULL,               -- JSON: phone, phone_out_of_hours, email, web, hours
  note TEXT NOT NULL,                  -- how it was checked
  checked_at {long} NOT NULL,
  checked_by {uuid} NOT NULL,
  FOREIGN KEY (setting_id, checked_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX agency_check_newest ON agency_check (setting_id, agency, checked_at);

CREATE TABLE referral (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  agency TEXT NOT NULL,                -- key of content/agencies
  step TEXT,                           -- key in the pinned procedure, where it was begun from one
  state TEXT NOT NULL,                 -- drafted, sent, acknowledged, outcome, not_made
  answers TEXT NOT NULL,               -- JSON object: what that agency asks for
  consent TEXT NOT NULL,               -- given, overridden, not_needed
  consent_reason TEXT,
  reason TEXT,                         -- why it was not made (C10)
  how TEXT,
  sent_at {long},
  reference TEXT,                      -- theirs
  acknowledged_at {long},
  outcome TEXT,
  outcome_at {long},
  chase_at {long},                     -- ask them again when they have not answered by then
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX referral_of_concern ON referral (setting_id, concern_id);

-- A letter to one of a child's adults, sent by a human (S13).
CREATE TABLE letter (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  child_id {uuid} NOT NULL,
  to_id {uuid} NOT NULL,
  text TEXT NOT NULL,
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, child_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, to_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX letter_of_concern ON letter (setting_id, concern_id);

-- Two concerns that belong together. Append-only; neither loses a word.
CREATE TABLE strand (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  one_id {uuid} NOT NULL,
  other_id {uuid} NOT NULL,
  kind TEXT NOT NULL,                  -- merged: one goes on in the other; split: the other came out of one; related
  reason TEXT NOT NULL,
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  FOREIGN KEY (setting_id, one_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, other_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX strand_of_one ON strand (setting_id, one_id);
CREATE INDEX strand_of_other ON strand (setting_id, other_id);

-- Something about an adult here that is not an allegation. The manager's file, and the chair's about the manager.
CREATE TABLE low_level (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  what TEXT NOT NULL,
  response TEXT NOT NULL,
  event_at {long} NOT NULL,
  recorded_at {long} NOT NULL,
  author_id {uuid} NOT NULL,
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, author_id) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX low_level_of_person ON low_level (setting_id, person_id, event_at);

-- Who stands in for whom, and what they must know of the work.
CREATE TABLE cover (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  away_id {uuid} NOT NULL,
  cover_id {uuid} NOT NULL,
  starts TEXT NOT NULL,                -- date
  ends TEXT NOT NULL,                  -- date, the last one
  words TEXT NOT NULL,
  made_at {long} NOT NULL,
  taken_at {long},                     -- the one who stands in has said yes
  ended_at {long},
  FOREIGN KEY (setting_id, away_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, cover_id) REFERENCES person (setting_id, id)
) {strict};

-- The file of a child that goes to the next setting, with its receipt.
CREATE TABLE transfer (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  child_id {uuid} NOT NULL,
  to_name TEXT NOT NULL,
  to_lead TEXT NOT NULL,               -- their safeguarding lead, spoken to
  left_on TEXT NOT NULL,               -- date: the five days count from here
  note TEXT NOT NULL,
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  sent_at {long},
  how TEXT,
  receipt_at {long},
  receipt_from TEXT,
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, child_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE transfer_concern (
  setting_id {uuid} NOT NULL,
  transfer_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  PRIMARY KEY (transfer_id, concern_id),
  FOREIGN KEY (setting_id, transfer_id) REFERENCES transfer (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id)
) {strict};

-- What the chronologies of a person and of a device, and the counts by time, walk along.
CREATE INDEX concern_person_of ON concern_person (setting_id, person_id);
CREATE INDEX concern_device ON concern (setting_id, device_id);
CREATE INDEX concern_recorded ON concern (setting_id, recorded_at);
-- Who looked at this?
CREATE INDEX audit_subject ON audit (setting_id, subject_table, subject_id);
