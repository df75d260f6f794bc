//! A deployment of a saved report, with what was judged about it.

use std::collections::BTreeMap;

use serde::Deserialize;
use vaudit_model::assessment::{BackupPoint, DeploymentAssessment, GapUse, RuleResult};
use vaudit_model::deployment::{Deployment, Location};
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::history::{Baseline, Mark};
use vaudit_model::rule::{
    Control, Evidence, Judgement, Meta, Remediation, Severity, Tier, Verdict,
};
use vaudit_model::shell::Command;
use vaudit_model::topology::Topology;

use super::{Damage, Rules, instant};

#[derive(Deserialize)]
pub(super) struct SavedDeployment {
    name: String,
    subscription: String,
    resource_group: String,
    #[serde(default)]
    location: Option<SavedPlace>,
    results: Vec<SavedResult>,
    gaps: Vec<SavedGap>,
    topology: Topology,
    backups: Vec<SavedBackup>,
}

#[derive(Deserialize)]
struct SavedResult {
    rule: String,
    name: String,
    title: String,
    severity: Severity,
    tier: Tier,
    verdict: Verdict,
    subject: String,
    message: String,
    reason: Option<String>,
    #[serde(default)]
    gap: Option<SavedLoss>,
    evidence: Vec<SavedFact>,
    remediation: SavedRemediation,
    controls: BTreeMap<String, Vec<String>>,
    location: Option<SavedPlace>,
    #[serde(default)]
    waiver_index: Option<usize>,
    lapsed_waiver: Option<SavedLapse>,
    fingerprint: String,
    observed_digest: String,
    #[serde(default)]
    baseline_state: Option<String>,
    #[serde(default)]
    previous_verdict: Option<Verdict>,
    #[serde(default)]
    previously_waived: bool,
    #[serde(default)]
    previously_in_sight: bool,
    #[serde(default)]
    first_detected_at: Option<String>,
    #[serde(default)]
    failing_since: Option<String>,
}

#[derive(Deserialize)]
struct SavedLoss {
    message: String,
    action: Option<String>,
    scope: Option<String>,
    status: Option<u16>,
}

#[derive(Deserialize)]
struct SavedFact {
    resource: String,
    pointer: String,
    observed: Option<String>,
    expected: Option<String>,
    request_id: Option<String>,
    read_at: Option<String>,
}

#[derive(Deserialize)]
struct SavedRemediation {
    text: String,
    commands: Vec<String>,
}

#[derive(Deserialize)]
struct SavedPlace {
    line: u32,
    column: u32,
    key: String,
}

#[derive(Deserialize)]
struct SavedLapse {
    index: usize,
}

#[derive(Deserialize)]
struct SavedGap {
    action: Option<String>,
    scope: Option<String>,
    reason: Reason,
    status: Option<u16>,
    #[serde(default)]
    message: String,
    rules: Vec<String>,
}

#[derive(Deserialize)]
struct SavedBackup {
    store: String,
    instant: String,
    kind: String,
    complete: Option<bool>,
}

impl SavedDeployment {
    /// The deployment as it was judged. What its results are to an earlier run goes into `marks`.
    pub(super) fn assessed(
        self,
        rules: &mut Rules<'_>,
        waivers: usize,
        marks: &mut BTreeMap<String, Mark>,
    ) -> Result<DeploymentAssessment, Damage> {
        let mut deployment = Deployment::new(&self.name, &self.subscription, &self.resource_group);
        if let Some(place) = self.location {
            deployment.locations.insert("", place.location());
        }
        let mut results = Vec::with_capacity(self.results.len());
        for saved in self.results {
            if let Some(mark) = saved.mark()? {
                marks.insert(saved.fingerprint.clone(), mark);
            }
            results.push(saved.result(rules, waivers)?);
        }
        Ok(DeploymentAssessment {
            deployment,
            results,
            gaps: self.gaps.into_iter().map(SavedGap::gap).collect(),
            backups: self.backups.into_iter().map(SavedBackup::point).collect::<Result<_, _>>()?,
            topology: self.topology,
        })
    }
}

impl SavedResult {
    fn result(self, rules: &mut Rules<'_>, waivers: usize) -> Result<RuleResult, Damage> {
        let meta = self.meta(rules);
        rules.used(meta);
        let known = |index: usize| match index < waivers {
            true => Ok(index),
            false => Err(Damage(format!("there is no waiver {index}"))),
        };
        let is_indeterminate = self.verdict == Verdict::Indeterminate;
        let gap = match &self.reason {
            Some(reason) if is_indeterminate => Some(loss(self.gap, reason, &self.message)?),
            _ => None,
        };
        let commands = self.remediation.commands.iter().map(|line| Command::saved(line)).collect();
        let judgement = Judgement {
            gap,
            moot: self.reason.filter(|_| self.verdict == Verdict::NotApplicable),
            evidence: self.evidence.into_iter().map(SavedFact::evidence).collect(),
            remediation: Remediation { text: self.remediation.text, commands },
            severity: (self.severity != meta.severity).then_some(self.severity),
            ..Judgement::new(self.verdict, self.subject, self.message)
        };
        Ok(RuleResult {
            meta,
            judgement,
            severity: self.severity,
            location: self.location.map(SavedPlace::location),
            waiver: self.waiver_index.map(known).transpose()?,
            lapsed_waiver: self.lapsed_waiver.map(|lapse| known(lapse.index)).transpose()?,
            fingerprint: self.fingerprint,
            observed_digest: self.observed_digest,
        })
    }

    /// What it is to an earlier run, if the run was held against one.
    fn mark(&self) -> Result<Option<Mark>, Damage> {
        let Some(word) = &self.baseline_state else { return Ok(None) };
        let state = Baseline::ALL
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| Damage::unknown("baseline state", word))?;
        let time = |text: &Option<String>| text.as_deref().map(instant).transpose();
        Ok(Some(Mark {
            state,
            previous_verdict: self.previous_verdict,
            was_waived: self.previously_waived,
            was_in_sight: self.previously_in_sight,
            first_detected_at: time(&self.first_detected_at)?,
            failing_since: time(&self.failing_since)?,
        }))
    }

    /// The rule as the report tells it.
    fn meta(&self, rules: &mut Rules<'_>) -> Meta {
        let known = rules.known.get(self.rule.as_str()).map(|entry| entry.meta);
        if let Some(known) = known.filter(|known| self.is_of(known)) {
            return known;
        }
        let leaked = &mut rules.leaked;
        let controls: Vec<Control> = self
            .controls
            .iter()
            .map(|(name, ids)| Control { framework: leaked.text(name), ids: leaked.list(ids) })
            .collect();
        Meta {
            id: leaked.text(&self.rule),
            name: leaked.text(&self.name),
            title: leaked.text(&self.title),
            severity: known.map_or(self.severity, |known| known.severity),
            tier: self.tier,
            controls: leaked.controls(controls),
            reference: known.map_or("", |known| known.reference),
            setting: known.map_or("", |known| known.setting),
        }
    }

    /// Whether the report tells of a rule what this version knows.
    fn is_of(&self, known: &Meta) -> bool {
        let controls = known.controls.iter().map(|own| (own.framework, own.ids));
        let controls: BTreeMap<&str, &[&str]> = controls.collect();
        self.name == known.name
            && self.title == known.title
            && self.tier == known.tier
            && controls.len() == self.controls.len()
            && self.controls.iter().all(|(framework, ids)| {
                controls.get(framework.as_str()).is_some_and(|own| ids.iter().eq(own.iter()))
            })
    }
}

/// The gap of a result. A report of an earlier version tells its reason alone.
fn loss(saved: Option<SavedLoss>, reason: &str, message: &str) -> Result<Gap, Damage> {
    let code = serde_json::Value::from(reason);
    let reason: Reason =
        serde_json::from_value(code).map_err(|_| Damage::unknown("reason", reason))?;
    Ok(match saved {
        Some(SavedLoss { message, action, scope, status }) => {
            Gap { reason, message, action, scope, status }
        }
        None => Gap::because(reason, message),
    })
}

impl SavedFact {
    fn evidence(self) -> Evidence {
        let Self { resource, pointer, observed, expected, request_id, read_at } = self;
        Evidence { resource, pointer, observed, expected, request_id, read_at }
    }
}

impl SavedPlace {
    fn location(self) -> Location {
        let Self { line, column, key } = self;
        Location { line, column, key }
    }
}

impl SavedGap {
    fn gap(self) -> GapUse {
        let Self { action, scope, reason, status, message, rules } = self;
        GapUse { action, scope, reason, status, message, rules }
    }
}

impl SavedBackup {
    fn point(self) -> Result<BackupPoint, Damage> {
        let word = |words: &[&'static str], what: &str, own: &str| {
            let known = words.iter().copied().find(|word| *word == own);
            known.ok_or_else(|| Damage::unknown(what, own))
        };
        Ok(BackupPoint {
            store: word(&["postgres", "blob"], "store", &self.store)?,
            instant: instant(&self.instant)?,
            kind: word(&["automatic", "on-demand", "folder"], "kind of backup", &self.kind)?,
            complete: self.complete,
        })
    }
}
