//! The configuration: `switchboard.toml`, environment and flags over the defaults of `default.toml`.
//!
//! [`Sources::gather`] reads what there is; [`Config::load`] decides, without touching anything but the secret files that
//! the sources name, and reports every mistake at once with its place and the likely word.

mod env;
mod file;
mod inbox;
mod keys;
mod network;
mod problem;
mod raw;
mod secret;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Value;

use crate::store::Target;

use inbox::{Draft, Given};
use keys::{KEYS, Key};

pub use inbox::InboxConfig;
pub use network::Network;
pub use problem::{Origin, Problem};
pub use secret::{REDACTED, Secret};

use crate::webhooks::Webhook;

/// The documented defaults, as a file to copy from.
pub const DEFAULT_FILE: &str = include_str!("default.toml");
/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How the server is reached.
    pub server: Server,
    /// Where it keeps everything.
    pub database: Database,
    /// What it tells about itself.
    pub log: Log,
    /// The agents' side.
    pub desk: Desk,
    /// The account of what came in.
    pub ledger: Ledger,
    /// The inboxes; slugs are unique.
    pub inboxes: Vec<InboxConfig>,
    /// The webhooks; names are unique.
    pub webhooks: Vec<Webhook>,
}

/// How the server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// The address people use, without a slash at the end; see [`Server::base_url_at`].
    pub base_url: Option<String>,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The folder of everything that is kept.
    pub data: PathBuf,
}

impl Server {
    /// The address people use: the configured one, else made from the address that is listened on. Without a name to go by
    /// an unspecified address (`0.0.0.0`) becomes `localhost`.
    pub fn base_url_at(&self, bound: SocketAddr) -> String {
        self.base_url.clone().unwrap_or_else(|| {
            if bound.ip().is_unspecified() {
                format!("http://localhost:{}", bound.port())
            } else {
                format!("http://{bound}")
            }
        })
    }
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// The address of a PostgreSQL database; none for a SQLite file in the data folder.
    pub url: Option<Secret>,
    /// How many write side by side on PostgreSQL.
    pub workers: u32,
}

impl Database {
    /// Writers of inbound, beside the one for everything else.
    pub fn lanes(&self) -> usize {
        usize::try_from(self.workers).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// The address without its password.
    fn shown_url(&self) -> String {
        self.url.as_ref().map(|url| Target::Postgres(url.reveal().to_owned()).to_string()).unwrap_or_default()
    }
}

/// What the server tells about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// In which form.
    pub format: LogFormat,
    /// How much: directives as `tracing` reads them.
    pub level: String,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl LogFormat {
    const WORDS: &[(&str, Self)] = &[("auto", Self::Auto), ("text", Self::Text), ("json", Self::Json)];

    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// The agents' side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Hours after which an agent signs in again.
    pub session_hours: u32,
    /// Sign-in attempts in 15 minutes, for each address and e-mail together.
    pub sign_in_attempts: u32,
    /// The name at the top of the console.
    pub console_title: String,
}

/// The account of what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// Days after which the bytes of what was filed or filtered are dropped; 0 keeps them for ever.
    pub keep_raw_days: u32,
}

impl Ledger {
    /// How long the bytes are kept; none means for ever.
    pub fn keep_raw(&self) -> Option<Duration> {
        (self.keep_raw_days > 0).then(|| Duration::from_hours(u64::from(self.keep_raw_days) * 24))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server {
                listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
                base_url: None,
                trusted_proxies: Network::loopback(),
                data: PathBuf::from("./data"),
            },
            database: Database { url: None, workers: 4 },
            log: Log { format: LogFormat::Auto, level: "info".to_owned() },
            desk: Desk { session_hours: 12, sign_in_attempts: 10, console_title: "Switchboard".to_owned() },
            ledger: Ledger { keep_raw_days: 90 },
            inboxes: vec![InboxConfig::web()],
            webhooks: Vec::new(),
        }
    }
}

/// What flags say; `None` where a flag was not given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--listen`
    pub listen: Option<String>,
    /// `--data`
    pub data: Option<String>,
    /// `--database`
    pub database: Option<String>,
    /// `--base-url`
    pub base_url: Option<String>,
    /// `--log-level`
    pub log_level: Option<String>,
    /// `--log-format`
    pub log_format: Option<String>,
}

impl Flags {
    fn given(&self) -> impl Iterator<Item = (&'static Key, Given)> {
        let all = [
            ("--listen", "server", "listen", &self.listen),
            ("--data", "server", "data", &self.data),
            ("--database", "database", "url", &self.database),
            ("--base-url", "server", "base_url", &self.base_url),
            ("--log-level", "log", "level", &self.log_level),
            ("--log-format", "log", "format", &self.log_format),
        ];
        all.into_iter().filter_map(|(flag, table, name, text)| {
            let at = Origin::Flag(flag);
            let value = Value::String(text.clone()?);
            Some((keys::find(table, name)?, Given { value, is_text: true, key_at: at.clone(), value_at: at }))
        })
    }
}

/// Everything that may say something about the configuration.
pub struct Sources {
    /// The configuration file and its text, if there is one.
    pub file: Option<(PathBuf, String)>,
    /// The environment; only what begins with `SWITCHBOARD_` is looked at.
    pub env: Vec<(String, String)>,
    /// The flags.
    pub flags: Flags,
    /// Reads the files that hold secrets.
    pub read_file: fn(&Path) -> io::Result<String>,
}

impl Default for Sources {
    fn default() -> Self {
        Self { file: None, env: Vec::new(), flags: Flags::default(), read_file: read_small_file }
    }
}

impl Sources {
    /// Reads the environment and the configuration file: the one named by `--config`, else by `SWITCHBOARD_CONFIG`, else
    /// `switchboard.toml` here, else `/etc/switchboard/switchboard.toml`. A file that is named must exist.
    pub fn gather(config: Option<PathBuf>, flags: Flags) -> Result<Self, Problem> {
        let env: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(env::PREFIX))
            .collect();
        let named_by_env = || env.iter().find(|(name, _)| name == env::CONFIG).map(|(_, path)| PathBuf::from(path));
        let (path, origin) = match (config, named_by_env()) {
            (Some(path), _) => (Some(path), Origin::Flag("--config")),
            (None, Some(path)) => (Some(path), Origin::Env(env::CONFIG.to_owned())),
            (None, None) => {
                let usual = ["switchboard.toml", "/etc/switchboard/switchboard.toml"];
                (usual.iter().map(PathBuf::from).find(|path| path.exists()), Origin::Default)
            }
        };
        let read = |path: PathBuf| match read_small_file(&path) {
            Ok(source) => Ok((path, source)),
            Err(error) => Err(Problem::new(origin, format!("{} can't be read: {error}", path.display()))),
        };
        Ok(Self { file: path.map(read).transpose()?, env, flags, read_file: read_small_file })
    }
}

fn read_small_file(path: &Path) -> io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it has {size} bytes; at most {FILE_BYTES_MAX} are read")));
    }
    std::fs::read_to_string(path)
}

/// A configuration that holds, with the place each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    origins: BTreeMap<String, Origin>,
}

/// One setting as it is shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name: `server.listen`, `inbox.web.name`.
    pub key: String,
    /// Its value; a secret is redacted.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Loaded {
    /// Every setting, in the order of the default file.
    pub fn shown(&self) -> impl Iterator<Item = Shown> {
        let keys = KEYS.iter().map(|key| {
            let origin = self.origins.get(&key.path()).cloned().unwrap_or(Origin::Default);
            Shown { key: key.path(), value: (key.show)(&self.config), origin }
        });
        let inboxes = self.config.inboxes.iter().flat_map(InboxConfig::shown);
        keys.chain(inboxes).chain(self.config.webhooks.iter().flat_map(webhook::shown_keys))
    }
}

impl Config {
    /// Puts the sources together: a flag over the environment over the file over the default. Each source is checked whole,
    /// also where another one outweighs it.
    pub fn load(sources: &Sources) -> Result<Loaded, Vec<Problem>> {
        let mut problems = Vec::new();
        let (path, source) = sources.file.as_ref().map_or((Path::new(""), ""), |(path, source)| (path, source));
        let file = file::read(path, source, &mut problems);
        let mut drafts = file.inboxes.unwrap_or_else(|| vec![InboxConfig::web().draft()]);
        drafts.extend(file.webhooks);
        let env = env::read(&sources.env, &drafts, &mut problems);

        let mut config = Self::default();
        let mut origins = BTreeMap::new();
        for (key, given) in file.keys.into_iter().chain(env.keys).chain(sources.flags.given()) {
            match (key.set)(&mut config, &given.raw()) {
                Ok(()) => drop(origins.insert(key.path(), given.key_at)),
                Err(expected) => {
                    // What stands in an address may be a password.
                    let found = if key.name == "url" { "something else".to_owned() } else { raw::shown(&given.value) };
                    let message = format!("`{}`: expected {expected}, found {found}", key.path());
                    problems.push(Problem::new(given.value_at, message));
                }
            }
        }

        let beside_file = path.parent().unwrap_or(Path::new(""));
        for draft in &mut drafts {
            reveal_files(draft.table, &mut draft.given, beside_file, sources.read_file, &mut problems);
        }
        for (at, mut given) in env.listed {
            reveal_files(drafts[at].table, &mut given, Path::new(""), sources.read_file, &mut problems);
            drafts[at].given.extend(given);
        }
        refuse_twins(&drafts, &mut problems);
        let (inboxes, webhooks): (Vec<Draft>, Vec<Draft>) =
            drafts.into_iter().partition(|draft| draft.table == inbox::TABLE);
        config.webhooks = webhooks.iter().filter_map(|draft| webhook::read(draft, &mut problems)).collect();
        config.inboxes = inboxes.into_iter().filter_map(|draft| InboxConfig::read(draft, &mut problems)).collect();
        if problems.is_empty() { Ok(Loaded { config, origins }) } else { Err(problem::sorted(problems)) }
    }
}

/// Puts the content of a file in the place of every key that names the file of a secret.
fn reveal_files(
    table: &str,
    given: &mut BTreeMap<String, Given>,
    folder: &Path,
    read: fn(&Path) -> io::Result<String>,
    problems: &mut Vec<Problem>,
) {
    let is_secret = |key: &&String| key.strip_suffix("_file").is_some_and(secret::is_secret);
    let names: Vec<String> = given.keys().filter(is_secret).cloned().collect();
    for name in names {
        let Some(file) = given.remove(&name) else { continue };
        let key = name.strip_suffix("_file").unwrap_or(&name);
        let mut wrong = |message: String| problems.push(Problem::new(file.value_at.clone(), message));
        let Some(path) = file.value.as_str().filter(|path| !path.is_empty()) else {
            wrong(format!("`{table}.{name}`: expected the path of a file"));
            continue;
        };
        if given.get(key).is_some_and(|value| value.value.as_str() != Some("")) {
            wrong(format!("`{table}.{name}` and `{table}.{key}` are both given; keep one"));
            continue;
        }
        match read(&folder.join(path)) {
            Ok(text) if text.trim().is_empty() => wrong(format!("`{table}.{name}`: {path} is empty")),
            Ok(text) => {
                let text = text.trim_end_matches(['\r', '\n']).to_owned();
                given.insert(key.to_owned(), Given { value: Value::String(text), ..file });
            }
            Err(error) => wrong(format!("`{table}.{name}`: {path} can't be read: {error}")),
        }
    }
}

/// Two inboxes or webhooks can't go by the same name, in addresses or in the environment.
fn refuse_twins(drafts: &[Draft], problems: &mut Vec<Problem>) {
    for (at, draft) in drafts.iter().enumerate() {
        let twin = drafts[..at]
            .iter()
            .find(|earlier| draft.slug().is_some() && (earlier.table, earlier.slug()) == (draft.table, draft.slug()));
        if let (Some(twin), Some(slug)) = (twin, draft.slug()) {
            let message = format!("the {} `{slug}` is listed twice; the first one is at {}", draft.table, twin.at);
            problems.push(Problem::new(draft.at.clone(), message));
        }
    }
}
