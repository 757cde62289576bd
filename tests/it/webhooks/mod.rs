//! Outgoing webhooks against an endpoint that misbehaves: what is told, how it is signed, and what each answer leads to.

mod endpoint;

use std::time::Duration;

use serde_json::json;
use switchboard::store::circuits;
use switchboard::store::outbox::Target;

use crate::customer::Customer;
use crate::desk::Desk;
use crate::server::{START, TestServer, in_time};
use endpoint::{Answer, Endpoint};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn house(endpoint: &Endpoint, more: &str) -> TestServer {
    let toml = format!(
        "[[webhook]]\nname = \"crm\"\nurl = \"http://{}/hook?key=hidden\"\nsecret = \"{SECRET}\"\n{more}",
        endpoint.address
    );
    TestServer::start_with(&toml, START).await
}

/// A customer who asks for a person.
async fn waiting(server: &TestServer, name: &str) -> Customer {
    let mut customer = Customer::connect(&server.socket_url(), name, Some("en")).await;
    customer.open().await;
    customer.write("I want to talk to a person").await;
    customer.settle().await;
    customer
}

/// Moves the clock until the endpoint has got as much as is wanted.
async fn until(server: &TestServer, endpoint: &Endpoint, what: &str, wanted: impl Fn(&[endpoint::Posted]) -> bool) {
    in_time(what, async {
        while !wanted(&endpoint.posted()) {
            server.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_in_order_and_signed_by_both_secrets() {
    let endpoint = Endpoint::start().await;
    let server = house(&endpoint, &format!("previous_secret = \"{OLD}\"\n")).await;
    let customer = waiting(&server, "customer").await;
    let id = customer.conversation_id().expect("a conversation").to_owned();
    let admin = Desk::first_admin(&server).await;
    for act in ["claim", "resolve"] {
        let (status, body) = admin.post(&server, &format!("/conversations/{id}/{act}"), json!({})).await;
        assert_eq!(status.as_u16(), 200, "{act}: {body}");
    }
    let resolved = |posted: &[endpoint::Posted]| posted.iter().any(|one| one.kind() == "conversation.resolved");
    let posted = endpoint.until("all is told", resolved).await;
    let kinds: Vec<String> = posted.iter().map(endpoint::Posted::kind).collect();
    assert_eq!(kinds[0], "conversation.created", "{kinds:?}");
    let place = |kind: &str| kinds.iter().position(|one| one == kind).expect(kind);
    assert!(place("conversation.handed_off") < place("conversation.resolved"), "{kinds:?}");
    let asked = posted.iter().find(|one| one.text.contains("I want to talk to a person")).expect("the message").json();
    assert_eq!(
        (&asked["type"], &asked["data"]["message"]["author"]["kind"]),
        (&json!("message.created"), &json!("contact"))
    );
    assert_eq!(asked["data"]["conversation"]["id"], id);
    assert_eq!(asked["timestamp"], "2026-03-02T09:00:00Z");
    for one in &posted {
        assert!(one.is_signed_by(SECRET) && one.is_signed_by(OLD), "{one:?}");
        assert_eq!((one.path.as_str(), one.timestamp.as_str()), ("/hook?key=hidden", "1772442000"));
    }
    let mut ids: Vec<&str> = posted.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), posted.len(), "each event once");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_subscribed_is_told() {
    let endpoint = Endpoint::start().await;
    let server = house(&endpoint, "events = [\"conversation.handed_off\"]\n").await;
    waiting(&server, "customer").await;
    let posted = endpoint.until("it is told", |posted| !posted.is_empty()).await;
    assert_eq!(posted.iter().map(endpoint::Posted::kind).collect::<Vec<_>>(), ["conversation.handed_off"]);
    assert_eq!(posted[0].json()["data"]["conversation"]["handler"], "queue");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_again_under_the_same_id_and_no_redirect_is_followed() {
    let (endpoint, elsewhere) = (Endpoint::start().await, Endpoint::start().await);
    let elsewhere_line: &'static str =
        Box::leak(format!("location: http://{}/\r\n", elsewhere.address).into_boxed_str());
    let server = house(&endpoint, "events = [\"conversation.handed_off\"]\n").await;
    endpoint.plan([Answer::Status(500, ""), Answer::Cut, Answer::Status(307, elsewhere_line), Answer::Status(404, "")]);
    waiting(&server, "customer").await;
    until(&server, &endpoint, "the fifth attempt", |posted| posted.len() == 5).await;
    let posted = endpoint.posted();
    assert!(posted.iter().all(|one| one.id == posted[0].id && one.text == posted[0].text && one.is_signed_by(SECRET)));
    assert!(elsewhere.posted().is_empty(), "a redirect leads nowhere");
    let times: Vec<i64> = posted.iter().map(|one| one.timestamp.parse().expect("seconds")).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "each attempt is signed anew: {times:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_wants_a_pause_gets_it() {
    let endpoint = Endpoint::start().await;
    let server = house(&endpoint, "events = [\"conversation.handed_off\"]\n").await;
    endpoint.plan([Answer::Status(429, "retry-after: 90\r\n")]);
    waiting(&server, "customer").await;
    endpoint.until("the first attempt", |posted| posted.len() == 1).await;
    until(&server, &endpoint, "the second attempt", |posted| posted.len() == 2).await;
    let times: Vec<i64> = endpoint.posted().iter().map(|one| one.timestamp.parse().expect("seconds")).collect();
    assert!(times[1] - times[0] >= 90, "{times:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_left_alone_and_shown() {
    let endpoint = Endpoint::start().await;
    let server = house(&endpoint, "events = [\"conversation.handed_off\"]\n").await;
    let admin = Desk::first_admin(&server).await;
    endpoint.otherwise(Answer::Status(410, ""));
    waiting(&server, "customer").await;
    endpoint.until("the first attempt", |posted| posted.len() == 1).await;
    let target = Target::Webhook("crm".to_owned());
    let mut bell = server.core().store.commits();
    in_time("it is paused", async {
        loop {
            bell.mark_unchanged();
            let mut conn = server.core().store.reader().await.expect("a reader");
            if circuits::all(&mut conn).await.expect("reads").contains_key(&target) {
                return;
            }
            drop(conn);
            bell.changed().await.expect("the store lives");
        }
    })
    .await;
    waiting(&server, "another").await;
    let webhook = admin.get(&server, "/inboxes").await["webhooks"][0].clone();
    assert_eq!(
        (&webhook["name"], &webhook["url_host"], &webhook["failed"]),
        (&json!("crm"), &json!("127.0.0.1"), &json!(1))
    );
    assert!(webhook["circuit"]["error"].as_str().is_some_and(|error| error.contains("410")), "{webhook}");
    let row = admin.get(&server, "/outbox").await["data"][0].clone();
    assert_eq!(row["target"], json!({"kind": "webhook", "id": "webhook:crm", "name": "crm"}));
    assert_eq!(row["preview"], "conversation.handed_off");
    assert!(!row.to_string().contains("hidden"), "the address may hold a secret: {row}");
    assert_eq!(endpoint.posted().len(), 1, "nothing more is sent");

    // A person who sends it again has it tried at once.
    endpoint.otherwise(Answer::Status(200, ""));
    let path = format!("/outbox/{}/retry", row["id"].as_str().expect("an id"));
    assert_eq!(admin.post(&server, &path, json!({})).await.0.as_u16(), 200);
    endpoint.until("both are told", |posted| posted.len() == 3).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_endpoint_keeps_no_customer_waiting() {
    let endpoint = Endpoint::start().await;
    let server = house(&endpoint, "").await;
    endpoint.otherwise(Answer::Silence);
    let mut customer = waiting(&server, "customer").await;
    endpoint.until("the endpoint has it", |posted| !posted.is_empty()).await;
    customer.write("hello?").await;
    customer.settle().await;
    assert_eq!(endpoint.posted().len(), 1, "its lane waits, and nobody else");
}
