//! The trend for programs.

use serde::Serialize;
use vaudit_model::history::{Episode, Trend, TrendFinding, TrendRun};
use vaudit_model::instant::show;
use vaudit_model::rule::Severity;

use crate::inert_json::pretty;
use crate::trend_wording::{Signs, State};

/// The version of this form. A reader that knows it ignores fields it does not know.
const SCHEMA_VERSION: u32 = 1;

/// Renders the trend as JSON.
pub fn render(trend: &Trend) -> String {
    let shown = trend.runs.get(trend.shown_from..).unwrap_or_default();
    let holes = trend.holes.iter().filter(|hole| hole.after >= trend.shown_from);
    pretty(&Form {
        schema_version: SCHEMA_VERSION,
        runs: shown.iter().map(Run::of).collect(),
        missing: holes
            .map(|hole| Missing {
                after: show(trend.runs[hole.after].finished_at),
                before: show(trend.runs[hole.after + 1].finished_at),
                runs: hole.missing,
            })
            .collect(),
        findings: trend.findings.iter().map(|finding| Finding::of(trend, finding)).collect(),
    })
}

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u32,
    runs: Vec<Run<'a>>,
    missing: Vec<Missing>,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    finished_at: String,
    profile: &'a str,
    complete: bool,
}

/// Runs that are missing between two others.
#[derive(Serialize)]
struct Missing {
    after: String,
    before: String,
    runs: u32,
}

#[derive(Serialize)]
struct Finding<'a> {
    deployment: &'a str,
    rule: &'a str,
    title: &'a str,
    severity: Severity,
    subject: &'a str,
    fingerprint: &'a str,
    state: &'static str,
    /// Since when it fails; null when it does not.
    failing_since: Option<String>,
    flaps: usize,
    episodes: Vec<Span>,
    /// One sign for each of the runs above: `x` failed, `w` failed under a waiver, `?` could not be
    /// judged, `.` no finding, `-` not asked.
    picture: String,
}

/// An episode: from the run that first saw it fail to the one that saw it mended, or to the last.
#[derive(Serialize)]
struct Span {
    since: String,
    until: String,
    seconds: i64,
    open: bool,
    last_seen_failing: String,
    blind_runs_before: u32,
    blind_runs: u32,
    waived_runs: u32,
}

impl<'a> Run<'a> {
    fn of(run: &'a TrendRun) -> Self {
        let finished_at = show(run.finished_at);
        Self { id: &run.id, finished_at, profile: &run.profile, complete: run.complete }
    }
}

impl<'a> Finding<'a> {
    fn of(trend: &Trend, finding: &'a TrendFinding) -> Self {
        let cells = finding.cells.iter().skip(trend.shown_from);
        Self {
            deployment: &finding.deployment,
            rule: &finding.rule,
            title: &finding.title,
            severity: finding.severity,
            subject: &finding.subject,
            fingerprint: &finding.fingerprint,
            state: State::of(finding).word(),
            failing_since: finding.open().map(|episode| show(episode.since)),
            flaps: finding.flaps(),
            episodes: finding.episodes.iter().map(|episode| Span::of(trend, episode)).collect(),
            picture: cells.map(|cell| Signs::new(false).of(*cell)).collect(),
        }
    }
}

impl Span {
    fn of(trend: &Trend, episode: &Episode) -> Self {
        Self {
            since: show(episode.since),
            until: show(episode.until),
            seconds: episode.until.duration_since(episode.since).as_secs().max(0),
            open: episode.mended.is_none(),
            last_seen_failing: show(trend.runs[episode.last].finished_at),
            blind_runs_before: episode.blind_before,
            blind_runs: episode.blind,
            waived_runs: episode.waived,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::canned_past;

    #[test]
    fn programs_read_what_the_table_shows() {
        let text = super::render(&canned_past::trend());
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        for finding in read["findings"].as_array().unwrap() {
            let picture = finding["picture"].as_str().unwrap();
            assert_eq!(picture.len(), read["runs"].as_array().unwrap().len());
        }
        assert_eq!(vaudit_model::shell::inert_lines(&text), text);
        insta::assert_snapshot!("trend.json", text);
    }
}
