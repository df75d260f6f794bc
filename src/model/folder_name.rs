//! Timestamps in folder names (`catalogue.md` §3.9).
//!
//! The leftmost place that holds a timestamp counts, and there the most specific form. A prefix or
//! suffix (`backup-…`, `…_full`) is set off by something other than a letter or digit.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use regex_lite::{Captures, Regex};

use crate::deployment::{BackupPolicy, DateOrder};

/// What a folder's name says about when it was made.
#[derive(Clone, Debug, PartialEq)]
pub enum FolderName {
    /// It holds a timestamp.
    Stamped(Stamp),
    /// It holds a date whose day and month can be read either way: with the day first, and with the
    /// month first.
    Ambiguous([Stamp; 2]),
    /// It holds none.
    Unstamped,
}

/// The timestamp of a folder's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The instant the name gives; for a date alone, the end of that day.
    pub at: Timestamp,
    /// The same instant; for a date alone, the start of that day.
    pub earliest: Timestamp,
    /// Whether the name gives a date without a time of day.
    pub date_only: bool,
    /// Whether the name gives no zone, so that `backup.folder_timezone` was taken.
    pub zone_less: bool,
}

/// Seconds after "now" up to which a stamp may still be an honest one in another time zone.
pub const FUTURE_TOLERANCE: SignedDuration = SignedDuration::from_hours(26);

const YEARS: std::ops::RangeInclusive<i16> = 2015..=2100;

/// What a form makes of its match: nothing when the digits are no date of the calendar.
type Form = (LazyLock<Regex>, fn(&Captures<'_>, &Zones<'_>) -> Option<FolderName>);

/// How to read what a name leaves open.
struct Zones<'a> {
    timezone: &'a TimeZone,
    date_order: DateOrder,
}

macro_rules! form {
    ($pattern:literal, $read:expr) => {
        // The timestamp ends where the name does, or before something that is no letter or digit.
        (LazyLock::new(|| pattern(concat!("^(?:", $pattern, ")(?:$|[^0-9A-Za-z])"))), $read)
    };
}

/// The forms, most specific first.
static FORMS: [Form; 9] = [
    form!(
        // An offset right after the minutes comes first: `-05:00` would begin with seconds too.
        r"(?<y>\d{4})-(?<mo>\d\d)-(?<d>\d\d)[Tt_ -](?<h>\d\d)[:\-_.]?(?<mi>\d\d)(?:(?<z2>[+-]\d\d:?\d\d)|(?:[:\-_.]?(?<s>\d\d)(?:\.(?<f>\d+))?)?(?<z>[Zz]|[+-]\d\d:?\d\d)?)",
        date_and_time
    ),
    form!(
        r"(?<y>\d{4})(?<mo>\d\d)(?<d>\d\d)[Tt_-]?(?<h>\d\d)(?<mi>\d\d)(?<s>\d\d)(?<f>\d{3})?(?<z>[Zz]|[+-]\d\d:?\d\d)?",
        date_and_time
    ),
    form!(
        r"(?<y>\d{4})(?<mo>\d\d)(?<d>\d\d)[Tt_-]?(?<h>\d\d)(?<mi>\d\d)(?<z>[Zz]|[+-]\d\d:?\d\d)?",
        date_and_time
    ),
    form!(r"(?<y>\d{4})/(?<mo>\d\d)/(?<d>\d\d)/(?<h>\d\d)(?:/(?<mi>\d\d))?", date_and_time),
    form!(
        r"(?<y>\d{4})(?:-(?<mo>\d\d)-(?<d>\d\d)|_(?<mo2>\d\d)_(?<d2>\d\d)|\.(?<mo3>\d\d)\.(?<d3>\d\d)|/(?<mo4>\d\d)/(?<d4>\d\d))",
        date_alone
    ),
    form!(r"(?<y>\d{4})(?<mo>\d\d)(?<d>\d\d)", date_alone),
    form!(r"(?<y>20\d\d)(?<mo>\d\d)(?<d>\d\d)(?<h>\d\d)", date_and_time),
    form!(r"(?<n>1\d{9}|\d{13}|\d{16})", epoch),
    form!(
        r"(?<a>\d\d)(?:-(?<b>\d\d)-(?<y>\d{4})|_(?<b2>\d\d)_(?<y2>\d{4})|\.(?<b3>\d\d)\.(?<y3>\d{4}))",
        year_last
    ),
];

fn pattern(text: &str) -> Regex {
    match Regex::new(text) {
        Ok(regex) => regex,
        Err(error) => unreachable!("the folder forms are constants: {error}"),
    }
}

/// Reads the timestamp of a folder's name: its first path segment, or its leading numeric segments
/// joined by `/`.
pub fn read_folder_name(name: &str, policy: &BackupPolicy) -> FolderName {
    let zones = Zones { timezone: &policy.folder_timezone, date_order: policy.date_order };
    if let Some(own) = &policy.folder_regex {
        return read_with_own_regex(name, own, &zones);
    }
    read_at_boundaries(name, &zones)
}

/// The leftmost timestamp of a name.
fn read_at_boundaries(name: &str, zones: &Zones<'_>) -> FolderName {
    let found = boundaries(name).find_map(|start| read_here(&name[start..], zones));
    found.unwrap_or(FolderName::Unstamped)
}

/// The digits at the start of a name, and after what is no letter or digit.
fn boundaries(name: &str) -> impl Iterator<Item = usize> {
    let mut after_boundary = true;
    name.char_indices().filter_map(move |(start, c)| {
        let begins = after_boundary && c.is_ascii_digit();
        after_boundary = !c.is_alphanumeric();
        begins.then_some(start)
    })
}

/// The first form that fits in shape decides. Digits that are no moment of the calendar are not read
/// again as a shorter form: `2026-11-22_24-00-00` is not a date with a suffix.
fn read_here(rest: &str, zones: &Zones<'_>) -> Option<FolderName> {
    let mut shapes = FORMS.iter().filter_map(|(regex, read)| Some((regex.captures(rest)?, read)));
    let (captures, read) = shapes.next()?;
    read(&captures, zones)
}

/// The manifest's own expression finds the place; what its group `timestamp` matched is then read by
/// the same forms.
fn read_with_own_regex(name: &str, own: &str, zones: &Zones<'_>) -> FolderName {
    let found = Regex::new(own).ok().and_then(|regex| {
        let group = regex.captures(name)?.name("timestamp")?;
        Some(group.range())
    });
    match found {
        Some(range) => read_here(&name[range], zones).unwrap_or(FolderName::Unstamped),
        None => FolderName::Unstamped,
    }
}

/// Where a name holds what is read as a timestamp, in any order of day and month, when the manifest has
/// no expression of its own.
pub(crate) fn place_of_stamp(name: &str) -> Option<Range<usize>> {
    boundaries(name).find_map(|start| stamp_at(name, start))
}

/// The same with an expression of the manifest.
pub(crate) fn place_of_own_stamp(name: &str, own: &Regex) -> Option<Range<usize>> {
    let group = own.captures(name)?.name("timestamp")?.range();
    stamp_at(&name[..group.end], group.start)
}

/// The timestamp that begins at a place, without what sets it off.
fn stamp_at(name: &str, start: usize) -> Option<Range<usize>> {
    let rest = &name[start..];
    let orders = [DateOrder::YearMonthDay, DateOrder::DayMonthYear, DateOrder::MonthDayYear];
    orders
        .into_iter()
        .find_map(|date_order| read_here(rest, &Zones { timezone: &TimeZone::UTC, date_order }))?;
    let (regex, _) = FORMS.iter().find(|(regex, _)| regex.is_match(rest))?;
    let found = regex.find(rest)?.as_str();
    let stamp = found.strip_suffix(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(found);
    Some(start..start + stamp.len())
}

fn number<T: std::str::FromStr>(captures: &Captures<'_>, names: &[&str]) -> Option<T> {
    names.iter().find_map(|name| captures.name(name))?.as_str().parse().ok()
}

fn civil_date(captures: &Captures<'_>) -> Option<Date> {
    let year = number(captures, &["y"])?;
    let month = number(captures, &["mo", "mo2", "mo3", "mo4"])?;
    let day = number(captures, &["d", "d2", "d3", "d4"])?;
    if !YEARS.contains(&year) {
        return None;
    }
    Date::new(year, month, day).ok()
}

fn date_and_time(captures: &Captures<'_>, zones: &Zones<'_>) -> Option<FolderName> {
    let date = civil_date(captures)?;
    let fraction = captures.name("f").map_or("", |group| group.as_str());
    let nanoseconds = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let optional = |name| captures.name(name).map_or(Some(0), |group| group.as_str().parse().ok());
    let time = Time::new(optional("h")?, optional("mi")?, optional("s")?, nanoseconds).ok()?;
    let (at, zone_less) = match captures.name("z").or_else(|| captures.name("z2")) {
        Some(zone) => {
            (date.to_datetime(time).to_zoned(offset(zone.as_str())?).ok()?.timestamp(), false)
        }
        None => (in_zone(date.to_datetime(time), zones)?, true),
    };
    Some(FolderName::Stamped(Stamp { at, earliest: at, date_only: false, zone_less }))
}

fn offset(text: &str) -> Option<TimeZone> {
    if text.eq_ignore_ascii_case("z") {
        return Some(TimeZone::UTC);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..)?.parse().ok()?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    let signed = if text.starts_with('-') { -seconds } else { seconds };
    Some(Offset::from_seconds(signed).ok()?.to_time_zone())
}

fn in_zone(civil: DateTime, zones: &Zones<'_>) -> Option<Timestamp> {
    Some(civil.to_zoned(zones.timezone.clone()).ok()?.timestamp())
}

fn date_alone(captures: &Captures<'_>, zones: &Zones<'_>) -> Option<FolderName> {
    whole_day(civil_date(captures)?, zones).map(FolderName::Stamped)
}

fn whole_day(date: Date, zones: &Zones<'_>) -> Option<Stamp> {
    let midnight = |date: Date| in_zone(date.to_datetime(Time::midnight()), zones);
    let at = midnight(date.tomorrow().ok()?)?.checked_sub(SignedDuration::from_secs(1)).ok()?;
    Some(Stamp { at, earliest: midnight(date)?, date_only: true, zone_less: true })
}

/// When the time begins that a path of a nested layout stands for, from `yyyy` down to
/// `yyyy/MM/dd/HH/mm`: `2026/11` begins with the first of November. None for any other path.
pub fn start_of_nested(path: &str, timezone: &TimeZone) -> Option<Timestamp> {
    let mut numbers = [0, 1, 1, 0, 0];
    let mut places = numbers.iter_mut();
    for (index, segment) in path.split('/').enumerate() {
        let digits = if index == 0 { 4 } else { 2 };
        if segment.len() != digits || !segment.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *places.next()? = segment.parse().ok()?;
    }
    let [year, month, day, hour, minute] = numbers;
    if !YEARS.contains(&year) {
        return None;
    }
    let part = |number: i16| i8::try_from(number).ok();
    let date = Date::new(year, part(month)?, part(day)?).ok()?;
    let time = Time::new(part(hour)?, part(minute)?, 0, 0).ok()?;
    Some(date.to_datetime(time).to_zoned(timezone.clone()).ok()?.timestamp())
}

/// Seconds, milliseconds or microseconds since 1970, told apart by the number of digits.
fn epoch(captures: &Captures<'_>, _: &Zones<'_>) -> Option<FolderName> {
    let digits = captures.name("n")?.as_str();
    let count: i64 = digits.parse().ok()?;
    let at = match digits.len() {
        10 => Timestamp::from_second(count),
        13 => Timestamp::from_millisecond(count),
        _ => Timestamp::from_microsecond(count),
    };
    let at = at.ok()?;
    let year = at.to_zoned(TimeZone::UTC).year();
    YEARS.contains(&year).then_some(FolderName::Stamped(Stamp {
        at,
        earliest: at,
        date_only: false,
        zone_less: false,
    }))
}

/// `dd-MM-yyyy` or `MM-dd-yyyy`: only when the manifest says which, or only one reading is a date.
fn year_last(captures: &Captures<'_>, zones: &Zones<'_>) -> Option<FolderName> {
    let first: i8 = number(captures, &["a"])?;
    let second: i8 = number(captures, &["b", "b2", "b3"])?;
    let year: i16 = number(captures, &["y", "y2", "y3"])?;
    if !YEARS.contains(&year) {
        return None;
    }
    let day_first = Date::new(year, second, first).ok();
    let month_first = Date::new(year, first, second).ok();
    let date = match (zones.date_order, day_first, month_first) {
        (DateOrder::DayMonthYear, day_first, _) => day_first?,
        (DateOrder::MonthDayYear, _, month_first) => month_first?,
        (DateOrder::YearMonthDay, Some(one), Some(other)) if one != other => {
            let readings = [whole_day(one, zones)?, whole_day(other, zones)?];
            return Some(FolderName::Ambiguous(readings));
        }
        (DateOrder::YearMonthDay, day_first, month_first) => day_first.or(month_first)?,
    };
    whole_day(date, zones).map(FolderName::Stamped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> FolderName {
        read_folder_name(name, &BackupPolicy::default())
    }

    fn instant(name: &str) -> Option<String> {
        match read(name) {
            FolderName::Stamped(stamp) => Some(stamp.at.to_string()),
            FolderName::Ambiguous(_) | FolderName::Unstamped => None,
        }
    }

    #[test]
    fn every_form_is_read() {
        for (name, at) in [
            ("2026-11-22T020000Z", "2026-11-22T02:00:00Z"),
            ("2026-11-22T02:00:00Z", "2026-11-22T02:00:00Z"),
            ("2026-11-22T02-00-00.25+01:00", "2026-11-22T01:00:00.25Z"),
            ("2026-11-22_02-00", "2026-11-22T02:00:00Z"),
            ("2026-11-22 0200", "2026-11-22T02:00:00Z"),
            ("2026-11-22-02.00.30", "2026-11-22T02:00:30Z"),
            ("2026-11-22T0200-0500", "2026-11-22T07:00:00Z"),
            ("2026-11-04T02:00-05:00", "2026-11-04T07:00:00Z"),
            ("2026-11-04T02:00+05:30", "2026-11-03T20:30:00Z"),
            ("2026-11-04T0200-05:00", "2026-11-04T07:00:00Z"),
            ("2026-11-04T02:00-05:00_full", "2026-11-04T07:00:00Z"),
            ("2026-11-04_02-00-05", "2026-11-04T02:00:05Z"),
            ("2026-11-04_02-00-05-full", "2026-11-04T02:00:05Z"),
            ("2026-11-04T02-00-05-05:00", "2026-11-04T07:00:05Z"),
            ("20261104T0200-05:00", "2026-11-04T07:00:00Z"),
            ("20261122T020000Z", "2026-11-22T02:00:00Z"),
            ("20261122-020000", "2026-11-22T02:00:00Z"),
            ("20261122020000123", "2026-11-22T02:00:00.123Z"),
            ("20261122020000", "2026-11-22T02:00:00Z"),
            ("20261122_0200", "2026-11-22T02:00:00Z"),
            ("202611220200", "2026-11-22T02:00:00Z"),
            ("2026112202", "2026-11-22T02:00:00Z"),
            ("2026/11/22/02/30", "2026-11-22T02:30:00Z"),
            ("2026/11/22/02", "2026-11-22T02:00:00Z"),
            ("2026-11-22", "2026-11-22T23:59:59Z"),
            ("2026_11_22", "2026-11-22T23:59:59Z"),
            ("2026.11.22", "2026-11-22T23:59:59Z"),
            ("2026/11/22", "2026-11-22T23:59:59Z"),
            ("20261122", "2026-11-22T23:59:59Z"),
            ("1795312800", "2026-11-22T02:00:00Z"),
            ("1795312800123", "2026-11-22T02:00:00.123Z"),
            ("1795312800123456", "2026-11-22T02:00:00.123456Z"),
            ("22-11-2026", "2026-11-22T23:59:59Z"),
            ("11.22.2026", "2026-11-22T23:59:59Z"),
            ("03-03-2026", "2026-03-03T23:59:59Z"),
            ("backup-2026-11-22T020000Z", "2026-11-22T02:00:00Z"),
            ("20261122T020000Z_full", "2026-11-22T02:00:00Z"),
            ("daily 2026-11-22 of vectice", "2026-11-22T23:59:59Z"),
            ("job-12-2026-11-22", "2026-11-22T23:59:59Z"),
        ] {
            assert_eq!(instant(name).as_deref(), Some(at), "{name}");
        }
    }

    #[test]
    fn what_is_no_timestamp_is_not_read() {
        for name in [
            "latest",
            "copy1",
            "20261131",
            "2026-13-01",
            "2026-11-22T25:00",
            "2026-11-22_24-00-00",
            "2026-11-22_23-60",
            "20261122-240000",
            "20261122_2400",
            "2026/11/22/24",
            "2026-02-29",
            "221126",
            "2026-W47",
            "v20261122",
            "20261122a",
            "1999-01-01",
            "2026",
            "2026-11",
            "12345678901",
            "2026-11-22T02:00:00+99:00",
            "9795312800",
        ] {
            assert_eq!(instant(name), None, "{name}");
        }
        assert!(instant("2024-02-29").is_some(), "leap day");
    }

    #[test]
    fn day_and_month_are_not_guessed() {
        let FolderName::Ambiguous(readings) = read("03-04-2026") else { panic!() };
        assert_eq!(
            readings.map(|stamp| stamp.at.to_string()),
            ["2026-04-03T23:59:59Z", "2026-03-04T23:59:59Z"]
        );
        let policy = BackupPolicy { date_order: DateOrder::DayMonthYear, ..Default::default() };
        let FolderName::Stamped(stamp) = read_folder_name("03-04-2026", &policy) else { panic!() };
        assert_eq!(stamp.at.to_string(), "2026-04-03T23:59:59Z");
    }

    #[test]
    fn names_without_a_zone_take_the_configured_one() {
        let folder_timezone = TimeZone::get("Europe/Paris").unwrap();
        let policy = BackupPolicy { folder_timezone, ..Default::default() };
        let read = |name| match read_folder_name(name, &policy) {
            FolderName::Stamped(stamp) => (stamp.at.to_string(), stamp.zone_less),
            other => panic!("{other:?}"),
        };
        assert_eq!(read("2026-11-22T0200"), ("2026-11-22T01:00:00Z".into(), true));
        assert_eq!(read("2026-11-22T0200Z"), ("2026-11-22T02:00:00Z".into(), false));
        assert_eq!(read("2026-11-22"), ("2026-11-22T22:59:59Z".into(), true));
    }

    #[test]
    fn a_date_alone_is_a_whole_day() {
        let FolderName::Stamped(stamp) = read("2026-11-22") else { panic!() };
        assert_eq!(stamp.earliest.to_string(), "2026-11-22T00:00:00Z");
        let FolderName::Stamped(stamp) = read("2026-11-22T02:00") else { panic!() };
        assert_eq!(stamp.earliest, stamp.at);
    }

    #[test]
    fn paths_of_a_nested_layout_have_a_start() {
        for (path, start) in [
            ("2026", Some("2026-01-01T00:00:00Z")),
            ("2026/11", Some("2026-11-01T00:00:00Z")),
            ("2026/11/22", Some("2026-11-22T00:00:00Z")),
            ("2026/11/22/02", Some("2026-11-22T02:00:00Z")),
            ("2026/11/22/02/30", Some("2026-11-22T02:30:00Z")),
            ("2026/11/22/02/30/00", None),
            ("4096", None),
            ("2014", None),
            ("2026/13", None),
            ("2026/00", None),
            ("2026/11/31", None),
            ("2026/11/22/24", None),
            ("2026/11/22/+1", None),
            ("2026/assets", None),
            ("26", None),
            ("", None),
        ] {
            let found = start_of_nested(path, &TimeZone::UTC).map(|at| at.to_string());
            assert_eq!(found.as_deref(), start, "{path}");
        }
    }

    #[test]
    fn an_expression_of_the_manifest_finds_the_place() {
        let folder_regex = Some(r"^n(?<timestamp>\d{8})x".to_owned());
        let policy = BackupPolicy { folder_regex, ..Default::default() };
        assert!(matches!(read_folder_name("n20261122x", &policy), FolderName::Stamped(_)));
        assert_eq!(read_folder_name("2026-11-22", &policy), FolderName::Unstamped);
    }
}
