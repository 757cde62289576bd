//! The documents a conversation script plays on: the shipped ones, unless it says otherwise, and its own.

use switchboard_contract::Timestamp;
use switchboard_engine::script::Script;

use super::shipped;
use crate::store::documents::{Document, Key, Kind};

/// Every document of a script, each once; its own replace shipped ones of the same name.
pub fn documents(script: &Script) -> Vec<Document> {
    let shipped =
        shipped::documents().into_iter().filter(|(key, _)| script.config.shipped || key.kind == Kind::BotBook);
    let flows = script
        .flows
        .iter()
        .map(|flow| (Key { kind: Kind::Flow, name: flow.name.clone(), lang: String::new() }, flow.source.clone()));
    let articles = script.articles.iter().map(|article| {
        (Key { kind: Kind::Article, name: article.slug.clone(), lang: article.lang.clone() }, article.source.clone())
    });
    let all: std::collections::BTreeMap<Key, String> = shipped.chain(flows).chain(articles).collect();
    all.into_iter()
        .map(|(key, source)| Document {
            key,
            version: 1,
            source,
            shipped: true,
            head: true,
            created_at: Timestamp::default(),
        })
        .collect()
}
