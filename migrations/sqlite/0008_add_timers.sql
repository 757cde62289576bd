-- The timers of conversations, as their states hold them: written in the transaction that saves the state. `try_at` is when one
-- is looked at next: at `due_at`, later after a failure, never again once it was given up (until the next start).
CREATE TABLE timers (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    kind            TEXT NOT NULL,
    due_at          BIGINT NOT NULL,
    try_at          BIGINT,
    attempts        BIGINT NOT NULL,
    error           TEXT,
    PRIMARY KEY (conversation_id, kind)
);
CREATE INDEX timers_due ON timers (try_at) WHERE try_at IS NOT NULL;

-- Chores that come back: each run and the date of the next one are one transaction.
CREATE TABLE jobs (
    name        TEXT PRIMARY KEY,
    due_at      BIGINT NOT NULL,
    last_run_at BIGINT,
    last_error  TEXT
);
