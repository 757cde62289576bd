use crate::mail::html_to_text;

#[test]
fn blocks_lists_links_and_tables_are_readable() {
    let html = "<p>One</p><p>Two<br>three</p><ul><li>a<li>b</ul><ol><li>x</li><li>y</li></ol><a href='https://example.org/x'>here</a> \
                <a href='https://example.org'>example.org</a><table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>";
    assert_eq!(
        html_to_text(html),
        "One\n\nTwo\nthree\n\n- a\n- b\n\n1. x\n2. y\n\nhere <https://example.org/x> example.org\n\n1 2\n3"
    );
}

#[test]
fn quotes_have_marks_and_indentation_has_none() {
    let html = "a<blockquote>b<blockquote type=cite>c</blockquote></blockquote><blockquote style=\"margin:0 0 0 40px;border:none;padding:0px\">d</blockquote>";
    assert_eq!(html_to_text(html), "a\n> b\n>> c\nd");
}

#[test]
fn what_is_never_read_is_not_text() {
    let html = "<head><title>t</title><style>p{}</style></head><script>alert('<p>x')</script><div style='display:none'>pre</div><!-- c -->seen";
    assert_eq!(html_to_text(html), "seen");
}

#[test]
fn hostile_html_costs_no_more_than_its_length() {
    for html in [
        "<div>".repeat(200_000),
        "<blockquote>x".repeat(100_000),
        "</p>".repeat(200_000),
        "<a href=x>".repeat(100_000),
        "<b><i>".repeat(100_000),
        "<".repeat(500_000),
        "<ul><li>".repeat(50_000),
    ] {
        assert!(html_to_text(&html).len() < 20 * html.len());
    }
}
