//! Finding the wording that comes nearest. Every example is a vector of its features, weighted by how few entries have
//! them; a question is compared with each example by the angle between them, over an inverted index.

use std::collections::{BTreeMap, HashMap};

use super::features::{Feature, features, is_stop_word};
use super::normalise::words;
use super::spelling::Spelling;

/// The most characters of a question that are looked at.
pub(super) const QUESTION_CHARS_MAX: usize = 2_000;
/// The most words of a question that are looked at.
pub(super) const QUESTION_WORDS_MAX: usize = 200;
/// Candidates a ranking holds.
pub(super) const CANDIDATES_MAX: usize = 10;

/// How much the best example counts, against the middle of all examples of its entry.
const EXAMPLE_SHARE: f32 = 0.5;
/// How much the words of the body count, against the examples.
const BODY_SHARE: f32 = 0.5;
/// What a question loses when all its telling words but one are unknown here: it is probably about something else.
const UNKNOWN_SHARE: f32 = 0.4;
/// What an entry of the default language keeps when another one was asked for.
const FOREIGN_SHARE: f32 = 0.9;

/// What a search leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntryTarget {
    /// An article, by its slug.
    Article(String),
    /// A flow, by its name.
    Flow(String),
}

/// One thing that can be found, in one language.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// What it is.
    pub target: EntryTarget,
    /// Its language.
    pub lang: String,
    /// Its title: one more example.
    pub title: String,
    /// How people ask for it.
    pub examples: Vec<String>,
    /// Further text that counts little.
    pub body: String,
}

/// What came near a question, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ranking {
    /// At most [`CANDIDATES_MAX`].
    pub candidates: Vec<Candidate>,
    /// Words that were read as others: as written, as read.
    pub corrected: Vec<(String, String)>,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// What it is.
    pub target: EntryTarget,
    /// 0 to 1.
    pub score: f64,
    /// The example that came nearest.
    pub nearest: String,
    /// The words that question and example share, the telling ones first.
    pub shared: Vec<String>,
}

/// One vector of the index.
struct Row {
    entry: u32,
    /// Its place in the entry's texts (the title, then the examples); none for the middle of them, and for the body.
    kind: RowKind,
}

#[derive(Clone, Copy)]
enum RowKind {
    Example(u32),
    Middle,
    Body,
}

/// The index. Building it from the same entries gives the same index.
pub(super) struct Index {
    entries: Vec<Entry>,
    rows: Vec<Row>,
    ids: HashMap<String, u32>,
    rarity: Vec<f32>,
    postings: Vec<Vec<(u32, f32)>>,
    spelling: Spelling,
    default_language: String,
}

type Vector = BTreeMap<u32, f32>;

impl Index {
    /// Builds the index; `default_language` is searched when the asked language has nothing.
    pub(super) fn build(entries: Vec<Entry>, default_language: &str) -> Self {
        let mut index = Self {
            entries: Vec::new(),
            rows: Vec::new(),
            ids: HashMap::new(),
            rarity: Vec::new(),
            postings: Vec::new(),
            spelling: Spelling::default(),
            default_language: primary(default_language).to_owned(),
        };
        index.count(&entries);
        for (at, entry) in (0_u32..).zip(&entries) {
            index.add(at, entry);
        }
        index.entries = entries;
        index
    }

    /// Learns every feature and in how many entries it occurs. The bodies are left out: what only a body says is no word
    /// that people ask by.
    fn count(&mut self, entries: &[Entry]) {
        let mut holders: Vec<(u32, u32)> = Vec::new(); // the last entry that had the feature, and how many had it
        let mut vocabulary = std::collections::BTreeSet::new();
        for (at, entry) in (1_u32..).zip(entries) {
            for text in wordings(entry) {
                let words = words(text);
                for feature in features(&words) {
                    let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
                    let id = *self.ids.entry(feature.name).or_insert(next);
                    if id == next {
                        holders.push((0, 0));
                    }
                    if let Some((last, count)) = holders.get_mut(id as usize)
                        && *last != at
                    {
                        (*last, *count) = (at, *count + 1);
                    }
                }
                vocabulary.extend(words);
            }
        }
        let all = real(entries.len());
        self.rarity = holders.iter().map(|(_, count)| rarity(all, real(*count as usize))).collect();
        self.postings = vec![Vec::new(); self.rarity.len()];
        self.spelling = Spelling::new(vocabulary);
    }

    fn add(&mut self, at: u32, entry: &Entry) {
        let mut middle = Vector::new();
        for (place, text) in (0_u32..).zip(wordings(entry)) {
            let (vector, norm) = self.vector(&words(text));
            if norm > 0.0 {
                for (id, weight) in &vector {
                    *middle.entry(*id).or_default() += weight / norm;
                }
                self.row(Row { entry: at, kind: RowKind::Example(place) }, &vector, norm);
            }
        }
        let norm = middle.values().map(|weight| weight * weight).sum::<f32>().sqrt();
        self.row(Row { entry: at, kind: RowKind::Middle }, &middle, norm);
        let (body, norm) = self.vector(&words(&entry.body));
        self.row(Row { entry: at, kind: RowKind::Body }, &body, norm);
    }

    fn row(&mut self, row: Row, vector: &Vector, norm: f32) {
        if norm <= 0.0 {
            return;
        }
        let at = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        for (id, weight) in vector {
            self.postings[*id as usize].push((at, weight / norm));
        }
    }

    /// The known features of a wording, and the length of the whole vector, unknown ones included: what a question says
    /// besides makes it less alike.
    fn vector<S: AsRef<str>>(&self, words: &[S]) -> (Vector, f32) {
        let mut counted: BTreeMap<String, (f32, f32)> = BTreeMap::new();
        for Feature { name, weight } in features(words) {
            let slot = counted.entry(name).or_insert((weight, 0.0));
            slot.1 += 1.0;
        }
        let unknown = rarity(real(self.entries.len().max(1)), 1.0);
        let (mut vector, mut energy) = (Vector::new(), 0.0);
        for (name, (weight, count)) in counted {
            let id = self.ids.get(&name);
            let rarity = id.and_then(|id| self.rarity.get(*id as usize)).copied().unwrap_or(unknown);
            let value = weight * rarity * (1.0 + count.ln());
            energy += value * value;
            if let Some(id) = id {
                vector.insert(*id, value);
            }
        }
        (vector, energy.sqrt())
    }

    /// What comes near a question. Nothing does when no word of it says anything here.
    pub(super) fn find(&self, question: &str, lang: &str) -> Ranking {
        let cut: String = question.chars().take(QUESTION_CHARS_MAX).collect();
        let mut asked = words(&cut);
        asked.truncate(QUESTION_WORDS_MAX);
        let corrected = self.spelling.correct(&mut asked);
        let telling: Vec<&String> = asked.iter().filter(|word| !is_stop_word(word)).collect();
        let known = telling.iter().filter(|word| self.spelling.is_akin(word)).count();
        if known == 0 {
            return Ranking { candidates: Vec::new(), corrected };
        }
        let grasp = 1.0 - UNKNOWN_SHARE * real(telling.len() - known) / real(telling.len());
        let (vector, norm) = self.vector(&asked);
        if norm <= 0.0 {
            return Ranking { candidates: Vec::new(), corrected };
        }
        let mut alike = vec![0.0_f32; self.rows.len()];
        for (id, weight) in &vector {
            for (row, other) in &self.postings[*id as usize] {
                alike[*row as usize] += weight / norm * other;
            }
        }
        let mut candidates = self.gather(&alike, grasp, primary(lang));
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| self.target(a).cmp(self.target(b))));
        candidates.truncate(CANDIDATES_MAX);
        let candidates = candidates.iter().map(|found| self.candidate(found, &asked)).collect();
        Ranking { candidates, corrected }
    }

    fn target(&self, found: &Scored) -> &EntryTarget {
        &self.entries[found.0].target
    }

    /// The score of each target: its best entry in the asked language or the default one.
    fn gather(&self, alike: &[f32], grasp: f32, lang: &str) -> Vec<Scored> {
        #[derive(Clone, Copy, Default)]
        struct Sum {
            best: f32,
            nearest: u32,
            middle: f32,
            body: f32,
        }
        let mut sums = vec![Sum::default(); self.entries.len()];
        for (row, alike) in self.rows.iter().zip(alike) {
            let sum = &mut sums[row.entry as usize];
            match row.kind {
                RowKind::Example(place) if *alike > sum.best => (sum.best, sum.nearest) = (*alike, place),
                RowKind::Example(_) => {}
                RowKind::Middle => sum.middle = *alike,
                RowKind::Body => sum.body = *alike,
            }
        }
        let mut best: BTreeMap<&EntryTarget, Scored> = BTreeMap::new();
        for (at, (entry, sum)) in self.entries.iter().zip(&sums).enumerate() {
            let own = primary(&entry.lang);
            let share = if own == lang {
                1.0
            } else if own == self.default_language {
                FOREIGN_SHARE
            } else {
                continue;
            };
            let examples = EXAMPLE_SHARE * sum.best + (1.0 - EXAMPLE_SHARE) * sum.middle;
            let score = (share * grasp * examples.max(BODY_SHARE * sum.body)).clamp(0.0, 1.0);
            if score > 0.0 && best.get(&entry.target).is_none_or(|other| other.1 < score) {
                best.insert(&entry.target, (at, score, sum.nearest));
            }
        }
        best.into_values().collect()
    }

    fn candidate(&self, (entry, score, nearest): &Scored, asked: &[String]) -> Candidate {
        let entry = &self.entries[*entry];
        let nearest = wordings(entry).nth(*nearest as usize).unwrap_or(&entry.title);
        let there = words(nearest);
        let mut shared: Vec<&String> =
            asked.iter().filter(|word| !is_stop_word(word) && there.contains(word)).collect();
        shared.sort_by(|a, b| self.rarity_of(b).total_cmp(&self.rarity_of(a)).then_with(|| a.cmp(b)));
        shared.dedup();
        Candidate {
            target: entry.target.clone(),
            score: f64::from(*score),
            nearest: nearest.to_owned(),
            shared: shared.into_iter().cloned().collect(),
        }
    }

    fn rarity_of(&self, word: &str) -> f32 {
        self.ids.get(&format!("={word}")).and_then(|id| self.rarity.get(*id as usize)).copied().unwrap_or(0.0)
    }
}

/// An entry's place, its score, and the place of its nearest wording.
type Scored = (usize, f32, u32);

fn wordings(entry: &Entry) -> impl Iterator<Item = &str> {
    std::iter::once(entry.title.as_str()).chain(entry.examples.iter().map(String::as_str))
}

/// How much a feature tells that `count` of `all` entries have.
fn rarity(all: f32, count: f32) -> f32 {
    (all / count).ln_1p()
}

#[expect(clippy::cast_precision_loss, reason = "a count of entries is far below 2^24")]
fn real(count: usize) -> f32 {
    count as f32
}

/// `de` of `de-AT`.
pub(super) fn primary(lang: &str) -> &str {
    lang.split(['-', '_']).next().unwrap_or(lang)
}
