-- The text of every edition of a procedure that a concern of the setting began with or moved to (S42): the program carries
-- the newest only. Immutable once released.

CREATE TABLE procedure_text (
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  procedure TEXT NOT NULL,             -- P1 … P20, G1, M1 …
  edition TEXT NOT NULL,               -- one edition is one text
  text TEXT NOT NULL,                  -- JSON: domain::procedure::Procedure, shared parts in their place
  kept_at {long} NOT NULL,
  PRIMARY KEY (setting_id, procedure, edition)
) {strict};
