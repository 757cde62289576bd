//! What a status code and the words of a server mean, for people (RFC 3463, and the texts servers really send).

/// Why a mail was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    MailboxFull,
    NoSuchUser,
    NoSuchDomain,
    Disabled,
    Moved,
    TooLarge,
    TooFast,
    Blocked,
    Spam,
    Virus,
    Authentication,
    Relay,
    Policy,
    Unreachable,
    Loop,
    System,
    Content,
    Sender,
    Expired,
    Tls,
    Unknown,
}

/// Words by which servers say a cause, lower case. The first cause with a match is taken: the special ones stand first.
const WORDS: &[(Cause, &[&str])] = &[
    (
        Cause::MailboxFull,
        &[
            "mailbox full",
            "mailbox is full",
            "mailbox size limit",
            "over quota",
            "overquota",
            "quota exceeded",
            "exceeded quota",
            "exceeds quota",
            "exceeded the local limit",
            "mailbox exceeded",
            "exceeded storage",
            "exceeded its storage",
            "exceeded the storage",
            "quotaexceeded",
            "out of storage space",
            "not enough storage",
            "insufficient disk space",
            "maildir over",
            "disk quota",
            "user is over",
            "account is full",
            "inbox is full",
            "storage allocation",
            "postfach ist voll",
            "boîte pleine",
            "buzón lleno",
            "メールボックスが一杯",
            "容量を超え",
            "переполнен",
        ],
    ),
    (
        Cause::TooLarge,
        &[
            "message size exceeds",
            "message too large",
            "message too big",
            "message is too big",
            "exceeds size limit",
            "exceeded message size",
            "size limit exceeded",
            "maximum size",
            "max message size",
            "exceeds the maximum",
            "message file too big",
            "larger than the current system limit",
            "exceeds fixed maximum message size",
        ],
    ),
    (
        Cause::Disabled,
        &[
            "account disabled",
            "account is disabled",
            "account has been disabled",
            "mailbox disabled",
            "mailbox is disabled",
            "suspended",
            "inactive",
            "frozen",
            "no longer on server",
            "account that you tried to reach is disabled",
            "deactivated",
            "account expired",
            "user disabled",
            "no longer in use",
            "account closed",
            "account is locked",
            "disabled or discontinued",
        ],
    ),
    (
        Cause::NoSuchUser,
        &[
            "user unknown",
            "unknown user",
            "userunknown",
            "may not exist",
            "not a registered",
            "no longer available",
            "mailbox name not allowed",
            "no user",
            "unknown email",
            "invalid address",
            "destinataire invalide",
            "адрес введен неверно",
            "почтовый ящик",
            "no such user",
            "no such mailbox",
            "no such recipient",
            "no such address",
            "no such account",
            "no such person",
            "user not found",
            "recipient not found",
            "recipnotfound",
            "recipient unknown",
            "unknown recipient",
            "unknown address",
            "address unknown",
            "unknown local",
            "unknown mailbox",
            "mailbox unavailable",
            "mailbox not found",
            "mailbox does not exist",
            "does not exist",
            "doesn't exist",
            "doesn't have a",
            "not a known user",
            "not a valid mailbox",
            "no mailbox here",
            "invalid recipient",
            "invalid user",
            "invalid mailbox",
            "invalid address",
            "recipient rejected",
            "recipient address rejected",
            "address rejected",
            "not listed in",
            "not recognized",
            "not our customer",
            "couldn't be found",
            "could not be found",
            "wasn't found",
            "user doesn't",
            "undeliverable address",
            "bad destination mailbox",
            "unrouteable address",
            "account not found",
            "адрес не существует",
            "не существует",
            "存在しません",
            "見つかりません",
            "見当たらず",
            "unbekannter empfänger",
            "empfänger unbekannt",
        ],
    ),
    (
        Cause::NoSuchDomain,
        &[
            "host unknown",
            "unknown host",
            "host not found",
            "domain not found",
            "name or service not known",
            "no such domain",
            "domain does not",
            "nullmx",
            "null mx",
            "does not accept mail",
            "doesn't accept mail",
            "no mx",
            "nxdomain",
            "dns error",
            "dns lookup fail",
            "host name lookup failure",
            "unable to resolve",
            "unrouteable mail domain",
            "couldn't find any host",
            "bad destination host",
        ],
    ),
    (Cause::Loop, &["too many hops", "hop count exceeded", "routing loop", "mail loop", "loops back", "loop detected"]),
    (
        Cause::Authentication,
        &[
            "dmarc",
            "spf check",
            "spf fail",
            "spf record",
            "sender policy framework",
            "dkim",
            "unauthenticated",
            "not authenticated",
        ],
    ),
    (Cause::Virus, &["virus", "malware", "infected", "executable attachment"]),
    (
        Cause::Spam,
        &[
            "spam message",
            "spam content",
            "as spam",
            "is spam",
            "be spam",
            "spam detected",
            "unsolicited",
            "ube,",
            "bulk email",
            "content rejected",
            "spam score",
            "due to spam",
            "high probability of spam",
        ],
    ),
    (
        Cause::TooFast,
        &[
            "too many",
            "rate limit",
            "rate that",
            "throttl",
            "unusual rate",
            "too fast",
            "try again later",
            "greylist",
            "graylist",
        ],
    ),
    (
        Cause::Blocked,
        &[
            "blacklist",
            "blocklist",
            "block list",
            "black list",
            "blocked",
            "spamhaus",
            "rbl",
            "dnsbl",
            "reputation",
            "banned",
            "poor reverse",
            "ptr record",
            "reverse dns",
            "client host rejected",
            "bad helo",
        ],
    ),
    (
        Cause::Relay,
        &["relaying denied", "relay denied", "relay access denied", "not permitted to relay", "relay not permitted"],
    ),
    (Cause::Tls, &["starttls", "tls required", "requires tls", "encryption required"]),
    (
        Cause::Expired,
        &[
            "delivery time expired",
            "retry timeout exceeded",
            "message expired",
            "in queue too long",
            "too long in queue",
            "retry time not reached",
            "could not be delivered for",
            "been in the queue too long",
        ],
    ),
    (
        Cause::Unreachable,
        &[
            "timed out",
            "timeout",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "unable to connect",
            "couldn't connect",
            "could not connect",
            "lost connection",
            "conversation with",
            "connection reset",
            "not responding",
        ],
    ),
    (
        Cause::Policy,
        &[
            "policy",
            "access denied",
            "not allowed",
            "not permitted",
            "not authorized",
            "permission",
            "rejected by",
            "administratively",
            "not a member",
            "not accepted",
            "refused",
        ],
    ),
    (
        Cause::System,
        &[
            "service unavailable",
            "service currently unavailable",
            "insufficient system",
            "system error",
            "local error",
            "configuration error",
            "resources",
        ],
    ),
];

/// The cause, from the code (RFC 3463) and the server's words. Words win where the code says nothing: many servers send
/// 5.0.0 or 5.7.1 for everything.
pub(crate) fn cause(status: Option<&str>, words: &str) -> Cause {
    let by_code = status.map_or(Cause::Unknown, cause_of_code);
    let by_words = cause_of_words(words);
    let code_is_vague = matches!(by_code, Cause::Unknown | Cause::Policy | Cause::System | Cause::Unreachable);
    if code_is_vague && by_words != Cause::Unknown { by_words } else { by_code }
}

fn cause_of_words(words: &str) -> Cause {
    let words: String = words.chars().take(WORDS_READ).collect::<String>().to_lowercase();
    WORDS
        .iter()
        .find(|(_, known)| known.iter().any(|word| words.contains(word)))
        .map_or(Cause::Unknown, |(cause, _)| *cause)
}

/// Characters of a diagnosis that are looked at.
const WORDS_READ: usize = 4_096;

/// RFC 3463 3, by subject and detail.
fn cause_of_code(status: &str) -> Cause {
    let Some((_, code)) = status.split_once('.') else { return Cause::Unknown };
    match code {
        "1.1" | "1.3" | "1.0" => Cause::NoSuchUser,
        "1.2" | "1.10" | "4.4" => Cause::NoSuchDomain,
        "1.6" => Cause::Moved,
        "1.7" | "1.8" => Cause::Sender,
        "2.1" => Cause::Disabled,
        "2.2" => Cause::MailboxFull,
        "2.3" | "3.4" => Cause::TooLarge,
        "4.1" | "4.2" | "4.3" | "4.5" => Cause::Unreachable,
        "4.6" => Cause::Loop,
        "4.7" => Cause::Expired,
        "7.20" | "7.21" | "7.22" | "7.23" | "7.24" | "7.25" | "7.26" | "7.27" | "7.29" => Cause::Authentication,
        "7.28" => Cause::TooFast,
        "7.10" => Cause::Tls,
        _ if code.starts_with("7.") => Cause::Policy,
        _ if code.starts_with("6.") => Cause::Content,
        _ if code.starts_with("3.") => Cause::System,
        _ => Cause::Unknown,
    }
}

/// Whether the address will fail again: a full mailbox and a server out of reach may work tomorrow, whatever the code.
pub(crate) fn is_permanent(cause: Cause, status: Option<&str>) -> bool {
    match cause {
        Cause::NoSuchUser | Cause::NoSuchDomain | Cause::Disabled | Cause::Moved => {
            !status.is_some_and(|status| status.starts_with('4'))
        }
        Cause::MailboxFull | Cause::TooFast | Cause::Unreachable | Cause::Expired | Cause::System => false,
        Cause::TooLarge
        | Cause::Blocked
        | Cause::Spam
        | Cause::Virus
        | Cause::Authentication
        | Cause::Relay
        | Cause::Policy
        | Cause::Loop
        | Cause::Content
        | Cause::Sender
        | Cause::Tls
        | Cause::Unknown => !status.is_some_and(|status| status.starts_with('4')),
    }
}

/// The cause in a sentence for agents.
pub(crate) fn sentence(cause: Cause) -> &'static str {
    match cause {
        Cause::MailboxFull => "The recipient's mailbox is full.",
        Cause::NoSuchUser => "There is no such mailbox at the recipient's domain.",
        Cause::NoSuchDomain => "The recipient's domain does not exist or takes no mail (DNS).",
        Cause::Disabled => "The recipient's mailbox is disabled.",
        Cause::Moved => "The recipient has moved and left no new address.",
        Cause::TooLarge => "The mail is larger than the recipient's server takes.",
        Cause::TooFast => "The recipient's server takes no more mail from us at present; it limits the rate.",
        Cause::Blocked => {
            "The recipient's server blocks our mail server: it is on a block list or has a bad reputation."
        }
        Cause::Spam => "The recipient's server took the mail for spam.",
        Cause::Virus => "The recipient's server took an attachment for harmful.",
        Cause::Authentication => {
            "The mail did not pass the sender checks (SPF, DKIM, DMARC) of the recipient's server."
        }
        Cause::Relay => "The server does not take mail for this address (relaying denied).",
        Cause::Policy => "A rule of the recipient's server forbids this mail.",
        Cause::Unreachable => "The recipient's server could not be reached.",
        Cause::Loop => "The mail ran in a circle between servers.",
        Cause::System => "The recipient's mail system has a fault.",
        Cause::Content => "The recipient's server can't carry the mail's content or encoding.",
        Cause::Sender => "The recipient's server did not accept our sender address.",
        Cause::Expired => "The server gave up after trying for a long time.",
        Cause::Tls => "The recipient's server asks for an encrypted connection.",
        Cause::Unknown => "The server gave no reason that is known here.",
    }
}

/// The first enhanced status code in a text: `4.x.x` or `5.x.x` (`2.x.x` where `any_class`), not part of an address or a
/// longer number.
pub(crate) fn find_status(text: &str, any_class: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let edge =
        |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.' && *byte != b'-');
    for (at, _) in text.match_indices('.') {
        let Some(start) = at.checked_sub(1) else { continue };
        let Some(class) = bytes.get(start) else { continue };
        let known = matches!(class, b'4' | b'5') || any_class && *class == b'2';
        let before = start.checked_sub(1).and_then(|i| bytes.get(i));
        if !known || !edge(before) {
            continue;
        }
        let subject = digits(bytes, at + 1);
        let dot = at + 1 + subject;
        let detail = digits(bytes, dot + 1);
        if !(1..=3).contains(&subject) || bytes.get(dot) != Some(&b'.') || !(1..=3).contains(&detail) {
            continue;
        }
        let end = dot + 1 + detail;
        // A dot that ends a sentence may follow; a dot and a digit make an IP address.
        let after = bytes.get(end);
        let ends = edge(after) || after == Some(&b'.') && !bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if ends {
            return text.get(start..end).map(str::to_owned);
        }
    }
    None
}

fn digits(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).unwrap_or_default().iter().take(4).take_while(|byte| byte.is_ascii_digit()).count()
}

/// The first SMTP reply code of class 4 or 5 (RFC 5321 4.2.1) that stands alone in a text.
pub(crate) fn find_reply(text: &str) -> Option<u16> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse::<u16>().ok())
        .find(|code| matches!(code, 421 | 422 | 431 | 432 | 441 | 442 | 446..=447 | 449..=455 | 471 | 500..=504 | 510..=512 | 521 | 523 | 530 | 534 | 535 | 538 | 540 | 541 | 543 | 550..=557 | 571 | 577))
}
