//! Progress on stderr: which wave, how many requests, how many rules. Silent where nobody watches.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use vaudit_azure::{Progress, Traffic, Watcher};

use crate::environment;

/// The line that shows how far the run is.
#[derive(Clone)]
pub(crate) struct Line {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    wave: AtomicU32,
    asked: AtomicU64,
    answered: AtomicU64,
}

impl Line {
    /// A line on a terminal, or nothing.
    pub(crate) fn new(wanted: bool) -> Self {
        let visible = wanted && io::stderr().is_terminal() && !environment::is_ci();
        let bar = if visible { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if visible {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar, counts: Arc::default() }
    }

    /// Says what is going on.
    pub(crate) fn say(&self, message: impl Into<String>) {
        self.bar.set_message(message.into());
    }

    /// Takes note of a request or an answer.
    pub(crate) fn note(&self, progress: Progress) {
        match progress {
            Progress::Asked { wave, .. } => {
                self.counts.asked.fetch_add(1, Ordering::Relaxed);
                self.counts.wave.fetch_max(wave, Ordering::Relaxed);
            }
            Progress::Answered { .. } => {
                self.counts.answered.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.say(format!(
            "wave {} · {} of {} requests answered",
            self.counts.wave.load(Ordering::Relaxed),
            self.counts.answered.load(Ordering::Relaxed),
            self.counts.asked.load(Ordering::Relaxed),
        ));
    }

    /// Whoever watches the transport: a pause for a retry is worth saying.
    pub(crate) fn watcher(&self) -> Watcher {
        let line = self.clone();
        Arc::new(move |Traffic::Retrying { pause }| {
            line.say(format!("Azure asks to wait {:.1} s", pause.as_secs_f64()));
        })
    }

    /// How many waves of requests there were, each of which waited for answers to the one before.
    pub(crate) fn waves(&self) -> u32 {
        self.counts.wave.load(Ordering::Relaxed)
    }

    /// Takes the line away for as long as something else is on the screen.
    pub(crate) fn aside<T>(&self, other: impl FnOnce() -> T) -> T {
        self.bar.suspend(other)
    }

    /// Takes the line away before anything else is written.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
