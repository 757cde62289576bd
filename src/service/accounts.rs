//! Agents' accounts: invitations, passwords, sessions.
//!
//! There is never a default password: an account begins with a one-time link, kept as a hash, that lets its owner set one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use switchboard_contract::{AgentId, Timestamp};
use tokio::sync::Semaphore;

use crate::core::Core;
use crate::ids;
use crate::limits;
use crate::service::desk::{self, Once};
use crate::store::accounts::{self, Agent, Role};
use crate::store::{self, Conn};

/// Why something about an account was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Address or password are wrong, or the account is disabled; which of them is not told.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Too many attempts.
    #[error("too many attempts; try again in {} seconds", .0.as_secs())]
    TooManyAttempts(std::time::Duration),
    /// The link is unknown, used or over.
    #[error("this link has been used or is over; ask an admin for a new one")]
    BadInvitation,
    /// The address is taken.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The idempotency key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Nobody could administer any more.
    #[error("this is the last admin; make somebody else an admin first")]
    LastAdmin,
    /// A value is not acceptable.
    #[error("{field}: {detail}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// What the agent held could not be handed back.
    #[error(transparent)]
    Release(#[from] desk::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A signed-in agent with the token of the session.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub agent: Agent,
    /// The session's token: only the cookie holds it.
    pub token: String,
}

/// Checks passwords, a few at a time, and counts attempts.
pub struct Doorkeeper {
    checks: Arc<Semaphore>,
    attempts: Mutex<BTreeMap<String, Attempts>>,
    attempts_max: u32,
}

struct Attempts {
    since: Timestamp,
    count: u32,
}

impl Doorkeeper {
    /// A doorkeeper that lets an address try an account `attempts_max` times in [`limits::SIGN_IN_WINDOW`], all accounts
    /// [`limits::SIGN_IN_BY_ADDRESS`] times as often, and all addresses together an account [`limits::SIGN_IN_BY_ACCOUNT`] times
    /// as often: a stranger can't easily lock somebody out, and can't guess from many places either.
    pub fn new(attempts_max: u32) -> Self {
        Self {
            checks: Arc::new(Semaphore::new(limits::PASSWORD_CHECKS_AT_ONCE)),
            attempts: Mutex::default(),
            attempts_max,
        }
    }

    /// Counts an attempt under a key of which `most` are allowed.
    fn count(&self, key: &str, most: u32, now: Timestamp) -> Result<(), Error> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= limits::SIGN_IN_KEYS_MAX {
            attempts.retain(|_, kept| now.since(kept.since) < limits::SIGN_IN_WINDOW);
        }
        // A flood of made-up keys must not lock everybody out: the one that has been counted longest makes room.
        if attempts.len() >= limits::SIGN_IN_KEYS_MAX && !attempts.contains_key(key) {
            let oldest = attempts.iter().min_by_key(|(_, kept)| kept.since).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| attempts.remove(&oldest));
        }
        let kept = attempts.entry(key.to_owned()).or_insert(Attempts { since: now, count: 0 });
        if now.since(kept.since) >= limits::SIGN_IN_WINDOW {
            *kept = Attempts { since: now, count: 0 };
        }
        if kept.count >= most {
            return Err(Error::TooManyAttempts(limits::SIGN_IN_WINDOW.saturating_sub(now.since(kept.since))));
        }
        kept.count += 1;
        Ok(())
    }

    /// Counts an attempt of an address on an account under every key that limits it.
    fn admit(&self, keys: &[String; 3], now: Timestamp) -> Result<(), Error> {
        let [pair, address, account] = keys;
        self.count(pair, self.attempts_max, now)?;
        self.count(address, self.attempts_max.saturating_mul(limits::SIGN_IN_BY_ADDRESS), now)?;
        self.count(account, self.attempts_max.saturating_mul(limits::SIGN_IN_BY_ACCOUNT), now)
    }

    /// Takes an attempt back: it was right, and right ones are not limited.
    fn refund(&self, keys: &[String; 3]) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if let Some(kept) = attempts.get_mut(key) {
                kept.count = kept.count.saturating_sub(1);
            }
        }
    }

    async fn hash(&self, password: String) -> Result<String, Error> {
        self.work(move || {
            let salt = ids::key();
            Argon2::default().hash_password_with_salt(password.as_bytes(), &salt[..16]).map(|hash| hash.to_string())
        })
        .await?
        .map_err(|error| store::Error::Panicked(error.to_string()).into())
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        self.work(move || {
            // An unknown account costs the same time as a wrong password.
            const NOBODY: &str =
                "$argon2id$v=19$m=19456,t=2,p=1$c3dpdGNoYm9hcmQhIQ$Zm9yIG5vYm9keSBidXQgYXMgc2xvdyBhcyBhbGwuLi4";
            let text = hash.as_deref().unwrap_or(NOBODY);
            PasswordHash::new(text)
                .is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
                && hash.is_some()
        })
        .await
    }

    /// Runs costly work on a thread of its own, a few at a time.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = Arc::clone(&self.checks).acquire_owned().await.map_err(|_| store::Error::Stopping)?;
        // The permit goes with the work: a caller who gives up frees no place while it still runs.
        let bounded = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(bounded).await.map_err(|error| store::Error::Panicked(error.to_string()).into())
    }
}

/// Signs an agent in.
pub async fn sign_in(
    core: &Arc<Core>,
    door: &Doorkeeper,
    from: &str,
    email: &str,
    password: String,
    session_holds: std::time::Duration,
) -> Result<SignedIn, Error> {
    let (email, now) = (email.trim().to_lowercase(), core.now());
    check_length(&password)?;
    if email.len() > limits::EMAIL_BYTES_MAX {
        return Err(Error::WrongCredentials);
    }
    let keys = [format!("{from} {email}"), format!("from {from}"), format!("account {email}")];
    door.admit(&keys, now)?;
    let known = accounts::by_email(&mut *core.store.reader().await?, &email).await?;
    let (agent, hash) = known.map_or((None, None), |(agent, hash)| (Some(agent), hash));
    if !door.verify(password, hash).await? {
        return Err(Error::WrongCredentials);
    }
    let agent = agent.filter(|agent| !agent.disabled).ok_or(Error::WrongCredentials)?;
    door.refund(&keys);
    let token = begin_session(core, agent.id, now + session_holds).await?;
    Ok(SignedIn { agent, token })
}

async fn begin_session(core: &Core, id: AgentId, expires: Timestamp) -> Result<String, Error> {
    let token = ids::token();
    let hash = ids::token_hash(&token);
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { Ok(accounts::add_session(conn, id, &hash, expires).await?) })
        })
        .await?;
    Ok(token)
}

/// The agent of a session token.
pub async fn session(core: &Core, token: &str) -> Result<Option<Agent>, Error> {
    Ok(accounts::session(&mut *core.store.reader().await?, &ids::token_hash(token), core.now()).await?)
}

/// Ends a session.
pub async fn sign_out(core: &Core, token: &str) -> Result<(), Error> {
    let hash = ids::token_hash(token);
    core.store
        .write::<_, Error, _>(move |conn| Box::pin(async move { Ok(accounts::end_session(conn, &hash).await?) }))
        .await
}

/// Adds an agent and returns the token of the link that lets them set a password.
///
/// With `once`, a repeated request of the same admin finds the account it made and gives it a new link; the one before ends.
pub async fn invite(
    core: &Core,
    email: &str,
    name: &str,
    role: Role,
    once: Option<(AgentId, Once)>,
) -> Result<(Agent, String), Error> {
    let email = valid_email(email)?;
    let name = match name.trim() {
        "" => email.split('@').next().unwrap_or_default().to_owned(),
        name => valid_name(name)?,
    };
    let now = core.now();
    let agent = Agent { id: ids::new(AgentId::from_parts, now), email, name, role, disabled: false, active: false };
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                if let Some((admin, once)) = &once {
                    if let Some((fingerprint, made)) = accounts::remembered(conn, *admin, &once.key).await? {
                        return again(conn, once, &fingerprint, &made, now).await;
                    }
                    let made = agent.id.to_string();
                    accounts::remember(conn, *admin, &once.key, &once.fingerprint, &made, now).await?;
                }
                if !accounts::add_agent(conn, &agent, now).await? {
                    return Err(Error::EmailTaken);
                }
                let token = invitation(conn, agent.id, now).await?;
                Ok((agent, token))
            })
        })
        .await
}

/// The account a repeated request made the first time, with a new link: the first one is kept as a hash only.
async fn again(
    conn: &mut Conn,
    once: &Once,
    fingerprint: &str,
    made: &str,
    now: Timestamp,
) -> Result<(Agent, String), Error> {
    if *fingerprint != once.fingerprint {
        return Err(Error::KeyReused);
    }
    let id = made.parse().map_err(|_| Error::NotFound)?;
    let agent = accounts::agent(conn, id).await?.ok_or(Error::NotFound)?;
    let token = invitation(conn, id, now).await?;
    Ok((agent, token))
}

/// A new link for an agent who lost theirs or their password. Links given before end.
pub async fn invite_again(core: &Core, id: AgentId) -> Result<String, Error> {
    let now = core.now();
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                accounts::agent(conn, id).await?.ok_or(Error::NotFound)?;
                invitation(conn, id, now).await
            })
        })
        .await
}

async fn invitation(conn: &mut Conn, id: AgentId, now: Timestamp) -> Result<String, Error> {
    let token = ids::token();
    accounts::add_invitation(conn, id, &ids::token_hash(&token), now + limits::INVITATION_HOLDS).await?;
    Ok(token)
}

/// Whom a link is for, and until when.
pub async fn invited(core: &Core, token: &str) -> Result<(Agent, Timestamp), Error> {
    let mut conn = core.store.reader().await?;
    accounts::invitation(&mut conn, &ids::token_hash(token), core.now()).await?.ok_or(Error::BadInvitation)
}

/// Takes an invitation: sets name and password, and signs in.
pub async fn accept_invitation(
    core: &Arc<Core>,
    door: &Doorkeeper,
    token: &str,
    name: &str,
    password: String,
    session_holds: std::time::Duration,
) -> Result<SignedIn, Error> {
    let (agent, _) = invited(core, token).await?;
    let name = valid_name(name)?;
    check_length(&password)?;
    if password.chars().count() < limits::PASSWORD_CHARS_MIN {
        let detail = format!("at least {} characters", limits::PASSWORD_CHARS_MIN);
        return Err(Error::Invalid { field: "password", detail });
    }
    let hash = door.hash(password).await?;
    let (used, now, new_name) = (ids::token_hash(token), core.now(), name.clone());
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                if !accounts::use_invitation(conn, &used, now).await? {
                    return Err(Error::BadInvitation);
                }
                Ok(accounts::set_password(conn, agent.id, &new_name, &hash).await?)
            })
        })
        .await?;
    let token = begin_session(core, agent.id, now + session_holds).await?;
    Ok(SignedIn { agent: Agent { name, active: true, ..agent }, token })
}

/// What an admin may change of an account. None leaves it as it is.
#[derive(Debug, Default, Clone)]
pub struct AccountChange {
    /// The name.
    pub name: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// Whether signing in is forbidden.
    pub disabled: Option<bool>,
}

/// Changes an account. The last admin stays one.
pub async fn change(core: &Arc<Core>, id: AgentId, change: AccountChange) -> Result<Agent, Error> {
    let shared = Arc::clone(core);
    let name = change.name.as_deref().map(valid_name).transpose()?;
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                let mut agent = accounts::agent(conn, id).await?.ok_or(Error::NotFound)?;
                agent.name = name.unwrap_or(agent.name);
                agent.role = change.role.unwrap_or(agent.role);
                agent.disabled = change.disabled.unwrap_or(agent.disabled);
                accounts::update_agent(conn, &agent).await?;
                if accounts::admins(conn).await? == 0 {
                    return Err(Error::LastAdmin);
                }
                if agent.disabled || agent.role == Role::Knowledge {
                    desk::release_all(conn, &shared, &agent).await?;
                }
                Ok(agent)
            })
        })
        .await
}

/// The first admin's link, on the very first start only: none when there is any account.
pub async fn first_admin(core: &Core) -> Result<Option<String>, Error> {
    let none_yet = accounts::agents(&mut *core.store.reader().await?).await?.is_empty();
    if !none_yet {
        return Ok(None);
    }
    invite(core, "admin@localhost", "Admin", Role::Admin, None).await.map(|(_, token)| Some(token))
}

fn valid_email(email: &str) -> Result<String, Error> {
    let email = email.trim().to_lowercase();
    let whole = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let clean = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    if whole && clean && email.len() <= limits::EMAIL_BYTES_MAX {
        return Ok(email);
    }
    Err(Error::Invalid { field: "email", detail: "not an e-mail address such as `ana@example.com`".to_owned() })
}

fn valid_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=80).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Error::Invalid { field: "name", detail: "1 to 80 characters, none of them a control character".to_owned() })
}

fn check_length(password: &str) -> Result<(), Error> {
    if password.len() <= limits::PASSWORD_BYTES_MAX {
        return Ok(());
    }
    Err(Error::Invalid { field: "password", detail: format!("at most {} bytes", limits::PASSWORD_BYTES_MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_limited_for_a_while() {
        let door = Doorkeeper::new(3);
        let start = Timestamp::from_millis(0);
        for _ in 0..3 {
            door.count("from a", 3, start).expect("within the limit");
        }
        assert!(matches!(door.count("from a", 3, start), Err(Error::TooManyAttempts(_))));
        door.count("from b", 3, start).expect("another address is not affected");
        door.count("from a", 3, start + limits::SIGN_IN_WINDOW).expect("the window is over");
    }

    #[tokio::test]
    async fn a_password_verifies_against_its_hash_only() {
        let door = Doorkeeper::new(3);
        let hash = door.hash("correct horse".to_owned()).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(door.verify("correct horse".to_owned(), Some(hash.clone())).await.expect("verifies"));
        assert!(!door.verify("wrong horse".to_owned(), Some(hash)).await.expect("verifies"));
        assert!(!door.verify("for nobody".to_owned(), None).await.expect("verifies"));
    }
}
