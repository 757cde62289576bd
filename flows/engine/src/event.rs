//! What can happen to a conversation.

use serde::{Deserialize, Serialize};
use switchboard_contract::{ArticleId, ChoiceId, Content, Seq, Timestamp};

use crate::conversation::{AgentRef, ContactFacts, TimerKind};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Names the event, so that applying it twice changes nothing; none for events that the shell makes and never repeats.
    pub id: Option<String>,
    /// The conversation's last place after the shell filed this event's own entry (a contact's message), before effects.
    pub seq: Seq,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The contact wrote or pressed an option. The shell has filed the message.
    ContactWrote {
        /// What was written: for a press, the label.
        content: Content,
        /// The option that was pressed.
        choice: Option<ChoiceId>,
        /// What is known of the contact by now; merged into the state.
        contact: ContactFacts,
        /// The language the channel reports, a BCP 47 tag; sets the bot's language at the first event only.
        language: Option<String>,
    },
    /// A machine wrote from the contact's address, or for another reason a program must not answer. The shell has filed the message.
    MachineWrote {
        /// Why nothing answers, for people.
        why: String,
    },
    /// The contact opened the chat.
    ContactOpened {
        /// As above.
        contact: ContactFacts,
        /// As above.
        language: Option<String>,
    },
    /// The contact wants to begin anew in a conversation that is not solved: the bot starts over, and people keep what they
    /// hold. The shell files no message. On a solved one the shell begins another conversation instead.
    ContactStartedAnew {
        /// As above.
        contact: ContactFacts,
        /// As above.
        language: Option<String>,
    },
    /// The shell's answer to [`Ask::Find`](crate::Ask::Find).
    Found(Found),
    /// An agent acted.
    Agent {
        /// Who.
        agent: AgentRef,
        /// What they did.
        act: AgentAct,
    },
    /// A timer is due. It does something only while the state holds this timer with this very time; fired late it does the
    /// same, fired again it does nothing.
    TimerFired {
        /// Which.
        timer: TimerKind,
        /// When it was due.
        due: Timestamp,
        /// How many conversations wait before this one in its queue; none when the shell doesn't know or no queue holds it.
        ahead: Option<u32>,
    },
}

/// What an agent can do to a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum AgentAct {
    /// Take the turn, from the queue, from the bot, or from a colleague when `from_colleague`.
    Claim {
        /// Take it even though a colleague holds it.
        from_colleague: bool,
    },
    /// Say something to the contact. Only the holder may.
    Reply {
        /// What to say.
        content: Content,
        /// The last place the agent had seen; older than a message of another person means: ask first.
        seen: Seq,
        /// The agent was asked and wants it sent all the same.
        anyway: bool,
        /// The place of the last entry the agent ought to have seen, as the shell found it: the last message of the contact
        /// or of another agent.
        last_foreign: Seq,
    },
    /// Write a private note. Anybody may, at any time.
    Note {
        /// The words.
        text: String,
    },
    /// Hand the turn to a colleague.
    TransferToAgent {
        /// To whom.
        to: AgentRef,
        /// Why, for the colleague.
        note: Option<String>,
    },
    /// Hand the conversation to a team's queue.
    TransferToTeam {
        /// The team's name.
        team: String,
        /// Why, for the team.
        note: Option<String>,
    },
    /// Give the turn back to the bot.
    ReturnToBot,
    /// Solved.
    Resolve,
    /// Not solved after all.
    Reopen,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What is sure enough to be acted on.
    pub verdict: Verdict,
    /// How it came to that, for people: shown as "why this answer".
    pub why: String,
}

/// How sure a search is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "hits", rename_all = "snake_case")]
pub enum Verdict {
    /// This one.
    Sure(Hit),
    /// One of these (two or three).
    Between(Vec<Hit>),
    /// Nothing fits.
    Nothing,
}

/// One result of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// What was found.
    pub target: Target,
    /// How sure, 0 to 1.
    pub score: f64,
    /// The example wording that came nearest.
    pub nearest: String,
}

/// What a search can lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum Target {
    /// An article, ready to be shown.
    Article(ArticleCard),
    /// A flow, by its name.
    Flow {
        /// The flow's name.
        name: String,
        /// Its title in the contact's language.
        title: String,
    },
}

/// An article as the bot shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleCard {
    /// Its id.
    pub id: ArticleId,
    /// Its slug: how flows name it.
    pub slug: String,
    /// Its title in the contact's language.
    pub title: String,
    /// The text for chat, Markdown: the short answer, else the body.
    pub text: String,
    /// Where the whole article can be read.
    pub url: Option<String>,
}
