//! What a subject says about the thread: its base (RFC 5256 2.1), and the ticket numbers in it.

/// Characters of a subject that are looked at.
const SUBJECT_READ: usize = 1_000;
/// Prefixes taken off one subject.
const PREFIXES_MAX: u32 = 50;
/// Ticket numbers taken from one subject.
const TICKETS_MAX: usize = 8;
/// Digits of a ticket number.
const TICKET_DIGITS: std::ops::RangeInclusive<usize> = 2..=20;

/// Prefixes of answers, lower case, without the colon: what the clients of many countries write.
const REPLY: &[&str] = &[
    "re",
    "aw",
    "antw",
    "antwort",
    "sv",
    "vs",
    "rv",
    "rif",
    "r",
    "res",
    "resp",
    "odp",
    "ad",
    "vá",
    "ynt",
    "yan",
    "atb",
    "noj",
    "bls",
    "ref",
    "réf",
    "rép",
    "reply",
    "antwoord",
    "απ",
    "ηα",
    "σχετ",
    "на",
    "отв",
    "ответ",
    "вх",
    "回复",
    "回覆",
    "答复",
    "答覆",
    "返信",
    "返",
    "답장",
    "회신",
    "ตอบ",
    "رد",
    "השב",
    "תגובה",
];
/// Prefixes of forwarded mail.
const FORWARD: &[&str] = &[
    "fw",
    "fwd",
    "wg",
    "tr",
    "enc",
    "i",
    "doorst",
    "vl",
    "vb",
    "videresendt",
    "továbbítás",
    "továbbított",
    "pd",
    "ilt",
    "i̇lt",
    "trs",
    "rvs",
    "pr",
    "fs",
    "przekaz",
    "πρθ",
    "пересл",
    "转发",
    "轉寄",
    "転送",
    "전달",
    "ส่งต่อ",
    "إعادة توجيه",
    "הועבר",
];

/// A subject without what mail programs put around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The base subject: white space folded to single spaces, prefixes and list names taken off, case kept.
    pub text: String,
    /// Prefixes of answers and of forwarded mail that were taken off.
    pub prefixes: u32,
    /// One of them said that the mail was forwarded.
    pub forwarded: bool,
}

impl Base {
    /// The base in the form that is compared: lower case. Empty where nothing is left.
    pub fn key(&self) -> String {
        self.text.to_lowercase()
    }
}

/// Takes prefixes, list names in brackets and trailing `(fwd)` off a subject, again and again (RFC 5256 2.1), with the
/// prefixes of many languages.
pub fn base(subject: &str) -> Base {
    let text: String = subject.chars().take(SUBJECT_READ).collect();
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = folded.as_str();
    let mut found = Base { text: String::new(), prefixes: 0, forwarded: false };
    while found.prefixes < PREFIXES_MAX {
        if let Some(before) = strip_trailer(rest) {
            rest = before;
            found.prefixes += 1;
            found.forwarded = true;
        } else if let Some((after, forwarded)) = strip_prefix(rest) {
            rest = after;
            found.prefixes += 1;
            found.forwarded |= forwarded;
        } else if let Some(after) = strip_blob(rest) {
            rest = after;
        } else if let Some(inside) = rest.strip_prefix("[Fwd:").and_then(|rest| rest.strip_suffix(']')) {
            rest = inside.trim();
            found.prefixes += 1;
            found.forwarded = true;
        } else {
            break;
        }
    }
    rest.clone_into(&mut found.text);
    found
}

fn strip_trailer(text: &str) -> Option<&str> {
    let at = text.len().checked_sub("(fwd)".len())?;
    let (before, end) = (text.get(..at)?, text.get(at..)?);
    end.eq_ignore_ascii_case("(fwd)").then(|| before.trim_end())
}

/// `Re:`, `RE[2]:`, `Re^3:`, `Re(2):`, `Re : `, and `回复：` with the wide colon.
fn strip_prefix(text: &str) -> Option<(&str, bool)> {
    let end = text.char_indices().take(24).find(|(_, c)| matches!(c, ':' | '：'))?;
    let word = text.get(..end.0)?;
    let after = text.get(end.0 + end.1.len_utf8()..)?.trim_start();
    let word = word.trim_end();
    // A counter or a list's name may stand between the word and the colon.
    let word = match word.char_indices().find(|(_, c)| matches!(c, '[' | '(' | '^' | '*')) {
        Some((at, _)) => {
            let counter = word.get(at..)?;
            let closed = counter.ends_with([']', ')']) || counter.starts_with(['^', '*']);
            closed.then(|| word.get(..at))??
        }
        None => word,
    };
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().to_lowercase();
    if REPLY.contains(&word.as_str()) {
        // A single letter with nothing behind it is a subject of its own.
        return (!after.is_empty() || word.chars().count() > 1).then_some((after, false));
    }
    FORWARD.contains(&word.as_str()).then_some((after, true))
}

/// A list's name in front: `[name] subject`. Not when nothing would be left, and not a ticket number.
fn strip_blob(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?;
    let (name, after) = inside.split_once(']')?;
    let after = after.trim_start();
    (!after.is_empty() && !name.contains('[') && ticket_in(name).is_none()).then_some(after)
}

/// A ticket number of another system, with what it stood in, as written: `[#123]`, `[Ticket#2024010112]`, `(Case 0123)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its digits (and letters around them), upper case.
    pub number: String,
    /// The bracket it stood in.
    pub shown: String,
}

/// Ticket numbers of other systems in a subject. Only those in brackets, or with a word for "ticket" in front: a plain
/// number may be anything.
pub fn tickets(subject: &str) -> Vec<Ticket> {
    let text: String = subject.chars().take(SUBJECT_READ).collect();
    let mut found: Vec<Ticket> = Vec::new();
    for (open, close) in [('[', ']'), ('(', ')'), ('{', '}'), ('【', '】')] {
        for piece in text.split(open).skip(1) {
            let Some((inside, _)) = piece.split_once(close) else { continue };
            if let Some(number) = ticket_in(inside) {
                push(&mut found, Ticket { number, shown: format!("{open}{inside}{close}") });
            }
        }
    }
    let lower = text.to_lowercase();
    for word in TICKET_WORDS {
        for (at, _) in lower.match_indices(word) {
            let alone = !lower.get(..at).unwrap_or_default().ends_with(char::is_alphanumeric);
            let rest = lower.get(at + word.len()..).unwrap_or_default();
            if let Some((number, shown)) = number_after(rest).filter(|_| alone) {
                push(&mut found, Ticket { number, shown: format!("{word}{shown}") });
            }
        }
    }
    found
}

fn push(found: &mut Vec<Ticket>, ticket: Ticket) {
    if found.len() < TICKETS_MAX && !found.iter().any(|known| known.number == ticket.number) {
        found.push(ticket);
    }
}

const TICKET_WORDS: &[&str] = &[
    "ticket",
    "case",
    "request",
    "incident",
    "issue",
    "vorgang",
    "fall",
    "anfrage",
    "zgłoszenie",
    "demande",
    "caso",
    "chamado",
    "заявка",
    "обращение",
    "sr",
    "ref",
    "tracking id",
];

/// The number in a bracket that holds nothing else: `#123`, `Ticket#123`, `Case: 00123`, `INC0012345`, `ABC-123`.
fn ticket_in(inside: &str) -> Option<String> {
    let lower = inside.trim().to_lowercase();
    let mut rest = lower.as_str();
    let mut marked = false;
    for word in TICKET_WORDS {
        if let Some(after) = rest.strip_prefix(word) {
            (rest, marked) = (after, true);
            break;
        }
    }
    let after = rest
        .trim_start_matches([' ', ':', '.', '-', '№'])
        .trim_start_matches("id")
        .trim_start_matches("no")
        .trim_start_matches([' ', ':', '.']);
    let after = if marked { after } else { rest };
    let (number, hash) = match after.strip_prefix('#') {
        Some(number) => (number.trim_start(), true),
        None => (after, false),
    };
    let letters = number.chars().take_while(char::is_ascii_alphabetic).count();
    let tail = number.get(letters..)?.trim_start_matches(['-', '#']);
    let digits = tail.chars().filter(char::is_ascii_digit).count();
    let clean = tail.chars().all(|c| c.is_ascii_digit() || c == '-') && TICKET_DIGITS.contains(&digits);
    let coded = (2..=5).contains(&letters) && digits >= 3;
    ((marked || hash) && clean && letters <= 5 || coded && clean).then(|| number.to_uppercase())
}

fn number_after(rest: &str) -> Option<(String, String)> {
    let trimmed = rest.trim_start_matches([' ', ':', '#', '-', '.']);
    let gap = rest.len() - trimmed.len();
    let trimmed = trimmed.strip_prefix("id ").unwrap_or(trimmed);
    let trimmed = trimmed.strip_prefix("no. ").unwrap_or(trimmed).trim_start_matches('#');
    let number: String = trimmed.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
    let number = number.trim_end_matches('-');
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let long = digits >= 3 && TICKET_DIGITS.contains(&digits);
    (long && (1..=4).contains(&gap))
        .then(|| (number.to_owned(), rest.get(..gap).unwrap_or_default().to_owned() + number))
}
