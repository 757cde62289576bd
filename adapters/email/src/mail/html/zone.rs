//! What the class, the id or the style of an element says about whose words it holds.

use html5ever::Attribute;

/// Whose words an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// "On ... wrote:".
    Intro,
    /// A quoted mail with its introduction. Answers may stand between the `blockquote`s in it.
    Quote,
    /// A forwarded mail.
    Forward,
    /// A signature.
    Signature,
    /// Everything from here to the end is an earlier mail.
    Below,
}

/// Classes of introductions: Gmail, Thunderbird.
const INTRO_CLASSES: &[&str] =
    &["gmail_attr", "moz-cite-prefix", "moz-email-headers-table", "outlookmessageheader", "email-reply-attribution"];
/// Classes of quotes: Gmail, Yahoo, Proton, Zoho, Front, Tuta, Mailbird, Airmail, Fastmail, Missive, Help Scout, Zendesk and others.
const QUOTE_CLASSES: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "yahoo_quoted",
    "protonmail_quote",
    "zmail_extra",
    "front-blockquote",
    "tutanota_quote",
    "mb_quote",
    "airmail_quote",
    "quoted_message",
    "email_quoted",
    "mail_quote",
    "history_container",
    "gorgias_quote",
    "wixquote",
    "mailspring-quote",
    "nylas-quote",
    "superhuman_quote",
    "missive_quote",
    "help-scout-quote",
    "freshdesk_quote",
    "zd_quote",
    "replysection",
    "mcntreplyquote",
    "skiff_quote",
    "hey_quote",
    "rm_quote",
    "mimestream_quote",
];
const FORWARD_CLASSES: &[&str] = &["moz-forward-container", "apple-forward"];
const SIGNATURE_CLASSES: &[&str] = &[
    "gmail_signature",
    "moz-signature",
    "protonmail_signature_block",
    "zm-signature",
    "front-signature",
    "email-signature",
    "mailsignature",
    "bloop_sign",
    "tutanota_signature",
];
/// Ids of quotes: Outlook for Mac and for phones, Spark.
const QUOTE_IDS: &[&str] = &[
    "olk_src_body_section",
    "mail-editor-reference-message-container",
    "reply-intro",
    "isreplycontent",
    "divmessagequoted",
];
const FORWARD_IDS: &[&str] = &["isforwardcontent"];
const SIGNATURE_IDS: &[&str] = &[
    "signature",
    "applemailsignature",
    "ms-outlook-mobile-signature",
    "divtagdefaultwrappersignature",
    "x_signature",
    "email_signature",
    "linebreakatbeginningofsignature",
];
/// Ids below which an earlier mail begins: Outlook, Hotmail, Zimbra.
const BELOW_IDS: &[&str] =
    &["divrplyfwdmsg", "x_divrplyfwdmsg", "appendonsend", "stopspelling", "zwchr", "mailcontainerbodyreply"];
/// Names of quotes: GMX and web.de, Spark.
const QUOTE_NAMES: &[&str] = &["quote", "messagereplysection"];

/// The value of an attribute.
pub(super) fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

/// The zone that an element opens.
pub(super) fn of(tag: &str, attributes: &[Attribute]) -> Option<Zone> {
    let lower = |name: &str| value(attributes, name).map(|value| value.trim().to_ascii_lowercase()).unwrap_or_default();
    let (classes, id) = (lower("class"), lower("id"));
    let class = |known: &[&str]| classes.split_ascii_whitespace().any(|class| known.contains(&class));
    if tag == "hr" {
        let below = value(attributes, "data-marker") == Some("__DIVIDER__") || BELOW_IDS.contains(&id.as_str());
        return below.then_some(Zone::Below);
    }
    if class(INTRO_CLASSES) {
        return Some(Zone::Intro);
    }
    if class(FORWARD_CLASSES) || FORWARD_IDS.contains(&id.as_str()) {
        return Some(Zone::Forward);
    }
    // A blockquote with the class is the quote itself, not what holds it.
    let holds_quote =
        class(QUOTE_CLASSES) || QUOTE_NAMES.contains(&lower("name").as_str()) || id.starts_with("yahoo_quoted");
    if tag != "blockquote" && (holds_quote || QUOTE_IDS.contains(&id.as_str())) {
        return Some(Zone::Quote);
    }
    if class(SIGNATURE_CLASSES) || SIGNATURE_IDS.contains(&id.as_str()) || lower("name") == "messagesignaturesection" {
        return Some(Zone::Signature);
    }
    if BELOW_IDS.contains(&id.as_str()) || outlook_border(&lower("style")) {
        return Some(Zone::Below);
    }
    None
}

/// The line Outlook and Windows Mail draw above the headers of the earlier mail.
fn outlook_border(style: &str) -> bool {
    let style: String = style.chars().filter(|sign| !sign.is_whitespace()).collect();
    let colour = style.contains("border-top:solid#b5c4df1.0pt") || style.contains("border-top:solid#e1e1e11.0pt");
    let windows_mail = style.contains("padding-top:5px") && style.contains("border-top-color:rgb(229,229,229)");
    colour && style.contains("padding:3.0pt0") || windows_mail
}

/// Whether a `blockquote` is only an indentation, as the button "indent more" makes it.
pub(super) fn is_indent(attributes: &[Attribute]) -> bool {
    let style: String =
        value(attributes, "style").unwrap_or_default().chars().filter(|sign| !sign.is_whitespace()).collect();
    let quote = value(attributes, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite"))
        || value(attributes, "cite").is_some()
        || value(attributes, "class").is_some_and(|class| class.contains("quote"));
    !quote && (style.contains("border:none") || style.contains("border:0")) && style.contains("margin:00040px")
}

/// Whether the style hides an element: what is hidden is not read by anybody.
pub(super) fn is_hidden(attributes: &[Attribute]) -> bool {
    value(attributes, "style").is_some_and(hides) || value(attributes, "hidden").is_some()
}

/// Whether a style hides.
pub(super) fn hides(style: &str) -> bool {
    let style: String = style.chars().filter(|sign| !sign.is_whitespace()).collect::<String>().to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}
