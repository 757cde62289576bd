-- Only what an agent holds is looked for by agent. A conversation of the bot is written on every turn, and its place in this index
-- was written each time for nobody.
DROP INDEX conversations_by_agent;
CREATE INDEX conversations_by_agent ON conversations (agent_id, last_message_at, number)
    WHERE agent_id IS NOT NULL AND status <> 'resolved';
