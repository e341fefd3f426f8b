-- Supervised sessions (CLS-07) and the short numbers that open one (S35). Immutable once released.

-- A named adult sits with children who use approved material. It ends by itself; a row is never taken away.
CREATE TABLE supervised (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  group_key TEXT NOT NULL,             -- key of the filter's group
  room_id {uuid},                      -- null: wherever the group is
  opened_by {uuid} NOT NULL,
  opened_at {long} NOT NULL,
  until_at {long} NOT NULL,
  ended_at {long},                     -- ended before its time
  ended_by {uuid},
  youngest TEXT NOT NULL,              -- store::words::Youngest
  lesson TEXT NOT NULL,                -- what the children learned first (EDU-02)
  plan TEXT NOT NULL,                  -- what it is for
  way TEXT NOT NULL,                   -- store::words::Way
  FOREIGN KEY (setting_id, room_id) REFERENCES room (setting_id, id),
  FOREIGN KEY (setting_id, opened_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, ended_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX supervised_at ON supervised (setting_id, opened_at);

-- A person's short number for tablets. It opens a session and reads nothing; five wrong ones close it.
CREATE TABLE pin (
  setting_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  hash TEXT NOT NULL,                  -- argon2id
  set_at {long} NOT NULL,
  wrong {long} NOT NULL,               -- wrong ones since the last right one
  PRIMARY KEY (setting_id, person_id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};
