//! Our own checks, with the DNS: DKIM, SPF, DMARC and ARC, by mail-auth.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::resolver::ToFqdn;
use mail_auth::common::verify::DomainKey;
use mail_auth::dmarc::Dmarc;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::spf::Spf;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, DnsError, Error, MX, MessageAuthenticator, Parameters,
    RecordSet, ResolverCache, SpfOutput, SpfResult, Txt,
};

use super::verdict::{Method, Outcome, Verdict};

/// Signatures and seals a mail may have. Each costs a hash over the body; a mail with more is not checked at all.
pub const SIGNATURES_MAX: usize = 20;
/// How long the checks of one mail may take; what is not known by then is not proven.
pub const CHECK_TIME_MAX: Duration = Duration::from_secs(15);
/// Records kept of each kind.
const RECORDS_MAX: usize = 10_000;

const BY: &str = "our own check";

/// Checks mails with the DNS, and keeps what it answered for as long as it said.
pub struct Dns {
    authenticator: MessageAuthenticator,
    txt: Cache<Box<str>, Txt>,
    mx: Cache<Box<str>, RecordSet<MX>>,
    ipv4: Cache<Box<str>, RecordSet<Ipv4Addr>>,
    ipv6: Cache<Box<str>, RecordSet<Ipv6Addr>>,
    ptr: Cache<IpAddr, RecordSet<Box<str>>>,
}

/// No DNS resolver could be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no DNS resolver could be set up: {0}")]
pub struct NoResolver(String);

/// How a mail came to our server. SPF needs it, and only the server itself knows.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The address of the machine that brought it.
    pub client: IpAddr,
    /// What it called itself.
    pub helo: &'a str,
    /// The envelope sender.
    pub sender: &'a str,
    /// The name of our server.
    pub host: &'a str,
}

impl Dns {
    /// Asks the resolvers of the system.
    ///
    /// # Errors
    /// [`NoResolver`] when the system names none.
    pub fn system() -> Result<Self, NoResolver> {
        let made = MessageAuthenticator::new_system_conf();
        made.map(|authenticator| Self::new(authenticator, true)).map_err(|error| NoResolver(error.to_string()))
    }

    /// Knows these TXT records (name, text) and asks nobody.
    ///
    /// # Errors
    /// [`NoResolver`] when the resolver, which is never asked, could not be made.
    pub fn of_records(records: &[(&str, &str)]) -> Result<Self, NoResolver> {
        let made = MessageAuthenticator::new_quad9().map_err(|error| NoResolver(error.to_string()))?;
        let dns = Self::new(made, false);
        for (name, text) in records {
            dns.txt.put(name.to_fqdn(), read(name, text.as_bytes()), Instant::now() + CHECK_TIME_MAX * 1_000);
        }
        Ok(dns)
    }

    fn new(authenticator: MessageAuthenticator, asks: bool) -> Self {
        let txt = Cache { missing: (!asks).then_some(not_found as fn() -> Txt), ..Cache::default() };
        Self {
            authenticator,
            txt,
            mx: Cache::default(),
            ipv4: Cache::default(),
            ipv6: Cache::default(),
            ptr: Cache::default(),
        }
    }

    /// Checks one mail. Takes the bytes as they came: a changed byte breaks a signature.
    pub async fn check(&self, raw: &[u8], envelope: Option<Envelope<'_>>) -> Vec<Verdict> {
        tokio::time::timeout(CHECK_TIME_MAX, self.check_all(raw, envelope)).await.unwrap_or_default()
    }

    async fn check_all(&self, raw: &[u8], envelope: Option<Envelope<'_>>) -> Vec<Verdict> {
        if signatures(raw) > SIGNATURES_MAX {
            return Vec::new();
        }
        let Some(message) = AuthenticatedMessage::parse(raw) else { return Vec::new() };
        let mut verdicts = Vec::new();
        let dkim = self.authenticator.verify_dkim(self.with_caches(&message)).await;
        verdicts.extend(dkim.iter().filter_map(of_dkim));
        let spf = match envelope {
            Some(envelope) => {
                let Envelope { client, helo, sender, host } = envelope;
                let spf = SpfParameters::verify_mail_from(client, helo, host, sender);
                let found = self.authenticator.verify_spf(self.with_caches(spf)).await;
                verdicts.push(verdict(
                    Method::Spf,
                    found.result() == SpfResult::Pass,
                    found.result() == SpfResult::Fail,
                    domain_of(sender),
                ));
                found
            }
            None => SpfOutput::new(String::new()),
        };
        let sender = envelope.map_or("", |envelope| domain_of(envelope.sender));
        let asked = DmarcParameters::new(&message, &dkim, sender, &spf);
        let dmarc = self.authenticator.verify_dmarc(self.with_caches(asked)).await;
        let passed = *dmarc.dkim_result() == DmarcResult::Pass || *dmarc.spf_result() == DmarcResult::Pass;
        // Without the envelope SPF is unknown, and then a signature that the policy wants aligned strictly has to be.
        let failed = !passed && !matches!(dmarc.dkim_result(), DmarcResult::TempError(_));
        if dmarc.dmarc_record().is_some() {
            verdicts.push(verdict(Method::Dmarc, passed, failed, dmarc.domain()));
        }
        if !message.as_headers.is_empty() {
            let arc = self.authenticator.verify_arc(self.with_caches(&message)).await;
            verdicts.push(verdict(Method::Arc, *arc.result() == DkimResult::Pass, false, ""));
        }
        verdicts
    }

    #[expect(clippy::type_complexity, reason = "mail-auth names every cache in the type")]
    fn with_caches<P>(
        &self,
        params: P,
    ) -> Parameters<
        '_,
        P,
        Cache<Box<str>, Txt>,
        Cache<Box<str>, RecordSet<MX>>,
        Cache<Box<str>, RecordSet<Ipv4Addr>>,
        Cache<Box<str>, RecordSet<Ipv6Addr>>,
        Cache<IpAddr, RecordSet<Box<str>>>,
    > {
        Parameters {
            params,
            cache_txt: Some(&self.txt),
            cache_mx: Some(&self.mx),
            cache_ptr: Some(&self.ptr),
            cache_ipv4: Some(&self.ipv4),
            cache_ipv6: Some(&self.ipv6),
        }
    }
}

/// Counted in the bytes, so that no bound on fields hides one.
fn signatures(raw: &[u8]) -> usize {
    let counted: [&[u8]; 4] = [b"dkim-signature", b"arc-seal", b"arc-message-signature", b"dkim2-signature"];
    let lines = raw.split(|&byte| byte == b'\n').skip_while(|line| line.trim_ascii().is_empty());
    let header = lines.take_while(|line| !line.trim_ascii().is_empty());
    let is_one = |line: &[u8]| {
        counted.iter().any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    };
    header.filter(|line| is_one(line)).count()
}

fn of_dkim(output: &DkimOutput<'_>) -> Option<Verdict> {
    let signature = output.signature()?;
    let failed = matches!(output.result(), DkimResult::Fail(_) | DkimResult::Neutral(_));
    // A signature over a part of the body proves nothing of the rest (RFC 6376 8.2).
    let passed = *output.result() == DkimResult::Pass && signature.l == 0;
    let mut found = verdict(Method::Dkim, passed, failed, &signature.d);
    found.selector = Some(signature.s.clone());
    Some(found)
}

fn verdict(method: Method, passed: bool, failed: bool, domain: &str) -> Verdict {
    let outcome = match (passed, failed) {
        (true, _) => Outcome::Pass,
        (false, true) => Outcome::Fail,
        (false, false) => Outcome::Other,
    };
    Verdict { method, outcome, domain: domain.to_lowercase(), selector: None, by: BY.to_owned() }
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

fn read(name: &str, text: &[u8]) -> Txt {
    if name.contains("._domainkey.") {
        DomainKey::parse(text).map_or_else(Txt::Error, |key| Txt::DomainKey(key.into()))
    } else if name.starts_with("_dmarc.") {
        Dmarc::parse(text).map_or_else(Txt::Error, |record| Txt::Dmarc(record.into()))
    } else {
        Spf::parse(text).map_or_else(Txt::Error, |record| Txt::Spf(record.into()))
    }
}

fn not_found() -> Txt {
    let nothing = mail_auth::hickory_resolver::proto::op::ResponseCode::NXDomain;
    Txt::Error(Error::Dns(DnsError::RecordNotFound(nothing)))
}

/// Answers of the DNS, until they expire. When it is full it is emptied: that costs questions, and never memory.
struct Cache<K, V> {
    kept: Mutex<HashMap<K, (V, Instant)>>,
    /// What stands for a name that is not kept, where nobody is asked.
    missing: Option<fn() -> V>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { kept: Mutex::default(), missing: None }
    }
}

impl<K: Hash + Eq, V> Cache<K, V> {
    fn put(&self, name: K, value: V, until: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= RECORDS_MAX {
            kept.clear();
        }
        kept.insert(name, (value, until));
    }
}

impl<K: Hash + Eq, V: Clone> ResolverCache<K, V> for Cache<K, V> {
    fn get<Q>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = kept.get(name).filter(|(_, until)| *until > Instant::now());
        fresh.map(|(value, _)| value.clone()).or_else(|| self.missing.map(|missing| missing()))
    }

    fn remove<Q>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(name).map(|(value, _)| value)
    }

    fn insert(&self, name: K, value: V, until: Instant) {
        self.put(name, value, until);
    }
}
