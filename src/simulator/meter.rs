//! Request ids, and the allowances that ARM and Resource Graph count down in their headers.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::fill::stable_guid;

/// Makes request ids.
#[derive(Debug)]
pub(crate) struct Serial {
    seed: u64,
    next: AtomicU64,
}

impl Default for Serial {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0), next: AtomicU64::new(0) }
    }
}

impl Serial {
    /// A GUID that no other request of this or another run has.
    pub(crate) fn guid(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        stable_guid(&format!("{:x}/{number}", self.seed))
    }
}

/// ARM's token bucket of reads. It only tells; who wants to be throttled asks for a fault.
#[derive(Debug)]
pub(crate) struct Allowance {
    state: Mutex<(f64, Instant)>,
}

const BURST: f64 = 250.0;
const REFILL_PER_SECOND: f64 = 25.0;

impl Default for Allowance {
    fn default() -> Self {
        Self { state: Mutex::new((BURST, Instant::now())) }
    }
}

impl Allowance {
    /// Fills the bucket.
    pub(crate) fn fill(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (BURST, Instant::now());
    }

    /// Takes one read and says how many are left, for the principal and for the subscription.
    pub(crate) fn take(&self) -> (u32, u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (level, filled) = *state;
        let now = Instant::now();
        let refill = now.duration_since(filled).as_secs_f64() * REFILL_PER_SECOND;
        let left = ((level + refill).min(BURST) - 1.0).max(0.0);
        *state = (left, now);
        // All principals of a subscription together have fifteen times as many.
        (left as u32, (left + BURST * 14.0) as u32)
    }
}

/// Resource Graph's quota: so many queries in each window of some seconds. It only tells, too.
#[derive(Debug)]
pub(crate) struct Quota {
    state: Mutex<(u32, Instant)>,
}

const QUERIES: u32 = 15;
const WINDOW: Duration = Duration::from_secs(5);

impl Default for Quota {
    fn default() -> Self {
        Self { state: Mutex::new((QUERIES, Instant::now())) }
    }
}

impl Quota {
    /// Opens a new window.
    pub(crate) fn fill(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (QUERIES, Instant::now());
    }

    /// Takes one query and says how many are left, and in how many seconds there are all again.
    pub(crate) fn take(&self) -> (u32, u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut left, mut opened) = *state;
        if left == QUERIES || opened.elapsed() >= WINDOW {
            (left, opened) = (QUERIES, Instant::now());
        }
        left = left.saturating_sub(1);
        *state = (left, opened);
        let rest = WINDOW.saturating_sub(opened.elapsed());
        (left, rest.as_millis().div_ceil(1_000) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowance_counts_down() {
        let allowance = Allowance::default();
        assert_eq!(allowance.take(), (249, 3749));
        assert!(allowance.take().0 < 249);
        allowance.fill();
        assert_eq!(allowance.take(), (249, 3749));
    }

    #[test]
    fn the_quota_counts_down() {
        let quota = Quota::default();
        assert_eq!(quota.take(), (14, 5));
        let (left, seconds) = quota.take();
        assert!(left == 13 && (1..=5).contains(&seconds));
        quota.fill();
        assert_eq!(quota.take(), (14, 5));
    }

    #[test]
    fn ids_differ() {
        let serial = Serial::default();
        assert_ne!(serial.guid(), serial.guid());
    }
}
