-- A deputy may work with some kinds of concern alone. Immutable once released.
ALTER TABLE appointment ADD COLUMN kinds TEXT;  -- keys of kinds with blanks between; null: every kind
