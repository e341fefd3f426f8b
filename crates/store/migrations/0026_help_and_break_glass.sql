-- Calls for help, from a child's button to whoever came (S35); and break-glass for adults' devices (S30). Immutable once released.

-- It records that help was called, and who came: nothing of a child (S6).
CREATE TABLE help_call (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  device_id {uuid},                    -- null: one that nobody knows
  room_id {uuid},                      -- null: not known
  called_at {long} NOT NULL,
  pressed_at {long} NOT NULL,          -- the last time that the button was pressed for it
  office_at {long} NOT NULL,           -- from then on the office is called too, unless somebody has answered
  office_told_at {long},
  answered_at {long},
  answered_by {uuid},                  -- null beside a time: on a device that nobody had taken
  answered_on {uuid},                  -- the device on which they said so; null: signed in
  FOREIGN KEY (setting_id, device_id) REFERENCES device (setting_id, id),
  FOREIGN KEY (setting_id, room_id) REFERENCES room (setting_id, id),
  FOREIGN KEY (setting_id, answered_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, answered_on) REFERENCES device (setting_id, id)
) {strict};
CREATE INDEX help_call_at ON help_call (setting_id, called_at);

-- A group of adults' devices is opened for some hours by one person, and looked at afterwards. It ends by itself.
CREATE TABLE break_glass (
  id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  group_key TEXT NOT NULL,             -- key of the filter's group
  opened_by {uuid} NOT NULL,
  opened_at {long} NOT NULL,
  until_at {long} NOT NULL,
  reason TEXT NOT NULL,
  ended_at {long},                     -- ended before its time
  ended_by {uuid},
  reviewed_by {uuid},                  -- somebody else looked at it afterwards
  reviewed_at {long},
  finding TEXT,
  FOREIGN KEY (setting_id, opened_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, ended_by) REFERENCES person (setting_id, id),
  FOREIGN KEY (setting_id, reviewed_by) REFERENCES person (setting_id, id)
) {strict};
CREATE INDEX break_glass_at ON break_glass (setting_id, opened_at);
