//! What an inbox's mails have in common.

use crate::config::EmailConfig;
use crate::thread::token::Secret;

/// What an inbox's mails have in common.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The address they come from.
    pub address: String,
    /// The name of the desk.
    pub name: Option<String>,
    /// The subject of a mail that answers none.
    pub subject: Option<String>,
    /// The language of what is written around a message.
    pub language: Option<String>,
    /// Answers are asked for at `local+token@domain`.
    pub plus_address: bool,
    /// The reply token stands in the subject as well.
    pub subject_token: bool,
    /// What only informs has no envelope sender.
    pub notices_without_sender: bool,
    /// What stands above every message.
    pub header: Option<String>,
    /// What stands below every message.
    pub footer: Option<String>,
    /// The signature.
    pub signature: Option<String>,
    /// The key of tokens and Message-IDs.
    pub secret: Secret,
    /// The domain of our Message-IDs.
    pub domain: String,
    /// The value of our loop header: names this installation.
    pub loop_value: String,
}

impl Sending {
    /// Takes the settings of an inbox, and what is the same for all of them.
    pub fn new(config: &EmailConfig, secret: Secret, domain: String, loop_value: String) -> Self {
        let given = |setting: &Option<String>| setting.clone().filter(|text| !text.trim().is_empty());
        Self {
            address: config.address.clone(),
            name: given(&config.name),
            subject: given(&config.subject),
            language: given(&config.language),
            plus_address: config.plus_address,
            subject_token: config.subject_token,
            notices_without_sender: config.notices_without_sender,
            header: given(&config.header),
            footer: given(&config.footer),
            signature: given(&config.signature),
            secret,
            domain,
            loop_value,
        }
    }

    /// The desk's name, or else its address.
    pub(super) fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.address)
    }
}
