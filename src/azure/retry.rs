//! When to send again, and how long to wait: one budget a run.
//!
//! Azure says how long to wait in a header (seconds or a date), in a millisecond header, or only in
//! the message ("Please try again after '324' seconds", `wire/INDEX.md` quirk 42).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap};
use tokio::time::Instant;
use vaudit_model::instant::parse_http_date;

use crate::guard::Purpose;

/// How often one request is sent at the most.
pub(crate) const MOST_ATTEMPTS: u32 = 5;

/// How long the failed attempts of one request may take before it is given up, pauses not counted.
///
/// An attempt that ran into the read timeout of half a minute gets one more: a lost packet is made
/// good, and a path that hangs costs a minute and not five. The time is charged to the request and
/// not to the run's budget, so that one path that hangs leaves all others their retries.
const LONGEST_IN_VAIN: Duration = Duration::from_secs(45);

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

/// Until when the hosts that throttle get no request: what is sent earlier is refused too, and gets a
/// new pause (`catalogue.md` §B.2).
///
/// Whoever waits here takes nothing from the budget. The wait is part of one that was taken for the
/// request that was throttled, and waits that overlap count once.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    until: Mutex<BTreeMap<Door, Instant>>,
}

/// A host, and what it is asked for: on a test machine one host is all services.
pub(crate) type Door = (Purpose, String);

impl Holds {
    /// Holds back what has not been sent for so long.
    pub(crate) fn hold(&self, door: Door, pause: Duration) {
        let Some(until) = Instant::now().checked_add(pause) else { return };
        let mut held = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = held.entry(door).or_insert(until);
        *latest = until.max(*latest);
    }

    /// When the next request may be sent; none when it may be sent now.
    pub(crate) fn until(&self, door: &Door) -> Option<Instant> {
        let held = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(door).copied().filter(|until| *until > Instant::now())
    }

    /// Waits until the next request may be sent, also when that is put off meanwhile.
    pub(crate) async fn passed(&self, door: &Door) {
        while let Some(until) = self.until(door) {
            tokio::time::sleep_until(until).await;
        }
    }
}

/// Whether an answer says that the host takes no more requests for a while.
pub(crate) fn is_throttling(status: u16, body: &[u8]) -> bool {
    // This one is about the resource, which is busy, and not about a quota (`catalogue.md` §B.2).
    let busy = b"RetryableErrorDueToAnotherOperation";
    status == 429 && !body.windows(busy.len()).any(|window| window == busy)
}

/// Whether a status may be gone when asked again. The metadata service answers 410 while it is being
/// updated.
pub(crate) fn is_transient(status: u16, purpose: Purpose) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
        || status == 410 && purpose == Purpose::ManagedIdentity
}

/// The attempts of one request that failed.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failed: u32,
    in_vain: Duration,
}

impl Attempts {
    /// How many attempts failed so far.
    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }

    /// Takes note of an attempt that failed, and how long it took. Says how long to wait before the
    /// next one; none when it was the last, of so many `at_most`.
    pub(crate) fn pause(
        &mut self,
        took: Duration,
        at_most: u32,
        named: Option<Duration>,
    ) -> Option<Duration> {
        let own = FIRST_PAUSE * 2u32.saturating_pow(self.failed);
        self.failed += 1;
        self.in_vain += took;
        if self.failed >= at_most || self.in_vain > LONGEST_IN_VAIN {
            return None;
        }
        // What is named is the least: `Retry-After: 0`, which Graph sends, would be a storm.
        Some(named.map_or(own, |pause| pause.max(own)))
    }
}

/// The pause an answer names, at most an hour.
///
/// A date is measured against the answer's own `Date`, so that clocks need not agree; against
/// `received_at` where it has none.
pub(crate) fn named_pause(
    headers: &HeaderMap,
    body: &[u8],
    received_at: Timestamp,
) -> Option<Duration> {
    let date = headers.get(DATE).and_then(|date| parse_http_date(date.to_str().ok()?));
    let now = date.unwrap_or(received_at);
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
    use std::sync::Arc;

    use vaudit_model::Audience;

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
    fn a_dated_pause_goes_by_the_clock_that_named_it() {
        let received_at: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        for (date, retry_after) in [
            ("Sun, 22 Nov 2026 08:49:58 GMT", "Sun, 22 Nov 2026 08:50:05 GMT"),
            ("Sun, 22 Nov 2026 09:09:58 GMT", "Sun, 22 Nov 2026 09:10:05 GMT"),
        ] {
            let headers = headers(&[("date", date), ("retry-after", retry_after)]);
            let pause = named_pause(&headers, b"", received_at);
            assert_eq!(pause, Some(Duration::from_secs(7)), "{date}");
        }
    }

    #[test]
    fn attempts_end_and_pauses_grow() {
        let mut attempts = Attempts::default();
        let mut next = |named| attempts.pause(Duration::ZERO, MOST_ATTEMPTS, named);
        assert_eq!(next(None), Some(FIRST_PAUSE));
        assert_eq!(next(Some(Duration::ZERO)), Some(FIRST_PAUSE * 2), "zero is no pause");
        assert_eq!(next(Some(Duration::from_secs(11))), Some(Duration::from_secs(11)));
        assert_eq!(next(None), Some(FIRST_PAUSE * 8));
        assert_eq!(next(Some(Duration::from_secs(1))), None);
    }

    #[test]
    fn a_request_that_hangs_is_sent_twice_and_one_that_drips_once() {
        let pauses = |took: u64| {
            let mut attempts = Attempts::default();
            let pause = || attempts.pause(Duration::from_secs(took), MOST_ATTEMPTS, None);
            std::iter::from_fn(pause).count()
        };
        assert_eq!(pauses(30), 1, "the read timeout");
        assert_eq!(pauses(120), 0, "the timeout of the whole request");
        assert_eq!(pauses(1), 4, "a gateway that gives up soon");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_throttles_is_left_alone_and_no_other() {
        let door = |name: &str| (Purpose::Read(Audience::ResourceManager), name.to_owned());
        let (throttling, other) = (door("a.example"), door("b.example"));
        let holds = Arc::new(Holds::default());
        let begun = Instant::now();
        holds.hold(throttling.clone(), Duration::from_secs(5));
        holds.passed(&other).await;
        holds.passed(&(Purpose::Read(Audience::Graph), "a.example".to_owned())).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        let waiting = tokio::spawn({
            let (holds, door) = (Arc::clone(&holds), throttling.clone());
            async move { holds.passed(&door).await }
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        holds.hold(throttling.clone(), Duration::from_secs(6));
        holds.hold(throttling, Duration::from_secs(1));
        waiting.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(8), "until the latest that was named");
    }

    #[test]
    fn a_busy_resource_is_no_throttling() {
        assert!(is_throttling(429, br#"{"error":{"code":"TooManyRequests"}}"#));
        assert!(!is_throttling(
            429,
            br#"{"error":{"code":"RetryableErrorDueToAnotherOperation"}}"#
        ));
        assert!(!is_throttling(503, b""));
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
