-- Portable column types throughout: TEXT ids and JSON, BIGINT milliseconds since 1970, BYTEA bytes.

-- Values the program makes for itself: signing keys, counters.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE inboxes (
    id         TEXT PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    cursor     TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE contacts (
    id         TEXT PRIMARY KEY,
    name       TEXT,
    email      TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE identities (
    id         TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    inbox_id   TEXT NOT NULL REFERENCES inboxes (id),
    address    TEXT NOT NULL,
    proof      TEXT NOT NULL,
    facts      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (inbox_id, address)
);

-- `state` is the engine's whole state; the columns beside it are what lists and lookups need of it.
CREATE TABLE conversations (
    id              TEXT PRIMARY KEY,
    number          BIGINT NOT NULL UNIQUE,
    inbox_id        TEXT NOT NULL REFERENCES inboxes (id),
    contact_id      TEXT NOT NULL REFERENCES contacts (id),
    identity_id     TEXT NOT NULL REFERENCES identities (id),
    thread          TEXT NOT NULL,
    status          TEXT NOT NULL,
    handler         TEXT NOT NULL,
    team            TEXT,
    agent_id        TEXT,
    priority        TEXT NOT NULL,
    language        TEXT NOT NULL,
    version         BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    state           TEXT NOT NULL,
    waiting_since   BIGINT,
    contact_seq     BIGINT NOT NULL,
    preview         TEXT NOT NULL,
    preview_author  TEXT NOT NULL,
    last_message_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX conversations_by_thread ON conversations (inbox_id, thread, number);
CREATE INDEX conversations_waiting ON conversations (waiting_since, number) WHERE handler = 'queue';
CREATE INDEX conversations_queues ON conversations (team, waiting_since, number) WHERE handler = 'queue';
CREATE INDEX conversations_waiting_by_inbox ON conversations (inbox_id, waiting_since) WHERE handler = 'queue';
CREATE INDEX conversations_by_agent ON conversations (agent_id, last_message_at, number) WHERE status <> 'resolved';
CREATE INDEX conversations_open ON conversations (last_message_at, number) WHERE status <> 'resolved';
CREATE INDEX conversations_resolved ON conversations (last_message_at, number) WHERE status = 'resolved';
CREATE INDEX conversations_by_contact ON conversations (contact_id, number);

-- One row for everything in a conversation: messages, notes, log entries. Never updated but for the delivery columns.
CREATE TABLE entries (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq             BIGINT NOT NULL,
    id              TEXT NOT NULL UNIQUE,
    kind            TEXT NOT NULL,
    author          TEXT NOT NULL,
    author_id       TEXT,
    author_name     TEXT,
    body            TEXT NOT NULL,
    external_id     TEXT,
    at              BIGINT NOT NULL,
    delivery        TEXT,
    delivery_error  TEXT,
    PRIMARY KEY (conversation_id, seq)
);

CREATE TABLE briefs (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq             BIGINT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
