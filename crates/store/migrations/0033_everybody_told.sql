-- In a setting where one person alone may approve (S45), a change waits a day from the moment when everybody was told of it.
-- Immutable once released.
ALTER TABLE proposal ADD COLUMN everybody_told_at {long};  -- null: everybody was never told, and no delay runs
