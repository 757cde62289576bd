//! Contacts and their identities.

use std::collections::BTreeMap;

use switchboard_contract::{Address, ContactId, IdentityId, InboxId, Proof, Timestamp};

use super::sql;
use super::{Conn, Result, from_json, from_word, parse, to_json, word};

/// A contact's address on one inbox, with what is known of the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The identity.
    pub id: IdentityId,
    /// Whose it is.
    pub contact: ContactId,
    /// The contact's name.
    pub name: Option<String>,
    /// The contact's e-mail address.
    pub email: Option<String>,
    /// What vouches for the identity.
    pub proof: Proof,
    /// What the channel told about it last.
    pub facts: BTreeMap<String, String>,
}

/// Finds an identity by its address.
pub async fn identity(conn: &mut Conn, inbox: InboxId, address: &Address) -> Result<Option<Identity>> {
    let row: Option<IdentityRow> = sql::query_as(
        "SELECT i.id, i.contact_id, c.name, c.email, i.proof, i.facts FROM identities i \
         JOIN contacts c ON c.id = i.contact_id WHERE i.inbox_id = $1 AND i.address = $2",
    )
    .bind(inbox.to_string())
    .bind(&address.0)
    .fetch_optional(conn)
    .await?;
    row.map(Identity::try_from).transpose()
}

/// Finds an identity by its id.
pub async fn identity_by_id(conn: &mut Conn, id: IdentityId) -> Result<Option<Identity>> {
    let row: Option<IdentityRow> = sql::query_as(
        "SELECT i.id, i.contact_id, c.name, c.email, i.proof, i.facts FROM identities i \
         JOIN contacts c ON c.id = i.contact_id WHERE i.id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(conn)
    .await?;
    row.map(Identity::try_from).transpose()
}

/// Adds a contact with its first identity.
pub async fn add(
    conn: &mut Conn,
    inbox: InboxId,
    address: &Address,
    identity: &Identity,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO contacts (id, name, email, created_at) VALUES ($1, $2, $3, $4)")
        .bind(identity.contact.to_string())
        .bind(&identity.name)
        .bind(&identity.email)
        .bind(now.millis())
        .execute(&mut *conn)
        .await?;
    sql::query(
        "INSERT INTO identities (id, contact_id, inbox_id, address, proof, facts, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(identity.id.to_string())
    .bind(identity.contact.to_string())
    .bind(inbox.to_string())
    .bind(&address.0)
    .bind(word(&identity.proof))
    .bind(to_json("facts", &identity.facts)?)
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(())
}

/// Saves what has been learnt of a contact.
pub async fn update(conn: &mut Conn, identity: &Identity) -> Result<()> {
    sql::query("UPDATE contacts SET name = $2, email = $3 WHERE id = $1")
        .bind(identity.contact.to_string())
        .bind(&identity.name)
        .bind(&identity.email)
        .execute(&mut *conn)
        .await?;
    sql::query("UPDATE identities SET proof = $2, facts = $3 WHERE id = $1")
        .bind(identity.id.to_string())
        .bind(word(&identity.proof))
        .bind(to_json("facts", &identity.facts)?)
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct IdentityRow {
    id: String,
    contact_id: String,
    name: Option<String>,
    email: Option<String>,
    proof: String,
    facts: String,
}

impl TryFrom<IdentityRow> for Identity {
    type Error = super::Error;

    fn try_from(row: IdentityRow) -> Result<Self> {
        Ok(Self {
            id: parse("identity id", &row.id)?,
            contact: parse("contact id", &row.contact_id)?,
            name: row.name,
            email: row.email,
            proof: from_word("proof", &row.proof)?,
            facts: from_json("facts", &row.facts)?,
        })
    }
}
