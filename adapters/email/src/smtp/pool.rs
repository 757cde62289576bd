//! A few connections that are kept while there is mail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use rustls::ClientConfig;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use super::connect::{Abilities, connect};
use super::fault::{Fault, Stage};
use super::limits::{CONNECTIONS_MAX, GOODBYE, MAILS_PER_CONNECTION_MAX, Pace};
use super::{Line, auth};
use crate::config::{EmailConfig, SignIn};
use crate::imap::oauth::Tokens;

/// What connections are made with, and those that wait for mail.
pub(super) struct Pool {
    config: EmailConfig,
    tls: Arc<ClientConfig>,
    tokens: Arc<Tokens>,
    pub(super) pace: Pace,
    places: Semaphore,
    idle: Mutex<Vec<(Instant, Link)>>,
    refused: Mutex<Option<(Instant, Fault)>>,
}

/// A connection that is signed in and between two mails.
pub(super) struct Link {
    pub(super) connection: AsyncSmtpConnection,
    pub(super) abilities: Abilities,
    /// Mails that went over it.
    mails: u32,
}

impl Link {
    /// Whether it was used before: the server may have ended it since.
    pub(super) fn is_used(&self) -> bool {
        self.mails > 0
    }
}

impl Pool {
    pub(super) fn new(config: EmailConfig, tls: Arc<ClientConfig>, tokens: Arc<Tokens>, pace: Pace) -> Self {
        let places = Semaphore::new(CONNECTIONS_MAX);
        Self { config, tls, tokens, pace, places, idle: Mutex::default(), refused: Mutex::default() }
    }

    /// Waits for a place; whoever holds one may have a connection.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.acquire().await.ok()
    }

    /// A connection that waits, or a fresh one.
    pub(super) async fn link(&self) -> Result<Link, (Stage, Fault)> {
        let now = Instant::now();
        let kept = {
            let mut idle = lock(&self.idle);
            idle.retain(|(since, _)| now.saturating_duration_since(*since) < self.pace.idle);
            idle.pop()
        };
        match kept {
            Some((_, link)) => Ok(link),
            None => self.fresh().await,
        }
    }

    /// A fresh connection. Those that wait are given up: the server ended one of them.
    pub(super) async fn anew(&self) -> Result<Link, (Stage, Fault)> {
        lock(&self.idle).clear();
        self.fresh().await
    }

    async fn fresh(&self) -> Result<Link, (Stage, Fault)> {
        if let Some(fault) = self.still_refused() {
            return Err((Stage::SignIn, fault));
        }
        let signed_in = match self.signed_in().await {
            // The token may have ended before its time. Once: the second refusal is meant.
            Err((stage, fault)) if self.config.smtp_sign_in() == SignIn::Oauth && fault.refuses_credentials(stage) => {
                self.signed_in().await
            }
            other => other,
        };
        if let Err((stage @ Stage::SignIn, fault)) = &signed_in
            && fault.refuses_credentials(*stage)
        {
            tracing::error!(address = self.config.address, ?fault, "the mail server refuses to let this inbox sign in");
            *lock(&self.refused) = Some((Instant::now(), fault.clone()));
        }
        signed_in
    }

    async fn signed_in(&self) -> Result<Link, (Stage, Fault)> {
        let token = auth::token(&self.config, &self.tokens).await.map_err(|fault| (Stage::SignIn, fault))?;
        let connected = connect(&self.config, &self.tls).await;
        let (mut connection, abilities) = connected.map_err(|fault| (Stage::Hello, fault))?;
        let signed_in = auth::sign_in(&mut connection, &abilities, &self.config, token.as_deref()).await;
        if let Err(fault) = signed_in {
            if let Some(token) = token.filter(|_| fault.refuses_credentials(Stage::SignIn)) {
                self.tokens.forget(&token).await;
            }
            return Err((Stage::SignIn, fault));
        }
        *lock(&self.refused) = None;
        Ok(Link { connection, abilities, mails: 0 })
    }

    /// Takes a connection back that is between two mails.
    pub(super) async fn put(&self, mut link: Link) {
        link.mails += 1;
        if link.mails < MAILS_PER_CONNECTION_MAX {
            lock(&self.idle).push((Instant::now(), link));
        } else {
            goodbye(link).await;
        }
    }

    /// The same after a mail that was not sent: the server forgets what it heard of it.
    pub(super) async fn put_back(&self, mut link: Link) {
        let reset = timeout(GOODBYE, link.connection.command(Line("RSET".to_owned()))).await;
        if reset.is_ok_and(|answer| answer.is_ok()) {
            self.put(link).await;
        }
    }

    fn still_refused(&self) -> Option<Fault> {
        let refused = lock(&self.refused);
        refused.as_ref().filter(|(since, _)| since.elapsed() < self.pace.refused).map(|(_, fault)| fault.clone())
    }

    pub(super) fn alarm(&self) -> Option<String> {
        let fault = self.still_refused()?;
        Some(super::fault::outcome(Stage::SignIn, &fault).to_string())
    }

    pub(super) async fn close(&self) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        for (_, link) in idle {
            goodbye(link).await;
        }
    }
}

/// QUIT, for politeness: whoever does not answer is left.
async fn goodbye(mut link: Link) {
    drop(timeout(GOODBYE, link.connection.command(Line("QUIT".to_owned()))).await);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
