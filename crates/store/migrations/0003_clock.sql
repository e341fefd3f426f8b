-- Every report asks whether the clock stands before anything that is recorded (S43). Immutable once released.

CREATE INDEX audit_at ON audit (setting_id, at);
