//! What has drifted from a baseline: for a terminal, for programs, for a comment, and for
//! code-scanning services.

pub mod json;
pub mod markdown;
pub mod sarif;
pub mod table;

#[cfg(test)]
mod canned;

use vaudit_model::assessment::Source;
use vaudit_model::deployment::Deployment;
use vaudit_model::drift::{
    ActivitySearch, Class, Difference, Drift, Event, Lost, PRESENT, Side, Turn,
};
use vaudit_model::instant::show;
use vaudit_model::rule::{Verdict, sentence};

use crate::wording;

/// The comparison in a sentence.
fn comparison(drift: &Drift) -> String {
    let source = match drift.run.source {
        Source::Live => "the live state",
        Source::Demo => "the demo's embedded simulator, not Azure,",
        Source::Snapshot => "the snapshot",
    };
    format!(
        "Drift from the baseline {} of {} to {source} of {} (run {}).",
        drift.baseline.id,
        show(drift.baseline.header.finished_at),
        show(drift.run.header.finished_at),
        drift.run.id,
    )
}

/// What a reader has to know about the two manifests, where they are not one.
fn manifests(drift: &Drift) -> Option<&'static str> {
    drift.expects_otherwise.then_some(
        "The manifest expects something else than the baseline's. Each side was judged by its own.",
    )
}

/// How many differences there are of each class, the worst first.
fn counts(differences: &[Difference]) -> String {
    let parts = Class::ALL.into_iter().filter_map(|class| {
        let count = differences.iter().filter(|own| own.class == class).count();
        let words = match (class, count) {
            (_, 0) => return None,
            (Class::BreaksDesign, 1) => "1 breaks the design".to_owned(),
            (Class::BreaksDesign, _) => format!("{count} break the design"),
            (Class::CouldNotCompare, _) => format!("{count} could not be compared"),
            (Class::MendsDesign, 1) => "1 mends the design".to_owned(),
            (Class::MendsDesign, _) => format!("{count} mend the design"),
            (Class::New, _) => format!("{count} new"),
            (Class::Gone, _) => format!("{count} gone"),
            (Class::AllowedChange, 1) => "1 allowed change".to_owned(),
            (Class::AllowedChange, _) => format!("{count} allowed changes"),
        };
        Some(words)
    });
    let worst = differences.iter().map(|own| own.class).min();
    let is_quiet = worst.is_none_or(|class| class > Class::MendsDesign);
    let none = match worst {
        None => "no drift",
        Some(_) => "no drift from the design",
    };
    is_quiet.then(|| none.to_owned()).into_iter().chain(parts).collect::<Vec<_>>().join(", ")
}

/// What stands above the differences of a class.
fn heading(class: Class) -> &'static str {
    match class {
        Class::BreaksDesign => "Breaks the design",
        Class::CouldNotCompare => "Could not be compared",
        Class::MendsDesign => "Mends the design",
        Class::New => "New",
        Class::Gone => "Gone",
        Class::AllowedChange => "Allowed changes",
    }
}

/// What the exit code means.
fn exit_code(drift: &Drift) -> String {
    let meaning = match drift.exit_code {
        0 if drift.differences().next().is_none() => "nothing has drifted from the baseline",
        0 => "nothing breaks the design, and everything could be compared",
        1 => "something breaks the design that did not in the baseline, or is broken anew",
        3 => "nothing seen breaks the design, but not everything could be compared",
        130 => "the run was interrupted; this is what was compared until then",
        143 => "the run was terminated; this is what was compared until then",
        _ => "see `vaudit drift --help`",
    };
    format!("Exit code {}: {meaning}.", drift.exit_code)
}

/// A value with the ids in it as short as this reader wants them.
fn value(text: &str, deployment: &Deployment, verbose: bool) -> String {
    if verbose {
        return text.to_owned();
    }
    let words = text.split(' ').map(|word| {
        let (id, comma) = word.strip_suffix(',').map_or((word, ""), |id| (id, ","));
        if id.starts_with('/') {
            wording::short_name(id, deployment) + comma
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What the difference is about: `subnet snet-pg`.
fn title(difference: &Difference, deployment: &Deployment) -> String {
    if difference.kind.is_empty() {
        return wording::short_name(&difference.resource, deployment);
    }
    format!("{} {}", difference.kind, value(&difference.name, deployment, false))
}

/// What came or went, where more is known of it than that it was there.
fn details(text: Option<&String>) -> Option<&String> {
    text.filter(|text| *text != PRESENT)
}

/// How a rule turned: `pass → fail`.
fn turned(turn: &Turn) -> String {
    let word = |verdict: Option<Verdict>| verdict.map_or("not judged", |verdict| verdict.word());
    let waived = if turn.is_waived { ", waived" } else { "" };
    format!("{} → {}{waived}", word(turn.before), word(turn.after))
}

/// What was lost, and where.
fn lost(lost: &Lost) -> String {
    let side = match lost.side {
        Side::Baseline => "In the baseline: ",
        Side::Now => "Now: ",
        Side::Both => "In the baseline and now: ",
    };
    format!("{side}{}", sentence(&lost.gap.message))
}

/// An entry of the Activity Log in a line.
fn event(event: &Event) -> String {
    let who = event.caller.as_deref().unwrap_or("an unnamed caller");
    let status = event.status.as_deref().map_or_else(String::new, |status| format!(" ({status})"));
    format!("{} {who}: {}{status}", show(event.at), event.operation)
}

/// What came of looking for who and when, for the whole report.
fn search(activity: &ActivitySearch) -> Vec<String> {
    let ActivitySearch::From { since, is_cut, lost } = activity else { return Vec::new() };
    let reach = if *is_cut { " (Azure keeps 90 days; the baseline is older)" } else { "" };
    let mut lines = vec![format!("Activity Log read from {}{reach}.", show(*since))];
    lines.extend(lost.iter().map(|gap| {
        let missing = wording::missing(gap.action.as_deref(), gap.scope.as_deref());
        format!("{} {missing}", sentence(&gap.message)).trim().to_owned()
    }));
    lines
}
