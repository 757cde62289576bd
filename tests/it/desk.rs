//! An agent's browser: an HTTP client with cookies.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::TestServer;

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Desk {
    client: reqwest::Client,
    pub(crate) id: String,
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Desk {
    /// A browser that nobody signed in with.
    pub(crate) fn stranger() -> Self {
        let client = reqwest::Client::builder().cookie_store(true).no_proxy().build().expect("a client");
        Self { client, id: String::new() }
    }

    /// The first admin, by the one-time link.
    pub(crate) async fn first_admin(server: &TestServer) -> Self {
        let link = server.app().first_link.clone().expect("the very first start prints a link");
        Self::accept(server, &link, "Admin").await
    }

    /// Takes an invitation link.
    pub(crate) async fn accept(server: &TestServer, link: &str, name: &str) -> Self {
        let token = link.rsplit('/').next().expect("a token");
        let mut desk = Self::stranger();
        let (status, body) = desk
            .call(
                server,
                Method::POST,
                &format!("/invitations/{token}"),
                Some(json!({"name": name, "password": PASSWORD})),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        desk.id = String::from(body["agent"]["id"].as_str().expect("an id"));
        desk
    }

    /// Adds an agent and takes the invitation for them.
    pub(crate) async fn invite(&self, server: &TestServer, name: &str, role: &str) -> Self {
        let email = format!("{}@example.com", name.to_lowercase());
        let (status, body) =
            self.call(server, Method::POST, "/agents", Some(json!({"email": email, "name": name, "role": role}))).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        Self::accept(server, body["invitation_url"].as_str().expect("a link"), name).await
    }

    pub(crate) async fn get(&self, server: &TestServer, path: &str) -> Value {
        let (status, body) = self.call(server, Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, server: &TestServer, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(server, Method::POST, path, Some(body)).await
    }

    /// A request to the API with a fresh idempotency key.
    pub(crate) async fn call(
        &self,
        server: &TestServer,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let key = KEYS.fetch_add(1, Ordering::Relaxed).to_string();
        self.call_with(server, method, path, body, &[("idempotency-key", &key)]).await
    }

    pub(crate) async fn call_with(
        &self,
        server: &TestServer,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let mut request = self.client.request(method, server.url(&format!("/api/v1{path}")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A bare request, for what is no JSON.
    pub(crate) fn request(&self, server: &TestServer, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, server.url(path))
    }
}
