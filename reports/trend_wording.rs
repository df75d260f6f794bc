//! The words and signs of a trend, the same in every format.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vaudit_model::deployment::Deployment;
use vaudit_model::history::{Cell, Episode, Trend, TrendFinding};

use crate::wording::{number, short_name};

/// How many runs that are missing in one place leave a blank each.
const BLANKS: u32 = 3;
/// How wide the column of rule ids is, with the blanks behind them.
const COLUMN: usize = 10;
/// How many episodes of one finding are told one by one.
const EPISODES: usize = 5;

/// What a finding has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It failed in the last run.
    Failing,
    /// The same, under a waiver.
    Waived,
    /// It failed when it was last seen, and the last run did not see it.
    OutOfSight,
    /// It failed once and does not any more.
    Mended,
    /// It never failed, and the last run could not judge it.
    Unknown,
    /// It never failed, and could not be judged for a time.
    JudgedAgain,
}

impl State {
    /// The state of a finding.
    pub(crate) fn of(finding: &TrendFinding) -> Self {
        match (finding.open(), finding.episodes.is_empty(), finding.last()) {
            (Some(_), _, Cell::Failed) => Self::Failing,
            (Some(_), _, Cell::Waived) => Self::Waived,
            (Some(_), ..) => Self::OutOfSight,
            (None, false, _) => Self::Mended,
            (None, true, Cell::Unknown) => Self::Unknown,
            (None, true, _) => Self::JudgedAgain,
        }
    }

    /// The word of the JSON form.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Waived => "waived",
            Self::OutOfSight => "out_of_sight",
            Self::Mended => "mended",
            Self::Unknown => "unknown",
            Self::JudgedAgain => "judged_again",
        }
    }

    /// The words of a headline.
    pub(crate) fn counted(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Waived => "failing under a waiver",
            Self::OutOfSight => "failing when last seen",
            Self::Mended => "mended",
            Self::Unknown => "without a verdict",
            Self::JudgedAgain => "judged again",
        }
    }

    /// Every state, the worst first.
    pub(crate) const ALL: [Self; 6] = [
        Self::Failing,
        Self::Waived,
        Self::OutOfSight,
        Self::Unknown,
        Self::Mended,
        Self::JudgedAgain,
    ];

    /// The states of a section, with its heading.
    pub(crate) const SECTIONS: [(&'static str, &'static [Self]); 2] = [
        ("Not mended", &[Self::Failing, Self::Waived, Self::OutOfSight]),
        ("Mended", &[Self::Mended]),
    ];
}

/// The signs of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signs {
    unicode: bool,
}

impl Signs {
    /// The signs for a terminal that shows more than ASCII, or for one that does not.
    pub(crate) fn new(unicode: bool) -> Self {
        Self { unicode }
    }

    /// One sign, one column wide.
    pub(crate) fn of(self, cell: Cell) -> char {
        match (cell, self.unicode) {
            (Cell::Failed, true) => '✗',
            (Cell::Failed, false) => 'x',
            (Cell::Waived, _) => 'w',
            (Cell::Unknown, _) => '?',
            (Cell::Fine, true) => '·',
            (Cell::Fine, false) => '.',
            (Cell::NotAsked, true) => '–',
            (Cell::NotAsked, false) => '-',
        }
    }

    /// What the signs mean.
    pub(crate) fn legend(self) -> String {
        let sign = |cell| self.of(cell);
        format!(
            "One sign a run, the last one last: {} failed, {} failed under a waiver, {} could not be judged, {} no finding, {} not asked; a blank is a run that is missing.",
            sign(Cell::Failed),
            sign(Cell::Waived),
            sign(Cell::Unknown),
            sign(Cell::Fine),
            sign(Cell::NotAsked),
        )
    }
}

/// The runs of a finding as they are drawn, the last ones that fit; a blank stands for a missing run.
/// Whether something does not fit comes first.
pub(crate) fn picture(trend: &Trend, cells: &[Cell], room: usize) -> (bool, Vec<Option<Cell>>) {
    let mut drawn = Vec::new();
    for (run, cell) in cells.iter().enumerate().skip(trend.shown_from) {
        drawn.push(Some(*cell));
        let holes = trend.holes.iter().filter(|hole| hole.after == run);
        let blanks: u32 = holes.map(|hole| hole.missing.min(BLANKS)).sum();
        drawn.extend((0..blanks).map(|_| None));
    }
    let cut = drawn.len() > room;
    if cut {
        // One column is for the sign that there is more.
        drawn.drain(..drawn.len() + 1 - room.max(1));
    }
    (cut, drawn)
}

/// A time of a run, to the minute, in UTC.
pub(crate) fn when(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// How long it is from one time to another.
pub(crate) fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    let of = |unit: i64| u32::try_from((seconds + unit / 2) / unit).unwrap_or(u32::MAX);
    match seconds {
        // A night is a day, whatever minute the job begins in.
        82_800..=90_000 | 129_600.. => number(of(86_400), "day", "days"),
        5_400.. => number(of(3_600), "hour", "hours"),
        _ => number(of(60), "minute", "minutes"),
    }
}

/// An episode in words.
pub(crate) fn episode(trend: &Trend, episode: &Episode) -> String {
    let mut text = match episode.mended {
        Some(_) => format!(
            "{} to {}, {}",
            when(episode.since),
            when(episode.until),
            lasted(episode.since, episode.until)
        ),
        None if episode.until == episode.since => format!("{}, the last run", when(episode.since)),
        None => format!("{}, for {}", when(episode.since), lasted(episode.since, episode.until)),
    };
    let runs = |count| number(count, "run", "runs");
    if episode.blind_before > 0 {
        text += &format!(
            "; it may have begun earlier, the {} before could not see it",
            runs(episode.blind_before)
        );
    } else if episode.mended.is_none() && episode.first == 0 {
        text += "; it failed in the first run already";
    }
    if episode.blind > 0 {
        text += &format!("; {} could not see it", runs(episode.blind));
    }
    if episode.mended.is_none() && trend.runs.len() > episode.last + 1 {
        text += &format!("; last seen on {}", when(trend.runs[episode.last].finished_at));
    }
    if episode.waived > 0 {
        text += &format!("; waived in {}", runs(episode.waived));
    }
    text
}

/// The episodes of a finding before the one that is open, or all of one that is mended: the newest
/// first, and how many there are beside these.
pub(crate) fn earlier(finding: &TrendFinding) -> (Vec<&Episode>, usize) {
    let over: Vec<&Episode> =
        finding.episodes.iter().rev().filter(|own| own.mended.is_some()).collect();
    let more = over.len().saturating_sub(EPISODES);
    (over.into_iter().take(EPISODES).collect(), more)
}

/// How often a finding broke again; empty when it did not.
pub(crate) fn flaps(finding: &TrendFinding) -> String {
    match u32::try_from(finding.flaps()).unwrap_or(u32::MAX) {
        0 => String::new(),
        1 => "again, once".to_owned(),
        count => format!("again, {count} times"),
    }
}

/// Findings that never failed and could not be judged in the same runs, told as one.
pub(crate) struct Blind<'a> {
    /// The findings.
    pub(crate) findings: Vec<&'a TrendFinding>,
}

impl Blind<'_> {
    /// The rules, each with the number of its subjects where there are several.
    pub(crate) fn rules(&self) -> String {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(&finding.rule).or_default() += 1;
        }
        let words = counts.into_iter().map(|(rule, count)| match count {
            1 => rule.to_owned(),
            several => format!("{rule} ×{several}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// In which runs they could not be judged.
    pub(crate) fn times(&self, trend: &Trend) -> String {
        let Some(finding) = self.findings.first() else { return String::new() };
        let cells = finding.cells.iter().enumerate().skip(trend.shown_from);
        let blind: Vec<usize> =
            cells.filter(|(_, cell)| **cell == Cell::Unknown).map(|(run, _)| run).collect();
        let (Some(first), Some(last)) = (blind.first(), blind.last()) else {
            return String::new();
        };
        let at = |run: usize| when(trend.runs[run].finished_at);
        let count = u32::try_from(blind.len()).unwrap_or(u32::MAX);
        let span =
            if first == last { at(*first) } else { format!("{} to {}", at(*first), at(*last)) };
        let now = match State::of(finding) {
            State::Unknown => ", and not judged in the last run",
            _ => "",
        };
        format!("{}, {span}{now}", number(count, "run", "runs"))
    }
}

/// Brings together what could not be judged in the same runs; what cannot be judged now comes first.
pub(crate) fn blind<'a>(findings: &[&'a TrendFinding]) -> Vec<Blind<'a>> {
    let mut groups: Vec<Blind<'a>> = Vec::new();
    let never_failed = findings.iter().filter(|finding| finding.episodes.is_empty());
    for finding in never_failed {
        match groups.iter_mut().find(|group| group.findings[0].cells == finding.cells) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Blind { findings: vec![finding] }),
        }
    }
    groups.sort_by_key(|group| State::of(group.findings[0]) != State::Unknown);
    groups
}

/// Whether what a report calls the id of a rule can stand in a column: what wraps beside it would not
/// be aligned if it were long or wide.
pub(crate) fn is_column(rule: &str) -> bool {
    rule.is_ascii() && rule.len() <= COLUMN
}

/// The subject of a finding, no longer than a reader of its deployment needs it.
pub(crate) fn name(finding: &TrendFinding) -> String {
    let deployment = Deployment::new(
        finding.deployment.as_str(),
        finding.subscription.as_str(),
        finding.resource_group.as_str(),
    );
    short_name(&finding.subject, &deployment)
}

/// The findings by deployment, in the order of the names.
pub(crate) fn by_deployment(trend: &Trend) -> BTreeMap<&str, Vec<&TrendFinding>> {
    let mut deployments: BTreeMap<&str, Vec<&TrendFinding>> = BTreeMap::new();
    for finding in &trend.findings {
        deployments.entry(&finding.deployment).or_default().push(finding);
    }
    deployments
}

/// How many findings there are of each state: `1 failing, 3 mended`.
pub(crate) fn counts(findings: &[&TrendFinding]) -> String {
    let count = |state| {
        let of_state = findings.iter().filter(|finding| State::of(finding) == state);
        u32::try_from(of_state.count()).unwrap_or(u32::MAX)
    };
    crate::wording::counted(State::ALL.map(|state| (count(state), state.counted())))
}

/// The findings of a section: those that stand longest among the worst first.
pub(crate) fn section<'a>(
    findings: &[&'a TrendFinding],
    states: &[State],
) -> Vec<&'a TrendFinding> {
    let mut chosen: Vec<&TrendFinding> =
        findings.iter().copied().filter(|finding| states.contains(&State::of(finding))).collect();
    chosen.sort_by_key(|finding| {
        let since = finding.episodes.last().map(|episode| episode.since);
        (State::of(finding), std::cmp::Reverse(finding.severity), since)
    });
    chosen
}

/// Which runs these are, in a sentence.
pub(crate) fn runs(trend: &Trend) -> String {
    let shown = trend.runs.get(trend.shown_from..).unwrap_or_default();
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return "No runs.".to_owned();
    };
    let count = u32::try_from(shown.len()).unwrap_or(u32::MAX);
    let before = match u32::try_from(trend.shown_from).unwrap_or(u32::MAX) {
        0 => String::new(),
        count => format!(", after {} that are not shown", number(count, "run", "runs")),
    };
    let cut = shown.iter().filter(|run| !run.complete).count();
    let cut = match u32::try_from(cut).unwrap_or(u32::MAX) {
        0 => String::new(),
        count => format!(" {} stopped early.", number(count, "run was", "runs were")),
    };
    format!(
        "{} from {} to {} (UTC){before}.{cut}",
        number(count, "run", "runs"),
        when(first.finished_at),
        when(last.finished_at)
    )
}

/// Where runs are missing, a sentence each.
pub(crate) fn missing(trend: &Trend) -> Vec<String> {
    let holes = trend.holes.iter().filter(|hole| hole.after >= trend.shown_from);
    holes
        .map(|hole| {
            let at = |run: usize| when(trend.runs[run].finished_at);
            let about = number(hole.missing, "run is", "runs are");
            format!("{about} missing between {} and {}.", at(hole.after), at(hole.after + 1))
        })
        .collect()
}
