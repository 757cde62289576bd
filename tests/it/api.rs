//! The JSON API over a real socket: who may do what, what bad requests get, what a retry does, and the live news.

use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use switchboard_contract::Timestamp;

use crate::customer::Customer;
use crate::desk::{Desk, PASSWORD};
use crate::server::{START, TestServer, in_time};

async fn house() -> (TestServer, Desk) {
    let server = TestServer::start().await;
    let admin = Desk::first_admin(&server).await;
    (server, admin)
}

/// A customer who asked for a person, and their conversation's id.
async fn waiting(server: &TestServer, name: &str) -> (Customer, String) {
    let mut customer = Customer::connect(&server.socket_url(), name, Some("en")).await;
    customer.open().await;
    customer.write("I want to talk to a person").await;
    customer.settle().await;
    let id = customer.conversation_id().expect("a conversation").to_owned();
    (customer, id)
}

async fn seq(server: &TestServer, desk: &Desk, id: &str) -> u64 {
    desk.get(server, &format!("/conversations/{id}")).await["seq"].as_u64().expect("a place")
}

#[tokio::test]
async fn every_route_wants_a_session_and_the_right_role() {
    let (server, admin) = house().await;
    let agent = admin.invite(&server, "Ana", "agent").await;
    let knowledge = admin.invite(&server, "Kim", "knowledge").await;
    let (_customer, id) = waiting(&server, "customer").await;
    let document = admin.get(&server, "/openapi.json").await;
    let open = [("post", "/api/v1/session"), ("delete", "/api/v1/session")];
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            if open.contains(&(method.as_str(), path.as_str())) || path.contains("/invitations/") {
                continue;
            }
            seen += 1;
            let concrete =
                path.replace("{id}", &id).replace("{slug}", "x").replace("{lang}", "en").replace("{name}", "x");
            let call = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let short = concrete.strip_prefix("/api/v1").expect("the prefix");
            let (status, body) = Desk::stranger().call(&server, call.clone(), short, Some(json!({}))).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}: {body}");
            assert_eq!(body["code"], "unauthorized", "{method} {path}");
            let allowed = allowed(method, path);
            for (role, desk) in [("agent", &agent), ("knowledge", &knowledge)] {
                if allowed.contains(&role) {
                    continue;
                }
                let (status, body) = desk.call(&server, call.clone(), short, Some(json!({}))).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{role}: {method} {path}: {body}");
            }
        }
    }
    assert!(seen >= 25, "{seen} routes");
}

/// Who besides admins may use a route.
fn allowed(method: &str, path: &str) -> &'static [&'static str] {
    let both: &[&str] = &["agent", "knowledge"];
    match (method, path.strip_prefix("/api/v1").unwrap_or(path)) {
        ("get", "/ledger" | "/quarantine/{id}" | "/quarantine/{id}/raw") => &[],
        ("get", _) | ("post", "/flows/lint" | "/knowledge/ask" | "/conversations/{id}/presence") => both,
        (_, path) if path.starts_with("/conversations/") || path.starts_with("/outbox/") => &["agent"],
        (_, path) if path.starts_with("/articles/") || path.starts_with("/flows/") || path == "/bot-book" => {
            &["knowledge"]
        }
        _ => &[],
    }
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong_and_change_nothing() {
    let (server, admin) = house().await;
    let (_customer, id) = waiting(&server, "customer").await;
    let before = admin.get(&server, &format!("/conversations/{id}")).await["version"].clone();
    let reply = format!("/conversations/{id}/reply");
    let cases = [
        (json!({"text": "hi", "seen_seq": 1, "colour": "red"}), 422, "validation", "/colour"),
        (json!({"text": 5, "seen_seq": 1}), 422, "validation", ""),
        (json!({"text": "hi"}), 422, "validation", "/seen_seq"),
        (json!({"text": "x".repeat(10_001), "seen_seq": 1}), 422, "validation", "/text"),
        (json!({"text": "hi", "seen_seq": 99}), 409, "not_your_turn", ""),
    ];
    for (body, status, code, pointer) in cases {
        let (got, problem) = admin.post(&server, &reply, body.clone()).await;
        assert_eq!((got.as_u16(), problem["code"].as_str()), (status, Some(code)), "{problem}");
        assert_eq!(problem["status"], status);
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
    let (status, problem) = admin.call(&server, Method::GET, "/conversations?view=nonsense", None).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("validation")), "{problem}");
    for missing in
        ["/conversations/cnv_nonsense", "/conversations/msg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "/nowhere", "/flows/none"]
    {
        let (status, problem) = admin.call(&server, Method::GET, missing, None).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("not_found")), "{missing}: {problem}");
    }
    let plain =
        admin.request(&server, Method::POST, &format!("/api/v1{reply}")).header("idempotency-key", "k").body("text");
    let answer = plain.send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 415);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let after = admin.get(&server, &format!("/conversations/{id}")).await["version"].clone();
    assert_eq!(before, after, "nothing changed");
}

#[tokio::test]
async fn a_retried_reply_is_sent_once() {
    let (server, admin) = house().await;
    let (mut customer, id) = waiting(&server, "customer").await;
    let (status, _) = admin.post(&server, &format!("/conversations/{id}/claim"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    let path = format!("/conversations/{id}/reply");
    let body = json!({"text": "Hello there", "seen_seq": seq(&server, &admin, &id).await});
    let without = admin.call_with(&server, Method::POST, &path, Some(body.clone()), &[]).await;
    assert_eq!((without.0.as_u16(), without.1["code"].as_str()), (400, Some("idempotency_key_required")));
    let key = [("idempotency-key", "reply-1")];
    let first = admin.call_with(&server, Method::POST, &path, Some(body.clone()), &key).await;
    let again = admin.call_with(&server, Method::POST, &path, Some(body), &key).await;
    assert_eq!((first.0, again.0), (StatusCode::CREATED, StatusCode::CREATED), "{first:?}");
    assert_eq!(first.1["id"], again.1["id"]);
    let other = json!({"text": "Something else", "seen_seq": 99});
    let reused = admin.call_with(&server, Method::POST, &path, Some(other), &key).await;
    assert_eq!((reused.0.as_u16(), reused.1["code"].as_str()), (422, Some("idempotency_key_reused")));
    customer.until("the reply", |frame| frame["text"] == "Hello there").await;
    customer.settle().await;
    let count = customer.entries.iter().filter(|entry| entry["text"] == "Hello there").count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_reply_against_an_older_state_asks_first() {
    let (server, admin) = house().await;
    let (mut customer, id) = waiting(&server, "customer").await;
    admin.post(&server, &format!("/conversations/{id}/claim"), json!({})).await;
    let seen = seq(&server, &admin, &id).await;
    customer.write("one more thing").await;
    let reply = format!("/conversations/{id}/reply");
    let (status, problem) = admin.post(&server, &reply, json!({"text": "Hi", "seen_seq": seen})).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("newer_messages")), "{problem}");
    let (status, _) = admin.post(&server, &reply, json!({"text": "Hi", "seen_seq": seen, "anyway": true})).await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_retried_invitation_makes_one_account() {
    let (server, admin) = house().await;
    let body = Some(json!({"email": "ana@example.com", "role": "agent"}));
    let key = [("idempotency-key", "invite-ana")];
    let first = admin.call_with(&server, Method::POST, "/agents", body.clone(), &key).await;
    let again = admin.call_with(&server, Method::POST, "/agents", body, &key).await;
    assert_eq!((first.0, again.0), (StatusCode::CREATED, StatusCode::CREATED), "{again:?}");
    assert_eq!(first.1["agent"]["id"], again.1["agent"]["id"]);
    Desk::accept(&server, again.1["invitation_url"].as_str().expect("a link"), "Ana").await;
    let other = Some(json!({"email": "ben@example.com", "role": "agent"}));
    let (status, problem) = admin.call_with(&server, Method::POST, "/agents", other, &key).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("idempotency_key_reused")));
    assert_eq!(admin.get(&server, "/agents").await["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn nobody_speaks_where_the_customer_does_not_listen_any_more() {
    let (server, admin) = house().await;
    let (mut customer, old) = waiting(&server, "customer").await;
    admin.post(&server, &format!("/conversations/{old}/claim"), json!({})).await;
    admin.post(&server, &format!("/conversations/{old}/resolve"), json!({})).await;
    customer.start_anew().await;
    customer.until("the new conversation", |frame| frame["t"] == "conversation").await;
    for act in ["claim", "reopen"] {
        let (status, problem) = admin.post(&server, &format!("/conversations/{old}/{act}"), json!({})).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("superseded")), "{act}: {problem}");
    }
    let (status, _) =
        admin.post(&server, &format!("/conversations/{old}/notes"), json!({"text": "for the record"})).await;
    assert_eq!(status, StatusCode::CREATED, "a note is for colleagues");
}

#[tokio::test]
async fn starting_anew_leaves_nothing_unsolved_behind() {
    let (server, admin) = house().await;
    let (mut customer, id) = waiting(&server, "customer").await;
    admin.post(&server, &format!("/conversations/{id}/claim"), json!({})).await;
    admin.post(&server, &format!("/conversations/{id}/resolve"), json!({})).await;
    customer.write("it is broken again").await;
    admin.post(&server, &format!("/conversations/{id}/claim"), json!({})).await;
    customer.start_anew().await;
    customer.settle().await;
    assert_eq!(customer.conversation_id(), Some(id.as_str()), "the one an agent holds goes on");
    let whole = admin.get(&server, &format!("/conversations/{id}")).await;
    assert_eq!((&whole["handler"]["kind"], &whole["resolution"]), (&json!("agent"), &Value::Null), "{whole}");
}

#[tokio::test]
async fn what_a_disabled_agent_held_goes_back_to_the_queue() {
    let (server, admin) = house().await;
    let ana = admin.invite(&server, "Ana", "agent").await;
    let (_customer, id) = waiting(&server, "customer").await;
    ana.post(&server, &format!("/conversations/{id}/claim"), json!({})).await;
    let path = format!("/agents/{}", ana.id);
    admin.call(&server, Method::PATCH, &path, Some(json!({"disabled": true}))).await;
    let whole = admin.get(&server, &format!("/conversations/{id}")).await;
    assert_eq!(whole["handler"]["kind"], "queue", "{whole}");
}

#[tokio::test]
async fn the_live_news_end_with_the_session() {
    let (server, admin) = house().await;
    let ana = admin.invite(&server, "Ana", "agent").await;
    let mut stream = listen(&server, &ana, None).await;
    stream.next("hello").await;
    let path = format!("/agents/{}", ana.id);
    admin.call(&server, Method::PATCH, &path, Some(json!({"disabled": true}))).await;
    let ended = in_time("the end of the stream", async {
        while let Some(chunk) = stream.body.next().await {
            if chunk.is_err() {
                break;
            }
        }
        true
    })
    .await;
    assert!(ended);
}

#[tokio::test]
async fn another_sites_page_cannot_use_the_session() {
    let (server, admin) = house().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let body = Some(json!({"email": "eve@example.com", "role": "admin"}));
        let (status, problem) = admin.call_with(&server, Method::POST, "/agents", body, &[(name, value)]).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (403, Some("forbidden")), "{name}");
    }
    let agents = admin.get(&server, "/agents").await;
    assert_eq!(agents["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let (server, admin) = house().await;
    let body = json!({"email": "admin@localhost", "password": PASSWORD});
    let request = admin.request(&server, Method::POST, "/api/v1/session").json(&body);
    let answer = request.send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"), "{cookie}");
}

#[tokio::test]
async fn signing_in_is_limited_and_tells_nothing() {
    let (server, _admin) = house().await;
    let stranger = Desk::stranger();
    let mut answers = Vec::new();
    for email in ["admin@localhost", "nobody@example.com"] {
        let (status, problem) = stranger.post(&server, "/session", json!({"email": email, "password": "wrong"})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1], "an unknown address looks like a wrong password");
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = stranger.post(&server, "/session", json!({"email": "admin@localhost", "password": "wrong"})).await.0;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    server.clock.advance(std::time::Duration::from_mins(16));
    let (status, _) =
        stranger.post(&server, "/session", json!({"email": "admin@localhost", "password": PASSWORD})).await;
    assert_eq!(status, StatusCode::OK, "the window is over");
}

#[tokio::test]
async fn an_invitation_works_once_and_not_for_ever() {
    let (server, admin) = house().await;
    let (_, invited) = admin.post(&server, "/agents", json!({"email": "ana@example.com", "role": "agent"})).await;
    let url = invited["invitation_url"].as_str().expect("a link").to_owned();
    let path = format!("/invitations/{}", url.rsplit('/').next().expect("a token"));
    let stranger = Desk::stranger();
    let (status, problem) = stranger.post(&server, &path, json!({"name": "Ana", "password": "short"})).await;
    assert_eq!((status.as_u16(), problem["errors"][0]["pointer"].as_str()), (422, Some("/password")));
    Desk::accept(&server, &url, "Ana").await;
    let (status, _) = stranger.post(&server, &path, json!({"name": "Eve", "password": PASSWORD})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "used");
    let (_, invited) = admin.post(&server, "/agents", json!({"email": "ben@example.com", "role": "agent"})).await;
    let path = format!(
        "/invitations/{}",
        invited["invitation_url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a token")
    );
    server.clock.advance(std::time::Duration::from_hours(73));
    let (status, _) = stranger.post(&server, &path, json!({"name": "Ben", "password": PASSWORD})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "over");
}

#[tokio::test]
async fn the_last_admin_stays_one_and_a_disabled_agent_is_out() {
    let (server, admin) = house().await;
    let path = format!("/agents/{}", admin.id);
    let (status, problem) = admin.call(&server, Method::PATCH, &path, Some(json!({"role": "agent"}))).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("last_admin")), "{problem}");
    let ana = admin.invite(&server, "Ana", "agent").await;
    ana.get(&server, "/session").await;
    let path = format!("/agents/{}", ana.id);
    let (status, _) = admin.call(&server, Method::PATCH, &path, Some(json!({"disabled": true}))).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = ana.call(&server, Method::GET, "/session", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn lists_page_through_everything_once() {
    let (server, admin) = house().await;
    let mut customers = Vec::new();
    for number in 0..5 {
        server.clock.advance(std::time::Duration::from_mins(1));
        customers.push(waiting(&server, &format!("customer {number}")).await);
    }
    for view in ["waiting", "open"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        for _ in 0..10 {
            let page = admin.get(&server, &format!("/conversations?view={view}&limit=2{after}")).await;
            seen.extend(
                page["data"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("id").to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let mut expected: Vec<String> = customers.iter().map(|(_, id)| id.clone()).collect();
        if view == "open" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{view}: the longest waiting first, else the newest first");
    }
    let counts = admin.get(&server, "/counts").await;
    assert_eq!((&counts["waiting"], &counts["mine"], &counts["open"]), (&json!(5), &json!(0), &json!(5)));
}

#[tokio::test]
async fn live_news_come_in_order_and_what_was_missed_is_made_up_for() {
    let (server, admin) = house().await;
    let (mut customer, id) = waiting(&server, "customer").await;
    let mut stream = listen(&server, &admin, None).await;
    let hello = stream.next("hello").await;
    let start = hello["seq"].as_i64().expect("a position");
    customer.write("still there?").await;
    let message = json!("message");
    let of_message = |event: &(String, Value)| event.1["reasons"].as_array().is_some_and(|all| all.contains(&message));
    let change = stream.until(|event| event.0 == "change" && of_message(event)).await;
    assert_eq!(change["conversation"], id.as_str(), "{change}");
    drop(stream);
    admin.post(&server, &format!("/conversations/{id}/claim"), json!({})).await;
    customer.write("anybody?").await;
    // The console comes back and says what it saw last.
    let mut stream = listen(&server, &admin, Some(start)).await;
    stream.next("hello").await;
    let missed = stream.until(|event| event.0 == "notice" && event.1["notice"] == "contact_wrote").await;
    assert_eq!(missed["agent_id"], admin.id.as_str());
    // One that asks for what is not kept any more is told to load everything.
    let mut stream = listen(&server, &admin, Some(999_999_999)).await;
    stream.next("hello").await;
    stream.until(|event| event.0 == "resync").await;
}

#[tokio::test]
async fn agents_see_who_else_is_looking() {
    let (server, admin) = house().await;
    let ana = admin.invite(&server, "Ana", "agent").await;
    let (_customer, id) = waiting(&server, "customer").await;
    let mut stream = listen(&server, &admin, None).await;
    let (status, _) =
        ana.post(&server, &format!("/conversations/{id}/presence"), json!({"viewing": true, "typing": true})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let seen = stream.until(|event| event.0 == "presence").await;
    assert_eq!(seen["viewers"], json!([{"id": ana.id, "name": "Ana", "typing": true}]));
    server.clock.advance(std::time::Duration::from_secs(46));
    let whole = admin.get(&server, &format!("/conversations/{id}")).await;
    assert_eq!(whole["viewers"], json!([]), "presence ends by itself");
}

#[tokio::test]
async fn the_brief_holds_what_the_bot_knows() {
    let (server, admin) = house().await;
    let mut customer = Customer::connect(&server.socket_url(), "customer", Some("en")).await;
    customer.open().await;
    customer.write("do you sell flying carpets and dragons").await;
    customer.write("I want to talk to a person").await;
    customer.settle().await;
    let id = customer.conversation_id().expect("a conversation").to_owned();
    let whole = admin.get(&server, &format!("/conversations/{id}")).await;
    let brief = &whole["brief"];
    assert_eq!(brief["reason"], "asked", "{brief}");
    assert_eq!(brief["open_question"], "do you sell flying carpets and dragons");
    assert_eq!(brief["contact"]["facts"]["device"], "desktop", "{brief}");
    assert!(brief["at"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()), "{brief}");
    let unanswered = admin.get(&server, "/knowledge/unanswered").await;
    assert_eq!(unanswered["data"][0]["question"], "do you sell flying carpets and dragons");
}

#[tokio::test]
async fn documents_are_edited_against_the_version_they_were_read_at() {
    let (server, admin) = house().await;
    let kim = admin.invite(&server, "Kim", "knowledge").await;
    let flow = kim.get(&server, "/flows/complaint").await;
    let source = format!("{}\n# edited\n", flow["source"].as_str().expect("a source"));
    let put = |held: &'static str, source: String| {
        let (kim, server) = (&kim, &server);
        async move {
            let body = Some(json!({"source": source}));
            kim.call_with(server, Method::PUT, "/flows/complaint", body, &[("if-match", held)]).await
        }
    };
    let (status, problem) =
        kim.call_with(&server, Method::PUT, "/flows/complaint", Some(json!({"source": ""})), &[]).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (428, Some("version_required")), "{problem}");
    let (status, saved) = put("\"1\"", source.clone()).await;
    assert_eq!((status.as_u16(), saved["version"].as_i64()), (200, Some(2)), "{saved}");
    let (status, problem) = put("\"1\"", source.clone()).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (412, Some("stale_version")), "{problem}");
    let (status, problem) = put("\"2\"", source.replace("steps:", "stepps:")).await;
    assert_eq!(status.as_u16(), 422);
    let detail = problem["errors"].to_string();
    assert!(detail.contains("did you mean `steps`"), "{detail}");
    assert!(problem["errors"][0]["line"].as_u64().is_some_and(|line| line > 0), "{problem}");
}

#[tokio::test]
async fn the_ledger_balances_and_health_and_figures_are_served() {
    let (server, admin) = house().await;
    let (mut customer, _) = waiting(&server, "customer").await;
    customer.repeat_last().await;
    let ledger = admin.get(&server, "/ledger").await;
    let web = &ledger["data"][0];
    assert_eq!(web["balanced"], true, "{web}");
    assert_eq!(web["duplicate"], 1, "{web}");
    let filed = web["filed"].as_i64().expect("a count");
    assert_eq!(web["received"].as_i64(), Some(filed + 1), "{web}");
    for (path, part) in
        [("/healthz", "ok"), ("/readyz", "\"ready\":true"), ("/metrics", "switchboard_queue_waiting{team=\"")]
    {
        let answer = admin.request(&server, Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let text = answer.text().await.expect("a body");
        assert!(text.contains(part), "{path}: {text}");
    }
}

#[test]
fn the_openapi_document_is_committed() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi.json");
    let made = switchboard::http::openapi();
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed.trim() != made.trim() {
        std::fs::write(&path, format!("{}\n", made.trim())).expect("written");
        panic!(
            "src/http/openapi.json was not the document of this code; it has been written anew: review and commit it"
        );
    }
}

#[tokio::test]
async fn the_clock_starts_where_the_tests_say() {
    let (server, admin) = house().await;
    let (_customer, id) = waiting(&server, "customer").await;
    let created = admin.get(&server, &format!("/conversations/{id}")).await["created_at"].clone();
    let created: jiff::Timestamp = created.as_str().and_then(|at| at.parse().ok()).expect("RFC 3339");
    assert_eq!(Timestamp::from_millis(created.as_millisecond()), START);
}

/// Server-sent events as they come.
struct News {
    body: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    buffer: String,
}

async fn listen(server: &TestServer, desk: &Desk, after: Option<i64>) -> News {
    let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
    let answer = desk.request(server, Method::GET, &format!("/api/v1/events{query}")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    News { body: Box::pin(answer.bytes_stream()), buffer: String::new() }
}

impl News {
    async fn event(&mut self) -> (String, Value) {
        in_time("an event", async {
            loop {
                if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                    let field = |name: &str| {
                        block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
                    };
                    let event = field("event:").zip(field("data:"));
                    self.buffer = String::from(rest);
                    if let Some((name, data)) = event {
                        return (name, serde_json::from_str(&data).expect("JSON"));
                    }
                    continue;
                }
                let chunk = self.body.next().await.expect("the stream stays open").expect("bytes");
                self.buffer.push_str(&String::from_utf8_lossy(&chunk));
            }
        })
        .await
    }

    async fn next(&mut self, name: &str) -> Value {
        let event = self.event().await;
        assert_eq!(event.0, name, "{event:?}");
        event.1
    }

    async fn until(&mut self, wanted: impl Fn(&(String, Value)) -> bool) -> Value {
        loop {
            let event = self.event().await;
            if wanted(&event) {
                return event.1;
            }
        }
    }
}
