//! The canned past: what an earlier run found, and what many runs say together.

use jiff::Timestamp;
use vaudit_model::assessment::{Assessment, fingerprint};
use vaudit_model::history::{
    Baseline, Cell, Comparison, Departed, Episode, Fate, Hole, Mark, PastFinding, Trend,
    TrendFinding, TrendRun,
};
use vaudit_model::rule::{Severity, Verdict};

use crate::canned::{self, HOSTILE, WIDE};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-vectice";

fn night(day: i8) -> Timestamp {
    jiff::civil::date(2026, 11, day).at(2, 30, 0, 0).in_tz("UTC").unwrap().timestamp()
}

/// The canned assessment, held against an earlier run.
pub(crate) fn compared() -> Assessment {
    let mut assessment = canned::assessment();
    let at = assessment.run.header.finished_at;
    let mut marks = std::collections::BTreeMap::new();
    for result in assessment.deployments.iter().flat_map(|own| &own.results) {
        let verdict = result.judgement.verdict;
        let same = Mark {
            state: Baseline::Unchanged,
            previous_verdict: Some(verdict),
            was_waived: result.waiver.is_some(),
            was_in_sight: true,
            first_detected_at: None,
            failing_since: None,
        };
        let failed = |since| Mark {
            first_detected_at: Some(since),
            failing_since: Some(since),
            ..same.clone()
        };
        let new = Mark { state: Baseline::New, previous_verdict: None, ..failed(at) };
        let mark = match (result.meta.id, verdict) {
            // Its waiver has lapsed.
            ("PG001", _) => Mark { was_waived: true, ..failed(night(3)) },
            // Waived since.
            ("DNS005", _) => Mark { was_waived: false, ..failed(night(2)) },
            ("PG004", _) => new,
            ("STO009", _) => Mark { was_in_sight: false, ..new },
            (_, Verdict::Fail) => failed(night(20)),
            ("BKP001", _) => Mark {
                state: Baseline::Updated,
                previous_verdict: Some(Verdict::Fail),
                ..failed(night(19))
            },
            ("BKP009", _) => Mark { first_detected_at: Some(night(18)), ..same },
            (_, Verdict::Indeterminate) => Mark { failing_since: None, ..new },
            _ => same,
        };
        marks.insert(result.fingerprint.clone(), mark);
    }
    let second = assessment.deployments[1].deployment.name.clone();
    assessment.previous = Some(Comparison {
        run_id: "0123456789abcdef".to_owned(),
        finished_at: night(21),
        marks,
        departed: vec![
            departed("production", "NET006", "virtualNetworks/vnet-aks", Fate::Gone),
            departed("production", "AKS001", HOSTILE, Fate::Passes),
            departed("production", "STO002", "storageAccounts/stvectice", Fate::RuleLeftOut),
            departed(&second, HOSTILE, WIDE, Fate::Unseen),
            departed(HOSTILE, "PG001", "flexibleServers/pg", Fate::DeploymentLeftOut),
        ],
    });
    assessment
}

fn departed(deployment: &str, rule: &str, name: &str, fate: Fate) -> Departed {
    let subject = format!("{GROUP}/providers/Microsoft.Example/{name}");
    let failed = rule != "NET006";
    Departed {
        finding: PastFinding {
            deployment: deployment.to_owned(),
            rule: rule.to_owned(),
            title: format!("What {rule} asks for holds"),
            severity: Severity::High,
            message: format!("{name} is not as it should be."),
            previous_verdict: if failed { Verdict::Fail } else { Verdict::Indeterminate },
            waived: false,
            fingerprint: fingerprint(rule, deployment, &subject),
            observed_digest: "00".to_owned(),
            first_detected_at: night(17),
            failing_since: failed.then(|| night(17)),
            subject,
        },
        fate,
    }
}

/// Three weeks of runs, one of which is missing.
pub(crate) fn trend() -> Trend {
    let days: Vec<i8> = (1..=21).filter(|day| *day != 9).collect();
    let at = |run: usize| night(days[run]);
    let run = |(number, day): (usize, &i8)| TrendRun {
        id: format!("{number:016x}"),
        finished_at: night(*day),
        profile: "reference".to_owned(),
        complete: number != 4,
    };
    let cells = |signs: &str| -> Vec<Cell> {
        let cell = |sign| match sign {
            'x' => Cell::Failed,
            'w' => Cell::Waived,
            '?' => Cell::Unknown,
            '-' => Cell::NotAsked,
            _ => Cell::Fine,
        };
        signs.chars().map(cell).collect()
    };
    let episode = |first: usize, last: usize, mended: Option<usize>| Episode {
        first,
        last,
        mended,
        since: at(first),
        until: at(mended.unwrap_or(days.len() - 1)),
        blind_before: 0,
        blind: 0,
        waived: 0,
    };
    let finding = |rule: &str, severity, subject: &str, signs: &str, episodes| TrendFinding {
        deployment: "production".to_owned(),
        subscription: "00000000-0000-0000-0000-00000000000a".to_owned(),
        resource_group: "rg-vectice".to_owned(),
        rule: rule.to_owned(),
        title: format!("What {rule} asks for holds"),
        severity,
        subject: format!("{GROUP}/providers/Microsoft.Example/{subject}"),
        fingerprint: fingerprint(rule, "production", subject),
        cells: cells(signs),
        episodes,
    };
    let quick = Episode { since: at(0), ..episode(0, 0, Some(1)) };
    let flapping = (0..9).map(|number| episode(2 * number, 2 * number, Some(2 * number + 1)));
    Trend {
        runs: days.iter().enumerate().map(run).collect(),
        holes: vec![Hole { after: 7, missing: 1 }],
        shown_from: 0,
        findings: vec![
            finding(
                "STO003",
                Severity::Critical,
                "storageAccounts/stvectice",
                "..xx?..........??xxx",
                vec![
                    Episode { blind: 1, ..episode(2, 3, Some(5)) },
                    Episode { blind_before: 2, ..episode(17, 19, None) },
                ],
            ),
            finding(
                "PG001",
                Severity::High,
                "flexibleServers/pg",
                "wwwwwwwwwwwwwwwwwwww",
                vec![Episode { since: night(1), waived: 20, ..episode(0, 19, None) }],
            ),
            finding(
                "NET004",
                Severity::High,
                "virtualNetworks/vnet-aks",
                ".................x?-",
                vec![Episode { blind: 2, ..episode(17, 17, None) }],
            ),
            finding(
                "IAM010",
                Severity::Medium,
                "servicePrincipals/1",
                "x.x.x.x.x.x.x.x.x...",
                flapping.collect(),
            ),
            finding("IAM001", Severity::Low, "a", "...???..............", Vec::new()),
            finding("IAM002", Severity::Low, "b", "...???..............", Vec::new()),
            finding("BKP001", Severity::Low, "c", "...................?", Vec::new()),
            TrendFinding {
                deployment: HOSTILE.to_owned(),
                title: format!("{WIDE} {HOSTILE}"),
                ..finding(HOSTILE, Severity::Low, HOSTILE, "x...................", vec![quick])
            },
        ],
    }
}
