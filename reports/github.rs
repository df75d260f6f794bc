//! Workflow commands for GitHub Actions: annotations at the manifest's lines, most severe first.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest without a
//! word. So one lost fact is one annotation, however many results it cost, and the last notice
//! always says what came of the run and how much of it is not annotated.

use std::cmp::Reverse;

use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult, WaiverState};
use vaudit_model::fact::Gap;
use vaudit_model::rule::{Severity, Verdict, sentence};
use vaudit_model::shell::inert;

use crate::sarif_rules::shortened;
use crate::{sarif_location, sarif_results, wording};

/// How many annotations of a kind GitHub shows of one step.
const OF_A_KIND: usize = 10;
/// How many characters of a title GitHub shows without folding it.
const TITLE: usize = 200;
/// How many characters of a message the runner keeps.
const MESSAGE: usize = 4000;

/// What an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    /// How many of them may be written. One notice is kept for the last line.
    fn most(self) -> usize {
        match self {
            Self::Error | Self::Warning => OF_A_KIND,
            Self::Notice => OF_A_KIND - 1,
        }
    }
}

/// One annotation, not yet escaped.
struct Annotation {
    kind: Kind,
    /// Where it belongs, for the order: the worst first.
    rank: (Reverse<Severity>, Reverse<Verdict>),
    file: Option<String>,
    place: Option<(u32, u32)>,
    title: String,
    /// Inert, but for line breaks of ours.
    message: String,
    /// How many results or waivers it speaks of, and what those are called.
    speaks_of: (u32, Subject),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Failed,
    Lost,
    Waiver,
}

/// Renders the assessment as workflow commands.
///
/// `manifest` is the manifest's path below the root of the source tree; none without a file.
pub fn render(assessment: &Assessment, manifest: Option<&str>) -> String {
    let mut annotations = Vec::new();
    for assessed in &assessment.deployments {
        annotations.extend(failures(assessment, assessed, manifest));
        annotations.extend(losses(assessed, manifest));
    }
    let waivers = 0..assessment.waivers.len();
    annotations.extend(waivers.filter_map(|index| waiver(assessment, index, manifest)));
    annotations.sort_by_key(|annotation| annotation.rank);

    let mut text = String::new();
    let mut left_out = [0; 3];
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        let of_kind = annotations.iter().filter(|annotation| annotation.kind == kind);
        for (place, annotation) in of_kind.enumerate() {
            if place < kind.most() {
                text.push_str(&command(annotation));
            } else {
                let (count, subject) = annotation.speaks_of;
                left_out[subject as usize] += count;
            }
        }
    }
    text + &command(&closing(assessment, left_out))
}

fn failures<'a>(
    assessment: &'a Assessment,
    assessed: &'a DeploymentAssessment,
    manifest: Option<&'a str>,
) -> impl Iterator<Item = Annotation> + 'a {
    open(assessed, Verdict::Fail).into_iter().map(move |result| {
        let message = sarif_results::message(assessment, result, &assessed.deployment);
        Annotation {
            kind: match result.severity {
                Severity::Critical | Severity::High | Severity::Medium => Kind::Error,
                Severity::Low | Severity::Note => Kind::Warning,
            },
            rank: (Reverse(result.severity), Reverse(Verdict::Fail)),
            title: titled(assessed, result.severity, result.meta.id, result.meta.title),
            message: format!("{message}\nSubject: {}", inert(&result.judgement.subject)),
            speaks_of: (1, Subject::Failed),
            ..at(manifest, sarif_location::place(Some(result), &assessed.deployment))
        }
    })
}

fn losses<'a>(
    assessed: &'a DeploymentAssessment,
    manifest: Option<&'a str>,
) -> impl Iterator<Item = Annotation> + 'a {
    let groups = wording::by_gap(&open(assessed, Verdict::Indeterminate));
    groups.into_iter().filter_map(move |(gap, results)| {
        let worst = results.first()?;
        let title = match results.as_slice() {
            [only] => format!("could not be judged: {}", only.meta.title),
            _ => format!("{} results could not be judged", results.len()),
        };
        let first = match results.as_slice() {
            [_] => Some(*worst),
            _ => None,
        };
        Some(Annotation {
            kind: Kind::Warning,
            rank: (Reverse(worst.severity), Reverse(Verdict::Indeterminate)),
            title: titled(assessed, worst.severity, worst.meta.id, &title),
            message: lost(gap, &results),
            speaks_of: (count(&results), Subject::Lost),
            ..at(manifest, sarif_location::place(first, &assessed.deployment))
        })
    })
}

fn lost(gap: Option<&Gap>, results: &[&RuleResult]) -> String {
    let mut sentences = Vec::new();
    if let Some(gap) = gap {
        let status = gap.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        sentences.push(sentence(&gap.message));
        sentences.push(format!("Reason: {}{status}.", gap.reason));
        sentences.push(wording::missing(gap.action.as_deref(), gap.scope.as_deref()));
    } else {
        sentences.extend(results.iter().map(|result| result.judgement.message.clone()));
    }
    sentences.push(format!("Rules without a verdict: {}.", wording::ids(results)));
    let mut fixes: Vec<&str> =
        results.iter().map(|result| result.judgement.remediation.text.as_str()).collect();
    fixes.retain(|fix| !fix.is_empty());
    fixes.dedup();
    sentences.extend(fixes.into_iter().map(|fix| format!("Fix: {}", sentence(fix))));
    sentences.retain(|sentence| !sentence.is_empty());
    inert(&sentences.join(" "))
}

fn waiver(assessment: &Assessment, index: usize, manifest: Option<&str>) -> Option<Annotation> {
    let used = &assessment.waivers[index];
    let hint = wording::waiver_hint(assessment, index)?;
    // What an expired or void waiver covered counts again, so its rank is that of a failure to
    // come; the others only want to be tidied up.
    let (kind, severity) = match used.state {
        WaiverState::Active => return None,
        WaiverState::Expired | WaiverState::Void => (Kind::Warning, Severity::Low),
        WaiverState::Expiring | WaiverState::Unused => (Kind::Notice, Severity::Note),
    };
    Some(Annotation {
        kind,
        rank: (Reverse(severity), Reverse(Verdict::Informational)),
        title: format!("waiver for {} is {}", used.waiver.rule, used.state.word()),
        message: inert(&format!("{} {}", sentence(&hint), wording::answer(used))),
        speaks_of: (1, Subject::Waiver),
        ..at(manifest, None)
    })
}

/// The last line: what came of the run, and what is not annotated.
fn closing(assessment: &Assessment, left_out: [u32; 3]) -> Annotation {
    let summary = assessment.summary();
    let others = wording::other_counts(summary);
    let mut sentences = vec![sentence(&wording::counts(summary))];
    if !others.is_empty() {
        sentences.push(format!("Besides: {others}."));
    }
    let [failed, lost, waivers] = left_out;
    let missing = wording::counted([
        (failed, "failed"),
        (lost, "could not be judged"),
        (waivers, "waivers that need a hand"),
    ]);
    if !missing.is_empty() {
        sentences.push(format!(
            "Not annotated, because GitHub shows {OF_A_KIND} of a kind: {missing}. The JSON report (--output json=FILE) holds all of them."
        ));
    }
    if let Some(stopped) = assessment.run.header.stopped {
        sentences.push(wording::stopped(stopped));
    }
    sentences.push(wording::exit_code(assessment));
    Annotation {
        kind: Kind::Notice,
        title: "vaudit".to_owned(),
        message: sentences.join(" "),
        ..at(None, None)
    }
}

/// The unwaived results of a verdict, worst first.
fn open(assessed: &DeploymentAssessment, verdict: Verdict) -> Vec<&RuleResult> {
    let results = assessed.results.iter();
    let mut found: Vec<&RuleResult> =
        results.filter(|result| result.is_open() && result.judgement.verdict == verdict).collect();
    found.sort_by_key(|result| Reverse(result.severity));
    found
}

fn titled(assessed: &DeploymentAssessment, severity: Severity, rule: &str, title: &str) -> String {
    format!("{rule} ({}, {}): {title}", severity.word(), assessed.deployment.name)
}

/// An annotation that says nothing yet, at a place of the manifest.
fn at(manifest: Option<&str>, place: Option<(u32, u32)>) -> Annotation {
    Annotation {
        kind: Kind::Notice,
        rank: (Reverse(Severity::Note), Reverse(Verdict::Informational)),
        file: manifest.map(|path| sarif_location::below_the_root(path).to_owned()),
        place: place.filter(|_| manifest.is_some()),
        title: String::new(),
        message: String::new(),
        speaks_of: (0, Subject::Waiver),
    }
}

fn count(results: &[&RuleResult]) -> u32 {
    u32::try_from(results.len()).unwrap_or(u32::MAX)
}

/// One line for the runner. Nothing in it can end the line or begin another command.
fn command(annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(file) = &annotation.file {
        properties.push(format!("file={}", escaped_property(&inert(file))));
    }
    if let Some((line, column)) = annotation.place {
        properties.push(format!("line={line},col={column}"));
    }
    let title = shortened(&inert(&annotation.title), TITLE);
    properties.push(format!("title={}", escaped_property(&title)));
    let message = escaped(&shortened(&annotation.message, MESSAGE));
    format!("::{} {}::{message}\n", annotation.kind.word(), properties.join(","))
}

/// Text after the `::`, as GitHub's toolkit writes it.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, as GitHub's toolkit writes it.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;

    /// Renders, and looks at what the runner would make of every line.
    fn check(assessment: &Assessment, manifest: Option<&str>) -> Vec<(String, String, String)> {
        let text = render(assessment, manifest);
        let mut read = Vec::new();
        for line in text.lines() {
            let rest = line.strip_prefix("::").unwrap_or_else(|| panic!("no command: {line}"));
            let (command, message) = rest.split_once("::").unwrap();
            let (kind, properties) = command.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&kind), "{line}");
            for property in properties.split(',') {
                let (name, _) = property.split_once('=').unwrap();
                assert!(["file", "line", "col", "title"].contains(&name), "{line}");
            }
            assert_eq!(inert(rest), rest);
            read.push((kind.to_owned(), properties.to_owned(), message.to_owned()));
        }
        for kind in ["error", "warning", "notice"] {
            let count = read.iter().filter(|(own, ..)| own == kind).count();
            assert!(count <= OF_A_KIND, "{count} of {kind}");
        }
        let (kind, properties, message) = read.last().unwrap();
        assert_eq!((kind.as_str(), properties.as_str()), ("notice", "title=vaudit"));
        let counts = wording::counts(assessment.summary());
        assert!(message.to_lowercase().starts_with(&counts), "{message}");
        read
    }

    #[test]
    fn findings_and_waivers_become_annotations() {
        let assessment = canned::assessment();
        check(&assessment, Some("./infra/vaudit.toml"));
        insta::assert_snapshot!("github", render(&assessment, Some("./infra/vaudit.toml")));
    }

    #[test]
    fn without_a_file_there_is_no_place() {
        for (_, properties, _) in check(&canned::assessment(), None) {
            assert!(properties.starts_with("title="), "{properties}");
        }
    }

    #[test]
    fn escapes_are_those_of_the_toolkit() {
        assert_eq!(escaped("100%\r\n:,"), "100%25%0D%0A:,");
        assert_eq!(escaped_property("100%\r\n:,"), "100%25%0D%0A%3A%2C");
    }

    #[test]
    fn a_name_begins_no_command() {
        let mut assessment = canned::assessment();
        for evil in ["::stop-commands::x", "a\n::stop-commands::x", "%0A::error::x", "x,line=9::"] {
            for assessed in &mut assessment.deployments {
                assessed.deployment.name = evil.to_owned();
                for result in &mut assessed.results {
                    result.judgement.message = evil.to_owned();
                    result.judgement.subject = evil.to_owned();
                }
            }
            for used in &mut assessment.waivers {
                used.waiver.rule = evil.to_owned();
                used.waiver.owner = evil.to_owned();
            }
            check(&assessment, Some(evil));
        }
    }

    #[test]
    fn the_worst_are_annotated_and_the_rest_is_counted() {
        let mut assessment = canned::assessment();
        let own = &mut assessment.deployments[0].results;
        let failed = own.iter().find(|result| result.meta.id == "PG001").cloned().unwrap();
        for severity in [Severity::Low, Severity::Critical] {
            own.extend(vec![RuleResult { severity, ..failed.clone() }; 12]);
        }
        let read = check(&assessment, None);
        let errors: Vec<_> = read.iter().filter(|(kind, ..)| kind == "error").collect();
        assert!(errors.iter().all(|(_, title, _)| title.contains("critical")), "{errors:?}");
        // Ten errors are shown, and as many of the low failures as the lost facts leave room for.
        let (.., last) = read.last().unwrap();
        assert!(last.contains("Not annotated"), "{last}");
        let summary = assessment.summary();
        let warnings = read.iter().filter(|(kind, ..)| kind == "warning");
        let shown = warnings.filter(|(_, title, _)| title.contains("(low")).count();
        let failed_out = summary.fail - 10 - u32::try_from(shown).unwrap();
        assert!(last.contains(&format!("{failed_out} failed, ")), "{failed_out}: {last}");
    }

    #[test]
    fn silence_is_not_the_sign_of_success() {
        let mut assessment = canned::assessment();
        assessment.waivers.clear();
        assessment.run.exit_code = 0;
        for assessed in &mut assessment.deployments {
            assessed.results.retain(|result| result.judgement.verdict == Verdict::Pass);
        }
        let read = check(&assessment, None);
        assert_eq!(read.len(), 1);
        assert!(read[0].2.starts_with("Nothing failed, 5 passed. "), "{read:?}");
    }
}
