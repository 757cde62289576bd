-- Flows, articles and the bot book: every version is kept, and a head says which one is in use.
CREATE TABLE documents (
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    lang       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    source     TEXT NOT NULL,
    origin     TEXT NOT NULL,
    author     TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (kind, name, lang, version)
);

CREATE TABLE document_heads (
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    lang    TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (kind, name, lang)
);

-- What contacts said about answers, and what nothing answered.
CREATE TABLE votes (
    conversation_id TEXT NOT NULL,
    seq             BIGINT NOT NULL,
    article_id      TEXT NOT NULL,
    question        TEXT,
    helped          BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX votes_by_article ON votes (article_id);

CREATE TABLE answers (
    conversation_id TEXT NOT NULL,
    seq             BIGINT NOT NULL,
    article_id      TEXT NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX answers_by_article ON answers (article_id);

CREATE TABLE unanswered (
    id              INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    question        TEXT NOT NULL,
    language        TEXT NOT NULL,
    at              BIGINT NOT NULL
);

CREATE TABLE ratings (
    conversation_id TEXT NOT NULL,
    seq             BIGINT NOT NULL,
    score           BIGINT NOT NULL,
    comment         TEXT,
    at              BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
