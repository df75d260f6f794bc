//! Redaction, as far as verdicts go: what the pins of waivers become, and whether anything but names
//! has changed.

use std::collections::BTreeMap;

use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult};

/// What the digests of observations become: from those of the original assessment to those of the
/// redacted one. `renamed` says what a subject is called there.
pub fn renamed_digests(
    original: &Assessment,
    redacted: &Assessment,
    renamed: impl Fn(&str) -> String,
) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    for (before, after) in original.deployments.iter().zip(&redacted.deployments) {
        // Pseudonyms stand in another order than names. Results about one subject keep theirs.
        let mut open: BTreeMap<(&str, String), Vec<&RuleResult>> = BTreeMap::new();
        for result in after.results.iter().rev() {
            let key = (result.meta.id, result.judgement.subject.to_ascii_lowercase());
            open.entry(key).or_default().push(result);
        }
        for result in &before.results {
            let subject = renamed(&result.judgement.subject).to_ascii_lowercase();
            let same = open.get_mut(&(result.meta.id, subject));
            if let Some(same) = same.and_then(Vec::pop) {
                digests.insert(result.observed_digest.clone(), same.observed_digest.clone());
            }
        }
    }
    digests
}

/// What two assessments differ in besides names: verdicts, severities, reasons, waivers, gaps,
/// backups and the exit code. Empty when they are of the same facts.
pub fn differences(original: &Assessment, redacted: &Assessment) -> Vec<String> {
    let mut found = Vec::new();
    let mut hold = |what: String, before: Vec<String>, after: Vec<String>| {
        if sorted(before) != sorted(after) {
            found.push(what);
        }
    };
    let code = |own: &Assessment| vec![own.run.exit_code.to_string()];
    hold("the exit code".to_owned(), code(original), code(redacted));
    let states =
        |own: &Assessment| own.waivers.iter().map(|one| format!("{:?}", one.state)).collect();
    hold("the waivers".to_owned(), states(original), states(redacted));
    let pairs = original.deployments.iter().zip(&redacted.deployments);
    for (number, (before, after)) in pairs.enumerate() {
        let of = format!("of deployment {}", number + 1);
        hold(format!("the gaps {of}"), gaps(before), gaps(after));
        let points = |own: &DeploymentAssessment| {
            own.backups.iter().map(|point| format!("{point:?}")).collect()
        };
        hold(format!("the backups {of}"), points(before), points(after));
        let mut rules: Vec<&str> =
            before.results.iter().chain(&after.results).map(|own| own.meta.id).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            hold(format!("{rule} {of}"), verdicts(before, rule), verdicts(after, rule));
        }
    }
    let count = |own: &Assessment| vec![own.deployments.len().to_string()];
    hold("the deployments".to_owned(), count(original), count(redacted));
    found
}

fn sorted(mut some: Vec<String>) -> Vec<String> {
    some.sort_unstable();
    some
}

fn gaps(own: &DeploymentAssessment) -> Vec<String> {
    let gaps = own.gaps.iter();
    gaps.map(|gap| format!("{:?} {:?} {:?} {:?}", gap.action, gap.reason, gap.status, gap.rules))
        .collect()
}

fn verdicts(own: &DeploymentAssessment, rule: &str) -> Vec<String> {
    let results = own.results.iter().filter(|result| result.meta.id == rule);
    let verdicts = results.map(|result| {
        let reason = result.judgement.gap.as_ref().map(|gap| gap.reason);
        let line = result.location.as_ref().map(|place| place.line);
        format!(
            "{:?} {:?} {reason:?} {:?} {:?} {line:?}",
            result.judgement.verdict, result.severity, result.waiver, result.lapsed_waiver
        )
    });
    verdicts.collect()
}
