-- Why a device was taken off the network outside any concern: access is taken away with a reason (SOC-06). Immutable once released.
ALTER TABLE hold ADD COLUMN reason TEXT;
