//! When to send again, and how long to wait: one budget a run.
//!
//! Azure says how long to wait in a header (seconds or a date), in a millisecond header, or only in
//! the message ("Please try again after '324' seconds", `wire/INDEX.md` quirk 42).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::time::Instant;
use vaudit_model::instant::parse_http_date;

/// How often one request is sent at the most.
const MOST_ATTEMPTS: u32 = 5;

/// The first pause where Azure names none; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// The longest pause that is believed: no audit waits so long, and larger numbers are no instants.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// How much waiting a run spends on retries in all. Waits that overlap count once.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    left: Duration,
    waiting_until: Instant,
}

impl RetryBudget {
    /// A budget of so much waiting.
    pub(crate) fn of(left: Duration) -> Self {
        Self { state: Mutex::new(State { left, waiting_until: Instant::now() }) }
    }

    /// Takes a wait from the budget; false when it does not suffice, and then nothing is taken.
    pub(crate) fn take(&self, pause: Duration) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(until) = now.checked_add(pause) else { return false };
        let further = until.saturating_duration_since(state.waiting_until.max(now));
        if further > state.left {
            return false;
        }
        state.left -= further;
        state.waiting_until = state.waiting_until.max(until);
        true
    }
}

/// Whether a status may be gone when asked again.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long to wait before attempt `attempt + 1`; none when it was the last.
pub(crate) fn pause_after(attempt: u32, named: Option<Duration>) -> Option<Duration> {
    if attempt >= MOST_ATTEMPTS {
        return None;
    }
    // A pause of zero would be a storm; Graph sends `Retry-After: 0`.
    let own = FIRST_PAUSE * 2u32.saturating_pow(attempt.saturating_sub(1));
    Some(named.map_or(own, |pause| pause.max(Duration::from_millis(100))))
}

/// The pause an answer names, at most an hour.
pub(crate) fn named_pause(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Duration> {
    stated_pause(headers, body, now).map(|pause| pause.min(LONGEST_PAUSE))
}

fn stated_pause(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
        if let Some(milliseconds) = text(name).and_then(number) {
            return Some(Duration::from_millis(milliseconds));
        }
    }
    if let Some(text) = text("retry-after") {
        if let Some(seconds) = number(text) {
            return Some(Duration::from_secs(seconds));
        }
        if let Some(at) = parse_http_date(text) {
            let seconds = at.as_second().saturating_sub(now.as_second());
            return Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
        }
    }
    let body = std::str::from_utf8(body).ok()?;
    let after = &body[body.find("again after '")? + "again after '".len()..];
    number(&after[..after.find('\'')?]).map(Duration::from_secs)
}

/// A number without a sign; one that is too large to hold is very long, not none.
fn number(text: &str) -> Option<u64> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_pause_is_read_wherever_azure_puts_it() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let seconds = |headers: &HeaderMap, body: &str| {
            named_pause(headers, body.as_bytes(), now).map(|pause| pause.as_secs_f64())
        };
        assert_eq!(seconds(&headers(&[("retry-after", "11")]), ""), Some(11.0));
        assert_eq!(
            seconds(&headers(&[("x-ms-retry-after-ms", "250"), ("retry-after", "9")]), ""),
            Some(0.25)
        );
        assert_eq!(
            seconds(&headers(&[("retry-after", "Sun, 22 Nov 2026 09:00:07 GMT")]), ""),
            Some(7.0)
        );
        let message = r#"{"error":{"message":"Please try again after '324' seconds."}}"#;
        assert_eq!(seconds(&HeaderMap::new(), message), Some(324.0));
        assert_eq!(seconds(&HeaderMap::new(), "try later"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_without_end_is_refused_not_added() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let huge = "18446744073709551615";
        let beyond = "99999999999999999999999";
        let message = format!("Please try again after '{huge}' seconds.");
        for (headers, body) in [
            (headers(&[("retry-after", huge)]), ""),
            (headers(&[("retry-after", beyond)]), ""),
            (headers(&[("retry-after-ms", huge)]), ""),
            (headers(&[("x-ms-retry-after-ms", beyond)]), ""),
            (headers(&[("retry-after", "Fri, 31 Dec 9998 23:59:59 GMT")]), ""),
            (HeaderMap::new(), message.as_str()),
        ] {
            let pause = named_pause(&headers, body.as_bytes(), now);
            assert_eq!(pause, Some(LONGEST_PAUSE), "{headers:?} {body}");
        }
        let budget = RetryBudget::of(Duration::from_secs(60));
        assert!(!budget.take(LONGEST_PAUSE));
        assert!(!budget.take(Duration::MAX), "no instant is so far away");
        assert!(budget.take(Duration::from_secs(60)), "nothing was taken");
    }

    #[test]
    fn attempts_end_and_pauses_grow() {
        assert_eq!(pause_after(1, None), Some(FIRST_PAUSE));
        assert_eq!(pause_after(3, None), Some(FIRST_PAUSE * 4));
        assert_eq!(pause_after(2, Some(Duration::ZERO)), Some(Duration::from_millis(100)));
        assert_eq!(pause_after(MOST_ATTEMPTS, Some(Duration::from_secs(1))), None);
    }

    #[tokio::test(start_paused = true)]
    async fn overlapping_waits_count_once() {
        let budget = RetryBudget::of(Duration::from_secs(10));
        assert!(budget.take(Duration::from_secs(8)));
        assert!(budget.take(Duration::from_secs(8)), "the same eight seconds");
        assert!(!budget.take(Duration::from_secs(11)), "three more are not left");
        tokio::time::advance(Duration::from_secs(8)).await;
        assert!(budget.take(Duration::from_secs(2)));
        assert!(!budget.take(Duration::from_secs(5)));
    }
}
