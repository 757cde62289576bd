//! What the bot knows: articles, and finding the one that answers a question.
//!
//! [`Knowledge`] is an immutable snapshot; a changed article or flow makes a new one. How it finds is its own affair:
//! wordings are compared by words, pairs and pieces of words ([`index`]), and [`verdict`] decides whether that is enough.

pub mod article;
mod features;
mod front_matter;
mod index;
mod normalise;
mod spelling;
#[cfg(test)]
mod tests;
mod verdict;

use switchboard_contract::markup::to_plain;
use switchboard_engine::{ArticleCard, Flow, FlowSet, Found, Hit, Problem, Target, Verdict};

pub use article::{Article, ArticleState, Audience, parse};

use index::{Candidate, Entry, EntryTarget, Index};
use verdict::Decision;

/// The most characters of an article's body that are searched.
const BODY_CHARS_MAX: usize = 20_000;

/// Articles and the wordings that lead to them and to flows, as they were at one moment.
pub struct Knowledge {
    articles: Vec<Article>,
    titles: Vec<FlowTitle>,
    index: Index,
    default_language: String,
}

/// What a flow is called.
struct FlowTitle {
    flow: String,
    title: switchboard_engine::text::LocalText,
}

impl Knowledge {
    /// Builds a snapshot. The order of the articles doesn't matter; of two with the same slug and language the later one
    /// holds. Only what may be shown to everybody is searched.
    pub fn build(articles: Vec<Article>, flows: &FlowSet, default_language: &str) -> Self {
        let mut kept = std::collections::BTreeMap::new();
        for article in articles {
            kept.insert((article.slug.clone(), article.lang.clone()), article);
        }
        let articles: Vec<Article> = kept.into_values().collect();
        let mut entries: Vec<Entry> = articles.iter().filter(|article| article.is_shown()).map(article_entry).collect();
        entries.extend(flows.iter().flat_map(|(flow, _)| flow_entries(flow, default_language)));
        let titles = flows.iter().map(|(flow, _)| FlowTitle { flow: flow.name.clone(), title: flow.title.clone() });
        Self {
            articles,
            titles: titles.collect(),
            index: Index::build(entries, default_language),
            default_language: default_language.to_owned(),
        }
    }

    /// What answers a question, if anything surely does, and why.
    pub fn find(&self, question: &str, language: &str) -> Found {
        let ranking = self.index.find(question, language);
        let decision = verdict::decide(&ranking.candidates);
        let hits = |count: usize| {
            let best = ranking.candidates.iter().take(count);
            best.filter_map(|candidate| self.hit(candidate, language)).collect::<Vec<_>>()
        };
        let verdict = match decision {
            Decision::Sure => hits(1).pop().map_or(Verdict::Nothing, Verdict::Sure),
            Decision::Between(count) => Verdict::Between(hits(count)),
            Decision::Nothing => Verdict::Nothing,
        };
        let title = |target: &EntryTarget| match target {
            EntryTarget::Article(slug) => self.card(slug, language).map_or_else(|| slug.clone(), |card| card.title),
            EntryTarget::Flow(name) => self.flow_title(name, language),
        };
        Found { verdict, why: verdict::explain(decision, &ranking, title) }
    }

    /// An article as the bot shows it, if everybody may see it: in this language, else in the default one, else in any.
    pub fn card(&self, slug: &str, language: &str) -> Option<ArticleCard> {
        let variants = || self.articles.iter().filter(|article| article.slug == slug && article.is_shown());
        let wanted = [language, index::primary(language), self.default_language.as_str()];
        let mut exact =
            wanted.iter().filter_map(|lang| variants().find(|article| article.lang.eq_ignore_ascii_case(lang)));
        let article = exact.next().or_else(|| variants().next())?;
        Some(ArticleCard {
            id: article.id,
            slug: article.slug.clone(),
            title: article.title.clone(),
            text: for_chat(article.text()),
            url: None,
        })
    }

    /// Every article, whoever may see it, by slug and language.
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    fn hit(&self, candidate: &Candidate, language: &str) -> Option<Hit> {
        let target = match &candidate.target {
            EntryTarget::Article(slug) => Target::Article(self.card(slug, language)?),
            EntryTarget::Flow(name) => Target::Flow { name: name.clone(), title: self.flow_title(name, language) },
        };
        Some(Hit { target, score: candidate.score, nearest: candidate.nearest.clone() })
    }

    fn flow_title(&self, name: &str, language: &str) -> String {
        let flow = self.titles.iter().find(|title| title.flow == name);
        flow.map_or(name, |flow| flow.title.get(language, &self.default_language)).to_owned()
    }
}

fn article_entry(article: &Article) -> Entry {
    let further = [article.summary.as_deref().unwrap_or_default(), &article.tags.join(" "), article.text()];
    Entry {
        target: EntryTarget::Article(article.slug.clone()),
        lang: article.lang.clone(),
        title: article.title.clone(),
        examples: article.questions.clone(),
        body: to_plain(&further.join("\n\n")).chars().take(BODY_CHARS_MAX).collect(),
    }
}

/// A flow is found by its examples; one without any is begun otherwise and not found at all.
fn flow_entries<'a>(flow: &'a Flow, default_language: &'a str) -> impl Iterator<Item = Entry> {
    flow.triggers.examples.iter().filter(|(_, examples)| !examples.is_empty()).map(move |(lang, examples)| Entry {
        target: EntryTarget::Flow(flow.name.clone()),
        lang: lang.clone(),
        title: flow.title.get(lang, default_language).to_owned(),
        examples: examples.clone(),
        body: String::new(),
    })
}

/// A text as chat shows it: headings become bold lines, which every channel can show.
fn for_chat(markdown: &str) -> String {
    let mut fenced = false;
    let lines = markdown.lines().map(|line| {
        fenced ^= line.trim_start().starts_with("```");
        let words = line.trim_start_matches('#');
        let level = line.len() - words.len();
        if fenced || !(1..=6).contains(&level) || !words.starts_with(' ') {
            return line.to_owned();
        }
        format!("**{}**", words.trim().trim_matches('*'))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is wrong between an article and the others, though each is right: the same id under two slugs, one slug with two ids.
pub fn conflict(file: &str, article: &Article, others: &[Article]) -> Option<Problem> {
    let message = others.iter().find_map(|other| {
        let (slug, lang) = (&other.slug, &other.lang);
        if *slug == article.slug && *lang != article.lang && other.id != article.id {
            return Some(format!(
                "expected the id of `{slug}` in `{lang}`, {}: the variants of an article share it",
                other.id
            ));
        }
        (*slug != article.slug && other.id == article.id)
            .then(|| format!("the id is that of `{slug}`; every article needs its own"))
    });
    message.map(|message| Problem::error(file, switchboard_engine::Place { line: 1, column: 1 }, message))
}
