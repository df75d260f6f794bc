//! The backup calendar: of each of the last days, whether there is something to restore from.

use std::collections::BTreeMap;

use askama::Template;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use vaudit_model::assessment::{BackupPoint, DeploymentAssessment};
use vaudit_model::rule::Verdict;

use super::Scale;
use super::text::minute;
use crate::wording;

/// How many days are shown, that of the run included.
const DAYS: usize = 35;

/// What is backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// The database.
    Postgres,
    /// The blobs.
    Blob,
}

impl Store {
    /// How the assessment calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Blob => "blob",
        }
    }

    /// The rules that have no verdict when the list of its backups could not be read, or not to its
    /// end: whether days without a backup are empty or only not seen rests on them.
    fn watchers(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["BKP001", "BKP002"],
            Self::Blob => &["BKP008", "BKP009", "BKP012"],
        }
    }
}

/// The backup calendar of a deployment.
#[derive(Template)]
#[template(path = "calendar.html")]
pub(crate) struct Calendar {
    months: Vec<(String, usize)>,
    days: Vec<i8>,
    rows: Vec<Row>,
    scale: Scale,
}

/// The days of one store.
struct Row {
    name: &'static str,
    said: String,
    /// Whether nothing is known of any day; one cell says so for all of them then.
    is_blind: bool,
    cells: Vec<Cell>,
}

/// One day of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    state: State,
    /// What more there is to say.
    title: Option<String>,
}

/// What is known of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// At least one backup is known to be complete.
    Complete,
    /// There is one, and nobody looked whether it is complete.
    Made,
    /// All there is, is incomplete.
    Incomplete,
    /// There is none.
    None,
    /// The day was not seen, or not whole.
    Unknown,
}

impl State {
    fn letter(self) -> char {
        match self {
            Self::Complete => 'p',
            Self::Made => 'm',
            Self::Incomplete => 'f',
            Self::None => 'o',
            Self::Unknown => 'u',
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Complete => "✓",
            Self::Made => "●",
            Self::Incomplete => "✗",
            Self::None => "–",
            Self::Unknown => "?",
        }
    }
}

impl Calendar {
    /// The days up to that of the run.
    pub(crate) fn of(own: &DeploymentAssessment, run: Timestamp, scale: Scale) -> Self {
        let last = day(run);
        let first = last.checked_sub((DAYS as i64 - 1).days()).unwrap_or(last);
        let days: Vec<Date> = first.series(1.day()).take_while(|day| *day <= last).collect();
        let mut months: Vec<(String, usize)> = Vec::new();
        for day in &days {
            let month = day.strftime("%Y-%m").to_string();
            match months.last_mut() {
                Some((known, count)) if *known == month => *count += 1,
                _ => months.push((month, 1)),
            }
        }
        Self {
            months,
            rows: [(Store::Postgres, "PostgreSQL"), (Store::Blob, "Blobs")]
                .map(|(store, name)| Row::of(own, store, name, &days))
                .into(),
            scale,
            days: days.iter().map(|day| day.day()).collect(),
        }
    }
}

impl Row {
    fn of(own: &DeploymentAssessment, store: Store, name: &'static str, days: &[Date]) -> Self {
        let sight = sight(own, store);
        let mut made: BTreeMap<Date, Vec<&BackupPoint>> = BTreeMap::new();
        for point in points(own, store) {
            made.entry(day(point.instant)).or_default().push(point);
        }
        let is_blind = made.is_empty() && sight.is_some();
        let cells: Vec<Cell> = days
            .iter()
            .map(|day| match made.get(day) {
                Some(points) => Cell::of(points),
                None if sight.is_some() => Cell { state: State::Unknown, title: None },
                None => Cell { state: State::None, title: None },
            })
            .collect();
        let newest = points(own, store).map(|point| point.instant).max();
        let said = match &sight {
            Some(why) if is_blind => format!("not seen ({why})"),
            _ => said(&cells, newest, sight.as_deref()),
        };
        Self { name, said, is_blind, cells }
    }
}

impl Cell {
    fn of(points: &[&BackupPoint]) -> Self {
        let count = |complete| {
            let count = points.iter().filter(|point| point.complete == complete).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let counts =
            [(Some(true), "complete"), (None, "not compared"), (Some(false), "incomplete")];
        let counts = counts.map(|(complete, word)| (count(complete), word));
        let state = match counts {
            [(1.., _), ..] => State::Complete,
            [_, (1.., _), _] => State::Made,
            _ => State::Incomplete,
        };
        let title = (points.len() > 1)
            .then(|| format!("{} backups: {}", points.len(), wording::counted(counts)));
        Self { state, title }
    }

    fn letter(&self) -> char {
        self.state.letter()
    }

    fn sign(&self) -> &'static str {
        self.state.sign()
    }
}

/// The row in a sentence.
fn said(cells: &[Cell], newest: Option<Timestamp>, sight: Option<&str>) -> String {
    let count = |state| {
        let count = cells.iter().filter(|cell| cell.state == state).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let counted = wording::counted([
        (count(State::Complete), "with a complete backup"),
        (count(State::Made), "with one that was not compared"),
        (count(State::Incomplete), "with an incomplete one only"),
        (count(State::None), "without any"),
        (count(State::Unknown), "not seen"),
    ]);
    let newest = newest.map(|at| format!("newest {} UTC; ", minute(at))).unwrap_or_default();
    let why = sight.map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{newest}in {} days {counted}{why}", cells.len())
}

/// The newest backup in few words, for a list: that there is none only where that was seen.
pub(crate) fn newest(own: &DeploymentAssessment, store: Store) -> String {
    let newest = points(own, store).max_by_key(|point| (point.instant, point.complete));
    match newest {
        Some(point) if point.complete == Some(false) => {
            format!("{}, incomplete", minute(point.instant))
        }
        Some(point) => minute(point.instant),
        None if sight(own, store).is_some() => "? not seen".to_owned(),
        None => "none".to_owned(),
    }
}

/// Why days without a backup may have one all the same; none where the list of backups was read to
/// its end. That nobody looked is a reason, too: unknown is not none.
fn sight(own: &DeploymentAssessment, store: Store) -> Option<String> {
    let watchers = store.watchers();
    let results = own.results.iter().filter(|result| watchers.contains(&result.meta.id));
    let mut is_judged = false;
    for result in results {
        if result.judgement.verdict == Verdict::Indeterminate {
            return Some(match &result.judgement.gap {
                Some(gap) => format!("{}: {}", gap.reason, gap.message),
                None => result.judgement.message.clone(),
            });
        }
        is_judged = true;
    }
    let gap =
        own.gaps.iter().find(|gap| watchers.iter().any(|id| gap.rules.iter().any(|own| own == id)));
    match gap {
        Some(gap) => Some(format!("{}: {}", gap.reason, gap.message)),
        None if is_judged => None,
        None => Some(format!("{} were not judged", watchers.join(", "))),
    }
}

fn points(own: &DeploymentAssessment, store: Store) -> impl Iterator<Item = &BackupPoint> {
    own.backups.iter().filter(move |point| point.store == store.word())
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use vaudit_model::assessment::Assessment;
    use vaudit_model::rule::Judgement;

    use super::*;
    use crate::canned;

    fn signs(own: &DeploymentAssessment) -> Vec<String> {
        let run = "2026-11-22T09:00:41Z".parse().unwrap();
        let rows = Calendar::of(own, run, Scale::Usual).rows;
        rows.iter().map(|row| row.cells.iter().map(Cell::sign).collect()).collect()
    }

    fn judged(verdict: fn(&str) -> Judgement) -> DeploymentAssessment {
        let Assessment { mut deployments, .. } = canned::assessment();
        let mut own = deployments.remove(0);
        own.gaps.clear();
        own.backups.clear();
        own.results.retain(|result| result.meta.id.starts_with("BKP"));
        for result in &mut own.results {
            result.judgement = verdict(&result.judgement.subject);
        }
        own
    }

    #[test]
    fn what_was_not_seen_is_not_none() {
        let none = "–".repeat(DAYS);
        let unknown = "?".repeat(DAYS);
        let failed = judged(|subject| Judgement::fail(subject, "There is no backup."));
        assert_eq!(signs(&failed), [none.clone(), none]);
        assert_eq!(newest(&failed, Store::Postgres), "none");

        let lost = judged(|subject| {
            let gap = vaudit_model::fact::Gap::because(
                vaudit_model::fact::Reason::Forbidden,
                "the backups may not be listed",
            );
            Judgement::indeterminate(subject, gap)
        });
        assert_eq!(signs(&lost), [unknown.clone(), unknown.clone()]);
        assert_eq!(newest(&lost, Store::Blob), "? not seen");

        let mut not_asked = failed;
        not_asked.results.clear();
        assert_eq!(signs(&not_asked), [unknown.clone(), unknown]);
    }

    #[test]
    fn a_day_is_as_good_as_its_best_backup() {
        let mut own = judged(|subject| Judgement::pass(subject, "There are backups."));
        let point = |store, at: &str, complete| BackupPoint {
            store,
            instant: at.parse().unwrap(),
            kind: "automatic",
            complete,
        };
        own.backups = vec![
            point("postgres", "2026-11-22T03:00:00Z", Some(true)),
            point("postgres", "2026-11-21T03:00:00Z", None),
            point("postgres", "2026-11-21T23:59:59Z", Some(false)),
            point("postgres", "2026-11-20T00:00:00Z", Some(false)),
            point("postgres", "2026-10-19T00:00:00Z", Some(true)),
            point("postgres", "2026-10-18T23:59:59Z", Some(true)),
        ];
        let none = "–".repeat(31);
        assert_eq!(signs(&own)[0], format!("✓{none}✗●✓"));
        let run = "2026-11-22T09:00:41Z".parse().unwrap();
        let calendar = Calendar::of(&own, run, Scale::Usual);
        let cell = &calendar.rows[0].cells[33];
        assert_eq!(cell.title.as_deref(), Some("2 backups: 1 not compared, 1 incomplete"));
        assert_eq!(calendar.months, [("2026-10".to_owned(), 13), ("2026-11".to_owned(), 22)]);
        assert_eq!(
            calendar.rows[0].said,
            "newest 2026-11-22 03:00 UTC; in 35 days 2 with a complete backup, 1 with one that was not compared, 1 with an incomplete one only, 31 without any"
        );
    }
}
