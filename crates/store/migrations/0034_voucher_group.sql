-- Which group for guests a voucher opens: there may be several. Immutable once released.
ALTER TABLE voucher ADD COLUMN group_key TEXT;  -- null: made before this was asked, and the first group for guests
