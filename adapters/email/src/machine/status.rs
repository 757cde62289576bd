//! What a status code and the words of a server mean, for people (RFC 3463, and the texts servers really send).

use super::causes::WORDS;

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
