//! The JUnit report: one suite a deployment, one test case a result.
//!
//! A failure is a failure whatever `--fail-on` says, and what could not be judged is an error:
//! readers of JUnit know no threshold, and the exit code is there for it.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult};
use vaudit_model::fact::Reason;
use vaudit_model::instant::show;
use vaudit_model::rule::{Evidence, Verdict, sentence};
use vaudit_model::shell::inert;

use crate::sarif_rules::shortened;
use crate::wording;

/// How many characters a name or the headline of a status may have: readers show them in lists.
const HEADLINE: usize = 500;

/// Renders the assessment as JUnit XML.
pub fn render(assessment: &Assessment) -> String {
    let header = &assessment.run.header;
    let mut report = Report::new("vaudit");
    // In whole seconds, as the JSON report has both: read back from one, the report is the same.
    let taken = header.finished_at.as_second() - header.started_at.as_second();
    report.set_time(Duration::from_secs(u64::try_from(taken).unwrap_or_default()));
    report.add_test_suites(assessment.deployments.iter().map(|own| suite(assessment, own)));
    match report.to_string() {
        Ok(text) => without_skipped_at_the_root(&text, &report),
        // Nothing is written by hand, and a text takes everything.
        Err(error) => unreachable!("a report always serialises: {error}"),
    }
}

/// The schema of Jenkins' xUnit plugin knows the count of skipped cases for suites only, and refuses
/// a file that has it at the root, where `quick-junit` always writes it.
fn without_skipped_at_the_root(text: &str, report: &Report) -> String {
    let count = format!(" skipped=\"{}\"", report.skipped);
    let (before, after) = text.split_once("<testsuites").unwrap_or((text, ""));
    let (root, rest) = after.split_once('>').unwrap_or((after, ""));
    format!("{before}<testsuites{}>{rest}", root.replacen(&count, "", 1))
}

fn suite(assessment: &Assessment, assessed: &DeploymentAssessment) -> TestSuite {
    let run = &assessment.run;
    let deployment = &assessed.deployment;
    let mut suite = TestSuite::new(headline(&deployment.name));
    // The instant is well-formed, since it was one; its type belongs to a crate we do not depend on.
    suite.timestamp = show(run.header.started_at).parse().ok();
    for (name, value) in [
        ("run", run.id.as_str()),
        ("profile", &run.profile),
        ("source", run.source.word()),
        ("exit_code", &run.exit_code.to_string()),
        ("subscription", &deployment.subscription),
        ("resource_group", &deployment.resource_group),
    ] {
        suite.add_property((name, xml(value).as_str()));
    }
    let cases = assessed.results.iter().map(|result| case(assessment, assessed, result));
    suite.add_test_cases(cases);
    if let Some(stopped) = run.header.stopped {
        suite.set_system_err(wording::stopped(stopped));
    }
    suite
}

fn case(assessment: &Assessment, assessed: &DeploymentAssessment, result: &RuleResult) -> TestCase {
    let judgement = &result.judgement;
    let deployment = &assessed.deployment;
    let name = wording::short_name(&judgement.subject, deployment);
    let title = format!("{} {}: {name}", result.meta.id, result.meta.title);
    // Readers such as GitLab take cases of one class and name for one, whatever suite they are in.
    let class = format!("{}.{}", deployment.name, result.meta.id);
    let mut case = TestCase::new(headline(&title), status(assessment, result));
    case.set_classname(headline(&class));
    let said = details(assessment, assessed, result);
    match &mut case.status {
        TestCaseStatus::NonSuccess { description, .. } => *description = Some(said.into()),
        TestCaseStatus::Success { .. } | TestCaseStatus::Skipped { .. } => {
            case.set_system_out(said);
        }
    }
    case
}

fn status(assessment: &Assessment, result: &RuleResult) -> TestCaseStatus {
    let judgement = &result.judgement;
    if let Some(used) = result.waiver.and_then(|index| assessment.waivers.get(index)) {
        let mut status = TestCaseStatus::skipped();
        let verdict = judgement.verdict.word();
        let until = used.waiver.expires;
        let why = format!("Waived ({verdict}) until {until}. {}", wording::answer(used));
        status.set_type("waived").set_message(headline(&why));
        return status;
    }
    let (mut status, kind) = match judgement.verdict {
        Verdict::Pass | Verdict::Informational => return TestCaseStatus::success(),
        Verdict::Fail => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), result.severity.word())
        }
        Verdict::Indeterminate => {
            let reason = judgement.gap.as_ref().map_or(Reason::Unrecognised, |gap| gap.reason);
            (TestCaseStatus::non_success(NonSuccessKind::Error), reason.code())
        }
        Verdict::NotApplicable => (TestCaseStatus::skipped(), "not_applicable"),
    };
    status.set_type(kind).set_message(headline(&judgement.message));
    status
}

/// Everything a reader needs to act, in lines.
fn details(
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    result: &RuleResult,
) -> String {
    let judgement = &result.judgement;
    let mut lines = vec![sentence(&judgement.message)];
    lines.extend(wording::lapsed(assessment, result));
    lines.push(format!("severity: {}", result.severity.word()));
    lines.push(format!("subject: {}", judgement.subject));
    if let Some(gap) = &judgement.gap {
        let status = gap.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        lines.push(format!("reason: {}{status}, {}", gap.reason, wording::reason(gap.reason)));
        lines.push(wording::missing(gap.action.as_deref(), gap.scope.as_deref()));
    }
    let facts = judgement.evidence.iter().map(|fact| {
        let place = wording::place(fact, &judgement.subject, &assessed.deployment);
        seen(fact, &place)
    });
    lines.extend(facts);
    if let Some(location) = &result.location {
        let (line, column) = (location.line, location.column);
        lines.push(format!("manifest: line {line}, column {column} ({})", location.key));
    }
    if !judgement.remediation.text.is_empty() {
        lines.push(format!("fix: {}", judgement.remediation.text));
    }
    let commands = judgement.remediation.commands.iter();
    lines.extend(commands.map(|command| format!("  {}", command.as_str())));
    lines.retain(|line| !line.is_empty());
    // A line break inside a value must not look like a line of ours.
    let lines: Vec<String> = lines.iter().map(|line| xml(line)).collect();
    lines.join("\n")
}

fn seen(fact: &Evidence, place: &str) -> String {
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    let observed = fact.observed.as_deref().unwrap_or("nothing");
    let expected = fact.expected.as_ref().map(|value| format!(", expected: {value}"));
    format!("seen{at}: {observed}{}", expected.unwrap_or_default())
}

fn headline(text: &str) -> String {
    shortened(&xml(text), HEADLINE)
}

/// Text without what acts on a terminal, nor the two characters XML does not allow besides.
fn xml(text: &str) -> String {
    inert(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use vaudit_model::assessment::Summary;

    /// Renders, and holds the counts of the report against those of the assessment.
    fn check(assessment: &Assessment) -> String {
        let text = render(assessment);
        let allowed = |c: char| matches!(c, '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
        assert!(text.chars().all(allowed), "XML 1.0 has no such character");
        let lines: Vec<String> = text.lines().map(inert).collect();
        assert_eq!(lines.join("\n") + "\n", text);
        let read = Report::deserialize_from_str(&text).unwrap();
        assert_eq!(read.test_suites.len(), assessment.deployments.len());
        for (suite, assessed) in read.test_suites.iter().zip(&assessment.deployments) {
            let summary = Summary::of(&assessed.results);
            let count = |count: u32| usize::try_from(count).unwrap();
            assert_eq!(suite.tests, assessed.results.len());
            assert_eq!(suite.failures, count(summary.fail));
            assert_eq!(suite.errors, count(summary.indeterminate));
            assert_eq!(suite.skipped, count(summary.waived + summary.not_applicable));
            let failures = suite.test_cases.iter().filter(|case| {
                let TestCaseStatus::NonSuccess { kind, .. } = &case.status else { return false };
                *kind == NonSuccessKind::Failure
            });
            assert_eq!(suite.failures, failures.count());
        }
        let root = text.lines().nth(1).unwrap();
        let summary = assessment.summary();
        assert!(root.contains(&format!(" failures=\"{}\"", summary.fail)), "{root}");
        assert!(!root.contains("skipped"), "{root}");
        text
    }

    #[test]
    fn every_result_is_a_case() {
        insta::assert_snapshot!("junit.xml", check(&canned::assessment()));
    }

    #[test]
    fn what_xml_does_not_allow_stays_out() {
        let mut assessment = canned::assessment();
        let evil = "\u{0}\u{8}\u{b}\u{1b}[2J\u{fffe}\u{ffff}]]><!--&\"\u{202e}\r\n\t";
        assessment.run.id = evil.to_owned();
        for assessed in &mut assessment.deployments {
            assessed.deployment.name = evil.to_owned();
            for result in &mut assessed.results {
                result.judgement.subject = evil.to_owned();
                result.judgement.message = evil.to_owned();
            }
        }
        check(&assessment);
    }

    #[test]
    fn nothing_judged_is_a_suite_without_cases() {
        let mut assessment = canned::assessment();
        assessment.deployments.truncate(1);
        assessment.deployments[0].results.clear();
        check(&assessment);
        assessment.deployments.clear();
        check(&assessment);
    }

    #[test]
    fn a_run_that_was_stopped_says_so() {
        let mut assessment = canned::assessment();
        assessment.run.header.stopped = Some(vaudit_model::snapshot::Stopped::OutOfTime);
        assert!(check(&assessment).contains("<system-err>Incomplete run: --max-duration ran out"));
    }
}
