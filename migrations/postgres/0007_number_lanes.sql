-- The outbox in lanes of its own: a message goes out in its conversation's lane, an event in that of its webhook and conversation.
-- `target` is an inbox's id or `webhook:NAME`; `body` is what a webhook is sent, and none for a message, whose words stand in its
-- entry. States: pending, sending, sent, uncertain, failed, dropped.
CREATE TABLE outbox_in_lanes (
    id              TEXT PRIMARY KEY,
    lane            TEXT NOT NULL,
    position        BIGINT NOT NULL,
    target          TEXT NOT NULL,
    conversation_id TEXT REFERENCES conversations (id),
    entry_id        TEXT,
    entry_seq       BIGINT,
    thread          TEXT,
    body            TEXT,
    state           TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    lease_until     BIGINT,
    error           TEXT,
    receipt         TEXT,
    created_at      BIGINT NOT NULL
);
INSERT INTO outbox_in_lanes (id, lane, position, target, conversation_id, entry_id, entry_seq, thread, state, attempts, due_at,
    lease_until, error, receipt, created_at)
SELECT id, conversation_id, entry_seq, inbox_id, conversation_id, entry_id, entry_seq, thread, state, attempts, due_at,
    lease_until, error, receipt, created_at
FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_in_lanes RENAME TO outbox;

-- An entry goes out once. Events have no entry; their places are counted when they are added.
CREATE UNIQUE INDEX outbox_once ON outbox (lane, position) WHERE body IS NULL;
CREATE INDEX outbox_events ON outbox (lane, position) WHERE body IS NOT NULL;
-- Only what still has to go is looked at again and again.
CREATE INDEX outbox_lanes ON outbox (lane, position) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_due ON outbox (target, due_at, position) WHERE state = 'pending';
CREATE INDEX outbox_leases ON outbox (lease_until, target) WHERE state = 'sending';
-- What waits for a person: as a list, newest first, and counted.
CREATE INDEX outbox_stuck ON outbox (id) WHERE state IN ('failed', 'uncertain');
CREATE INDEX outbox_stuck_by_target ON outbox (target, state) WHERE state IN ('failed', 'uncertain');

-- Targets that fail as a whole and are paused; a row goes when the target works again.
CREATE TABLE circuits (
    target   TEXT PRIMARY KEY,
    since    BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    pauses   BIGINT NOT NULL,
    error    TEXT NOT NULL
);
