//! Every pair of verdicts, waived or not, and what has no result any more.

use serde_json::{Value, json};
use vaudit_model::assessment::{DeploymentAssessment, Run, Source, fingerprint, short_digest};
use vaudit_model::history::Change;
use vaudit_model::rule::{Meta, Severity, Tier};
use vaudit_model::snapshot::Header;
use vaudit_model::{Deployment, Gap, Judgement, Reason};

use super::*;

const VERDICTS: [Verdict; 5] = [
    Verdict::NotApplicable,
    Verdict::Pass,
    Verdict::Informational,
    Verdict::Indeterminate,
    Verdict::Fail,
];
const EARLIER: &str = "2026-11-20T02:30:00Z";
const THEN: &str = "2026-11-21T02:30:00Z";
const NOW: &str = "2026-11-22T02:30:00Z";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// A result: the rule, the subject, the verdict, and whether it is waived.
type Row = (&'static str, &'static str, Verdict, bool);

fn result(deployment: &str, (rule, subject, verdict, waived): Row) -> RuleResult {
    let judgement = match verdict {
        Verdict::Pass => Judgement::pass(subject, "m"),
        Verdict::Fail => Judgement::fail(subject, "m"),
        Verdict::Informational => Judgement::informational(subject, "m"),
        Verdict::NotApplicable => Judgement::not_applicable(subject, "m"),
        Verdict::Indeterminate => {
            Judgement::indeterminate(subject, Gap::because(Reason::Forbidden, "m"))
        }
    };
    RuleResult {
        meta: Meta {
            id: rule,
            name: "n",
            title: "t",
            severity: Severity::High,
            tier: Tier::S,
            controls: &[],
            reference: "",
            setting: "",
        },
        severity: Severity::High,
        location: None,
        waiver: waived.then_some(0),
        lapsed_waiver: None,
        fingerprint: fingerprint(rule, deployment, subject),
        observed_digest: short_digest(verdict.word()),
        judgement,
    }
}

fn run(deployments: &[(&str, &[Row])]) -> Assessment {
    let mut header = Header::beginning("0", at(NOW));
    header.finished_at = at(NOW);
    let own = |(name, rows): &(&str, &[Row])| DeploymentAssessment {
        deployment: Deployment::new(name, "s", "g"),
        results: rows.iter().map(|row| result(name, *row)).collect(),
        gaps: Vec::new(),
        backups: Vec::new(),
        topology: Default::default(),
    };
    Assessment {
        run: Run {
            id: "now".to_owned(),
            header,
            source: Source::Live,
            profile: "reference".to_owned(),
            exit_code: 0,
            manifest_sha256: String::new(),
        },
        catalogue: Vec::new(),
        deployments: deployments.iter().map(own).collect(),
        waivers: Vec::new(),
        previous: None,
    }
}

/// The report of an earlier run, with what it says beside its rows.
fn report(deployments: &[(&str, &[Row])], more: &Value, waiting: &[Value]) -> PastReport {
    let row = |name: &str, row: &Row| {
        let own = result(name, *row);
        let mut own = json!({
            "rule": own.meta.id, "name": "n", "title": "t", "severity": "high",
            "verdict": own.judgement.verdict, "subject": own.judgement.subject, "message": "m",
            "waiver": row.3.then(|| json!({})), "fingerprint": own.fingerprint,
            "observed_digest": own.observed_digest,
        });
        own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        own
    };
    let deployments: Vec<Value> = deployments
        .iter()
        .map(|(name, rows)| {
            let results: Vec<Value> = rows.iter().map(|own| row(name, own)).collect();
            json!({"name": name, "subscription": "s", "resource_group": "g", "results": results})
        })
        .collect();
    let report = json!({
        "schema_version": 1,
        "run": {"id": "then", "finished_at": THEN, "profile": "reference", "complete": true},
        "deployments": deployments,
        "previous": {"not_judged": waiting},
    });
    PastReport::parse(&report.to_string()).unwrap()
}

/// What became of `PG001` of `x`, from one row to another.
fn compared(then: &[Row], now: &[Row]) -> (Assessment, Comparison) {
    let mut assessment = run(&[("d", now)]);
    let comparison = compare(&assessment, &["d"], &report(&[("d", then)], &json!({}), &[]));
    assessment.previous = Some(comparison.clone());
    (assessment, comparison)
}

/// Every verdict then and now, waived or not. `None` is no change that counts.
#[test]
fn every_pair_of_verdicts_is_what_it_says() {
    for then in VERDICTS {
        for now in VERDICTS {
            for waived in [(false, false), (false, true), (true, false), (true, true)] {
                pair(then, now, waived.0, waived.1);
            }
        }
    }
}

fn pair(then: Verdict, now: Verdict, was_waived: bool, is_waived: bool) {
    let is_finding = |verdict| matches!(verdict, Verdict::Fail | Verdict::Indeterminate);
    // Only findings are ever waived.
    let was_waived = was_waived && is_finding(then);
    let is_waived = is_waived && is_finding(now);
    let (assessment, comparison) =
        compared(&[("PG001", "x", then, was_waived)], &[("PG001", "x", now, is_waived)]);
    let own = &assessment.deployments[0].results[0];
    let mark = comparison.mark(own).unwrap();
    let what = format!("{then:?} {was_waived} -> {now:?} {is_waived}");

    let state = match (then, now) {
        _ if then == now => Baseline::Unchanged,
        // What failed and is out of sight is still there; that nobody knew is not that it failed.
        (Verdict::Fail, Verdict::Indeterminate) => Baseline::Updated,
        (_, Verdict::Fail | Verdict::Indeterminate) => Baseline::New,
        // A finding that is over is another result than the pass in its place.
        (Verdict::Fail | Verdict::Indeterminate, _) => Baseline::New,
        _ => Baseline::Updated,
    };
    assert_eq!(mark.state, state, "{what}");

    let change = match (is_finding(now) && !is_waived, then, now) {
        (false, ..) => None,
        (true, Verdict::Indeterminate, Verdict::Fail) => Some(Change::Failed),
        _ if was_waived => Some(Change::CountsAgain),
        (true, Verdict::Fail, Verdict::Indeterminate) => Some(Change::OutOfSight),
        (true, then, now) if then == now => Some(Change::Unchanged),
        (true, _, Verdict::Fail) => Some(Change::Failed),
        (true, ..) => Some(Change::Lost),
    };
    assert_eq!(comparison.change(own), change, "{what}");

    let since = match (then, now) {
        (Verdict::Fail, Verdict::Fail | Verdict::Indeterminate)
        | (Verdict::Indeterminate, Verdict::Indeterminate) => Some(at(THEN)),
        (_, Verdict::Fail | Verdict::Indeterminate) => Some(at(NOW)),
        _ => None,
    };
    assert_eq!(mark.first_detected_at, since, "{what}");
    let fails = match (then, now) {
        (Verdict::Fail, Verdict::Fail | Verdict::Indeterminate) => Some(at(THEN)),
        (_, Verdict::Fail) => Some(at(NOW)),
        _ => None,
    };
    assert_eq!(mark.failing_since, fails, "{what}");

    let fates: Vec<Fate> = comparison.departed.iter().map(|own| own.fate).collect();
    let fate = match (is_finding(then), now) {
        (true, Verdict::Pass) => vec![Fate::Passes],
        (true, Verdict::Informational) => vec![Fate::Informational],
        (true, Verdict::NotApplicable) => vec![Fate::NotApplicable],
        _ => vec![],
    };
    assert_eq!(fates, fate, "{what}");

    let changes = comparison.changes(&assessment);
    assert_eq!(changes.fixed == 1, then == Verdict::Fail && !is_finding(now), "{what}");
    let judged = then == Verdict::Indeterminate && !is_finding(now);
    assert_eq!(changes.judged_again == 1, judged, "{what}");
    let waived = is_finding(then) && !was_waived && is_waived;
    assert_eq!(changes.waived == 1, waived, "{what}");
    assert_eq!(changes.unchanged == 1, change == Some(Change::Unchanged), "{what}");
    assert_eq!(changes.not_judged, 0, "{what}");
}

/// A subject that has no result any more, or has none yet.
#[test]
fn what_has_no_result_is_fixed_only_where_the_rule_was_judged_whole() {
    let then = [("NET001", "x", Verdict::Fail, false), ("NET001", "y", Verdict::Pass, false)];
    for (now, fate) in [
        (vec![("NET001", "y", Verdict::Pass, false)], Fate::Gone),
        (vec![("NET001", "z", Verdict::Fail, false)], Fate::Gone),
        (vec![("NET001", "z", Verdict::Indeterminate, false)], Fate::Unseen),
        (
            vec![
                ("NET001", "y", Verdict::Pass, false),
                ("NET001", "z", Verdict::Indeterminate, true),
            ],
            Fate::Unseen,
        ),
        (vec![("PG001", "x", Verdict::Pass, false)], Fate::RuleLeftOut),
    ] {
        let (assessment, comparison) = compared(&then, &now);
        assert_eq!(comparison.departed.len(), 1, "{now:?}");
        let departed = &comparison.departed[0];
        assert_eq!(departed.fate, fate, "{now:?}");
        assert_eq!(departed.finding.failing_since, Some(at(THEN)));
        let changes = comparison.changes(&assessment);
        let is_over = fate == Fate::Gone;
        assert_eq!((changes.fixed, changes.not_judged), (is_over.into(), (!is_over).into()));
    }
    let (_, comparison) = compared(&then, &[("NET001", "z", Verdict::Fail, false)]);
    let mark = comparison.marks.values().next().unwrap();
    assert_eq!((mark.state, mark.previous_verdict), (Baseline::New, None));
    assert!(mark.was_in_sight);
}

#[test]
fn a_rule_that_was_not_judged_whole_was_not_in_sight() {
    for then in [
        vec![],
        vec![("PG002", "x", Verdict::Pass, false)],
        vec![("PG001", "y", Verdict::Indeterminate, false), ("PG001", "z", Verdict::Pass, false)],
    ] {
        let (assessment, comparison) = compared(&then, &[("PG001", "x", Verdict::Fail, false)]);
        let mark = comparison.mark(&assessment.deployments[0].results[0]).unwrap();
        assert!(!mark.was_in_sight, "{then:?}");
        assert_eq!(mark.state, Baseline::New);
    }
}

#[test]
fn a_deployment_that_was_not_audited_is_not_fixed_and_the_others_are_compared() {
    let rows = [("PG001", "x", Verdict::Fail, false)];
    let past = report(&[("a", &rows), ("b", &rows)], &json!({}), &[]);
    let comparison = compare(&run(&[("b", &rows)]), &["a", "b"], &past);
    assert_eq!(comparison.departed.len(), 1);
    assert_eq!(comparison.departed[0].fate, Fate::DeploymentLeftOut);
    assert_eq!(comparison.marks.len(), 1);
    assert_eq!(comparison.marks.values().next().unwrap().state, Baseline::Unchanged);
}

#[test]
fn a_chain_of_nights_keeps_the_first_time() {
    let more = json!({"first_detected_at": EARLIER, "failing_since": EARLIER});
    for (then, now) in [
        (Verdict::Fail, Verdict::Fail),
        (Verdict::Fail, Verdict::Indeterminate),
        // It failed, was out of sight for a night, and fails still: the same failure.
        (Verdict::Indeterminate, Verdict::Fail),
    ] {
        let past = report(&[("d", &[("PG001", "x", then, false)])], &more, &[]);
        let assessment = run(&[("d", &[("PG001", "x", now, false)])]);
        let comparison = compare(&assessment, &["d"], &past);
        let mark = comparison.mark(&assessment.deployments[0].results[0]).unwrap();
        assert_eq!(mark.first_detected_at, Some(at(EARLIER)), "{then:?} {now:?}");
        assert_eq!(mark.failing_since, Some(at(EARLIER)));
        assert_ne!(mark.state, Baseline::New);
    }
    // And fixed it is when it was mended behind the fog.
    let past = report(&[("d", &[("PG001", "x", Verdict::Indeterminate, false)])], &more, &[]);
    let assessment = run(&[("d", &[("PG001", "x", Verdict::Pass, false)])]);
    let changes = compare(&assessment, &["d"], &past).changes(&assessment);
    assert_eq!((changes.fixed, changes.judged_again), (1, 0));
    // A lost verdict keeps when it was lost.
    let more = json!({"first_detected_at": EARLIER, "failing_since": null});
    let past = report(&[("d", &[("PG001", "x", Verdict::Indeterminate, false)])], &more, &[]);
    let assessment = run(&[("d", &[("PG001", "x", Verdict::Indeterminate, false)])]);
    let mark = compare(&assessment, &["d"], &past).marks.into_values().next().unwrap();
    assert_eq!((mark.first_detected_at, mark.failing_since), (Some(at(EARLIER)), None));
}

#[test]
fn what_was_not_judged_waits_until_it_is() {
    let waiting = |deployment: &str| {
        let own = result(deployment, ("PG001", "x", Verdict::Fail, false));
        json!({
            "deployment": deployment, "rule": "PG001", "title": "t", "severity": "high",
            "subject": "x", "message": "m", "previous_verdict": "fail", "waived": false,
            "fingerprint": own.fingerprint, "observed_digest": own.observed_digest,
            "first_detected_at": EARLIER, "failing_since": EARLIER,
        })
    };
    let waiting = [waiting("d"), waiting("sold")];
    let past = report(&[("d", &[])], &json!({}), &waiting);
    let against = |rows: &[Row]| {
        let assessment = run(&[("d", rows)]);
        let comparison = compare(&assessment, &["d"], &past);
        let changes = comparison.changes(&assessment);
        (comparison, changes)
    };
    let (comparison, _) = against(&[("PG001", "x", Verdict::Fail, false)]);
    let mark = comparison.marks.values().next().unwrap();
    assert_eq!((mark.state, mark.failing_since), (Baseline::Unchanged, Some(at(EARLIER))));
    assert_eq!(comparison.departed, [], "a deployment that was sold is told of once, not for ever");
    assert_eq!(against(&[("PG001", "x", Verdict::Pass, false)]).1.fixed, 1);
    assert_eq!(against(&[("PG001", "y", Verdict::Pass, false)]).1.fixed, 1, "gone");
    let (comparison, changes) = against(&[("PG002", "x", Verdict::Pass, false)]);
    assert_eq!((changes.fixed, changes.not_judged), (0, 1));
    assert_eq!(comparison.departed[0].finding.failing_since, Some(at(EARLIER)), "it waits on");
}

#[test]
fn a_report_changed_by_hand_cannot_say_more_than_it_knew() {
    let more = json!({"first_detected_at": "9999-01-01T00:00:00Z", "failing_since": "soon"});
    let rows = [("PG001", "x", Verdict::Fail, false)];
    let assessment = run(&[("d", &rows)]);
    let comparison = compare(&assessment, &["d"], &report(&[("d", &rows)], &more, &[]));
    let mark = comparison.marks.values().next().unwrap();
    assert_eq!((mark.first_detected_at, mark.failing_since), (Some(at(THEN)), Some(at(THEN))));
}

#[test]
fn another_observation_is_another_state() {
    let rows = [("PG001", "x", Verdict::Fail, false)];
    let assessment = run(&[("d", &rows)]);
    let past = report(&[("d", &rows)], &json!({"observed_digest": "other"}), &[]);
    let comparison = compare(&assessment, &["d"], &past);
    assert_eq!(comparison.marks.values().next().unwrap().state, Baseline::Updated);
    let own = &assessment.deployments[0].results[0];
    assert_eq!(comparison.change(own), Some(Change::Unchanged), "people mind that it fails");
}
