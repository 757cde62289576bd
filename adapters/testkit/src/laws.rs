//! The laws every adapter keeps, each a named function, chosen by capability.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Ready, ready};
use switchboard_contract::{
    Attachment, Capabilities, Choice, ChoiceId, Content, Delivery, DeliveryError, PublicAuthor, Reading, ReceiptMark,
    SinkError, Support, TextFormat, choice,
};

use crate::rig::{Answer, Rig, Sent, Shown};

/// How long a stop may take.
pub const STOP_BUDGET: Duration = Duration::from_secs(2);

/// One law.
#[derive(Clone, Copy)]
pub struct Law {
    /// The law, as a sentence.
    pub name: &'static str,
    /// Why it does not bind a channel of these capabilities, if it does not.
    pub excuse: fn(&Capabilities) -> Option<&'static str>,
    /// Holds it against a fresh rig.
    pub check: for<'a> fn(&'a mut dyn Rig) -> BoxFuture<'a, Result<(), String>>,
}

/// How a law fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was kept.
    Held,
    /// It does not bind this channel.
    NotApplicable(&'static str),
    /// It was broken.
    Broken(String),
}

/// How every law fared, in order.
#[derive(Debug, Clone)]
pub struct Report(pub Vec<(&'static str, Verdict)>);

impl Report {
    /// The names of the broken laws.
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = |(name, verdict): &(&'static str, Verdict)| matches!(verdict, Verdict::Broken(_)).then_some(*name);
        self.0.iter().filter_map(broken).collect()
    }

    /// Fails the test when a law was broken; prints the report in either case.
    ///
    /// # Panics
    /// When a law was broken.
    #[expect(clippy::print_stdout, reason = "the report is for who runs the test")]
    pub fn assert_held(&self) {
        println!("{self}");
        assert!(self.broken().is_empty(), "broken laws: {:?}", self.broken());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, verdict) in &self.0 {
            match verdict {
                Verdict::Held => writeln!(f, "held            {name}")?,
                Verdict::NotApplicable(why) => writeln!(f, "does not apply  {name}: {why}")?,
                Verdict::Broken(how) => writeln!(f, "BROKEN          {name}: {how}")?,
            }
        }
        Ok(())
    }
}

/// Holds every law, each against a rig of its own.
pub async fn hold_all<R: Rig>(build: impl AsyncFn() -> R) -> Report {
    let mut verdicts = Vec::new();
    for law in all() {
        let mut rig = build().await;
        let verdict = match (law.excuse)(rig.adapter().capabilities()) {
            Some(why) => Verdict::NotApplicable(why),
            // A rig's waits end in a panic; the other laws are held all the same.
            None => match AssertUnwindSafe((law.check)(&mut rig)).catch_unwind().await {
                Ok(Ok(())) => Verdict::Held,
                Ok(Err(how)) => Verdict::Broken(how),
                Err(_) => Verdict::Broken("the rig waited in vain (see above)".to_owned()),
            },
        };
        verdicts.push((law.name, verdict));
    }
    Report(verdicts)
}

/// Every law.
pub fn all() -> Vec<Law> {
    macro_rules! laws {
        ($($name:literal, $excuse:expr, $check:ident;)+) => {
            vec![$(Law { name: $name, excuse: $excuse, check: |rig| Box::pin($check(rig)) }),+]
        };
    }
    laws! {
        "one inbound is one accept, with an id that is stable over restarts", always, one_accept;
        "nothing is acknowledged before it is kept", always, no_early_answer;
        "a restart replays nothing accepted and loses nothing unaccepted", always, restart_is_exact;
        "a text at the limit is sent, and one over is split or refused", always, long_text;
        "a contact's text at the limit is taken whole, and one over is refused or kept whole", always, long_inbound;
        "a file on a channel without files is refused", no_files, undeclared_file;
        "options on a channel without options are refused", no_choices, undeclared_choices;
        "a pressed option is the option that was offered", pressable, press_resolves;
        "a typed number resolves to the option in its place", listed, number_resolves;
        "more options than the channel shows still reach the contact", offers, many_choices;
        "our own messages do not come back as inbound", always, no_echo;
        "hostile markup arrives as the text it is", always, inert_markup;
        "a delivery that is repeated arrives once", idempotent, repeated_delivery;
        "typing is offered exactly when it is declared", always, typing_declared;
        "what the contact has seen is reported", receipts, seen_reported;
        "what nothing can parse is refused or kept in quarantine, and the next one goes through", always, garbled;
        "a stop ends within its budget", always, stop_in_time;
        "a stop ends within its budget while a message is under way", always, stop_under_way;
    }
}

fn always(_: &Capabilities) -> Option<&'static str> {
    None
}

fn when(condition: bool, why_not: &'static str) -> Option<&'static str> {
    (!condition).then_some(why_not)
}

fn no_files(can: &Capabilities) -> Option<&'static str> {
    when(can.attachments == Support::Rejected, "the channel carries files")
}

fn no_choices(can: &Capabilities) -> Option<&'static str> {
    when(can.choices == Support::Rejected, "the channel shows options")
}

fn pressable(can: &Capabilities) -> Option<&'static str> {
    when(can.choices >= Support::Partial, "options can't be pressed there")
}

fn listed(can: &Capabilities) -> Option<&'static str> {
    when(can.choices == Support::Fallback, "options are no numbered list there")
}

fn offers(can: &Capabilities) -> Option<&'static str> {
    when(can.choices >= Support::Fallback, "the channel shows no options")
}

fn idempotent(can: &Capabilities) -> Option<&'static str> {
    when(can.idempotent_send, "the channel does not recognise a repeated send")
}

fn receipts(can: &Capabilities) -> Option<&'static str> {
    when(can.receipts >= Support::Partial, "the channel reports no receipts")
}

type Outcome = Result<(), String>;

fn ensure(condition: bool, what: impl FnOnce() -> String) -> Outcome {
    if condition { Ok(()) } else { Err(what()) }
}

async fn taken(rig: &mut dyn Rig, sent: &Sent) -> Outcome {
    match rig.answer(sent).await {
        Answer::Taken => Ok(()),
        Answer::NotTaken(why) => Err(format!("a good message was not taken: {why}")),
    }
}

async fn not_taken(rig: &mut dyn Rig, sent: &Sent) -> Outcome {
    let answer = rig.answer(sent).await;
    ensure(answer != Answer::Taken, || "the channel was told that it is taken, and it was not kept".to_owned())
}

async fn write(rig: &mut dyn Rig, text: &str) -> Result<Sent, String> {
    let sent = rig.write(text).await;
    taken(rig, &sent).await?;
    Ok(sent)
}

/// Commits and delivers, as the outbox would.
async fn deliver(rig: &mut dyn Rig, content: Content) -> Result<Delivery, DeliveryError> {
    let delivery = rig.core().say(&rig.thread(), PublicAuthor::Bot, content);
    rig.adapter().deliver(&delivery).await?;
    Ok(delivery)
}

async fn delivered(rig: &mut dyn Rig, content: Content) -> Result<Delivery, String> {
    deliver(rig, content).await.map_err(|error| format!("a good delivery failed: {error}"))
}

fn options(count: usize) -> Vec<Choice> {
    let option = |n: usize| Choice {
        id: ChoiceId(format!("{n}.option")),
        label: format!("Option {n} {}", "with a rather long label ".repeat(n % 2 * 8)),
        synonyms: vec![format!("synonym {n}")],
    };
    (1..=count).map(option).collect()
}

async fn one_accept(rig: &mut dyn Rig) -> Outcome {
    let sent = write(rig, "once").await?;
    rig.repeat(&sent).await;
    taken(rig, &sent).await?;
    rig.restart().await;
    rig.repeat(&sent).await;
    taken(rig, &sent).await?;
    let balance = rig.core().balance();
    ensure((balance.filed, balance.duplicate) == (1, 2), || {
        format!("one message offered three times became {balance:?}")
    })
}

async fn no_early_answer(rig: &mut dyn Rig) -> Outcome {
    write(rig, "before").await?;
    rig.core().refuse(Some(SinkError::Unavailable("the disk is full".to_owned())));
    let sent = rig.write("during").await;
    not_taken(rig, &sent).await?;
    rig.core().refuse(None);
    rig.repeat(&sent).await;
    taken(rig, &sent).await?;
    let texts = rig.core().texts();
    ensure(texts == ["before", "during"], || format!("kept: {texts:?}"))
}

async fn restart_is_exact(rig: &mut dyn Rig) -> Outcome {
    write(rig, "accepted").await?;
    rig.core().refuse(Some(SinkError::Unavailable("the disk is full".to_owned())));
    let unaccepted = rig.write("unaccepted").await;
    not_taken(rig, &unaccepted).await?;
    rig.core().refuse(None);
    rig.restart().await;
    taken(rig, &unaccepted).await?;
    write(rig, "after").await?;
    let (texts, balance) = (rig.core().texts(), rig.core().balance());
    ensure(texts == ["accepted", "unaccepted", "after"] && balance.duplicate == 0, || {
        format!("kept {texts:?} with {} replayed", balance.duplicate)
    })
}

async fn long_text(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let can = rig.adapter().capabilities().clone();
    let whole = "x".repeat(can.text_max);
    delivered(rig, Content::plain(whole.clone())).await?;
    let shown = rig.shown().await.text;
    ensure(shown == whole, || format!("{} of {} characters arrived", shown.len(), whole.len()))?;
    let over = format!("{whole}x");
    match deliver(rig, Content::plain(over.clone())).await {
        Err(DeliveryError::Unsupported { .. } | DeliveryError::Rejected { .. }) => Ok(()),
        Err(error) => Err(format!("a text over the limit failed as if it could be repeated: {error}")),
        Ok(_) => {
            let parts = shown_to_marker(rig).await?;
            let longest = parts.iter().map(|part| can.text_unit.len(&part.text)).max().unwrap_or(0);
            ensure(longest <= can.text_max, || format!("a part has {longest} characters"))?;
            ensure(joined(&parts) == over, || "the parts are not the text".to_owned())
        }
    }
}

/// Everything the peer is shown until a last message, which is sent for that.
async fn shown_to_marker(rig: &mut dyn Rig) -> Result<Vec<Shown>, String> {
    const MARKER: &str = "that is all";
    delivered(rig, Content::plain(MARKER)).await?;
    let mut parts = Vec::new();
    loop {
        let part = rig.shown().await;
        if part.text == MARKER {
            return Ok(parts);
        }
        parts.push(part);
    }
}

/// The texts of some parts without white space, which may be dropped at a cut.
fn joined(parts: &[Shown]) -> String {
    parts.iter().flat_map(|part| part.text.split_whitespace()).collect()
}

async fn long_inbound(rig: &mut dyn Rig) -> Outcome {
    let whole = "y".repeat(rig.adapter().capabilities().inbound_text_max);
    write(rig, &whole).await?;
    let over = format!("{whole}y");
    let sent = rig.write(&over).await;
    let kept = match rig.answer(&sent).await {
        Answer::Taken => vec![whole, over],
        Answer::NotTaken(_) => vec![whole],
    };
    let texts = rig.core().texts();
    ensure(texts == kept, || {
        format!("kept texts of {:?} characters", texts.iter().map(String::len).collect::<Vec<_>>())
    })
}

async fn undeclared_file(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let file = Attachment { name: "a.png".into(), media_type: "image/png".into(), size_bytes: 10, key: "k".into() };
    refused(deliver(rig, Content { attachments: vec![file], ..Content::plain("see") }).await)
}

async fn undeclared_choices(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    refused(deliver(rig, Content::plain("Which?").with_choices(options(2))).await)
}

fn refused(result: Result<Delivery, DeliveryError>) -> Outcome {
    match result {
        Err(DeliveryError::Unsupported { reason }) if !reason.is_empty() => Ok(()),
        Err(error) => Err(format!("it was refused as something else: {error}")),
        Ok(_) => Err("it was taken, and part of it dropped in silence".to_owned()),
    }
}

async fn press_resolves(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let offered = options(rig.adapter().capabilities().choices_max.min(3));
    delivered(rig, Content::plain("Which?").with_choices(offered.clone())).await?;
    let shown = rig.shown().await;
    ensure(shown.choices.len() == offered.len(), || {
        format!("{} of {} options arrived", shown.choices.len(), offered.len())
    })?;
    for (shown, offered) in shown.choices.iter().zip(&offered) {
        let sent = rig.press(shown).await;
        taken(rig, &sent).await?;
        let picked = last_choice(rig);
        ensure(picked.as_ref() == Some(&offered.id), || format!("{:?} was pressed, {picked:?} came", offered.id))?;
    }
    Ok(())
}

fn last_choice(rig: &dyn Rig) -> Option<ChoiceId> {
    match rig.core().ledger().pop()?.inbound.reading {
        Reading::Message(message) => message.choice,
        Reading::Signal(_) | Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
    }
}

async fn number_resolves(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let offered = options(3);
    delivered(rig, Content::plain("Which?").with_choices(offered.clone())).await?;
    let list = joined(&shown_to_marker(rig).await?);
    ensure(list.contains("2.Option2"), || format!("there is no list in {list:?}"))?;
    write(rig, "2").await?;
    let typed = rig.core().texts().pop().unwrap_or_default();
    let picked = choice::resolve(&offered, &typed).map(|picked| &picked.id);
    ensure(picked == Some(&offered[1].id), || format!("{typed:?} became {picked:?}"))
}

async fn many_choices(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let offered = options(rig.adapter().capabilities().choices_max + 1);
    delivered(rig, Content::plain("Which?").with_choices(offered.clone())).await?;
    let list = joined(&shown_to_marker(rig).await?);
    let missing = offered.iter().enumerate().find(|(index, option)| {
        let line: String = format!("{}.{}", index + 1, option.label).split_whitespace().collect();
        !list.contains(&line)
    });
    ensure(missing.is_none(), || format!("an option did not arrive: {missing:?}"))
}

async fn no_echo(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    delivered(rig, Content::plain("our own words")).await?;
    rig.shown().await;
    write(rig, "marker").await?;
    let texts = rig.core().texts();
    ensure(texts == ["hello", "marker"], || format!("kept: {texts:?}"))
}

async fn inert_markup(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let hostile = "<script>alert(1)</script> <b>x</b> *y* _z_ `q` [a](javascript:alert(1)) & \\ \u{202e}oof";
    delivered(rig, Content::plain(hostile)).await?;
    let shown = rig.shown().await;
    ensure((shown.text.as_str(), shown.format) == (hostile, TextFormat::Plain), || {
        format!("plain text became {shown:?}")
    })?;
    if rig.adapter().capabilities().markup >= Support::Partial {
        delivered(rig, Content::markdown("**bold** <script>alert(1)</script>")).await?;
        let shown = rig.shown().await;
        ensure(shown.text.contains("<script>alert(1)</script>"), || format!("markup became {shown:?}"))?;
    }
    Ok(())
}

async fn repeated_delivery(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let delivery = delivered(rig, Content::plain("once")).await?;
    let again = Delivery { attempt: 2, ..delivery };
    rig.adapter().deliver(&again).await.map_err(|error| format!("the repetition failed: {error}"))?;
    delivered(rig, Content::plain("marker")).await?;
    let shown = [rig.shown().await.text, rig.shown().await.text];
    ensure(shown == ["once", "marker"], || format!("shown: {shown:?}"))
}

fn typing_declared(rig: &mut dyn Rig) -> Ready<Outcome> {
    let adapter = rig.adapter();
    let (declared, offered) = (adapter.capabilities().typing >= Support::Partial, adapter.extras().typing.is_some());
    ready(ensure(declared == offered, || format!("declared: {declared}, offered: {offered}")))
}

async fn seen_reported(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let delivery = delivered(rig, Content::plain("look")).await?;
    rig.shown().await;
    rig.look().await;
    let seen = move |core: &crate::fakes::FakeCore| {
        core.receipts().iter().any(|noted| {
            (noted.conversation, noted.seq, noted.mark) == (delivery.conversation, delivery.seq, ReceiptMark::Seen)
        })
    };
    rig.core().until("the receipt", seen).await;
    Ok(())
}

async fn garbled(rig: &mut dyn Rig) -> Outcome {
    write(rig, "before").await?;
    let answer = rig.garble().await;
    let quarantined = rig.core().balance().quarantined;
    let wanted = u32::from(answer == Answer::Taken);
    ensure(quarantined == wanted, || format!("{answer:?}, and {quarantined} in quarantine"))?;
    write(rig, "after").await?;
    let texts = rig.core().texts();
    ensure(texts == ["before", "after"], || format!("kept: {texts:?}"))
}

async fn stop_in_time(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    stopped(rig).await
}

async fn stop_under_way(rig: &mut dyn Rig) -> Outcome {
    write(rig, "hello").await?;
    let hold = rig.core().hold();
    rig.write("held").await;
    hold.reached(1).await;
    let outcome = stopped(rig).await;
    drop(hold);
    outcome
}

async fn stopped(rig: &mut dyn Rig) -> Outcome {
    let stopped = rig.stop().await;
    ensure(stopped.result.is_ok(), || format!("run ended with {:?}", stopped.result))?;
    ensure(stopped.took <= STOP_BUDGET, || format!("the stop took {:?}", stopped.took))
}
