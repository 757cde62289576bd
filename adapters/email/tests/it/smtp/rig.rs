//! A mail, and a way to a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use switchboard_contract::{
    Address, Anchor, Content, Context, ConversationId, Delivery, DeliveryError, DeliveryId, InboxId, Mark, MessageId,
    PublicAuthor, Seq, ThreadKey, Timestamp,
};
use switchboard_email::config::EmailConfig;
use switchboard_email::outbound::{Composed, Sending, compose};
use switchboard_email::smtp::{Pace, Sent, Submission};
use switchboard_email::thread::token::Secret;
use switchboard_testkit::within;

pub(crate) const T: Timestamp = Timestamp::from_millis(1_795_000_000_000);

pub(crate) fn pace() -> Pace {
    Pace {
        before: Duration::from_secs(10),
        end: Duration::from_secs(10),
        idle: Duration::from_mins(1),
        refused: Duration::from_mins(5),
    }
}

/// Settings as JSON, for a server on this machine; `more` overrides.
pub(crate) fn config(port: u16, more: &serde_json::Value) -> EmailConfig {
    let mut settings = serde_json::json!({
        "address": "support@acme.example", "imap_host": "localhost", "imap_password": "imap",
        "smtp_host": "localhost", "smtp_port": port, "smtp_security": "none", "smtp_password": "a \"good\" päss",
    });
    for (key, value) in more.as_object().expect("an object") {
        settings[key] = value.clone();
    }
    serde_json::from_value(settings).expect("settings")
}

pub(crate) fn submission(port: u16) -> Submission {
    with(port, &serde_json::json!({}), pace())
}

pub(crate) fn with(port: u16, more: &serde_json::Value, pace: Pace) -> Submission {
    Submission::new(config(port, more), pace).expect("good settings")
}

pub(crate) fn own() -> Sending {
    let config = config(1, &serde_json::json!({"name": "Acme Support"}));
    Sending::new(&config, Secret([7; 32]), "acme.example".to_owned(), "desk-1".to_owned())
}

pub(crate) fn delivery(text: &str) -> Delivery {
    Delivery {
        id: DeliveryId::from_parts(T, 1),
        inbox: InboxId::from_parts(T, 1),
        thread: ThreadKey("t".into()),
        conversation: ConversationId::from_parts(T, 5),
        message: MessageId::from_parts(T, 1),
        seq: Seq(3),
        attempt: 1,
        author: PublicAuthor::Agent { name: "Ana".into() },
        content: Content::plain(text),
        context: Some(Box::new(Context {
            to: Address("mara@example.net".into()),
            name: Some("Mara".into()),
            subject: Some("My order".into()),
            chain: vec![Anchor::Mark(Mark("mid:first@example.net".into()))],
            quote: None,
            automatic: false,
        })),
    }
}

pub(crate) fn mail(text: &str) -> Composed {
    compose(&delivery(text), &own(), T).expect("a mail")
}

/// Sends one mail.
pub(crate) async fn send(submission: &Submission) -> Result<Sent, DeliveryError> {
    within("the end of sending", submission.send(&mail("Hello"))).await
}

pub(crate) fn reason(error: &DeliveryError) -> String {
    match error {
        DeliveryError::Rejected { reason }
        | DeliveryError::Unsupported { reason }
        | DeliveryError::Unavailable { reason }
        | DeliveryError::Uncertain { reason } => reason.clone(),
        DeliveryError::RateLimited { .. } => error.to_string(),
    }
}

/// A server's TLS for `localhost`, and the file of the authority that signed it.
pub(crate) struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) ca_file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Tls {
    pub(crate) fn make() -> Self {
        let mut authority = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = authority.self_signed(&key).expect("a certificate");
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = server.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).expect("a server");
        let folder = tempfile::tempdir().expect("a folder");
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, root.pem()).expect("written");
        Self { server: Arc::new(server), ca_file, _folder: folder }
    }
}
