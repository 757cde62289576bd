use super::*;

fn text(html: &str) -> String {
    split(html).text
}

#[test]
fn the_marks_of_mail_programs_are_known() {
    for html in [
        "<div>Yes.</div><div class=gmail_quote><div class=gmail_attr>On a day Ann said:</div><blockquote class=gmail_quote>Shall we?</blockquote></div>",
        "<div>Yes.</div><div class=yahoo_quoted><div>On a day Ann said:</div><div>Shall we?</div></div>",
        "Yes.<div class=moz-cite-prefix>Some day, Ann:</div><blockquote type=cite>Shall we?</blockquote>",
        "<p>Yes.</p><div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>From:</b> Ann</div><p>Shall we?</p>",
        "<p>Yes.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'><p>Von: Ann</p></div><p>Shall we?</p>",
        "<div>Yes.</div><hr data-marker=__DIVIDER__><div>Shall we?</div>",
        "<div>Yes.</div><div class=protonmail_signature_block>Ann</div><div class=protonmail_quote>Shall we?</div>",
        "<div>Yes.</div><div name=quote>Shall we?</div>",
        "<div>Yes.</div><span id=OLK_SRC_BODY_SECTION><div>Shall we?</div></span>",
        "Yes.<br><br>On May 3, 2021 at 10:15, Ann &lt;a@example.org&gt; wrote:<br>Shall we?",
    ] {
        assert_eq!(text(html), "Yes.", "{html}");
    }
}

#[test]
fn answers_between_the_quotes_are_shown() {
    let html = "<div class=gmail_quote>On May 3, 2021, Ann &lt;a@example.org&gt; wrote:<blockquote class=gmail_quote>One?</blockquote>\
        <div>First.</div><blockquote class=gmail_quote>Two?</blockquote><div>Second.</div></div>";
    let seen = split(html);
    assert!(seen.inline_answers);
    assert_eq!(seen.text.split_whitespace().collect::<Vec<_>>(), ["First.", "Second."]);
    assert_eq!(seen.whole().trim_end(), crate::mail::html_to_text(html));
}

#[test]
fn a_text_in_the_element_of_the_signature_is_shown() {
    assert_eq!(text("<div id=AppleMailSignature>Yes.</div><blockquote type=cite>Shall we?</blockquote>"), "Yes.");
}

#[test]
fn indented_text_is_no_quote() {
    assert_eq!(text("a<blockquote style='margin:0 0 0 40px;border:none;padding:0px'>b</blockquote>"), "a\nb");
}
