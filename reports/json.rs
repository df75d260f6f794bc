//! The JSON report, schema version 1: what `CONTRACT.md` promises, field by field.
//!
//! The run, the summary and the waivers are here, the deployments in `json_deployment.rs`.
//! The comments on the fields are the descriptions of the JSON Schema. Every field is always there but
//! those of `json_previous.rs`; what does not apply is null.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use vaudit_model::assessment::{Assessment, WaiverUse};
use vaudit_model::deployment::WaiverPolicy;
use vaudit_model::instant::show;
use vaudit_model::shell::inert;
use vaudit_model::snapshot::Stopped;

use crate::inert_json::EVERY_LEVEL;
use crate::json_deployment::Deployment;
use crate::json_list::List;
use crate::json_previous::Previous;

/// The version of the schema. A reader that knows it ignores fields it does not know.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// The list of the deployments.
const DEPLOYMENTS: List = List { key: Some("deployments"), depth: 2, levels: EVERY_LEVEL };

/// Renders the assessment as JSON. The same assessment gives the same bytes.
pub fn render(assessment: &Assessment) -> String {
    DEPLOYMENTS.document(&Report::of(assessment), &assessment.deployments, |own, deployments| {
        deployments.push(&Deployment::of(own, assessment));
    })
}

/// The JSON Schema of the report (draft 2020-12).
pub fn schema() -> serde_json::Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Report<'_>>()
        .into()
}

/// What vaudit found in a Vectice deployment on Azure, schema version 1.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "vaudit report")]
struct Report<'a> {
    /// The version of this schema.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// The program that judged.
    tool: Tool,
    /// The run, as its snapshot tells it.
    run: Run<'a>,
    /// How many results there are of each kind over all deployments.
    summary: Summary,
    /// What became of each waiver of the manifest, in its order.
    waivers: Vec<WaiverState<'a>>,
    /// The deployments, in the order of the manifest.
    deployments: Vec<Deployment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Previous<'a>>,
}

/// The program that judged.
#[derive(Serialize, JsonSchema)]
struct Tool {
    /// `vaudit`.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// The run, as its snapshot tells it.
#[derive(Serialize, JsonSchema)]
struct Run<'a> {
    /// 16 hexadecimal digits of the snapshot's digest.
    id: &'a str,
    /// When the run began: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// When the last answer was in: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    finished_at: String,
    /// The profile that was judged; `custom` when globs replaced it.
    profile: &'a str,
    /// Where the facts came from.
    #[schemars(extend("enum" = ["live", "demo", "snapshot"]))]
    source: &'static str,
    /// False when the run was stopped before everything planned was asked for.
    complete: bool,
    /// Why it was stopped; null when it was not.
    #[schemars(extend("enum" = ["interrupted", "terminated", "out-of-time", null]))]
    stopped: Option<Stopped>,
    /// The exit code the verdicts amount to.
    exit_code: u8,
    /// How many requests were sent, retries not counted.
    requests: u64,
    /// How many of them were sent again.
    retries: u64,
    /// Who looked.
    identity: Identity<'a>,
    /// The manifest the results were judged by.
    manifest: Manifest<'a>,
}

/// The identity that made the requests, as its token names it.
#[derive(Serialize, JsonSchema)]
struct Identity<'a> {
    /// The object id of the principal.
    object_id: Option<&'a str>,
    /// The client id of the application.
    client_id: Option<&'a str>,
    /// The tenant it signed in to.
    tenant: Option<&'a str>,
}

/// The manifest the results were judged by.
#[derive(Serialize, JsonSchema)]
struct Manifest<'a> {
    /// The path it was read from; null when it was made from flags.
    path: Option<&'a str>,
    /// SHA-256 of its text, in hexadecimal.
    sha256: &'a str,
}

/// How many results there are of each kind. A waived result counts only as waived.
#[derive(Serialize, JsonSchema)]
struct Summary {
    /// The rule holds.
    pass: u32,
    /// The rule is broken.
    fail: u32,
    /// The rule is moot.
    not_applicable: u32,
    /// Nothing can be said.
    indeterminate: u32,
    /// A statement that is no failure.
    informational: u32,
    /// A failure or a lost verdict that a waiver covers.
    waived: u32,
}

/// A waiver of the manifest and what became of it in this run.
#[derive(Serialize, JsonSchema)]
struct WaiverState<'a> {
    /// Its place in the manifest, counted from 0.
    index: usize,
    /// The rule id, name or glob it names.
    rule: &'a str,
    /// What became of it: `active` and `expiring` (within 14 days) cover a result, or not everything
    /// they name was judged; `unused` covers nothing; `void` means that the observation it was given
    /// for has changed.
    #[schemars(extend("enum" = ["active", "expiring", "expired", "unused", "void"]))]
    state: &'static str,
    /// The one deployment it is for; null for all.
    deployment: Option<&'a str>,
    /// The one subject it is for; null for all.
    subject: Option<&'a str>,
    /// Why, by whom and until when.
    #[serde(flatten)]
    waiver: Waiver<'a>,
}

/// Why, by whom and until when something is accepted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Waiver<'a> {
    /// Why it is accepted.
    reason: String,
    /// Who answers for it.
    owner: String,
    /// The last valid day, in UTC.
    #[schemars(extend("format" = "date"))]
    expires: String,
    /// A ticket.
    ticket: Option<&'a str>,
    /// What is accepted.
    #[schemars(extend("enum" = ["fail", "indeterminate", "both"]))]
    accept: &'static str,
    /// The observed digest it was given for.
    pin: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// The report without its deployments.
    fn of(assessment: &'a Assessment) -> Self {
        let waivers = &assessment.waivers;
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "vaudit", version: env!("CARGO_PKG_VERSION") },
            run: Run::of(&assessment.run),
            summary: Summary::of(assessment.summary()),
            waivers: waivers.iter().enumerate().map(WaiverState::of).collect(),
            deployments: Vec::new(),
            previous: Previous::of(assessment),
        }
    }
}

impl<'a> Run<'a> {
    fn of(run: &'a vaudit_model::assessment::Run) -> Self {
        let header = &run.header;
        Self {
            id: &run.id,
            started_at: show(header.started_at),
            finished_at: show(header.finished_at),
            profile: &run.profile,
            source: run.source.word(),
            complete: header.stopped.is_none(),
            stopped: header.stopped,
            exit_code: run.exit_code,
            requests: header.requests,
            retries: header.retries,
            identity: Identity {
                object_id: header.identity.object_id.as_deref(),
                client_id: header.identity.client_id.as_deref(),
                tenant: header.identity.tenant.as_deref(),
            },
            manifest: Manifest {
                path: header.manifest.path.as_deref(),
                sha256: &run.manifest_sha256,
            },
        }
    }
}

impl Summary {
    fn of(summary: vaudit_model::assessment::Summary) -> Self {
        Self {
            pass: summary.pass,
            fail: summary.fail,
            not_applicable: summary.not_applicable,
            indeterminate: summary.indeterminate,
            informational: summary.informational,
            waived: summary.waived,
        }
    }
}

impl<'a> WaiverState<'a> {
    fn of((index, used): (usize, &'a WaiverUse)) -> Self {
        Self {
            index,
            rule: &used.waiver.rule,
            state: used.state.word(),
            deployment: used.waiver.deployment.as_deref(),
            subject: used.waiver.subject.as_deref(),
            waiver: Waiver::of(&used.waiver),
        }
    }
}

impl<'a> Waiver<'a> {
    /// The waiver as the manifest has it.
    pub(crate) fn of(policy: &'a WaiverPolicy) -> Self {
        Self {
            reason: inert(&policy.reason),
            owner: inert(&policy.owner),
            expires: policy.expires.to_string(),
            ticket: policy.ticket.as_deref(),
            accept: policy.accept.word(),
            pin: policy.pin.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use crate::inert_json::pretty;

    #[test]
    fn the_report_is_what_the_contract_shows() {
        let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
        let json = render(&canned::assessment()).replace(&version, "\"version\": \"[version]\"");
        insta::assert_snapshot!("report.json", json);
    }

    #[test]
    fn the_schema_accepts_the_report_and_requires_every_field() {
        let schema = schema();
        insta::assert_snapshot!("schema.json", pretty(&schema));
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut report: serde_json::Value =
            serde_json::from_str(&render(&canned::assessment())).unwrap();
        validator.validate(&report).unwrap();
        report["deployments"][0]["results"][0].as_object_mut().unwrap().remove("waiver");
        assert!(!validator.is_valid(&report));
    }

    #[test]
    fn held_against_an_earlier_run_the_report_says_more_and_the_rest_stays() {
        let assessment = canned::compared();
        let text = render(&assessment);
        let mut report: serde_json::Value = serde_json::from_str(&text).unwrap();
        jsonschema::validator_for(&schema()).unwrap().validate(&report).unwrap();
        let mut said = vec![report.as_object_mut().unwrap().remove("previous").unwrap()];
        for deployment in report["deployments"].as_array_mut().unwrap() {
            for result in deployment["results"].as_array_mut().unwrap() {
                let result = result.as_object_mut().unwrap();
                let mut own = vec![result["rule"].clone(), result["verdict"].clone()];
                for field in [
                    "baseline_state",
                    "previous_verdict",
                    "previously_waived",
                    "previously_in_sight",
                    "first_detected_at",
                    "failing_since",
                ] {
                    own.push(result.remove(field).unwrap());
                }
                said.push(own.into());
            }
        }
        let without = Assessment { previous: None, ..assessment };
        let plain: serde_json::Value = serde_json::from_str(&render(&without)).unwrap();
        assert_eq!(report, plain);
        insta::assert_snapshot!("previous.json", pretty(&said));
    }

    #[test]
    fn the_same_assessment_gives_the_same_bytes() {
        assert_eq!(render(&canned::assessment()), render(&canned::assessment()));
    }
}
