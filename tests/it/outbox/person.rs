//! What people decide about dead letters, over the API and by the command line.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard::clock::{Clock, SystemClock};
use switchboard::store::outbox::{self, Cargo, End, Target};
use switchboard::store::{Error, deliveries};
use switchboard_contract::{ConversationId, DeliveryId};

use crate::customer::Customer;
use crate::desk::Desk;
use crate::server::{START, TestServer, in_time};

/// A message of ours whose delivery ended as given, made by stopping the inbox's outbox from having it: the row is claimed and
/// settled here as an attempt would have been.
async fn stuck(server: &TestServer, end: End) -> (ConversationId, DeliveryId) {
    let mut customer = Customer::connect(&server.socket_url(), "customer", Some("en")).await;
    customer.open().await;
    customer.write("I want to talk to a person").await;
    customer.settle().await;
    let conversation: ConversationId = customer.conversation_id().expect("a conversation").parse().expect("an id");
    // Once everything is sent, the first delivery is taken back to the state that is wanted.
    let core = server.core();
    let mut bell = core.store.commits();
    in_time("everything is sent", async {
        loop {
            bell.mark_unchanged();
            if outbox::count_open(&mut core.store.reader().await.expect("a reader")).await.expect("reads") == 0 {
                return;
            }
            bell.changed().await.expect("the store lives");
        }
    })
    .await;
    let id = core
        .store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                let all = deliveries::list(conn, deliveries::Which::In(deliveries::State::Sent), None, 1).await?;
                let id = all[0].id;
                let sql = "UPDATE outbox SET state = 'pending', attempts = 3, due_at = 0 WHERE id = $1";
                switchboard::store::sql::query(sql).bind(id.to_string()).execute(&mut *conn).await?;
                let sql = "UPDATE entries SET delivery = 'pending' WHERE conversation_id = $1";
                switchboard::store::sql::query(sql).bind(conversation.to_string()).execute(&mut *conn).await?;
                let (ticket, cargo) = outbox::claim(conn, &[id], START).await?.remove(0);
                assert!(matches!((&cargo, &ticket.target), (Cargo::Message(_), Target::Inbox(_))), "{cargo:?}");
                let (state, words) = match &end {
                    End::Failed(words) => (switchboard_contract::DeliveryState::Failed, words.clone()),
                    End::Uncertain(words) => (switchboard_contract::DeliveryState::Uncertain, words.clone()),
                    End::Sent(_) | End::Again(..) | End::Postponed(..) => panic!("{end:?}"),
                };
                let (conversation, at) = ticket.entry.expect("a message");
                let progress = switchboard::store::entries::Progress { conversation, at, state, error: Some(words) };
                assert_eq!(outbox::settle(conn, &[(ticket, end)]).await?.len(), 1);
                switchboard::store::entries::set_deliveries(conn, &[progress]).await?;
                Ok(id)
            })
        })
        .await
        .expect("stuck");
    (conversation, id)
}

async fn listed(server: &TestServer, desk: &Desk, state: &str) -> Vec<Value> {
    desk.get(server, &format!("/outbox?state={state}")).await["data"].as_array().expect("rows").clone()
}

async fn entry(server: &TestServer, desk: &Desk, conversation: ConversationId, delivery: DeliveryId) -> Value {
    let all = desk.get(server, &format!("/conversations/{conversation}/entries")).await;
    let all = all["data"].as_array().expect("entries").clone();
    all.into_iter().find(|entry| entry["delivery_id"] == delivery.to_string()).expect("the entry names its delivery")
}

async fn logs(server: &TestServer, desk: &Desk, conversation: ConversationId) -> Vec<(String, String)> {
    let all = desk.get(server, &format!("/conversations/{conversation}/entries")).await;
    let all = all["data"].as_array().expect("entries").clone();
    let word = |log: &Value, field: &str| log["log"][field].as_str().unwrap_or_default().to_owned();
    all.iter().filter(|entry| entry["kind"] == "log").map(|log| (word(log, "what"), word(log, "why"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_sent_again_with_one_request_and_its_conversation_says_who() {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    let (conversation, id) = stuck(&server, End::Failed("refused by the channel: blocked".to_owned())).await;
    let rows = listed(&server, &admin, "stuck").await;
    assert_eq!((rows.len(), &rows[0]["id"], &rows[0]["state"]), (1, &json!(id.to_string()), &json!("failed")));
    assert_eq!(rows[0]["target"]["kind"], "inbox");
    assert_eq!(rows[0]["conversation"]["id"], conversation.to_string());
    assert!(rows[0]["preview"].as_str().is_some_and(|preview| !preview.is_empty()), "{rows:?}");
    assert_eq!(entry(&server, &admin, conversation, id).await["delivery"]["state"], "failed");
    assert_eq!(admin.get(&server, "/inboxes").await["data"][0]["failed"], 1);

    let path = format!("/outbox/{id}/retry");
    let (status, row) = admin.post(&server, &path, json!({})).await;
    assert_eq!((status.as_u16(), row["state"].as_str(), row["attempts"].as_i64()), (200, Some("pending"), Some(0)));
    let (status, problem) = admin.post(&server, &path, json!({})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_stuck")), "{problem}");
    in_time("it is sent", async {
        let mut bell = server.core().store.commits();
        while entry(&server, &admin, conversation, id).await["delivery"]["state"] != "sent" {
            bell.changed().await.expect("the store lives");
        }
    })
    .await;
    let (what, why) = logs(&server, &admin, conversation).await.pop().expect("a log entry");
    assert_eq!(what, "delivery_retried");
    assert_eq!(why, "Admin had it sent again; before: refused by the channel: blocked");
    assert!(listed(&server, &admin, "stuck").await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_perhaps_delivered_is_repeated_only_when_somebody_says_so() {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    let (conversation, id) = stuck(&server, End::Uncertain("perhaps delivered: cut".to_owned())).await;
    let path = format!("/outbox/{id}/retry");
    let (status, problem) = admin.post(&server, &path, json!({"even_if_delivered": false})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("perhaps_delivered")), "{problem}");
    assert_eq!(listed(&server, &admin, "uncertain").await.len(), 1, "nothing happened");
    let (status, row) = admin.post(&server, &path, json!({"even_if_delivered": true})).await;
    assert_eq!((status.as_u16(), row["state"].as_str()), (200, Some("pending")), "{row}");
    assert_eq!(entry(&server, &admin, conversation, id).await["delivery_id"], id.to_string());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_needs_a_reason_and_stays_what_it_was() {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    let (conversation, id) = stuck(&server, End::Failed("refused by the channel: blocked".to_owned())).await;
    let path = format!("/outbox/{id}/drop");
    for reason in ["", "   ", &"x".repeat(501)] {
        let (status, problem) = admin.post(&server, &path, json!({"reason": reason})).await;
        assert_eq!((status.as_u16(), problem["errors"][0]["pointer"].as_str()), (422, Some("/reason")), "{problem}");
    }
    let (status, row) = admin.post(&server, &path, json!({"reason": "told her by phone"})).await;
    assert_eq!((status.as_u16(), row["state"].as_str()), (200, Some("dropped")), "{row}");
    let entry = entry(&server, &admin, conversation, id).await;
    assert_eq!(entry["delivery"], json!({"state": "failed", "error": "dropped by Admin: told her by phone"}));
    assert_eq!(logs(&server, &admin, conversation).await.pop().expect("a log entry").0, "delivery_dropped");
    let (status, problem) = admin.post(&server, &path, json!({"reason": "again"})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("not_stuck")), "{problem}");
    let missing = DeliveryId::from_parts(START, 9);
    let (status, _) = admin.post(&server, &format!("/outbox/{missing}/retry"), json!({})).await;
    assert_eq!(status.as_u16(), 404);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_redrives_beside_a_running_server() {
    // The command has the machine's clock; the server's is a little ahead, so that what the command says is due is due.
    let server = TestServer::start_with("", SystemClock.now() + Duration::from_mins(5)).await;
    let admin = Desk::first_admin(&server).await;
    let (conversation, id) = stuck(&server, End::Uncertain("perhaps delivered: cut".to_owned())).await;
    let outbox = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
            .args(["outbox"])
            .args(args)
            .arg("--data")
            .arg(server.data())
            .env_clear()
            .output()
            .expect("runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, list, _) = outbox(&["list", "--json"]);
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!((code, &list[0]["id"], &list[0]["state"]), (Some(0), &json!(id.to_string()), &json!("uncertain")));
    let (code, out, _) = outbox(&["retry", "--all"]);
    assert_eq!((code, out.as_str()), (Some(0), "nothing is stuck\n"), "uncertain ones are left alone");
    let (code, _, problem) = outbox(&["retry", &id.to_string()]);
    assert_eq!(code, Some(1));
    assert!(problem.contains("--even-if-delivered"), "{problem}");
    let (code, out, problem) = outbox(&["retry", "--all", "--even-if-delivered"]);
    assert_eq!((code, out), (Some(0), format!("{id} on its way\n")), "{problem}");
    in_time("the running server sends it", async {
        while entry(&server, &admin, conversation, id).await["delivery"]["state"] != "sent" {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (_, why) = logs(&server, &admin, conversation).await.pop().expect("a log entry");
    assert!(why.starts_with("the command line had it sent again"), "{why}");
    let (code, _, problem) = outbox(&["drop", &id.to_string(), "--reason", "too late"]);
    assert_eq!(code, Some(1), "{problem}");
    server.stop().await;
}
