//! Article files, right and wrong, and what is said about them.

use jiff::civil::date;

use super::{Knowledge, article};
use crate::knowledge::article::{ARTICLE_BYTES_MAX, QUESTION_CHARS_MAX, QUESTIONS_MAX};
use crate::knowledge::{ArticleState, Audience, conflict, parse};
use switchboard_engine::FlowSet;

const WHOLE: &str = "\
---
id: art_01J8ZQ4W3N5V6X7Y8Z9A0B1C2D
title: Reset your password
summary: How to get in again
state: published
audience: public
category: account
tags: [password, sign-in, 404, true]
lang: en
questions:
  - I forgot my password
  - \"can't remember: my password\"
answer: |
  **Press** *Forgot password*.
  * really
updated: 2026-11-01
owner: knowledge@example.com
review_by: 2027-05-01
priority: {weight: 3}
reviewers: [ana, ben]
---
# Resetting

The whole story.
";

#[test]
fn a_whole_article_is_read() {
    let article = parse("flows/knowledge/reset-password.md", WHOLE).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!((article.slug.as_str(), article.lang.as_str()), ("reset-password", "en"));
    assert_eq!((article.state, article.audience), (ArticleState::Published, Audience::Public));
    assert_eq!(article.tags, ["password", "sign-in", "404", "true"]);
    assert_eq!(article.questions, ["I forgot my password", "can't remember: my password"]);
    assert_eq!(article.text(), "**Press** *Forgot password*.\n* really\n");
    assert_eq!(article.body, "# Resetting\n\nThe whole story.");
    assert_eq!((article.updated, article.review_by), (Some(date(2026, 11, 1)), Some(date(2027, 5, 1))));
    assert_eq!(article.unknown, ["priority", "reviewers"]);
    assert_eq!(article.to_source(), WHOLE);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing_and_are_kept() {
    let source = format!("\u{feff}{}", WHOLE.replace('\n', "\r\n"));
    let article = parse("reset-password.md", &source).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(article.title, "Reset your password");
    assert_eq!(article.to_source(), source);
}

#[test]
fn every_mistake_names_its_place_and_its_mend() {
    for (from, to, expected) in [
        (
            "title: ",
            "titel: ",
            "a.md:1:1: the field `title` is missing|a.md:3:1: unknown field `titel`; did you mean `title`?",
        ),
        ("questions:", "question:", "a.md:10:1: unknown field `question`; did you mean `questions`?"),
        (
            "state: published",
            "state: publishd",
            "a.md:5:8: `state`: expected one of `draft`, `review`, `published`, `archived`, found `publishd`; did you mean \
             `published`?",
        ),
        (
            "audience: public",
            "audience: world",
            "a.md:6:11: `audience`: expected one of `public`, `customers`, `internal`, found `world`",
        ),
        (
            "id: art_01J8ZQ4W3N5V6X7Y8Z9A0B1C2D",
            "id: 17",
            "a.md:2:5: `id`: expected `art_` and 26 letters and digits (a ULID), found `17`",
        ),
        ("title: Reset your password", "title: [a, b]", "a.md:3:8: `title`: expected a text, found a list"),
        ("title: Reset your password", "title: {a: b}", "a.md:3:8: `title`: expected a text, found a map"),
        ("title: Reset your password\n", "title:\n", "a.md:3:1: the field `title` is empty"),
        ("tags: [password, sign-in, 404, true]", "tags: password", "a.md:8:7: `tags`: expected a list of texts"),
        (
            "updated: 2026-11-01",
            "updated: 1.11.2026",
            "a.md:16:10: `updated`: expected a date such as `2026-11-01`, found `1.11.2026`",
        ),
        (
            "updated: 2026-11-01",
            "updated: 2026-02-30",
            "a.md:16:10: `updated`: expected a date such as `2026-11-01`, found `2026-02-30`",
        ),
        (
            "lang: en",
            "lang: english, really",
            "a.md:9:7: `lang`: expected a language such as `en` or `de`, found `english, really`",
        ),
        (
            "category: account",
            "category: &here account",
            "a.md:7:11: anchors (&), aliases (*) and tags (!) are not allowed here; write the value out, in quotes if need be",
        ),
        (
            "category: account",
            "category: !!str account",
            "a.md:7:11: anchors (&), aliases (*) and tags (!) are not allowed here; write the value out, in quotes if need be",
        ),
        ("category: account", "title: account", "a.md:7:1: not YAML: duplicated key in mapping"),
        ("---\nid", "id", "a.md:1:1: expected `---` as the first line, then the fields, then `---` again"),
        (
            "---\n# Res",
            "# Res",
            "a.md:1:1: the fields that begin here are never closed; expected a line `---` after them",
        ),
    ] {
        let source = WHOLE.replacen(from, to, 1);
        assert_ne!(source, WHOLE, "{from}");
        let problems = parse("a.md", &source).expect_err(to);
        let told = problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut told: Vec<&str> = told.iter().map(String::as_str).collect();
        told.sort_unstable();
        assert_eq!(told.join("|"), expected, "{to}");
    }
}

#[test]
fn an_alias_is_refused_wherever_it_stands() {
    for (from, to) in [
        ("category: account", "category: *x"),
        ("  - I forgot my password", "  - &q I forgot my password"),
        ("priority: {weight: 3}", "priority: {weight: &w 3}"),
        ("priority: {weight: 3}", "priority: &w\n  weight: 3"),
        ("tags: [password", "tags: &t [password"),
        ("tags: [password", "tags: !custom [password"),
        ("owner: ", "&k owner: "),
    ] {
        assert!(parse("a.md", &WHOLE.replacen(from, to, 1)).is_err(), "{to}");
    }
    let bold = WHOLE.replacen("  **Press** *Forgot password*.", "  *Forgot password* & more!", 1);
    assert!(parse("a.md", &bold).is_ok(), "{:?}", parse("a.md", &bold));
}

#[test]
fn the_name_of_the_file_gives_slug_and_language() {
    let german = WHOLE.replace("lang: en", "lang: de");
    let without = WHOLE.replace("lang: en\n", "");
    assert_eq!(
        parse("x/reset.de.md", &german).map(|article| (article.slug, article.lang)),
        Ok(("reset".into(), "de".into()))
    );
    assert_eq!(parse("reset.de.md", &without).map(|article| article.lang), Ok("de".into()));
    assert_eq!(parse("reset.md", &without).map(|article| article.lang), Ok("en".into()));
    for (name, source, expected) in [
        ("reset.de.md", WHOLE, "reset.de.md:9:7: `lang`: the file's name says `de`, this says `en`"),
        (
            "Reset Password.md",
            WHOLE,
            "Reset Password.md:1:1: `Reset Password.md`: expected a file name of a-z, 0-9 and `-`, such as `reset-password.de.md`",
        ),
    ] {
        let problems = parse(name, source).expect_err(name);
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let head = |questions: &str| WHOLE.replacen("  - I forgot my password\n", questions, 1);
    let long = format!("  - {}\n", "x".repeat(QUESTION_CHARS_MAX + 1));
    let many = "  - a question\n".repeat(QUESTIONS_MAX);
    for (source, part) in [
        (format!("{WHOLE}{}", "x".repeat(ARTICLE_BYTES_MAX)), "an article has at most 1048576"),
        (head(&long), "a.md:11:5: `questions`: expected at most 1000 characters in an entry"),
        (head(&many), "a.md:11:3: `questions`: expected at most 500 entries, found 501"),
        (WHOLE.replacen("Reset your", &"x".repeat(301), 1), "`title`: expected at most 300 characters"),
        (
            WHOLE.replacen("priority:", &format!("deep: {}\npriority:", "[".repeat(100_000)), 1),
            "not YAML: recursion limit exceeded",
        ),
        (
            WHOLE.replacen("priority:", &format!("{}\npriority:", "- ".repeat(100_000)), 1),
            "lists and maps stand too deep",
        ),
        (
            WHOLE.replacen("priority:", &format!("{}\npriority:", "? ".repeat(100_000)), 1),
            "lists and maps stand too deep",
        ),
    ] {
        let problems = parse("a.md", &source).expect_err(part);
        assert!(problems[0].to_string().contains(part), "{} has no {part}", problems[0]);
    }
}

#[test]
fn nothing_that_is_fed_in_makes_the_parser_panic() {
    let whole: Vec<char> = WHOLE.chars().collect();
    for cut in 0..whole.len() {
        let _ = parse("a.md", &whole[..cut].iter().collect::<String>());
        for odd in ["\u{0}", "\t", "{", "- ", "\u{2028}", "'", "%"] {
            let broken: String =
                whole[..cut].iter().collect::<String>() + odd + &whole[cut..].iter().collect::<String>();
            let _ = parse("a.md", &broken);
        }
    }
    for source in
        ["", "---", "---\n---", "---\n---\nbody", "---\n- a\n---\n", "---\n~\n---\n", "---\na\n---\n", "\u{feff}"]
    {
        assert!(parse("a.md", source).is_err(), "{source:?}");
    }
}

#[test]
fn an_article_that_says_nothing_is_refused() {
    let empty = "---\nid: art_01J8ZQ4W3N5V6X7Y8Z9A0B1C2D\ntitle: T\nstate: draft\naudience: public\n---\n\n";
    let problems = parse("a.md", empty).expect_err("empty");
    assert!(problems[0].to_string().contains("the article says nothing"), "{problems:?}");
}

#[test]
fn variants_share_their_id_and_nobody_else_does() {
    let file = |name: &str, id: &str, lang: &str| {
        let source = WHOLE.replace("01J8ZQ4W3N5V6X7Y8Z9A0B1C2D", id).replace("lang: en", &format!("lang: {lang}"));
        parse(name, &source).unwrap_or_else(|problems| panic!("{problems:#?}"))
    };
    let (one, two) = ("01J8ZQ4W3N5V6X7Y8Z9A0B1C2D", "01J8ZQ4W3N5V6X7Y8Z9A0B1C2E");
    let others = [file("a.md", one, "en")];
    let told = |name: &str, id: &str, lang: &str| {
        conflict(name, &file(name, id, lang), &others).map(|problem| problem.to_string())
    };
    assert_eq!(told("a.de.md", one, "de"), None);
    assert_eq!(told("b.md", two, "en"), None);
    assert_eq!(told("a.md", two, "en"), None, "an edit may give the only variant another id");
    assert_eq!(
        told("b.md", one, "en").as_deref(),
        Some("b.md:1:1: the id is that of `a`; every article needs its own")
    );
    let expected =
        format!("a.de.md:1:1: expected the id of `a` in `en`, art_{one}: the variants of an article share it");
    assert_eq!(told("a.de.md", two, "de"), Some(expected));
}

#[test]
fn a_card_is_in_the_best_language_there_is_and_only_for_what_may_be_shown() {
    let hidden = |slug: &str, from: &str, to: &str| {
        let source = WHOLE.replace(from, to);
        parse(&format!("{slug}.md"), &source).unwrap_or_else(|problems| panic!("{problems:#?}"))
    };
    let articles = vec![
        article("both", "en", "English", &["q"]),
        article("both", "de", "Deutsch", &["f"]),
        article("french", "fr", "Français", &["q"]),
        hidden("draft", "state: published", "state: draft"),
        hidden("inside", "audience: public", "audience: internal"),
        hidden("customers", "audience: public", "audience: customers"),
    ];
    let knowledge = Knowledge::build(articles, &FlowSet::new(), "en");
    let title = |slug: &str, lang: &str| knowledge.card(slug, lang).map(|card| card.title);
    assert_eq!(title("both", "de").as_deref(), Some("Deutsch"));
    assert_eq!(title("both", "de-AT").as_deref(), Some("Deutsch"));
    assert_eq!(title("both", "pt").as_deref(), Some("English"));
    assert_eq!(title("french", "de").as_deref(), Some("Français"));
    for slug in ["draft", "inside", "customers", "nowhere"] {
        assert_eq!(title(slug, "en"), None, "{slug}");
    }
    assert_eq!(knowledge.articles().len(), 6);
}
