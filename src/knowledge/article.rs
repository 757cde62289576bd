//! Articles: Markdown files with a head of fields.

use jiff::civil::Date;
use switchboard_contract::ArticleId;
use switchboard_engine::{Place, Problem};

use super::front_matter::{self, Field, Value};

/// The largest article, in bytes.
pub const ARTICLE_BYTES_MAX: usize = 1024 * 1024;
/// Example wordings of one article.
pub const QUESTIONS_MAX: usize = 500;
/// The longest example wording, in characters.
pub const QUESTION_CHARS_MAX: usize = 1_000;
/// The longest title, summary, category, tag or owner, in characters.
pub const LINE_CHARS_MAX: usize = 300;
/// Tags of one article.
pub const TAGS_MAX: usize = 50;

const KNOWN: &[&str] = &[
    "id",
    "title",
    "summary",
    "state",
    "audience",
    "category",
    "tags",
    "lang",
    "questions",
    "answer",
    "updated",
    "owner",
    "review_by",
];

/// One article in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// The same in every language.
    pub id: ArticleId,
    /// How flows and addresses name it; from the name of the file.
    pub slug: String,
    /// A language tag in small letters.
    pub lang: String,
    /// What it is called.
    pub title: String,
    /// One line about it.
    pub summary: Option<String>,
    /// How far it is.
    pub state: ArticleState,
    /// Who may read it.
    pub audience: Audience,
    /// Where it belongs.
    pub category: Option<String>,
    /// Further words it goes by.
    pub tags: Vec<String>,
    /// How people ask for it.
    pub questions: Vec<String>,
    /// The short answer for chat, Markdown; without one the body serves.
    pub answer: Option<String>,
    /// The whole article, Markdown.
    pub body: String,
    /// When its words last changed.
    pub updated: Option<Date>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// When it wants another look.
    pub review_by: Option<Date>,
    /// Names of further fields, which mean nothing here and are kept in the source.
    pub unknown: Vec<String>,
    source: String,
}

/// How far an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArticleState {
    /// Being written.
    Draft,
    /// To be read by somebody else.
    Review,
    /// In use.
    Published,
    /// Out of use.
    Archived,
}

/// Who may read an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    Public,
    /// Contacts who are known.
    Customers,
    /// Agents.
    Internal,
}

const STATES: &[(&str, ArticleState)] = &[
    ("draft", ArticleState::Draft),
    ("review", ArticleState::Review),
    ("published", ArticleState::Published),
    ("archived", ArticleState::Archived),
];
const AUDIENCES: &[(&str, Audience)] =
    &[("public", Audience::Public), ("customers", Audience::Customers), ("internal", Audience::Internal)];

impl Article {
    /// Whether the bot may show it to anybody.
    pub fn is_shown(&self) -> bool {
        self.state == ArticleState::Published && self.audience == Audience::Public
    }

    /// The short answer, else the body.
    pub fn text(&self) -> &str {
        self.answer.as_deref().unwrap_or(&self.body)
    }

    /// The file as it was read, byte for byte: fields that mean nothing here survive.
    pub fn to_source(&self) -> &str {
        &self.source
    }
}

/// Reads an article. `file` is its path; slug and language come from its last part (`reset-password.de.md`).
pub fn parse(file: &str, source: &str) -> Result<Article, Vec<Problem>> {
    let top = Place { line: 1, column: 1 };
    if source.len() > ARTICLE_BYTES_MAX {
        let message = format!("the file has {} bytes; an article has at most {ARTICLE_BYTES_MAX}", source.len());
        return Err(vec![Problem::error(file, top, message)]);
    }
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    let (head, body) = front_matter::split(text).map_err(|(at, message)| vec![Problem::error(file, at, message)])?;
    let fields = front_matter::read(file, head)?;
    let mut reader = Reader { file, fields, problems: Vec::new() };
    let name = reader.name();
    let article = reader.article(name, body, source);
    match article {
        Some(article) if reader.problems.is_empty() => Ok(article),
        _ => Err(reader.problems),
    }
}

/// Takes the fields one by one, and notes what is wrong with them.
struct Reader<'a> {
    file: &'a str,
    fields: Vec<Field>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn article(&mut self, (slug, file_lang): (String, Option<String>), body: &str, source: &str) -> Option<Article> {
        let unknown = self.unknown();
        let id = self.required("id").and_then(|(text, at)| {
            self.keep(text.parse().map_err(|_| at), || {
                format!("`id`: expected `art_` and 26 letters and digits (a ULID), found `{}`", clip(&text))
            })
        });
        let title = self.required("title").map(|(text, _)| text);
        let state = self.word("state", STATES);
        let audience = self.word("audience", AUDIENCES);
        let lang = self.lang(file_lang);
        let article = Article {
            slug,
            lang,
            summary: self.line("summary").map(|(text, _)| text),
            category: self.line("category").map(|(text, _)| text),
            tags: self.list("tags", TAGS_MAX, LINE_CHARS_MAX),
            questions: self.list("questions", QUESTIONS_MAX, QUESTION_CHARS_MAX),
            answer: self.text("answer").map(|(text, _)| text),
            body: body.trim().to_owned(),
            updated: self.date("updated"),
            owner: self.line("owner").map(|(text, _)| text),
            review_by: self.date("review_by"),
            unknown,
            source: source.to_owned(),
            id: id?,
            title: title?,
            state: state?,
            audience: audience?,
        };
        if article.text().trim().is_empty() {
            self.wrong(
                Place { line: 1, column: 1 },
                "the article says nothing: expected an `answer`, or a text after the fields",
            );
        }
        Some(article)
    }

    /// Slug and language from the name of the file.
    fn name(&mut self) -> (String, Option<String>) {
        let last = self.file.rsplit(['/', '\\']).next().unwrap_or(self.file);
        let stem = last.strip_suffix(".md").unwrap_or(last);
        let (slug, lang) = stem.split_once('.').map_or((stem, None), |(slug, lang)| (slug, Some(lang)));
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if slug.is_empty() || slug.len() > 100 || !plain(slug) {
            let message =
                format!("`{}`: expected a file name of a-z, 0-9 and `-`, such as `reset-password.de.md`", clip(last));
            self.wrong(Place { line: 1, column: 1 }, message);
        }
        (slug.to_owned(), lang.map(str::to_owned))
    }

    fn lang(&mut self, file_lang: Option<String>) -> String {
        let Some((lang, at)) = self.line("lang") else {
            return file_lang.unwrap_or_else(|| "en".to_owned());
        };
        let lang = lang.to_ascii_lowercase();
        let fits = (2..=20).contains(&lang.len()) && lang.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !fits {
            self.wrong(at, format!("`lang`: expected a language such as `en` or `de`, found `{}`", clip(&lang)));
        } else if let Some(other) = file_lang.filter(|other| *other != lang) {
            self.wrong(at, format!("`lang`: the file's name says `{}`, this says `{lang}`", clip(&other)));
        }
        lang
    }

    /// The names of foreign fields. One that is nearly the name of a missing field is taken for a slip.
    fn unknown(&mut self) -> Vec<String> {
        let missing: Vec<&str> =
            KNOWN.iter().copied().filter(|known| self.fields.iter().all(|field| field.key != *known)).collect();
        let mut names = Vec::new();
        let mut slips = Vec::new();
        for field in self.fields.iter().filter(|field| !KNOWN.contains(&field.key.as_str())) {
            let near = missing.iter().map(|known| (strsim::damerau_levenshtein(&field.key, known), *known)).min();
            match near {
                Some((far, known)) if far <= known.len() / 3 => slips.push((field.key_at, field.key.clone(), known)),
                _ => names.push(field.key.clone()),
            }
        }
        for (at, key, known) in slips {
            self.wrong(at, format!("unknown field `{}`; did you mean `{known}`?", clip(&key)));
        }
        names
    }

    fn required(&mut self, key: &str) -> Option<(String, Place)> {
        let at = self.fields.iter().find(|field| field.key == key).map(|field| field.key_at);
        let before = self.problems.len();
        let line = self.line(key);
        if line.is_none() && self.problems.len() == before {
            let message = if at.is_some() { "is empty" } else { "is missing" };
            self.wrong(at.unwrap_or(Place { line: 1, column: 1 }), format!("the field `{key}` {message}"));
        }
        line
    }

    fn take(&mut self, key: &str) -> Option<Field> {
        let at = self.fields.iter().position(|field| field.key == key)?;
        Some(self.fields.swap_remove(at))
    }

    /// A text of any length; an empty one counts as none.
    fn text(&mut self, key: &str) -> Option<(String, Place)> {
        let field = self.take(key)?;
        match field.value {
            Value::Text(text) => Some((text, field.value_at)).filter(|(text, _)| !text.trim().is_empty()),
            Value::Empty => None,
            Value::List(_) => self.refuse(field.value_at, format!("`{key}`: expected a text, found a list")),
            Value::Other(found) => self.refuse(field.value_at, format!("`{key}`: expected a text, found {found}")),
        }
    }

    fn line(&mut self, key: &str) -> Option<(String, Place)> {
        let (text, at) = self.text(key)?;
        let text = text.trim().to_owned();
        if text.chars().count() > LINE_CHARS_MAX {
            return self.refuse(at, format!("`{key}`: expected at most {LINE_CHARS_MAX} characters"));
        }
        Some((text, at))
    }

    fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let (text, at) = self.required(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        self.keep(found.ok_or(at), || {
            let names: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let near = words.iter().map(|(word, _)| (strsim::damerau_levenshtein(&text, word), *word)).min();
            let hint = near.filter(|(far, word)| *far <= word.len() / 3);
            let hint = hint.map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"));
            format!("`{key}`: expected one of {}, found `{}`{hint}", names.join(", "), clip(&text))
        })
    }

    fn date(&mut self, key: &str) -> Option<Date> {
        let (text, at) = self.line(key)?;
        self.keep(text.parse().map_err(|_| at), || {
            format!("`{key}`: expected a date such as `2026-11-01`, found `{}`", clip(&text))
        })
    }

    fn list(&mut self, key: &str, most: usize, chars: usize) -> Vec<String> {
        let Some(field) = self.take(key) else { return Vec::new() };
        let items = match field.value {
            Value::List(items) => items,
            Value::Empty => Vec::new(),
            Value::Text(_) | Value::Other(_) => {
                self.wrong(field.value_at, format!("`{key}`: expected a list of texts"));
                Vec::new()
            }
        };
        if items.len() > most {
            self.wrong(field.value_at, format!("`{key}`: expected at most {most} entries, found {}", items.len()));
        }
        for (_, at) in items.iter().filter(|(text, _)| text.chars().count() > chars) {
            self.wrong(*at, format!("`{key}`: expected at most {chars} characters in an entry"));
        }
        items.into_iter().map(|(text, _)| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    fn keep<T>(&mut self, value: Result<T, Place>, message: impl FnOnce() -> String) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(at) => self.refuse(at, message()),
        }
    }

    fn refuse<T>(&mut self, at: Place, message: impl Into<String>) -> Option<T> {
        self.wrong(at, message);
        None
    }

    fn wrong(&mut self, at: Place, message: impl Into<String>) {
        self.problems.push(Problem::error(self.file, at, message));
    }
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
