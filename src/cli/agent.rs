//! `switchboard agent …`

use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Failure, Outcome, block_on, say};
use crate::app::{self, Home};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::core::Core;
use crate::http::invitation_url;
use crate::service::accounts;
use crate::store::accounts::{self as store, Role};

/// Manage the accounts of agents.
#[derive(Subcommand)]
pub(super) enum Agent {
    /// Add an agent and print the one-time link that lets them set a password
    Add(Add),
    /// Print a new one-time link for an agent who lost theirs or their password
    Recover(Recover),
    /// List the agents
    List,
}

/// Example: switchboard agent add ana@example.com --name Ana --role agent
#[derive(Args)]
pub(super) struct Add {
    /// The address they sign in with
    email: String,
    /// The name contacts see; else the part of the address before the @
    #[arg(long, default_value = "")]
    name: String,
    /// What they may do
    #[arg(long, value_enum, default_value = "agent")]
    role: Role,
}

/// Example: switchboard agent recover ana@example.com
#[derive(Args)]
pub(super) struct Recover {
    /// The address they sign in with
    email: String,
}

pub(super) fn run(command: Agent, config: &Config) -> Outcome {
    block_on(async move {
        let core = app::open_bare(&Home::of(config), Arc::new(SystemClock)).await?;
        let outcome = act(command, &core, &config.server.base_url_at(config.server.listen)).await;
        core.store.close().await;
        outcome
    })?
}

async fn act(command: Agent, core: &Core, base_url: &str) -> Outcome {
    match command {
        Agent::Add(add) => {
            let (agent, token) =
                accounts::invite(core, &add.email, &add.name, add.role, None).await.map_err(Failure::from)?;
            say(format_args!("{}  {}", agent.email, invitation_url(base_url, &token)));
        }
        Agent::Recover(recover) => {
            let email = recover.email.trim().to_lowercase();
            let known = store::by_email(&mut *core.store.reader().await?, &email).await?;
            let (agent, _) = known.ok_or_else(|| Failure::check([format!("there is no agent `{email}`")]))?;
            let token = accounts::invite_again(core, agent.id).await.map_err(Failure::from)?;
            say(format_args!("{}  {}", agent.email, invitation_url(base_url, &token)));
        }
        Agent::List => {
            for agent in store::agents(&mut *core.store.reader().await?).await? {
                let state = match (agent.disabled, agent.active) {
                    (true, _) => "disabled",
                    (false, true) => "active",
                    (false, false) => "invited",
                };
                say(format_args!("{}\t{}\t{:?}\t{state}", agent.email, agent.name, agent.role));
            }
        }
    }
    Ok(())
}

impl From<accounts::Error> for Failure {
    fn from(error: accounts::Error) -> Self {
        match error {
            accounts::Error::Store(error) => error.into(),
            accounts::Error::Release(error) => Self::unavailable(error),
            accounts::Error::Invalid { .. } => Self::usage(error),
            accounts::Error::WrongCredentials
            | accounts::Error::TooManyAttempts(_)
            | accounts::Error::BadInvitation
            | accounts::Error::EmailTaken
            | accounts::Error::KeyReused
            | accounts::Error::NotFound
            | accounts::Error::LastAdmin => Self::check([error]),
        }
    }
}
