//! What can stop a run: SIGINT, SIGTERM, SIGHUP, and its own time limit.

use std::time::Duration;

use tokio::sync::watch;
use vaudit_model::snapshot::Stopped;

/// Watches for whatever stops the run. The receiver holds nothing until then.
pub(crate) fn watch(limit: Option<Duration>) -> watch::Receiver<Option<Stopped>> {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let stopped = tokio::select! {
            stopped = signal() => stopped,
            () = time_is_up(limit) => Stopped::OutOfTime,
        };
        // Nobody listens any more when the run has ended by itself.
        let _ = sender.send(Some(stopped));
        std::future::pending::<()>().await;
    });
    receiver
}

async fn time_is_up(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

#[cfg(unix)]
async fn signal() -> Stopped {
    use tokio::signal::unix::SignalKind;
    tokio::select! {
        () = received(SignalKind::interrupt()) => Stopped::Interrupted,
        () = received(SignalKind::terminate()) => Stopped::Terminated,
        // A terminal that goes away asks for the same as SIGTERM.
        () = received(SignalKind::hangup()), if !is_hangup_ignored() => Stopped::Terminated,
    }
}

#[cfg(unix)]
async fn received(kind: tokio::signal::unix::SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut stream) => {
            stream.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Whether the run was started so that it outlives its terminal, as `nohup` does. Listening to the
/// signal would undo that. Only Linux tells without unsafe code.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal 1 is the lowest bit.
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
async fn signal() -> Stopped {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Stopped::Interrupted,
        Err(_) => std::future::pending().await,
    }
}
