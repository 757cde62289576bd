//! Commands and what is answered to them.
//!
//! async-imap's own commands take a connection that ended for an answer that is complete, and a FETCH that was refused for a
//! mailbox without mail. A cursor that advances on that loses mail. So its connection is used, which frames and parses, and a
//! command has succeeded only when its own tag came back with OK.

use std::io::ErrorKind;

use async_imap::Client;
use async_imap::imap_proto::{MailboxDatum, Outcome, Response, ResponseCode, Status};
use futures_util::FutureExt;
use tokio::io::AsyncWriteExt;

use super::guard::{Guard, Io};
use super::limits::Pace;
use super::trouble::{Answer, Trouble, tidy};

/// A connection to a mail server.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client<Guard>,
    pace: Pace,
    commands: u32,
    /// What the server said of itself since it was looked at last.
    pub(super) news: News,
}

/// What a server says without being asked.
#[derive(Debug, Default, Clone)]
pub(super) struct News {
    /// There is something in the mailbox that was not there before.
    pub(super) arrived: bool,
    /// `[ALERT]`: has to be shown to people (RFC 9051, section 7.1).
    pub(super) alert: Option<String>,
    /// Why the server ends the connection.
    pub(super) bye: Option<String>,
}

/// The answer to `+`, or why there is none.
pub(super) enum Challenge {
    /// The server waits for more; what it says with it.
    Go(String),
    /// The command ended.
    End(Result<Answer, Trouble>),
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Io>, pace: Pace) -> Self {
        Self { client: Client::new(Guard::new(stream, pace.silence)), pace, commands: 0, news: News::default() }
    }

    /// The connection itself, for TLS to begin on.
    pub(super) fn into_inner(self) -> Box<dyn Io> {
        self.client.into_inner().into_inner()
    }

    /// Responses left out because they can't be read.
    pub(super) fn left_out(&self) -> u64 {
        self.client.get_ref().left_out()
    }

    /// Reads the greeting. Whether the connection is authenticated already.
    pub(super) async fn greeting(&mut self) -> Result<bool, Trouble> {
        self.next(|response| {
            if let Response::Data { status, outcome } = response {
                match status {
                    Status::Ok => return Ok(false),
                    Status::PreAuth => return Ok(true),
                    Status::Bye => return Err(Trouble::Unavailable(answer(outcome).text)),
                    Status::No | Status::Bad => {}
                }
            }
            Err(Trouble::Garbled("it does not greet as a mail server does".to_owned()))
        })
        .await?
    }

    /// Sends a command and reads until it is completed; `each` is shown everything else that comes.
    ///
    /// # Errors
    /// NO and BAD, by their meaning; a connection that ends before the completion.
    pub(super) async fn run(&mut self, command: &str, each: impl FnMut(&Response<'_>)) -> Result<Answer, Trouble> {
        let tag = self.send(command).await?;
        self.finish(&tag, each).await
    }

    /// Sends a command that the server answers with `+` first.
    pub(super) async fn begin(&mut self, command: &str) -> Result<(String, Challenge), Trouble> {
        let tag = self.send(command).await?;
        let challenge = self.challenge(&tag).await?;
        Ok((tag, challenge))
    }

    /// Waits for the next `+`, or the end of the command.
    pub(super) async fn challenge(&mut self, tag: &str) -> Result<Challenge, Trouble> {
        loop {
            let look = |response: &Response<'_>| {
                if let Response::Continue(outcome) = response {
                    return Some(Challenge::Go(outcome_text(outcome)));
                }
                completed(response, tag).map(Challenge::End)
            };
            if let Some(challenge) = self.next(look).await? {
                return Ok(challenge);
            }
        }
    }

    /// Sends a line that is no command: an answer to `+`, or the end of IDLE.
    pub(super) async fn line(&mut self, line: &str) -> Result<(), Trouble> {
        let stream = self.client.get_mut();
        stream.write_all(format!("{line}\r\n").as_bytes()).await.map_err(|error| lost(&error))?;
        stream.flush().await.map_err(|error| lost(&error))
    }

    /// Reads until the command of this tag is completed.
    pub(super) async fn finish(&mut self, tag: &str, mut each: impl FnMut(&Response<'_>)) -> Result<Answer, Trouble> {
        loop {
            let look = |response: &Response<'_>| {
                let end = completed(response, tag);
                if end.is_none() {
                    each(response);
                }
                end
            };
            if let Some(end) = self.next(look).await? {
                return end;
            }
        }
    }

    /// Waits until there is news. The server may be silent as long as it likes: the caller keeps the time.
    pub(super) async fn wait_for_news(&mut self) -> Result<(), Trouble> {
        self.client.get_mut().set_silence(self.pace.idle.saturating_mul(2));
        while !self.news.arrived {
            self.next(|_| ()).await?;
        }
        Ok(())
    }

    /// From now on the server has to answer in time again.
    pub(super) fn stop_waiting(&mut self) {
        self.client.get_mut().set_silence(self.pace.silence);
    }

    /// Takes in what has come already, without waiting. Cheap: nothing is asked.
    pub(super) fn glance(&mut self) -> Result<(), Trouble> {
        while !self.news.arrived
            && let Some(next) = self.next(|_| ()).now_or_never()
        {
            next?;
        }
        self.stop_waiting();
        Ok(())
    }

    async fn send(&mut self, command: &str) -> Result<String, Trouble> {
        self.commands = self.commands.wrapping_add(1);
        let tag = format!("S{}", self.commands);
        self.line(&format!("{tag} {command}")).await?;
        Ok(tag)
    }

    async fn next<T>(&mut self, look: impl FnOnce(&Response<'_>) -> T) -> Result<T, Trouble> {
        match self.client.read_response().await {
            Ok(Some(response)) => {
                self.note(response.parsed());
                Ok(look(response.parsed()))
            }
            Ok(None) => Err(self.ended("it was closed")),
            // Only the guard's own words: the parser's hold what it could not parse, which may be a mail.
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(Trouble::Garbled(error.to_string())),
            Err(error) if error.kind() == ErrorKind::Other => {
                Err(Trouble::Garbled("a response can't be read".to_owned()))
            }
            Err(error) => Err(self.ended(&error.to_string())),
        }
    }

    fn ended(&mut self, how: &str) -> Trouble {
        match self.news.bye.take() {
            Some(bye) => Trouble::Unavailable(bye),
            None => Trouble::Lost(tidy(how)),
        }
    }

    fn note(&mut self, response: &Response<'_>) {
        if let Response::MailboxData(MailboxDatum::Exists(_)) = response {
            self.news.arrived = true;
        }
        if let Response::Data { status: Status::Bye, outcome } = response {
            self.news.bye = Some(answer(outcome).text);
        }
        if let Response::Data { outcome, .. } | Response::Done { outcome, .. } = response
            && let Some(ResponseCode::Alert) = outcome.code
        {
            self.news.alert = Some(answer(outcome).text);
        }
    }
}

fn lost(error: &std::io::Error) -> Trouble {
    Trouble::Lost(tidy(&error.to_string()))
}

/// How the command of this tag ended, if this is its end.
fn completed(response: &Response<'_>, tag: &str) -> Option<Result<Answer, Trouble>> {
    let Response::Done { tag: done, status, outcome } = response else { return None };
    (done.0 == tag).then(|| completion(status, outcome))
}

fn completion(status: &Status, outcome: &Outcome<'_>) -> Result<Answer, Trouble> {
    match status {
        Status::Ok => Ok(answer(outcome)),
        Status::No | Status::Bad | Status::PreAuth | Status::Bye => Err(answer(outcome).trouble()),
    }
}

fn outcome_text(outcome: &Outcome<'_>) -> String {
    outcome.information.as_deref().unwrap_or_default().to_owned()
}

fn answer(outcome: &Outcome<'_>) -> Answer {
    let mut answer = Answer::read(outcome.information.as_deref().unwrap_or_default());
    // Codes the parser knows it takes out of the text; the one of these that matters at the end of a command:
    if matches!(outcome.code, Some(ResponseCode::TryCreate)) {
        answer.code = Some("TRYCREATE".to_owned());
    }
    answer
}
