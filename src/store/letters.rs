//! Channels without threads of their own: what messages can be found by, and who belongs to a thread.

use switchboard_contract::{
    Address, Anchor, ContactId, ConversationId, DeliveryId, InboxId, Mark, Participant, Seq, ThreadKey, Timestamp,
};

use super::sql::Rows;
use super::{Conn, Result, parse, place, sql};

/// Marks that a message leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where the message came in.
    pub inbox: InboxId,
    /// Its thread.
    pub thread: ThreadKey,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its place.
    pub seq: Seq,
    /// The marks; the first one names the message itself.
    pub marks: Vec<Mark>,
    /// Who else was written to.
    pub participants: Vec<Participant>,
}

/// Keeps what messages left behind. What is known already stays as it is.
pub async fn insert_all(conn: &mut Conn, all: &[Left]) -> Result<()> {
    let marks = all.iter().flat_map(|left| {
        left.marks.iter().enumerate().map(move |(at, mark)| {
            vec![
                left.inbox.to_string().into(),
                (&mark.0).into(),
                (&left.thread.0).into(),
                left.conversation.to_string().into(),
                place(left.seq).into(),
                i64::from(at == 0).into(),
            ]
        })
    });
    let before = "INSERT INTO marks (inbox_id, mark, thread, conversation_id, entry_seq, names)";
    Rows { before, rows: marks.collect(), after: " ON CONFLICT DO NOTHING" }.execute(conn).await?;
    let participants = all.iter().flat_map(|left| {
        left.participants.iter().map(move |one| {
            vec![left.inbox.to_string().into(), (&left.thread.0).into(), (&one.address.0).into(), (&one.name).into()]
        })
    });
    let before = "INSERT INTO participants (inbox_id, thread, address, name)";
    Rows { before, rows: participants.collect(), after: " ON CONFLICT DO NOTHING" }.execute(conn).await?;
    Ok(())
}

/// The threads of an inbox that anchors point to.
pub async fn threads(
    conn: &mut Conn,
    wanted: impl Iterator<Item = (InboxId, &Anchor)>,
) -> Result<Vec<((InboxId, Anchor), ThreadKey)>> {
    let (mut marks, mut deliveries, mut conversations) = (Vec::new(), Vec::new(), Vec::new());
    for (inbox, anchor) in wanted {
        let (rows, text) = match anchor {
            Anchor::Mark(mark) => (&mut marks, mark.0.clone()),
            Anchor::Delivery(id) => (&mut deliveries, id.to_string()),
            Anchor::Conversation(id) => (&mut conversations, id.to_string()),
        };
        rows.push(vec![inbox.to_string().into(), text.into()]);
    }
    let mut found = Vec::new();
    let before = "SELECT v.column1, v.column2, m.thread FROM (";
    let after = ") AS v CROSS JOIN marks m WHERE m.inbox_id = v.column1 AND m.mark = v.column2";
    let rows: Vec<(String, String, String)> = Rows { before, rows: marks, after }.fetch_all(conn).await?;
    for (inbox, mark, thread) in rows {
        found.push(((parse("inbox id", &inbox)?, Anchor::Mark(Mark(mark))), ThreadKey(thread)));
    }
    let before = "SELECT v.column1, v.column2, o.thread FROM (";
    let after = ") AS v CROSS JOIN outbox o WHERE o.id = v.column2 AND o.target = v.column1 AND o.thread IS NOT NULL";
    let rows: Vec<(String, String, String)> = Rows { before, rows: deliveries, after }.fetch_all(conn).await?;
    for (inbox, id, thread) in rows {
        let id: DeliveryId = parse("delivery id", &id)?;
        found.push(((parse("inbox id", &inbox)?, Anchor::Delivery(id)), ThreadKey(thread)));
    }
    let before = "SELECT v.column1, v.column2, c.thread FROM (";
    let after = ") AS v CROSS JOIN conversations c WHERE c.id = v.column2 AND c.inbox_id = v.column1";
    let rows: Vec<(String, String, String)> = Rows { before, rows: conversations, after }.fetch_all(conn).await?;
    for (inbox, id, thread) in rows {
        let id: ConversationId = parse("conversation id", &id)?;
        found.push(((parse("inbox id", &inbox)?, Anchor::Conversation(id)), ThreadKey(thread)));
    }
    Ok(found)
}

/// How many messages of the bot went to contacts since a time, over all their conversations; those with none are left out.
pub async fn answered(
    conn: &mut Conn,
    contacts: impl Iterator<Item = ContactId>,
    since: Timestamp,
) -> Result<Vec<(ContactId, u32)>> {
    let rows = contacts.map(|contact| vec![contact.to_string().into(), since.millis().into()]).collect();
    let before = "SELECT v.column1, COUNT(*) FROM (";
    let after = ") AS v CROSS JOIN conversations c CROSS JOIN entries e WHERE c.contact_id = v.column1 \
                 AND c.last_message_at >= v.column2 AND e.conversation_id = c.id AND e.author = 'bot' \
                 AND e.at >= v.column2 GROUP BY v.column1";
    let found: Vec<(String, i64)> = Rows { before, rows, after }.fetch_all(conn).await?;
    found
        .into_iter()
        .map(|(contact, count)| Ok((parse("contact id", &contact)?, u32::try_from(count).unwrap_or(u32::MAX))))
        .collect()
}

/// Who belongs to threads, besides the contacts whose they are.
pub async fn participants(
    conn: &mut Conn,
    wanted: impl Iterator<Item = (InboxId, &ThreadKey)>,
) -> Result<Vec<(InboxId, ThreadKey, Address)>> {
    let rows = wanted.map(|(inbox, thread)| vec![inbox.to_string().into(), (&thread.0).into()]).collect();
    let before = "SELECT p.inbox_id, p.thread, p.address FROM (";
    let after = ") AS v CROSS JOIN participants p WHERE p.inbox_id = v.column1 AND p.thread = v.column2";
    let found: Vec<(String, String, String)> = Rows { before, rows, after }.fetch_all(conn).await?;
    found
        .into_iter()
        .map(|(inbox, thread, address)| Ok((parse("inbox id", &inbox)?, ThreadKey(thread), Address(address))))
        .collect()
}

/// What names the messages of a conversation before a place, oldest first: the contact's by their marks, ours by their deliveries.
/// The newest `most` of each.
pub async fn chain(conn: &mut Conn, conversation: ConversationId, before: Seq, most: i64) -> Result<Vec<Anchor>> {
    let theirs: Vec<(i64, String)> = sql::query_as(
        "SELECT entry_seq, mark FROM marks WHERE conversation_id = $1 AND names = 1 AND entry_seq < $2 \
         ORDER BY entry_seq DESC LIMIT $3",
    )
    .bind(conversation.to_string())
    .bind(place(before))
    .bind(most)
    .fetch_all(&mut *conn)
    .await?;
    let ours: Vec<(i64, String)> = sql::query_as(
        "SELECT position, id FROM outbox WHERE lane = $1 AND position < $2 AND state = 'sent' AND body IS NULL \
         ORDER BY position DESC LIMIT $3",
    )
    .bind(conversation.to_string())
    .bind(place(before))
    .bind(most)
    .fetch_all(conn)
    .await?;
    let mut all: Vec<(i64, Anchor)> = theirs.into_iter().map(|(at, mark)| (at, Anchor::Mark(Mark(mark)))).collect();
    for (at, id) in ours {
        all.push((at, Anchor::Delivery(parse("delivery id", &id)?)));
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, anchor)| anchor).collect())
}
