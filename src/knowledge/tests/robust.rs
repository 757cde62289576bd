//! Whatever is asked of whatever knowledge base: an answer comes, quickly, and never a bluff.

use std::time::{Duration, Instant};

use super::{Knowledge, article, names};
use switchboard_engine::{FlowSet, Verdict};

fn knowledge(articles: &[(&str, &str, &str, &[&str])]) -> Knowledge {
    let articles =
        articles.iter().map(|(slug, lang, title, questions)| article(slug, lang, title, questions)).collect();
    Knowledge::build(articles, &FlowSet::new(), "en")
}

fn odd_questions() -> Vec<String> {
    let fixed = [
        "",
        " ",
        "?",
        "!!!",
        "😡🔥",
        "12345",
        "404",
        "the",
        "is it and or",
        "\u{0}",
        "\u{202e}reversed",
        "a\u{301}\u{301}",
        "你好吗",
        "مرحبا",
    ];
    let long = ["x".repeat(20_000), "wifi ".repeat(4_000), "password, ".repeat(2_000), "😡".repeat(20_000), zalgo()];
    fixed.into_iter().map(str::to_owned).chain(long).collect()
}

fn zalgo() -> String {
    "p\u{301}\u{302}a\u{303}\u{304}".repeat(5_000)
}

#[test]
fn odd_questions_to_odd_knowledge_bases_are_survived() {
    let bases: Vec<Knowledge> = vec![
        knowledge(&[]),
        knowledge(&[("one", "en", "Reset your password", &["I forgot my password"])]),
        knowledge(&[("no-examples", "en", "Wi-Fi password", &[]), ("other", "en", "Router", &[])]),
        knowledge(&[("signs", "en", "?!", &["😡", "123", "the"]), ("stop", "en", "the and or", &["is it"])]),
        knowledge(&[("a", "en", "Same", &["where is it kept"]), ("b", "en", "Same", &["where is it kept"])]),
    ];
    for base in &bases {
        for question in odd_questions() {
            for lang in ["en", "de", "", "xx-YY", "日本"] {
                let begun = Instant::now();
                let found = base.find(&question, lang);
                assert!(!found.why.is_empty());
                assert!(begun.elapsed() < Duration::from_secs(2), "{} characters", question.len());
            }
        }
    }
}

#[test]
fn an_empty_knowledge_base_knows_nothing_and_says_so() {
    let found = knowledge(&[]).find("how do I reset my password", "en");
    assert_eq!((found.verdict, found.why.as_str()), (Verdict::Nothing, "no word of the question is known here"));
}

#[test]
fn one_entry_is_found_by_its_words_and_not_by_others() {
    let base = knowledge(&[("reset", "en", "Reset your password", &["I forgot my password", "new password"])]);
    assert_eq!(names(&base.find("forgot the password", "en")), (true, vec!["reset".to_owned()]));
    for foreign in ["can you tell me how to do it", "where is my parcel", "I want my money back now"] {
        assert_eq!(names(&base.find(foreign, "en")).1, Vec::<String>::new(), "{foreign}");
    }
}

#[test]
fn a_title_serves_where_there_are_no_examples() {
    let base = knowledge(&[("hours", "en", "Opening hours", &[]), ("wifi", "en", "Wi-Fi password", &[])]);
    assert_eq!(names(&base.find("what are your opening hours?", "en")), (true, vec!["hours".to_owned()]));
}

#[test]
fn an_example_of_two_entries_is_asked_about() {
    let base = knowledge(&[
        ("a", "en", "Private customers", &["how do I cancel"]),
        ("b", "en", "Companies", &["how do I cancel"]),
        ("c", "en", "Bills", &["where is my bill"]),
    ]);
    let (sure, mut both) = names(&base.find("how do I cancel?", "en"));
    both.sort();
    assert_eq!((sure, both), (false, vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn a_stop_word_matches_nothing_by_itself() {
    let base = knowledge(&[("a", "en", "Can you help", &["can you help me with it please", "router broken"])]);
    for question in ["can you help me with it please", "what about me", "please", "can you"] {
        assert_eq!(names(&base.find(question, "en")).1, Vec::<String>::new(), "{question}");
    }
}

#[test]
fn the_asked_language_is_preferred_and_the_default_one_serves() {
    let base = knowledge(&[
        ("reset", "en", "Reset your password", &["I forgot my password"]),
        ("reset", "de", "Passwort zurücksetzen", &["ich habe mein passwort vergessen"]),
        ("router", "en", "Restart the router", &["router restart"]),
        ("only-fr", "fr", "Facture trop chère", &["ma facture est trop élevée"]),
    ]);
    let found = base.find("passwort vergessen", "de");
    let Verdict::Sure(hit) = &found.verdict else { panic!("{}", found.why) };
    assert_eq!(hit.nearest, "ich habe mein passwort vergessen");
    assert!(found.why.contains("Passwort zurücksetzen"), "{}", found.why);
    assert_eq!(names(&base.find("router restart", "de")), (true, vec!["router".to_owned()]));
    assert_eq!(names(&base.find("I forgot my password", "de")), (true, vec!["reset".to_owned()]));
    assert_eq!(names(&base.find("passwort vergessen", "en")).1, Vec::<String>::new());
    assert_eq!(names(&base.find("ma facture est trop élevée", "en")).1, Vec::<String>::new());
}

#[test]
fn a_verdict_says_why() {
    let base = knowledge(&[
        ("reset", "en", "Reset your password", &["I forgot my password"]),
        ("wifi", "en", "Wi-Fi key", &["what is my wifi key"]),
    ]);
    let why = base.find("I forgto my pasword", "en").why;
    for part in [
        "sure of “Reset your password” (0.",
        "nearest wording “I forgot my password” by forgot, password",
        "next is “Wi-Fi key” (0.",
        "“forgto” read as “forgot”; “pasword” read as “password”",
    ] {
        assert!(why.contains(part), "{why} lacks {part}");
    }
    let found = base.find("where is the submarine", "en");
    assert_eq!(found.why, "no word of the question is known here");
}

#[test]
fn the_same_articles_in_any_order_give_the_same_answers() {
    let all: Vec<_> = (0..40)
        .map(|n| {
            article(
                &format!("a{n}"),
                "en",
                &format!("Title {n}"),
                &["the router is slow", &format!("router number {n} hangs")],
            )
        })
        .collect();
    let mut turned = all.clone();
    turned.reverse();
    let (one, two) = (Knowledge::build(all, &FlowSet::new(), "en"), Knowledge::build(turned, &FlowSet::new(), "en"));
    for question in ["router hangs", "number 7", "slow router", "router number 12 hangs"] {
        assert_eq!(one.find(question, "en"), two.find(question, "en"), "{question}");
    }
}

/// Not a measurement: a guard against work that grows with the square of something.
#[test]
fn a_thousand_articles_are_searched_at_once() {
    let word =
        |n: usize| format!("{}{}{}", ["ba", "ke", "mi", "so", "tu"][n % 5], ["lor", "nat", "ver", "dun"][n / 5 % 4], n);
    let articles = (0..1_000).map(|n| {
        let questions: Vec<String> =
            (0..10).map(|k| format!("how do i {} my {} with {}", word(n), word(n + k), word(k * 7 % 50))).collect();
        let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
        article(&format!("a{n}"), "en", &word(n), &questions)
    });
    let base = Knowledge::build(articles.collect(), &FlowSet::new(), "en");
    let begun = Instant::now();
    for n in 0..50 {
        base.find(&format!("please how do i {} my {} with the thing", word(n * 17), word(n * 3)), "en");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "50 questions took {:?}", begun.elapsed());
}
