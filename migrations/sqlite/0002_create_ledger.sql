-- Everything that ever came in, with its bytes, once per external id.
CREATE TABLE inbound (
    id              INTEGER PRIMARY KEY,
    inbox_id        TEXT NOT NULL REFERENCES inboxes (id),
    external_id     TEXT NOT NULL,
    received_at     BIGINT NOT NULL,
    occurred_at     BIGINT,
    raw             BLOB NOT NULL,
    outcome         TEXT NOT NULL,
    reason          TEXT,
    conversation_id TEXT,
    entry_id        TEXT,
    entry_seq       BIGINT,
    UNIQUE (inbox_id, external_id)
);
-- Covers the account, so that counting never reads the bytes.
CREATE INDEX inbound_by_time ON inbound (received_at, inbox_id, outcome);
CREATE INDEX inbound_quarantine ON inbound (received_at) WHERE outcome = 'quarantined';

-- A second delivery of the same external id. Its bytes are kept only when they differ from the first's.
CREATE TABLE inbound_duplicates (
    id          INTEGER PRIMARY KEY,
    inbound_id  BIGINT NOT NULL REFERENCES inbound (id),
    inbox_id    TEXT NOT NULL REFERENCES inboxes (id),
    received_at BIGINT NOT NULL,
    raw         BLOB
);
CREATE INDEX inbound_duplicates_by_time ON inbound_duplicates (received_at, inbox_id);

-- Counted on arrival, apart from the outcomes, so that the two sides of the account are independent.
CREATE TABLE received (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    day      BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, day)
);

CREATE TABLE outbox (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    entry_id        TEXT NOT NULL,
    entry_seq       BIGINT NOT NULL,
    inbox_id        TEXT NOT NULL REFERENCES inboxes (id),
    thread          TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    lease_until     BIGINT,
    error           TEXT,
    receipt         TEXT,
    created_at      BIGINT NOT NULL,
    UNIQUE (conversation_id, entry_seq)
);
-- Only what still has to go is looked at again and again.
CREATE INDEX outbox_open ON outbox (state, due_at) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_lanes ON outbox (conversation_id, entry_seq) WHERE state IN ('pending', 'sending');

-- What the console has to look at again, in commit order. Old rows are trimmed.
CREATE TABLE changes (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL,
    body            TEXT NOT NULL,
    at              BIGINT NOT NULL
);
