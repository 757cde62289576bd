-- What arrived is counted by each lane of writers for itself, so that none waits for another's commit.
CREATE TABLE received_by_lane (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    day      BIGINT NOT NULL,
    lane     BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, day, lane)
);
INSERT INTO received_by_lane (inbox_id, day, lane, count) SELECT inbox_id, day, 0, count FROM received;
DROP TABLE received;
ALTER TABLE received_by_lane RENAME TO received;

-- Several writers number conversations at once.
CREATE SEQUENCE conversation_numbers;
SELECT setval('conversation_numbers', COALESCE((SELECT MAX(number) FROM conversations), 0) + 1, false);
