//! Tries a mailbox with the real protocol, and changes nothing in it: for people who set it up.

use super::Inbox;
use super::auth::sign_in;
use super::connect::{Abilities, abilities, connect};
use super::folder::{open, resolve};
use super::limits::Pace;
use super::trouble::Trouble;
use super::wire::Wire;
use crate::config::{After, EmailConfig, Security};
use crate::providers;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was tried, and what was seen.
    pub what: String,
    /// What went wrong, and what mends it.
    pub trouble: Option<Failed>,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What was seen.
    pub why: String,
    /// What to do about it.
    pub mend: String,
}

/// Connects, signs in, asks what the server can do, and opens every folder for reading only. The first step that fails and
/// on which the others depend is the last one.
pub async fn probe(config: EmailConfig, pace: Pace) -> Vec<Step> {
    let mut steps = Vec::new();
    let server = format!("{}:{}", config.imap_host, config.imap_port());
    let inbox = match Inbox::new(config, pace) {
        Ok(inbox) => inbox,
        Err(why) => {
            let mend = "mend `ca_file`: a PEM file with the certificate of an authority".to_owned();
            return vec![Step { what: "certificates".to_owned(), trouble: Some(Failed { why, mend }) }];
        }
    };
    if let Err((what, trouble)) = inbox.try_out(&server, &mut steps).await {
        steps.push(failed(what, &trouble, &inbox.config));
    }
    steps
}

fn fine(what: String) -> Step {
    Step { what, trouble: None }
}

fn failed(what: String, trouble: &Trouble, config: &EmailConfig) -> Step {
    Step { what, trouble: Some(Failed { why: trouble.to_string(), mend: mend(trouble, config) }) }
}

impl Inbox {
    async fn try_out(&self, server: &str, steps: &mut Vec<Step>) -> Result<(), (String, Trouble)> {
        let config = &self.config;
        let connecting = format!("IMAP connection to {server} ({})", word(config.imap_security));
        let connected = match connect(config, &self.tls, self.pace).await {
            Ok(connected) => connected,
            Err(trouble) => return Err((connecting, trouble)),
        };
        steps.push(fine(connecting));
        let mut wire = connected.wire;
        let signing = format!("IMAP sign-in as {}", config.imap_user());
        if !connected.authenticated {
            let signed = sign_in(&mut wire, &connected.abilities, config, &self.tokens).await;
            signed.map_err(|trouble| (signing.clone(), trouble))?;
        }
        steps.push(fine(signing));
        let asked = abilities(&mut wire).await;
        let known = asked.map_err(|trouble| ("IMAP capabilities".to_owned(), trouble))?;
        steps.push(fine(can(&known, config)));
        for name in &config.folders {
            steps.push(self.folder(&mut wire, &known, name).await?);
        }
        if let After::Move(target) = &config.after {
            steps.push(self.target(&mut wire, &known, target).await?);
        }
        // It ends either way.
        let _ = wire.run("LOGOUT", |_| {}).await;
        Ok(())
    }

    async fn folder(&self, wire: &mut Wire, known: &Abilities, name: &str) -> Result<Step, (String, Trouble)> {
        let what = format!("IMAP folder {name}");
        // Names are sent in modified UTF-7, which every server takes as long as UTF-8 is not switched on.
        let Some(found) = resolve(wire, name, false).await.map_err(|trouble| (what.clone(), trouble))? else {
            let why = "the server has no folder of this use".to_owned();
            let mend = "write the folder's name in `folders`, as your mail program shows it".to_owned();
            return Ok(Step { what, trouble: Some(Failed { why, mend }) });
        };
        match open(wire, known, &found, false).await {
            Ok(opened) if opened.validity.is_some() => {
                Ok(fine(format!("{what}: {} mails", opened.exists.unwrap_or_default())))
            }
            Ok(_) => {
                let why = "the server does not say UIDVALIDITY, without which no mail is told from another".to_owned();
                let mend = "this server can't be read safely; ask whoever runs it".to_owned();
                Ok(Step { what, trouble: Some(Failed { why, mend }) })
            }
            Err(trouble @ Trouble::No(_)) => Ok(failed(what, &trouble, &self.config)),
            Err(trouble) => Err((what, trouble)),
        }
    }

    /// Where mails are moved to. A folder that is not there is made with the first mail.
    async fn target(&self, wire: &mut Wire, known: &Abilities, name: &str) -> Result<Step, (String, Trouble)> {
        let step = self.folder(wire, known, name).await?;
        let is_use = name.starts_with('\\');
        Ok(match step.trouble {
            Some(_) if !is_use => {
                fine(format!("IMAP folder {name}: it will be made with the first mail that is moved"))
            }
            Some(_) | None => step,
        })
    }
}

fn word(security: Security) -> &'static str {
    match security {
        Security::Tls => "tls",
        Security::Starttls => "starttls",
        Security::None => "not encrypted",
    }
}

fn can(known: &Abilities, config: &EmailConfig) -> String {
    let told = if known.has("IDLE") {
        "it tells of new mail by itself (IDLE)".to_owned()
    } else {
        format!("it is asked for new mail every {} seconds (no IDLE)", config.poll_seconds)
    };
    let moves = if known.has("MOVE") { "moves (MOVE)" } else { "copies and deletes (no MOVE)" };
    format!("IMAP capabilities: {told}; {moves}")
}

/// What to do about a trouble. Pure.
fn mend(trouble: &Trouble, config: &EmailConfig) -> String {
    let general = match trouble {
        Trouble::Lost(_) => format!(
            "see that `imap_host` and `imap_port` are right and that this machine may connect there; port 993 wants \
             `imap_security = \"tls\"`, port 143 `\"starttls\"`; now it is {}",
            word(config.imap_security)
        ),
        Trouble::Garbled(_) => "see that `imap_host` and `imap_port` lead to an IMAP server".to_owned(),
        Trouble::Refused(_) => {
            "check `imap_user` and `imap_password` (or the `oauth_…` keys), and that the account allows IMAP".to_owned()
        }
        Trouble::Unavailable(_) | Trouble::Limited(_) => "try again later; ask the provider if it stays so".to_owned(),
        Trouble::Insecure(_) => "use `imap_security = \"tls\"` with the port for it, usually 993".to_owned(),
        Trouble::Certificate(_) => {
            "`imap_host` has to be a name in the server's certificate; for an authority of your \
             own set `ca_file`; see that this machine's clock is right"
                .to_owned()
        }
        Trouble::No(_) => "see that the folder is there, and write its name as your mail program shows it".to_owned(),
        Trouble::Store(_) | Trouble::Stopping => String::new(),
    };
    let about_provider = matches!(trouble, Trouble::Lost(_) | Trouble::Refused(_) | Trouble::Insecure(_));
    match providers::of(&config.imap_host, &config.address).filter(|_| about_provider) {
        Some(known) => format!("{general}. {}: IMAP at {}; {}", known.name, known.imap, known.sign_in),
        None => general,
    }
}
