//! Signing in: PLAIN and LOGIN with a password, XOAUTH2 and OAUTHBEARER with a token (RFC 4954).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::response::Response;

use super::Line;
use super::connect::Abilities;
use super::fault::Fault;
use crate::config::{EmailConfig, SignIn};
use crate::imap::auth::{oauthbearer, xoauth2};
use crate::imap::oauth::Tokens;
use crate::imap::trouble::Trouble;

/// Signs in, if the settings say so. A token that is refused is taken out of use: the next connection fetches a fresh one.
pub(super) async fn sign_in(
    connection: &mut AsyncSmtpConnection,
    abilities: &Abilities,
    config: &EmailConfig,
    token: Option<&str>,
) -> Result<(), Fault> {
    match (config.smtp_sign_in(), token) {
        (SignIn::No, _) => Ok(()),
        (SignIn::Password(password), _) => with_password(connection, abilities, config.smtp_user(), password).await,
        (SignIn::Oauth, Some(token)) => with_token(connection, abilities, config, token).await,
        (SignIn::Oauth, None) => Err(Fault::Credentials("there is no access token".to_owned())),
    }
}

/// The access token, where one is needed.
pub(super) async fn token(config: &EmailConfig, tokens: &Tokens) -> Result<Option<String>, Fault> {
    if config.smtp_sign_in() != SignIn::Oauth {
        return Ok(None);
    }
    tokens.token(config).await.map(Some).map_err(|trouble| {
        if let Trouble::Refused(how) = trouble { Fault::Credentials(how) } else { Fault::Lost(trouble.to_string()) }
    })
}

async fn with_password(
    connection: &mut AsyncSmtpConnection,
    abilities: &Abilities,
    user: &str,
    password: &str,
) -> Result<(), Fault> {
    if abilities.signs_in_with("PLAIN") {
        let first = STANDARD.encode(format!("\0{user}\0{password}"));
        return done(&say(connection, format!("AUTH PLAIN {first}")).await?);
    }
    if abilities.signs_in_with("LOGIN") {
        // It asks for the user and then for the password; what it calls them differs.
        for words in ["AUTH LOGIN".to_owned(), STANDARD.encode(user)] {
            let answer = say(connection, words).await?;
            if !answer.has_code(334) {
                return done(&answer);
            }
        }
        return done(&say(connection, STANDARD.encode(password)).await?);
    }
    Err(no_way(abilities, "a password"))
}

async fn with_token(
    connection: &mut AsyncSmtpConnection,
    abilities: &Abilities,
    config: &EmailConfig,
    token: &str,
) -> Result<(), Fault> {
    let user = config.smtp_user();
    let words = if abilities.signs_in_with("XOAUTH2") {
        format!("AUTH XOAUTH2 {}", STANDARD.encode(xoauth2(user, token)))
    } else if abilities.signs_in_with("OAUTHBEARER") {
        let host = config.smtp_host().unwrap_or_default();
        format!("AUTH OAUTHBEARER {}", STANDARD.encode(oauthbearer(user, host, config.smtp_port(), token)))
    } else {
        return Err(no_way(abilities, "an access token"));
    };
    let mut answer = say(connection, words).await?;
    if answer.has_code(334) {
        // Why it refuses; an empty line has it say so in the end (RFC 7628, 3.2.3; XOAUTH2).
        answer = say(connection, String::new()).await?;
    }
    done(&answer)
}

async fn say(connection: &mut AsyncSmtpConnection, words: String) -> Result<Response, Fault> {
    Ok(connection.command(Line(words)).await?)
}

fn done(answer: &Response) -> Result<(), Fault> {
    if answer.has_code(235) {
        Ok(())
    } else {
        Err(Fault::Garbled(format!("it asks on while signing in: {}", answer.code())))
    }
}

fn no_way(abilities: &Abilities, with: &str) -> Fault {
    let ways = abilities.sign_in_ways().take(8).collect::<Vec<_>>().join(", ");
    let ways = if ways.is_empty() {
        "it offers no way at all on this connection".to_owned()
    } else {
        format!("it offers {ways}")
    };
    Fault::Credentials(format!("the server takes no sign-in with {with}; {ways}"))
}
