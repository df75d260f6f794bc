//! One deployment of the JSON report: its results, gaps and backups.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use vaudit_model::assessment::{Assessment, DeploymentAssessment, GapUse, RuleResult};
use vaudit_model::deployment::Location;
use vaudit_model::fact;
use vaudit_model::instant::show;
use vaudit_model::rule::{Evidence, Severity, Tier, Verdict};
use vaudit_model::shell::inert;
use vaudit_model::topology::Topology;

use crate::json::Waiver;
use crate::json_previous::Marked;

/// One audited deployment.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deployment<'a> {
    /// Its name in the manifest.
    name: &'a str,
    /// The subscription id.
    subscription: &'a str,
    /// The resource group.
    resource_group: &'a str,
    /// The table of the manifest that describes it; null without a file.
    location: Option<Place<'a>>,
    /// At least one result for each selected rule, sorted by rule and subject.
    results: Vec<RuleOutcome<'a>>,
    /// What could not be seen, and which rules it cost their verdict.
    gaps: Vec<Gap<'a>>,
    /// How the resources hang together.
    topology: Topology,
    /// The points in time the stores can be restored to, newest first.
    backups: Vec<Backup>,
}

/// The judgement of one rule about one subject.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Result")]
struct RuleOutcome<'a> {
    /// The id of the rule.
    rule: &'static str,
    /// The name of the rule.
    name: &'static str,
    /// What holds when the rule passes.
    title: &'static str,
    /// The severity that counts; it may be lower than the rule's own.
    severity: Severity,
    /// Whether the reference design states the rule (S), it is hardening (H) or a note (N).
    tier: Tier,
    /// The outcome. A waiver does not change it.
    verdict: Verdict,
    /// The ARM id, `graph:servicePrincipals/<id>`, `graph:applications/<id>` or
    /// `https://account/container/folder` judged.
    subject: &'a str,
    /// What was found, in a sentence.
    message: String,
    /// The reason code of an indeterminate result, or why a rule is not applicable; else null.
    reason: Option<String>,
    /// What could not be seen, for an indeterminate result; else null.
    gap: Option<Loss<'a>>,
    /// The facts the verdict rests on.
    evidence: Vec<Fact<'a>>,
    /// How to mend it.
    remediation: Remediation<'a>,
    /// The controls of public frameworks a failure touches, by framework.
    controls: BTreeMap<&'static str, &'static [&'static str]>,
    /// The manifest key that holds the expectation; null without a file.
    location: Option<Place<'a>>,
    /// The waiver that covers the result, or null.
    waiver: Option<Waiver<'a>>,
    /// Its place in the manifest, counted from 0, or null.
    waiver_index: Option<usize>,
    /// The waiver that covered the result until it expired or became void, or null.
    lapsed_waiver: Option<LapsedWaiver<'a>>,
    /// Stable across runs, casing and array order.
    fingerprint: &'a str,
    /// Changes when the observation does; what `pin` of a waiver names.
    observed_digest: &'a str,
    #[serde(flatten)]
    marked: Option<Marked>,
}

/// A waiver that covers a result no longer.
#[derive(Serialize, JsonSchema)]
struct LapsedWaiver<'a> {
    /// Its place in the manifest, counted from 0.
    index: usize,
    /// Whether its last day is over, or what it was pinned to has changed.
    #[schemars(extend("enum" = ["expired", "void"]))]
    state: &'static str,
    /// Why, by whom and until when.
    #[serde(flatten)]
    waiver: Waiver<'a>,
}

/// What could not be seen, so that a rule could not be judged.
#[derive(Serialize, JsonSchema)]
struct Loss<'a> {
    /// What was lost and why, as a clause.
    message: String,
    /// The missing permission, where one is known.
    action: Option<&'a str>,
    /// The scope that could not be read.
    scope: Option<&'a str>,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
}

/// A fact as Azure told it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
struct Fact<'a> {
    /// The resource.
    resource: &'a str,
    /// JSON pointer into its body; empty for the whole resource.
    pointer: &'a str,
    /// What was seen.
    observed: Option<&'a str>,
    /// What was expected.
    expected: Option<&'a str>,
    /// The request id of the answer.
    request_id: Option<&'a str>,
    /// When it was read: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    read_at: Option<&'a str>,
}

/// How to mend a failure.
#[derive(Serialize, JsonSchema)]
struct Remediation<'a> {
    /// What to do; empty when there is nothing to mend.
    text: String,
    /// Commands that do it. Inserted values are quoted for a POSIX shell.
    commands: Vec<&'a str>,
}

/// A place in the manifest. Lines and columns count from 1.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Location")]
struct Place<'a> {
    /// The line.
    line: u32,
    /// The column, in characters.
    column: u32,
    /// The full key.
    key: &'a str,
}

/// Something that could not be seen.
#[derive(Serialize, JsonSchema)]
struct Gap<'a> {
    /// The missing permission, where one is known.
    action: Option<&'a str>,
    /// The scope that could not be read.
    scope: Option<&'a str>,
    /// The reason code.
    reason: &'static str,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
    /// What was lost and why, as a clause.
    message: String,
    /// The rules that could not be judged for it.
    rules: &'a [String],
}

/// A point in time a store can be restored to.
#[derive(Serialize, JsonSchema)]
struct Backup {
    /// What can be restored.
    #[schemars(extend("enum" = ["postgres", "blob"]))]
    store: &'static str,
    /// When it was made: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    instant: String,
    /// How it came about: `automatic`, `on-demand` or `folder`.
    kind: &'static str,
    /// Whether it is complete; null when that was not looked at.
    complete: Option<bool>,
}

impl<'a> Deployment<'a> {
    /// The deployment as it was judged.
    pub(crate) fn of(assessed: &'a DeploymentAssessment, assessment: &'a Assessment) -> Self {
        let backups = assessed.backups.iter().map(|backup| Backup {
            store: backup.store,
            instant: show(backup.instant),
            kind: backup.kind,
            complete: backup.complete,
        });
        Self {
            name: &assessed.deployment.name,
            subscription: &assessed.deployment.subscription,
            resource_group: &assessed.deployment.resource_group,
            location: assessed.deployment.locations.nearest("").map(Place::of),
            results: assessed
                .results
                .iter()
                .map(|result| RuleOutcome::of(result, assessment))
                .collect(),
            gaps: assessed.gaps.iter().map(Gap::of).collect(),
            topology: assessed.topology.clone().inert(),
            backups: backups.collect(),
        }
    }
}

impl<'a> RuleOutcome<'a> {
    fn of(result: &'a RuleResult, assessment: &'a Assessment) -> Self {
        let (meta, judgement) = (&result.meta, &result.judgement);
        let waivers = &assessment.waivers;
        let controls = meta.controls.iter().map(|control| (control.framework, control.ids));
        let waiver = result.waiver.and_then(|index| waivers.get(index));
        let lapsed = result.lapsed_waiver.and_then(|index| {
            let used = waivers.get(index)?;
            Some(LapsedWaiver { index, state: used.state.word(), waiver: Waiver::of(&used.waiver) })
        });
        Self {
            rule: meta.id,
            name: meta.name,
            title: meta.title,
            severity: result.severity,
            tier: meta.tier,
            verdict: judgement.verdict,
            subject: &judgement.subject,
            message: inert(&judgement.message),
            reason: judgement.reason().map(|reason| inert(&reason)),
            gap: judgement.gap.as_ref().map(Loss::of),
            evidence: judgement.evidence.iter().map(Fact::of).collect(),
            remediation: Remediation {
                text: inert(&judgement.remediation.text),
                commands: judgement.remediation.commands.iter().map(|line| line.as_str()).collect(),
            },
            controls: controls.collect(),
            location: result.location.as_ref().map(Place::of),
            waiver: waiver.map(|used| Waiver::of(&used.waiver)),
            waiver_index: result.waiver,
            lapsed_waiver: lapsed,
            fingerprint: &result.fingerprint,
            observed_digest: &result.observed_digest,
            marked: assessment.previous.as_ref().and_then(|past| past.mark(result)).map(Marked::of),
        }
    }
}

impl<'a> Loss<'a> {
    fn of(gap: &'a fact::Gap) -> Self {
        Self {
            message: inert(&gap.message),
            action: gap.action.as_deref(),
            scope: gap.scope.as_deref(),
            status: gap.status,
        }
    }
}

impl<'a> Fact<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        Self {
            resource: &evidence.resource,
            pointer: &evidence.pointer,
            observed: evidence.observed.as_deref(),
            expected: evidence.expected.as_deref(),
            request_id: evidence.request_id.as_deref(),
            read_at: evidence.read_at.as_deref(),
        }
    }
}

impl<'a> Place<'a> {
    fn of(location: &'a Location) -> Self {
        Self { line: location.line, column: location.column, key: &location.key }
    }
}

impl<'a> Gap<'a> {
    fn of(gap: &'a GapUse) -> Self {
        Self {
            action: gap.action.as_deref(),
            scope: gap.scope.as_deref(),
            reason: gap.reason.code(),
            status: gap.status,
            message: inert(&gap.message),
            rules: &gap.rules,
        }
    }
}
