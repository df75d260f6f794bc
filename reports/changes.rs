//! The words about what has changed since an earlier run.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use vaudit_model::assessment::{Assessment, RuleResult};
use vaudit_model::deployment::Deployment;
use vaudit_model::history::{Change, Departed, Fate, PastFinding};
use vaudit_model::instant::show;
use vaudit_model::rule::Verdict;

use crate::wording::{counted, number, short_name};

/// Says what has changed since the earlier run; none where the run was held against none.
pub(crate) fn summary(assessment: &Assessment) -> Option<String> {
    let comparison = assessment.previous.as_ref()?;
    let changes = comparison.changes(assessment);
    let changed = counted([
        (changes.failed, "newly failed"),
        (changes.counting_again, "no longer waived"),
        (changes.lost, "newly without a verdict"),
        (changes.out_of_sight, "failed then and cannot be judged now"),
        (changes.fixed, "fixed"),
        (changes.judged_again, "judged again"),
        (changes.waived, "newly waived"),
        (changes.not_judged, "not judged this time"),
    ]);
    let changed = if changed.is_empty() { "Nothing new".to_owned() } else { changed };
    let unchanged = match changes.unchanged {
        0 => String::new(),
        count => format!(", {count} unchanged"),
    };
    // No colon behind the time: together with those in it, it would make a smiley in Markdown.
    Some(format!("{changed}{unchanged} since the run of {}.", show(comparison.finished_at)))
}

/// What has happened to a result that counts; none without an earlier run.
pub(crate) fn of(assessment: &Assessment, result: &RuleResult) -> Option<Change> {
    assessment.previous.as_ref().and_then(|past| past.change(result))
}

/// A word or two for the heading of a finding that is not what it was.
pub(crate) fn tag(change: Change) -> Option<&'static str> {
    match change {
        Change::Failed | Change::Lost => Some("new"),
        Change::CountsAgain => Some("no longer waived"),
        Change::OutOfSight => Some("failed before"),
        Change::Unchanged => None,
    }
}

/// Says since when a finding is one, and what is odd about that; none without an earlier run.
pub(crate) fn since(assessment: &Assessment, result: &RuleResult) -> Option<String> {
    let mark = assessment.previous.as_ref().and_then(|past| past.mark(result))?;
    let change = of(assessment, result)?;
    let since = show(mark.first_detected_at?);
    Some(match (change, mark.failing_since) {
        (Change::Failed | Change::Lost, _) if !mark.was_in_sight => {
            format!("{since}, new; last time the rule was not judged, or not whole")
        }
        (Change::Failed | Change::Lost, _) => format!("{since}, new"),
        (_, Some(failing)) if result.judgement.verdict == Verdict::Indeterminate => {
            format!("{}, as far as is known", show(failing))
        }
        _ => since,
    })
}

/// What became of a finding of then, as the end of a sentence about it.
pub(crate) fn fate(departed: &Departed) -> String {
    let finding = &departed.finding;
    let now = match departed.fate {
        Fate::Passes => "passes now",
        Fate::Informational => "is a statement now, and no failure",
        Fate::NotApplicable => "does not apply any more",
        Fate::Gone => "is not there any more",
        Fate::Unseen => "could not be judged",
        Fate::RuleLeftOut => "was not judged: the rule was not selected",
        Fate::DeploymentLeftOut => "was not judged: the deployment was not selected",
    };
    match finding.failing_since {
        Some(since) if departed.fate.is_over() => {
            format!("failed since {}, {now}", show(since))
        }
        Some(since) => format!("{now}; when last judged, it failed since {}", show(since)),
        None if departed.fate.is_over() => format!("could not be judged before, {now}"),
        None => now.to_owned(),
    }
}

/// The subject of a finding of then, no longer than a reader of its deployment needs it.
pub(crate) fn name(finding: &PastFinding, deployment: &Deployment) -> String {
    short_name(&finding.subject, deployment)
}

/// The findings of then that are over, in a deployment, the worst first.
pub(crate) fn over<'a>(assessment: &'a Assessment, deployment: &str) -> Vec<&'a Departed> {
    chosen(assessment, deployment, true)
}

/// The findings of then that were not judged, in a deployment, the worst first.
pub(crate) fn not_judged<'a>(assessment: &'a Assessment, deployment: &str) -> Vec<&'a Departed> {
    chosen(assessment, deployment, false)
}

fn chosen<'a>(assessment: &'a Assessment, deployment: &str, is_over: bool) -> Vec<&'a Departed> {
    let all = assessment.previous.iter().flat_map(|past| &past.departed);
    let mut chosen: Vec<&Departed> = all
        .filter(|own| own.finding.deployment == deployment && own.fate.is_over() == is_over)
        .collect();
    chosen.sort_by_key(|own| Reverse(own.finding.severity));
    chosen
}

/// Says of deployments of then that were not audited how much is not known of them.
pub(crate) fn left_out(assessment: &Assessment) -> Vec<(String, String)> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let all = assessment.previous.iter().flat_map(|past| &past.departed);
    for departed in all.filter(|own| own.fate == Fate::DeploymentLeftOut) {
        *counts.entry(&departed.finding.deployment).or_default() += 1;
    }
    let said = |count| number(count, "finding was", "findings were") + " not judged this time";
    counts.into_iter().map(|(name, count)| (name.to_owned(), said(count))).collect()
}
