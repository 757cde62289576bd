-- What the adapter had made of a quarantined item (JSON), so that it can be filed later without the adapter.
ALTER TABLE inbound ADD COLUMN reading TEXT;
-- The bytes are kept for a time only. Their SHA-256 stays, so that a late duplicate is still compared. A digest without a
-- time belongs to an item that was too large: it is that of all the bytes, of which only the beginning is kept.
ALTER TABLE inbound ADD COLUMN raw_dropped_at BIGINT;
ALTER TABLE inbound ADD COLUMN raw_digest TEXT;

-- Duplicates that differ from the first are rare, so what counts them and what drops their bytes shall not read the others.
-- Dropped bytes leave an empty value, not NULL: that they differed is still told.
CREATE INDEX inbound_differing ON inbound_duplicates (received_at, inbox_id) WHERE raw IS NOT NULL;
CREATE INDEX inbound_differing_bytes ON inbound_duplicates (received_at, id) WHERE LENGTH(raw) > 0;
