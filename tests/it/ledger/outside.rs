//! The same from outside: over the API, and by the command line beside a running server.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use switchboard::clock::{Clock, SystemClock};
use switchboard::intake::InboxSink;
use switchboard::store::{Error, inboxes, sql};
use switchboard_contract::{InboundSink, InboxId};

use super::house::unreadable;
use crate::customer::Customer;
use crate::desk::Desk;
use crate::server::{START, TestServer};

async fn meddle(server: &TestServer, statement: &'static str) {
    let meddled = server.core().store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { sql::query(statement).execute(conn).await.map(drop).map_err(Error::from) })
    });
    meddled.await.expect("meddled");
}

async fn web_inbox(server: &TestServer) -> InboxId {
    let mut conn = server.core().store.reader().await.expect("a reader");
    inboxes::by_slug(&mut conn, "web").await.expect("reads").expect("there").id
}

/// A customer whose last message is in quarantine for a fault that is mended, and its number.
async fn stuck(server: &TestServer, admin: &Desk) -> (Customer, i64) {
    let mut customer = Customer::connect(&server.socket_url(), "customer", Some("en")).await;
    customer.open().await;
    meddle(server, "UPDATE conversations SET state = 'x' || state").await;
    let told = customer.write_in_vain("I want to talk to a person").await;
    assert_eq!(told["code"], "not_understood", "{told}");
    meddle(server, "UPDATE conversations SET state = SUBSTR(state, 2)").await;
    let ledger = admin.get(server, "/ledger").await;
    assert_eq!(ledger["data"][0]["quarantined"], 1, "{ledger}");
    (customer, ledger["quarantine"][0]["id"].as_i64().expect("a number"))
}

async fn account(server: &TestServer, admin: &Desk) -> Value {
    let account = admin.get(server, "/ledger").await["data"][0].clone();
    assert_eq!(account["balanced"], true, "{account}");
    account
}

#[tokio::test]
async fn an_admin_looks_and_tries_again() {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    let (mut customer, id) = stuck(&server, &admin).await;
    let shown = admin.get(&server, &format!("/quarantine/{id}")).await;
    assert_eq!(
        (&shown["can_retry"], &shown["text_cut"], &shown["raw_dropped_at"]),
        (&json!(true), &json!(false), &json!(null))
    );
    assert!(shown["text"].as_str().is_some_and(|text| text.contains("talk to a person")), "{shown}");
    assert!(shown["inbox"]["id"].as_str().is_some_and(|id| id.starts_with("inb_")), "{shown}");
    let path = format!("/quarantine/{id}/retry");
    let (status, retried) = admin.post(&server, &path, json!({})).await;
    assert_eq!((status, &retried["outcome"], &retried["reason"]), (StatusCode::OK, &json!("filed"), &json!(null)));
    let conversation = retried["conversation"].as_str().expect("a conversation").to_owned();
    assert_eq!(Some(conversation.as_str()), customer.conversation_id());
    // The customer's page hears of it, and an agent sees why it stands there.
    customer.until("their words", |frame| frame["text"] == "I want to talk to a person").await;
    let entries = admin.get(&server, &format!("/conversations/{conversation}/entries")).await;
    let logs: Vec<&Value> =
        entries["data"].as_array().expect("entries").iter().filter(|e| e["log"]["what"] == "filed_later").collect();
    assert_eq!(logs.len(), 1, "{entries}");
    assert_eq!(logs[0]["log"]["by"], "Admin", "{}", logs[0]);
    assert_eq!(
        logs[0]["log"]["why"],
        "Filed later from quarantine by Admin. It came on 2026-03-02 at 09:00 UTC, could not be filed then, and stands at the \
         time of filing."
    );
    let (status, problem) = admin.post(&server, &path, json!({})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_in_quarantine")), "{problem}");
    let account = account(&server, &admin).await;
    assert_eq!(account["quarantined"], 0, "{account}");
}

#[tokio::test]
async fn hostile_bytes_are_handed_out_as_a_file_and_dismissed() {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    let sink = InboxSink::new(Arc::clone(server.core()), web_inbox(&server).await);
    let mut item = unreadable("bad", "");
    item.raw = b"<script>\xff\x00".repeat(10_000);
    sink.accept(vec![item.clone()], None).await.expect("accepted");
    let id = admin.get(&server, "/ledger").await["quarantine"][0]["id"].as_i64().expect("a number");
    let shown = admin.get(&server, &format!("/quarantine/{id}")).await;
    assert_eq!(
        (&shown["can_retry"], &shown["text_cut"], &shown["bytes"]),
        (&json!(false), &json!(true), &json!(100_000))
    );
    assert!(shown["text"].as_str().is_some_and(|text| text.starts_with("<script>\u{fffd}\u{0}<script>")), "{shown}");
    let answer =
        admin.request(&server, Method::GET, &format!("/api/v1/quarantine/{id}/raw")).send().await.expect("an answer");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"inbound-{id}.bin\""));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(answer.bytes().await.expect("a body"), item.raw);

    let path = format!("/quarantine/{id}/dismiss");
    for (body, pointer) in [(json!({"reason": " "}), "/reason"), (json!({"reason": "x".repeat(501)}), "/reason")] {
        let (status, problem) = admin.post(&server, &path, body).await;
        assert_eq!((status.as_u16(), problem["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{problem}");
    }
    let (status, retried) = admin.post(&server, &format!("/quarantine/{id}/retry"), json!({})).await;
    assert_eq!(
        (status, &retried["outcome"], &retried["reason"]),
        (StatusCode::OK, &json!("quarantined"), &json!("no letters"))
    );
    let (status, dismissed) = admin.post(&server, &path, json!({"reason": "a probe of ours"})).await;
    assert_eq!(
        (status, dismissed),
        (StatusCode::OK, json!({"outcome": "filtered", "reason": "dismissed by Admin: a probe of ours"}))
    );
    for path in ["", "/raw"] {
        let (status, problem) = admin.call(&server, Method::GET, &format!("/quarantine/{id}{path}"), None).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_in_quarantine")), "{problem}");
    }
    for path in ["/quarantine/999", "/quarantine/999/raw", "/quarantine/cnv_x"] {
        let (status, problem) = admin.call(&server, Method::GET, path, None).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("not_found")), "{problem}");
    }
    let account = account(&server, &admin).await;
    assert_eq!((&account["filtered"], &account["quarantined"]), (&json!(1), &json!(0)), "{account}");
}

fn run(data: &Path, arguments: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["ledger", "--data"])
        .arg(data)
        .args(arguments)
        .current_dir(data)
        .env_clear()
        .output()
        .expect("the program runs")
}

/// What a command printed, and its exit code.
async fn ledger(server: &TestServer, arguments: &[&str]) -> (String, i32) {
    let data = server.data().to_owned();
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || run(&data, &arguments)).await.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code().expect("an exit code"))
}

#[tokio::test]
async fn the_command_line_does_it_beside_a_running_server() {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    let (mut customer, id) = stuck(&server, &admin).await;
    let sink = InboxSink::new(Arc::clone(server.core()), web_inbox(&server).await);
    sink.accept(vec![unreadable("bad", "%\u{1b}[2J")], None).await.expect("accepted");

    let (list, code) = ledger(&server, &["quarantine"]).await;
    assert!(code == 0 && list.lines().count() == 2 && list.contains("no letters"), "{list}");
    let numbers: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(numbers.contains(&id.to_string().as_str()), "{list}");
    let (json, _) = ledger(&server, &["quarantine", "--json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let bad = json[0]["id"].as_i64().expect("a number").to_string();
    let (shown, _) = ledger(&server, &["quarantine", "show", &bad]).await;
    assert!(shown.contains("%\u{fffd}[2J") && shown.contains("this version can't read it"), "{shown}");
    let (raw, _) = ledger(&server, &["quarantine", "show", &bad, "--raw"]).await;
    assert_eq!(raw, "%\u{1b}[2J");

    let (tried, code) = ledger(&server, &["quarantine", "retry", "--all"]).await;
    assert!(code == 1 && tried.contains("filed  cnv_") && tried.contains("1 item stays in quarantine"), "{tried}");
    // The running server sends what followed from it, at the time its own clock says.
    server.clock.advance(SystemClock.now().since(START));
    customer.until("the notice that they wait", |frame| frame["from"]["kind"] == "system").await;
    assert!(
        customer.entries.iter().any(|entry| entry["text"] == "I want to talk to a person"),
        "{:?}",
        customer.entries
    );

    let (refused, code) = ledger(&server, &["quarantine", "dismiss", &bad, "--reason", ""]).await;
    assert!(code == 2 && refused.contains("give a reason of 1 to 500 characters"), "{refused}");
    let (dismissed, code) = ledger(&server, &["quarantine", "dismiss", &bad, "--reason", "a probe"]).await;
    assert!(code == 0 && dismissed.contains("dismissed by the command line: a probe"), "{dismissed}");
    let (gone, code) = ledger(&server, &["quarantine", "retry", &bad]).await;
    assert!(code == 1 && gone.contains("not in quarantine any more: it was filtered"), "{gone}");
    assert_eq!(ledger(&server, &["quarantine"]).await, ("nothing is in quarantine\n".to_owned(), 0));
    let (account, code) = ledger(&server, &["--from", "2026-03-01"]).await;
    assert_eq!(code, 0, "it balances: {account}");
}

#[tokio::test]
async fn the_account_is_shown_for_a_period_and_an_inbox() {
    let server = TestServer::start().await;
    let mut customer = Customer::connect(&server.socket_url(), "customer", Some("en")).await;
    customer.open().await;
    let received = |text: &str| {
        let all: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"));
        all.as_array()
            .expect("accounts")
            .iter()
            .map(|one| one["received"].as_i64().expect("a count"))
            .collect::<Vec<_>>()
    };
    let (all, code) =
        ledger(&server, &["--json", "--from", "2026-03-01", "--to", "2026-03-02", "--inbox", "web"]).await;
    assert_eq!((received(&all), code), (vec![1], 0));
    let (before, _) = ledger(&server, &["--json", "--from", "2026-02-01", "--to", "2026-03-01"]).await;
    assert_eq!(received(&before), [0]);
    for (arguments, words) in [
        (&["--inbox", "wen"][..], "there is no inbox `wen`; there are: `web`"),
        (&["--from", "2026-03-02", "--to", "2026-03-01"], "the first day comes after the last one"),
        (&["--from", "yesterday"], "is not a day such as 2026-11-20"),
    ] {
        let (told, code) = ledger(&server, arguments).await;
        assert!(code == 2 && told.contains(words), "{arguments:?}: {told}");
    }
}
