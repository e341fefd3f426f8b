-- What became of an action on its way: given to another person, to another day, or dropped. What it was stands beside what it became.
-- Immutable once released.
CREATE TABLE action_change (
  id {uuid} PRIMARY KEY,
  action_id {uuid} NOT NULL REFERENCES action (id),
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  what TEXT NOT NULL,                  -- owner, day, dropped
  was_owner {uuid} NOT NULL,
  was_due TEXT NOT NULL,               -- date
  reason TEXT NOT NULL,
  changed_by {uuid} NOT NULL,
  changed_at {long} NOT NULL,
  FOREIGN KEY (setting_id, was_owner) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, changed_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX action_change_of_action ON action_change (setting_id, action_id);
