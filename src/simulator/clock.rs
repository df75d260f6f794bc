//! The simulated Azure's clock, and the spellings of time its services use.

use jiff::{SignedDuration, Timestamp};

/// The time a scenario is told in, and the time its servers claim to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The `{now}` of the scenario's dates, in whole seconds.
    now: Timestamp,
    /// A fixed clock stands still, so that answers can be compared byte for byte.
    fixed: bool,
    /// How far the servers' `Date` header runs ahead.
    offset: SignedDuration,
}

impl Clock {
    /// A clock that stands still at `now`.
    pub(crate) fn fixed(now: Timestamp, offset: SignedDuration) -> Self {
        Self { now: whole_seconds(now), fixed: true, offset }
    }

    /// The real clock; the scenario's dates are told from this moment.
    pub(crate) fn real(offset: SignedDuration) -> Self {
        Self { now: whole_seconds(Timestamp::now()), fixed: false, offset }
    }

    /// The moment the scenario's dates count from.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// What the servers say the time is.
    pub(crate) fn served(&self) -> Timestamp {
        let base = if self.fixed { self.now } else { Timestamp::now() };
        base.saturating_add(self.offset).unwrap_or(base)
    }
}

/// Folder names and HTTP dates know no fractions, so the scenario's moment has none either.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// `Sun, 22 Nov 2026 09:00:00 GMT`: the `Date` header and the Blob service's properties.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `2026-11-22T09:00:00.0000000Z`: the seven digits of .NET services.
pub(crate) fn seven_digits(time: Timestamp) -> String {
    let tenths_of_microseconds = time.subsec_nanosecond() / 100;
    format!("{}.{tenths_of_microseconds:07}Z", time.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// The 100-nanosecond ticks since year one that PostgreSQL backups are named by.
pub(crate) fn ticks(time: Timestamp) -> i64 {
    const UNIX_EPOCH_SECONDS: i64 = 62_135_596_800;
    (time.as_second() + UNIX_EPOCH_SECONDS) * 10_000_000 + i64::from(time.subsec_nanosecond()) / 100
}

/// Reads `5h50m`, `20m`, `-90s`, `3d`: digits and a unit, repeated, with an optional sign.
pub(crate) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (amount, tail) = rest.split_at(digits);
        let unit = tail.chars().next()?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(amount.parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = &tail[unit.len_utf8()..];
    }
    Some(SignedDuration::from_secs(if negative { -seconds } else { seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let seconds = |text: &str| parse_duration(text).map(|d| d.as_secs());
        assert_eq!(seconds("5h50m"), Some(21_000));
        assert_eq!(seconds("-1d"), Some(-86_400));
        assert_eq!(seconds("1w2s"), Some(604_802));
        for wrong in ["", "-", "5", "5x", "h", "5h5", "99999999999999999w"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn spellings() {
        let time: Timestamp = "2026-11-22T09:00:00.1234567Z".parse().unwrap();
        assert_eq!(http_date(time), "Sun, 22 Nov 2026 09:00:00 GMT");
        assert_eq!(seven_digits(time), "2026-11-22T09:00:00.1234567Z");
        assert_eq!(ticks("1970-01-01T00:00:00Z".parse().unwrap()), 621_355_968_000_000_000);
    }
}
