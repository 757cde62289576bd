//! Contacts and their identities.

use std::collections::BTreeMap;

use switchboard_contract::{Address, ContactId, IdentityId, InboxId, Proof, Timestamp};

use super::sql::{self, Rows};
use super::{Conn, Result, from_json, from_word, parse, stale_or_worse, to_json, word};

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

/// Where an identity is reached.
pub async fn address(conn: &mut Conn, id: IdentityId) -> Result<Option<Address>> {
    let text = "SELECT address FROM identities WHERE id = $1";
    Ok(sql::query_scalar(text).bind(id.to_string()).fetch_optional(conn).await?.map(Address))
}

/// Finds identities by inbox and address.
pub async fn identities(
    conn: &mut Conn,
    wanted: impl Iterator<Item = (InboxId, &Address)>,
) -> Result<Vec<((InboxId, Address), Result<Identity>)>> {
    let rows = wanted.map(|(inbox, address)| vec![inbox.to_string().into(), (&address.0).into()]).collect();
    let before = "SELECT i.id, i.contact_id, c.name, c.email, i.proof, i.facts, i.inbox_id, i.address FROM (";
    let after = ") AS v CROSS JOIN identities i CROSS JOIN contacts c \
                 WHERE i.inbox_id = v.column1 AND i.address = v.column2 AND c.id = i.contact_id";
    let found: Vec<AddressedRow> = Rows { before, rows, after }.fetch_all(conn).await?;
    found
        .into_iter()
        .map(|row| Ok(((parse("inbox id", &row.inbox_id)?, Address(row.address)), row.identity.try_into())))
        .collect()
}

/// Adds contacts, each with its first identity.
pub async fn insert_all(conn: &mut Conn, met: &[(InboxId, Address, Identity)], now: Timestamp) -> Result<()> {
    let contacts = met.iter().map(|(_, _, identity)| {
        vec![
            identity.contact.to_string().into(),
            (&identity.name).into(),
            (&identity.email).into(),
            now.millis().into(),
        ]
    });
    let before = "INSERT INTO contacts (id, name, email, created_at)";
    Rows { before, rows: contacts.collect(), after: "" }.execute(conn).await?;
    let mut rows = Vec::with_capacity(met.len());
    for (inbox, address, identity) in met {
        rows.push(vec![
            identity.id.to_string().into(),
            identity.contact.to_string().into(),
            inbox.to_string().into(),
            (&address.0).into(),
            word(&identity.proof).into(),
            to_json("facts", &identity.facts)?.into(),
            now.millis().into(),
        ]);
    }
    let before = "INSERT INTO identities (id, contact_id, inbox_id, address, proof, facts, created_at)";
    Rows { before, rows, after: "" }.execute(conn).await.map_err(stale_or_worse)?;
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
struct AddressedRow {
    #[sqlx(flatten)]
    identity: IdentityRow,
    inbox_id: String,
    address: String,
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
