//! `switchboard outbox …`

use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use switchboard_contract::DeliveryId;

use super::{Failure, Outcome, block_on, say};
use crate::app::{self, Home};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::core::Core;
use crate::service::redrive::{self, Decision};
use crate::store::deliveries::{self, Shown, State, Which};

/// Who is named in the timeline for what this command did.
const WHO: &str = "the command line";
/// Rows read at once.
const PAGE: u32 = 200;

/// Deliveries: see what is stuck, send it again or give it up. Works beside a running server.
#[derive(Subcommand)]
pub(super) enum Outbox {
    /// List deliveries, newest first
    List(List),
    /// Send failed or uncertain deliveries again
    Retry(Retry),
    /// Give a failed or uncertain delivery up
    Drop(Drop),
}

/// Example: switchboard outbox list --state failed
#[derive(Args)]
pub(super) struct List {
    /// Which ones
    #[arg(long, value_enum, default_value = "stuck")]
    state: Filter,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Filter {
    /// Failed or perhaps delivered
    Stuck,
    /// On their way
    Pending,
    /// Given up or refused
    Failed,
    /// Perhaps delivered
    Uncertain,
}

/// Example: switchboard outbox retry --all
#[derive(Args)]
pub(super) struct Retry {
    /// The deliveries
    #[arg(required_unless_present = "all")]
    ids: Vec<DeliveryId>,
    /// All failed ones; with --even-if-delivered the uncertain ones too
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Also those that were perhaps delivered: their contacts may get them twice
    #[arg(long)]
    even_if_delivered: bool,
}

/// Example: switchboard outbox drop ID --reason "told her by phone"
#[derive(Args)]
pub(super) struct Drop {
    /// The delivery
    id: DeliveryId,
    /// Why, for whoever reads the conversation later
    #[arg(long)]
    reason: String,
}

pub(super) fn run(command: Outbox, config: &Config) -> Outcome {
    block_on(async move {
        let core = app::open_bare(&Home::of(config), Arc::new(SystemClock)).await?;
        let outcome = act(command, &core).await;
        core.store.close().await;
        outcome
    })?
}

async fn act(command: Outbox, core: &Arc<Core>) -> Outcome {
    match command {
        Outbox::List(list) => show(&list, core).await,
        Outbox::Drop(drop) => {
            let decision = Decision::Drop { reason: drop.reason };
            redrive::decide(core, WHO, drop.id, decision).await.map_err(|error| failure(drop.id, error))?;
            say(format_args!("{} dropped", drop.id));
            Ok(())
        }
        Outbox::Retry(retry) => {
            let mut refused = Vec::new();
            let ids = if retry.all { all(core, retry.even_if_delivered).await? } else { retry.ids };
            for id in &ids {
                let decision = Decision::Retry { even_if_delivered: retry.even_if_delivered };
                match redrive::decide(core, WHO, *id, decision).await {
                    Ok(_) => say(format_args!("{id} on its way")),
                    Err(redrive::Error::Store(error)) => return Err(error.into()),
                    Err(redrive::Error::PerhapsDelivered) => refused.push(format!(
                        "{id}: it was perhaps delivered already; to send it all the same: --even-if-delivered"
                    )),
                    Err(error) => refused.push(format!("{id}: {error}")),
                }
            }
            if ids.is_empty() {
                say("nothing is stuck");
            }
            if refused.is_empty() { Ok(()) } else { Err(Failure::check(refused)) }
        }
    }
}

fn failure(id: DeliveryId, error: redrive::Error) -> Failure {
    match error {
        redrive::Error::Store(error) => error.into(),
        redrive::Error::BadReason => Failure::usage(error),
        redrive::Error::NotFound | redrive::Error::NotStuck(_) | redrive::Error::PerhapsDelivered => {
            Failure::check([format!("{id}: {error}")])
        }
    }
}

/// Everything that may be sent again, oldest first.
async fn all(core: &Core, even_if_delivered: bool) -> Result<Vec<DeliveryId>, Failure> {
    let which = if even_if_delivered { Which::Stuck } else { Which::In(State::Failed) };
    let (mut conn, mut ids) = (core.store.reader().await?, Vec::new());
    loop {
        let page = deliveries::list(&mut conn, which, ids.last().copied(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        ids.extend(page.into_iter().map(|row| row.id));
    }
    ids.reverse();
    Ok(ids)
}

async fn show(list: &List, core: &Core) -> Outcome {
    let which = match list.state {
        Filter::Stuck => Which::Stuck,
        Filter::Pending => Which::Open,
        Filter::Failed => Which::In(State::Failed),
        Filter::Uncertain => Which::In(State::Uncertain),
    };
    let rows = deliveries::list(&mut *core.store.reader().await?, which, None, list.limit).await?;
    if list.json {
        let rows: Vec<serde_json::Value> = rows.iter().map(as_json).collect();
        say(serde_json::to_string_pretty(&rows).map_err(Failure::unavailable)?);
        return Ok(());
    }
    for row in rows {
        let conversation = row.conversation.map_or_else(String::new, |(_, number)| format!("#{number}"));
        let target = row.inbox_name.unwrap_or_else(|| row.target.to_string());
        let error = row.error.unwrap_or_default();
        say(format_args!(
            "{}\t{:?}\t{target}\t{conversation}\t{} attempts\t{error}\t{}",
            row.id, row.state, row.attempts, row.preview
        ));
    }
    Ok(())
}

fn as_json(row: &Shown) -> serde_json::Value {
    json!({
        "id": row.id, "state": row.state, "target": row.target.to_string(), "inbox": row.inbox_name,
        "conversation": row.conversation.map(|(id, number)| json!({"id": id, "number": number})),
        "preview": row.preview, "attempts": row.attempts, "error": row.error,
    })
}
