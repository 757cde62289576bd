//! From a host's name to a connection that credentials may go out on.

use std::path::Path;
use std::sync::Arc;

use async_imap::imap_proto::{Capability, Response, ResponseCode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::guard::Io;
use super::limits::Pace;
use super::trouble::{Trouble, tidy};
use super::wire::Wire;
use crate::config::{EmailConfig, Security};

/// Makes the TLS settings of an inbox: the machine's own authorities, and those of the CA file.
///
/// # Errors
/// In words for an operator, when the file can't be used.
pub(crate) fn tls(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unusable = |how: String| format!("`ca_file` {}: {how}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
        let mut count = 0;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
            count += 1;
        }
        if count == 0 {
            return Err(unusable("it holds no certificate".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(Arc::new(config.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth()))
}

/// What a server can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Abilities(Vec<String>);

impl Abilities {
    /// Whether the server has it; case does not matter (RFC 9051, section 6.1.1).
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn take(&mut self, list: &[Capability<'_>]) {
        self.0 = list
            .iter()
            .map(|capability| match capability {
                Capability::Imap4rev1 => "IMAP4rev1".to_owned(),
                Capability::Auth(name) => format!("AUTH={name}"),
                Capability::Atom(name) => name.to_string(),
            })
            .collect();
    }
}

/// Asks what the server can do.
pub(super) async fn abilities(wire: &mut Wire) -> Result<Abilities, Trouble> {
    let mut abilities = Abilities::default();
    wire.run("CAPABILITY", |response| {
        if let Response::Capabilities(list) = response {
            abilities.take(list);
        }
        if let Response::Data { outcome, .. } = response
            && let Some(ResponseCode::Capabilities(list)) = &outcome.code
        {
            abilities.take(list);
        }
    })
    .await?;
    Ok(abilities)
}

/// A connection that is as safe as the settings want it.
pub(super) struct Connected {
    pub(super) wire: Wire,
    pub(super) abilities: Abilities,
    /// The server knows us already (PREAUTH).
    pub(super) authenticated: bool,
}

/// Connects.
///
/// # Errors
/// [`Trouble`]; [`Trouble::Insecure`] when encryption is not to be had.
pub(super) async fn connect(config: &EmailConfig, tls: &Arc<ClientConfig>, pace: Pace) -> Result<Connected, Trouble> {
    let all = async {
        let stream = dial(config, pace).await?;
        match config.imap_security {
            Security::None => greet(Wire::new(Box::new(stream), pace)).await,
            Security::Tls => greet(Wire::new(encrypt(config, tls, Box::new(stream)).await?, pace)).await,
            Security::Starttls => {
                let stream = starttls(Wire::new(Box::new(stream), pace)).await?;
                let mut wire = Wire::new(encrypt(config, tls, stream).await?, pace);
                // What was said in the clear counts for nothing (RFC 9051, section 6.2.1).
                let abilities = abilities(&mut wire).await?;
                Ok(Connected { wire, abilities, authenticated: false })
            }
        }
    };
    tokio::time::timeout(pace.connect, all)
        .await
        .unwrap_or_else(|_| Err(Trouble::Lost("connecting takes too long".to_owned())))
}

async fn dial(config: &EmailConfig, pace: Pace) -> Result<TcpStream, Trouble> {
    let lost = |error: std::io::Error| Trouble::Lost(tidy(&error.to_string()));
    let host = config.imap_host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, config.imap_port())).await.map_err(lost)?;
    stream.set_nodelay(true).map_err(lost)?;
    // A peer that went without a word is noticed in IDLE long before IDLE is renewed.
    let keep_alive = TcpKeepalive::new().with_time(pace.keep_alive).with_interval(pace.keep_alive / 4).with_retries(4);
    SockRef::from(&stream).set_tcp_keepalive(&keep_alive).map_err(lost)?;
    Ok(stream)
}

async fn encrypt(config: &EmailConfig, tls: &Arc<ClientConfig>, stream: Box<dyn Io>) -> Result<Box<dyn Io>, Trouble> {
    let host = config.imap_host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| Trouble::Certificate(error.to_string()))?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidCertificate(how)) => Trouble::Certificate(format!("{how:?}")),
            Some(other) => Trouble::Lost(format!("TLS does not begin: {other}")),
            None => Trouble::Lost(format!("TLS does not begin: {}", tidy(&error.to_string()))),
        }
    })?;
    Ok(Box::new(stream))
}

async fn greet(mut wire: Wire) -> Result<Connected, Trouble> {
    let authenticated = wire.greeting().await?;
    let abilities = abilities(&mut wire).await?;
    Ok(Connected { wire, abilities, authenticated })
}

async fn starttls(mut wire: Wire) -> Result<Box<dyn Io>, Trouble> {
    if wire.greeting().await? {
        // TLS can't begin any more: somebody between may have written the greeting (RFC 9051, section 11.1).
        return Err(Trouble::Insecure("the server says that it knows us already, before TLS".to_owned()));
    }
    if !abilities(&mut wire).await?.has("STARTTLS") {
        let how = "the server does not offer STARTTLS; use `tls`, or somebody between takes it out";
        return Err(Trouble::Insecure(how.to_owned()));
    }
    wire.run("STARTTLS", |_| {}).await.map_err(|trouble| {
        let refused = |answer| Trouble::Insecure(format!("the server refuses STARTTLS: {answer}"));
        trouble.where_refused(refused)
    })?;
    Ok(wire.into_inner())
}
