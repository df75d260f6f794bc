//! Drift: compares two looks at the same deployments, fact by fact, and says of each difference which
//! rules turned with it.
//!
//! Each look is judged by its own manifest, as of its own day: what was approved is a state together
//! with what was expected of it.

mod attribution;
mod changes;
mod turns;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use vaudit_model::assessment::{Assessment, DeploymentAssessment};
use vaudit_model::deployment::{Locations, WaiverPolicy};
use vaudit_model::drift::{
    ActivitySearch, Baseline, Class, DeploymentDrift, Difference, Drift, Lost, PRESENT, Turn,
};
use vaudit_model::snapshot::Stopped;
use vaudit_model::{Cloud, Deployment, Estate, Rule, Snapshot};

use crate::exit::ExitCode;

/// One of the two looks: what was read, and how it was judged.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// The verdicts, by the look's own manifest.
    pub assessment: &'a Assessment,
}

/// Compares what is with a baseline, for the rules that both were judged by.
pub fn drift(baseline: Look<'_>, now: Look<'_>, rules: &[&'static Rule]) -> Drift {
    let own = |look: Look<'_>, name: &str| {
        let mut all = look.assessment.deployments.iter();
        all.position(|own| own.deployment.name == name)
    };
    let mut deployments: Vec<DeploymentDrift> = now
        .assessment
        .deployments
        .par_iter()
        .map(|after| {
            let before = own(baseline, &after.deployment.name);
            let before = before.map(|at| &baseline.assessment.deployments[at]);
            let differences = match before {
                Some(before) => compare((baseline.snapshot, before), (now.snapshot, after), rules),
                None => unapproved(after),
            };
            told(after, differences)
        })
        .collect();
    let gone = baseline.assessment.deployments.iter();
    let gone = gone.filter(|before| own(now, &before.deployment.name).is_none());
    deployments.extend(gone.map(|own| told(own, vec![whole_deployment(own, Class::Gone)])));
    let classes = deployments.iter().flat_map(|own| &own.differences).map(|own| own.class);
    let exit_code = ExitCode::of_drift(classes, now.snapshot.header.stopped).number();
    let run = &baseline.assessment.run;
    Drift {
        baseline: Baseline {
            id: run.id.clone(),
            header: run.header.clone(),
            manifest_sha256: run.manifest_sha256.clone(),
        },
        expects_otherwise: expectations(baseline) != expectations(now),
        run: now.assessment.run.clone(),
        exit_code,
        deployments,
        activity: ActivitySearch::NotAsked,
    }
}

/// What a look's manifest expects, wherever it says so, and whatever cloud the deployments lie in.
fn expectations(look: Look<'_>) -> (Vec<Deployment>, Vec<WaiverPolicy>) {
    let deployments = look.assessment.deployments.iter().map(|own| Deployment {
        locations: Locations::default(),
        cloud: Arc::new(Cloud::public()),
        ..own.deployment.clone()
    });
    let waivers = look.assessment.waivers.iter().map(|used| used.waiver.clone());
    (deployments.collect(), waivers.collect())
}

impl ExitCode {
    /// What the differences of a comparison amount to.
    pub fn of_drift(classes: impl IntoIterator<Item = Class>, stopped: Option<Stopped>) -> Self {
        match stopped {
            Some(Stopped::Interrupted) => return Self::Interrupted,
            Some(Stopped::Terminated) => return Self::Terminated,
            Some(Stopped::OutOfTime) | None => {}
        }
        match classes.into_iter().min() {
            Some(Class::BreaksDesign) => Self::Failed,
            Some(Class::CouldNotCompare) => Self::Indeterminate,
            _ => Self::Clean,
        }
    }
}

/// The snapshot a deployment was read into, and what became of it.
type Assessed<'a> = (&'a Snapshot, &'a DeploymentAssessment);

fn compare(before: Assessed<'_>, after: Assessed<'_>, rules: &[&'static Rule]) -> Vec<Difference> {
    let facts =
        |(snapshot, own): Assessed<'_>| Estate::new(snapshot, &own.deployment).asked(rules).facts();
    let (own, other) = rayon::join(|| facts(before), || facts(after));
    let changes::Changes { found, lost } = changes::between(&own, &other);
    let turns = turns::between(&before.1.results, &after.1.results);
    let mut differences = attribution::of(found, &turns);
    differences.extend(losses(lost, &turns, (before.1, after.1)));
    worst_first(differences)
}

/// Of a deployment that the baseline does not know everything is new; what fails in it nobody approved.
fn unapproved(own: &DeploymentAssessment) -> Vec<Difference> {
    let turns = turns::between(&[], &own.results);
    let mut differences = attribution::of(Vec::new(), &turns);
    differences.extend(losses(Vec::new(), &turns, (own, own)));
    differences.push(whole_deployment(own, Class::New));
    worst_first(differences)
}

fn worst_first(mut differences: Vec<Difference>) -> Vec<Difference> {
    differences.sort_by_cached_key(|own| {
        let severity = own.rules.iter().map(|rule| rule.severity).max();
        let resource = own.resource.to_ascii_lowercase();
        (own.class, Reverse(severity), resource, own.name.clone(), own.fact.clone())
    });
    differences
}

/// What could not be compared: what cost a rule its verdict, and what could not be seen besides.
fn losses(
    lost: Vec<Lost>,
    turns: &[turns::Turned<'_>],
    sides: (&DeploymentAssessment, &DeploymentAssessment),
) -> Vec<Difference> {
    let mut all: Vec<(Lost, Vec<Turn>)> = Vec::new();
    for turned in turns.iter().filter(|turned| turned.kind == turns::Kind::Lost) {
        for lost in turned.lost() {
            let at = all.iter().position(|(own, _)| own.gap == lost.gap);
            let at = at.unwrap_or_else(|| {
                all.push((lost.clone(), Vec::new()));
                all.len() - 1
            });
            let (own, rules) = &mut all[at];
            own.side = own.side.and(lost.side);
            if !rules.iter().any(|rule| rule.fingerprint == turned.speaker.fingerprint) {
                rules.push(turned.turn());
            }
        }
    }
    // What a waiver accepts not to see is no news.
    let accepted: BTreeSet<_> = [sides.0, sides.1]
        .into_iter()
        .flat_map(|own| &own.results)
        .filter(|result| result.waiver.is_some())
        .filter_map(|result| result.judgement.gap.clone())
        .collect();
    for own in lost {
        if !accepted.contains(&own.gap) && !all.iter().any(|(known, _)| known.gap == own.gap) {
            all.push((own, Vec::new()));
        }
    }
    all.into_iter()
        .map(|(lost, mut rules)| {
            rules.sort_by(|a, b| a.meta.id.cmp(b.meta.id));
            let subject = rules.first().map(|_| sides.1.deployment.resource_group_id());
            let resource = lost.gap.scope.clone();
            let resource = resource.or(subject.map(|id| id.to_string())).unwrap_or_default();
            Difference {
                class: Class::CouldNotCompare,
                kind: String::new(),
                name: changes::last_segment(&resource).to_owned(),
                resource,
                fact: None,
                before: None,
                after: None,
                rules,
                lost: Some(lost),
                activity: Vec::new(),
            }
        })
        .collect()
}

fn whole_deployment(own: &DeploymentAssessment, class: Class) -> Difference {
    let there = Some(PRESENT.to_owned());
    let (before, after) = match class {
        Class::Gone => (there, None),
        _ => (None, there),
    };
    Difference {
        class,
        resource: own.deployment.resource_group_id().to_string(),
        kind: "deployment".to_owned(),
        name: own.deployment.name.clone(),
        fact: None,
        before,
        after,
        rules: Vec::new(),
        lost: None,
        activity: Vec::new(),
    }
}

fn told(own: &DeploymentAssessment, differences: Vec<Difference>) -> DeploymentDrift {
    DeploymentDrift { deployment: own.deployment.clone(), differences }
}
