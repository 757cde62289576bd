//! What must be true when everything has come to rest: sets and lists, no cleverness.

use std::collections::{BTreeMap, BTreeSet};

use switchboard::clock::Clock;
use switchboard::core::Core;
use switchboard::store::conversations::{self, Record, View};
use switchboard::store::entries::{Author, Body, Entry};
use switchboard::store::{changes, ledger};
use switchboard_contract::{Accepted, ConversationId, DeliveryState, Timestamp};
use switchboard_engine::{Handler, Notice};

use super::desk::Answer;
use super::life::broken;
use super::look::{self, Received, Sending};
use super::peer::{Deed, Update, contact_of};
use super::timeline;
use super::world::{CHANNELS, Finding, World, must};

/// Everything the database holds, read once.
pub(super) struct Truth {
    pub(super) records: Vec<Record>,
    pub(super) entries: BTreeMap<ConversationId, Vec<Entry>>,
    pub(super) briefs: BTreeMap<ConversationId, usize>,
    /// How often agents were told that a conversation waits.
    pub(super) waiting: BTreeMap<ConversationId, usize>,
    pub(super) outbox: Vec<Sending>,
    timers: Vec<(ConversationId, Timestamp)>,
    received: Vec<Received>,
    accounts: Vec<ledger::Account>,
    queue: BTreeSet<String>,
}

/// Compares the database and the far sides with what happened.
pub(super) async fn check(world: &World, core: &Core) -> Result<(), Finding> {
    let truth = read(world, core).await.map_err(broken)?;
    for number in 0..CHANNELS {
        everything_came_in_once(world, &truth, number)?;
    }
    for number in 0..CHANNELS {
        the_ledger_balances(world, &truth, number)?;
        nothing_went_out_twice(world, &truth, number)?;
    }
    for contact in 0..world.contacts {
        words_stand_in_order(world, &truth, contact)?;
    }
    for record in &truth.records {
        let contact = contact_of(&record.thread);
        let entries = &truth.entries[&record.state.id];
        places_have_no_gap(contact, record, entries)?;
        every_message_has_one_delivery(world, contact, &truth, record, entries)?;
        timeline::check(world, contact, record, entries, &truth)?;
        timers_belong_to_who_waits(contact, &truth, record)?;
        let waits = matches!(record.state.handler, Handler::Queue { .. });
        must(truth.queue.contains(&record.state.id.to_string()) == waits, || {
            Finding::about(contact, format!("the waiting list is wrong about #{}", record.number))
        })?;
    }
    agents_words_stand_once(world, &truth)
}

async fn read(world: &World, core: &Core) -> switchboard::store::Result<Truth> {
    let mut conn = core.store.reader().await?;
    let (mut records, mut entries, mut briefs) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for id in look::conversations(&mut conn).await? {
        records.extend(conversations::get(&mut conn, id).await?);
        entries.insert(id, look::entries(&mut conn, id).await?);
        briefs.insert(id, usize::try_from(look::briefs(&mut conn, id).await?).unwrap_or(usize::MAX));
    }
    let mut waiting: BTreeMap<ConversationId, usize> = BTreeMap::new();
    for (_, change) in changes::after(&mut conn, 0, 1_000_000).await? {
        let told = change.notices.iter().filter(|notice| matches!(notice, Notice::Waiting { .. })).count();
        *waiting.entry(change.conversation).or_default() += told;
    }
    let year = std::time::Duration::from_hours(24 * 365);
    let now = world.wall.now();
    let list = conversations::list(&mut conn, world.agents[0].id, View::Waiting, None, 100_000).await?;
    Ok(Truth {
        records,
        entries,
        briefs,
        waiting,
        outbox: look::outbox(&mut conn).await?,
        timers: look::timers(&mut conn).await?,
        received: look::received(&mut conn).await?,
        accounts: ledger::accounts(&mut conn, now - year, now + year).await?,
        queue: list.into_iter().map(|row| row.id).collect(),
    })
}

/// Every update is in the ledger once, with its first bytes, and every answer told the truth.
fn everything_came_in_once(world: &World, truth: &Truth, number: usize) -> Result<(), Finding> {
    let peer = world.peer(number);
    let inbox = World::inbox(number).to_string();
    let rows: Vec<&Received> = truth.received.iter().filter(|row| row.inbox == inbox).collect();
    for update in &peer.written {
        let about = |what: String| Finding::about(update.contact, format!("{} {what}", update.id));
        let found: Vec<&&Received> = rows.iter().filter(|row| row.external_id == update.id).collect();
        let [row] = found.as_slice() else {
            return Err(about(format!("is in the ledger {} times", found.len())));
        };
        let wanted = match update.deed {
            Deed::Writes(_) | Deed::Presses(..) | Deed::Signals(_) => "filed",
            Deed::Echoes => "filtered",
            Deed::Garbles => "quarantined",
        };
        must(row.outcome == wanted, || about(format!("is {}, not {wanted}", row.outcome)))?;
        // Where the first answer was not heard, the altered bytes may have been the first ones.
        let firsts = [update.clone(), Update { altered: true, ..update.clone() }].map(|first| first.inbound().raw);
        must(firsts.contains(&row.raw), || about("has bytes that nobody sent".to_owned()))?;
        let answers: Vec<&Accepted> =
            peer.answers.iter().filter(|(known, _)| known.id == update.id).map(|(_, answer)| answer).collect();
        let new = answers.iter().filter(|answer| !matches!(answer, Accepted::Duplicate { .. })).count();
        must(new <= 1, || about(format!("was taken as new {new} times: {answers:?}")))?;
        for answer in answers {
            let named = match answer {
                Accepted::Filed { conversation, seq, .. } => Some((Some(*conversation), Some(*seq))),
                Accepted::Duplicate { conversation, seq, .. } => Some((*conversation, *seq)),
                Accepted::Filtered { .. } | Accepted::Quarantined { .. } => None,
            };
            if let Some((conversation, seq)) = named {
                let stands = (row.conversation.clone(), row.seq.and_then(|at| u64::try_from(at).ok()));
                let told = (conversation.map(|id| id.to_string()), seq.map(|at| at.0));
                must(stands == told, || about(format!("stands at {stands:?}, and the channel was told {told:?}")))?;
            }
        }
    }
    let known: BTreeSet<&str> = peer.written.iter().map(|update| update.id.as_str()).collect();
    match rows.iter().find(|row| !known.contains(row.external_id.as_str())) {
        Some(row) => Err(Finding::general(format!("nobody wrote {row:?}"))),
        None => Ok(()),
    }
}

/// received = filed + duplicate + filtered + quarantined, and each of them is what happened.
fn the_ledger_balances(world: &World, truth: &Truth, number: usize) -> Result<(), Finding> {
    let peer = world.peer(number);
    let inbox = World::inbox(number).to_string();
    let account = truth.accounts.iter().find(|account| account.inbox == inbox);
    let account = account.ok_or_else(|| Finding::general(format!("no account of channel {number}")))?;
    let count = |wanted: fn(&Deed) -> bool| peer.written.iter().filter(|update| wanted(&update.deed)).count();
    let filed = count(|deed| matches!(deed, Deed::Writes(_) | Deed::Presses(..) | Deed::Signals(_)));
    let filtered = count(|deed| matches!(deed, Deed::Echoes));
    let quarantined = count(|deed| matches!(deed, Deed::Garbles));
    let present =
        [account.filed, account.filtered, account.quarantined].map(|count| usize::try_from(count).unwrap_or(0));
    let received = usize::try_from(account.received).unwrap_or(0);
    let heard = peer.answers.len();
    let is_right = account.balanced
        && present == [filed, filtered, quarantined]
        && (heard..=heard + peer.unheard).contains(&received);
    must(is_right, || {
        Finding::general(format!(
            "the ledger of channel {number} is {account:?}; {filed} were filed, {filtered} filtered, {quarantined} garbled, \
             {heard} answers were heard and {} were not",
            peer.unheard
        ))
    })
}

/// A contact's words stand in their conversations once each, in the order in which the peer handed them over.
fn words_stand_in_order(world: &World, truth: &Truth, contact: usize) -> Result<(), Finding> {
    let peer = world.peer(World::channel_of(contact));
    let wanted: Vec<&str> = peer
        .written
        .iter()
        .filter(|update| update.contact == contact && update.is_message())
        .map(|update| update.id.as_str())
        .collect();
    let own = truth.records.iter().filter(|record| contact_of(&record.thread) == contact);
    let stands: Vec<&str> = own
        .flat_map(|record| &truth.entries[&record.state.id])
        .filter(|entry| entry.author == Author::Contact)
        .filter_map(|entry| entry.external_id.as_ref().map(|id| id.0.as_str()))
        .collect();
    must(wanted == stands, || Finding::about(contact, format!("wrote {wanted:?}, and there stands {stands:?}")))
}

fn places_have_no_gap(contact: usize, record: &Record, entries: &[Entry]) -> Result<(), Finding> {
    let places: Vec<u64> = entries.iter().map(|entry| entry.seq.0).collect();
    let wanted: Vec<u64> = (1..=record.seq.0).collect();
    must(places == wanted, || Finding::about(contact, format!("#{} has the places {places:?}", record.number)))
}

/// What we said has one delivery, and both tell the same.
fn every_message_has_one_delivery(
    world: &World,
    contact: usize,
    truth: &Truth,
    record: &Record,
    entries: &[Entry],
) -> Result<(), Finding> {
    use DeliveryState::{Delivered, Failed, Seen, Sent, Uncertain};
    for entry in entries {
        let rows: Vec<&Sending> =
            truth.outbox.iter().filter(|row| row.conversation == record.state.id && row.seq == entry.seq).collect();
        let ours = matches!(entry.body, Body::Message(..)) && entry.author != Author::Contact;
        let decided = rows.iter().any(|row| world.decided().contains_key(&row.id));
        let is_right = match (ours, rows.as_slice()) {
            (false, []) => entry.delivery.is_none(),
            (true, [row]) => match row.state.as_str() {
                "sent" => matches!(entry.delivery, Some(Sent | Delivered | Seen)),
                // A receipt may tell afterwards that it arrived; a person may have decided about it before or after that.
                "uncertain" => matches!(entry.delivery, Some(Uncertain | Delivered | Seen)),
                "failed" if !decided => entry.delivery == Some(Failed),
                "failed" | "dropped" => matches!(entry.delivery, Some(Uncertain | Failed | Delivered | Seen)),
                _ => false,
            },
            (_, _) => false,
        };
        must(is_right, || {
            let what = format!(
                "#{} at {} is shown as {:?}, and the outbox has {rows:?}",
                record.number, entry.seq.0, entry.delivery
            );
            Finding::about(contact, what)
        })?;
    }
    Ok(())
}

/// Each delivery reached its contact as often as its state says, in order, and with the words that were decided.
fn nothing_went_out_twice(world: &World, truth: &Truth, number: usize) -> Result<(), Finding> {
    let peer = world.peer(number);
    let mut last: BTreeMap<ConversationId, u64> = BTreeMap::new();
    for seen in &peer.seen {
        let about = |what: &str| Finding::about(seen.contact, format!("{} #{} {what}", seen.delivery, seen.seq.0));
        let row = truth.outbox.iter().find(|row| row.id == seen.delivery);
        let row = row.ok_or_else(|| about("was sent, and nothing that decided it is there"))?;
        let entry = truth.entries.get(&row.conversation).and_then(|all| all.iter().find(|entry| entry.seq == row.seq));
        let said = entry.is_some_and(|entry| {
            matches!(&entry.body, Body::Message(content, _) if *content == seen.content) && entry.id == seen.message
        });
        must(said, || about("was sent with other words than were decided"))?;
        let times = peer.seen.iter().filter(|other| other.delivery == seen.delivery).count();
        // A person may want it again, also where it was perhaps delivered.
        let wanted = 1 + world.decided().get(&seen.delivery).copied().unwrap_or(0);
        must(times <= wanted, || about(&format!("arrived {times} times")))?;
        must(row.state != "failed" || wanted > 1, || about("arrived, and is shown as not delivered"))?;
        // What was sent again late is late.
        if row.state == "sent" && wanted == 1 {
            let before = last.insert(row.conversation, row.seq.0).unwrap_or(0);
            must(before < row.seq.0, || about(&format!("arrived after #{before}")))?;
        }
    }
    let sent = truth.outbox.iter().filter(|row| row.state == "sent");
    for row in sent {
        let record = truth.records.iter().find(|record| record.state.id == row.conversation);
        let record = record.ok_or_else(|| Finding::general(format!("{row:?} belongs to no conversation")))?;
        let contact = contact_of(&record.thread);
        let ours = World::channel_of(contact) == number;
        must(!ours || peer.seen.iter().any(|seen| seen.delivery == row.id), || {
            Finding::about(contact, format!("{} #{} is sent, and never arrived", row.id, row.seq.0))
        })?;
    }
    Ok(())
}

/// What an agent asked for under a key was done once, whatever was answered how often.
fn agents_words_stand_once(world: &World, truth: &Truth) -> Result<(), Finding> {
    for request in world.requests().iter() {
        let Some(words) = &request.words else { continue };
        let about = |what: String| Finding::about(request.contact, format!("{words:?} {what}"));
        let says = |entry: &&Entry| match &entry.body {
            Body::Message(content, _) => content.text == *words,
            Body::Note(text) => text == words,
            Body::Log(_) => false,
        };
        let places: Vec<u64> = truth.entries.values().flatten().filter(says).map(|entry| entry.seq.0).collect();
        let done: BTreeSet<Option<u64>> = request
            .answers
            .iter()
            .filter_map(|answer| match answer {
                Answer::Done(seq) => Some(seq.map(|seq| seq.0)),
                Answer::Refused(_) | Answer::Failed(_) => None,
            })
            .collect();
        let refused = request.answers.iter().any(|answer| matches!(answer, Answer::Refused(_)));
        let is_right = match (done.len(), places.as_slice()) {
            (1, [place]) => done.contains(&Some(*place)),
            (0, []) => true,
            // Nobody ever heard, and the agent has gone home.
            (0, [_]) => !refused,
            (_, _) => false,
        };
        must(is_right, || about(format!("stands at {places:?}, and the agent was told {:?}", request.answers)))?;
    }
    Ok(())
}

/// The timers' rows are those of the states, and only who waits has any.
fn timers_belong_to_who_waits(contact: usize, truth: &Truth, record: &Record) -> Result<(), Finding> {
    let rows: Vec<Timestamp> =
        truth.timers.iter().filter(|(id, _)| *id == record.state.id).map(|(_, due)| *due).collect();
    let stored: Vec<Timestamp> = record.state.timers.values().copied().collect();
    let waits = matches!(record.state.handler, Handler::Queue { .. });
    must(rows == stored && (waits || rows.is_empty()), || {
        let what = format!("#{} has the timers {stored:?}, the table has {rows:?}", record.number);
        Finding::about(contact, what)
    })
}
