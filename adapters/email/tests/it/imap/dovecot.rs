//! A private Dovecot, made from the system's packages: on loopback, in a temporary folder, under an ordinary user.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Who has a mailbox. Everybody has, with this password.
pub(crate) const USER: &str = "help@example.org";
pub(crate) const PASSWORD: &str = "a \"good\\ päss";

/// Ends the server when the test is gone, however it went: its input is the test's.
const KEEPER: &str = r#"
"$1" -F -c "$2" & server=$!
cat >/dev/null
kill "$server"
wait "$server"
# What of it is still there, under load, holds connections open.
kill -KILL 0
"#;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A running server, as long as the value lives.
pub(crate) struct Dovecot {
    folder: PathBuf,
    owner: Option<(u32, u32)>,
    program: PathBuf,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) lmtp: u16,
    settings: String,
    running: Option<(Child, ChildStdin)>,
}

impl Dovecot {
    /// A server that does not run yet, so that mails can be put into it; with more settings. None, and a line that says
    /// so, where Dovecot is not installed.
    ///
    /// # Panics
    /// In CI, when it is missing.
    pub(crate) fn make(settings: &str) -> Option<Self> {
        let program = installed()?;
        let folder = tempfile::Builder::new().prefix("switchboard-imap-").tempdir().expect("a folder").keep();
        let mut server = Self {
            folder,
            owner: ordinary_user(),
            program,
            imap: 0,
            imaps: 0,
            lmtp: 0,
            settings: settings.to_owned(),
            running: None,
        };
        server.own(&server.folder.clone());
        server.certify();
        [server.imap, server.imaps, server.lmtp] = free_ports();
        Some(server)
    }

    /// The authority that signed the server's certificate, as a PEM file.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Starts it again, where it was.
    pub(crate) fn resume(&mut self) {
        let conf = self.folder.join("dovecot.conf");
        fs::write(&conf, self.configuration()).expect("written");
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(&self.program).arg(&conf);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        let mut keeper = command.spawn().expect("a shell");
        let stdin = keeper.stdin.take().expect("a pipe");
        self.running = Some((keeper, stdin));
        for port in [self.imap, self.lmtp] {
            while greeting(port).is_none() {
                let (keeper, _) = self.running.as_mut().expect("it was started");
                let ended = keeper.try_wait().expect("a child");
                assert!(ended.is_none(), "Dovecot does not start: {}", self.log());
                std::thread::yield_now();
            }
        }
    }

    /// Ends it; connections are cut.
    pub(crate) fn stop(&mut self) {
        if let Some((mut keeper, stdin)) = self.running.take() {
            drop(stdin);
            keeper.wait().expect("it ends");
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Puts a mail into a folder of the user's, as a file; only while the server does not run, or nobody looks.
    pub(crate) fn put(&self, folder: &str, mail: &[u8]) {
        let place = self.maildir(folder).join("new");
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(place.with_file_name(part)).expect("a folder");
        }
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Sizes in the name, as a mail server writes them: ours are the same on the wire and on disk.
        let name = format!("{:010}.M{count}P1.test,S={},W={}", 1_700_000_000 + count, mail.len(), mail.len());
        fs::write(place.join(name), mail).expect("written");
    }

    /// Gives everything to the user the server runs as, after mails were put.
    pub(crate) fn settle(&self) {
        self.own(&self.folder.clone());
    }

    /// Changes the UIDVALIDITY of a folder, as when it is made anew from a backup.
    pub(crate) fn renumber(&self, folder: &str) {
        let place = self.maildir(folder);
        for entry in fs::read_dir(&place).expect("a folder").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                fs::remove_file(entry.path()).expect("removed");
            }
        }
        // Without it the old number would be taken from there.
        let _ = fs::remove_file(place.join("dovecot-uidlist"));
        let list = format!("3 V{} N1 G0123456789abcdef0123456789abcdef\n", 1_900_000_000);
        fs::write(place.join("dovecot-uidlist"), list).expect("written");
        self.settle();
    }

    /// The files of a folder, and what is in it.
    pub(crate) fn maildir(&self, folder: &str) -> PathBuf {
        let home = self.folder.join("mail").join(USER);
        if folder == "INBOX" { home } else { home.join(format!(".{folder}")) }
    }

    /// How many mails a folder has, and the flags of each, as Maildir keeps them.
    pub(crate) fn flags(&self, folder: &str) -> Vec<String> {
        let files = |part: &str| fs::read_dir(self.maildir(folder).join(part)).into_iter().flatten().flatten();
        let flags = |name: String| name.split_once(":2,").map(|(_, flags)| flags.to_owned()).unwrap_or_default();
        files("cur").chain(files("new")).map(|entry| flags(entry.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Brings a mail by LMTP, as a mail server does.
    pub(crate) fn deliver(&self, mail: &str) {
        let stream = TcpStream::connect(("127.0.0.1", self.lmtp)).expect("LMTP");
        let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
        let mut writer = stream;
        let mut say = |text: &str, code: &str| {
            writer.write_all(text.as_bytes()).expect("sent");
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("an answer");
                assert!(line.starts_with(code), "{text:?}: {line}");
                if line.as_bytes().get(3) == Some(&b' ') {
                    return;
                }
            }
        };
        say("", "220");
        say("LHLO test\r\n", "250");
        say("MAIL FROM:<customer@example.net>\r\n", "250");
        say(&format!("RCPT TO:<{USER}>\r\n"), "250");
        say("DATA\r\n", "354");
        say(&format!("{}.\r\n", mail.replace("\r\n.", "\r\n..")), "250");
    }

    fn own(&self, place: &Path) {
        let Some((user, group)) = self.owner else { return };
        chown(place, Some(user), Some(group)).expect("root may give a folder away");
        if place.is_dir() {
            for entry in fs::read_dir(place).expect("a folder").flatten() {
                self.own(&entry.path());
            }
        }
    }

    fn certify(&self) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("params");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).expect("signed");
        fs::write(self.ca_file(), authority.pem()).expect("written");
        let issuer = Issuer::new(params, key);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own_key = KeyPair::generate().expect("a key");
        let own = CertificateParams::new(names).expect("params").signed_by(&own_key, &issuer).expect("signed");
        fs::write(self.folder.join("cert.pem"), own.pem()).expect("written");
        fs::write(self.folder.join("key.pem"), own_key.serialize_pem()).expect("written");
        self.settle();
    }

    fn configuration(&self) -> String {
        let folder = self.folder.display();
        let own = fs::metadata(&self.folder).expect("the folder");
        let (user, group) = (own.uid(), own.gid());
        let name = |file: &str, id: u32| {
            let list = fs::read_to_string(file).expect("a list");
            let line = list.lines().find(|line| line.split(':').nth(2) == Some(&id.to_string()));
            line.and_then(|line| line.split(':').next()).expect("a name").to_owned()
        };
        let (user_name, group_name) = (name("/etc/passwd", user), name("/etc/group", group));
        let passwords = self.folder.join("users");
        fs::write(&passwords, format!("{USER}:{{PLAIN}}{PASSWORD}:{user}:{group}::{folder}/mail/{USER}::\n"))
            .expect("written");
        if let Some((user, group)) = self.owner {
            chown(&passwords, Some(user), Some(group)).expect("given");
        }
        let (imap, imaps, lmtp, more) = (self.imap, self.imaps, self.lmtp, &self.settings);
        format!(
            r"
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = {user_name}
default_internal_group = {group_name}
default_login_user = {user_name}
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
mailbox_list_index = no
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
namespace inbox {{
  inbox = yes
  separator = .
  mailbox Unerwünscht {{
    special_use = \Junk
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
{more}
"
        )
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a server says first, if it is there.
fn greeting(port: u16) -> Option<String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok().filter(|count| *count > 0)?;
    Some(line)
}

fn free_ports<const N: usize>() -> [u16; N] {
    let held: Vec<_> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    std::array::from_fn(|index| held[index].local_addr().expect("an address").port())
}

#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
    let found =
        std::env::split_paths(&path).chain(usual).map(|folder| folder.join("dovecot")).find(|file| file.is_file());
    let modules = Path::new("/usr/lib/dovecot/lmtp");
    if found.is_none() || !modules.is_file() {
        let what = "Dovecot is not installed (Debian: dovecot-imapd and dovecot-lmtpd)";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{what}");
        println!("skipped: {what}");
        return None;
    }
    found
}

/// User and group of an ordinary user when the tests run as root; none when they run as one.
fn ordinary_user() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let nobody = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|line| line[0] == "nobody");
    let ids = nobody.and_then(|line| Some((line.get(2)?.parse().ok()?, line.get(3)?.parse().ok()?)));
    root.then(|| ids.expect("an ordinary user"))
}
