//! The drift report for code-scanning services: of the present results those that broke since the
//! baseline, and those that could not be compared. One category of its own, so that a service does not
//! take the drift for the audit.

use std::collections::BTreeMap;

use vaudit_model::assessment::{Assessment, DeploymentAssessment, GapUse, RuleResult};
use vaudit_model::drift::{Class, DeploymentDrift, Difference, Drift};
use vaudit_model::rule::{Judgement, Verdict, sentence};

use super::{event, lost, title};
use crate::sarif::{self, Analysis, SarifOptions, SarifReport};

/// Renders what breaks the design or could not be compared as SARIF. The assessment is that of the
/// present state.
pub fn render(drift: &Drift, assessment: &Assessment, options: &SarifOptions) -> SarifReport {
    let mut run = assessment.run.clone();
    run.exit_code = drift.exit_code;
    let deployments = drift.deployments.iter().filter_map(|own| {
        let mut all = assessment.deployments.iter();
        let assessed = all.find(|other| other.deployment.name == own.deployment.name)?;
        Some(drifted(own, assessed))
    });
    let drifted = Assessment {
        run,
        catalogue: assessment.catalogue.clone(),
        deployments: deployments.collect(),
        waivers: assessment.waivers.clone(),
        previous: None,
    };
    let options = SarifOptions {
        all: false,
        analysis: Analysis::Drift { outcome: super::exit_code(drift) },
        ..options.clone()
    };
    sarif::render(&drifted, &options)
}

/// The deployment with the results that are worth an alert, and what could not be seen.
fn drifted(own: &DeploymentDrift, assessed: &DeploymentAssessment) -> DeploymentAssessment {
    let by_fingerprint: BTreeMap<&str, &RuleResult> =
        assessed.results.iter().map(|result| (result.fingerprint.as_str(), result)).collect();
    let mut results: BTreeMap<&str, RuleResult> = BTreeMap::new();
    for difference in &own.differences {
        for turn in &difference.rules {
            let Some(result) = by_fingerprint.get(turn.fingerprint.as_str()) else { continue };
            let told = results.entry(&turn.fingerprint);
            match difference.class {
                Class::BreaksDesign if result.judgement.verdict == Verdict::Fail => {
                    let told = told.or_insert_with(|| (*result).clone());
                    told.judgement.message += &format!(" {}", since(own, difference));
                }
                Class::CouldNotCompare => {
                    told.or_insert_with(|| not_compared(result, difference));
                }
                _ => {}
            }
        }
    }
    let mut results: Vec<RuleResult> = results.into_values().collect();
    results.sort_by(|a, b| {
        a.meta.id.cmp(b.meta.id).then_with(|| a.judgement.subject.cmp(&b.judgement.subject))
    });
    let gaps = own.differences.iter().filter_map(|own| {
        let gap = &own.lost.as_ref()?.gap;
        Some(GapUse {
            action: gap.action.clone(),
            scope: gap.scope.clone(),
            reason: gap.reason,
            status: gap.status,
            message: gap.message.clone(),
            rules: own.rules.iter().map(|rule| rule.meta.id.to_owned()).collect(),
        })
    });
    DeploymentAssessment { gaps: gaps.collect(), results, ..assessed.clone() }
}

/// What changed, and who did it where that is known.
fn since(own: &DeploymentDrift, difference: &Difference) -> String {
    let what = title(difference, &own.deployment);
    let shown = |text: &Option<String>, none: &str| {
        text.as_ref().map_or_else(|| none.to_owned(), |text| format!("`{text}`"))
    };
    let (before, after) = (&difference.before, &difference.after);
    let changed = match &difference.fact {
        Some(fact) => format!(
            "Since the baseline {fact} of {what} went from {} to {}.",
            shown(before, "nothing"),
            shown(after, "nothing")
        ),
        None if before.is_none() => format!("Since the baseline {what} is new."),
        None => format!("Since the baseline {what} is gone."),
    };
    let who = difference.activity.first().map(|entry| format!(" Activity Log: {}.", event(entry)));
    changed + &who.unwrap_or_default()
}

/// A result whose other side is not known is not judged as a change, whatever it is now.
fn not_compared(result: &RuleResult, difference: &Difference) -> RuleResult {
    let Some(loss) = &difference.lost else { return result.clone() };
    let told = Judgement::indeterminate(result.judgement.subject.clone(), loss.gap.clone());
    let judgement = Judgement { message: sentence(&lost(loss)), ..told };
    RuleResult { judgement, ..result.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::canned;
    use serde_json::Value;

    #[test]
    fn what_broke_and_what_could_not_be_compared_is_there_and_nothing_else() {
        let drift = canned::drift();
        let report = render(&drift, &crate::canned::assessment(), &SarifOptions::default());
        let log: Value = serde_json::from_str(&report.text).unwrap();
        assert_eq!(log["runs"][0]["automationDetails"]["id"], "vaudit-drift/production/");
        let results = log["runs"][0]["results"].as_array().unwrap();
        let told: Vec<(&str, &str)> = results
            .iter()
            .map(|own| (own["ruleId"].as_str().unwrap(), own["kind"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [("BKP001", "open"), ("PG001", "fail")]);
        let message = results[1]["message"]["text"].as_str().unwrap();
        assert!(message.contains("Since the baseline version of PostgreSQL server pg-vectice went from `13` to `14`. Activity Log: 2026-11-20T"), "{message}");
        let outcome = &log["runs"][0]["invocations"][0]["exitCodeDescription"];
        assert_eq!(outcome, &super::super::exit_code(&drift));
    }
}
