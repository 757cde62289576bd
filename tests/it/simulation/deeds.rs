//! The deeds of contacts, agents and clocks. What needs the database is started and not waited for.

use std::sync::Arc;
use std::time::Duration;

use switchboard::clock::Clock;
use switchboard::service::redrive::Decision;
use switchboard_contract::{InboundSink, ReceiptMark, Signal};

use super::desk;
use super::life::Life;
use super::peer::{Deed, Update};
use super::scenario::Scenario;
use super::world::{Finding, Weather, World};

impl Scenario {
    /// A contact writes or presses something; the peer has it, the program not yet.
    pub(super) fn write(&mut self, contact: usize) {
        let number = World::channel_of(contact);
        let choices: Vec<_> = {
            let peer = self.world.peer(number);
            peer.seen
                .iter()
                .filter(|seen| seen.contact == contact)
                .flat_map(|seen| seen.content.choices.clone())
                .collect()
        };
        let deed = match self.chance.weighed(&[(65, 0), (25, 1), (3, 2), (3, 3), (3, 4), (3, 5)]) {
            1 if !choices.is_empty() => {
                // Mostly one of the last offered, sometimes an old one.
                let oldest = if self.chance.percent(80) { choices.len().saturating_sub(5) } else { 0 };
                let choice = &choices[oldest + self.chance.below(choices.len() - oldest)];
                Deed::Presses(choice.id.clone(), choice.label.clone())
            }
            2 => Deed::Signals(Signal::Opened),
            3 => Deed::Signals(Signal::StartedAnew),
            4 => Deed::Garbles,
            5 => Deed::Echoes,
            _ => Deed::Writes((*self.chance.pick(WORDS)).to_owned()),
        };
        let update = Update { id: format!("update {}", self.updates), contact, deed, altered: false };
        self.updates += 1;
        self.world.note(Some(contact), format!("{} is written: {:?}", update.id, update.text()));
        self.world.peer(number).take(update);
    }

    /// The peer hands out again, after newer ones, what it handed out before; sometimes with other bytes.
    pub(super) fn say_again(&mut self, contact: usize) {
        let number = World::channel_of(contact);
        let old: Vec<Update> = {
            let peer = self.world.peer(number);
            peer.written.iter().filter(|update| update.contact == contact).cloned().collect()
        };
        if !old.is_empty() {
            let again = Update { altered: self.chance.percent(30), ..self.chance.pick(&old).clone() };
            self.world.note(
                Some(contact),
                format!("{} comes again{}", again.id, if again.altered { ", altered" } else { "" }),
            );
            self.world.peer(number).take(again);
        }
    }

    /// What is new goes to the program.
    pub(super) fn receive(&mut self, life: &Life, contact: usize) {
        let number = World::channel_of(contact);
        let (adapter, sink) = life.channel(number);
        let most = 1 + self.chance.below(5);
        if self.world.peer(number).polled {
            // One poll at a time, as an adapter does.
            if self.watch.polls.insert(number) {
                life.start(async move { adapter.poll(&*sink, most).await });
            }
        } else {
            let deaf = self.weather == Weather::Stormy && self.chance.percent(15);
            if self.watch.pushes.insert(contact) {
                life.start(async move { adapter.push(&*sink, contact, most, deaf).await });
            }
        }
    }

    pub(super) fn act(&mut self, life: &Life) {
        let again: Vec<usize> = {
            let requests = self.world.requests();
            requests
                .iter()
                .enumerate()
                .filter(|(_, request)| request.is_open(&self.world.wall) && request.sent > 0)
                .map(|(n, _)| n)
                .collect()
        };
        if !again.is_empty() && self.chance.percent(40) {
            let number = *self.chance.pick(&again);
            life.start(desk::send(Arc::clone(&self.world), Arc::clone(&life.core), number));
            return;
        }
        if self.screen.is_empty() {
            return;
        }
        let (id, contact, seen) = *self.chance.pick(&self.screen);
        let request = desk::draw(&self.world, &mut self.chance, (id, contact), seen);
        let (repeatable, number) = (request.is_repeatable(), self.world.requests().len());
        self.world.requests().push(request);
        life.start(desk::send(Arc::clone(&self.world), Arc::clone(&life.core), number));
        if repeatable && self.chance.percent(20) {
            // A double click.
            life.start(desk::send(Arc::clone(&self.world), Arc::clone(&life.core), number));
        }
    }

    /// A person decides about what is stuck.
    pub(super) fn decide(&mut self, life: &Life) {
        let stuck = self.watch.stuck();
        if stuck.is_empty() {
            return;
        }
        let id = *self.chance.pick(&stuck);
        let decision = if self.chance.percent(70) {
            Decision::Retry { even_if_delivered: self.chance.percent(50) }
        } else {
            Decision::Drop { reason: "it is settled by telephone".to_owned() }
        };
        life.start(desk::decide(Arc::clone(&self.world), Arc::clone(&life.core), id, decision));
    }

    /// A contact's side tells how far it has come.
    pub(super) fn report(&mut self, life: &Life, contact: usize) {
        let number = World::channel_of(contact);
        let last = self.world.peer(number).seen.iter().rev().find(|seen| seen.contact == contact).cloned();
        let Some(last) = last else { return };
        let mark = *self.chance.pick(&[ReceiptMark::Delivered, ReceiptMark::Seen]);
        let reached = {
            let mut peer = self.world.peer(number);
            let reached = peer.reported.entry(last.conversation).or_default();
            *reached = (*reached).max(last.seq);
            last.seq
        };
        self.world.note(Some(contact), format!("has {mark:?} up to #{}", reached.0));
        let (_, sink) = life.channel(number);
        life.start(async move {
            // A receipt that is lost is lost: the next one says more.
            let _ = sink.receipt(last.conversation, reached, mark).await;
        });
    }

    pub(super) async fn jump(&mut self, life: &Life) -> Result<(), Finding> {
        self.rest(life).await?;
        let now = self.world.wall.now();
        let to = match self.chance.below(4) {
            0 => now + Duration::from_hours(1),
            1 => now + Duration::from_hours(24 * 8),
            2 => now - Duration::from_mins(10),
            _ => now - Duration::from_hours(2),
        };
        self.world.note(None, format!("the clock jumps from {} to {}", now.millis(), to.millis()));
        life.jump(to).await?;
        if self.chance.percent(70) {
            life.ring().await?;
        }
        self.rest(life).await
    }
}

/// What contacts say: greetings, questions, wishes, answers to whatever is asked, and nothing in particular.
const WORDS: &[&str] = &[
    "hello",
    "hi",
    "I want to talk to a person",
    "human please",
    "how do i reset my password?",
    "when are you open",
    "i want to make a complaint",
    "where is my order",
    "asdf jkl",
    "what is the meaning of all this",
    "yes",
    "no",
    "1",
    "2",
    "someone@example.com",
    "My router has been dark since yesterday evening.",
    "thanks",
    "start over",
    "cancel",
    "back",
    "",
];
