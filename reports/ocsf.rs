//! The OCSF report: a Compliance Finding (class 2003) for each result, in a JSON array with one event
//! a line, for a SIEM or a data lake.
//!
//! Passed results are events too: who asks for the state of a control has to see that it was looked
//! at. The schema is 1.5.0. Of later ones nothing is used, and of 1.5.0 nothing that those up to 1.7.0
//! have deprecated. `docs/formats.md` says what became of what.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult, short_digest};
use vaudit_model::history::{Baseline, Mark};
use vaudit_model::rule::Severity;
use vaudit_model::shell::as_inert;

use crate::json_list::List;
use crate::ocsf_objects::{
    Artifact, Cloud, Compliance, FindingInfo, Metadata, Remediation, Resource, Unmapped,
};

/// The category Findings.
const CATEGORY: u32 = 2;
/// The class Compliance Finding.
const CLASS: u32 = 2003;

/// The list of the events is the report, and each event a line of it.
const EVENTS: List = List { key: None, depth: 1, levels: 1 };

/// Renders the assessment as OCSF.
pub fn render(assessment: &Assessment) -> String {
    let run = &assessment.run;
    let run = short_digest(&format!("{}|{}", run.id, run.manifest_sha256));
    let deployments: Vec<_> = assessment.deployments.iter().enumerate().collect();
    EVENTS.document(&[(); 0], &deployments, |(number, assessed), events| {
        let common = Common::of(assessment, assessed);
        for (place, result) in assessed.results.iter().enumerate() {
            events.push(&Event::of(&common, result, format!("{run}-{number}-{place}")));
        }
    })
}

/// What the events of a deployment have in common.
struct Common<'a> {
    assessment: &'a Assessment,
    assessed: &'a DeploymentAssessment,
    cloud: Cloud<'a>,
    resources: BTreeMap<&'a str, Resource<'a>>,
}

impl<'a> Common<'a> {
    fn of(assessment: &'a Assessment, assessed: &'a DeploymentAssessment) -> Self {
        let mut resources = BTreeMap::new();
        for result in &assessed.results {
            let subject = result.judgement.subject.as_str();
            resources.entry(subject).or_insert_with(|| Resource::of(subject));
        }
        let cloud = Cloud::of(&assessed.deployment.subscription);
        Self { assessment, assessed, cloud, resources }
    }
}

/// An enumerated value: its id and its caption.
pub(crate) type Choice = (u32, &'static str);

#[derive(Serialize)]
struct Event<'a> {
    activity_id: u32,
    activity_name: &'static str,
    category_uid: u32,
    category_name: &'static str,
    class_uid: u32,
    class_name: &'static str,
    type_uid: u32,
    type_name: String,
    time: i64,
    severity_id: u32,
    severity: &'static str,
    status_id: u32,
    status: &'static str,
    message: Cow<'a, str>,
    metadata: Metadata<'a>,
    finding_info: FindingInfo<'a>,
    compliance: Compliance<'a>,
    resources: [&'a Resource<'a>; 1],
    cloud: &'a Cloud<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidences: Vec<Artifact<'a>>,
    unmapped: Unmapped<'a>,
}

impl<'a> Event<'a> {
    fn of(common: &'a Common<'_>, result: &'a RuleResult, uid: String) -> Self {
        let Common { assessment, assessed, .. } = common;
        let run = &assessment.run;
        let used = result.waiver.and_then(|index| assessment.waivers.get(index));
        let mark = assessment.previous.as_ref().and_then(|past| past.mark(result));
        // Whole seconds, as the JSON report has them: read back from one, the report is the same.
        let time = run.header.finished_at.as_second() * 1000;
        let (activity_id, activity_name) = activity(mark);
        let (severity_id, severity) = severity(result.severity);
        // Whatever else becomes of a finding is decided where it is received.
        let (status_id, status) =
            if result.waiver.is_some() { (3, "Suppressed") } else { (1, "New") };
        Self {
            activity_id,
            activity_name,
            category_uid: CATEGORY,
            category_name: "Findings",
            class_uid: CLASS,
            class_name: "Compliance Finding",
            type_uid: CLASS * 100 + activity_id,
            type_name: format!("Compliance Finding: {activity_name}"),
            time,
            severity_id,
            severity,
            status_id,
            status,
            message: as_inert(&result.judgement.message),
            metadata: Metadata::of(assessment, result, uid),
            finding_info: FindingInfo::of(result, mark, time),
            compliance: Compliance::of(result, used),
            resources: [&common.resources[result.judgement.subject.as_str()]],
            cloud: &common.cloud,
            remediation: Remediation::of(result),
            evidences: result.judgement.evidence.iter().map(Artifact::of).collect(),
            unmapped: Unmapped::of(assessment, assessed, result, used),
        }
    }
}

/// A finding is created by its first run. Which that is, only a run held against an earlier one knows.
fn activity(mark: Option<&Mark>) -> Choice {
    match mark.map(|mark| mark.state) {
        None | Some(Baseline::New) => (1, "Create"),
        Some(Baseline::Unchanged | Baseline::Updated) => (2, "Update"),
    }
}

fn severity(severity: Severity) -> Choice {
    match severity {
        Severity::Note => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use serde_json::Value;
    use vaudit_model::rule::Verdict;
    use vaudit_model::shell::inert_lines;

    fn events(assessment: &Assessment) -> Vec<Value> {
        serde_json::from_str(&render(assessment)).unwrap()
    }

    fn results(assessment: &Assessment) -> Vec<&RuleResult> {
        assessment.deployments.iter().flat_map(|own| &own.results).collect()
    }

    #[test]
    fn every_result_is_an_event() {
        let assessment = canned::assessment();
        let text = render(&assessment);
        let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
        insta::assert_snapshot!("report.ocsf", text.replace(&version, "\"version\":\"[version]\""));
        assert_eq!(inert_lines(&text), text);
        let events = events(&assessment);
        assert_eq!(text.lines().count(), events.len() + 2);
        assert_eq!(events.len(), results(&assessment).len());
        let mut uids = events.iter().map(|event| event["metadata"]["uid"].as_str().unwrap());
        let distinct = uids.by_ref().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(distinct.len(), events.len());
    }

    #[test]
    fn a_status_says_no_more_than_the_verdict() {
        let assessment = canned::assessment();
        for (event, result) in events(&assessment).iter().zip(results(&assessment)) {
            let verdict = result.judgement.verdict;
            let compliance = &event["compliance"];
            assert_eq!(compliance["status_id"] == 1, verdict == Verdict::Pass, "{event}");
            assert_eq!(compliance["status_id"] == 3, verdict == Verdict::Fail, "{event}");
            assert_eq!(compliance["status_id"] == 0, verdict == Verdict::Indeterminate, "{event}");
            assert_eq!(event["status_id"] == 3, result.waiver.is_some(), "{event}");
            assert_eq!(event["unmapped"]["waiver"].is_null(), result.waiver.is_none());
        }
    }

    #[test]
    fn what_an_earlier_run_knew_is_an_update() {
        let assessment = canned::compared();
        let mut seen = [0; 2];
        for (event, result) in events(&assessment).iter().zip(results(&assessment)) {
            let mark = assessment.previous.as_ref().unwrap().mark(result).unwrap();
            let is_new = mark.state == Baseline::New;
            seen[usize::from(is_new)] += 1;
            assert_eq!(event["type_uid"], if is_new { 200_301 } else { 200_302 });
            let first = mark.first_detected_at.map(|at| at.as_second() * 1000);
            assert_eq!(event["finding_info"]["first_seen_time"].as_i64(), first);
        }
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }
}
