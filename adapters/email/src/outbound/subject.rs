//! The subject of a mail.

use switchboard_contract::{Context, ConversationId, Delivery};

use super::Sending;
use super::limits::SUBJECT_CHARS_MAX;
use crate::mail::clean;
use crate::thread::{subject, token};

/// The contact's subject with `Re:` before it; without one the message's own, or the inbox's.
pub(super) fn of(delivery: &Delivery, context: &Context, own: &Sending) -> String {
    let theirs = context.subject.as_deref().map(|text| subject::base(&without_tokens(text)).text);
    let text = if let Some(theirs) = theirs.map(|text| cut(&text)).filter(|text| !text.is_empty()) {
        format!("Re: {theirs}")
    } else {
        let ours = [delivery.content.subject.as_deref(), own.subject.as_deref()].into_iter().flatten();
        let mut ours = ours.map(cut).filter(|text| !text.is_empty());
        // Also what answers a mail without a subject is an answer.
        let answer = if context.chain.is_empty() { "" } else { "Re: " };
        format!("{answer}{}", ours.next().unwrap_or_else(|| cut(own.shown_name())))
    };
    if own.subject_token { format!("{text} {}", token::in_subject(delivery.conversation, &own.secret)) } else { text }
}

fn cut(text: &str) -> String {
    super::fields::harmless(&clean::line(text, SUBJECT_CHARS_MAX))
}

/// Without the tokens of earlier mails: `[cnv_…]`.
fn without_tokens(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let begin = format!("[{}", ConversationId::PREFIX);
    while let Some((before, after)) = rest.split_once(&begin) {
        let Some((_, after)) = after.split_once(']') else { break };
        out.push_str(before.trim_end());
        out.push(' ');
        rest = after.trim_start();
    }
    out.push_str(rest);
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_and_the_rest_stays() {
        assert_eq!(without_tokens("Re: a [b] c"), "Re: a [b] c");
        assert_eq!(without_tokens("Re: a [cnv_01.x] c [cnv_02.y]"), "Re: a c");
        assert_eq!(without_tokens("a [cnv_01"), "a [cnv_01");
    }
}
