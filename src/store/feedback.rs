//! What contacts said about answers and conversations, and what nothing answered.

use std::collections::BTreeMap;

use switchboard_contract::{ArticleId, ConversationId, Seq, Timestamp};
use switchboard_engine::ShownArticle;

use super::changeset::Feedback;
use super::sql;
use super::{Conn, Result, place};

/// Keeps a piece of feedback at its place.
pub async fn add(
    conn: &mut Conn,
    conversation: ConversationId,
    at: Seq,
    said: &Feedback,
    now: Timestamp,
) -> Result<()> {
    match said {
        Feedback::Answer(article) => add_answer(conn, conversation, at, *article, now).await,
        Feedback::Vote(shown) => add_vote(conn, conversation, at, shown, now).await,
        Feedback::Unanswered(question, language) => add_unanswered(conn, conversation, question, language, now).await,
        Feedback::Rating(score, comment) => set_rating(conn, conversation, at, *score, comment.as_deref(), now).await,
    }
}

async fn add_answer(
    conn: &mut Conn,
    conversation: ConversationId,
    at: Seq,
    article: ArticleId,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO answers (conversation_id, seq, article_id, at) VALUES ($1, $2, $3, $4)")
        .bind(conversation.to_string())
        .bind(place(at))
        .bind(article.to_string())
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes whether a shown article helped.
async fn add_vote(
    conn: &mut Conn,
    conversation: ConversationId,
    at: Seq,
    shown: &ShownArticle,
    now: Timestamp,
) -> Result<()> {
    sql::query(
        "INSERT INTO votes (conversation_id, seq, article_id, question, helped, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (conversation_id, seq) DO NOTHING",
    )
    .bind(conversation.to_string())
    .bind(place(at))
    .bind(shown.article.to_string())
    .bind(&shown.question)
    .bind(i64::from(shown.helped == Some(true)))
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps a question that nothing answered.
async fn add_unanswered(
    conn: &mut Conn,
    conversation: ConversationId,
    question: &str,
    language: &str,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO unanswered (conversation_id, question, language, at) VALUES ($1, $2, $3, $4)")
        .bind(conversation.to_string())
        .bind(question)
        .bind(language)
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps the contact's rating; a comment that follows is added to it.
async fn set_rating(
    conn: &mut Conn,
    conversation: ConversationId,
    at: Seq,
    score: u8,
    comment: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO ratings (conversation_id, seq, score, comment, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(conversation.to_string())
        .bind(place(at))
        .bind(i64::from(score))
        .bind(comment)
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// The last comment a contact added to a rating.
pub async fn rating_comment(conn: &mut Conn, conversation: ConversationId) -> Result<Option<String>> {
    Ok(sql::query_scalar(
        "SELECT comment FROM ratings WHERE conversation_id = $1 AND comment IS NOT NULL ORDER BY seq DESC LIMIT 1",
    )
    .bind(conversation.to_string())
    .fetch_optional(conn)
    .await?)
}

/// How an article has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Times it was shown.
    pub shown: i64,
    /// Times a contact said it helped.
    pub helped: i64,
    /// Times a contact said it didn't.
    pub not_helped: i64,
}

/// How every article has done, by article id.
pub async fn tallies(conn: &mut Conn) -> Result<BTreeMap<String, Tally>> {
    let shown: Vec<(String, i64)> =
        sql::query_as("SELECT article_id, COUNT(*) FROM answers GROUP BY article_id").fetch_all(&mut *conn).await?;
    let votes: Vec<(String, i64, i64)> =
        sql::query_as("SELECT article_id, CAST(SUM(helped) AS BIGINT), CAST(COUNT(*) - SUM(helped) AS BIGINT) FROM votes GROUP BY article_id")
            .fetch_all(conn)
            .await?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (article, shown) in shown {
        tallies.entry(article).or_default().shown = shown;
    }
    for (article, helped, not_helped) in votes {
        let tally = tallies.entry(article).or_default();
        (tally.helped, tally.not_helped) = (helped, not_helped);
    }
    Ok(tallies)
}

/// A question that nothing answered.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Unanswered {
    /// The row; pages go by it.
    pub id: i64,
    /// Where it was asked.
    pub conversation_id: String,
    /// Verbatim.
    pub question: String,
    /// In which language.
    pub language: String,
    /// When.
    pub at: i64,
}

/// Unanswered questions before a row, newest first.
pub async fn unanswered(conn: &mut Conn, before: i64, limit: u32) -> Result<Vec<Unanswered>> {
    Ok(sql::query_as(
        "SELECT id, conversation_id, question, language, at FROM unanswered WHERE id < $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await?)
}
