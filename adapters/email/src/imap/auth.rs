//! Signing in: PLAIN and LOGIN with a password, XOAUTH2 and OAUTHBEARER with a token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::connect::Abilities;
use super::name::quote;
use super::oauth::Tokens;
use super::trouble::{Answer, Trouble};
use super::wire::{Challenge, Wire};
use crate::config::{Credentials, EmailConfig};

/// Signs in.
///
/// # Errors
/// [`Trouble::Refused`] when the credentials are not taken; with a token, only after a fresh one was refused too.
pub(super) async fn sign_in(
    wire: &mut Wire,
    abilities: &Abilities,
    config: &EmailConfig,
    tokens: &Tokens,
) -> Result<(), Trouble> {
    let user = config.imap_user();
    match config.credentials().map_err(|error| Trouble::Refused(error.to_string()))? {
        Credentials::Password(password) => with_password(wire, abilities, user, password).await,
        Credentials::Oauth { .. } => {
            let token = tokens.token(config).await?;
            match with_token(wire, abilities, config, &token).await {
                Err(Trouble::Refused(_)) => {
                    // It may have ended before its time. Once: the second refusal is meant.
                    tokens.forget(&token).await;
                    let token = tokens.token(config).await?;
                    with_token(wire, abilities, config, &token).await
                }
                other => other,
            }
        }
    }
}

async fn with_password(wire: &mut Wire, abilities: &Abilities, user: &str, password: &str) -> Result<(), Trouble> {
    // PLAIN takes any character (RFC 4616); LOGIN is for servers without it.
    if abilities.has("AUTH=PLAIN") {
        return authenticate(wire, abilities, "PLAIN", &format!("\0{user}\0{password}")).await;
    }
    if abilities.has("LOGINDISABLED") {
        return Err(Trouble::Refused("the server takes no password on this connection (LOGINDISABLED)".to_owned()));
    }
    let unsendable = || Trouble::Refused("user or password hold a character that can't be sent".to_owned());
    let (user, password) = quote(user).zip(quote(password)).ok_or_else(unsendable)?;
    wire.run(&format!("LOGIN {user} {password}"), |_| {}).await.map(drop).map_err(refusal)
}

async fn with_token(wire: &mut Wire, abilities: &Abilities, config: &EmailConfig, token: &str) -> Result<(), Trouble> {
    let user = config.imap_user();
    if abilities.has("AUTH=OAUTHBEARER") && !abilities.has("AUTH=XOAUTH2") {
        let first = oauthbearer(user, &config.imap_host, config.imap_port(), token);
        authenticate(wire, abilities, "OAUTHBEARER", &first).await
    } else {
        authenticate(wire, abilities, "XOAUTH2", &xoauth2(user, token)).await
    }
}

/// The first message of XOAUTH2, as Google and Microsoft describe it.
pub(crate) fn xoauth2(user: &str, token: &str) -> String {
    format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}")
}

/// The first message of OAUTHBEARER (RFC 7628, section 3.1). `,` and `=` of a name are written as in RFC 5801.
pub(crate) fn oauthbearer(user: &str, host: &str, port: u16, token: &str) -> String {
    let user = user.replace('=', "=3D").replace(',', "=2C");
    format!("n,a={user},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {token}\u{1}\u{1}")
}

/// One message, at once where the server takes it with the command (RFC 4959). What the server asks after that is why it
/// refuses: an empty line has it say so in the end (RFC 7628, section 3.2.3; XOAUTH2).
async fn authenticate(wire: &mut Wire, abilities: &Abilities, mechanism: &str, first: &str) -> Result<(), Trouble> {
    let first = STANDARD.encode(first);
    let at_once = abilities.has("SASL-IR");
    let command =
        if at_once { format!("AUTHENTICATE {mechanism} {first}") } else { format!("AUTHENTICATE {mechanism}") };
    let mut unsent = (!at_once).then_some(first);
    let mut reason = None;
    let (tag, mut challenge) = wire.begin(&command).await?;
    loop {
        match challenge {
            Challenge::End(Ok(_)) => return Ok(()),
            Challenge::End(Err(trouble)) => return Err(with_reason(refusal(trouble), reason)),
            Challenge::Go(asked) => {
                if let Some(first) = unsent.take() {
                    wire.line(&first).await?;
                } else if reason.is_none() {
                    reason = Some(status(&asked));
                    wire.line("").await?;
                } else {
                    return Err(Trouble::Garbled("it asks on and on while signing in".to_owned()));
                }
            }
        }
        challenge = wire.challenge(&tag).await?;
    }
}

/// The status of the JSON a server explains its refusal with (RFC 7628, section 3.2.2).
fn status(challenge: &str) -> String {
    let json = STANDARD.decode(challenge.trim()).ok();
    let value = json.and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
    let status = value.as_ref().and_then(|value| value.get("status")?.as_str());
    Answer::read(status.unwrap_or_default()).text
}

fn with_reason(trouble: Trouble, reason: Option<String>) -> Trouble {
    match (trouble, reason.filter(|reason| !reason.is_empty())) {
        (Trouble::Refused(text), Some(reason)) => Trouble::Refused(format!("{text} (status {reason})")),
        (trouble, _) => trouble,
    }
}

fn refusal(trouble: Trouble) -> Trouble {
    trouble.where_refused(Answer::refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_messages_are_as_described() {
        // The example of Google's description.
        let sent = STANDARD.encode(xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
        assert!(sent.starts_with("dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5"), "{sent}");
        // The example of RFC 7628, section 4.1, as far as it is ours.
        let first =
            oauthbearer("user@example.com", "server.example.com", 143, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let wanted = "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}\
                      auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u{1}\u{1}";
        assert_eq!(first, wanted);
        assert!(oauthbearer("a=b,c", "h", 1, "t").starts_with("n,a=a=3Db=2Cc,"));
    }

    #[test]
    fn the_reason_of_a_refusal_is_read_if_there_is_one() {
        assert_eq!(status(&STANDARD.encode(r#"{"status":"401","schemes":"bearer"}"#)), "401");
        assert_eq!(status("not base64!"), "");
        assert_eq!(status(&STANDARD.encode("[]")), "");
    }
}
