//! Live news for a console, as server-sent events. A console that was away says the last position it saw and gets what it
//! missed; one that was away too long is told to load everything again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::json;
use switchboard_contract::AgentId;
use switchboard_engine::Notice;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use super::Web;
use super::guard::{Anyone, Asked, session_token};
use super::problem::Problem;
use crate::limits;
use crate::realtime::News;
use crate::service::accounts;
use crate::store::changes::{self, Change};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// The last position the console saw. `Last-Event-ID` goes before it.
    after: Option<i64>,
}

/// Live news: `hello`, `change`, `notice`, `presence`, `contact_typing`, `resync`.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(EventsQuery),
    responses((status = 200, description = "an event stream", content_type = "text/event-stream")))]
pub(super) async fn events(
    State(web): State<Arc<Web>>,
    Anyone { agent }: Anyone,
    headers: HeaderMap,
    Asked(query): Asked<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    // Listening begins before the past is read, so nothing falls between the two; positions tell what was seen twice.
    let news = web.core.hub.listen();
    let mut waiting = VecDeque::new();
    let position = catch_up(&web, last.or(query.after), &mut waiting).await?;
    let token = session_token(&headers).map(str::to_owned).unwrap_or_default();
    let open = Open::new(Arc::clone(&web), agent.id);
    let feed = Feed { web, news, position, waiting, token, checked: tokio::time::Instant::now(), _open: open };
    let stream = futures_util::stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(limits::EVENTS_HEARTBEAT)))
}

/// Puts what was missed since `after` in line and returns the position reached.
async fn catch_up(web: &Web, after: Option<i64>, waiting: &mut VecDeque<Event>) -> Result<i64, Problem> {
    let mut conn = web.core.store.reader().await?;
    let (first, head) = changes::span(&mut conn).await?;
    let Some(after) = after else {
        waiting.push_back(hello(head));
        return Ok(head);
    };
    // What was asked for is trimmed, or belongs to another database.
    if after > head || after < first.saturating_sub(1) || head - after > limits::CHANGES_KEPT {
        waiting.push_back(hello(head));
        waiting.push_back(Event::default().event("resync").data("{}"));
        return Ok(head);
    }
    waiting.push_back(hello(after));
    let most = u32::try_from(limits::CHANGES_KEPT).unwrap_or(u32::MAX);
    let mut position = after;
    for (at, change) in changes::after(&mut conn, after, most).await? {
        position = at;
        push(waiting, at, &change);
    }
    Ok(position)
}

struct Feed {
    web: Arc<Web>,
    news: Receiver<News>,
    position: i64,
    waiting: VecDeque<Event>,
    /// The session it was opened with: the stream ends with it.
    token: String,
    checked: tokio::time::Instant,
    _open: Open,
}

/// A console that is open as long as this is kept.
struct Open {
    web: Arc<Web>,
    agent: AgentId,
}

impl Open {
    fn new(web: Arc<Web>, agent: AgentId) -> Self {
        web.core.hub.console_opened(agent);
        Self { web, agent }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.web.core.hub.console_closed(self.agent);
    }
}

impl Feed {
    /// The next event; none when the program stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let news = tokio::select! {
                () = self.web.stop.stopped() => return None,
                () = tokio::time::sleep_until(self.checked + limits::EVENTS_HEARTBEAT) => {
                    accounts::session(&self.web.core, &self.token).await.ok()??;
                    self.checked = tokio::time::Instant::now();
                    continue;
                }
                news = self.news.recv() => news,
            };
            match news {
                Ok(News::Change(at, change)) if at > self.position => {
                    self.position = at;
                    push(&mut self.waiting, at, &change);
                }
                Ok(News::Change(..)) => {}
                Ok(News::Presence(conversation, viewers)) => {
                    self.waiting.extend(event("presence", &json!({"conversation": conversation, "viewers": viewers})));
                }
                Ok(News::ContactTyping(conversation, on)) => {
                    self.waiting.extend(event("contact_typing", &json!({"conversation": conversation, "on": on})));
                }
                // Too slow for the buffer: the database has it all.
                Err(RecvError::Lagged(_)) => {
                    self.position = catch_up(&self.web, Some(self.position), &mut self.waiting).await.ok()?;
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn hello(position: i64) -> Event {
    Event::default().event("hello").id(position.to_string()).data(json!({ "seq": position }).to_string())
}

fn event(name: &str, data: &serde_json::Value) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}

/// A change is one event with a position, and one for each notice. The position comes last: a console that is cut off in
/// between gets all of them again.
fn push(waiting: &mut VecDeque<Event>, at: i64, change: &Change) {
    for notice in &change.notices {
        let (kind, agent, team) = match notice {
            Notice::Waiting { team, .. } => ("waiting", None, Some(team.as_str())),
            Notice::Assigned { agent } => ("assigned", Some(agent.id.to_string()), None),
            Notice::ContactWrote { agent } => ("contact_wrote", Some(agent.id.to_string()), None),
        };
        let data = json!({"notice": kind, "conversation": change.conversation, "agent_id": agent, "team": team});
        waiting.extend(event("notice", &data));
    }
    let data = json!({"seq": at, "conversation": change.conversation, "reasons": change.reasons});
    waiting.extend(event("change", &data).map(|event| event.id(at.to_string())));
}
