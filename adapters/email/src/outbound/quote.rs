//! "On … wrote:", as mail programs of many languages write it and fold it away.

use switchboard_contract::Quote;

use super::limits::NAME_CHARS_MAX;
use crate::mail::clean;

/// Language, and what introduces a quote in it. `{at}` is the time, `{who}` the author.
pub(super) const INTROS: &[(&str, &str)] = &[
    ("en", "On {at}, {who} wrote:"),
    ("cs", "Dne {at} {who} napsal(a):"),
    ("da", "Den {at} skrev {who}:"),
    ("de", "Am {at} schrieb {who}:"),
    ("es", "El {at}, {who} escribió:"),
    ("fi", "{at} {who} kirjoitti:"),
    ("fr", "Le {at}, {who} a écrit :"),
    ("it", "Il {at}, {who} ha scritto:"),
    ("ja", "{at} {who} さんは書きました:"),
    ("nb", "Den {at} skrev {who}:"),
    ("nl", "Op {at} schreef {who}:"),
    ("no", "Den {at} skrev {who}:"),
    ("pl", "W dniu {at} {who} napisał(a):"),
    ("pt", "Em {at}, {who} escreveu:"),
    ("ru", "{at} {who} пишет:"),
    ("sv", "Den {at} skrev {who}:"),
    ("uk", "{at} {who} пише:"),
    ("zh", "在 {at}，{who} 写道："),
];

/// The line above a quote, in the language of the inbox; English where there is none.
pub(super) fn intro(quote: &Quote, language: Option<&str>) -> String {
    let tag = language.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or("en").to_ascii_lowercase();
    let known = INTROS.iter().find(|(known, _)| *known == tag).or(INTROS.first());
    let template = known.map_or("", |(_, text)| *text);
    let at = jiff::Timestamp::from_millisecond(quote.at.millis())
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    let who = clean::line(&quote.author, NAME_CHARS_MAX);
    // The author last: a name can't ask for the time.
    template.replace("{at}", &at).replace("{who}", &who)
}
