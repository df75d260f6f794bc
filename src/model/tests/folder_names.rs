//! Timestamps in folder names as properties: every accepted form gives back the moment it was
//! written from, and nothing outside the calendar is accepted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use vaudit_model::deployment::{BackupPolicy, DateOrder};
use vaudit_model::folder_name::{FolderName, Stamp, read_folder_name};

/// How exact a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
}

/// The forms in jiff's `strftime`, and whether an offset may follow.
const FORMS: &[(&str, Unit, bool)] = &[
    ("%Y-%m-%dT%H:%M:%S", Unit::Second, true),
    ("%Y-%m-%d %H-%M-%S", Unit::Second, true),
    ("%Y-%m-%d_%H.%M.%S", Unit::Second, true),
    ("%Y-%m-%d-%H_%M_%S", Unit::Second, true),
    ("%Y-%m-%dT%H%M%S", Unit::Second, true),
    ("%Y-%m-%dT%H%M%S.%3f", Unit::Millisecond, true),
    ("%Y-%m-%dT%H:%M:%S.%6f", Unit::Microsecond, true),
    ("%Y-%m-%dT%H:%M", Unit::Minute, true),
    ("%Y-%m-%d_%H%M", Unit::Minute, true),
    ("%Y%m%dT%H%M%S", Unit::Second, true),
    ("%Y%m%d_%H%M%S", Unit::Second, true),
    ("%Y%m%d-%H%M%S%3f", Unit::Millisecond, true),
    ("%Y%m%d%H%M%S", Unit::Second, true),
    ("%Y%m%d%H%M%S%3f", Unit::Millisecond, true),
    ("%Y%m%d_%H%M", Unit::Minute, true),
    ("%Y%m%d%H%M", Unit::Minute, true),
    ("%Y-%m-%d", Unit::Day, false),
    ("%Y_%m_%d", Unit::Day, false),
    ("%Y.%m.%d", Unit::Day, false),
    ("%Y%m%d", Unit::Day, false),
    ("%Y%m%d%H", Unit::Hour, false),
    ("%Y/%m/%d", Unit::Day, false),
    ("%Y/%m/%d/%H", Unit::Hour, false),
    ("%Y/%m/%d/%H/%M", Unit::Minute, false),
];

/// What may stand before a timestamp, and after it.
const BEFORE: &[&str] = &["", "backup-", "daily_", "vectice.prod ", "job-7-", "(", "äö-"];
const AFTER: &[&str] = &["", "_full", "-copy", " of vectice", ").", "_v2"];

/// A moment of the calendar within the accepted years. Years that begin with 20 are all of them but
/// the last, which `%Y%m%d%H` does not know.
fn moments() -> impl Strategy<Value = DateTime> {
    let date = (2015_i16..2100, 1_i8..=12, 1_i8..=31)
        .prop_filter_map("a day of the month", |(year, month, day)| {
            Date::new(year, month, day).ok()
        });
    let time = (0_i8..24, 0_i8..60, 0_i8..60, 0_i32..1_000_000).prop_map(
        |(hour, minute, second, micros)| Time::new(hour, minute, second, micros * 1_000).unwrap(),
    );
    (date, time).prop_map(|(date, time)| date.to_datetime(time))
}

/// An offset as a name may give it: how it is written, and what it means.
fn offsets() -> impl Strategy<Value = (String, Option<TimeZone>)> {
    let numeric = (any::<bool>(), 0_i32..15, prop::sample::select(vec![0, 30, 45]), any::<bool>());
    let numeric = numeric.prop_map(|(is_west, hours, minutes, has_colon)| {
        let (sign, colon) = (if is_west { '-' } else { '+' }, if has_colon { ":" } else { "" });
        let seconds = (hours * 60 + minutes) * 60;
        let offset = Offset::from_seconds(if is_west { -seconds } else { seconds }).unwrap();
        (format!("{sign}{hours:02}{colon}{minutes:02}"), Some(offset.to_time_zone()))
    });
    prop_oneof![Just((String::new(), None)), Just(("Z".to_owned(), Some(TimeZone::UTC))), numeric,]
}

fn cut(moment: DateTime, unit: Unit) -> DateTime {
    let time = moment.time();
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let nanos = time.subsec_nanosecond();
    let time = match unit {
        Unit::Day => Time::new(0, 0, 0, 0),
        Unit::Hour => Time::new(hour, 0, 0, 0),
        Unit::Minute => Time::new(hour, minute, 0, 0),
        Unit::Second => Time::new(hour, minute, second, 0),
        Unit::Millisecond => Time::new(hour, minute, second, nanos / 1_000_000 * 1_000_000),
        Unit::Microsecond => Time::new(hour, minute, second, nanos),
    };
    moment.date().to_datetime(time.unwrap())
}

fn instant(moment: DateTime, zone: TimeZone) -> Timestamp {
    moment.to_zoned(zone).unwrap().timestamp()
}

fn read(name: &str) -> FolderName {
    read_folder_name(name, &BackupPolicy::default())
}

fn stamp(name: &str) -> Option<Stamp> {
    match read(name) {
        FolderName::Stamped(stamp) => Some(stamp),
        FolderName::Ambiguous(_) | FolderName::Unstamped => None,
    }
}

/// The days of a month, by the rule one learns at school and not by the library the reader uses.
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(400) => 29,
        2 if year.is_multiple_of(4) && !year.is_multiple_of(100) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    (2015..=2100).contains(&year) && (1..=days_in(year, month)).contains(&day)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_form_gives_back_its_moment(
        moment in moments(),
        (format, unit, takes_offset) in prop::sample::select(FORMS),
        (offset, zone) in offsets(),
        before in prop::sample::select(BEFORE),
        after in prop::sample::select(AFTER),
    ) {
        let (offset, zone) = if takes_offset { (offset, zone) } else { (String::new(), None) };
        // A path of numeric segments has nothing around it.
        let (before, after) = if format.contains('/') { ("", "") } else { (before, after) };
        let name = format!("{before}{}{offset}{after}", moment.strftime(format));
        let found = stamp(&name);
        prop_assert!(found.is_some(), "{name} is not read");
        let found = found.unwrap();
        let expected = instant(cut(moment, unit), zone.clone().unwrap_or(TimeZone::UTC));
        prop_assert_eq!(found.earliest, expected, "{}", &name);
        prop_assert_eq!(found.date_only, unit == Unit::Day, "{}", &name);
        prop_assert_eq!(found.zone_less, zone.is_none(), "{}", &name);
        let length = if unit == Unit::Day { 86_399 } else { 0 };
        prop_assert_eq!(found.at.as_second() - found.earliest.as_second(), length, "{}", &name);
    }

    #[test]
    fn epochs_give_back_their_moment(
        micros in 1_420_070_400_000_000_i64..1_999_999_999_000_000,
        before in prop::sample::select(BEFORE),
        after in prop::sample::select(AFTER),
    ) {
        for (count, unit) in [(micros / 1_000_000, 1_000_000), (micros / 1_000, 1_000), (micros, 1)] {
            let name = format!("{before}{count}{after}");
            let found = stamp(&name).map(|stamp| stamp.at.as_microsecond());
            prop_assert_eq!(found, Some(count * unit), "{}", &name);
        }
    }

    #[test]
    fn digits_are_read_exactly_when_they_are_of_the_calendar(
        year in 1990_u32..2120, month in 0_u32..15, day in 0_u32..34,
        hour in 0_u32..27, minute in 0_u32..63, second in 0_u32..63,
    ) {
        let is_day = is_day(year, month, day);
        let is_moment = is_day && hour < 24 && minute < 60 && second < 60;
        let (date, time) = ((year, month, day), (hour, minute, second));
        let ((y, mo, d), (h, mi, s)) = (date, time);
        for (name, expected) in [
            (format!("{y:04}-{mo:02}-{d:02}"), is_day),
            (format!("{y:04}_{mo:02}_{d:02}"), is_day),
            (format!("backup-{y:04}{mo:02}{d:02}"), is_day),
            (format!("{y:04}/{mo:02}/{d:02}"), is_day),
            (format!("{y:04}/{mo:02}/{d:02}/{h:02}/{mi:02}"), is_day && h < 24 && mi < 60),
            (format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z"), is_moment),
            (format!("{y:04}-{mo:02}-{d:02}_{h:02}-{mi:02}-{s:02}"), is_moment),
            (format!("{y:04}{mo:02}{d:02}T{h:02}{mi:02}{s:02}_full"), is_moment),
            (format!("{y:04}{mo:02}{d:02}{h:02}{mi:02}{s:02}"), is_moment),
        ] {
            prop_assert_eq!(stamp(&name).is_some(), expected, "{}", &name);
        }
    }

    #[test]
    fn a_year_at_the_end_is_read_by_the_order_that_is_set(
        year in 2015_i16..=2100, first in 0_i8..34, second in 0_i8..34,
        separator in prop::sample::select(vec!["-", "_", "."]),
    ) {
        let name = format!("{first:02}{separator}{second:02}{separator}{year}");
        let date = |month, day| Date::new(year, month, day).ok();
        let (day_first, month_first) = (date(second, first), date(first, second));
        let of = |order: DateOrder| {
            let policy = BackupPolicy { date_order: order, ..Default::default() };
            match read_folder_name(&name, &policy) {
                FolderName::Stamped(stamp) => Some(stamp.earliest.to_zoned(TimeZone::UTC).date()),
                FolderName::Ambiguous(_) | FolderName::Unstamped => None,
            }
        };
        prop_assert_eq!(of(DateOrder::DayMonthYear), day_first, "{}", &name);
        prop_assert_eq!(of(DateOrder::MonthDayYear), month_first, "{}", &name);
        let unset = match (day_first, month_first) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        };
        prop_assert_eq!(of(DateOrder::YearMonthDay), unset, "{}", &name);
        let is_ambiguous = matches!(read(&name), FolderName::Ambiguous(_));
        prop_assert_eq!(is_ambiguous, day_first.is_some() && month_first.is_some() && unset.is_none());
    }

    /// Whatever is read of anything lies in the accepted years, give or take the offset.
    #[test]
    fn nothing_else_is_taken_for_a_moment(
        name in "[0-9]{0,9}[-_./T: a-z]{0,2}[0-9]{0,9}[-_.:TZ+]{0,2}[0-9]{0,6}[-+Z]?[0-9:]{0,5}|\\PC{0,24}",
    ) {
        let stamps = match read(&name) {
            FolderName::Stamped(stamp) => vec![stamp],
            FolderName::Ambiguous(readings) => readings.to_vec(),
            FolderName::Unstamped => Vec::new(),
        };
        for stamp in stamps {
            let years = "2014-12-31T00:00:00Z".parse::<Timestamp>().unwrap()
                .."2101-01-02T00:00:00Z".parse().unwrap();
            prop_assert!(years.contains(&stamp.earliest) && stamp.earliest <= stamp.at, "{name}");
        }
    }
}
