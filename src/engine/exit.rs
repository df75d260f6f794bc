//! Exit codes: the same for every format.

use vaudit_model::assessment::RuleResult;
use vaudit_model::snapshot::Stopped;
use vaudit_model::{Severity, Verdict};

/// The exit codes of `CONTRACT.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Nothing failed that counts, nothing was lost.
    Clean,
    /// Something failed.
    Failed,
    /// The audit could not be run.
    Unusable,
    /// Nothing failed that counts, but something could not be judged.
    Indeterminate,
    /// SIGINT ended the run.
    Interrupted,
    /// SIGTERM ended the run.
    Terminated,
}

impl ExitCode {
    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Failed => 1,
            Self::Unusable => 2,
            Self::Indeterminate => 3,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What the results of a run amount to.
    pub fn of<'r>(
        results: impl IntoIterator<Item = &'r RuleResult>,
        fail_on: FailOn,
        stopped: Option<Stopped>,
    ) -> Self {
        match stopped {
            Some(Stopped::Interrupted) => return Self::Interrupted,
            Some(Stopped::Terminated) => return Self::Terminated,
            Some(Stopped::OutOfTime) | None => {}
        }
        let mut lost = false;
        for result in results.into_iter().filter(|result| result.is_open()) {
            match result.judgement.verdict {
                Verdict::Fail if fail_on.counts(result.severity) => return Self::Failed,
                Verdict::Indeterminate => lost = true,
                _ => {}
            }
        }
        if lost { Self::Indeterminate } else { Self::Clean }
    }
}

/// From which severity on a failure counts; it does not apply to what could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// At this severity and above.
    AtLeast(Severity),
    /// Never.
    Never,
}

impl FailOn {
    /// Whether a failure of a severity counts.
    pub fn counts(self, severity: Severity) -> bool {
        match self {
            Self::AtLeast(least) => severity >= least,
            Self::Never => false,
        }
    }
}
