//! What `--previous` adds to the JSON report: the earlier run, and what each result is to it.

use schemars::JsonSchema;
use serde::Serialize;
use vaudit_model::assessment::Assessment;
use vaudit_model::history::{Comparison, Departed, Mark};
use vaudit_model::instant::show;
use vaudit_model::rule::{Severity, Verdict};
use vaudit_model::shell::inert;

/// The earlier run that this one was held against, and what is no finding any more. Only with
/// `--previous` or `--history`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Previous<'a> {
    /// The id of the earlier run.
    run_id: &'a str,
    /// When it ended: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    finished_at: String,
    /// How many findings changed in which way. A waived result counts only where that is said.
    counts: Counts,
    /// The failures and lost verdicts of then that are over.
    fixed: Vec<Past<'a>>,
    /// The failures and lost verdicts of then that nobody judged in this run; the next one that is
    /// held against this one still knows them.
    not_judged: Vec<Past<'a>>,
}

/// How many findings changed in which way.
#[derive(Serialize, JsonSchema)]
struct Counts {
    /// Fail, and were not known to fail.
    new_failures: u32,
    /// Cannot be judged, and could then or were not asked.
    new_indeterminate: u32,
    /// Failed then, and cannot be judged now.
    out_of_sight: u32,
    /// Count again because no waiver covers them any more.
    counting_again: u32,
    /// Are what they were.
    unchanged: u32,
    /// Counted then, and are waived now.
    newly_waived: u32,
    /// Failed then, and do not any more.
    fixed: u32,
    /// Could not be judged then, and are no finding now.
    judged_again: u32,
    /// Were not judged, and there is no result about them.
    not_judged: u32,
}

/// A finding of the earlier run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PastFinding")]
struct Past<'a> {
    /// The deployment.
    deployment: &'a str,
    /// The id of the rule.
    rule: &'a str,
    /// What holds when it passes.
    title: &'a str,
    /// The severity that counted.
    severity: Severity,
    /// What was judged.
    subject: &'a str,
    /// What was found then.
    message: String,
    /// The verdict when it was last judged.
    previous_verdict: Verdict,
    /// Whether a waiver covered it then.
    waived: bool,
    /// What it is now: the verdict, `gone` where the rule was judged without a gap and there is no
    /// such subject any more; of what was not judged: `indeterminate`, `rule_not_selected`,
    /// `deployment_not_selected`.
    #[schemars(extend("enum" = ["pass", "informational", "not_applicable", "gone", "indeterminate", "rule_not_selected", "deployment_not_selected"]))]
    now: &'static str,
    /// The same in every run.
    fingerprint: &'a str,
    /// The digest of what was observed then.
    observed_digest: &'a str,
    /// Since when it was a finding: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    first_detected_at: String,
    /// Since when it failed; null where it is only known that it could not be judged.
    #[schemars(extend("format" = "date-time"))]
    failing_since: Option<String>,
}

/// What a result is to the earlier run. Only with `--previous` or `--history`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Marked {
    /// In SARIF's words: `new` when it was not found then, `updated` when something else is observed.
    #[schemars(extend("enum" = ["new", "unchanged", "updated"]))]
    baseline_state: &'static str,
    /// The verdict of then; null where there was no such result.
    previous_verdict: Option<Verdict>,
    /// Whether a waiver covered it then.
    previously_waived: bool,
    /// Whether the rule was judged then without a gap in this deployment.
    previously_in_sight: bool,
    /// Since when it is a failure or a lost verdict, as far as reports were held against each other;
    /// null of what is neither.
    #[schemars(extend("format" = "date-time"))]
    first_detected_at: Option<String>,
    /// Since when it fails, also where that cannot be seen now; null where it is not known to.
    #[schemars(extend("format" = "date-time"))]
    failing_since: Option<String>,
}

impl<'a> Previous<'a> {
    /// What the assessment was held against.
    pub(crate) fn of(assessment: &'a Assessment) -> Option<Self> {
        let comparison = assessment.previous.as_ref()?;
        Some(Self {
            run_id: &comparison.run_id,
            finished_at: show(comparison.finished_at),
            counts: Counts::of(comparison, assessment),
            fixed: comparison.over().map(Past::of).collect(),
            not_judged: comparison.not_judged().map(Past::of).collect(),
        })
    }
}

impl Counts {
    fn of(comparison: &Comparison, assessment: &Assessment) -> Self {
        let changes = comparison.changes(assessment);
        Self {
            new_failures: changes.failed,
            new_indeterminate: changes.lost,
            out_of_sight: changes.out_of_sight,
            counting_again: changes.counting_again,
            unchanged: changes.unchanged,
            newly_waived: changes.waived,
            fixed: changes.fixed,
            judged_again: changes.judged_again,
            not_judged: changes.not_judged,
        }
    }
}

impl<'a> Past<'a> {
    fn of(departed: &'a Departed) -> Self {
        let finding = &departed.finding;
        Self {
            deployment: &finding.deployment,
            rule: &finding.rule,
            title: &finding.title,
            severity: finding.severity,
            subject: &finding.subject,
            message: inert(&finding.message),
            previous_verdict: finding.previous_verdict,
            waived: finding.waived,
            now: departed.fate.word(),
            fingerprint: &finding.fingerprint,
            observed_digest: &finding.observed_digest,
            first_detected_at: show(finding.first_detected_at),
            failing_since: finding.failing_since.map(show),
        }
    }
}

impl Marked {
    /// The mark of a result.
    pub(crate) fn of(mark: &Mark) -> Self {
        Self {
            baseline_state: mark.state.word(),
            previous_verdict: mark.previous_verdict,
            previously_waived: mark.was_waived,
            previously_in_sight: mark.was_in_sight,
            first_detected_at: mark.first_detected_at.map(show),
            failing_since: mark.failing_since.map(show),
        }
    }
}
