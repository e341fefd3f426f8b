-- Somebody who was shut out of a concern by mistake is let back: one person proposes it with a reason, a second one agrees or not.
-- The words stay as long as the concern. Immutable once released.
CREATE TABLE let_back (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,           -- who was shut out
  reason TEXT NOT NULL,
  proposed_by {uuid} NOT NULL,
  proposed_at {long} NOT NULL,
  decided_by {uuid},                   -- never who proposed it, nor whom it is about
  decided_at {long},
  agreed {bool} NOT NULL,              -- false while nobody has decided
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, proposed_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, decided_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX let_back_of_concern ON let_back (setting_id, concern_id);

-- Notes of low-level concerns are corrected by other notes, and belong to concerns.
ALTER TABLE low_level ADD COLUMN supersedes {uuid};   -- the note that this one corrects; that one stays
ALTER TABLE low_level ADD COLUMN why TEXT;             -- why it was corrected

-- A note belongs to a concern: it was made from it, or somebody saw the link later.
CREATE TABLE low_level_link (
  low_level_id {uuid} NOT NULL REFERENCES low_level (id),
  concern_id {uuid} NOT NULL,
  setting_id {uuid} NOT NULL,
  made {bool} NOT NULL,                -- the note was made from the concern, and inherits who must not see that
  linked_by {uuid} NOT NULL,
  linked_at {long} NOT NULL,
  PRIMARY KEY (low_level_id, concern_id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, linked_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX low_level_link_of_concern ON low_level_link (setting_id, concern_id);
