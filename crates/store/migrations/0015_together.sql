-- Working a concern to its end: entries that stand in two concerns, procedures that it followed before, clocks that rest,
-- where an action came from, support plans, addresses that are blocked and shown to nobody else. Immutable once released.

-- An entry that stands in another concern too, because that one was split off. The words stay where they were written.
CREATE TABLE shared_entry (
  concern_id {uuid} NOT NULL,          -- where it stands as well
  entry_id {uuid} NOT NULL REFERENCES entry (id),
  setting_id {uuid} NOT NULL,
  shared_by {uuid} NOT NULL,
  shared_at {long} NOT NULL,
  PRIMARY KEY (concern_id, entry_id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, shared_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX shared_entry_of_entry ON shared_entry (setting_id, entry_id);

-- A procedure that a concern followed until it took another one: what it asked of files holds on (S17).
CREATE TABLE past_procedure (
  concern_id {uuid} NOT NULL,
  procedure TEXT NOT NULL,
  setting_id {uuid} NOT NULL,
  edition TEXT NOT NULL,               -- of which the text is kept
  until_at {long} NOT NULL,
  PRIMARY KEY (concern_id, procedure),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id)
) {strict};

-- A legal clock that rests, where the law lets it rest, and goes on.
CREATE TABLE clock_rest (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  clock TEXT NOT NULL,                 -- key in the pinned procedure
  reason TEXT NOT NULL,
  from_at {long} NOT NULL,
  from_by {uuid} NOT NULL,
  until_at {long},                     -- none: it rests still
  until_by {uuid},
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, from_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX clock_rest_of_concern ON clock_rest (setting_id, concern_id);

-- From which step or entry of its concern an action came.
CREATE TABLE action_origin (
  action_id {uuid} PRIMARY KEY REFERENCES action (id),
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  step TEXT,                           -- key in the procedure
  entry_id {uuid} REFERENCES entry (id)
) {strict};

-- How a child is helped, in the child's own words too, and when it is looked at again.
CREATE TABLE support_plan (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  child_id {uuid} NOT NULL,
  need TEXT NOT NULL,
  help TEXT NOT NULL,
  voice TEXT NOT NULL,                 -- the child's wishes and feelings, or how they were sought
  owner_id {uuid} NOT NULL,
  review_on TEXT NOT NULL,             -- date
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  reviewed_at {long},
  ended_at {long},
  ended_by {uuid},
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, child_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, owner_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX support_plan_of_concern ON support_plan (setting_id, concern_id);

-- An address that a concern speaks of. The gateway refuses it to everybody and says nothing more (S19).
CREATE TABLE sealed_address (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  address TEXT NOT NULL,               -- as it was written; for those who see the concern, never a link
  whole_site {bool} NOT NULL,
  sealed_by {uuid} NOT NULL,
  sealed_at {long} NOT NULL,
  released_by {uuid},
  released_at {long},
  release_word TEXT,                   -- on whose word
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, sealed_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX sealed_address_of_concern ON sealed_address (setting_id, concern_id);
