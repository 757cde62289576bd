use super::*;

fn text(body: &str) -> String {
    let seen = split(body);
    assert_eq!(seen.whole(), body, "nothing is lost");
    seen.text
}

#[test]
fn quotes_below_are_folded() {
    assert_eq!(text("Yes.\n\nOn May 3, 2021 at 10:15, Ann <a@example.org> wrote:\n\n> Shall we?\n"), "Yes.");
    assert_eq!(text("Yes.\n\nOn May 3, 2021 at 10:15, Ann <a@example.org> wrote:\n\nShall we?\n"), "Yes.");
    assert_eq!(text("Yes.\r\n\r\n-----Original Message-----\r\nFrom: Ann\r\n\r\nShall we?\r\n"), "Yes.");
}

#[test]
fn answers_between_quoted_lines_are_never_cut() {
    let body = "On May 3, 2021, Ann <a@example.org> wrote:\n> One?\n\nFirst.\n\n> Two?\n\nSecond.\n";
    let seen = split(body);
    assert_eq!(seen.whole(), body);
    assert!(seen.inline_answers);
    assert_eq!(seen.text, "First.\n\n\nSecond.");
}

#[test]
fn an_answer_below_a_quote_is_shown() {
    assert_eq!(text("Ann wrote:\n> One?\n\nFirst.\n"), "First.");
}

#[test]
fn signatures_are_folded_with_their_kind() {
    let seen = split("Hello\n\n-- \nAnn\n");
    assert_eq!(seen.text, "Hello");
    assert_eq!(seen.folds, [Fold { kind: FoldKind::Signature, text: "\n\n-- \nAnn\n".to_owned(), at: 5 }]);
}

#[test]
fn a_dash_in_the_middle_of_a_text_is_no_signature() {
    let body = format!("Hello\n--\n{}", "a line of text\n".repeat(30));
    assert_eq!(text(&body), body.trim_end());
    let code = "See:\n```\n-- \nselect\n```\nDone.";
    assert_eq!(text(code), code);
}

#[test]
fn a_mail_that_is_only_space_loses_nothing() {
    let seen = split(" \n\n");
    assert_eq!((seen.text.as_str(), seen.whole().as_str()), ("", " \n\n"));
    assert_eq!(split("").whole(), "");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost(lines in proptest::collection::vec(proptest::sample::select(vec![
        "", " ", ">", "> quoted", ">> twice", "text", "On May 3, 2021, Ann <a@example.org> wrote:", "-- ", "--", "Regards,", "Ann",
        "From: Ann <a@example.org>", "Sent: Monday", "To: Bob", "Subject: x", "-----Original Message-----", "Sent from my iPhone",
        "_______________", "```", "\u{200b}", "> On May 3, 2021, Bob <b@example.org> wrote:", "---------- Forwarded message ---------",
        "This email and any attachments are confidential", "wrote:", "\r",
    ]), 0..30)) {
        let body = lines.join("\n");
        let seen = split(&body);
        proptest::prop_assert_eq!(seen.whole(), body);
        proptest::prop_assert_eq!(seen.text.trim(), &seen.text);
        for line in seen.text.lines() {
            proptest::prop_assert!(!line.starts_with("> "));
        }
    }

    #[test]
    fn any_text_comes_back(body in "(?s).{0,200}") {
        proptest::prop_assert_eq!(split(&body).whole(), body);
    }
}
