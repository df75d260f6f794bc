//! Evaluating: every rule over every deployment, in parallel, into one assessment.

use rayon::prelude::*;
use vaudit_model::assessment::{
    Assessment, BackupPoint, CatalogueEntry, DeploymentAssessment, RuleResult, Run, Source,
    fingerprint, run_id, short_digest,
};
use vaudit_model::deployment::WaiverPolicy;
use vaudit_model::estate::FolderState;
use vaudit_model::{Deployment, Estate, Judgement, Rule, Snapshot};

use crate::exit::{ExitCode, FailOn};
use crate::{gaps, waivers};

/// What is assessed.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// What is expected.
    pub deployments: &'a [Deployment],
    /// Every deployment of the manifest, also those that are not judged.
    pub described: &'a [Deployment],
    /// What is asked, sorted by id.
    pub rules: &'a [&'static Rule],
    /// Every rule there is, also those that are not asked.
    pub catalogue: &'a [&'static Rule],
    /// What is accepted.
    pub waivers: &'a [WaiverPolicy],
    /// What the selection is called.
    pub profile: &'a str,
    /// Where the facts came from.
    pub source: Source,
    /// From which severity on a failure counts.
    pub fail_on: FailOn,
}

/// Judges every rule for every deployment.
pub fn assess(inputs: Inputs<'_>) -> Assessment {
    let Inputs { snapshot, deployments, rules, .. } = inputs;
    let mut assessed: Vec<DeploymentAssessment> = deployments
        .par_iter()
        .map(|deployment| assess_deployment(snapshot, deployment, rules))
        .collect();
    let results = assessed.iter_mut().flat_map(|own| {
        let name = own.deployment.name.as_str();
        own.results.iter_mut().map(move |result| (name, result))
    });
    let extent = waivers::Extent {
        rules,
        catalogue: inputs.catalogue,
        deployments,
        described: inputs.described,
    };
    let now = snapshot.header.finished_at;
    let waivers = waivers::apply(inputs.waivers, results, extent, now);
    let all = assessed.iter().flat_map(|own| &own.results);
    let exit_code = ExitCode::of(all, inputs.fail_on, snapshot.header.stopped).number();
    Assessment {
        run: Run {
            id: run_id(snapshot),
            header: snapshot.header.clone(),
            source: inputs.source,
            profile: inputs.profile.to_owned(),
            exit_code,
            manifest_sha256: snapshot.header.manifest.sha256(),
        },
        catalogue: rules
            .iter()
            .map(|rule| CatalogueEntry { meta: rule.meta, page: rule.page })
            .collect(),
        deployments: assessed,
        waivers,
        previous: None,
    }
}

fn assess_deployment(
    snapshot: &Snapshot,
    deployment: &Deployment,
    rules: &[&'static Rule],
) -> DeploymentAssessment {
    let estate = Estate::new(snapshot, deployment).asked(rules);
    let mut results: Vec<RuleResult> =
        rules.par_iter().flat_map_iter(|rule| evaluate(rule, &estate)).collect();
    results.sort_by(|a, b| {
        let key = |result: &RuleResult| result.judgement.subject.to_ascii_lowercase();
        a.meta.id.cmp(b.meta.id).then_with(|| key(a).cmp(&key(b)))
    });
    let mut gaps = gaps::of_results(&results);
    gaps.extend(gaps::of_documents(&estate, &gaps));
    DeploymentAssessment {
        gaps,
        backups: backup_points(&estate),
        topology: estate.topology(),
        deployment: deployment.clone(),
        results,
    }
}

/// Asks one rule. A stopped question is one judgement about the rule's own subject.
pub fn evaluate(rule: &'static Rule, estate: &Estate<'_>) -> Vec<RuleResult> {
    let judgements = match (rule.evaluate)(estate) {
        Ok(judgements) => judgements,
        Err(stop) => vec![Judgement::stopped((rule.subject)(estate), stop)],
    };
    judgements.into_iter().map(|judgement| result(rule, estate, judgement)).collect()
}

fn result(rule: &'static Rule, estate: &Estate<'_>, judgement: Judgement) -> RuleResult {
    let setting = judgement.setting.unwrap_or(rule.meta.setting);
    RuleResult {
        meta: rule.meta,
        severity: judgement.severity.unwrap_or(rule.meta.severity),
        location: estate.deployment.locations.nearest(setting).cloned(),
        waiver: None,
        lapsed_waiver: None,
        fingerprint: fingerprint(rule.meta.id, &estate.deployment.name, &judgement.subject),
        observed_digest: observed_digest(&judgement),
        judgement,
    }
}

/// A digest of what was observed, whatever its casing or order.
fn observed_digest(judgement: &Judgement) -> String {
    let mut observed: Vec<String> = judgement
        .evidence
        .iter()
        .map(|evidence| {
            let seen = evidence.observed.as_deref().unwrap_or_default();
            format!("{}|{}|{seen}", evidence.resource, evidence.pointer).to_ascii_lowercase()
        })
        .collect();
    observed.sort_unstable();
    // Of what could not be judged, the reason is what was observed: a refusal is no closed firewall.
    let reason = judgement.gap.as_ref().map(|gap| format!("|{}", gap.reason)).unwrap_or_default();
    let verdict = judgement.verdict.word();
    short_digest(&format!("1|{verdict}{reason}|{}", observed.join("\n")))
}

/// The points in time the deployment can be restored to, newest first.
fn backup_points(estate: &Estate<'_>) -> Vec<BackupPoint> {
    let mut points = Vec::new();
    if let Some(list) = estate.backups().value() {
        for backup in &list.items {
            if let Some(instant) = backup.completed.value() {
                let kind = if backup.is_automatic() { "automatic" } else { "on-demand" };
                points.push(BackupPoint {
                    store: "postgres",
                    instant: *instant,
                    kind,
                    complete: Some(true),
                });
            }
        }
    }
    if let Some(dated) = estate.dated_folders().value() {
        for (folder, instant) in &dated.past {
            let complete = match estate.folder_state(folder) {
                FolderState::Complete(_) => Some(true),
                FolderState::Incomplete(_) => Some(false),
                FolderState::InProgress | FolderState::Unread(_) => None,
            };
            points.push(BackupPoint { store: "blob", instant: *instant, kind: "folder", complete });
        }
    }
    points.sort_by(|a, b| b.instant.cmp(&a.instant).then(a.store.cmp(b.store)));
    points
}
