-- The house. One text for both engines; `{uuid}`, `{bool}`, `{long}`, `{blob}` are replaced by the engine's types, `{strict}` by STRICT
-- on SQLite. Instants are microseconds since 1970 in UTC ({long}); dates are ISO text; enums are the words of `domain`; JSON is text,
-- so that a digest of a row is the same on both engines. Every table but `setting`, `account` and what hangs on an account carries
-- `setting_id`, and references inside a setting are composite, so that no row can point across (S41).
-- Immutable once released: change by adding 0002.

CREATE TABLE setting (
  id {uuid} PRIMARY KEY,
  name TEXT NOT NULL,
  profile TEXT NOT NULL,               -- domain::setting::Profile as JSON: titles, providers, apps, routes, hours, switches
  fictional {bool} NOT NULL,           -- a demo; can never become a real one (S50)
  created_at {long} NOT NULL,
  version {long} NOT NULL
) {strict};

-- One human, one sign-in, however many settings (S41).
CREATE TABLE account (
  id {uuid} PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,         -- argon2id, PHC string
  password_set_at {long} NOT NULL,
  totp_secret TEXT,                    -- base32; inside the encrypted database
  totp_last_step {long},               -- the step last accepted: a code works once
  failed_attempts {long} NOT NULL,
  locked_until {long},
  must_change {bool} NOT NULL,         -- after a reset by management
  recovered_at {long},                 -- second factor reset: case access waits for another lead's word (S11)
  recovery_confirmed_by {uuid},
  created_at {long} NOT NULL,
  ended_at {long}
) {strict};

CREATE TABLE recovery_code (
  account_id {uuid} NOT NULL REFERENCES account (id),
  code_hash TEXT NOT NULL,
  used_at {long},
  PRIMARY KEY (account_id, code_hash)
) {strict};

CREATE TABLE session (
  id {uuid} PRIMARY KEY,
  account_id {uuid} NOT NULL REFERENCES account (id),
  setting_id {uuid} REFERENCES setting (id),
  token_hash TEXT NOT NULL UNIQUE,     -- SHA-256 of the cookie
  csrf TEXT NOT NULL,
  label TEXT NOT NULL,                 -- what the person sees in their list of sessions
  second_factor {bool} NOT NULL,
  created_at {long} NOT NULL,
  seen_at {long} NOT NULL,
  locked {bool} NOT NULL,              -- idle lock: password again
  ended_at {long}
) {strict};

CREATE TABLE api_token (
  id {uuid} PRIMARY KEY,
  account_id {uuid} NOT NULL REFERENCES account (id),
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  token_hash TEXT NOT NULL UNIQUE,
  scope TEXT NOT NULL,                 -- evidence, filter (never case content by default, S16)
  created_at {long} NOT NULL,
  expires_at {long} NOT NULL,
  ended_at {long}
) {strict};

CREATE TABLE room (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  name TEXT NOT NULL,
  UNIQUE (setting_id, id)
) {strict};

CREATE TABLE person (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  kind TEXT NOT NULL,                  -- domain::people::PersonKind
  name TEXT NOT NULL,
  known_as TEXT NOT NULL,
  born TEXT,                           -- date
  email TEXT,
  email_verified_at {long},            -- notifications go to verified addresses only (S10)
  phone TEXT,
  room_id {uuid},
  joined TEXT,
  gone TEXT,
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, room_id) REFERENCES room (setting_id, id)
) {strict};

CREATE TABLE membership (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  account_id {uuid} NOT NULL REFERENCES account (id),
  person_id {uuid} NOT NULL,
  created_at {long} NOT NULL,
  ended_at {long},
  UNIQUE (setting_id, account_id),
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};

-- Appointments: who holds which role, from when to when (GOV-01, S12).
CREATE TABLE appointment (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  person_id {uuid} NOT NULL,
  role TEXT NOT NULL,                  -- domain::people::Role
  starts_at {long} NOT NULL,
  ends_at {long},
  made_by {uuid},
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};

-- A child's adults, and who is related to whom among staff (S13, exclusion of relatives).
CREATE TABLE relationship (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  person_id {uuid} NOT NULL,
  other_id {uuid} NOT NULL,
  kind TEXT NOT NULL,                  -- parent, carer, sibling, partner, relative
  parental_responsibility {bool} NOT NULL,
  court_order TEXT,
  do_not_contact {bool} NOT NULL,
  never_disclose_address {bool} NOT NULL,
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, other_id) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE device (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,                  -- tablet, laptop, phone, guest, gateway, server, phone_line, alarm
  group_key TEXT NOT NULL,             -- key of a group in the filter policy
  room_id {uuid},
  person_id {uuid},                    -- assigned to (attribution, S33)
  mac TEXT,
  addresses TEXT NOT NULL,             -- JSON list
  proxy_user TEXT,
  proxy_password_sha256 TEXT,
  doh_path TEXT,
  check_passed_at {long},              -- the block page's certificate was proved (S28)
  cannot_hold {bool} NOT NULL,         -- host, gateways, phones, alarms, door entry (S25)
  retired_at {long},
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  FOREIGN KEY (setting_id, room_id) REFERENCES room (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE concern (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  reference TEXT NOT NULL,             -- random, for people; never used for access
  kind TEXT NOT NULL,                  -- domain::concern::ConcernKind
  route TEXT NOT NULL,                 -- domain::concern::RouteKind
  area TEXT NOT NULL,                  -- content, contact, conduct, commerce (POL-03)
  urgency TEXT NOT NULL,
  status TEXT NOT NULL,
  procedure TEXT NOT NULL,             -- id and edition: pinned (S42)
  edition TEXT NOT NULL,
  event_at {long} NOT NULL,            -- three times: when it happened, when it was known, when it was written
  known_at {long} NOT NULL,
  recorded_at {long} NOT NULL,
  clock_suspect {bool} NOT NULL,       -- written while the clock stood before the last audit entry (S43)
  reporter_id {uuid},                  -- null: not signed in
  receipt_hash TEXT NOT NULL,
  device_id {uuid},
  room_id {uuid},
  told_in_person TEXT,                 -- "told in person at", by whom, as JSON
  stage_two_at {long},                 -- null: exact words still owed, same day (S5)
  opened_at {long},
  opened_by {uuid},
  closed_at {long},
  version {long} NOT NULL,
  UNIQUE (setting_id, id),
  UNIQUE (setting_id, reference),
  FOREIGN KEY (setting_id, device_id) REFERENCES device (setting_id, id),
  FOREIGN KEY (setting_id, room_id) REFERENCES room (setting_id, id),
  FOREIGN KEY (setting_id, reporter_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, opened_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX concern_open ON concern (setting_id, status, recorded_at);

-- Who must not see it. Not why (S8).
CREATE TABLE exclusion (
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  added_at {long} NOT NULL,
  PRIMARY KEY (concern_id, person_id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};

-- Whom the holder added by name (S7).
CREATE TABLE invitation (
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  invited_by {uuid} NOT NULL,
  at {long} NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (concern_id, person_id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, invited_by) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE concern_person (
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  part TEXT NOT NULL,                  -- domain::concern::Part
  PRIMARY KEY (concern_id, person_id, part),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};

-- The chronology: append-only.
CREATE TABLE entry (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  kind TEXT NOT NULL,                  -- domain::concern::EntryKind
  text TEXT NOT NULL,
  event_at {long} NOT NULL,
  recorded_at {long} NOT NULL,
  author_id {uuid},
  supersedes {uuid},
  out_of_order {bool} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, author_id) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX entry_of_concern ON entry (setting_id, concern_id, event_at);

-- What was recorded about a step: append-only; a step's state is what its records say.
CREATE TABLE step_record (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  concern_id {uuid} NOT NULL,
  step TEXT NOT NULL,                  -- key in the pinned procedure
  act TEXT NOT NULL,                   -- done, waived, already_happened, reopened
  fields TEXT NOT NULL,                -- JSON object: the step's answers
  reason TEXT,                         -- waivers and decisions carry one
  event_at {long} NOT NULL,
  recorded_at {long} NOT NULL,
  author_id {uuid} NOT NULL,
  out_of_order {bool} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, author_id) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX step_of_concern ON step_record (setting_id, concern_id, recorded_at);

CREATE TABLE draft (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  what TEXT NOT NULL,                  -- which form, e.g. report, stage-two/ID, step/ID/KEY
  fields TEXT NOT NULL,
  saved_at {long} NOT NULL,
  UNIQUE (person_id, what),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE hold (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  device_id {uuid} NOT NULL,
  concern_id {uuid},
  placed_by {uuid} NOT NULL,
  placed_at {long} NOT NULL,
  until_at {long},                     -- four hours for a staff hold; null once a lead confirms
  confirmed_by {uuid},
  released_at {long},
  released_by {uuid},
  custody TEXT,                        -- where it lies, whose key
  FOREIGN KEY (setting_id, device_id) REFERENCES device (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, placed_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, confirmed_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, released_by) REFERENCES person (setting_id, id)
) {strict};

-- The filter policy: versions are kept for ever, a change is a proposal that another person approves (FDM-04).
CREATE TABLE filter_policy (
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  number {long} NOT NULL,
  policy TEXT NOT NULL,                -- app::filtering::Policy as JSON
  made_at {long} NOT NULL,
  made_by {uuid},
  proposal_id {uuid},
  note TEXT NOT NULL,
  PRIMARY KEY (setting_id, number),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE proposal (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  change TEXT NOT NULL,                -- app::filtering::Change as JSON
  direction TEXT NOT NULL,             -- tightens, loosens
  reason TEXT NOT NULL,
  risk TEXT NOT NULL,                  -- the risk assessment, JSON
  concern_id {uuid},                   -- what is made from a concern inherits its exclusions (S8)
  proposed_by {uuid} NOT NULL,
  proposed_at {long} NOT NULL,
  state TEXT NOT NULL,                 -- waiting, approved, refused, withdrawn
  decided_by {uuid},
  decided_at {long},
  decision_note TEXT,
  lead_agreed_by {uuid},               -- weakening needs the lead too
  lead_agreed_at {long},
  applied_number {long},
  base_number {long} NOT NULL,
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, proposed_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, decided_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, lead_agreed_by) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE request_access (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  host TEXT NOT NULL,
  group_key TEXT NOT NULL,
  category TEXT,
  why TEXT NOT NULL,
  asked_by {uuid},
  asked_at {long} NOT NULL,
  answer TEXT,                         -- null, proposed, no
  answered_by {uuid},
  answered_at {long},
  words TEXT,
  FOREIGN KEY (setting_id, asked_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, answered_by) REFERENCES person (setting_id, id)
) {strict};

-- Findings become actions with owner and date in one step (POL-12).
CREATE TABLE action (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  concern_id {uuid},
  title TEXT NOT NULL,
  owner_id {uuid} NOT NULL,
  due TEXT NOT NULL,                   -- date
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  done_at {long},
  done_by {uuid},
  done_note TEXT,
  version {long} NOT NULL,
  FOREIGN KEY (setting_id, owner_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, done_by) REFERENCES person (setting_id, id)
) {strict};

CREATE TABLE review (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  concern_id {uuid},
  what TEXT NOT NULL,                  -- policy, filtering, curriculum
  why TEXT NOT NULL,
  opened_at {long} NOT NULL,
  opened_by {uuid},
  due TEXT NOT NULL,
  closed_at {long},
  closed_by {uuid},
  outcome TEXT,
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id),
  FOREIGN KEY (setting_id, opened_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, closed_by) REFERENCES person (setting_id, id)
) {strict};

-- A dated proof: a self-test, a signed check, a probe, a contract. What a control counts (S51).
CREATE TABLE evidence (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  kind TEXT NOT NULL,                  -- key in content/obligations.toml: self_test, signed_check/network_passwords, …
  ok {bool} NOT NULL,
  summary TEXT NOT NULL,               -- one sentence
  detail TEXT NOT NULL,                -- JSON
  effective_at {long} NOT NULL,        -- when it was true, not when it was typed
  recorded_at {long} NOT NULL,
  signed_by {uuid},                    -- null: the program's own probe
  fictional {bool} NOT NULL,
  FOREIGN KEY (setting_id, signed_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX evidence_newest ON evidence (setting_id, kind, effective_at);

CREATE TABLE job (
  id {uuid} PRIMARY KEY,
  setting_id {uuid},
  kind TEXT NOT NULL,
  idempotency_key TEXT NOT NULL UNIQUE, -- also the Message-ID (S44)
  payload TEXT NOT NULL,
  run_at {long} NOT NULL,
  attempts {long} NOT NULL,
  leased_until {long},
  done_at {long},
  failed TEXT                           -- last failure; poison after ten tries, visible
) {strict};
CREATE INDEX job_due ON job (done_at, run_at);

-- What was sent and what would have been: the outbox page, and who has read what (S10).
CREATE TABLE notice (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL REFERENCES setting (id),
  person_id {uuid} NOT NULL,
  urgency TEXT NOT NULL,
  link TEXT NOT NULL,                  -- a path; says nothing
  concern_id {uuid},
  made_at {long} NOT NULL,
  mailed_at {long},
  mail_failed TEXT,
  seen_at {long},
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id)
) {strict};

-- The chain: ids, act, time, commitment; no names (S37). One chain a setting; the nil setting is the installation's own.
CREATE TABLE audit (
  setting_id {uuid} NOT NULL,
  seq {long} NOT NULL,
  id {uuid} NOT NULL UNIQUE,
  at {long} NOT NULL,
  actor TEXT NOT NULL,                 -- account id, "nobody" or "system"
  act TEXT NOT NULL,                   -- a word of domain::access::Action or of the program
  subject_table TEXT NOT NULL,
  subject_id {uuid},
  subject_version {long},
  commitment TEXT NOT NULL,            -- HMAC over the canonical content, salt kept in audit_content
  previous TEXT NOT NULL,              -- hash of the row before
  hash TEXT NOT NULL,
  PRIMARY KEY (setting_id, seq)
) {strict};

-- Content and salt: destroyed with a certificate, the chain stays whole.
CREATE TABLE audit_content (
  audit_id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  salt TEXT NOT NULL,
  content TEXT NOT NULL                -- canonical JSON: the row as it was written, by field
) {strict};

CREATE TABLE audit_head (
  setting_id {uuid} NOT NULL,
  seq {long} NOT NULL,
  hash TEXT NOT NULL,
  at {long} NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (setting_id, seq)
) {strict};
