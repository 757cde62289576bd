//! Agents, their invitations and sessions, and answers remembered for idempotency keys.

use serde::{Deserialize, Serialize};
use switchboard_contract::{AgentId, Timestamp};
use utoipa::ToSchema;

use super::sql;
use super::{Conn, Result, from_word, parse, word};

/// What an agent may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Conversations; flows and articles to read.
    Agent,
    /// Flows, articles and the bot book; conversations to read.
    Knowledge,
}

/// An agent's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The id.
    pub id: AgentId,
    /// The address they sign in with, lower case.
    pub email: String,
    /// The name contacts see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// May not sign in any more.
    pub disabled: bool,
    /// Has set a password.
    pub active: bool,
}

#[derive(sqlx::FromRow)]
struct AgentRow {
    id: String,
    email: String,
    name: String,
    role: String,
    disabled: i64,
    active: bool,
}

impl TryFrom<AgentRow> for Agent {
    type Error = super::Error;

    fn try_from(row: AgentRow) -> Result<Self> {
        Ok(Self {
            id: parse("agent id", &row.id)?,
            email: row.email,
            name: row.name,
            role: from_word("role", &row.role)?,
            disabled: row.disabled != 0,
            active: row.active,
        })
    }
}

macro_rules! agents_sql {
    ($rest:literal) => {
        concat!("SELECT id, email, name, role, disabled, password_hash IS NOT NULL AS active FROM agents ", $rest)
    };
}

/// All agents, by name.
pub async fn agents(conn: &mut Conn) -> Result<Vec<Agent>> {
    let rows: Vec<AgentRow> = sql::query_as(agents_sql!("ORDER BY name, id")).fetch_all(conn).await?;
    rows.into_iter().map(Agent::try_from).collect()
}

/// One agent.
pub async fn agent(conn: &mut Conn, id: AgentId) -> Result<Option<Agent>> {
    let row: Option<AgentRow> =
        sql::query_as(agents_sql!("WHERE id = $1")).bind(id.to_string()).fetch_optional(conn).await?;
    row.map(Agent::try_from).transpose()
}

/// The agent with that address, and the hash of their password.
pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<(Agent, Option<String>)>> {
    let row: Option<AgentRow> =
        sql::query_as(agents_sql!("WHERE email = $1")).bind(email).fetch_optional(&mut *conn).await?;
    let Some(agent) = row.map(Agent::try_from).transpose()? else { return Ok(None) };
    let hash: Option<String> = sql::query_scalar("SELECT password_hash FROM agents WHERE id = $1")
        .bind(agent.id.to_string())
        .fetch_one(conn)
        .await?;
    Ok(Some((agent, hash)))
}

/// Adds an agent; false when the address is taken.
pub async fn add_agent(conn: &mut Conn, agent: &Agent, now: Timestamp) -> Result<bool> {
    let added = sql::query(
        "INSERT INTO agents (id, email, name, role, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING",
    )
    .bind(agent.id.to_string())
    .bind(&agent.email)
    .bind(&agent.name)
    .bind(word(&agent.role))
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Saves name, role and whether the account is disabled.
pub async fn update_agent(conn: &mut Conn, agent: &Agent) -> Result<()> {
    sql::query("UPDATE agents SET name = $2, role = $3, disabled = $4 WHERE id = $1")
        .bind(agent.id.to_string())
        .bind(&agent.name)
        .bind(word(&agent.role))
        .bind(i64::from(agent.disabled))
        .execute(&mut *conn)
        .await?;
    if agent.disabled {
        end_sessions(conn, agent.id).await?;
    }
    Ok(())
}

/// How many admins could sign in, or will once they have taken their invitation.
pub async fn admins(conn: &mut Conn) -> Result<i64> {
    Ok(sql::query_scalar("SELECT COUNT(*) FROM agents WHERE role = 'admin' AND disabled = 0").fetch_one(conn).await?)
}

/// Sets name and password. Every session of the agent ends.
pub async fn set_password(conn: &mut Conn, id: AgentId, name: &str, hash: &str) -> Result<()> {
    sql::query("UPDATE agents SET name = $2, password_hash = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(name)
        .bind(hash)
        .execute(&mut *conn)
        .await?;
    end_sessions(conn, id).await
}

/// Adds an invitation; earlier open ones of the same agent end.
pub async fn add_invitation(conn: &mut Conn, id: AgentId, token_hash: &str, expires: Timestamp) -> Result<()> {
    sql::query("DELETE FROM invitations WHERE agent_id = $1 AND used_at IS NULL")
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    sql::query("INSERT INTO invitations (token_hash, agent_id, expires_at) VALUES ($1, $2, $3)")
        .bind(token_hash)
        .bind(id.to_string())
        .bind(expires.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// The agent an open invitation is for, and when it ends.
pub async fn invitation(conn: &mut Conn, token_hash: &str, now: Timestamp) -> Result<Option<(Agent, Timestamp)>> {
    let row: Option<(String, i64)> = sql::query_as(
        "SELECT agent_id, expires_at FROM invitations WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
    )
    .bind(token_hash)
    .bind(now.millis())
    .fetch_optional(&mut *conn)
    .await?;
    let Some((id, expires)) = row else { return Ok(None) };
    let agent = agent(conn, parse("agent id", &id)?).await?;
    Ok(agent.filter(|agent| !agent.disabled).map(|agent| (agent, Timestamp::from_millis(expires))))
}

/// Marks an invitation as used; false when it was already, or is over.
pub async fn use_invitation(conn: &mut Conn, token_hash: &str, now: Timestamp) -> Result<bool> {
    let used =
        sql::query("UPDATE invitations SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2")
            .bind(token_hash)
            .bind(now.millis())
            .execute(conn)
            .await?;
    Ok(used.rows_affected() == 1)
}

/// Adds a session.
pub async fn add_session(conn: &mut Conn, id: AgentId, token_hash: &str, expires: Timestamp) -> Result<()> {
    sql::query("INSERT INTO sessions (token_hash, agent_id, expires_at) VALUES ($1, $2, $3)")
        .bind(token_hash)
        .bind(id.to_string())
        .bind(expires.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// The agent of a session that holds.
pub async fn session(conn: &mut Conn, token_hash: &str, now: Timestamp) -> Result<Option<Agent>> {
    let row: Option<AgentRow> = sql::query_as(
        "SELECT a.id, a.email, a.name, a.role, a.disabled, a.password_hash IS NOT NULL AS active FROM sessions s \
         JOIN agents a ON a.id = s.agent_id WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.disabled = 0",
    )
    .bind(token_hash)
    .bind(now.millis())
    .fetch_optional(conn)
    .await?;
    row.map(Agent::try_from).transpose()
}

/// Ends one session.
pub async fn end_session(conn: &mut Conn, token_hash: &str) -> Result<()> {
    sql::query("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash).execute(conn).await?;
    Ok(())
}

async fn end_sessions(conn: &mut Conn, id: AgentId) -> Result<()> {
    sql::query("DELETE FROM sessions WHERE agent_id = $1").bind(id.to_string()).execute(conn).await?;
    Ok(())
}

/// What was answered under an idempotency key: the request's fingerprint and the answer.
pub async fn remembered(conn: &mut Conn, id: AgentId, key: &str) -> Result<Option<(String, String)>> {
    Ok(sql::query_as("SELECT fingerprint, body FROM idempotency WHERE agent_id = $1 AND key = $2")
        .bind(id.to_string())
        .bind(key)
        .fetch_optional(conn)
        .await?)
}

/// Remembers an answer under an idempotency key, in the transaction of what it answers.
pub async fn remember(
    conn: &mut Conn,
    id: AgentId,
    key: &str,
    fingerprint: &str,
    body: &str,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO idempotency (agent_id, key, fingerprint, body, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.to_string())
        .bind(key)
        .bind(fingerprint)
        .bind(body)
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// Clears away what is over: sessions, and answers remembered before `answers_before`.
pub async fn sweep(conn: &mut Conn, now: Timestamp, answers_before: Timestamp) -> Result<()> {
    sql::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now.millis()).execute(&mut *conn).await?;
    sql::query("DELETE FROM invitations WHERE expires_at <= $1").bind(now.millis()).execute(&mut *conn).await?;
    sql::query("DELETE FROM idempotency WHERE created_at <= $1").bind(answers_before.millis()).execute(conn).await?;
    Ok(())
}
