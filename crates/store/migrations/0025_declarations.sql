-- What staff declare about their own life online, and how it was decided (SOC-13 to SOC-15). Immutable once released.
CREATE TABLE declaration (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  kind TEXT NOT NULL,                  -- content, friend, friendship
  person_id {uuid} NOT NULL,           -- who declares: always about oneself
  what TEXT NOT NULL,
  made_at {long} NOT NULL,
  outcome TEXT,                        -- agreed, ended
  reason TEXT,
  decided_by {uuid},
  decided_at {long},
  review_on TEXT,                      -- date, while it may stay
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, decided_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX declaration_of_person ON declaration (setting_id, person_id, made_at);
