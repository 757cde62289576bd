//! Reads `bot.yaml`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::words::Phrase;
use super::{BotBook, Meaning, TextId, Words};
use crate::limits;
use crate::problem::{Place, Problem, did_you_mean};
use crate::template;
use crate::text::{self, LocalText, Pattern};
use crate::yaml::{self, Map, Node, Reader, place};

/// Reads a bot book.
///
/// # Errors
/// Everything that is wrong with the file, in its order, each with its place and what was expected there. A text that is
/// missing in the default language is an error, for then the bot would have nothing to say.
pub fn parse(file: &str, source: &str) -> Result<BotBook, Vec<Problem>> {
    let root = yaml::load(file, source)?;
    let mut reader = Reader::new(file);
    let book = read_book(&mut reader, &root);
    reader.finish(book)
}

fn read_book(reader: &mut Reader<'_>, root: Node<'_>) -> Option<BotBook> {
    let keys = ["name", "languages", "team", "teams", "menu", "still_waiting_after", "texts", "words"];
    let map = reader.map(root, "the bot book", &keys)?;
    let name = reader.required(&map, "name", "the bot book").and_then(|node| reader.text(node, "name"));
    let languages = read_languages(reader, &map);
    let team = reader.required(&map, "team", "the bot book").and_then(|node| reader.slug(node, "a team", "-_"));
    let teams = map.get("teams").and_then(|node| reader.list(node, "teams")).unwrap_or_default();
    let teams = teams.iter().filter_map(|node| reader.slug(node, "a team", "-_")).collect();
    let menu = map.get("menu").and_then(|node| reader.list(node, "menu")).unwrap_or_default();
    let menu = menu.iter().filter_map(|node| reader.slug(node, "a flow", "-")).collect();
    let still_waiting_after = read_still_waiting(reader, &map);
    let default = languages.as_ref().and_then(|languages| languages.first().cloned()).unwrap_or_default();
    let texts = read_texts(reader, &map, &default);
    let words = read_words(reader, &map);
    Some(BotBook { name: name?, languages: languages?, team: team?, teams, menu, still_waiting_after, texts, words })
}

/// Minutes; 0 is never.
fn read_still_waiting(reader: &mut Reader<'_>, map: &Map<'_>) -> Option<Duration> {
    let key = "still_waiting_after";
    let given = map.get(key).and_then(|node| reader.count(node, key, 0, limits::STILL_WAITING_MINUTES_MAX));
    let minutes = given.unwrap_or(limits::STILL_WAITING_MINUTES_DEFAULT);
    (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60))
}

fn read_languages(reader: &mut Reader<'_>, map: &Map<'_>) -> Option<Vec<String>> {
    let node = reader.required(map, "languages", "the bot book")?;
    let languages = reader.texts(node, "languages");
    for tag in languages.iter().filter(|tag| !yaml::is_language(tag)) {
        reader.error(place(node), format!("`{tag}` is not a language tag such as `en` or `pt-BR`"));
    }
    if languages.is_empty() {
        reader.error(place(node), "the bot speaks no language; name at least one, the default first");
        return None;
    }
    Some(languages)
}

fn read_texts(reader: &mut Reader<'_>, map: &Map<'_>, default: &str) -> BTreeMap<TextId, LocalText> {
    let Some(node) = reader.required(map, "texts", "the bot book") else { return BTreeMap::new() };
    let ids: Vec<&str> = TextId::ALL.iter().map(|id| id.as_str()).collect();
    let Some(map) = reader.map(node, "texts", &ids) else { return BTreeMap::new() };
    let mut texts = BTreeMap::new();
    for id in TextId::ALL {
        let name = id.as_str();
        let Some(entry) = map.entry(name) else {
            reader.error(map.at, format!("the text `{name}` is missing in the default language `{default}`"));
            continue;
        };
        let Some(text) = reader.local_text(entry.value, name) else { continue };
        if !text.has(default) {
            reader.error(entry.at, format!("the text `{name}` is missing in the default language `{default}`"));
        }
        check_placeholders(reader, *id, entry.at, &text);
        texts.insert(*id, text);
    }
    texts
}

/// A placeholder that nothing fills would leave a hole in what the customer reads.
fn check_placeholders(reader: &mut Reader<'_>, id: TextId, at: Place, text: &LocalText) {
    let known: Vec<&str> = id.own_placeholder().into_iter().chain(TextId::PLACEHOLDERS).collect();
    let used = text.all().flat_map(|(_, words)| template::placeholders(words));
    for (name, _) in used.filter(|(name, _)| !known.contains(name)) {
        let hint = did_you_mean(name, known.iter().copied());
        let hint = if hint.is_empty() { format!("; it may hold {}", yaml::list(&known)) } else { hint };
        reader.error(at, format!("nothing fills `{{{{{name}}}}}` in the text `{}`{hint}", id.as_str()));
    }
}

fn read_words(reader: &mut Reader<'_>, map: &Map<'_>) -> BTreeMap<Meaning, BTreeMap<String, Words>> {
    let Some(node) = reader.required(map, "words", "the bot book") else { return BTreeMap::new() };
    let ids: Vec<&str> = Meaning::ALL.iter().map(|meaning| meaning.as_str()).collect();
    let Some(map) = reader.map(node, "words", &ids) else { return BTreeMap::new() };
    let mut words = BTreeMap::new();
    for meaning in Meaning::ALL {
        let Some(node) = reader.required(&map, meaning.as_str(), "words") else { continue };
        let Some(languages) = reader.open_map(node, meaning.as_str()) else { continue };
        let mut lists = BTreeMap::new();
        for entry in languages.iter() {
            reader.language(entry);
            lists.insert(entry.key.clone(), read_list(reader, entry.value));
        }
        words.insert(*meaning, lists);
    }
    words
}

fn read_list(reader: &mut Reader<'_>, node: Node<'_>) -> Words {
    let Some(map) = reader.map(node, "the words", &["phrases", "patterns"]) else { return Words::default() };
    let phrases = map.get("phrases").map(|node| reader.texts(node, "phrases")).unwrap_or_default();
    let patterns = map.get("patterns").and_then(|node| reader.list(node, "patterns")).unwrap_or_default();
    let folded = phrases.iter().map(|phrase| text::fold(phrase));
    Words {
        phrases: folded.filter(|phrase| !phrase.is_empty()).map(Phrase::new).collect(),
        patterns: patterns.iter().filter_map(|node| reader.pattern(node, Pattern::anywhere)).collect(),
    }
}
