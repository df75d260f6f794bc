//! The drift report for programs, schema version 1.
//!
//! The comments on the fields are the descriptions of the JSON Schema. Every field is always there;
//! what does not apply is null.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use vaudit_model::drift::{self, ActivitySearch, Class};
use vaudit_model::fact::Gap;
use vaudit_model::instant::show;
use vaudit_model::rule::{Severity, Tier, Verdict};
use vaudit_model::shell::inert;
use vaudit_model::snapshot::Header;

use crate::inert_json::pretty;

/// The version of the schema. A reader that knows it ignores fields it does not know.
const SCHEMA_VERSION: u32 = 1;

/// Renders the differences as JSON. The same differences give the same bytes.
pub fn render(drift: &drift::Drift) -> String {
    pretty(&Report::of(drift))
}

/// The JSON Schema of the report (draft 2020-12).
pub fn schema() -> serde_json::Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Report<'_>>()
        .into()
}

/// What has drifted from an approved baseline, schema version 1.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "vaudit drift report")]
struct Report<'a> {
    /// The version of this schema.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// The program that compared.
    tool: Tool,
    /// The approved state.
    baseline: Look<'a>,
    /// What it is compared with.
    run: Look<'a>,
    /// Where the facts of the run came from.
    #[schemars(extend("enum" = ["live", "demo", "snapshot"]))]
    source: &'static str,
    /// The profile both were judged by; `custom` when globs replaced it.
    profile: &'a str,
    /// Whether the manifest expects something else than the baseline's, or waives something else. Each
    /// side is judged by its own.
    manifest_changed: bool,
    /// The exit code the differences amount to.
    exit_code: u8,
    /// How many differences there are of each class.
    summary: Summary,
    /// What came of looking into the Activity Log; null when nobody asked.
    activity_log: Option<ActivityLog>,
    /// The deployments, in the order of the manifest; those only the baseline has come last.
    deployments: Vec<Deployment<'a>>,
}

/// The program that compared.
#[derive(Serialize, JsonSchema)]
struct Tool {
    /// `vaudit`.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// One of the two looks at the deployments.
#[derive(Serialize, JsonSchema)]
struct Look<'a> {
    /// 16 hexadecimal digits of the snapshot's digest.
    id: &'a str,
    /// When it began: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// When the last answer was in: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    finished_at: String,
    /// False when it was stopped before everything planned was asked for.
    complete: bool,
    /// The object id of the principal that looked.
    object_id: Option<&'a str>,
    /// SHA-256 of the manifest, in hexadecimal.
    manifest_sha256: &'a str,
    /// The version of vaudit that read it.
    tool_version: &'a str,
}

/// How many differences there are of each class.
#[derive(Serialize, JsonSchema)]
struct Summary {
    /// A rule that held fails now, or a fact a failing rule rests on has changed again.
    breaks_design: usize,
    /// Not known on one side at least.
    could_not_compare: usize,
    /// A rule that failed holds now.
    mends_design: usize,
    /// A resource the baseline does not have, and no rule minds.
    new: usize,
    /// A resource only the baseline has, and no rule minds.
    gone: usize,
    /// A fact that has changed, and no rule minds.
    allowed_change: usize,
}

/// What came of looking into the Activity Log.
#[derive(Serialize, JsonSchema)]
struct ActivityLog {
    /// From when on it was read: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    since: String,
    /// Whether the baseline is older than the log reaches.
    baseline_is_older: bool,
    /// What could not be read of it.
    gaps: Vec<Loss>,
}

/// The differences of one deployment.
#[derive(Serialize, JsonSchema)]
struct Deployment<'a> {
    /// Its name in the manifest.
    name: &'a str,
    /// The subscription id.
    subscription: &'a str,
    /// The resource group.
    resource_group: &'a str,
    /// The differences: the worst class first, in it the most severe.
    differences: Vec<Difference<'a>>,
}

/// One thing that is not as it was.
#[derive(Serialize, JsonSchema)]
struct Difference<'a> {
    /// Whether it matters.
    #[schemars(extend("enum" = ["breaks-design", "could-not-compare", "mends-design", "new", "gone", "allowed-change"]))]
    class: &'static str,
    /// The resource: an ARM id, a `graph:…` name or a URL.
    resource: &'a str,
    /// What the resource is; empty where only its id is known.
    kind: &'a str,
    /// The resource's own name.
    name: &'a str,
    /// Which of its facts, as the Azure CLI shows it; null when it is about the resource itself.
    fact: Option<&'a str>,
    /// What the baseline has; null when there was nothing, or it is not known.
    before: Option<&'a str>,
    /// What there is now; null when there is nothing, or it is not known.
    after: Option<&'a str>,
    /// The rules whose verdict goes with it.
    rules: Vec<Rule<'a>>,
    /// What kept it from being compared; null where it was compared.
    lost: Option<Loss>,
    /// Who did what to the resource, newest first, as far as the Activity Log was asked for.
    activity: Vec<Event<'a>>,
}

/// A rule whose verdict goes with a difference.
#[derive(Serialize, JsonSchema)]
struct Rule<'a> {
    /// The id of the rule.
    rule: &'static str,
    /// The name of the rule.
    name: &'static str,
    /// What holds when the rule passes.
    title: &'static str,
    /// The severity that counts.
    severity: Severity,
    /// Whether the reference design states the rule (S), it is hardening (H) or a note (N).
    tier: Tier,
    /// The verdict in the baseline; null when this subject was not judged.
    before: Option<Verdict>,
    /// The verdict now; null when this subject was not judged.
    after: Option<Verdict>,
    /// What the rule says now, else what it said in the baseline.
    message: String,
    /// Whether a waiver covers what it says now.
    waived: bool,
    /// The fingerprint of the result, as in the report of `vaudit check`.
    fingerprint: &'a str,
}

/// Something that could not be seen.
#[derive(Serialize, JsonSchema)]
struct Loss {
    /// In which look it was lost; null for the Activity Log.
    #[schemars(extend("enum" = ["baseline", "now", "both", null]))]
    side: Option<&'static str>,
    /// The reason code.
    reason: &'static str,
    /// What could not be read, and why.
    message: String,
    /// The missing permission, where one is known.
    action: Option<String>,
    /// The scope that could not be read.
    scope: Option<String>,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
}

/// An entry of the Activity Log.
#[derive(Serialize, JsonSchema)]
struct Event<'a> {
    /// When: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    at: String,
    /// Who: a user's name or the object id of an application.
    caller: Option<&'a str>,
    /// What, as an operation of Resource Manager.
    operation: &'a str,
    /// How it ended.
    status: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn of(drift: &'a drift::Drift) -> Self {
        let count = |class| drift.count(class);
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "vaudit", version: env!("CARGO_PKG_VERSION") },
            baseline: Look::of(
                &drift.baseline.id,
                &drift.baseline.header,
                &drift.baseline.manifest_sha256,
            ),
            run: Look::of(&drift.run.id, &drift.run.header, &drift.run.manifest_sha256),
            source: drift.run.source.word(),
            profile: &drift.run.profile,
            manifest_changed: drift.expects_otherwise,
            exit_code: drift.exit_code,
            summary: Summary {
                breaks_design: count(Class::BreaksDesign),
                could_not_compare: count(Class::CouldNotCompare),
                mends_design: count(Class::MendsDesign),
                new: count(Class::New),
                gone: count(Class::Gone),
                allowed_change: count(Class::AllowedChange),
            },
            activity_log: ActivityLog::of(&drift.activity),
            deployments: drift.deployments.iter().map(Deployment::of).collect(),
        }
    }
}

impl<'a> Look<'a> {
    fn of(id: &'a str, header: &'a Header, manifest_sha256: &'a str) -> Self {
        Self {
            id,
            started_at: show(header.started_at),
            finished_at: show(header.finished_at),
            complete: header.stopped.is_none(),
            object_id: header.identity.object_id.as_deref(),
            manifest_sha256,
            tool_version: &header.tool_version,
        }
    }
}

impl ActivityLog {
    fn of(activity: &ActivitySearch) -> Option<Self> {
        match activity {
            ActivitySearch::NotAsked => None,
            ActivitySearch::From { since, is_cut, lost } => Some(Self {
                since: show(*since),
                baseline_is_older: *is_cut,
                gaps: lost.iter().map(|gap| Loss::of(gap, None)).collect(),
            }),
        }
    }
}

impl<'a> Deployment<'a> {
    fn of(own: &'a drift::DeploymentDrift) -> Self {
        Self {
            name: &own.deployment.name,
            subscription: &own.deployment.subscription,
            resource_group: &own.deployment.resource_group,
            differences: own.differences.iter().map(Difference::of).collect(),
        }
    }
}

impl<'a> Difference<'a> {
    fn of(own: &'a drift::Difference) -> Self {
        Self {
            class: own.class.word(),
            resource: &own.resource,
            kind: &own.kind,
            name: &own.name,
            fact: own.fact.as_deref(),
            before: own.before.as_deref(),
            after: own.after.as_deref(),
            rules: own.rules.iter().map(Rule::of).collect(),
            lost: own.lost.as_ref().map(|lost| Loss::of(&lost.gap, Some(lost.side))),
            activity: own.activity.iter().map(Event::of).collect(),
        }
    }
}

impl<'a> Rule<'a> {
    fn of(turn: &'a drift::Turn) -> Self {
        Self {
            rule: turn.meta.id,
            name: turn.meta.name,
            title: turn.meta.title,
            severity: turn.severity,
            tier: turn.meta.tier,
            before: turn.before,
            after: turn.after,
            message: inert(&turn.message),
            waived: turn.is_waived,
            fingerprint: &turn.fingerprint,
        }
    }
}

impl Loss {
    fn of(gap: &Gap, side: Option<drift::Side>) -> Self {
        Self {
            side: side.map(drift::Side::word),
            reason: gap.reason.code(),
            message: inert(&gap.message),
            action: gap.action.clone(),
            scope: gap.scope.clone(),
            status: gap.status,
        }
    }
}

impl<'a> Event<'a> {
    fn of(own: &'a drift::Event) -> Self {
        Self {
            at: show(own.at),
            caller: own.caller.as_deref(),
            operation: &own.operation,
            status: own.status.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::canned;

    #[test]
    fn the_report_is_stable_and_follows_its_schema() {
        let drift = canned::drift();
        let text = render(&drift);
        assert_eq!(text, render(&drift));
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let mut report: serde_json::Value = serde_json::from_str(&text).unwrap();
        validator.validate(&report).unwrap();
        report["deployments"][0]["differences"][0].as_object_mut().unwrap().remove("before");
        assert!(!validator.is_valid(&report));
        let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
        insta::assert_snapshot!("drift.json", text.replace(&version, "\"version\": \"[version]\""));
    }
}
