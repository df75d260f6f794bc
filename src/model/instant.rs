//! Instants as Azure writes them: RFC 3339 with 0–9 fraction digits and any offset, now and then
//! without one, and the HTTP form in headers and blob listings.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// An instant read from a text, and whether its offset had to be assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadInstant {
    /// The instant.
    pub instant: Timestamp,
    /// True when the text named no offset and UTC was assumed (`catalogue.md` §0.3).
    pub assumed_utc: bool,
}

/// Reads an RFC 3339 instant.
///
/// A date without a time of day is not an instant: it would silently be midnight.
pub fn parse_rfc3339(text: &str) -> Option<ReadInstant> {
    let text = text.trim();
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(ReadInstant { instant, assumed_utc: false });
    }
    if let Some(instant) = end_of_days(text) {
        return Some(ReadInstant { instant, assumed_utc: false });
    }
    let civil: DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    // A text with an offset that `Timestamp` refused must not pass as one without an offset.
    let time_of_day = &text[10..];
    if time_of_day.contains(['Z', 'z', '+', '[']) || time_of_day.contains('-') {
        return None;
    }
    Some(ReadInstant { instant: zoned.timestamp(), assumed_utc: true })
}

/// The last instant there is, for what Azure writes where something never ends:
/// `9999-12-31T23:59:59.9999999Z`, which lies a few hours beyond it.
fn end_of_days(text: &str) -> Option<Timestamp> {
    let utc = ["Z", "z", "+00:00"].iter().find_map(|offset| text.strip_suffix(offset))?;
    let civil: DateTime = utc.parse().ok()?;
    let last = Timestamp::MAX.to_zoned(TimeZone::UTC).datetime();
    (civil > last).then_some(Timestamp::MAX)
}

/// Reads the date form of HTTP headers and blob listings, `Sun, 22 Nov 2026 09:00:00 GMT`.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(text.trim()).ok()
}

/// Writes an instant the way every report shows it: UTC, whole seconds, `2026-11-22T09:00:00Z`.
pub fn show(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Says how long `later` is after `earlier` in at most two units: `2 d 3 h`, `5 h 50 min`, `40 s`.
/// A negative distance is said as `… in the future`.
pub fn show_age(earlier: Timestamp, later: Timestamp) -> String {
    let seconds = later.as_second() - earlier.as_second();
    let text = show_seconds(seconds.unsigned_abs());
    if seconds < 0 { format!("{text} in the future") } else { text }
}

/// Says a number of seconds in at most two units.
pub fn show_seconds(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds % 86_400 / 3_600);
    let (minutes, rest) = (seconds % 3_600 / 60, seconds % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")];
    let from = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown: Vec<String> = parts[from..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0 || from == 3)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_notation_of_the_recordings_is_read() {
        let expected = at("2026-11-22T03:10:00Z");
        for text in [
            "2026-11-22T03:10:00Z",
            "2026-11-22T03:10:00+00:00",
            "2026-11-22T04:10:00.0+01:00",
            "2026-11-22T03:10:00.000000000Z",
            "2026-11-22t03:10:00z",
        ] {
            let read = parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read, ReadInstant { instant: expected, assumed_utc: false }, "{text}");
        }
        let fraction = parse_rfc3339("2023-06-27T13:16:44.3103732+00:00").unwrap();
        assert_eq!(fraction.instant, at("2023-06-27T13:16:44.3103732Z"));
    }

    #[test]
    fn a_missing_offset_is_utc_and_said() {
        let read = parse_rfc3339("2026-11-20T10:00:00.123").unwrap();
        assert_eq!(read.instant, at("2026-11-20T10:00:00.123Z"));
        assert!(read.assumed_utc);
    }

    #[test]
    fn what_never_ends_ends_last() {
        for text in ["9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59+00:00"] {
            let read = parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read, ReadInstant { instant: Timestamp::MAX, assumed_utc: false });
        }
        assert_eq!(parse_rfc3339("9999-12-31T25:00:00Z"), None);
    }

    #[test]
    fn what_is_not_an_instant_is_refused() {
        for text in [
            "2026-11-20",
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "20261120T100000Z",
            "2026-11-20T10:00:00+99:00",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn http_dates_are_read() {
        assert_eq!(
            parse_http_date("Sun, 22 Nov 2026 09:00:00 GMT"),
            Some(at("2026-11-22T09:00:00Z"))
        );
        assert_eq!(
            parse_http_date("Mon, 22 Nov 2026 09:00:00 GMT"),
            Some(at("2026-11-22T09:00:00Z"))
        );
        assert_eq!(parse_http_date("soon"), None);
    }

    #[test]
    fn ages_are_said_in_two_units() {
        let now = at("2026-11-22T09:00:00Z");
        for (earlier, text) in [
            ("2026-11-22T03:10:00Z", "5 h 50 min"),
            ("2026-11-20T06:00:00Z", "2 d 3 h"),
            ("2026-11-20T09:00:00Z", "2 d"),
            ("2026-11-22T08:59:20Z", "40 s"),
            ("2026-11-22T09:00:00Z", "0 s"),
            ("2026-11-23T09:00:00Z", "1 d in the future"),
        ] {
            assert_eq!(show_age(at(earlier), now), text);
        }
    }
}
