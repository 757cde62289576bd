//! The line above a quote: "On Monday, Ann wrote:", in many languages and broken over several lines.
//!
//! One rule for all: it ends with a colon, it names a moment or an address, and it either begins and says "wrote" as one
//! language does, or it is nothing but a moment and a sender.

use super::line::Line;
use super::words::{Pattern, any_of};

/// Lines an introduction may be broken over.
const LINES_MAX: usize = 5;
/// Bytes of an introduction. Longer paragraphs are somebody's text.
const BYTES_MAX: usize = 400;
/// Bytes of "Ann wrote:" directly above quoted lines, where nothing else speaks for it.
const SHORT_BYTES_MAX: usize = 120;

/// Bytes of a line above an introduction that may be mistaken for its beginning. Introductions are broken where lines are full.
const APART_BYTES_MAX: usize = 25;

/// How a language introduces a quote: how the line begins, and the words for "wrote".
struct Tongue {
    begins: &'static str,
    wrote: &'static str,
}

const fn tongue(begins: &'static str, wrote: &'static str) -> Tongue {
    Tongue { begins, wrote }
}

const TONGUES: &[Tongue] = &[
    // Catalan, Galician and Basque
    tongue("El|En|A|Missatge de|O|O dia", "va escriure|ha escrit|escribiu|igorleak idatzi du|idatzi du"),
    // Chinese
    tongue("在|于|於", "写道|寫道|写|寫|编写|撰寫"),
    // Croatian, Serbian, Bosnian and Slovenian
    tongue(
        "Dana|Na|U|Dne|V|Дана|У|Datum|pon|uto|sri|čet|pet|sub|ned",
        "\
            napisao|napisala|je napisao|je napisala|je napisal|je napisala/a|napisao/la|je napisao/la|piše|написао|\
            је написао|написала",
    ),
    // Czech and Slovak
    tongue(
        "Dne|Dňa|V|Dna|po|út|st|čt|pá|so|ne|ut|št|pi",
        "napsal|napsala|napsal(a)|odesláno|napísal|napísala|napísal(a)|píše|odoslal",
    ),
    // Dutch
    tongue("Op|Van", "schreef|heeft geschreven|geschreven|het volgende geschreven|verzond"),
    // English
    tongue("On|At|In a message dated|In message|In article", "wrote|writes|sent|said|you wrote"),
    // Baltic languages and Estonian
    tongue("Kuupäeval|Kell|Ühel päeval|Datums|Data", "kirjutas|rašė|parašė|rakstīja"),
    // Finnish
    tongue("ma|ti|ke|to|pe|la|su|Lähettäjä|Päivämäärä", "kirjoitti|lähetti"),
    // French
    tongue("Le|En date de|Date", "a écrit|à écrit|a ecrit|écrit|écrivait|a envoyé"),
    // German
    tongue("Am|Den|Vom|Um", "schrieb|schrieben|hat geschrieben|geschrieben|hat folgendes geschrieben"),
    // Greek
    tongue("Στις|Την|Τη|Το", "έγραψε|έγραψες"),
    // Hebrew, Arabic and Persian
    tongue("ב|בתאריך|ב־|ביום|في|بتاريخ|در|في تاريخ|יום", "כתב|כתבה|כתב/ה|מאת|كتب|كتبت|تمت كتابة ما يلي بواسطة|نوشت"),
    // Hindi, Bengali and Thai
    tongue("को|तारीख|เมื่อ|ใน|वार|তারিখে", "लिखा|ने लिखा|เขียนว่า|เขียน|লিখেছেন"),
    // Hungarian
    tongue("Ekkor|Dátum|A", "írta|ezt írta|a következőt írta|írt"),
    // Icelandic and Faroese
    tongue("Þann|Hinn|Á", "skrifaði|reit"),
    // Indonesian, Malay and Vietnamese
    tongue("Pada|Vào|Vào lúc|Lúc|Ngày", "menulis|tulis|đã viết|viết"),
    // Italian
    tongue("Il|In data|Il giorno|Data|Alle", "ha scritto|scritto|scrisse|scrive|ha inviato"),
    // Japanese and Korean
    tongue("20", "のメッセージ|が書きました|書きました|さんは書きました|が送信|作成|작성|님이 작성|님이 작성한 글|씀"),
    // Norwegian, Danish and Swedish
    tongue(
        "Den|På|Fra|Från|man|mån|tir|tis|ons|tor|tors|fre|lør|lör|søn|sön|man.|tir.|ons.|tor.|fre.|lør.|søn.|Kl",
        "skrev|skreiv|har skrevet|skriver|följande",
    ),
    // Polish
    tongue("W dniu|Dnia|pon|wt|śr|czw|pt|sob|niedz", "napisał|napisała|napisał(a)|pisze|użytkownik|napisał/a"),
    // Portuguese
    tongue("Em|No dia|A|Às|Na|Citando", "escreveu|escreveu o seguinte|escreveu isto|enviou"),
    // Romanian
    tongue("Pe|În|În data de|La|În ziua de|Pe data de", "a scris|scrie|au scris"),
    // Russian, Ukrainian, Belarusian and Bulgarian
    tongue(
        "В|На|Вы|пн|вт|ср|чт|пт|сб|вс|нд|У|Понедельник|Вторник|Среда|Четверг|Пятница|Суббота|Воскресенье|от",
        "\
            написал|написала|написал(а)|написал (а)|пишет|писал|писала|пишете|писали|написав|пише|написаў|написа|\
            пользователь",
    ),
    // Spanish
    tongue("El|En|Con fecha|Escribió", "escribió|escribio|ha escrito|escribía|escribieron|ha enviado"),
    // Turkish and Azerbaijani
    tongue("Tarih", "yazdı|şunu yazdı|şunları yazdı|tarihinde"),
];

static BEGINS_AND_WROTE: Pattern = Pattern::new(|| {
    let tongues: Vec<String> = TONGUES
        .iter()
        .map(|tongue| {
            let (begins, wrote) = (any_of(tongue.begins), any_of(tongue.wrote));
            // Scripts without spaces between words have no border there.
            format!(r"(?:{begins})(?:[^\p{{L}}\p{{M}}]|\p{{Han}}).*(?:{wrote})(?:[^\p{{L}}\p{{M}}]|$)")
        })
        .collect();
    regex::RegexBuilder::new(&format!("^(?i:{})", tongues.join("|"))).size_limit(50 << 20).build().ok()
});

/// "wrote" in any language, as a word of its own.
static WROTE: Pattern = Pattern::new(|| {
    let words = any_of(&TONGUES.iter().map(|tongue| tongue.wrote).collect::<Vec<_>>().join("|"));
    regex::RegexBuilder::new(&format!(
        r"(?i)(?:^|[^\p{{L}}]|\p{{Han}}|\p{{Hiragana}}|\p{{Katakana}}|\p{{Hangul}})(?:{words})(?:[^\p{{L}}]|$)"
    ))
    .size_limit(50 << 20)
    .build()
    .ok()
});

/// A year, a time of day or a date in figures.
static MOMENT: Pattern = Pattern::new(|| {
    regex::Regex::new(r"\b(?:19|20)\d\d(?:\D|$)|\b\d{1,2}[:.h]\d\d|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}時|\d{1,2}月")
        .ok()
});

static ADDRESS: Pattern = Pattern::new(|| regex::Regex::new(r#"[^\s<>"(\[]@[^\s<>"@]+"#).ok());

/// An address in brackets, as programs write it. The address may be broken off from its brackets.
static BRACKETED: Pattern =
    Pattern::new(|| regex::Regex::new(r#"[<(\[]\s*(?:mailto:\s*)?[^\s<>"(]+@[^\s<>"]+\s*[>)\]]"#).ok());

/// Begins with a moment: figures, or a weekday and figures.
static BEGINS_WITH_MOMENT: Pattern = Pattern::new(|| {
    regex::Regex::new(
        r"^(?:[\p{L}\p{M}.]{2,14},?\s+)?(?:[\p{L}\p{M}.]{2,10}\s+)?\d{1,4}(?:[\s./:,-]|年|st|nd|rd|th|\.)",
    )
    .ok()
});

/// "Ann <ann@example.org> on Monday wrote:" and other orders which begin with the sender.
static SENDER_FIRST: Pattern =
    Pattern::new(|| regex::Regex::new(r#"^["'*“]?[^\d\s].{0,80}[<(\[]\s*(?:mailto:\s*)?\S+@\S+\s*[>)\]]"#).ok());

fn ends_as_intro(text: &str) -> bool {
    text.trim_end_matches(['-', ' ', '*', '_', '\u{200f}', '\u{200e}', '\u{a0}']).ends_with([':', '：'])
}

/// Whether a joined line introduces a quote. `above_quote` says that quoted lines follow at once, which is proof enough for
/// short ones.
fn is_intro(text: &str, above_quote: bool) -> bool {
    let text = text.trim_matches(|sign: char| {
        sign.is_whitespace() || matches!(sign, '-' | '*' | '_' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
    });
    let colon = ends_as_intro(text);
    if text.len() > BYTES_MAX || !(colon || WROTE.matches(tail(text))) {
        return false;
    }
    let (moment, address) = (MOMENT.matches(text), ADDRESS.matches(text));
    if !moment && !address && !above_quote {
        return false;
    }
    let wrote = WROTE.matches(text);
    let bracketed = BRACKETED.matches(text);
    if !colon {
        return moment && address && wrote && BEGINS_AND_WROTE.matches(text);
    }
    wrote && (moment || address) && (BEGINS_AND_WROTE.matches(text) || BEGINS_WITH_MOMENT.matches(text))
        || wrote && bracketed && SENDER_FIRST.matches(text)
        || moment && (bracketed || ends_with_address(text)) && BEGINS_WITH_MOMENT.matches(text)
        || above_quote && text.len() <= SHORT_BYTES_MAX && (wrote || moment && address)
}

/// Signs that turn the direction of writing. Programs put them around names and addresses.
fn turns(sign: char) -> bool {
    matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn tail(text: &str) -> &str {
    let mut from = text.len().saturating_sub(40);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn ends_with_address(text: &str) -> bool {
    let text = text.trim_end_matches([':', '：', ' ', '>', ')', '"', '*']);
    text.rsplit([' ', '<', '(', '"']).next().is_some_and(|word| word.contains('@') && word.len() > 3)
}

/// Whether the introduction begins at a later one of these lines: the first is somebody's text.
fn begins_later(lines: &[Line<'_>]) -> bool {
    let join = |lines: &[Line<'_>]| lines.iter().map(|line| line.says).collect::<Vec<_>>().join(" ");
    let Some(first) = lines.first().map(|line| line.says) else { return false };
    let begins = BEGINS_AND_WROTE.matches(&join(lines));
    // "On it!" also begins like an introduction, and says nothing of a moment.
    let apart = !begins
        || first.len() < APART_BYTES_MAX
            && !first.ends_with(',')
            && !first.contains(|sign: char| sign.is_ascii_digit());
    (1..lines.len()).any(|from| {
        let rest = join(&lines[from..]);
        let again = BEGINS_AND_WROTE.matches(&rest) && !rest.starts_with(char::is_lowercase);
        MOMENT.matches(&rest) && WROTE.matches(&rest) && (again || apart && BEGINS_WITH_MOMENT.matches(&rest))
    })
}

/// How many lines from `at` introduce a quote; `None` when they don't. The lines are of one depth and follow each other.
pub(super) fn intro(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at)?;
    if first.is_blank() || first.code {
        return None;
    }
    let mut joined = String::new();
    for count in 1..=LINES_MAX {
        let line = lines.get(at + count - 1)?;
        if line.is_blank() || line.depth != first.depth {
            // A blank line may stand before the last word: "<ann@example.org>", "", "wrote:".
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.extend(line.says.chars().filter(|&sign| !turns(sign)));
        if joined.len() > BYTES_MAX {
            return None;
        }
        let colon = ends_as_intro(&joined);
        if !colon && !WROTE.matches(tail(&joined)) {
            continue;
        }
        let next = lines[at + count..].iter().find(|line| !line.is_blank() || line.depth > first.depth);
        let above_quote = next.is_some_and(|line| line.depth > first.depth);
        if is_intro(&joined, above_quote && count == 1) {
            // "Will do." above the introduction is what somebody wrote.
            return (!begins_later(&lines[at..at + count])).then_some(count);
        }
    }
    None
}

#[cfg(test)]
mod tests;
