//! The program and its command line as a user meets them: the real binary, its words and its exit codes.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn switchboard(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the program runs")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[track_caller]
fn check(output: &Output, code: i32, part: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout: {out}\nstderr: {err}");
    let said = if code == 0 { &out } else { &err };
    assert!(said.contains(part), "expected {part:?}\nstdout: {out}\nstderr: {err}");
}

#[test]
fn a_wrong_key_names_file_line_and_the_likely_word() {
    let folder = folder();
    std::fs::write(folder.path().join("switchboard.toml"), "[server]\nlisten = \"127.0.0.1:0\"\nbase_ulr = \"x\"\n")
        .expect("written");
    let output = switchboard(folder.path(), &["serve"]);
    check(&output, 78, "switchboard.toml:3:1: ");
    check(&output, 78, "did you mean `base_url`?");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn a_wrong_value_and_a_wrong_environment_variable_are_told_together() {
    let folder = folder();
    std::fs::write(folder.path().join("switchboard.toml"), "[desk]\nsession_hours = \"many\"\n").expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["check"])
        .current_dir(folder.path())
        .env_clear()
        .env("SWITCHBOARD_SERVER__LISTN", "x")
        .output()
        .expect("runs");
    check(&output, 78, "switchboard.toml:2:");
    check(&output, 78, "SWITCHBOARD_SERVER__LISTN");
}

#[test]
fn an_inbox_setting_that_cannot_work_is_refused_before_anything_is_opened() {
    let folder = folder();
    let toml = "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"Web\"\nrequire_signed = true\n";
    std::fs::write(folder.path().join("switchboard.toml"), toml).expect("written");
    check(&switchboard(folder.path(), &["serve"]), 78, "identity_secret");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn secrets_are_never_shown() {
    let folder = folder();
    let secret = "a-very-secret-identity-secret-of-the-site";
    let toml = format!(
        "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"Web\"\nrequire_signed = true\nidentity_secret = \"{secret}\"\n"
    );
    std::fs::write(folder.path().join("switchboard.toml"), toml).expect("written");
    let output = switchboard(folder.path(), &["check", "--show"]);
    check(&output, 0, "[redacted]");
    let all = [output.stdout, output.stderr].concat();
    assert!(!String::from_utf8_lossy(&all).contains(secret));
}

#[test]
fn flows_are_linted_with_file_line_and_column() {
    let folder = folder();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/complaint.flow.yaml");
    let source = std::fs::read_to_string(shipped).expect("shipped");
    let file = folder.path().join("complaint.flow.yaml");
    std::fs::write(&file, source.replacen("    ask:", "    aks:", 1)).expect("written");
    let output = switchboard(folder.path(), &["flow", "lint", "complaint.flow.yaml"]);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("complaint.flow.yaml:") && out.contains("did you mean `ask`?"), "{out}");
    check(&switchboard(folder.path(), &["flow", "lint"]), 0, "0 error(s), 0 warning(s)");
}

#[test]
fn a_script_that_fails_shows_both_transcripts_and_the_seed() {
    let folder = folder();
    let script = "# A wrong guess\n\n```script\n* customer opens\nbot: Something it never says\n```\n";
    std::fs::write(folder.path().join("wrong.md"), script).expect("written");
    let output = switchboard(folder.path(), &["flow", "test", "wrong.md", "--seed", "7"]);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{out}");
    for part in ["wrong.md:5", "expected", "Something it never says", "seed 7"] {
        assert!(out.contains(part), "{part}: {out}");
    }
}

#[test]
fn the_bot_talks_in_the_terminal_and_says_why() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["chat", "--trace"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    child
        .stdin
        .take()
        .expect("stdin")
        .write_all(b"how can I pay by direct debit\nI want a person\n\n")
        .expect("written");
    let output = child.wait_with_output().expect("ends");
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}");
    for part in ["· answered: ", "(from: ", "· handed off: ", "the bot is silent from now on"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!folder.path().join("data").exists(), "nothing is stored");
}

#[test]
fn an_agent_is_added_and_recovered_by_a_link_and_the_ledger_is_shown() {
    let folder = folder();
    check(
        &switchboard(folder.path(), &["agent", "add", "ana@example.com", "--name", "Ana", "--role", "admin"]),
        0,
        "/invite/",
    );
    check(&switchboard(folder.path(), &["agent", "add", "ana@example.com"]), 1, "already");
    check(&switchboard(folder.path(), &["agent", "add", "not an address"]), 2, "email");
    check(&switchboard(folder.path(), &["agent", "recover", "ana@example.com"]), 0, "/invite/");
    check(&switchboard(folder.path(), &["agent", "list"]), 0, "ana@example.com\tAna\tAdmin\tinvited");
    check(&switchboard(folder.path(), &["ledger"]), 0, "received");
    check(&switchboard(folder.path(), &["check"]), 0, "ok    1 admin(s)");
}

#[test]
fn a_file_becomes_the_flow_in_use_and_a_bad_one_does_not() {
    let folder = folder();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/complaint.flow.yaml");
    let source = std::fs::read_to_string(shipped).expect("shipped");
    let file = folder.path().join("complaint.flow.yaml");
    std::fs::write(&file, format!("{source}\n# edited\n")).expect("written");
    check(&switchboard(folder.path(), &["flow", "apply", "complaint.flow.yaml"]), 0, "in use as version 2");
    check(&switchboard(folder.path(), &["flow", "apply", "complaint.flow.yaml"]), 0, "in use already (version 2)");
    std::fs::write(&file, source.replacen("steps:", "stepps:", 1)).expect("written");
    check(&switchboard(folder.path(), &["flow", "apply", "complaint.flow.yaml"]), 1, "did you mean `steps`?");
}

#[test]
fn without_a_server_the_health_check_says_so() {
    let folder = folder();
    let toml = "[server]\nlisten = \"127.0.0.1:9\"\n";
    std::fs::write(folder.path().join("switchboard.toml"), toml).expect("written");
    check(&switchboard(folder.path(), &["check", "--health"]), 69, "no answer from 127.0.0.1:9");
    check(&switchboard(folder.path(), &["nonsense"]), 2, "nonsense");
}

#[test]
fn a_backup_is_verified_and_restored_and_a_broken_one_is_refused() {
    let folder = folder();
    check(&switchboard(folder.path(), &["agent", "add", "ana@example.com", "--role", "admin"]), 0, "/invite/");
    check(&switchboard(folder.path(), &["backup", "copy.db"]), 0, "copy.db is good: 0 conversations");
    check(&switchboard(folder.path(), &["backup", "copy.db"]), 2, "never writes over a file");
    check(&switchboard(folder.path(), &["restore", "copy.db"]), 2, "a restore never writes over it");
    check(&switchboard(folder.path(), &["restore", "--verify", "copy.db"]), 0, "copy.db is good");
    check(&switchboard(folder.path(), &["--data", "elsewhere", "restore", "copy.db"]), 0, "is in place");
    check(&switchboard(folder.path(), &["--data", "elsewhere", "agent", "list"]), 0, "ana@example.com");
    let mut bytes = std::fs::read(folder.path().join("copy.db")).expect("the copy");
    let page = 4096 * 3;
    bytes[page..page + 2048].fill(0x5a);
    std::fs::write(folder.path().join("torn.db"), &bytes).expect("written");
    assert_eq!(
        switchboard(folder.path(), &["restore", "--verify", "torn.db"]).status.code(),
        Some(1),
        "torn in the middle"
    );
    std::fs::write(folder.path().join("text.db"), "no database, but long enough to look at ".repeat(50))
        .expect("written");
    check(&switchboard(folder.path(), &["restore", "--verify", "text.db"]), 1, "is not a database");
    check(&switchboard(folder.path(), &["restore", "--verify", "nothing.db"]), 2, "is no file");
}

/// Runs `inspect` on a mail from stdin, and gives its JSON.
fn inspected(folder: &Path, arguments: &[&str], mail: &str) -> serde_json::Value {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    child.stdin.take().expect("stdin").write_all(mail.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

const MAIL: &str = "Authentication-Results: mx.shop.example; dmarc=pass header.from=customer.example\n\
    From: Ada <ada@customer.example>\nTo: help@shop.example\nSubject: The kettle\nMessage-ID: <k1@customer.example>\n\n\
    It drips.\n\n> What is wrong?\n";

const MAILBOX: &str = "[[inbox]]\nslug = \"mail\"\nkind = \"email\"\nname = \"Mail\"\naddress = \"help@shop.example\"\n\
    imap_host = \"localhost\"\nimap_password = \"a-very-secret-password\"\nauthserv_ids = [\"mx.shop.example\"]\n";

#[test]
fn a_mail_is_inspected_and_nothing_is_made() {
    let folder = folder();
    let found = inspected(folder.path(), &["inspect", "email", "-"], MAIL);
    assert_eq!((&found["outcome"], &found["class"]), (&"filed".into(), &"human".into()));
    assert_eq!((&found["text"], &found["identity"]["proof"]), (&"It drips.".into(), &"claimed".into()));
    assert!(found["quoted"].as_str().is_some_and(|quoted| quoted.contains("What is wrong?")), "{found:#}");
    assert!(!folder.path().join("data").exists());
    let absent = format!("Auto-Submitted: auto-replied\n{MAIL}");
    assert_eq!(inspected(folder.path(), &["inspect", "email", "-"], &absent)["class"], "auto_reply");
    assert_eq!(inspected(folder.path(), &["inspect", "email", "-"], "no mail")["outcome"], "quarantined");
}

#[test]
fn a_mail_is_inspected_by_the_settings_of_its_inbox() {
    let folder = folder();
    std::fs::write(folder.path().join("switchboard.toml"), MAILBOX).expect("written");
    std::fs::write(folder.path().join("mail.eml"), MAIL).expect("written");
    let found = inspected(folder.path(), &["inspect", "email", "mail.eml", "--inbox", "mail"], "");
    assert_eq!((&found["identity"]["proof"], &found["unanswered"]), (&"aligned".into(), &serde_json::Value::Null));
    let own = MAIL.replace("ada@customer", "help@shop");
    assert_eq!(inspected(folder.path(), &["inspect", "email", "-"], &own)["outcome"], "filtered");
    check(&switchboard(folder.path(), &["inspect", "email", "mail.eml", "--inbox", "web"]), 2, "no inbox `web`");
    check(&switchboard(folder.path(), &["inspect", "letter", "mail.eml"]), 2, "known: `email`");
    check(&switchboard(folder.path(), &["inspect", "email", "none.eml"]), 2, "none.eml");
}

#[test]
fn a_mailbox_that_can_not_work_is_refused_and_its_secrets_are_never_shown() {
    let folder = folder();
    let file = folder.path().join("switchboard.toml");
    std::fs::write(&file, MAILBOX).expect("written");
    let output = switchboard(folder.path(), &["check", "--show"]);
    check(&output, 0, "inbox.mail.imap_password = [redacted]");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("a-very-secret"));
    std::fs::write(&file, format!("{MAILBOX}poll_seconds = 0\n")).expect("written");
    check(&switchboard(folder.path(), &["serve"]), 78, "poll_seconds");
    std::fs::write(&file, format!("{MAILBOX}imap_pasword = \"x\"\n")).expect("written");
    check(&switchboard(folder.path(), &["serve"]), 78, "imap_pasword");
}

#[test]
fn a_mail_server_that_is_not_there_is_told_with_what_mends_it() {
    let folder = folder();
    let toml = format!("{MAILBOX}imap_port = 1\n");
    std::fs::write(folder.path().join("switchboard.toml"), toml).expect("written");
    let output = switchboard(folder.path(), &["check"]);
    check(&output, 1, "inbox `mail`: IMAP connection to localhost:1 (tls)");
    check(&output, 1, "`imap_host` and `imap_port`");
}
