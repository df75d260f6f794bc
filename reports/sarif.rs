//! The SARIF 2.1.0 report for code-scanning services: one run a deployment.
//!
//! A service alerts on what it is given, so by default it is given what is broken and what could not
//! be read; everything else only when asked for.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Notification, PropertyBag, ReportingDescriptorReference,
    ResultColumnKind, Run, RunAutomationDetails, Sarif, Tool, ToolComponent, Version,
    VersionControlDetails,
};
use vaudit_model::assessment::{Assessment, DeploymentAssessment, GapUse, RuleResult};
use vaudit_model::instant::show;
use vaudit_model::rule::sentence;
use vaudit_model::shell::inert;
use vaudit_model::snapshot::Stopped;

use crate::inert_json::EVERY_LEVEL;
use crate::json_list::List;
use crate::sarif_location::{self, SOURCE_ROOT};
use crate::{sarif_past, sarif_results, sarif_rules, wording};

/// Where vaudit is at home.
pub const INFORMATION_URI: &str = "https://github.com/vaudit/vaudit";
/// The schema the report follows, at the address validators know it by.
const SCHEMA_URI: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The list of the runs.
const RUNS: List = List { key: Some("runs"), depth: 2, levels: EVERY_LEVEL };
/// The list of the descriptors of the rules, in each run: it is long, and written once.
const RULES: List = List { key: Some("rules"), depth: 6, levels: EVERY_LEVEL };
/// How many runs GitHub accepts in one file.
const RUNS_IN_A_FILE: usize = 20;
/// How many results GitHub accepts in one run.
const RESULTS_IN_A_RUN: usize = 25_000;
/// A report of this many bytes may stay above GitHub's 10 MB after compression: reports of many
/// findings shrink to about a tenth.
const LARGE_REPORT: usize = 90_000_000;

/// How the SARIF report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SarifOptions {
    /// Whether passed, waived, not applicable and informational results are wanted too.
    pub all: bool,
    /// The manifest's path relative to the source root, with `/` separators, not yet percent-encoded;
    /// none when there is no file.
    pub manifest_uri: Option<String>,
    /// The revision the manifest is at.
    pub version_control: Option<VersionControl>,
    /// The version of vaudit.
    pub tool_version: String,
    /// What the results are of.
    pub analysis: Analysis,
}

/// What the results of a report are of: services keep one state for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Analysis {
    /// Of an audit.
    #[default]
    Audit,
    /// Of a comparison with a baseline.
    Drift {
        /// What the exit code means.
        outcome: String,
    },
}

impl Analysis {
    /// The category the results are filed under.
    fn category(&self) -> &'static str {
        match self {
            Self::Audit => "vaudit",
            Self::Drift { .. } => "vaudit-drift",
        }
    }
}

impl Default for SarifOptions {
    fn default() -> Self {
        Self {
            all: false,
            manifest_uri: None,
            version_control: None,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            analysis: Analysis::Audit,
        }
    }
}

/// The revision of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionControl {
    /// The absolute URI of the repository. Credentials in it are left out of the report.
    pub repository_uri: String,
    /// The revision, such as a commit id.
    pub revision_id: String,
    /// The branch.
    pub branch: Option<String>,
}

/// A SARIF report, and what its writer should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SarifReport {
    /// The report.
    pub text: String,
    /// Sentences for the conversation on stderr: limits of code-scanning services it runs into.
    pub notes: Vec<String>,
}

/// Renders the assessment as SARIF.
pub fn render(assessment: &Assessment, options: &SarifOptions) -> SarifReport {
    let mut notes = Vec::new();
    let count = assessment.deployments.len();
    if count > RUNS_IN_A_FILE {
        notes.push(format!(
            "the SARIF report has {count} runs, one a deployment; GitHub accepts {RUNS_IN_A_FILE} in a file: write several files with --deployment"
        ));
    }
    notes.extend(assessment.deployments.iter().filter_map(|own| left_out(own, options.all)));
    let log = Sarif::builder()
        .schema(SCHEMA_URI)
        .version(Version::V2_1_0.to_string())
        .runs(Vec::new())
        .build();
    let mut rules = RULES.items();
    assessment.catalogue.iter().for_each(|entry| rules.push(&sarif_rules::rule(entry)));
    let rules = rules.content();
    let outcome = outcome(assessment, &options.analysis);
    let text = RUNS.document(&log, &assessment.deployments, |assessed, runs| {
        let run = run(assessment, assessed, options, &outcome);
        runs.push_with(&run, [(RULES, Cow::from(&rules))]);
    });
    if text.len() > LARGE_REPORT {
        notes.push(format!(
            "the SARIF report has {} MB; GitHub accepts 10 MB after compression",
            text.len() / 1_000_000
        ));
    }
    SarifReport { text, notes }
}

/// The run of a deployment, without the descriptors of the rules.
fn run(
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    options: &SarifOptions,
    outcome: &str,
) -> Run {
    let name = inert(&assessed.deployment.name);
    let category = options.analysis.category();
    let (chosen, _) = choose(&assessed.results, options.all, RESULTS_IN_A_RUN);
    let mut notifications: Vec<Notification> =
        assessed.gaps.iter().map(|gap| lost_sight(assessment, gap)).collect();
    notifications.extend(
        left_out(assessed, options.all)
            .map(|note| Notification::builder().level("warning").message(&note).build()),
    );
    let room = RESULTS_IN_A_RUN.saturating_sub(chosen.len());
    let absent = sarif_past::absent(assessment, assessed, options, room);
    let results = chosen
        .into_iter()
        .map(|result| sarif_results::result(assessment, &assessed.deployment, result, options));
    let driver = ToolComponent::builder()
        .name("vaudit")
        .semantic_version(&options.tool_version)
        .information_uri(INFORMATION_URI)
        .rules(Vec::new())
        .notifications(sarif_rules::notifications(&assessed.gaps))
        .build();
    let mut run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(
            RunAutomationDetails::builder().id(format!("{category}/{name}/")).build(),
        )
        .column_kind(ResultColumnKind::UnicodeCodePoints.to_string())
        .original_uri_base_ids(source_root())
        .invocations(vec![invocation(assessment, outcome, notifications)])
        .results(results.chain(absent).collect::<Vec<_>>())
        .properties(run_properties(assessment))
        .build();
    run.version_control_provenance = options.version_control.as_ref().and_then(provenance);
    run
}

/// Says how many results of a deployment the report had to leave out, if any.
fn left_out(assessed: &DeploymentAssessment, all: bool) -> Option<String> {
    let (_, cut) = choose(&assessed.results, all, RESULTS_IN_A_RUN);
    let name = inert(&assessed.deployment.name);
    (cut > 0).then(|| {
        format!(
            "{cut} results of `{name}` are not in the SARIF report: a run holds at most {RESULTS_IN_A_RUN}, and the worst were kept"
        )
    })
}

/// The results the report shows, in their order, and how many had to be left out to keep the limit.
fn choose(results: &[RuleResult], all: bool, limit: usize) -> (Vec<&RuleResult>, usize) {
    let wanted = results.iter().filter(|result| all || result.is_open());
    let mut chosen: Vec<(usize, &RuleResult)> = wanted.enumerate().collect();
    let cut = chosen.len().saturating_sub(limit);
    if cut > 0 {
        chosen.sort_by_key(|(_, result)| {
            Reverse((result.is_open(), result.judgement.verdict, result.severity))
        });
        chosen.truncate(limit);
        chosen.sort_by_key(|(place, _)| *place);
    }
    (chosen.into_iter().map(|(_, result)| result).collect(), cut)
}

fn source_root() -> BTreeMap<String, ArtifactLocation> {
    // Without a URI: where the tree lies on this machine is nobody's business, and the service knows
    // where it lies on its own.
    let root = ArtifactLocation::builder()
        .description("The root of the source tree that holds the manifest.")
        .build();
    BTreeMap::from([(SOURCE_ROOT.to_owned(), root)])
}

/// What the exit code means.
fn outcome(assessment: &Assessment, analysis: &Analysis) -> String {
    match analysis {
        Analysis::Audit => wording::exit_code(assessment),
        Analysis::Drift { outcome } => outcome.clone(),
    }
}

fn invocation(
    assessment: &Assessment,
    outcome: &str,
    notifications: Vec<Notification>,
) -> Invocation {
    let run = &assessment.run;
    let mut invocation = Invocation::builder()
        .execution_successful(run.header.stopped.is_none())
        .start_time_utc(show(run.header.started_at))
        .end_time_utc(show(run.header.finished_at))
        .exit_code(i64::from(run.exit_code))
        .exit_code_description(outcome)
        .tool_execution_notifications(notifications)
        .build();
    invocation.exit_signal_name = match run.header.stopped {
        Some(Stopped::Interrupted) => Some("SIGINT".to_owned()),
        Some(Stopped::Terminated) => Some("SIGTERM".to_owned()),
        Some(Stopped::OutOfTime) | None => None,
    };
    invocation
}

fn lost_sight(assessment: &Assessment, gap: &GapUse) -> Notification {
    let status = gap.status.map(|status| format!("HTTP status {status}."));
    let cost = Some(&gap.rules).filter(|rules| !rules.is_empty());
    let sentences = [
        sentence(&gap.message),
        wording::missing(gap.action.as_deref(), gap.scope.as_deref()),
        status.unwrap_or_default(),
        cost.map_or_else(String::new, |rules| {
            format!("Rules without a verdict: {}.", rules.join(", "))
        }),
    ];
    let said: Vec<String> = sentences.into_iter().filter(|text| !text.is_empty()).collect();
    let rules = gap.rules.iter().map(|rule| Value::from(rule.as_str())).collect::<Vec<_>>();
    let mut notification = Notification::builder()
        .descriptor(ReportingDescriptorReference::builder().id(gap.reason.code()).build())
        .level("warning")
        .message(&sarif_results::plain(&said.join(" ")))
        .properties(properties([("rules", Value::Array(rules))]))
        .build();
    // SARIF has room for one rule here; all of them are in the properties.
    notification.associated_rule = gap.rules.first().and_then(|rule| {
        let index = sarif_rules::index(assessment, rule)?;
        Some(ReportingDescriptorReference::builder().id(rule).index(index).build())
    });
    notification
}

fn run_properties(assessment: &Assessment) -> PropertyBag {
    let run = &assessment.run;
    properties([
        ("runId", Value::from(run.id.as_str())),
        ("profile", Value::from(run.profile.as_str())),
        ("source", Value::from(run.source.word())),
    ])
}

/// A property bag without tags.
pub(crate) fn properties<const N: usize>(entries: [(&str, Value); N]) -> PropertyBag {
    let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
    PropertyBag::builder().additional_properties(entries.collect::<BTreeMap<_, _>>()).build()
}

fn provenance(version_control: &VersionControl) -> Option<Vec<VersionControlDetails>> {
    let uri = sarif_location::repository(&version_control.repository_uri)?;
    let mut details = VersionControlDetails::builder()
        .repository_uri(uri)
        .revision_id(inert(&version_control.revision_id))
        .mapped_to(ArtifactLocation::builder().uri_base_id(SOURCE_ROOT).build())
        .build();
    details.branch = version_control.branch.as_deref().map(inert);
    Some(vec![details])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use serde_json::Value;

    fn options(all: bool) -> SarifOptions {
        SarifOptions {
            all,
            manifest_uri: Some("infra/vaudit.toml".to_owned()),
            version_control: Some(VersionControl {
                repository_uri: "https://user:token@github.com/example/infra".to_owned(),
                revision_id: "041f4ef0c8a3e2d1b4c6f9a771e2d3c4b5a69f00".to_owned(),
                branch: Some("main".to_owned()),
            }),
            tool_version: "1.2.3".to_owned(),
            ..SarifOptions::default()
        }
    }

    /// Renders, looks at what must hold for every report, and returns it read.
    fn check(assessment: &Assessment, options: &SarifOptions) -> (SarifReport, Value) {
        let report = render(assessment, options);
        let log: Value = serde_json::from_str(&report.text).unwrap();
        // The standard's schema has a stray bracket in its pattern for languages.
        let schema = include_str!("sarif-schema-2.1.0.json").replace("{2}]?$", "{2}$");
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        assert!(vaudit_model::shell::inert_lines(&report.text) == report.text);
        for run in log["runs"].as_array().unwrap() {
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            for result in run["results"].as_array().unwrap() {
                assert_eq!(result["level"] == "none", result["kind"] != "fail", "{result}");
                assert_eq!(result["locations"].as_array().unwrap().len(), 1);
                let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                assert_eq!(rules[index]["id"], result["ruleId"]);
                let hash =
                    result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
                assert!(hash.len() == 34 && hash.ends_with(":1"), "{hash}");
            }
        }
        (report, log)
    }

    #[test]
    fn by_default_it_holds_what_a_service_should_alert_on() {
        let (report, log) = check(&canned::assessment(), &options(false));
        assert_eq!(report.notes, Vec::<String>::new());
        for result in log["runs"][0]["results"].as_array().unwrap() {
            assert!(result["kind"] == "fail" || result["kind"] == "open", "{result}");
            let message = result["message"]["text"].as_str().unwrap();
            assert_eq!(message.starts_with("Could not be judged: "), result["kind"] == "open");
        }
        insta::assert_snapshot!("default.sarif", report.text);
    }

    #[test]
    fn with_all_it_holds_every_result_and_says_of_each_whether_it_is_suppressed() {
        let (report, log) = check(&canned::assessment(), &options(true));
        for (run, assessed) in
            log["runs"].as_array().unwrap().iter().zip(canned::assessment().deployments)
        {
            let results = run["results"].as_array().unwrap();
            assert_eq!(results.len(), assessed.results.len());
            for (shown, result) in results.iter().zip(assessed.results) {
                let suppressions = shown["suppressions"].as_array().unwrap();
                assert_eq!(suppressions.len(), usize::from(result.waiver.is_some()));
            }
        }
        insta::assert_snapshot!("all.sarif", report.text);
    }

    #[test]
    fn held_against_an_earlier_run_every_result_says_what_it_is_to_it() {
        for all in [false, true] {
            let (_, log) = check(&canned::compared(), &options(all));
            let mut said = String::new();
            for result in log["runs"][0]["results"].as_array().unwrap() {
                let state = result["baselineState"].as_str().unwrap();
                assert!(all || state != "absent", "a service would take it for a finding");
                let (rule, kind) = (&result["ruleId"], &result["kind"]);
                let times = &result["provenance"];
                said += &format!("{rule} {kind} {state} {times} {}\n", result["message"]["text"]);
            }
            insta::assert_snapshot!(format!("previous-{all}.sarif"), said);
        }
    }

    #[test]
    fn without_a_file_results_point_at_the_first_line() {
        let (_, log) = check(&canned::assessment(), &SarifOptions::default());
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "vaudit.toml");
            assert_eq!(place["region"], serde_json::json!({"startLine": 1, "startColumn": 1}));
        }
        assert!(log["runs"][0].get("versionControlProvenance").is_none());
    }

    #[test]
    fn a_stopped_run_is_no_success() {
        let mut assessment = canned::assessment();
        assessment.run.header.stopped = Some(Stopped::Interrupted);
        assessment.run.exit_code = 130;
        let (_, log) = check(&assessment, &options(false));
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        assert_eq!(invocation["exitSignalName"], "SIGINT");
        assert_eq!(invocation["exitCode"], 130);
    }

    #[test]
    fn above_the_limit_the_worst_are_kept_in_their_order() {
        let assessment = canned::assessment();
        let results = &assessment.deployments[0].results;
        let rules = |all, limit| {
            let (chosen, cut) = choose(results, all, limit);
            (chosen.into_iter().map(|result| result.meta.id).collect::<Vec<_>>(), cut)
        };
        assert_eq!(rules(false, 3), (vec!["NET006", "PG001", "PG004"], 4));
        assert_eq!(rules(true, 1), (vec!["NET006"], 13));
        assert_eq!(rules(false, 7).1, 0);
    }

    #[test]
    fn more_deployments_than_a_file_may_have_are_said() {
        let mut assessment = canned::assessment();
        assessment.deployments = vec![assessment.deployments[1].clone(); RUNS_IN_A_FILE + 1];
        let report = render(&assessment, &options(false));
        assert!(report.notes[0].contains("has 21 runs"), "{:?}", report.notes);
    }
}
