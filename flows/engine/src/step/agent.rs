//! What agents do. Each act is allowed or refused as a whole.

use switchboard_contract::Content;

use super::turn::Turn;
use crate::book::TextId;
use crate::brief::HandoffReason;
use crate::conversation::{AgentRef, Handler, ResolvedBy, Status};
use crate::effect::{Effect, Happening, Notice, Refusal, Speaker};
use crate::event::AgentAct;
use crate::limits;

type Done = Result<(), Refusal>;

impl Turn<'_> {
    pub(super) fn agent(&mut self, agent: &AgentRef, act: &AgentAct) -> Done {
        match act {
            AgentAct::Claim { from_colleague } => self.claim(agent, *from_colleague),
            AgentAct::Reply { content, seen, anyway, last_foreign } => {
                let seen = *anyway || *seen >= *last_foreign;
                self.reply(agent, content, seen)
            }
            AgentAct::Note { text } => self.note(agent, text),
            AgentAct::TransferToAgent { to, note } => self.transfer_to_agent(agent, to, note.as_deref()),
            AgentAct::TransferToTeam { team, note } => self.transfer_to_team(agent, team, note.as_deref()),
            AgentAct::ReturnToBot => self.return_to_bot(agent),
            AgentAct::Resolve => self.resolve_by(agent),
            AgentAct::Reopen => self.reopen_by(agent),
        }
    }

    fn claim(&mut self, agent: &AgentRef, from_colleague: bool) -> Done {
        self.must_be_open()?;
        let (why, team) = match self.state.handler.clone() {
            Handler::Agent { agent: holder, .. } if holder.id == agent.id => {
                return Err(Refusal::AlreadySo("you hold this conversation already".to_owned()));
            }
            Handler::Agent { agent: holder, .. } if !from_colleague => {
                return Err(Refusal::HeldByColleague { holder: holder.name });
            }
            Handler::Agent { agent: holder, team } => {
                (format!("{} took it over from {}.", agent.name, holder.name), team)
            }
            Handler::Queue { team, .. } => {
                (format!("{} took it from the queue of the team {team}.", agent.name), Some(team))
            }
            Handler::Bot => (format!("{} took it from the bot; the bot is silent from here on.", agent.name), None),
        };
        let from_bot = self.state.handler == Handler::Bot;
        self.log(Happening::Claimed { agent: agent.name.clone() }, why.clone());
        self.give_to(agent, team);
        if from_bot {
            self.brief(HandoffReason::ClaimedByAgent, &why, &self.env.book.team);
        }
        self.tell(TextId::Joined, agent);
        Ok(())
    }

    fn reply(&mut self, agent: &AgentRef, content: &Content, seen: bool) -> Done {
        self.must_be_open()?;
        self.must_hold(agent)?;
        if content.text.trim().is_empty() && content.attachments.is_empty() {
            return Err(Refusal::BadContent("the message is empty".to_owned()));
        }
        fits("message", &content.text)?;
        if content.choices.len() > limits::CHOICES_MAX {
            return Err(Refusal::BadContent(format!("a message offers at most {} options", limits::CHOICES_MAX)));
        }
        if !seen {
            return Err(Refusal::NewerMessages);
        }
        self.say(Speaker::Agent { agent: agent.clone() }, content.clone());
        self.state.status = Status::Waiting;
        Ok(())
    }

    fn note(&mut self, agent: &AgentRef, text: &str) -> Done {
        if text.trim().is_empty() {
            return Err(Refusal::BadContent("the note is empty".to_owned()));
        }
        fits("note", text)?;
        self.effect(Effect::Note { agent: agent.clone(), text: text.to_owned() });
        Ok(())
    }

    fn transfer_to_agent(&mut self, agent: &AgentRef, to: &AgentRef, note: Option<&str>) -> Done {
        self.must_be_open()?;
        self.must_not_be_a_colleagues(agent)?;
        let team = match &self.state.handler {
            Handler::Agent { agent: holder, .. } if holder.id == to.id => {
                return Err(Refusal::AlreadySo(format!("{} holds this conversation already", to.name)));
            }
            Handler::Agent { team, .. } => team.clone(),
            Handler::Queue { team, .. } => Some(team.clone()),
            Handler::Bot => None,
        };
        self.add_note(agent, note)?;
        let why = format!("{} handed it to {}.", agent.name, to.name);
        let from_bot = self.state.handler == Handler::Bot;
        self.log(Happening::Transferred { to: to.name.clone() }, why.clone());
        self.give_to(to, team);
        if from_bot {
            self.brief(HandoffReason::Transferred, &why, &self.env.book.team);
        }
        self.tell(TextId::Transferred, to);
        self.notify(Notice::Assigned { agent: to.clone() });
        Ok(())
    }

    fn transfer_to_team(&mut self, agent: &AgentRef, team: &str, note: Option<&str>) -> Done {
        self.must_be_open()?;
        self.must_not_be_a_colleagues(agent)?;
        if team.trim().is_empty() || team.chars().count() > limits::SLUG_CHARS_MAX {
            return Err(Refusal::BadContent("name the team it goes to".to_owned()));
        }
        if matches!(&self.state.handler, Handler::Queue { team: present, .. } if present == team) {
            return Err(Refusal::AlreadySo(format!("it waits in the queue of the team {team} already")));
        }
        self.add_note(agent, note)?;
        let why = format!("{} handed it to the team {team}.", agent.name);
        self.log(Happening::Transferred { to: team.to_owned() }, why.clone());
        self.enqueue(team);
        let text = self.text_with(TextId::TransferredTeam, &[("team", team)]);
        self.system_says(Content::markdown(text));
        self.brief(HandoffReason::Transferred, &why, team);
        self.notify(Notice::Waiting { team: team.to_owned(), since: self.env.now });
        Ok(())
    }

    fn return_to_bot(&mut self, agent: &AgentRef) -> Done {
        self.must_be_open()?;
        if self.state.handler == Handler::Bot {
            return Err(Refusal::AlreadySo("the bot holds this conversation already".to_owned()));
        }
        self.must_hold(agent)?;
        self.log(Happening::ReturnedToBot, format!("{} gave it back to the bot.", agent.name));
        self.pass_turn(Handler::Bot);
        self.state.status = Status::Open;
        let text = self.text(TextId::ReturnedToBot);
        self.system_says(Content::markdown(text));
        let menu = self.text(TextId::MenuPrompt);
        self.show_menu(menu);
        Ok(())
    }

    fn resolve_by(&mut self, agent: &AgentRef) -> Done {
        if self.state.status == Status::Resolved {
            return Err(Refusal::AlreadySo("the conversation is resolved already".to_owned()));
        }
        self.must_not_be_a_colleagues(agent)?;
        let team = match &self.state.handler {
            Handler::Agent { team, .. } => team.clone(),
            Handler::Queue { team, .. } => Some(team.clone()),
            Handler::Bot => None,
        };
        self.pass_turn(Handler::Bot);
        let by = ResolvedBy::Agent { agent: agent.clone() };
        self.resolve(by, team, &format!("{} resolved it.", agent.name));
        self.ask_for_rating(agent);
        Ok(())
    }

    fn reopen_by(&mut self, agent: &AgentRef) -> Done {
        if self.state.status != Status::Resolved {
            return Err(Refusal::AlreadySo("the conversation is open already".to_owned()));
        }
        let team = self.state.resolution.as_ref().and_then(|resolution| resolution.team.clone());
        self.log(Happening::Reopened, format!("{} opened it again and holds it.", agent.name));
        self.give_to(agent, team);
        self.tell(TextId::Joined, agent);
        Ok(())
    }

    fn must_be_open(&self) -> Done {
        if self.state.status == Status::Resolved { Err(Refusal::Resolved) } else { Ok(()) }
    }

    fn must_hold(&self, agent: &AgentRef) -> Done {
        match &self.state.handler {
            Handler::Agent { agent: holder, .. } if holder.id == agent.id => Ok(()),
            Handler::Agent { agent: holder, .. } => Err(Refusal::NotYourTurn { holder: holder.name.clone() }),
            Handler::Queue { team, .. } => {
                Err(Refusal::NotYourTurn { holder: format!("the queue of the team {team}") })
            }
            Handler::Bot => Err(Refusal::NotYourTurn { holder: self.env.book.name.clone() }),
        }
    }

    fn must_not_be_a_colleagues(&self, agent: &AgentRef) -> Done {
        match &self.state.handler {
            Handler::Agent { .. } => self.must_hold(agent),
            Handler::Queue { .. } | Handler::Bot => Ok(()),
        }
    }

    fn give_to(&mut self, agent: &AgentRef, team: Option<String>) {
        self.pass_turn(Handler::Agent { agent: agent.clone(), team });
        self.state.status = Status::Open;
    }

    /// A notice of the desk that names an agent.
    fn tell(&mut self, id: TextId, agent: &AgentRef) {
        let text = self.text_with(id, &[("agent", &agent.name)]);
        self.system_says(Content::markdown(text));
    }

    fn add_note(&mut self, agent: &AgentRef, note: Option<&str>) -> Done {
        note.filter(|note| !note.trim().is_empty()).map_or(Ok(()), |note| self.note(agent, note))
    }
}

fn fits(what: &str, text: &str) -> Done {
    if text.chars().count() > limits::AGENT_TEXT_CHARS_MAX {
        return Err(Refusal::BadContent(format!("a {what} has at most {} characters", limits::AGENT_TEXT_CHARS_MAX)));
    }
    Ok(())
}
