//! When to stop: the first signal drains, a second one ends the process at once.

use tokio::signal::unix::{SignalKind, signal};

/// Exit code after an interruption that was not waited for.
const INTERRUPTED: i32 = 130;

/// Waits for SIGTERM or an interrupt from the keyboard. From then on a second one ends the process.
///
/// # Errors
/// When the system refuses to hand signals over.
pub async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("a second signal: ending at once");
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}
