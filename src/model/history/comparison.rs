//! How a run differs from an earlier one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::PastFinding;
use crate::assessment::{Assessment, RuleResult};
use crate::rule::Verdict;

/// How a run differs from an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The id of the earlier run.
    pub run_id: String,
    /// When it ended.
    pub finished_at: Timestamp,
    /// What each result of this run is to the earlier one, by fingerprint.
    pub marks: BTreeMap<String, Mark>,
    /// The findings of then that are none now, by deployment, rule and subject.
    pub departed: Vec<Departed>,
}

/// What a result is to the earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The state in SARIF's words.
    pub state: Baseline,
    /// The verdict of then; none where the earlier run had no such result.
    pub previous_verdict: Option<Verdict>,
    /// Whether a waiver covered it then.
    pub was_waived: bool,
    /// Whether the earlier run judged the rule in this deployment without a gap.
    pub was_in_sight: bool,
    /// Since when it is a finding; none of what is none.
    pub first_detected_at: Option<Timestamp>,
    /// Since when it fails, also where that cannot be seen now; none where it is not known to.
    pub failing_since: Option<Timestamp>,
}

/// The state of a result relative to the earlier run, as SARIF 2.1.0 has it (§3.27.24); a result that
/// is gone is no result of this run and stands in [`Comparison::departed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// It was not found then.
    New,
    /// It was found then, and the same was observed.
    Unchanged,
    /// It was found then, and something else was observed.
    Updated,
}

impl Baseline {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::New, Self::Unchanged, Self::Updated];

    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Updated => "updated",
        }
    }
}

/// What has happened to a finding that counts, as far as people mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It fails, and was not known to.
    Failed,
    /// A waiver covered it then, and none does now.
    CountsAgain,
    /// It failed then, and cannot be judged now.
    OutOfSight,
    /// It cannot be judged, and could then or was not asked.
    Lost,
    /// It is what it was.
    Unchanged,
}

/// A finding of the earlier run that is none of this run's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// What it was.
    pub finding: PastFinding,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a finding of the earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It passes.
    Passes,
    /// It is a statement now, and no failure.
    Informational,
    /// The rule is moot now.
    NotApplicable,
    /// The rule was judged without a gap, and there is no such subject any more.
    Gone,
    /// The rule could not be judged whole, so nobody can tell.
    Unseen,
    /// The rule was not asked.
    RuleLeftOut,
    /// The deployment was not audited.
    DeploymentLeftOut,
}

impl Fate {
    /// Every end.
    pub const ALL: [Self; 7] = [
        Self::Passes,
        Self::Informational,
        Self::NotApplicable,
        Self::Gone,
        Self::Unseen,
        Self::RuleLeftOut,
        Self::DeploymentLeftOut,
    ];

    /// Whether the finding is over. Unknown is not over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Passes | Self::Informational | Self::NotApplicable | Self::Gone)
    }

    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passes => "pass",
            Self::Informational => "informational",
            Self::NotApplicable => "not_applicable",
            Self::Gone => "gone",
            Self::Unseen => "indeterminate",
            Self::RuleLeftOut => "rule_not_selected",
            Self::DeploymentLeftOut => "deployment_not_selected",
        }
    }
}

/// How many findings there are of each change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Fail, and were not known to.
    pub failed: u32,
    /// Were waived and are not any more.
    pub counting_again: u32,
    /// Failed and cannot be judged now.
    pub out_of_sight: u32,
    /// Could be judged, or were not asked, and cannot be judged now.
    pub lost: u32,
    /// Are what they were.
    pub unchanged: u32,
    /// Counted then and are waived now.
    pub waived: u32,
    /// Failed and do not any more.
    pub fixed: u32,
    /// Could not be judged then, and are fine.
    pub judged_again: u32,
    /// Nobody asked or could tell, and there is no result about them.
    pub not_judged: u32,
}

impl Comparison {
    /// What a result is to the earlier run.
    pub fn mark(&self, result: &RuleResult) -> Option<&Mark> {
        self.marks.get(&result.fingerprint)
    }

    /// What has happened to a result; none of one that does not count.
    pub fn change(&self, result: &RuleResult) -> Option<Change> {
        let mark = self.mark(result).filter(|_| result.is_open())?;
        Some(mark.change(result.judgement.verdict))
    }

    /// The findings of then that are over.
    pub fn over(&self) -> impl Iterator<Item = &Departed> {
        self.departed.iter().filter(|departed| departed.fate.is_over())
    }

    /// The findings of then that were not judged.
    pub fn not_judged(&self) -> impl Iterator<Item = &Departed> {
        self.departed.iter().filter(|departed| !departed.fate.is_over())
    }

    /// Counts the changes.
    pub fn changes(&self, assessment: &Assessment) -> Changes {
        let mut changes = Changes::default();
        for result in assessment.deployments.iter().flat_map(|own| &own.results) {
            let count = match self.change(result) {
                Some(Change::Failed) => &mut changes.failed,
                Some(Change::CountsAgain) => &mut changes.counting_again,
                Some(Change::OutOfSight) => &mut changes.out_of_sight,
                Some(Change::Lost) => &mut changes.lost,
                Some(Change::Unchanged) => &mut changes.unchanged,
                None if self.mark(result).is_some_and(|mark| mark.is_waived_now(result)) => {
                    &mut changes.waived
                }
                None => continue,
            };
            *count += 1;
        }
        for departed in &self.departed {
            let count = match (departed.fate.is_over(), departed.finding.failing_since) {
                (true, Some(_)) => &mut changes.fixed,
                (true, None) => &mut changes.judged_again,
                (false, _) => &mut changes.not_judged,
            };
            *count += 1;
        }
        changes
    }
}

impl Mark {
    /// Whether it was a failure or a lost verdict, waived or not.
    fn was_finding(&self) -> bool {
        matches!(self.previous_verdict, Some(Verdict::Fail | Verdict::Indeterminate))
    }

    /// Whether it counted then, and a waiver covers it now.
    fn is_waived_now(&self, result: &RuleResult) -> bool {
        self.was_finding() && !self.was_waived && result.waiver.is_some()
    }

    /// What has happened to a finding that counts now, with its verdict of now.
    pub fn change(&self, verdict: Verdict) -> Change {
        match (verdict, self.previous_verdict) {
            (Verdict::Fail, _) if self.state == Baseline::New => Change::Failed,
            _ if self.was_finding() && self.was_waived => Change::CountsAgain,
            (Verdict::Indeterminate, Some(Verdict::Fail)) => Change::OutOfSight,
            (Verdict::Indeterminate, _) if self.state == Baseline::New => Change::Lost,
            _ => Change::Unchanged,
        }
    }
}
