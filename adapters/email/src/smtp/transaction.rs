//! One mail from MAIL to the answer to its last line (RFC 5321, 3.3).

use std::iter;

use switchboard_contract::DeliveryError;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::fault::{Fault, Stage, outcome, refusal, tidy};
use super::limits::{GOODBYE, RECIPIENTS_MAX};
use super::pool::{Link, Pool};
use super::{Line, Refused, Sent};
use crate::outbound::Composed;

/// A server that waits for the text of a mail.
struct Ready<'a> {
    link: Link,
    refused: Vec<Refused>,
    _place: SemaphorePermit<'a>,
}

pub(super) async fn send(pool: &Pool, mail: &Composed) -> Result<Sent, DeliveryError> {
    check(mail)?;
    let prepared = timeout(pool.pace.before, prepare(pool, mail)).await;
    let ready = prepared.unwrap_or_else(|_| Err(outcome(Stage::Data, &Fault::Silent)))?;
    let Ready { mut link, refused, _place: place } = ready;

    // The library writes the last line when there is no further piece: asked for it, everything before was written.
    let mut ended = false;
    let pieces = iter::once(mail.bytes.as_slice()).chain(iter::from_fn(|| {
        ended = true;
        None
    }));
    let answer = timeout(pool.pace.end, link.connection.message_iter(pieces)).await;
    let stage = if ended { Stage::End } else { Stage::Data };
    let result = match answer {
        Ok(Ok(answer)) if u16::from(answer.code()) / 100 == 2 => {
            Ok(tidy(&answer.message().collect::<Vec<_>>().join(" ")))
        }
        Ok(Ok(answer)) => Err(Fault::Garbled(format!("code {} at the end of a mail", answer.code()))),
        Ok(Err(error)) => Err(Fault::from(error)),
        Err(_) => Err(Fault::Silent),
    };
    if result.as_ref().err().is_none_or(|fault| fault.leaves_connection() && ended) {
        pool.put(link).await;
    }
    drop(place);
    result.map(|answer| Sent { answer, refused }).map_err(|fault| outcome(stage, &fault))
}

pub(super) async fn probe(pool: &Pool) -> Result<(), DeliveryError> {
    let connected = timeout(pool.pace.before, pool.anew()).await;
    let connected = connected.unwrap_or(Err((Stage::Hello, Fault::Silent)));
    let mut link = connected.map_err(|(stage, fault)| outcome(stage, &fault))?;
    drop(timeout(GOODBYE, link.connection.command(Line("QUIT".to_owned()))).await);
    Ok(())
}

/// That nothing in the envelope ends a line or an address.
fn check(mail: &Composed) -> Result<(), DeliveryError> {
    let unsupported = |reason: String| Err(DeliveryError::Unsupported { reason });
    let ends = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
    if mail.recipients.iter().chain(&mail.envelope_from).any(|address| address.contains(ends)) {
        return unsupported("an address holds a character that can't be sent".to_owned());
    }
    match mail.recipients.len() {
        1..=RECIPIENTS_MAX => Ok(()),
        count => unsupported(format!("the mail has {count} recipients; 1 to {RECIPIENTS_MAX} are possible")),
    }
}

/// Everything up to the server's word that it waits for the text.
async fn prepare<'a>(pool: &'a Pool, mail: &Composed) -> Result<Ready<'a>, DeliveryError> {
    let told = |(stage, fault): (Stage, Fault)| outcome(stage, &fault);
    let place = pool.place().await.ok_or_else(|| outcome(Stage::Hello, &Fault::Lost("it is closed".to_owned())))?;
    let mut link = pool.link().await.map_err(told)?;
    loop {
        let from = match parameters(&link, mail) {
            Ok(parameters) => format!("MAIL FROM:<{}>{parameters}", mail.envelope_from.as_deref().unwrap_or_default()),
            Err(error) => {
                pool.put(link).await;
                return Err(error);
            }
        };
        match command(&mut link, from).await {
            Ok(_) => break,
            // The server ended it while nobody needed it: that says nothing of this mail.
            Err(fault) if link.is_used() && fault.may_be_stale() => link = pool.anew().await.map_err(told)?,
            Err(fault) => return Err(give_up(pool, link, Stage::From, fault).await),
        }
    }
    let refused = match recipients(&mut link, &mail.recipients).await {
        Ok(refused) => refused,
        Err(fault) => return Err(give_up(pool, link, Stage::To, fault).await),
    };
    match command(&mut link, "DATA".to_owned()).await {
        Ok(354) => Ok(Ready { link, refused, _place: place }),
        Ok(code) => Err(outcome(Stage::Data, &Fault::Garbled(format!("code {code} instead of 354")))),
        Err(fault) => Err(give_up(pool, link, Stage::Data, fault).await),
    }
}

/// What goes with MAIL: the size (RFC 1870), and what an address outside of ASCII needs (RFC 6531).
fn parameters(link: &Link, mail: &Composed) -> Result<String, DeliveryError> {
    let unsupported = |reason: String| DeliveryError::Unsupported { reason };
    let (abilities, size) = (&link.abilities, mail.bytes.len() as u64);
    if let Some(max) = abilities.size_max().filter(|max| size > *max) {
        return Err(unsupported(format!("the mail has {size} bytes; the mail server takes at most {max}")));
    }
    let mut parameters = if abilities.has("SIZE") { format!(" SIZE={size}") } else { String::new() };
    if let Some(address) = mail.recipients.iter().chain(&mail.envelope_from).find(|address| !address.is_ascii()) {
        if !(abilities.has("SMTPUTF8") && abilities.has("8BITMIME")) {
            return Err(unsupported(format!(
                "the address {address} has letters that the mail server can't write (it offers no SMTPUTF8)"
            )));
        }
        parameters.push_str(" BODY=8BITMIME SMTPUTF8");
    } else if !mail.bytes.is_ascii() {
        // Ours is ASCII in this case; nothing is sent that a server would have to break.
        return Err(unsupported("the mail holds bytes that are not ASCII".to_owned()));
    }
    Ok(parameters)
}

/// Names the recipients. The first one is the contact: where they can't be reached, it is sent to nobody. Others who are
/// refused are told.
async fn recipients(link: &mut Link, addresses: &[String]) -> Result<Vec<Refused>, Fault> {
    let mut refused = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        match command(link, format!("RCPT TO:<{address}>")).await {
            Ok(_) => {}
            Err(Fault::Reply { code, text }) if index > 0 && code != 421 => {
                refused.push(Refused { address: address.clone(), reason: refusal(Stage::To, code, &text) });
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(refused)
}

async fn command(link: &mut Link, words: String) -> Result<u16, Fault> {
    Ok(link.connection.command(Line(words)).await?.code().into())
}

async fn give_up(pool: &Pool, link: Link, stage: Stage, fault: Fault) -> DeliveryError {
    if fault.leaves_connection() {
        pool.put_back(link).await;
    }
    outcome(stage, &fault)
}
