//! The usual settings of big providers, for people who set up a mailbox. Help only: nothing depends on them.

/// One provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub name: &'static str,
    /// The domains of its addresses, and what the names of its servers end with.
    domains: &'static [&'static str],
    /// Where mail is read: host and port, TLS from the first byte.
    pub imap: &'static str,
    /// Where mail is handed in.
    pub smtp: &'static str,
    /// How programs sign in.
    pub sign_in: &'static str,
}

const APP_PASSWORD: &str = "programs sign in with a password made for them, not with the one of the account";

const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Gmail",
        domains: &["gmail.com", "googlemail.com"],
        imap: "imap.gmail.com:993",
        smtp: "smtp.gmail.com:465 (tls) or :587 (starttls)",
        sign_in: "programs sign in with an app password (which wants two-step verification), or OAuth 2.0",
    },
    Provider {
        name: "Microsoft 365",
        domains: &["office365.com", "outlook.com", "hotmail.com", "live.com", "onmicrosoft.com"],
        imap: "outlook.office365.com:993",
        smtp: "smtp.office365.com:587 (starttls)",
        sign_in: "passwords are not taken any more: set the `oauth_…` keys, with the right IMAP.AccessAsUser.All",
    },
    Provider {
        name: "Yahoo",
        domains: &["yahoo.com"],
        imap: "imap.mail.yahoo.com:993",
        smtp: "smtp.mail.yahoo.com:465 (tls)",
        sign_in: APP_PASSWORD,
    },
    Provider {
        name: "iCloud",
        domains: &["icloud.com", "me.com", "mac.com"],
        imap: "imap.mail.me.com:993",
        smtp: "smtp.mail.me.com:587 (starttls)",
        sign_in: APP_PASSWORD,
    },
    Provider {
        name: "Fastmail",
        domains: &["fastmail.com", "fastmail.fm"],
        imap: "imap.fastmail.com:993",
        smtp: "smtp.fastmail.com:465 (tls)",
        sign_in: APP_PASSWORD,
    },
];

/// The provider of a mailbox, by the name of its server, else by its address.
pub fn of(host: &str, address: &str) -> Option<&'static Provider> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    [host, domain].into_iter().find_map(|name| {
        let name = name.to_ascii_lowercase();
        let within = |known: &str| name.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        PROVIDERS.iter().find(|provider| provider.domains.iter().any(|known| within(known)))
    })
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_provider_is_known_by_server_or_address() {
        let name = |host, address| of(host, address).map(|provider| provider.name);
        assert_eq!(name("mail.example.org", "help@gmail.com"), Some("Gmail"));
        assert_eq!(name("IMAP.Mail.Yahoo.com", "help@shop.example"), Some("Yahoo"));
        assert_eq!(name("notgmail.com", "help@gmail.com.evil.example"), None);
    }
}
