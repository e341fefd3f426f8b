-- By which rule of the filter or the monitoring the alert was raised from which a concern was made. Immutable once released.
CREATE TABLE alert_rule (
  concern_id {uuid} PRIMARY KEY,
  setting_id {uuid} NOT NULL,
  rule TEXT NOT NULL,                  -- a category's id, a word of the gateway's, "search: " and what was looked for
  FOREIGN KEY (setting_id, concern_id) REFERENCES concern (setting_id, id)
) {strict};
CREATE INDEX alert_rule_of_rule ON alert_rule (setting_id, rule);
