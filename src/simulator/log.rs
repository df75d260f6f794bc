//! What was asked of the simulator, for tests that want to know.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// One request as the simulator saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The method.
    pub method: String,
    /// The host the client asked for.
    pub host: String,
    /// Path and query as they were sent.
    pub path_and_query: String,
    /// Whether a bearer token was sent along.
    pub bearer: bool,
    /// The audience of that token, when it was one of the simulator's own.
    pub audience: Option<String>,
    /// The status that was answered; none when the connection was dropped.
    pub status: Option<u16>,
    /// When its head had come in.
    pub asked: Instant,
    /// When the answer was ready to go out.
    pub answered: Instant,
}

/// How many requests are remembered; a simulator that runs for days forgets the oldest.
const REMEMBERED: usize = 65_536;

/// The log, and how many requests were under way at once.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: Mutex<VecDeque<LoggedRequest>>,
    current: AtomicUsize,
    peak: AtomicUsize,
}

impl Log {
    /// Counts a request as under way until the guard is dropped.
    pub(crate) fn enter(&self) -> UnderWay<'_> {
        let current = self.current.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(current, Ordering::SeqCst);
        UnderWay { log: self }
    }

    /// Remembers a request.
    pub(crate) fn add(&self, request: LoggedRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    /// All requests that are remembered, in the order of their answers.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The most requests that were under way at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.peak.store(self.current.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct UnderWay<'a> {
    log: &'a Log,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.log.current.fetch_sub(1, Ordering::SeqCst);
    }
}
