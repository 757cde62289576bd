//! What the knowledge base has to get right, and what it must never do.

mod articles;
mod questions;
mod robust;

use super::*;

/// An article file with these example wordings.
pub(super) fn article(slug: &str, lang: &str, title: &str, questions: &[&str]) -> Article {
    let questions: Vec<String> =
        questions.iter().map(|question| format!("  - {}", serde_json::json!(question))).collect();
    let name = if lang == "en" { format!("{slug}.md") } else { format!("{slug}.{lang}.md") };
    let source = format!(
        "---\nid: art_01J8ZQ4W3N5V6X7Y8Z9A0B1C2D\ntitle: {}\nstate: published\naudience: public\nlang: {lang}\n\
         questions:\n{}\n---\nBody of {slug} in {lang}.\n",
        serde_json::json!(title),
        questions.join("\n"),
    );
    parse(&name, &source).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// What was found: slugs and flow names, best first, and whether it was sure.
pub(super) fn names(found: &Found) -> (bool, Vec<String>) {
    let name = |hit: &Hit| match &hit.target {
        Target::Article(card) => card.slug.clone(),
        Target::Flow { name, .. } => name.clone(),
    };
    match &found.verdict {
        Verdict::Sure(hit) => (true, vec![name(hit)]),
        Verdict::Between(hits) => (false, hits.iter().map(name).collect()),
        Verdict::Nothing => (false, Vec::new()),
    }
}
