-- What families are told, and on whose word a device is held. Immutable once released.

-- What one of a child's adults was told of a concern, how; or that it was decided not to tell them, and why (S13).
CREATE TABLE family_share (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  child_id {uuid} NOT NULL,
  to_id {uuid} NOT NULL,
  way TEXT NOT NULL,                   -- portal, letter, spoken, withheld
  text TEXT NOT NULL,                  -- what was shared; of what is withheld: why
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  seen_at {long},                      -- they opened it on their own page
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, child_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, to_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX family_share_of_concern ON family_share (setting_id, concern_id);
CREATE INDEX family_share_to ON family_share (setting_id, to_id, made_at);

-- On whose word a device of the person concerned is held, why, and when somebody looks at that again (S9).
CREATE TABLE hold_leave (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  hold_id {uuid} NOT NULL REFERENCES hold (id),
  word TEXT NOT NULL,                  -- police, lado, danger
  why TEXT NOT NULL,
  given_by {uuid} NOT NULL,
  given_at {long} NOT NULL,
  look_again_at {long} NOT NULL,
  looked_by {uuid},
  looked_at {long},
  found TEXT,                          -- what was found then: does the word still hold?
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, given_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, looked_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX hold_leave_of_concern ON hold_leave (setting_id, concern_id);
