//! Reports of earlier runs, read back from their JSON.
//!
//! Fields that are not known are ignored; those that are used must be there. Whatever they hold is
//! text of others: a file may have been changed by hand.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::Value;

use crate::instant::parse_rfc3339;
use crate::rule::{Severity, Verdict};
use crate::shell::inert;

/// The version of the report's schema that can be read back.
const SCHEMA_VERSION: u64 = 1;

/// Why a text is no report that can be read back. Each ends a sentence that begins with the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is no JSON, or the end of it is missing.
    #[error("is no whole JSON document: {0}")]
    NotJson(String),
    /// It is JSON of something else.
    #[error("is JSON, but no report of `vaudit check`")]
    NotAReport,
    /// Another version of vaudit wrote it.
    #[error("is a report of schema version {0}, and this vaudit reads version {SCHEMA_VERSION}")]
    OtherVersion(String),
    /// A report, in which something is missing or not what it should be.
    #[error("is a damaged report: {0}")]
    Damaged(String),
}

/// A report of an earlier run, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PastReport {
    /// The version of its schema.
    schema_version: u64,
    /// The run.
    pub run: PastRun,
    /// The deployments.
    pub deployments: Vec<PastDeployment>,
    #[serde(default)]
    previous: Option<Before>,
}

/// What a report says of the run before it, as far as it is still needed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Before {
    #[serde(default)]
    not_judged: Vec<PastFinding>,
}

/// An earlier run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PastRun {
    /// Its id.
    pub id: String,
    /// When its last answer was in.
    #[serde(deserialize_with = "instant")]
    pub finished_at: Timestamp,
    /// The profile that was judged.
    pub profile: String,
    /// False when it was stopped early.
    pub complete: bool,
}

/// A deployment of an earlier run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PastDeployment {
    /// Its name.
    pub name: String,
    /// Its subscription.
    pub subscription: String,
    /// Its resource group.
    pub resource_group: String,
    /// What was judged.
    pub results: Vec<PastResult>,
}

/// A result of an earlier run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PastResult {
    /// The id of the rule.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// What holds when it passes.
    pub title: String,
    /// The severity that counted.
    pub severity: Severity,
    /// The verdict.
    pub verdict: Verdict,
    /// What was judged.
    pub subject: String,
    /// What was found.
    pub message: String,
    #[serde(default)]
    waiver: Option<IgnoredAny>,
    /// The same in every run for the same rule, deployment and subject.
    pub fingerprint: String,
    /// Changes with what was observed.
    pub observed_digest: String,
    /// Since when it was a finding, where the report knew.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub first_detected_at: Option<Timestamp>,
    /// Since when it fails, where the report knew.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub failing_since: Option<Timestamp>,
}

impl PastResult {
    /// Whether a waiver covered it.
    pub fn is_waived(&self) -> bool {
        self.waiver.is_some()
    }

    /// Whether it was a failure or a lost verdict, waived or not.
    pub fn is_finding(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Indeterminate)
    }
}

/// A finding of an earlier run that a later report still tells of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PastFinding {
    /// The deployment.
    pub deployment: String,
    /// The id of the rule.
    pub rule: String,
    /// What holds when it passes.
    pub title: String,
    /// The severity that counted.
    pub severity: Severity,
    /// What was judged.
    pub subject: String,
    /// What was found then.
    pub message: String,
    /// What the verdict was when it was last judged.
    pub previous_verdict: Verdict,
    /// Whether a waiver covered it then.
    pub waived: bool,
    /// The same in every run.
    pub fingerprint: String,
    /// The digest of what was observed then.
    pub observed_digest: String,
    /// Since when it was a finding.
    #[serde(deserialize_with = "instant")]
    pub first_detected_at: Timestamp,
    /// Since when it fails; none of one that is only known to have lost its verdict.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub failing_since: Option<Timestamp>,
}

impl PastReport {
    /// Reads a report.
    ///
    /// # Errors
    ///
    /// When the text is none, or none that can be read back.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        match serde_json::from_str::<Self>(text) {
            Ok(report) if report.schema_version == SCHEMA_VERSION => Ok(report),
            Ok(report) => Err(ReportError::OtherVersion(report.schema_version.to_string())),
            Err(error) => Err(ReportError::of(text, &error)),
        }
    }

    /// The findings of runs before it that it could not judge.
    pub fn waiting(&self) -> &[PastFinding] {
        self.previous.as_ref().map_or(&[], |before| &before.not_judged)
    }
}

impl ReportError {
    /// What is wrong with a text that cannot be read as a report.
    pub fn of(text: &str, error: &serde_json::Error) -> Self {
        let document: Value = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => return Self::NotJson(error.to_string()),
        };
        let is_report = document.get("tool").and_then(|tool| tool.get("name"))
            == Some(&Value::from("vaudit"))
            && document.get("deployments").is_some();
        match document.get("schema_version") {
            Some(version) if is_report && version.as_u64() == Some(SCHEMA_VERSION) => {
                Self::Damaged(inert(&error.to_string()))
            }
            Some(version) if is_report => Self::OtherVersion(inert(&version.to_string())),
            _ => Self::NotAReport,
        }
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = parse_rfc3339(&text).map(|read| read.instant);
    read.ok_or_else(|| serde::de::Error::custom(format!("`{}` is no time", inert(&text))))
}

fn maybe_instant<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| parse_rfc3339(&text)).map(|read| read.instant))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        json!({
            "schema_version": 1,
            "tool": {"name": "vaudit", "version": "9.9.9", "novelty": []},
            "run": {"id": "a", "finished_at": "2026-11-22T03:17:00Z", "profile": "all", "complete": true},
            "deployments": [{
                "name": "production", "subscription": "s", "resource_group": "g", "novelty": {},
                "results": [{
                    "rule": "PG001", "name": "n", "title": "t", "severity": "high", "verdict": "fail",
                    "subject": "/x\u{1b}[2J", "message": "m", "fingerprint": "f", "observed_digest": "d",
                    "waiver": {"reason": "r"}, "first_detected_at": "yesterday"
                }]
            }]
        })
    }

    #[test]
    fn a_report_is_read_whatever_else_it_says() {
        let read = PastReport::parse(&report().to_string()).unwrap();
        let result = &read.deployments[0].results[0];
        assert!(result.is_waived() && result.is_finding());
        assert_eq!(result.first_detected_at, None, "no time is none, not a damaged report");
        assert_eq!(read.waiting(), []);
    }

    #[test]
    fn what_is_no_report_says_what_it_is() {
        let text = report().to_string();
        let with = |pointer: &str, value: Value| {
            let mut report = report();
            *report.pointer_mut(pointer).unwrap() = value;
            report.to_string()
        };
        for (text, said) in [
            (text[..text.len() / 2].to_owned(), "is no whole JSON document: "),
            (String::new(), "is no whole JSON document: EOF"),
            ("[1, 2]".to_owned(), "is JSON, but no report of `vaudit check`"),
            (r#"{"schema_version": 1, "runs": []}"#.to_owned(), "is JSON, but no report"),
            (with("/schema_version", json!(2)), "is a report of schema version 2, and this vaudit"),
            (
                with("/schema_version", json!("2\u{1b}")),
                "is a report of schema version \"2\\u001b\", and this",
            ),
            (
                with("/run/finished_at", json!("soon\u{9b}")),
                "is a damaged report: `soon\u{fffd}` is no time",
            ),
            (
                with("/deployments/0/results/0/verdict", json!("maybe")),
                "is a damaged report: unknown variant",
            ),
        ] {
            let error = PastReport::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
