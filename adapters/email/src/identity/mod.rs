//! How well the sender of a mail is proven.
//!
//! `From` proves nothing: anybody can write anything there. A sender is believed when the domain in `From` answers for the
//! mail, by a signature or by the server it came from. History is shown to nobody on a claim alone.
//!
//! | to learn | open |
//! | --- | --- |
//! | how proof comes about | [`proof`] |
//! | what a trusted server found | [`authres`] |
//! | what we find out by the DNS | [`dns`] |
//! | which domains stand for each other | [`align`] |
//! | domains that look like others | [`lookalike`] |

use mail_parser::Message;
use serde::Serialize;

pub mod align;
pub mod authres;
pub mod dns;
pub mod lookalike;
mod verdict;

pub use verdict::{Method, Outcome, Verdict};

use crate::headers::{Headers, addresses};
use authres::tag;

/// Where proof comes from, as configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Check {
    /// From the `Authentication-Results` of our own mail server.
    TrustedHeader {
        /// The names it writes them under (RFC 8601 2.5). An empty name stands for a server that names itself not.
        authserv_ids: Vec<String>,
    },
    /// We check signatures and senders ourselves, with the DNS.
    Dns,
    /// Nothing is checked: every sender is a claim.
    #[default]
    Off,
}

impl Check {
    /// What can be found without asking anybody: the results of the trusted header. `raw` are the mail's bytes as they came.
    pub fn verdicts_at_once(&self, raw: &[u8]) -> Vec<Verdict> {
        match self {
            Self::TrustedHeader { authserv_ids } => trusted(raw, authserv_ids),
            Self::Dns | Self::Off => Vec::new(),
        }
    }

    /// What the configured check finds. `raw` are the mail's bytes as they came; `dns` is asked for [`Check::Dns`] only.
    pub async fn verdicts(
        &self,
        raw: &[u8],
        dns: Option<&dns::Dns>,
        envelope: Option<dns::Envelope<'_>>,
    ) -> Vec<Verdict> {
        match (self, dns) {
            (Self::TrustedHeader { authserv_ids }, _) => trusted(raw, authserv_ids),
            (Self::Dns, Some(dns)) => dns.check(raw, envelope).await,
            (Self::Dns, None) | (Self::Off, _) => Vec::new(),
        }
    }
}

/// How well a sender is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody wrote this address.
    Claimed,
    /// The domain of the address answers for the mail.
    Aligned,
}

/// The sender of a mail, with proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// How well.
    pub level: Level,
    /// The address in `From`, lower case; none where there is no clear one.
    pub address: Option<String>,
    /// Its domain, lower case.
    pub domain: Option<String>,
    /// What proves it, for people; or why nothing does.
    pub how: Vec<String>,
    /// What a person should know before believing it.
    pub warnings: Vec<String>,
    /// Where answers are asked to go, if elsewhere. The identity stays that of `From` (RFC 5322 3.6.2).
    pub reply_to: Option<String>,
}

/// What proof is made of, beside the mail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ground<'a> {
    /// What the checks found: [`dns::Dns::check`], or [`trusted`].
    pub verdicts: &'a [Verdict],
    /// Domains of servers whose seals are believed (RFC 8617).
    pub sealers: &'a [String],
    /// Domains that matter here: ours and those of the contacts. A look-alike of one is pointed out.
    pub known: &'a [String],
}

/// Signatures and fields of one mail that are looked at.
const SIGNATURES_MAX: usize = 50;

/// What the configured servers say about a mail. `raw` are its bytes.
pub fn trusted(raw: &[u8], authserv_ids: &[String]) -> Vec<Verdict> {
    let headers = Headers::parse(raw);
    let fields: Vec<(&str, &str)> = headers.iter().collect();
    authres::trusted(&fields, authserv_ids)
}

/// Puts proof together. `raw` are the bytes `message` was read from.
pub fn proof(message: &Message<'_>, raw: &[u8], ground: Ground<'_>) -> Proven {
    let headers = Headers::parse(raw);
    let (address, mut warnings) = author(message, &headers);
    let domain =
        address.as_deref().and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain.to_lowercase());
    let mut how = Vec::new();
    let mut level = Level::Claimed;
    if let Some(domain) = &domain {
        warnings.extend(lookalike::domain_warnings(domain, ground.known));
        let name = message.from().and_then(|from| from.first()).and_then(|from| from.name()).unwrap_or_default();
        warnings.extend(lookalike::name_warning(name, address.as_deref().unwrap_or_default()));
        let clear = headers.all("from").count() == 1;
        if clear {
            level = weigh(&headers, domain, ground, &mut how, &mut warnings);
        } else {
            how.push("the mail names several authors: nothing can prove one of them".to_owned());
        }
    } else {
        how.push("the mail names no clear author".to_owned());
    }
    let reply_to = reply_to(&headers, address.as_deref());
    if let Some(reply_to) = &reply_to {
        warnings.push(format!("answers are asked to go to {reply_to}, not to the sender"));
    }
    Proven { level, address, domain, how, warnings, reply_to }
}

/// The one address in `From`.
fn author(message: &Message<'_>, headers: &Headers) -> (Option<String>, Vec<String>) {
    let listed: Vec<String> = message
        .from()
        .map(|from| from.iter().filter_map(|who| who.address()).map(|a| a.trim().to_lowercase()).collect())
        .unwrap_or_default();
    let fields = headers.all("from").count();
    let mut warnings = Vec::new();
    if fields > 1 {
        warnings.push(format!("the mail has {fields} From fields"));
    }
    if listed.len() > 1 {
        warnings.push(format!("From names {} addresses", listed.len()));
        return (None, warnings);
    }
    let address = listed.into_iter().next().filter(|address| {
        address.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
    });
    (address, warnings)
}

fn reply_to(headers: &Headers, from: Option<&str>) -> Option<String> {
    headers.all("reply-to").flat_map(addresses).find(|address| Some(address.as_str()) != from)
}

fn weigh(
    headers: &Headers,
    domain: &str,
    ground: Ground<'_>,
    how: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Level {
    let refused = ground
        .verdicts
        .iter()
        .find(|v| v.method == Method::Dmarc && v.outcome == Outcome::Fail && same(&v.domain, domain));
    let level = counted(headers, domain, ground.verdicts, how, warnings);
    if level == Level::Aligned {
        if let Some(verdict) = refused {
            how.push(format!("the policy of {domain} was not met (DMARC), says {}", verdict.by));
            return Level::Claimed;
        }
        return level;
    }
    let whole = ground.verdicts.iter().any(|verdict| verdict.method == Method::Arc && verdict.outcome == Outcome::Pass);
    let sealed = authres::sealed(headers, ground.sealers, whole);
    if counted(headers, domain, &sealed, how, warnings) == Level::Aligned {
        return Level::Aligned;
    }
    if let Some(verdict) = refused {
        how.push(format!("the policy of {domain} was not met (DMARC), says {}", verdict.by));
    }
    if how.is_empty() {
        how.push(format!("nothing proves {domain}"));
    }
    Level::Claimed
}

/// Whether one of the verdicts proves the domain in `From`.
fn counted(
    headers: &Headers,
    domain: &str,
    verdicts: &[Verdict],
    how: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Level {
    let mut level = Level::Claimed;
    for verdict in verdicts.iter().take(SIGNATURES_MAX).filter(|verdict| verdict.outcome == Outcome::Pass) {
        let (by, proven) = (&verdict.by, &verdict.domain);
        match verdict.method {
            Method::Arc => {}
            Method::Dmarc if same(proven, domain) => {
                if dmarc_rests_on_cut_signature(headers, domain, verdicts) {
                    continue;
                }
                level = Level::Aligned;
                how.push(format!("DMARC passed for {proven}, says {by}"));
            }
            Method::Dkim if is_cut(headers, verdict) => {
                warnings.push(format!("the signature of {proven} covers only a part of the mail (l=)"));
            }
            Method::Dkim if align::aligned(proven, domain) => {
                level = Level::Aligned;
                how.push(format!("{proven} signed the mail (DKIM), says {by}"));
            }
            Method::Spf if align::aligned(proven, domain) => {
                level = Level::Aligned;
                how.push(format!("the server may send for {proven} (SPF), says {by}"));
            }
            Method::Dmarc | Method::Dkim | Method::Spf => {
                let what = if verdict.method == Method::Dkim { "a signature" } else { "a check" };
                how.push(format!("{what} of {proven} passed, which is not {domain}"));
            }
        }
    }
    level
}

/// DMARC passed, and all that can have made it pass is a signature over a part of the mail.
fn dmarc_rests_on_cut_signature(headers: &Headers, domain: &str, verdicts: &[Verdict]) -> bool {
    let passing = |verdict: &&Verdict| verdict.outcome == Outcome::Pass && align::aligned(&verdict.domain, domain);
    let mut grounds =
        verdicts.iter().filter(passing).filter(|v| matches!(v.method, Method::Spf | Method::Dkim)).peekable();
    let told = grounds.peek().is_some();
    told && grounds.all(|verdict| verdict.method == Method::Dkim && is_cut(headers, verdict))
}

/// Whether the signature a verdict speaks of has `l=`: anybody may append to such a mail (RFC 6376 8.2). Where several of
/// that domain are there and the verdict does not tell which, one is enough to doubt.
fn is_cut(headers: &Headers, verdict: &Verdict) -> bool {
    headers.all("dkim-signature").take(SIGNATURES_MAX).any(|signature| {
        let of_domain = tag(signature, "d").is_some_and(|d| same(&d, &verdict.domain))
            || tag(signature, "i")
                .is_some_and(|i| i.rsplit_once('@').is_some_and(|(_, host)| same(host, &verdict.domain)));
        let of_key =
            verdict.selector.as_ref().is_none_or(|key| tag(signature, "s").is_none_or(|s| s.eq_ignore_ascii_case(key)));
        of_domain && of_key && tag(signature, "l").is_some()
    })
}

fn same(one: &str, other: &str) -> bool {
    match (align::ascii(one), align::ascii(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}
