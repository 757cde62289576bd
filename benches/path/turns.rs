//! Durable turns a second on SQLite, through a bare channel, beside the ceiling.

use std::sync::Arc;

use serde_json::json;
use switchboard::app::Home;
use switchboard::limits;

use crate::channel::{Channel, Driven};
use crate::report::{Section, median};
use crate::rows::Sample;
use crate::{Size, flush, sqlite};

/// Callers that wait for their acknowledgement at once.
const CALLERS: [usize; 4] = [1, 16, 64, 256];
/// A lone caller commits each message alone, so it gets through fewer.
const LONE_SHARE: usize = 8;

pub(crate) async fn section(size: Size) -> Section {
    let sample = Sample::take().await;
    let (mut rows, mut flushes) = (Vec::new(), Vec::new());
    for callers in CALLERS {
        let messages = if callers == 1 { size.messages / LONE_SHARE } else { size.messages };
        // The program commits no more together.
        let group = callers.min(limits::COMMIT_GROUP_MAX);
        let (mut driven, mut ceilings, mut narrow) = (Vec::new(), Vec::new(), Vec::new());
        // Alternating, so that a slow minute of the machine slows all of them.
        for _ in 0..size.runs {
            let folder = tempfile::tempdir().expect("a folder");
            let place = |name: &str| folder.path().join(name);
            flushes.push(flush::cost(folder.path()) * 1e3);
            driven.push(drive(&Home::at(&place("turns")), callers, messages).await);
            ceilings.push(sqlite::ceiling(&place("ceiling"), &sample, messages, callers, group).await);
            narrow.push(sqlite::narrow_ceiling(&place("narrow.db"), sample.rows_in_a_turn(), messages, group).await);
        }
        let of = |value: fn(&Driven) -> f64| median(&driven.iter().map(value).collect::<Vec<_>>());
        let (turns, ceiling) = (of(|run| run.rate), median(&ceilings));
        rows.push(vec![
            json!(callers),
            json!(turns),
            json!(ceiling),
            json!(turns / ceiling),
            json!(of(|run| run.turn) * 1e3),
            json!(of(|run| run.group)),
            json!(median(&narrow)),
        ]);
    }
    let about = format!(
        "SQLite, `synchronous=FULL`, one inbox, {} rows a turn; a flush cost {:.2} ms meanwhile (median).",
        sample.rows_in_a_turn(),
        median(&flushes)
    );
    let columns =
        &["callers", "turns/s", "ceiling/s", "ratio", "turn, ms", "turns a commit", "narrow ceiling/s"] as &[_];
    Section { name: "turns", about, columns, rows }
}

/// Every caller goes on in a conversation of its own.
pub(crate) async fn drive(home: &Home, callers: usize, messages: usize) -> Driven {
    let channel = Channel::open(home).await;
    channel.begin(callers).await;
    let driven = channel.drive(callers, messages, Arc::new(|caller, _| Channel::thread(caller))).await;
    channel.core.store.close().await;
    driven
}
