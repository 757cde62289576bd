//! A1 to A9: automatic mail is filed and never answered.

use switchboard_email::machine::{Answer, Class, Rule};

use super::{judge, person};

fn rule(raw: &str) -> Option<Rule> {
    match judge(raw).answer {
        Answer::Allowed => None,
        Answer::Forbidden { rule, why } => {
            assert!(!why.is_empty());
            Some(rule)
        }
    }
}

#[test]
fn a_person_is_answered() {
    let judgement = judge(&person(""));
    assert_eq!(judgement.class, Class::Human);
    assert!(judgement.may_answer() && !judgement.own && judgement.report.is_none());
}

#[test]
fn a1_auto_submitted_but_no_is_never_answered() {
    for (value, class) in [
        ("auto-replied", Class::AutoReply),
        ("Auto-Replied (vacation)", Class::AutoReply),
        ("auto-replied; owner-email=\"ada@customer.example\"", Class::AutoReply),
        ("auto-generated", Class::Generated),
        ("auto-notified", Class::AutoReply),
        ("something-new", Class::Generated),
    ] {
        let judgement = judge(&person(&format!("Auto-Submitted: {value}\n")));
        assert_eq!(judgement.class, class, "{value}");
        assert!(!judgement.may_answer(), "{value}");
        assert_eq!(judgement.class.word(), "auto_reply");
    }
    for value in ["no", "No", "no (a person wrote it)"] {
        assert!(judge(&person(&format!("Auto-Submitted: {value}\n"))).may_answer(), "{value}");
    }
}

#[test]
fn a2_a_null_return_path_is_never_answered() {
    for path in ["<>", "< >", "", "<MAILER-DAEMON>", "<MAILER-DAEMON@mx.customer.example>"] {
        let judgement = judge(&person(&format!("Return-Path: {path}\n")));
        assert!(!judgement.may_answer(), "{path}");
        assert_ne!(judgement.class, Class::Human, "{path}");
    }
    assert!(judge(&person("Return-Path: <ada@customer.example>\n")).may_answer());
}

#[test]
fn a3_bulk_mail_is_never_answered() {
    for value in ["bulk", "list", "junk", "Bulk", "list (by a manager)"] {
        let judgement = judge(&person(&format!("Precedence: {value}\n")));
        assert_eq!((judgement.class, judgement.may_answer()), (Class::List, false), "{value}");
    }
    assert!(judge(&person("Precedence: first-class\n")).may_answer());
    assert_eq!(judge(&person("Precedence: auto_reply\n")).class, Class::AutoReply);
}

#[test]
fn a4_list_mail_is_never_answered() {
    for field in [
        "List-Id: <kettles.lists.example>",
        "List-Unsubscribe: <mailto:leave@lists.example>",
        "List-Post: <mailto:kettles@lists.example>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Mailing-List: contact kettles-help@lists.example; run by ezmlm",
    ] {
        assert_eq!(rule(&person(&format!("{field}\n"))), Some(Rule::List), "{field}");
        assert_eq!(judge(&person(&format!("{field}\n"))).class, Class::List, "{field}");
    }
    assert!(judge(&person("Listen-To: music\n")).may_answer());
}

#[test]
fn a5_who_wants_no_automatic_answer_gets_none() {
    for value in ["OOF", "AutoReply", "DR, OOF", "DR, RN, NRN, OOF, AutoReply", "RN", "NRN"] {
        let raw = person(&format!("X-Auto-Response-Suppress: {value}\n"));
        assert_eq!(rule(&raw), Some(Rule::Suppressed), "{value}");
        assert_eq!(judge(&raw).class, Class::Human, "a person's Exchange writes it too: {value}");
    }
    assert_eq!(judge(&person("X-Auto-Response-Suppress: All\n")).class, Class::Generated);
    assert!(judge(&person("X-Auto-Response-Suppress: None\n")).may_answer());
}

#[test]
fn a7_a_no_reply_address_is_filed_and_not_answered() {
    for sender in [
        "no-reply@bank.example",
        "noreply@bank.example",
        "do_not_reply@bank.example",
        "DoNotReply@bank.example",
        "NO.REPLY@bank.example",
        "noreply-orders@bank.example",
        "orders-noreply@bank.example",
        "nicht-antworten@bank.example",
        "nepasrepondre@bank.example",
    ] {
        let raw = person("").replace("ada@customer.example", sender);
        assert!(!judge(&raw).may_answer(), "{sender}");
    }
    let raw = person("").replace("ada@customer.example", "norbert.reply@bank.example");
    assert!(judge(&raw).may_answer());
}

#[test]
fn a8_our_own_mail_that_comes_back_is_known() {
    let looped = judge(&person("X-Switchboard-Loop: shop-1\n"));
    assert!(looped.own && !looped.may_answer());
    assert!(!judge(&person("X-Switchboard-Loop: another-house\n")).own);
    for sender in ["support@shop.example", "Support+cnv_x@Shop.Example", "sales@shop.example"] {
        let judgement = judge(&person("").replace("ada@customer.example", sender));
        assert!(judgement.own && !judgement.may_answer(), "{sender}");
        assert!(matches!(judgement.answer, Answer::Forbidden { rule: Rule::OwnMail, .. }));
    }
    // A colleague writes from our domain, with a Message-ID of our server: that is no mail of the desk.
    let colleague =
        person("").replace("ada@customer.example", "ada@shop.example").replace("k1@customer", "k1@mail.shop");
    assert!(judge(&colleague).may_answer());
    let id = "dlv_01KJQ7Z3M5E8T9V0W1X2Y3Z4A5.aaaaaaaaaaaaaaaa@mail.shop.example";
    assert!(judge(&person("").replace("k1@customer.example", id)).own);
}

#[test]
fn a9_only_who_wrote_to_us_openly_is_answered() {
    let to = |line: &str| person("").replace("To: support@shop.example\n", line);
    for open in [
        "To: support@shop.example\n",
        "To: \"The shop\" <SUPPORT@shop.example>, boss@customer.example\n",
        "To: boss@customer.example\nCc: support@shop.example\n",
        "To: support+cnv_x.y@shop.example\n",
    ] {
        assert!(judge(&to(open)).may_answer(), "{open}");
    }
    for hidden in ["", "To: undisclosed-recipients:;\n", "To: kettles@lists.example\n", "Bcc: support@shop.example\n"] {
        assert_eq!(rule(&to(hidden)), Some(Rule::NotAddressed), "{hidden}");
        assert_eq!(judge(&to(hidden)).class, Class::Human, "{hidden}");
    }
}

#[test]
fn absences_are_known_in_many_languages() {
    for subject in [
        "Automatic reply: The kettle",
        "Out of Office: The kettle",
        "Automatische Antwort: Der Kessel",
        "Abwesenheitsnotiz: Der Kessel",
        "Réponse automatique : La bouilloire",
        "Respuesta automática: La tetera",
        "Resposta automática: A chaleira",
        "Risposta automatica: Il bollitore",
        "Automatisch antwoord: De ketel",
        "Automatiskt svar: Kitteln",
        "Automatisk svar: Kedlen",
        "Automaattinen vastaus: Kattila",
        "Odpowiedź automatyczna: Czajnik",
        "Automatická odpověď: Konvice",
        "Automatikus válasz: A kanna",
        "Otomatik yanıt: Su ısıtıcısı",
        "Автоматический ответ: Чайник",
        "自動返信: やかん",
        "自动回复: 水壶",
        "자동 회신: 주전자",
    ] {
        let judgement = judge(&person("").replace("The kettle leaks", subject));
        assert_eq!((judgement.class, judgement.may_answer()), (Class::AutoReply, false), "{subject}");
    }
}

#[test]
fn fields_of_automatic_answers_are_known() {
    for field in [
        "X-Autoreply: yes",
        "X-Autorespond: The kettle",
        "X-Autoresponder: 1",
        "X-Apple-Action: VACATION",
        "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "Precedence: auto_reply",
    ] {
        assert_eq!(judge(&person(&format!("{field}\n"))).class, Class::AutoReply, "{field}");
    }
    assert_eq!(judge(&person("X-Autoreply: no\n")).class, Class::Human);
}

#[test]
fn a_person_who_writes_of_absence_is_no_machine() {
    for (subject, body) in [
        ("I am out of office next week", "Please deliver the kettle before Friday."),
        ("Vacation", "We are on vacation until May. Keep the parcel, please."),
        ("Urlaub", "Wir sind im Urlaub, der Kessel kann warten."),
        ("Auto: Frage zur Garantie", "Mein Auto ist kaputt."),
        ("Re: your vacation rental", "I am out of the office, but the kettle still leaks."),
        ("Undeliverable promises", "You said it would be delivered. It was not delivered!"),
        ("Mail delivery failed again?", "Your parcel could not be delivered, says the post office."),
    ] {
        let raw = person("").replace("The kettle leaks", subject).replace("It drips from below.", body);
        let judgement = judge(&raw);
        assert_eq!(
            (judgement.class, judgement.may_answer()),
            (Class::Human, true),
            "{subject}: {:?}",
            judgement.reasons
        );
    }
}

#[test]
fn words_of_absence_and_a_field_together_say_it() {
    let away = |more: &str| person(more).replace("The kettle leaks", "Auto: The kettle");
    assert_eq!(judge(&away("")).class, Class::Human);
    assert_eq!(judge(&away("In-Reply-To: <x@mail.shop.example>\n")).class, Class::AutoReply);
    let redirected = person("X-MS-Exchange-Inbox-Rules-Loop: ada@customer.example\n");
    assert_eq!(judge(&redirected).class, Class::Human, "a rule of an inbox redirects people's mail, too");
    assert_eq!(judge(&redirected.replace("The kettle leaks", "On vacation until May")).class, Class::AutoReply);
}
