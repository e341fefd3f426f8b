-- Guests by voucher (S24), and who uses a shared device (MON-05). Immutable once released.

-- A slip of paper with a code: a device that nobody knows is in the guests' group for some hours. Who it was is not kept,
-- and where it stood in the network only while it lasts.
CREATE TABLE voucher (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  code_sha256 TEXT NOT NULL,           -- the code is random; it stands on paper alone
  made_by {uuid} NOT NULL,
  made_at {long} NOT NULL,
  use_by {long} NOT NULL,              -- not begun before: worth nothing
  hours {long} NOT NULL,               -- how long it lasts from then on
  begun_at {long},
  until_at {long},
  address TEXT,                        -- emptied when it is over
  ended_at {long},                     -- called back
  FOREIGN KEY (setting_id, made_by) REFERENCES person (setting_id, id)
) {strict};
CREATE UNIQUE INDEX voucher_code ON voucher (code_sha256);
CREATE INDEX voucher_made ON voucher (setting_id, made_at);

-- Somebody took a shared device and said with their short number who they are.
CREATE TABLE device_use (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  device_id {uuid} NOT NULL,
  person_id {uuid} NOT NULL,
  from_at {long} NOT NULL,
  until_at {long} NOT NULL,
  FOREIGN KEY (setting_id, device_id) REFERENCES device (setting_id, id),
  FOREIGN KEY (setting_id, person_id) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX device_use_from ON device_use (setting_id, from_at);
