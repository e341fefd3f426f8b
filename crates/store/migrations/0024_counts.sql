-- What the lists count and walk along for every viewer: who may know is asked of each concern, so the index carries what that
-- question needs, and ten thousand closed concerns are counted without reading one of them. Immutable once released.
DROP INDEX concern_open;
CREATE INDEX concern_open ON concern (setting_id, status, recorded_at, id, route);
-- Several small things on one device, of late.
DROP INDEX concern_device;
CREATE INDEX concern_device ON concern (setting_id, device_id, event_at);
