-- Channels without threads of their own: what a later message may name to be placed, and who belongs to a thread.
CREATE TABLE marks (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    mark TEXT NOT NULL,
    thread TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    -- The place of the message that left it; 1 when it names this message, 0 when others may leave the same.
    entry_seq BIGINT NOT NULL,
    names BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, mark, thread)
);
-- What names the messages of a conversation, in order.
CREATE INDEX marks_by_message ON marks (conversation_id, entry_seq) WHERE names = 1;

CREATE TABLE participants (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    thread TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT,
    PRIMARY KEY (inbox_id, thread, address)
);
