//! The flows, articles and bot book inside the binary.

use rust_embed::RustEmbed;
use switchboard_engine::{BotBook, book};

use crate::store::documents::{Key, Kind};

/// The name of the bot book's file.
pub const BOT_BOOK: &str = "bot.yaml";

/// The language of an article whose file name says none.
pub const LANGUAGE: &str = "en";

#[derive(RustEmbed)]
#[folder = "flows"]
#[include = "*.flow.yaml"]
#[include = "bot.yaml"]
#[include = "knowledge/*.md"]
#[exclude = "engine/*"]
struct Files;

/// Every shipped document with its source.
pub fn documents() -> Vec<(Key, String)> {
    Files::iter()
        .filter_map(|path| {
            let source = String::from_utf8(Files::get(&path)?.data.into_owned()).ok()?;
            Some((key(&path)?, source))
        })
        .collect()
}

/// The shipped bot book.
///
/// # Panics
/// When it can't be read: a test holds that it can.
pub fn bot_book() -> BotBook {
    let source = documents().into_iter().find(|(key, _)| key.kind == Kind::BotBook).map(|(_, source)| source);
    book::parse(BOT_BOOK, &source.unwrap_or_default()).unwrap_or_else(|problems| {
        let list = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        panic!("the shipped bot book is broken; a test holds it, so this build is:\n{list}")
    })
}

/// What a file of the flows folder is: `x.flow.yaml`, `bot.yaml`, `knowledge/x.md`, `knowledge/x.de.md`.
pub fn key(path: &str) -> Option<Key> {
    let no_lang = String::new;
    if path == BOT_BOOK {
        return Some(Key { kind: Kind::BotBook, name: "bot".to_owned(), lang: no_lang() });
    }
    if let Some(name) = path.strip_suffix(".flow.yaml").filter(|name| !name.contains('/')) {
        return Some(Key { kind: Kind::Flow, name: name.to_owned(), lang: no_lang() });
    }
    let stem = path.strip_prefix("knowledge/")?.strip_suffix(".md")?;
    let (name, lang) = stem.split_once('.').unwrap_or((stem, LANGUAGE));
    Some(Key { kind: Kind::Article, name: name.to_owned(), lang: lang.to_owned() })
}
