//! The pure engine as a harness.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};
use switchboard_contract::{AgentId, Choice, ChoiceId, Content, ConversationId, Seq, TextFormat, Timestamp};

use super::harness::{AgentCommand, Facts, Harness, Heard, Voice};
use crate::book::BotBook;
use crate::brief::HandoffBrief;
use crate::conversation::{AgentRef, ContactFacts, Conversation, Handler, Priority, Status, TimerKind};
use crate::effect::{Effect, Speaker};
use crate::env::Env;
use crate::event::{AgentAct, Event, EventKind};
use crate::find::{Finder, play};
use crate::flow::FlowSet;

/// The engine alone, with several conversations and their teams' queues, on a virtual clock.
pub struct PureHarness {
    book: BotBook,
    flows: FlowSet,
    finder: Box<dyn Finder>,
    now: Timestamp,
    seed: u64,
    made: u64,
    /// Conversations begun so far.
    begun: u64,
    language: Option<String>,
    customers: BTreeMap<String, Customer>,
}

/// What the shell would keep for one customer.
#[derive(Default)]
struct Customer {
    conversation: Option<Conversation>,
    /// The last place of the conversation.
    seq: Seq,
    /// The place before the customer's last message, and the last one written by the customer or an agent.
    before_last_message: Seq,
    last_message_at: Seq,
    last_message: Option<Event>,
    heard: Vec<Heard>,
    log: Vec<String>,
    unanswered: Vec<String>,
    brief: Option<HandoffBrief>,
    waiting_before: Option<u32>,
    /// Counts the conversations in the order they began.
    number: u64,
}

impl PureHarness {
    /// A harness with these scripts and answers, its clock at `start`, its ids made from `seed`.
    pub fn new(book: BotBook, flows: FlowSet, finder: Box<dyn Finder>, start: Timestamp, seed: u64) -> Self {
        Self { book, flows, finder, now: start, seed, made: 0, begun: 0, language: None, customers: BTreeMap::new() }
    }

    /// The present conversation of a customer, for looking deeper than [`Facts`] go.
    pub fn conversation(&self, customer: &str) -> Option<&Conversation> {
        self.customers.get(customer)?.conversation.as_ref()
    }

    fn make_id(&mut self) -> u128 {
        self.made += 1;
        hash(format!("{} {}", self.seed, self.made).as_bytes())
    }

    /// A new conversation begins where none continues.
    fn present(&mut self, name: &str) {
        if !self.conversation(name).is_some_and(|conversation| conversation.continues(self.now)) {
            self.begin_conversation(name);
        }
    }

    fn begin_conversation(&mut self, name: &str) {
        let id = ConversationId::from_parts(self.now, self.make_id());
        let language = self.language.as_deref().map_or(self.book.default_language(), |tag| self.book.language_for(tag));
        let conversation = Conversation::new(id, self.now, language);
        self.begun += 1;
        let customer = self.customers.entry(name.to_owned()).or_default();
        customer.number = self.begun;
        customer.conversation = Some(conversation);
        customer.seq = Seq::default();
        customer.before_last_message = Seq::default();
        customer.last_message_at = Seq::default();
    }

    /// How many wait in each team's queue.
    fn queues(&self) -> BTreeMap<String, u32> {
        let mut queues = BTreeMap::new();
        for conversation in self.customers.values().filter_map(|customer| customer.conversation.as_ref()) {
            if let Handler::Queue { team, .. } = &conversation.handler {
                *queues.entry(team.clone()).or_default() += 1;
            }
        }
        queues
    }

    /// The timer that is due first, if any is: whose, which, and when it was due.
    fn first_due(&self) -> Option<(String, TimerKind, Timestamp)> {
        let running = self.customers.iter().flat_map(|(name, customer)| {
            let timers = customer.conversation.iter().flat_map(|conversation| &conversation.timers);
            timers.map(move |(timer, due)| (*due, customer.number, *timer, name))
        });
        let (due, _, timer, name) = running.filter(|(due, ..)| *due <= self.now).min()?;
        Some((name.clone(), timer, due))
    }

    /// How many wait before this customer in their queue.
    fn ahead(&self, name: &str) -> Option<u32> {
        let waits = |customer: &Customer| match &customer.conversation.as_ref()?.handler {
            Handler::Queue { team, since } => Some((team.clone(), *since, customer.number)),
            Handler::Bot | Handler::Agent { .. } => None,
        };
        let (team, since, number) = waits(self.customers.get(name)?)?;
        let before = self
            .customers
            .values()
            .filter_map(waits)
            .filter(|(other, at, other_number)| *other == team && (*at, *other_number) < (since, number));
        u32::try_from(before.count()).ok()
    }

    /// Plays an event as the shell does within one transaction. Gives the refusal's code, if any.
    fn deliver(&mut self, name: &str, event: &Event) -> Result<Option<&'static str>, String> {
        let queues = self.queues();
        let Self { book, flows, finder, now, customers, .. } = self;
        let env = Env { now: *now, book, flows, queues: &queues };
        let customer = customers.get_mut(name).ok_or("this customer never came")?;
        let present = customer.conversation.clone().ok_or("this customer has no conversation")?;
        let held_by = present.handler.clone();
        let (state, effects) = play(&present, event, &env, finder.as_ref());
        let refusal = effects.iter().filter_map(|effect| customer.keep(effect)).last();
        if let Handler::Queue { team, .. } = &state.handler
            && state.handler != held_by
        {
            customer.waiting_before = Some(env.ahead(team, &held_by));
        }
        customer.conversation = Some(state);
        Ok(refusal)
    }

    fn contact_sends(&mut self, name: &str, content: Content, choice: Option<ChoiceId>) -> Result<(), String> {
        self.present(name);
        let id = format!("in-{:032x}", self.make_id());
        let language = self.language.clone();
        let customer = self.customers.get_mut(name).ok_or("this customer never came")?;
        customer.before_last_message = customer.seq;
        customer.seq = customer.seq.next();
        customer.last_message_at = customer.seq;
        let kind = EventKind::ContactWrote { content, choice, contact: ContactFacts::default(), language };
        let event = Event { id: Some(id), seq: customer.seq, kind };
        customer.last_message = Some(event.clone());
        self.deliver(name, &event).map(|_| ())
    }

    fn act(&self, name: &str, command: &AgentCommand) -> AgentAct {
        match command {
            AgentCommand::Reply { text, unseen } => {
                let customer = self.customers.get(name);
                let (seen, last) =
                    customer.map_or_else(Default::default, |known| (known.before_last_message, known.last_message_at));
                let seen = if *unseen { seen } else { last };
                AgentAct::Reply { content: Content::plain(text), seen, anyway: false, last_foreign: last }
            }
            AgentCommand::Claim { from_colleague } => AgentAct::Claim { from_colleague: *from_colleague },
            AgentCommand::Note(text) => AgentAct::Note { text: text.clone() },
            AgentCommand::TransferToAgent(to) => AgentAct::TransferToAgent { to: agent_ref(to), note: None },
            AgentCommand::TransferToTeam(team) => AgentAct::TransferToTeam { team: team.clone(), note: None },
            AgentCommand::ReturnToBot => AgentAct::ReturnToBot,
            AgentCommand::Resolve => AgentAct::Resolve,
            AgentCommand::Reopen => AgentAct::Reopen,
        }
    }
}

impl Customer {
    /// Carries an effect out. Gives the code of a refusal.
    fn keep(&mut self, effect: &Effect) -> Option<&'static str> {
        match effect {
            Effect::Say { speaker, content, .. } => {
                self.seq = self.seq.next();
                let voice = match speaker {
                    Speaker::Bot => Voice::Bot,
                    Speaker::System => Voice::System,
                    Speaker::Agent { agent } => Voice::Agent(agent.name.clone()),
                };
                self.heard.push(Heard {
                    voice,
                    text: content.text.clone(),
                    markdown: content.format == TextFormat::Markdown,
                    choices: content.choices.clone(),
                    citation: content.citation.clone(),
                });
            }
            Effect::Note { .. } => self.seq = self.seq.next(),
            Effect::Log(entry) => {
                self.seq = self.seq.next();
                self.log.push(entry.what.kind().to_owned());
            }
            Effect::Brief(brief) => self.brief = Some(brief.as_ref().clone()),
            Effect::Unanswered { question, .. } => self.unanswered.push(question.clone()),
            Effect::Refuse(refusal) => return Some(refusal.code()),
            Effect::Notify(_) | Effect::Voted(_) | Effect::Rated { .. } => {}
        }
        None
    }
}

impl Harness for PureHarness {
    fn begin(&mut self, language: Option<&str>) -> Result<(), String> {
        self.language = language.map(str::to_owned);
        Ok(())
    }

    fn contact_opens(&mut self, customer: &str) -> Result<(), String> {
        self.present(customer);
        let seq = self.customers.get(customer).map_or_else(Seq::default, |known| known.seq);
        let kind = EventKind::ContactOpened { contact: ContactFacts::default(), language: self.language.clone() };
        self.deliver(customer, &Event { id: None, seq, kind }).map(|_| ())
    }

    fn contact_writes(&mut self, customer: &str, text: &str) -> Result<(), String> {
        self.contact_sends(customer, Content::plain(text), None)
    }

    fn contact_presses(&mut self, customer: &str, choice: &Choice) -> Result<(), String> {
        self.contact_sends(customer, Content::plain(&choice.label), Some(choice.id.clone()))
    }

    fn contact_starts_anew(&mut self, customer: &str) -> Result<(), String> {
        if self.conversation(customer).is_none_or(|conversation| conversation.status == Status::Resolved) {
            self.begin_conversation(customer);
            return self.contact_opens(customer);
        }
        let seq = self.customers.get(customer).map_or_else(Seq::default, |known| known.seq);
        let kind = EventKind::ContactStartedAnew { contact: ContactFacts::default(), language: self.language.clone() };
        self.deliver(customer, &Event { id: None, seq, kind }).map(|_| ())
    }

    fn contact_repeats_last(&mut self, customer: &str) -> Result<(), String> {
        let last = self.customers.get(customer).and_then(|known| known.last_message.clone());
        let event = last.ok_or("this customer has written nothing that could be repeated")?;
        self.deliver(customer, &event).map(|_| ())
    }

    fn agent(&mut self, customer: &str, agent: &str, command: &AgentCommand) -> Result<(), String> {
        let act = self.act(customer, command);
        let replies = matches!(act, AgentAct::Reply { .. });
        let seq = self.customers.get(customer).map_or_else(Seq::default, |known| known.seq);
        let event = Event { id: None, seq, kind: EventKind::Agent { agent: agent_ref(agent), act } };
        if let Some(code) = self.deliver(customer, &event)? {
            return Err(code.to_owned());
        }
        if let Some(known) = self.customers.get_mut(customer).filter(|_| replies) {
            known.last_message_at = known.seq;
        }
        Ok(())
    }

    fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.now = self.now + time;
        // What fires takes its timer with it, and sets none that is due already.
        while let Some((name, timer, due)) = self.first_due() {
            let seq = self.customers.get(&name).map_or_else(Seq::default, |known| known.seq);
            let kind = EventKind::TimerFired { timer, due, ahead: self.ahead(&name) };
            self.deliver(&name, &Event { id: None, seq, kind })?;
        }
        Ok(())
    }

    /// Every state goes through JSON and back, and has to be the same.
    fn restart(&mut self) -> Result<(), String> {
        for customer in self.customers.values_mut() {
            let json = serde_json::to_string(&customer.conversation).map_err(|error| error.to_string())?;
            let back: Option<Conversation> = serde_json::from_str(&json).map_err(|error| error.to_string())?;
            if back != customer.conversation {
                return Err(format!("the state is another one after a restart: {json}"));
            }
            customer.conversation = back;
        }
        Ok(())
    }

    fn drop_connection(&mut self, _customer: &str) -> Result<(), String> {
        Ok(())
    }

    fn heard(&mut self, customer: &str) -> Vec<Heard> {
        self.customers.get(customer).map(|known| known.heard.clone()).unwrap_or_default()
    }

    fn facts(&mut self, customer: &str) -> Facts {
        let known = self.customers.get(customer);
        let state = known.and_then(|known| known.conversation.as_ref());
        Facts {
            handler: state.map_or(Handler::Bot, |state| state.handler.clone()),
            status: state.map_or(Status::Open, |state| state.status),
            priority: state.map_or(Priority::Normal, |state| state.priority),
            slots: state.map(|state| state.slots.clone()).unwrap_or_default(),
            flow: state.and_then(|state| state.run.as_ref()).map(|run| (run.flow.name.clone(), run.step.clone())),
            brief: known.and_then(|known| known.brief.clone()),
            log: known.map(|known| known.log.clone()).unwrap_or_default(),
            unanswered: known.map(|known| known.unanswered.clone()).unwrap_or_default(),
            waiting_before: known.and_then(|known| known.waiting_before),
        }
    }
}

/// The same name is always the same agent.
fn agent_ref(name: &str) -> AgentRef {
    AgentRef { id: AgentId::from_parts(Timestamp::from_millis(0), hash(name.as_bytes())), name: name.to_owned() }
}

fn hash(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}
