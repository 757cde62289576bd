//! `switchboard serve`

use std::sync::Arc;

use clap::Args;

use super::{Failure, Global, Outcome, block_on, load, say};
use crate::app::App;
use crate::clock::SystemClock;
use crate::{http, lifecycle, telemetry};

/// Run the server: adapters, bot, console, API, all in this process.
///
/// Stops on SIGTERM or Ctrl-C after what is under way is settled; a second signal ends it at once.
#[derive(Args)]
pub(super) struct Serve {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The address people use, when it differs from the one listened on
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

pub(super) fn run(command: Serve, global: &Global) -> Outcome {
    let config = load(global, command.listen, command.base_url)?.config;
    telemetry::start(&config.log).map_err(|error| Failure::config([format!("{error:#}")]))?;
    block_on(async move {
        let app = App::start(&config, Arc::new(SystemClock)).await?;
        announce(&app);
        let broken = tokio::select! {
            stop = lifecycle::stop_signal() => stop.map(|()| false).map_err(Failure::unavailable)?,
            () = app.broken() => true,
        };
        tracing::info!("stopping: what is under way is settled first");
        app.stop().await;
        if broken { Err(Failure::again("a part of the server ended by itself; the log says which")) } else { Ok(()) }
    })?
}

fn announce(app: &App) {
    if let Some(problem) = http::bundle_problem() {
        tracing::warn!("{problem}");
    }
    if app.demo_inbox.is_some() {
        say(format_args!("demo page    {}/demo", app.base_url));
    }
    say(format_args!("console      {}/console", app.base_url));
    if let Some(link) = &app.first_link {
        say(format_args!("first agent  {link}"));
        say("             The link sets the first password (sign in as admin@localhost). It works once, for 72 hours;");
        say("             `switchboard agent recover admin@localhost` makes a new one.");
    }
    tracing::info!(address = %app.address, "ready");
}
