-- An attempt ended and nobody knows whether it arrived: what a later attempt is told says nothing of that one, so giving up ends as
-- "perhaps delivered" and not as "not delivered".
ALTER TABLE outbox ADD COLUMN unclear BIGINT NOT NULL DEFAULT 0;
