//! What can stop a run: SIGINT, SIGTERM, and its own time limit.

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
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = async {
        match signal(SignalKind::interrupt()) {
            Ok(mut stream) => stream.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => stream.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupted => Stopped::Interrupted,
        _ = terminated => Stopped::Terminated,
    }
}

#[cfg(not(unix))]
async fn signal() -> Stopped {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Stopped::Interrupted,
        Err(_) => std::future::pending().await,
    }
}
