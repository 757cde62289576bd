//! What is said about a wrong configuration is part of the product, so the messages stand here word for word.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::*;

/// What a channel makes of its settings.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Channel {
    allowed_sites: Vec<String>,
    require_signed: bool,
    identity_secret: Secret,
    port: u16,
}

impl Default for Channel {
    fn default() -> Self {
        Self { allowed_sites: Vec::new(), require_signed: false, identity_secret: Secret::new(""), port: 1 }
    }
}

/// What a channel makes of them that can't do without a token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[expect(dead_code, reason = "only its absence is looked at")]
    bot_token: u32,
    #[expect(dead_code, reason = "only there to stand before what is absent")]
    port: Option<u16>,
}

fn secret_files(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("/run/key" | "etc/key") => Ok("s3cret\n".to_owned()),
        Some("/run/empty") => Ok("\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

fn sources(file: &str, env: &[(&str, &str)]) -> Sources {
    Sources {
        file: Some((PathBuf::from("switchboard.toml"), file.to_owned())),
        env: env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        flags: Flags::default(),
        read_file: secret_files,
    }
}

fn load(file: &str, env: &[(&str, &str)]) -> Loaded {
    Config::load(&sources(file, env)).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn complaints(file: &str, env: &[(&str, &str)]) -> Vec<String> {
    match Config::load(&sources(file, env)) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_default_file_says_what_holds_without_it() {
    let without = Config::load(&Sources::default()).expect("nothing is wrong with nothing").config;
    assert_eq!(without, Config::default());
    assert_eq!(load(DEFAULT_FILE, &[]).config, Config::default());
}

#[test]
fn every_setting_is_in_the_default_file() {
    let loaded = load(DEFAULT_FILE, &[]);
    for shown in loaded.shown() {
        assert!(matches!(shown.origin, Origin::File { .. }), "{} is not in default.toml", shown.key);
    }
}

#[test]
fn every_mistake_names_its_place_and_its_mend() {
    for (file, expected) in [
        ("[server]\n\nlisen = \"x\"", "switchboard.toml:3:1: unknown key `lisen` in [server]; did you mean `listen`?"),
        ("[sever]\nlisten = \"x\"", "switchboard.toml:1:2: unknown table [sever]; did you mean [server]?"),
        ("[inboxes]\nslug = \"x\"", "switchboard.toml:1:2: unknown table [inboxes]; did you mean [[inbox]]?"),
        ("[zebra]", "switchboard.toml:1:2: unknown table [zebra]"),
        ("listen = \"x\"", "switchboard.toml:1:1: `listen` stands outside a table; it belongs in [server]"),
        ("lissten = \"x\"", "switchboard.toml:1:1: unknown key `lissten`; did you mean `listen`?"),
        ("[server]\nlevel = \"info\"", "switchboard.toml:2:1: unknown key `level` in [server]; it belongs in [log]"),
        (
            "[server]\nlisten = 8080",
            "switchboard.toml:2:10: `server.listen`: expected an address and port such as \"127.0.0.1:8080\", found 8080",
        ),
        (
            "[log]\nformat = \"jsn\"",
            "switchboard.toml:2:10: `log.format`: expected one of `auto`, `text`, `json`; did you mean `json`?, found \"jsn\"",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "switchboard.toml:2:9: `log.level`: expected `error`, `warn`, `info`, `debug` or `trace`, also by part: \
             \"info,sqlx=warn\", found \"loud\"",
        ),
        (
            "[desk]\nsession_hours = \"12\"",
            "switchboard.toml:2:17: `desk.session_hours`: expected a whole number from 1 to 8760, found \"12\"",
        ),
        (
            "[desk]\nsession_hours = 0",
            "switchboard.toml:2:17: `desk.session_hours`: expected a whole number from 1 to 8760, found 0",
        ),
        (
            "[server]\nbase_url = \"help.example.com\"",
            "switchboard.toml:2:12: `server.base_url`: expected an address such as \"https://help.example.com\", without a \
             path, found \"help.example.com\"",
        ),
        (
            "[server]\ntrusted_proxies = [\"proxy\"]",
            "switchboard.toml:2:19: `server.trusted_proxies`: expected a list of addresses or networks such as \
             [\"10.0.0.0/8\", \"::1\"], found [\"proxy\"]",
        ),
        ("server = 1", "switchboard.toml:1:10: `server`: expected a table, begun by [server]"),
        ("[inbox]\nslug = \"x\"", "switchboard.toml:1:1: `inbox`: expected a list of tables, each begun by [[inbox]]"),
        ("[[inbox]]\nkind = \"webchat\"\nname = \"x\"", "switchboard.toml:1:1: this [[inbox]] has no `slug`"),
        (
            "[[inbox]]\nslug = \"We b\"\nkind = \"webchat\"\nname = \"x\"",
            "switchboard.toml:2:8: `inbox.slug`: expected 1 to 40 characters of a-z, 0-9 and `-`, with `-` only inside, found \
             \"We b\"",
        ),
        (
            "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"x\"\nidentity_secret = 7",
            "switchboard.toml:5:19: `inbox.identity_secret`: expected a text in quotes",
        ),
        (
            "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"x\"\nidentity_secret_file = \"/run/nokey\"",
            "switchboard.toml:5:24: `inbox.identity_secret_file`: /run/nokey can't be read: entity not found",
        ),
        (
            "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"x\"\nidentity_secret_file = \"/run/empty\"",
            "switchboard.toml:5:24: `inbox.identity_secret_file`: /run/empty is empty",
        ),
        (
            "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"x\"\nidentity_secret_file = \"/run/key\"\nidentity_secret = \"s\"",
            "switchboard.toml:5:24: `inbox.identity_secret_file` and `inbox.identity_secret` are both given; keep one",
        ),
    ] {
        assert_eq!(complaints(file, &[]), [expected], "{file}");
    }
}

#[test]
fn what_is_no_toml_is_placed_too() {
    let all = complaints("[server]\nlisten = \"x\n", &[]);
    assert!(all[0].starts_with("switchboard.toml:2:"), "{all:?}");
    assert!(!all[0].contains('\n'), "{all:?}");
    let twice = complaints("[server]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n", &[]);
    assert!(twice[0].starts_with("switchboard.toml:3:1: duplicate key"), "{twice:?}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let file = "[server]\nlisen = 1\nlisten = 2\n[log]\nlevel = 3\n[[inbox]]\nname = \"\"\n";
    let all = complaints(file, &[("SWITCHBOARD_LOG__FORMAT", "xml"), ("SWITCHBOARD_LOGFORMAT", "text")]);
    assert_eq!(all.len(), 8, "{all:#?}");
}

#[test]
fn a_variable_that_means_nothing_is_a_mistake() {
    for (name, expected) in [
        (
            "SWITCHBOARD_SERVER__LISEN",
            "SWITCHBOARD_SERVER__LISEN: there is no such setting; did you mean `SWITCHBOARD_SERVER__LISTEN`?",
        ),
        (
            "SWITCHBOARD_SERVER_LISTEN",
            "SWITCHBOARD_SERVER_LISTEN: there is no such setting; did you mean `SWITCHBOARD_SERVER__LISTEN`?",
        ),
        ("SWITCHBOARD_ZEBRA", "SWITCHBOARD_ZEBRA: there is no such setting"),
        (
            "SWITCHBOARD_INBOX__WEN__NAME",
            "SWITCHBOARD_INBOX__WEN__NAME: no inbox goes by this name; did you mean `SWITCHBOARD_INBOX__WEB`?",
        ),
    ] {
        assert_eq!(complaints("", &[(name, "x")]), [expected]);
    }
    assert_eq!(complaints("", &[("SWITCHBOARD_CONFIG", "x"), ("PATH", "x")]), Vec::<String>::new());
    assert_eq!(
        complaints("", &[("SWITCHBOARD_SERVER__LISTEN", "8080")]),
        [
            "SWITCHBOARD_SERVER__LISTEN: `server.listen`: expected an address and port such as \"127.0.0.1:8080\", found \"8080\""
        ]
    );
}

#[test]
fn a_flag_outweighs_the_environment_and_that_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\ndata = \"file\"\n[desk]\nconsole_title = \"file\"\n";
    let env = [("SWITCHBOARD_SERVER__LISTEN", "127.0.0.1:2"), ("SWITCHBOARD_SERVER__DATA", "env")];
    let mut sources = sources(file, &env);
    sources.flags.listen = Some("127.0.0.1:3".to_owned());
    let loaded = Config::load(&sources).expect("all good");
    assert_eq!(loaded.config.server.listen.port(), 3);
    let shown: Vec<_> = loaded.shown().map(|s| format!("{} = {} ({})", s.key, s.value, s.origin)).collect();
    for expected in [
        "server.listen = 127.0.0.1:3 (--listen)",
        "server.data = env (SWITCHBOARD_SERVER__DATA)",
        "desk.console_title = file (switchboard.toml:5:1)",
        "log.level = info (default)",
        "inbox.web.require_signed = false (default)",
    ] {
        assert!(shown.iter().any(|line| line == expected), "{expected} in {shown:#?}");
    }
}

#[test]
fn the_environment_speaks_in_texts() {
    let loaded = load(
        "",
        &[
            ("SWITCHBOARD_DESK__SESSION_HOURS", "8"),
            ("SWITCHBOARD_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("SWITCHBOARD_SERVER__BASE_URL", "https://help.example.com/"),
            ("SWITCHBOARD_INBOX__WEB__REQUIRE_SIGNED", "true"),
            ("SWITCHBOARD_INBOX__WEB__ALLOWED_SITES", "[\"https://www.example.com\"]"),
            ("SWITCHBOARD_INBOX__WEB__NAME", "12"),
            ("SWITCHBOARD_INBOX__WEB__IDENTITY_SECRET", "12"),
        ],
    );
    let Config { server, desk, inboxes, .. } = &loaded.config;
    assert_eq!((desk.session_hours, server.trusted_proxies.len()), (8, 2));
    assert_eq!(server.base_url.as_deref(), Some("https://help.example.com"));
    assert_eq!(inboxes[0].name, "12");
    let channel: Channel = inboxes[0].settings().expect("settings");
    let secret = Secret::new("12");
    let allowed_sites = vec!["https://www.example.com".to_owned()];
    assert_eq!(channel, Channel { allowed_sites, require_signed: true, identity_secret: secret, port: 1 });
}

#[test]
fn a_channel_reads_its_settings_with_the_same_care() {
    let inbox = |keys: &str| {
        let file = format!("[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"Web\"\n{keys}");
        load(&file, &[]).config.inboxes.remove(0)
    };
    let complain = |keys: &str| -> Vec<String> {
        let problems = inbox(keys).settings::<Channel>().expect_err(keys);
        problems.iter().map(ToString::to_string).collect()
    };
    assert_eq!(inbox("port = 7").settings::<Channel>().expect("fits").port, 7);
    assert_eq!(
        complain("alowed_sites = []\nrequire_signed = \"yes\"\nport = 70000\n"),
        [
            "switchboard.toml:5:1: unknown key `alowed_sites` in [[inbox]] `web` (webchat); did you mean `allowed_sites`?",
            "switchboard.toml:6:18: `inbox.require_signed` of [[inbox]] `web` (webchat): expected a boolean, found \
             string \"yes\"",
            "switchboard.toml:7:8: `inbox.port` of [[inbox]] `web` (webchat): expected a whole number from 0 to \
             65535, found integer `70000`",
        ]
    );
    assert_eq!(
        complain("oauth_token = \"hunter2\""),
        ["switchboard.toml:5:1: unknown key `oauth_token` in [[inbox]] `web` (webchat)"]
    );

    let strict = |keys: &str| inbox(keys).settings::<Strict>().expect_err(keys)[0].to_string();
    for present in ["", "port = 1\n"] {
        assert_eq!(strict(present), "switchboard.toml:1:1: [[inbox]] `web` (webchat) has no `bot_token`");
    }
    let wrong = strict("bot_token = \"hunter2\"");
    assert_eq!(
        wrong,
        "switchboard.toml:5:13: `inbox.bot_token` of [[inbox]] `web` (webchat): expected a whole number that is not negative"
    );
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_shown() {
    let file = "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"Web\"\nidentity_secret_file = \"key\"\n";
    let mut beside = sources(file, &[]);
    beside.file = Some((PathBuf::from("etc/switchboard.toml"), file.to_owned()));
    let env = [("SWITCHBOARD_INBOX__WEB__IDENTITY_SECRET_FILE", "/run/key")];
    for sources in [beside, sources("", &env)] {
        let loaded = Config::load(&sources).expect("readable");
        let inbox = &loaded.config.inboxes[0];
        assert_eq!(inbox.secrets["identity_secret"].reveal(), "s3cret");
        assert_eq!(inbox.settings::<Channel>().expect("fits").identity_secret, Secret::new("s3cret"));
        let told = format!("{loaded:?} {:?}", loaded.shown().collect::<Vec<_>>());
        assert!(!told.contains("s3cret") && told.contains(REDACTED), "{told}");
    }
    let both = [env[0], ("SWITCHBOARD_INBOX__WEB__IDENTITY_SECRET", "s")];
    assert_eq!(
        complaints("", &both),
        [
            "SWITCHBOARD_INBOX__WEB__IDENTITY_SECRET_FILE: `inbox.identity_secret_file` and `inbox.identity_secret` are both \
          given; keep one"
        ]
    );
}

#[test]
fn two_inboxes_of_one_name_are_refused() {
    let inbox = "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"Web\"\n";
    assert_eq!(
        complaints(&format!("{inbox}{inbox}"), &[]),
        ["switchboard.toml:5:1: the inbox `web` is listed twice; the first one is at switchboard.toml:1:1"]
    );
}

#[test]
fn a_base_address_is_made_from_what_is_listened_on() {
    let mut server = Config::default().server;
    assert_eq!(server.base_url_at(([127, 0, 0, 1], 99).into()), "http://127.0.0.1:99");
    assert_eq!(server.base_url_at(([0, 0, 0, 0], 99).into()), "http://localhost:99");
    server.base_url = Some("https://help.example.com".to_owned());
    assert_eq!(server.base_url_at(([0, 0, 0, 0], 99).into()), "https://help.example.com");
}

#[test]
fn a_file_that_is_named_must_exist() {
    let problem = Sources::gather(Some(PathBuf::from("/nowhere/x.toml")), Flags::default()).err().expect("it doesn't");
    assert!(problem.to_string().starts_with("--config: /nowhere/x.toml can't be read: "), "{problem}");
}

const HOOK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_webhook_is_read_from_file_and_environment_and_never_shown_whole() {
    let file = "[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example.com/hook?key=hidden\"\nevents = [\"message.created\"]";
    let loaded = load(file, &[("SWITCHBOARD_WEBHOOK__CRM__SECRET", HOOK)]);
    let [webhook] = loaded.config.webhooks.as_slice() else { panic!("{:?}", loaded.config.webhooks) };
    assert_eq!((webhook.name.as_str(), webhook.keys.len(), webhook.kinds.len()), ("crm", 1, 1));
    let shown: Vec<String> = loaded.shown().map(|line| format!("{} = {}", line.key, line.value)).collect();
    assert!(shown.contains(&"webhook.crm.url = https://crm.example.com/…".to_owned()), "{shown:#?}");
    assert!(!format!("{shown:?}{:?}", webhook.keys).contains("MfKQ9"), "{shown:#?}");
}

#[test]
fn what_is_wrong_with_a_webhook_is_told_with_its_place() {
    let file = "[[webhook]]\nname = \"CRM\"\nurl = \"ftp://crm\"\nsecret = \"hunter2\"\nevents = [\"message.create\"]\ncolour = 1";
    assert_eq!(
        complaints(file, &[]),
        [
            "switchboard.toml:2:8: `webhook.name`: expected 1 to 40 characters of a-z, 0-9 and `-`, with `-` only inside, found \"CRM\"",
            "switchboard.toml:3:7: `webhook.url`: expected an address such as \"https://crm.example.com/hooks/switchboard\", found \"ftp://crm\"",
            "switchboard.toml:4:10: `webhook.secret`: expected `whsec_` and base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes it, found [redacted]",
            "switchboard.toml:5:10: `webhook.events`: there is no event `message.create`; did you mean `message.created`?",
            "switchboard.toml:6:1: unknown key `colour` in [[webhook]]",
        ]
    );
    assert_eq!(complaints("[[webhook]]", &[]).len(), 3, "name, url and secret are missing");
    let twins = format!("[[webhook]]\nname = \"a\"\nurl = \"http://a\"\nsecret = \"{HOOK}\"\n").repeat(2);
    assert_eq!(
        complaints(&twins, &[]),
        ["switchboard.toml:5:1: the webhook `a` is listed twice; the first one is at switchboard.toml:1:1"]
    );
    let lost = complaints("", &[("SWITCHBOARD_WEBHOOK__CRM__SECRET", HOOK)]);
    assert_eq!(lost, ["SWITCHBOARD_WEBHOOK__CRM__SECRET: no webhook goes by this name"]);
}

#[test]
fn an_inbox_may_be_told_to_go_slower() {
    let file = "[[inbox]]\nslug = \"web\"\nkind = \"webchat\"\nname = \"Web\"\nsends_per_second = 5";
    let inbox = &load(file, &[]).config.inboxes[0];
    assert_eq!(inbox.pace.in_all.map(|rate| rate.count), Some(5));
    assert!(inbox.settings.is_empty(), "its channel hears nothing of it");
    let wrong = complaints(&file.replace("= 5", "= 0"), &[]);
    assert_eq!(
        wrong,
        ["switchboard.toml:5:20: `inbox.sends_per_second`: expected a whole number from 1 to 100000, found 0"]
    );
}
