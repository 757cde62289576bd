//! Tries the servers of an inbox with the real protocols: for people who set it up. No mail is sent and nothing is changed.

use switchboard_contract::DeliveryError;

use crate::config::EmailConfig;
use crate::imap::{self, Failed, Step};
use crate::providers;
use crate::smtp::{self, Submission};

/// Tries reading, and sending where it is set up. Each step says what mends it if it failed.
pub async fn probe(config: EmailConfig) -> Vec<Step> {
    let mut steps = imap::probe(config.clone(), imap::Pace::default()).await;
    steps.push(sending(config).await);
    steps
}

async fn sending(config: EmailConfig) -> Step {
    let Some(host) = config.smtp_host() else {
        return Step { what: "SMTP: not set up, so this inbox receives only".to_owned(), trouble: None };
    };
    let what = format!("SMTP connection to {host}:{}, sign-in as {}", config.smtp_port(), config.smtp_user());
    let tried = match Submission::new(config.clone(), smtp::Pace::default()) {
        Ok(submission) => {
            let tried = submission.probe().await.map_err(|error| words(&error));
            submission.close().await;
            tried
        }
        Err(why) => Err(why),
    };
    let trouble = tried.err().map(|why| Failed { why, mend: mend(&config) });
    Step { what, trouble }
}

fn words(error: &DeliveryError) -> String {
    match error {
        DeliveryError::Rejected { reason }
        | DeliveryError::Unsupported { reason }
        | DeliveryError::Unavailable { reason }
        | DeliveryError::Uncertain { reason } => reason.clone(),
        DeliveryError::RateLimited { .. } => error.to_string(),
    }
}

fn mend(config: &EmailConfig) -> String {
    let general = "see that `smtp_host`, `smtp_port`, `smtp_security` (port 465 wants `\"tls\"`, port 587 `\"starttls\"`), \
                   `smtp_user` and `smtp_password` are right, and that this machine may connect there";
    match providers::of(config.smtp_host().unwrap_or_default(), &config.address) {
        Some(known) => format!("{general}. {}: SMTP at {}; {}", known.name, known.smtp, known.sign_in),
        None => general.to_owned(),
    }
}
