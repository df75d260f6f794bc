//! What many runs say together: since when a rule fails, how often it did, and when nobody looked.

use jiff::Timestamp;

use crate::rule::Severity;

/// What many runs say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// The runs, by the time they ended.
    pub runs: Vec<TrendRun>,
    /// Where runs are missing, by the run before.
    pub holes: Vec<Hole>,
    /// The first run that is shown, as an index; what was before it still counts.
    pub shown_from: usize,
    /// What failed or could not be judged, by deployment, rule and subject.
    pub findings: Vec<TrendFinding>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendRun {
    /// Its id.
    pub id: String,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The profile that was judged.
    pub profile: String,
    /// False when it was stopped early.
    pub complete: bool,
}

/// A place where runs are missing, told from the distance that most runs keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The run before, as an index.
    pub after: usize,
    /// How many runs there would have been.
    pub missing: u32,
}

/// What became of a finding in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// The rule or the deployment was not asked for.
    NotAsked,
    /// The rule was judged, and this was no finding: it passed, was moot or was not there.
    Fine,
    /// It could not be judged, or the rule could not be judged whole.
    Unknown,
    /// It failed, and a waiver covered it.
    Waived,
    /// It failed.
    Failed,
}

impl Cell {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Fine => "fine",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::Failed => "failed",
        }
    }

    /// Whether the rule is known to be broken.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Waived)
    }

    /// Whether anything is known.
    pub fn is_seen(self) -> bool {
        !matches!(self, Self::NotAsked | Self::Unknown)
    }
}

/// What failed or could not be judged, through all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendFinding {
    /// The deployment's name.
    pub deployment: String,
    /// Its subscription.
    pub subscription: String,
    /// Its resource group.
    pub resource_group: String,
    /// The id of the rule.
    pub rule: String,
    /// What holds when it passes.
    pub title: String,
    /// The severity that counted when it was last seen.
    pub severity: Severity,
    /// What was judged.
    pub subject: String,
    /// The same in every run.
    pub fingerprint: String,
    /// What became of it in each run.
    pub cells: Vec<Cell>,
    /// When it failed, oldest first; none of what only could not be judged.
    pub episodes: Vec<Episode>,
}

impl TrendFinding {
    /// The episode that is not over.
    pub fn open(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.mended.is_none())
    }

    /// How often it broke again after it was mended.
    pub fn flaps(&self) -> usize {
        self.episodes.len().saturating_sub(1)
    }

    /// What became of it in the last run.
    pub fn last(&self) -> Cell {
        self.cells.last().copied().unwrap_or(Cell::NotAsked)
    }
}

/// A time in which something failed. What is out of sight neither begins nor ends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The run that first saw it fail, as an index.
    pub first: usize,
    /// The run that last saw it fail.
    pub last: usize,
    /// The first run that saw it mended; none while it is open.
    pub mended: Option<usize>,
    /// Since when it fails: when the first run ended, or earlier where its report knew.
    pub since: Timestamp,
    /// When the first run ended that saw it mended, else the last run there is.
    pub until: Timestamp,
    /// How many runs before the first could not see it, so that it may have begun earlier.
    pub blind_before: u32,
    /// How many runs could not see it, from the first that saw it fail to its end.
    pub blind: u32,
    /// How many runs saw it fail under a waiver.
    pub waived: u32,
}
