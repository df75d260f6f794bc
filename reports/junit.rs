//! The JUnit report: one suite a deployment, one test case a result.
//!
//! A failure is a failure whatever `--fail-on` says, and what could not be judged is an error:
//! readers of JUnit know no threshold, and the exit code is there for it.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use rayon::prelude::*;
use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult, Summary};
use vaudit_model::fact::Reason;
use vaudit_model::instant::show;
use vaudit_model::rule::{Evidence, Verdict, sentence};
use vaudit_model::shell::as_inert;

use crate::sarif_rules::shortened;
use crate::wording;

/// How many characters a name or the headline of a status may have: readers show them in lists.
const HEADLINE: usize = 500;
/// How many suites are written before they join the report.
const AT_ONCE: usize = 32;
const ROOT: &str = "testsuites";
const SKIPPED: &str = "skipped";

type Xml = Writer<Vec<u8>>;

/// Renders the assessment as JUnit XML.
pub fn render(assessment: &Assessment) -> String {
    let text = written(assessment).map(String::from_utf8);
    match text {
        Ok(Ok(text)) => text,
        // The report is in memory, and all in it is text.
        Ok(Err(error)) => unreachable!("a report is made of texts: {error}"),
        Err(error) => unreachable!("memory takes what is written: {error}"),
    }
}

fn written(assessment: &Assessment) -> io::Result<Vec<u8>> {
    let mut report = Writer::new_with_indent(Vec::new(), b' ', 4);
    report.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    report.write_event(Event::Start(root(assessment)))?;
    for some in assessment.deployments.chunks(AT_ONCE) {
        let suites: io::Result<Vec<Vec<u8>>> =
            some.par_iter().map(|assessed| suite(assessment, assessed)).collect();
        suites?.iter().for_each(|suite| report.get_mut().extend_from_slice(suite));
    }
    report.write_event(Event::End(BytesEnd::new(ROOT)))?;
    report.write_indent()?;
    Ok(report.into_inner())
}

/// Without a count of skipped cases: the schema of Jenkins' xUnit plugin knows it for suites only, and
/// refuses a file that has it here.
fn root(assessment: &Assessment) -> BytesStart<'static> {
    let header = &assessment.run.header;
    let counts = Counts::of(assessment.deployments.iter().flat_map(|own| &own.results));
    // In whole seconds, as the JSON report has both: read back from one, the report is the same.
    let taken = header.finished_at.as_second() - header.started_at.as_second();
    BytesStart::new(ROOT).with_attributes([
        ("name", "vaudit"),
        ("tests", &counts.tests),
        ("failures", &counts.failures),
        ("errors", &counts.errors),
        ("time", &format!("{}.000", taken.max(0))),
    ])
}

/// What readers count.
struct Counts {
    tests: String,
    skipped: String,
    errors: String,
    failures: String,
}

impl Counts {
    fn of<'a>(results: impl IntoIterator<Item = &'a RuleResult> + Clone) -> Self {
        let Summary { fail, indeterminate, not_applicable, waived, .. } =
            Summary::of(results.clone());
        Self {
            tests: results.into_iter().count().to_string(),
            skipped: (waived + not_applicable).to_string(),
            errors: indeterminate.to_string(),
            failures: fail.to_string(),
        }
    }
}

/// The suite of a deployment, as it stands in the report.
fn suite(assessment: &Assessment, assessed: &DeploymentAssessment) -> io::Result<Vec<u8>> {
    let run = &assessment.run;
    let deployment = &assessed.deployment;
    let counts = Counts::of(&assessed.results);
    let started = show(run.header.started_at);
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 4);
    // The root is written once for all, and here for the indentation only.
    xml.write_event(Event::Start(BytesStart::new(ROOT)))?;
    let root = xml.get_ref().len();
    let suite = xml.create_element("testsuite").with_attributes([
        ("name", headline(&deployment.name).as_str()),
        ("tests", &counts.tests),
        ("skipped", &counts.skipped),
        ("errors", &counts.errors),
        ("failures", &counts.failures),
        // As a date of the XML Schema, with which some readers are strict.
        ("timestamp", &format!("{}.000+00:00", started.trim_end_matches('Z'))),
    ]);
    suite.write_inner_content(|xml| {
        properties(
            xml,
            &[
                ("run", run.id.as_str()),
                ("profile", &run.profile),
                ("source", run.source.word()),
                ("exit_code", &run.exit_code.to_string()),
                ("subscription", &deployment.subscription),
                ("resource_group", &deployment.resource_group),
            ],
        )?;
        assessed.results.iter().try_for_each(|result| case(xml, assessment, assessed, result))?;
        match run.header.stopped {
            Some(stopped) => output(xml, "system-err", &wording::stopped(stopped)),
            None => Ok(()),
        }
    })?;
    Ok(xml.into_inner().split_off(root))
}

fn properties(xml: &mut Xml, properties: &[(&str, &str)]) -> io::Result<()> {
    let all = xml.create_element("properties");
    all.write_inner_content(|xml| {
        properties.iter().try_for_each(|(name, value)| {
            let value = allowed(value);
            let property = xml.create_element("property");
            property.with_attributes([("name", *name), ("value", &value)]).write_empty()?;
            Ok(())
        })
    })?;
    Ok(())
}

fn output(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}

fn case(
    xml: &mut Xml,
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    result: &RuleResult,
) -> io::Result<()> {
    let judgement = &result.judgement;
    let deployment = &assessed.deployment;
    let name = wording::short_name(&judgement.subject, deployment);
    let title = format!("{} {}: {name}", result.meta.id, result.meta.title);
    // Readers such as GitLab take cases of one class and name for one, whatever suite they are in.
    let class = format!("{}.{}", deployment.name, result.meta.id);
    let case = xml.create_element("testcase");
    let case =
        case.with_attributes([("name", &*headline(&title)), ("classname", &*headline(&class))]);
    let said = details(assessment, assessed, result);
    case.write_inner_content(|xml| {
        let Some(status) = Status::of(assessment, result) else {
            return output(xml, "system-out", &said);
        };
        let message = headline(&status.message);
        let element = xml.create_element(status.element);
        let element = element.with_attributes([("message", &*message), ("type", status.kind)]);
        if status.element == SKIPPED {
            element.write_empty()?;
            return output(xml, "system-out", &said);
        }
        element.write_text_content(BytesText::new(&said))?;
        Ok(())
    })?;
    Ok(())
}

/// What is said of a case that did not succeed.
struct Status<'a> {
    element: &'static str,
    kind: &'static str,
    message: Cow<'a, str>,
}

impl<'a> Status<'a> {
    fn of(assessment: &Assessment, result: &'a RuleResult) -> Option<Self> {
        let judgement = &result.judgement;
        if let Some(used) = result.waiver.and_then(|index| assessment.waivers.get(index)) {
            let verdict = judgement.verdict.word();
            let until = used.waiver.expires;
            let why = format!("Waived ({verdict}) until {until}. {}", wording::answer(used));
            return Some(Self { element: SKIPPED, kind: "waived", message: why.into() });
        }
        let (element, kind) = match judgement.verdict {
            Verdict::Pass | Verdict::Informational => return None,
            Verdict::Fail => ("failure", result.severity.word()),
            Verdict::Indeterminate => {
                let reason = judgement.gap.as_ref().map_or(Reason::Unrecognised, |gap| gap.reason);
                ("error", reason.code())
            }
            Verdict::NotApplicable => (SKIPPED, "not_applicable"),
        };
        Some(Self { element, kind, message: judgement.message.as_str().into() })
    }
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
    let lines: Vec<Cow<'_, str>> = lines.iter().map(|line| allowed(line)).collect();
    lines.join("\n")
}

fn seen(fact: &Evidence, place: &str) -> String {
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    let observed = fact.observed.as_deref().unwrap_or("nothing");
    let expected = fact.expected.as_ref().map(|value| format!(", expected: {value}"));
    format!("seen{at}: {observed}{}", expected.unwrap_or_default())
}

fn headline(text: &str) -> String {
    shortened(&allowed(text), HEADLINE)
}

/// Text without what acts on a terminal, nor the two characters XML does not allow besides.
fn allowed(text: &str) -> Cow<'_, str> {
    match as_inert(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text),
        Cow::Owned(text) => Cow::Owned(text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
    use vaudit_model::shell::inert;

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
