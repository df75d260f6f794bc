//! Episodes, what could not be seen, and runs that are missing.

use serde_json::{Value, json};
use vaudit_model::assessment::fingerprint;

use super::*;

/// A run: its day of November, and what `STO003` said of subjects: `x` failed, `w` waived, `?` lost,
/// `.` passed, `0` not applicable.
fn report(day: u32, said: &[(&str, char)]) -> PastReport {
    let result = |(subject, sign): &(&str, char)| {
        let verdict = match sign {
            'x' | 'w' => "fail",
            '?' => "indeterminate",
            '0' => "not_applicable",
            _ => "pass",
        };
        json!({
            "rule": "STO003", "name": "storage-default-deny", "title": "t", "severity": "critical",
            "verdict": verdict, "subject": subject, "message": "m",
            "fingerprint": fingerprint("STO003", "d", subject), "observed_digest": "0",
            "waiver": if *sign == 'w' { json!({}) } else { Value::Null },
        })
    };
    let results: Vec<Value> = said.iter().map(result).collect();
    let report = json!({
        "schema_version": 1,
        "run": {
            "id": format!("run {day}"), "finished_at": format!("2026-11-{day:02}T02:30:00Z"),
            "profile": "reference", "complete": true,
        },
        "deployments": [{"name": "d", "subscription": "s", "resource_group": "g", "results": results}],
    });
    PastReport::parse(&report.to_string()).unwrap()
}

fn told(reports: &[PastReport], since: Option<Timestamp>) -> Trend {
    let mut builder = TrendBuilder::default();
    reports.iter().for_each(|report| builder.add(report));
    builder.finish(&TrendChoice { deployment: &|_| true, rule: &|_, _| true, since })
}

/// A month in which one subject had these signs; `_` is a night without a run, and `-` one in which
/// the rule was not asked.
fn month(signs: &str) -> Trend {
    let nights = signs.chars().enumerate().filter(|(_, sign)| *sign != '_');
    let reports: Vec<PastReport> = nights
        .map(|(night, sign)| {
            let day = u32::try_from(night).unwrap() + 1;
            if sign == '-' { report(day, &[]) } else { report(day, &[("a", sign)]) }
        })
        .collect();
    told(&reports, None)
}

fn signs(finding: &TrendFinding) -> String {
    let sign = |cell: &Cell| match cell {
        Cell::Failed => 'x',
        Cell::Waived => 'w',
        Cell::Unknown => '?',
        Cell::Fine => '.',
        Cell::NotAsked => '-',
    };
    finding.cells.iter().map(sign).collect()
}

/// The runs of an episode: the first and the last that failed, and the one that saw it mended.
type Span = (usize, usize, Option<usize>);

fn spans(trend: &Trend) -> Vec<Span> {
    let episodes = trend.findings.iter().flat_map(|finding| &finding.episodes);
    episodes.map(|own| (own.first, own.last, own.mended)).collect()
}

#[test]
fn only_a_run_that_sees_it_begins_or_ends_an_episode() {
    let none: Vec<Span> = vec![];
    for (told, expected) in [
        ("....", none.clone()),
        ("..xx", vec![(2, 3, None)]),
        ("x...", vec![(0, 0, Some(1))]),
        (".x?x.", vec![(1, 3, Some(4))]),
        (".x??.", vec![(1, 1, Some(4))]),
        (".x??", vec![(1, 1, None)]),
        (".x--x", vec![(1, 4, None)]),
        ("??x", vec![(2, 2, None)]),
        ("??.", none),
        ("xwwx.", vec![(0, 3, Some(4))]),
        ("x.x.x", vec![(0, 0, Some(1)), (2, 2, Some(3)), (4, 4, None)]),
        ("x0x", vec![(0, 0, Some(1)), (2, 2, None)]),
    ] {
        assert_eq!(spans(&month(told)), expected, "{told}");
    }
}

#[test]
fn what_could_not_be_seen_is_counted() {
    let trend = month("..?-x?w-.x?");
    let finding = &trend.findings[0];
    let counted: Vec<_> =
        finding.episodes.iter().map(|own| (own.blind_before, own.blind, own.waived)).collect();
    assert_eq!(counted, [(2, 2, 1), (0, 1, 0)]);
    assert_eq!(finding.flaps(), 1);
    assert!(finding.open().is_some());
    assert_eq!(finding.episodes[1].until, trend.runs[10].finished_at, "now is the last run");
    // What was never seen to fail is told without an episode.
    let trend = month("..??.");
    assert_eq!(trend.findings.len(), 1);
    assert_eq!(trend.findings[0].episodes, []);
}

#[test]
fn a_subject_that_is_gone_is_mended_only_where_the_rule_was_judged_whole() {
    for (last, cells) in [
        (vec![("b", '.')], "x."),
        (vec![("b", '?')], "x?"),
        (vec![("b", '.'), ("c", '?')], "x?"),
        (vec![("b", '.'), ("c", '?'), ("a", '.')], "x."),
        (vec![], "x-"),
    ] {
        let trend = told(&[report(1, &[("a", 'x')]), report(2, &last)], None);
        let own = trend.findings.iter().find(|own| own.subject == "a").unwrap();
        assert_eq!(signs(own), cells, "{last:?}");
    }
}

#[test]
fn reports_come_in_any_order_and_one_run_counts_once() {
    let nights: Vec<PastReport> =
        [1, 2, 3].map(|day| report(day, &[("a", if day == 2 { 'x' } else { '.' })])).to_vec();
    let expected = told(&nights, None);
    let mut mixed = nights;
    mixed.rotate_left(1);
    // The second night was judged again, without this rule.
    mixed.push(report(2, &[]));
    assert_eq!(told(&mixed, None), expected);
    assert_eq!(spans(&expected), [(1, 1, Some(2))]);
}

#[test]
fn missing_runs_are_told_from_the_usual_distance() {
    let holes = |signs: &str| -> Vec<(usize, u32)> {
        month(signs).holes.iter().map(|hole| (hole.after, hole.missing)).collect()
    };
    assert_eq!(holes("...._..."), [(3, 1)]);
    assert_eq!(holes(".....___..._."), [(4, 3), (7, 1)]);
    assert_eq!(holes("._._._._."), [], "every other night is a habit");
    assert_eq!(holes(".._."), [], "two distances are none");
}

#[test]
fn since_a_day_only_what_happened_from_then_on_is_told_and_all_of_it() {
    let reports: Vec<PastReport> = "xx.......x"
        .chars()
        .zip("..x.xx....".chars())
        .zip("?.........".chars())
        .zip(1..)
        .map(|(((a, b), c), day)| report(day, &[("a", a), ("b", b), ("c", c)]))
        .collect();
    let since = Some("2026-11-05T00:00:00Z".parse().unwrap());
    let trend = told(&reports, since);
    assert_eq!(trend.shown_from, 4);
    let subjects: Vec<&str> = trend.findings.iter().map(|own| own.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b"]);
    assert_eq!(trend.findings[0].episodes.len(), 2);
    assert_eq!(trend.findings[0].cells.len(), 10);
    assert_eq!(told(&reports[..9], Some("2026-11-08T00:00:00Z".parse().unwrap())).findings, []);
}

#[test]
fn the_first_report_may_know_since_when() {
    let mut first = report(3, &[("a", 'x')]);
    let earlier = "2026-10-01T02:30:00Z".parse().unwrap();
    first.deployments[0].results[0].failing_since = Some(earlier);
    let trend = told(&[first.clone(), report(4, &[("a", 'x')])], None);
    assert_eq!(trend.findings[0].episodes[0].since, earlier);
    // Not where a report of ours saw that it did not fail.
    let trend = told(&[report(2, &[("a", '.')]), first], None);
    assert_eq!(trend.findings[0].episodes[0].since, trend.runs[1].finished_at);
}

#[test]
fn what_is_chosen_is_what_there_is() {
    let mut builder = TrendBuilder::default();
    assert!(builder.is_empty());
    builder.add(&report(1, &[("a", 'x')]));
    assert_eq!(builder.deployments(), ["d"]);
    assert!(builder.has_rule(|id, name| id == "STO003" && name == "storage-default-deny"));
    assert!(!builder.has_rule(|id, _| id == "PG001"));
    let none = TrendChoice { deployment: &|_| true, rule: &|id, _| id == "PG001", since: None };
    assert_eq!(builder.finish(&none).findings, []);
}
