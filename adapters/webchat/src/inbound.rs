//! What a frame of a known visitor becomes for the core. Pure.

use std::collections::BTreeMap;

use switchboard_contract::{
    Address, ChoiceId, Content, ConversationId, ExternalId, Inbound, InboundMessage, InboundSignal, Proof, Reading,
    Sender, Seq, Signal, ThreadKey,
};

use crate::frames::{ClientId, Hello, User};
use crate::limits;

/// Who sits at the other end of a socket, once it said hello.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) thread: ThreadKey,
    pub(crate) sender: Sender,
}

/// Why a message is not taken at all: it is refused before it was accepted, and the page is told so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Visitor {
    /// `key` names the visitor; `signed` is the user id the site vouches for, if it does.
    pub(crate) fn new(key: String, signed: Option<&str>, hello: &Hello) -> Self {
        let user = hello.user.as_ref();
        let name = user.and_then(|user| words(user.name.as_deref(), limits::NAME_CHARS_MAX));
        let stated = user.and_then(email);
        // The signature covers the user id alone. An address beside it is a claim, and must not pass for proven.
        let (email, claimed_email) = match signed {
            Some(id) if stated.as_deref().is_some_and(|stated| !stated.eq_ignore_ascii_case(id)) => (None, stated),
            Some(_) | None => (stated, None),
        };
        let proof = match (signed, &name, &email) {
            (Some(_), ..) => Proof::Signed,
            (None, None, None) => Proof::Anonymous,
            (None, ..) => Proof::Claimed,
        };
        let facts = [
            ("page", words(hello.page.as_deref(), limits::PAGE_CHARS_MAX)),
            ("device", hello.device.clone().filter(|d| ["phone", "tablet", "desktop"].contains(&d.as_str()))),
            ("user", signed.map(str::to_owned)),
            ("stated_email", claimed_email),
        ];
        let facts: BTreeMap<_, _> = facts.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?))).collect();
        let language = hello.language.clone().filter(|language| is_language(language));
        let sender = Sender { address: Address(key.clone()), name, email, proof, language, facts };
        Self { thread: ThreadKey(key), sender }
    }

    /// The channel's id of what this visitor sent under an id of their own.
    pub(crate) fn external_id(&self, id: &str) -> ExternalId {
        ExternalId(format!("{}:{id}", self.thread))
    }

    fn signal(&self, external_id: ExternalId, raw: &str, signal: Signal) -> Inbound {
        let signal = InboundSignal { from: self.sender.clone(), thread: self.thread.clone(), signal };
        inbound(external_id, raw, Reading::Signal(Box::new(signal)))
    }

    fn message(&self, id: &ClientId, raw: &str, text: String, choice: Option<ChoiceId>) -> Inbound {
        let message = InboundMessage {
            from: self.sender.clone(),
            thread: self.thread.clone(),
            content: Content::plain(text),
            choice,
            letter: None,
        };
        inbound(self.external_id(&id.0), raw, Reading::Message(Box::new(message)))
    }

    /// Typed words.
    pub(crate) fn send(&self, id: &ClientId, text: String, raw: &str) -> Result<Inbound, Refusal> {
        fits("text", &text, limits::TEXT_CHARS_MAX)?;
        Ok(self.message(id, raw, text, None))
    }

    /// A pressed option.
    pub(crate) fn choose(&self, id: &ClientId, choice: String, label: String, raw: &str) -> Result<Inbound, Refusal> {
        fits("choice", &choice, limits::CHOICE_ID_BYTES_MAX)?;
        fits("label", &label, limits::CHOICE_LABEL_CHARS_MAX)?;
        Ok(self.message(id, raw, label, Some(ChoiceId(choice))))
    }

    /// The wish for a new conversation.
    pub(crate) fn anew(&self, id: &ClientId, raw: &str) -> Inbound {
        self.signal(self.external_id(&id.0), raw, Signal::StartedAnew)
    }

    /// The opened panel, as something to greet: named after what was there, so that opening again in the same place is the
    /// same opening however many tabs and reloads there are. No id of a client contains a colon.
    pub(crate) fn opened(&self, at: Option<(ConversationId, Seq)>, raw: &str) -> Inbound {
        let place = at.map_or_else(|| "open:new".to_owned(), |(cnv, head)| format!("open:{cnv}:{}", head.0));
        self.signal(self.external_id(&place), raw, Signal::Opened)
    }

    /// The client's own id in a channel's id, if this visitor's client made it.
    pub(crate) fn client_id<'a>(&self, external_id: &'a ExternalId) -> Option<&'a str> {
        external_id.0.strip_prefix(self.thread.0.as_str())?.strip_prefix(':').filter(|id| !id.contains(':'))
    }
}

fn inbound(external_id: ExternalId, raw: &str, reading: Reading) -> Inbound {
    Inbound { external_id, occurred_at: None, raw: raw.as_bytes().to_vec(), reading }
}

fn fits(what: &str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal { code: "empty", message: format!("the {what} is empty") });
    }
    match text.chars().count() {
        count if count > max => {
            Err(Refusal { code: "too_long", message: format!("the {what} has {count} characters; at most {max} fit") })
        }
        _ => Ok(()),
    }
}

/// A line of hostile words: cut, without control characters, none when nothing is left.
fn words(text: Option<&str>, max: usize) -> Option<String> {
    let kept: String = text?.trim().chars().filter(|c| !c.is_control()).take(max).collect();
    (!kept.is_empty()).then_some(kept)
}

fn email(user: &User) -> Option<String> {
    let stated = user.email.as_deref()?.trim();
    let whole = stated.chars().count() <= limits::EMAIL_CHARS_MAX && stated.split_once('@').is_some();
    (whole && !stated.chars().any(|c| c.is_control() || c.is_whitespace())).then(|| stated.to_owned())
}

/// The shape of a BCP 47 tag, not its registry.
fn is_language(tag: &str) -> bool {
    tag.len() <= limits::LANGUAGE_CHARS_MAX
        && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use switchboard_contract::Timestamp;

    use super::*;

    fn visitor() -> Visitor {
        Visitor::new("v_1".into(), None, &Hello::default())
    }

    fn id(text: &str) -> ClientId {
        ClientId::try_from(text.to_owned()).expect("an id")
    }

    fn user(name: &str, email: &str) -> Hello {
        let user = User { name: Some(name.into()), email: Some(email.into()), ..User::default() };
        Hello { user: Some(user), ..Hello::default() }
    }

    #[test]
    fn a_frame_keeps_its_bytes_and_gets_a_stable_id() {
        let raw = r#"{"t":"send","id":"abcd-1234","text":" hi "}"#;
        let inbound = visitor().send(&id("abcd-1234"), " hi ".into(), raw).expect("taken");
        assert_eq!(inbound.external_id.0, "v_1:abcd-1234");
        assert_eq!(inbound.raw, raw.as_bytes());
        let Reading::Message(message) = inbound.reading else { panic!("a message") };
        assert_eq!((message.thread.0.as_str(), message.content), ("v_1", Content::plain(" hi ")));
    }

    #[test]
    fn a_text_at_the_limit_is_taken_and_one_over_is_refused() {
        let code = |text: String| visitor().send(&id("abcd-1234"), text, "").err().map(|refusal| refusal.code);
        assert_eq!(code("ä".repeat(limits::TEXT_CHARS_MAX)), None);
        assert_eq!(code("ä".repeat(limits::TEXT_CHARS_MAX + 1)), Some("too_long"));
        assert_eq!(code(" \n\t".into()), Some("empty"));
    }

    #[test]
    fn a_press_carries_choice_and_label() {
        let inbound = visitor().choose(&id("abcd-1234"), "3.off".into(), "All off".into(), "").expect("taken");
        let Reading::Message(message) = inbound.reading else { panic!("a message") };
        assert_eq!((message.choice, message.content.text.as_str()), (Some(ChoiceId("3.off".into())), "All off"));
    }

    #[test]
    fn opening_again_in_the_same_place_is_the_same_opening() {
        let cnv = ConversationId::from_parts(Timestamp::from_millis(1), 1);
        let opened = |at| visitor().opened(at, "").external_id.0;
        assert_eq!(opened(None), "v_1:open:new");
        assert_eq!(opened(Some((cnv, Seq(4)))), opened(Some((cnv, Seq(4)))));
        assert_ne!(opened(Some((cnv, Seq(4)))), opened(Some((cnv, Seq(5)))));
        assert_eq!(visitor().client_id(&ExternalId(opened(None))), None);
    }

    #[test]
    fn who_states_a_name_has_claimed_it() {
        let proof = |hello: &Hello| Visitor::new("v_1".into(), None, hello).sender.proof;
        assert_eq!(proof(&Hello::default()), Proof::Anonymous);
        assert_eq!(proof(&user(" ", "")), Proof::Anonymous);
        assert_eq!(proof(&user("Ana", "")), Proof::Claimed);
    }

    #[test]
    fn a_signature_proves_the_id_and_no_address_beside_it() {
        let sender = |id| Visitor::new("u_1".into(), Some(id), &user("Ana", "boss@shop.example")).sender;
        let other = sender("42");
        assert_eq!((other.proof, other.email.as_deref()), (Proof::Signed, None));
        assert_eq!(other.facts.get("stated_email").map(String::as_str), Some("boss@shop.example"));
        assert_eq!(sender("boss@shop.example").email.as_deref(), Some("boss@shop.example"));
    }

    #[test]
    fn hostile_facts_are_cut_or_left_out() {
        let hello = Hello {
            language: Some("de-DE<script>".into()),
            device: Some("fridge".into()),
            page: Some(format!("https://shop.example/\u{0}\n{}", "a".repeat(10_000))),
            ..user(&"ü".repeat(1_000), &format!("{}@x", "a".repeat(1_000)))
        };
        let sender = Visitor::new("v_1".into(), None, &hello).sender;
        assert_eq!((sender.language, sender.email), (None, None));
        assert_eq!(sender.name.map(|name| name.chars().count()), Some(limits::NAME_CHARS_MAX));
        assert_eq!(sender.facts.keys().collect::<Vec<_>>(), ["page"]);
        assert_eq!(sender.facts["page"].chars().count(), limits::PAGE_CHARS_MAX);
        assert!(is_language("de") && is_language("zh-Hant-TW") && !is_language("") && !is_language("de--DE"));
    }
}
