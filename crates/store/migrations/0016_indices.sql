-- What pages ask for with ten thousand concerns behind them: who looked and what was done, newest first; and what
-- somebody asked for help with of late. One of two indices that were the same goes.
CREATE INDEX audit_act ON audit (setting_id, act, seq);
CREATE INDEX entry_of_kind ON entry (setting_id, kind, recorded_at);
DROP INDEX audit_latest;
