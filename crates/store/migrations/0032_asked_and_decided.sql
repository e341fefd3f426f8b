-- What became of a request for a blocked site: the proposal that a "yes" made, and when somebody decided. The clock of FDM-02
-- ends there, not at the first reply. Immutable once released.
ALTER TABLE request_access ADD COLUMN proposal_id {uuid};  -- the change that a yes proposed
ALTER TABLE request_access ADD COLUMN decided_at {long};   -- when it was decided, by a second person where one was needed
CREATE INDEX request_access_of_proposal ON request_access (setting_id, proposal_id);
