//! Every conversation script, in both harnesses: the engine alone, and the whole server over real sockets. If they disagree,
//! the shell is wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use switchboard::library::{Library, scripted};
use switchboard::service::thread;
use switchboard::store::conversations::{self, Record};
use switchboard::store::documents::{self, Document};
use switchboard::store::entries::{self, Body, Range};
use switchboard::store::{Error, feedback, timers};
use switchboard_contract::{Choice, ChoiceId, Citation, InboxId, Seq, ThreadHandler, ThreadKey};
use switchboard_engine::script::{self, AgentCommand, Facts, Harness, Heard, PureHarness, Script, Voice};
use tokio::runtime::Runtime;

use crate::customer::Customer;
use crate::desk::Desk;
use crate::server::{TestServer, in_time};

/// Scripts that play at once: each has a server of its own.
const AT_ONCE: usize = 3;

#[test]
fn scripts_hold_in_the_engine() {
    let failures = play_all(|script, library, seed| {
        let (book, flows) = (library.book.clone(), library.flows.clone());
        Box::new(PureHarness::new(book, flows, Box::new(Arc::clone(library)), script.config.start, seed))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn scripts_hold_in_the_whole_server() {
    let failures = play_all(|script, library, _| Box::new(ServerHarness::new(script, library)));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn there_are_scripts_enough() {
    let count = files(&root()).len();
    assert!(count >= 40, "{count} scripts; at least 40 behaviours are shown");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the scripts' folder");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.sort();
    found
}

/// Plays all scripts, a few at once, and returns why those failed that did. `ONLY=part` plays those whose path holds it;
/// `SEED=n` plays them with other ids.
fn play_all<'a>(make: impl Fn(&Script, &Arc<Library>, u64) -> Box<dyn Harness + 'a> + Sync) -> Vec<String> {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let only = std::env::var("ONLY").unwrap_or_default();
    let files: Vec<PathBuf> =
        files(&root()).into_iter().filter(|file| file.to_string_lossy().contains(&only)).collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(why) = play(file, seed, &make) {
                        failures.lock().expect("not poisoned").push(why);
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("not poisoned");
    failures.sort();
    failures
}

fn play<'a>(
    file: &Path,
    seed: u64,
    make: &impl Fn(&Script, &Arc<Library>, u64) -> Box<dyn Harness + 'a>,
) -> Result<(), String> {
    let name = file.strip_prefix(root()).unwrap_or(file).display().to_string();
    let source = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let script = script::parse(&name, &source).map_err(|problems| format!("{problems:?}"))?;
    let library = Arc::new(Library::build(&scripted::documents(&script)));
    if !library.problems.is_empty() {
        return Err(format!("{name}: {:?}", library.problems));
    }
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut harness = make(&script, &library, seed);
        script::run(&script, harness.as_mut(), seed).map_err(|failure| failure.to_string())
    }));
    match played {
        Ok(outcome) => outcome.map(drop),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Err(format!("{name}: {}", text.unwrap_or_else(|| "panicked".to_owned())))
        }
    }
}

/// The whole server, with customers on web sockets and agents on the JSON API.
struct ServerHarness {
    runtime: Runtime,
    server: Option<TestServer>,
    documents: Vec<Document>,
    language: Option<String>,
    customers: BTreeMap<String, Customer>,
    admin: Option<Desk>,
    agents: BTreeMap<String, Desk>,
    before_last: BTreeMap<String, u64>,
    start: switchboard_contract::Timestamp,
}

impl ServerHarness {
    fn new(script: &Script, _: &Arc<Library>) -> Self {
        Self {
            runtime: Runtime::new().expect("a runtime"),
            server: None,
            documents: scripted::documents(script),
            language: None,
            customers: BTreeMap::new(),
            admin: None,
            agents: BTreeMap::new(),
            before_last: BTreeMap::new(),
            start: script.config.start,
        }
    }

    fn server(&self) -> &TestServer {
        self.server.as_ref().expect("begun")
    }

    /// Works with a customer, who connects when they are first heard of; then waits until their page shows everything.
    fn with(&mut self, name: &str, work: impl AsyncFnOnce(&mut Customer)) {
        let (server, language) = (self.server.as_ref().expect("begun"), self.language.clone());
        let customers = &mut self.customers;
        self.runtime.block_on(async {
            let url = server.socket_url();
            if !customers.contains_key(name) {
                customers.insert(name.to_owned(), Customer::connect(&url, name, language.as_deref()).await);
            }
            let customer = customers.get_mut(name).expect("connected");
            work(customer).await;
            catch_up(server, customer).await;
        });
    }

    fn desk(&mut self, name: &str) -> &Desk {
        if !self.agents.contains_key(name) {
            let server = self.server.as_ref().expect("begun");
            let admin = &mut self.admin;
            let desk = self.runtime.block_on(async {
                if admin.is_none() {
                    *admin = Some(Desk::first_admin(server).await);
                }
                admin.as_ref().expect("signed in").invite(server, name, "agent").await
            });
            self.agents.insert(name.to_owned(), desk);
        }
        &self.agents[name]
    }

    fn record(&self, customer: &str) -> Record {
        let record = self.customers.get(customer).and_then(|customer| {
            self.runtime.block_on(async {
                let mut conn = self.server().core().store.reader().await.expect("a reader");
                record_of(&mut conn, customer).await
            })
        });
        record.unwrap_or_else(|| panic!("customer `{customer}` has no conversation"))
    }
}

async fn record_of(conn: &mut switchboard::store::Conn, customer: &Customer) -> Option<Record> {
    let id = customer.conversation_id()?;
    conversations::get(conn, id.parse().expect("an id")).await.expect("reads")
}

/// Reads until the page shows every committed message and who holds the conversation.
async fn catch_up(server: &TestServer, customer: &mut Customer) {
    loop {
        let Some((conversation, place, state)) = committed(server, customer).await else { return };
        customer.caught_up(&conversation, place).await;
        if customer.states.last().is_some_and(|shown| same_state(shown, &state)) {
            return;
        }
        customer.until("the new state", |frame| frame["t"] == "state").await;
    }
}

/// Waits until every timer that is due by the clock has fired.
async fn until_nothing_is_due(server: &TestServer) {
    let store = &server.core().store;
    let mut bell = store.commits();
    // The clock rings no bell when it is moved by hand; a commit does.
    store.probe().await.expect("the database works");
    loop {
        bell.mark_unchanged();
        let mut conn = store.reader().await.expect("a reader");
        if timers::due(&mut conn, server.core().now(), 1).await.expect("reads").is_empty() {
            return;
        }
        drop(conn);
        in_time("the timers that are due", bell.changed()).await.expect("the store is open");
    }
}

/// The present conversation of a customer's thread, the last place they may see, and its state.
async fn committed(
    server: &TestServer,
    customer: &Customer,
) -> Option<(String, u64, switchboard_contract::ThreadState)> {
    let mut conn = server.core().store.reader().await.expect("a reader");
    let record = record_of(&mut conn, customer).await?;
    let (inbox, thread): (InboxId, ThreadKey) = (record.inbox, record.thread);
    let page = thread::read(&mut conn, inbox, &thread, None, Seq::default()).await.expect("reads");
    let place = page.entries.last().map_or(0, |entry| entry.seq.0);
    Some((page.conversation?.to_string(), place, page.state?))
}

fn same_state(shown: &Value, state: &switchboard_contract::ThreadState) -> bool {
    let handler = match &state.handler {
        ThreadHandler::Bot => json!({"kind": "bot"}),
        ThreadHandler::Queue { ahead } => json!({"kind": "queue", "ahead": ahead}),
        ThreadHandler::Agent { name } => json!({"kind": "agent", "name": name}),
    };
    shown["handler"] == handler && shown["resolved"] == state.resolved
}

impl Harness for ServerHarness {
    fn begin(&mut self, language: Option<&str>) -> Result<(), String> {
        self.language = language.map(str::to_owned);
        let (start, documents) = (self.start, self.documents.clone());
        let server = self.runtime.block_on(async {
            let server = TestServer::start_with("", start).await;
            let core = Arc::clone(server.core());
            // The script's documents, and no others, are in use.
            core.store
                .write::<_, Error, _>(move |conn| {
                    Box::pin(async move {
                        for shipped in documents::load(conn).await? {
                            documents::retire(conn, &shipped.key).await?;
                        }
                        for document in documents {
                            documents::put(conn, &document.key, 0, &document.source, false, None, start).await?;
                        }
                        Ok(())
                    })
                })
                .await
                .expect("the script's documents are saved");
            core.library.reload(&core.store).await.expect("the script's documents are loaded");
            server
        });
        self.server = Some(server);
        Ok(())
    }

    fn contact_opens(&mut self, customer: &str) -> Result<(), String> {
        self.with(customer, async |customer| customer.open().await);
        Ok(())
    }

    fn contact_writes(&mut self, customer: &str, text: &str) -> Result<(), String> {
        let before = self.customers.get(customer).map_or(0, |customer| customer.place);
        self.before_last.insert(customer.to_owned(), before);
        self.with(customer, async |customer| drop(customer.write(text).await));
        Ok(())
    }

    fn contact_presses(&mut self, customer: &str, choice: &Choice) -> Result<(), String> {
        let before = self.customers.get(customer).map_or(0, |customer| customer.place);
        self.before_last.insert(customer.to_owned(), before);
        self.with(customer, async |customer| drop(customer.press(&choice.id.0, &choice.label).await));
        Ok(())
    }

    fn contact_starts_anew(&mut self, customer: &str) -> Result<(), String> {
        self.with(customer, async |customer| drop(customer.start_anew().await));
        Ok(())
    }

    fn contact_repeats_last(&mut self, customer: &str) -> Result<(), String> {
        self.with(customer, async |customer| {
            let ack = customer.repeat_last().await;
            assert_eq!(ack["duplicate"], true, "a repeated message is recognised: {ack}");
        });
        Ok(())
    }

    fn agent(&mut self, customer: &str, agent: &str, command: &AgentCommand) -> Result<(), String> {
        let record = self.record(customer);
        let (path, body) = match command {
            AgentCommand::Reply { text, unseen } => {
                let seen = if *unseen { self.before_last.get(customer).copied().unwrap_or(0) } else { record.seq.0 };
                ("reply", json!({"text": text, "seen_seq": seen}))
            }
            AgentCommand::Claim { from_colleague } => ("claim", json!({"from_colleague": from_colleague})),
            AgentCommand::Note(text) => ("notes", json!({"text": text})),
            AgentCommand::TransferToAgent(name) => {
                let id = self.desk(name).id.clone();
                ("transfer", json!({"agent_id": id}))
            }
            AgentCommand::TransferToTeam(team) => ("transfer", json!({"team": team})),
            AgentCommand::ReturnToBot => ("return", json!({})),
            AgentCommand::Resolve => ("resolve", json!({})),
            AgentCommand::Reopen => ("reopen", json!({})),
        };
        self.desk(agent);
        let (server, desk) = (self.server.as_ref().expect("begun"), &self.agents[agent]);
        let path = format!("/conversations/{}/{path}", record.state.id);
        let (status, answer) = self.runtime.block_on(desk.post(server, &path, body));
        if !status.is_success() {
            return Err(answer["code"].as_str().unwrap_or("no code").to_owned());
        }
        let names: Vec<String> = self.customers.keys().cloned().collect();
        for name in names {
            self.with(&name, async |_| {});
        }
        Ok(())
    }

    fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.server().clock.advance(time);
        self.runtime.block_on(until_nothing_is_due(self.server()));
        let names: Vec<String> = self.customers.keys().cloned().collect();
        for name in names {
            self.with(&name, async |_| {});
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), String> {
        let server = self.server.as_mut().expect("begun");
        self.runtime.block_on(server.restart());
        let names: Vec<String> = self.customers.keys().cloned().collect();
        names.iter().try_for_each(|name| self.drop_connection(name))
    }

    fn drop_connection(&mut self, customer: &str) -> Result<(), String> {
        let url = self.server().socket_url();
        self.with(customer, async |customer| customer.reconnect(&url).await);
        Ok(())
    }

    fn heard(&mut self, customer: &str) -> Vec<Heard> {
        let entries = self.customers.get(customer).map(|customer| customer.entries.as_slice()).unwrap_or_default();
        entries.iter().filter_map(heard).collect()
    }

    fn facts(&mut self, customer: &str) -> Facts {
        let record = self.record(customer);
        let mut queued = false;
        let mut waiting_before = None;
        for state in &self.customers[customer].states {
            let now = state["handler"]["kind"] == "queue";
            if now && !queued {
                waiting_before = state["handler"]["ahead"].as_u64();
            }
            queued = now;
        }
        let store = &self.server().core().store;
        let (entries, brief, unanswered) = self.runtime.block_on(async {
            let mut conn = store.reader().await.expect("a reader");
            let id = record.state.id;
            let entries =
                entries::read(&mut conn, id, Range::After(Seq::default()), false, 10_000).await.expect("reads");
            let brief = entries::brief(&mut conn, id).await.expect("reads");
            let all = feedback::unanswered(&mut conn, i64::MAX, 1_000).await.expect("reads");
            let own = all.into_iter().rev().filter(|row| row.conversation_id == id.to_string());
            (entries, brief, own.map(|row| row.question).collect())
        });
        let log = entries
            .iter()
            .filter_map(|entry| match &entry.body {
                Body::Log(log) => Some(log.what.kind().to_owned()),
                Body::Message(..) | Body::Note(_) => None,
            })
            .collect();
        let state = record.state;
        Facts {
            handler: state.handler,
            status: state.status,
            priority: state.priority,
            slots: state.slots,
            flow: state.run.map(|run| (run.flow.name, run.step)),
            brief,
            log,
            unanswered,
            waiting_before: waiting_before.and_then(|ahead| u32::try_from(ahead).ok()),
        }
    }
}

/// What an entry says to the customer; none for their own words.
fn heard(entry: &Value) -> Option<Heard> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let voice = match entry["from"]["kind"].as_str() {
        Some("bot") => Voice::Bot,
        Some("system") => Voice::System,
        Some("agent") => Voice::Agent(text(&entry["from"]["name"])),
        _ => return None,
    };
    let choices = entry["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Heard {
        voice,
        text: text(&entry["text"]),
        markdown: entry["format"] == "markdown",
        choices: choices
            .iter()
            .map(|choice| Choice {
                id: ChoiceId(text(&choice["id"])),
                label: text(&choice["label"]),
                synonyms: Vec::new(),
            })
            .collect(),
        citation: entry["citation"].is_object().then(|| Citation {
            title: text(&entry["citation"]["title"]),
            url: entry["citation"]["url"].as_str().map(str::to_owned),
        }),
    })
}

impl Drop for ServerHarness {
    fn drop(&mut self) {
        self.customers.clear();
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }
}
