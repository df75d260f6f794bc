//! The Markdown report, as a whole and cut.

use std::collections::BTreeSet;

use super::*;
use crate::canned::{self, HOSTILE};
use proptest::prelude::*;
use proptest::sample::select;
use vaudit_model::assessment::DeploymentAssessment;
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::rule::{Judgement, Meta};
use vaudit_model::shell::{Command, inert_lines};

/// Looks at what must hold for every report: it fits, nothing is left open, the counts of its head
/// are true, and what is shown and what is left out are all there is.
fn check(assessment: &Assessment, limit: usize) -> String {
    let text = within(assessment, limit);
    assert!(text.len() <= limit, "{} bytes of {limit}", text.len());
    assert_eq!(inert_lines(&text), text);
    let summary = assessment.summary();
    let head = text.lines().next().unwrap();
    assert!(head.ends_with(&format!("vaudit: {}", wording::counts(summary))), "{head}");
    let exit = prose(&wording::exit_code(assessment));
    assert!(text.lines().nth(2).unwrap().contains(&exit), "the verdict is there");
    well_formed(&text);

    let shown = shown(&text);
    let left_out = text.lines().find(|line| line.starts_with("✂️")).unwrap_or_default();
    let counted = |words: &str| left_out_of(left_out, words);
    assert_eq!(shown.failed + counted("failed"), summary.fail, "failures");
    assert_eq!(shown.lost + counted("could not be judged"), summary.indeterminate, "losses");
    assert_eq!(shown.waived + counted("waived"), summary.waived, "waived");
    assert_eq!(shown.passed + counted("passed"), summary.pass, "passed");
    assert_eq!(shown.moot + counted("not applicable"), summary.not_applicable, "moot");
    assert_eq!(shown.said + counted("for information"), summary.informational, "statements");
    text
}

/// Fences and folds are closed in their order, and no other markup is left open by a cut.
fn well_formed(text: &str) {
    assert!(text.ends_with('\n'));
    let (mut fence, mut folded) = (None, false);
    for line in text.lines() {
        if let Some(open) = fence {
            if line == open {
                fence = None;
            }
        } else if let Some(ticks) = line.strip_suffix("sh").filter(|line| line.starts_with("```")) {
            fence = Some(ticks);
        } else if line.starts_with("<details>") {
            assert!(!folded && line.ends_with("</summary>"), "{line}");
            folded = true;
        } else if line == "</details>" {
            assert!(folded, "closed twice");
            folded = false;
        } else {
            let bare = without_code(line);
            assert!(!bare.contains('<') && !bare.contains('@'), "{line}");
            assert!(!bare.contains("://"), "{line}");
        }
    }
    assert!(fence.is_none() && !folded, "left open");
}

/// A line with a blank for each of its code spans, all of which must end.
fn without_code(line: &str) -> String {
    let mut bare = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        bare.push_str(&rest[..start]);
        bare.push(' ');
        let ticks: String = rest[start..].chars().take_while(|c| *c == '`').collect();
        rest = &rest[start + ticks.len()..];
        loop {
            let end = rest.find('`').unwrap_or_else(|| panic!("a span is open: {line}"));
            let run = rest[end..].chars().take_while(|c| *c == '`').count();
            rest = &rest[end + run..];
            if run == ticks.len() {
                break;
            }
        }
    }
    bare + rest
}

#[derive(Debug, Default)]
struct Shown {
    failed: u32,
    lost: u32,
    waived: u32,
    said: u32,
    passed: u32,
    moot: u32,
}

/// Counts what the text shows, by reading it.
fn shown(text: &str) -> Shown {
    let mut shown = Shown::default();
    let mut section = "";
    for line in text.lines() {
        if line.starts_with("## ") || line.starts_with("### ") {
            section = line;
        }
        if let Some(loss) = line.strip_prefix("#### ❔") {
            let (_, count) = loss.split_once(" · ").unwrap();
            shown.lost += count.split(' ').next().unwrap().parse::<u32>().unwrap();
        } else if let Some((_, loss)) = line.split_once("could not be judged: ") {
            shown.lost += if line.starts_with("- ❔") { ids(loss) } else { 0 };
        } else if line.starts_with("#### ❌") || line.starts_with("- ❌ **") {
            shown.failed += u32::from(section == FINDINGS.trim());
        } else if line.starts_with("- ") && section == WAIVED.trim() {
            shown.waived += ids(line.trim_start_matches("- "));
        } else if line.starts_with("- ") && section == STATEMENTS.trim() {
            shown.said += 1;
        } else if let Some(passed) = line.strip_prefix("Passed: ") {
            shown.passed += ids(passed);
        } else if let Some(moot) = line.strip_prefix("Not applicable: ") {
            shown.moot += ids(moot);
        }
    }
    shown
}

/// How many results a list such as `PG001, PG002 ×3: …` names.
fn ids(list: &str) -> u32 {
    let end = list.find([':', '(']).unwrap_or(list.len());
    let is_id = |word: &str| word.len() > 3 && word.chars().all(|c| c.is_ascii_alphanumeric());
    let counts = list[..end].split(',').map(str::trim).filter_map(|word| {
        let (id, count) = word.split_once(" ×").unwrap_or((word, "1"));
        is_id(id).then(|| count.parse::<u32>().unwrap())
    });
    counts.sum()
}

/// What the sentence says is left out of a kind.
fn left_out_of(sentence: &str, kind: &str) -> u32 {
    let (_, counts) = sentence.split_once("characters:** ").unwrap_or_default();
    let counts = counts.split('.').next().unwrap_or_default().split(", ");
    let of_kind = counts.filter_map(|part| {
        let (count, words) = part.split_once(' ')?;
        words.starts_with(kind).then(|| count.parse::<u32>().unwrap())
    });
    of_kind.sum()
}

/// 82 rules, as many as the reference profile has.
fn metas() -> Vec<Meta> {
    let base = canned::assessment().catalogue[0].meta;
    let severities =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Note];
    let meta = |number: usize| Meta {
        id: format!("PG{number:03}").leak(),
        severity: severities[number % severities.len()],
        ..base
    };
    (1..=82).map(meta).collect()
}

/// A result of a kind.
fn result(meta: Meta, kind: usize, text: &str) -> RuleResult {
    let server = format!(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/{text}"
    );
    let gap = |action: &str| Gap {
        action: Some(action.to_owned()),
        ..Gap::because(Reason::Forbidden, format!("{text} may not be read"))
    };
    let fix = vec![Command::new("az postgres flexible-server update").arg("--name", text)];
    let judgement = match kind {
        0 => Judgement::fail(&server, format!("The server {text} is wrong."))
            .fix(format!("Mend {text}."), fix),
        1 => Judgement::indeterminate(&server, gap("Microsoft.DBforPostgreSQL/read")),
        2 => Judgement::indeterminate(&server, gap(text)),
        3 => Judgement::informational(&server, format!("For {text}.")),
        4 => Judgement::not_applicable(&server, "absent: see PG004"),
        5 => Judgement::fail(&server, "Waived."),
        _ => Judgement::pass(&server, "Well."),
    };
    RuleResult {
        meta,
        severity: meta.severity,
        location: None,
        waiver: (kind == 5).then_some(0),
        lapsed_waiver: None,
        fingerprint: String::new(),
        observed_digest: String::new(),
        judgement,
    }
}

fn deployment(name: &str, results: Vec<RuleResult>) -> DeploymentAssessment {
    let mut assessed = canned::assessment().deployments[1].clone();
    assessed.deployment.name = name.to_owned();
    assessed.results = results;
    assessed
}

#[test]
fn held_against_an_earlier_run_what_is_new_comes_first() {
    let text = render(&canned::compared());
    let of = |what: &str| text.find(what).unwrap();
    assert!(of("new, critical · PG004") < of("critical · NET006"));
    assert!(of("new, medium · STO009") < of("critical · NET006"));
    for limit in [20_000, 40_000] {
        let text = within(&canned::compared(), limit);
        assert!(text.len() <= limit, "{} bytes of {limit}", text.len());
        well_formed(&text);
    }
    insta::assert_snapshot!("previous", text);
}

#[test]
fn a_report_that_fits_is_whole() {
    let text = check(&canned::assessment(), LIMIT);
    assert!(!text.contains("Left out"), "{text}");
    for (state, owner) in [("expired", "platform@example.com"), ("unused", "SEC-123")] {
        assert!(text.contains(&format!("**{state}**")) && text.contains(&code(owner)));
    }
    assert_eq!(text, render(&canned::assessment()));
    insta::assert_snapshot!("markdown", text);
}

#[test]
fn a_thousand_deployments_fit_and_the_worst_is_first() {
    let metas = metas();
    let mut assessment = canned::assessment();
    let hostile = format!("{HOSTILE}{}", "n".repeat(300));
    for text in ["pg-vectice", hostile.as_str()] {
        let results = |place: usize| {
            let kinds = metas.iter().enumerate();
            kinds.map(|(number, meta)| result(*meta, (number + place) % 9, text)).collect()
        };
        let named = |place: usize| deployment(&format!("{text}-{place}"), results(place));
        assessment.deployments = (0..1000).map(named).collect();
        let report = check(&assessment, LIMIT);
        assert!(report.len() > LIMIT * 9 / 10, "room is not wasted: {}", report.len());
        let left_out = report.lines().find(|line| line.starts_with("✂️")).unwrap();
        assert!(left_out.contains(" failed (critical), "), "{left_out}");
        assert!(report.matches("#### ❌ critical · ").count() > 5, "the worst have their details");
        for severity in ["high", "medium", "low", "note"] {
            let shown = report.lines().any(|line| {
                line.starts_with(&format!("- ❌ **{severity}**"))
                    || line.starts_with(&format!("#### ❌ {severity}"))
            });
            assert!(!shown, "{severity} although critical ones are left out");
        }
    }
}

#[test]
fn a_thousand_sound_deployments_say_how_many_are_not_named() {
    let metas = metas();
    let mut assessment = canned::assessment();
    let results: Vec<RuleResult> = metas.iter().map(|meta| result(*meta, 6, "pg")).collect();
    assessment.deployments =
        (0..1000).map(|place| deployment(&format!("d{place}"), results.clone())).collect();
    assessment.run.exit_code = 0;
    let text = check(&assessment, LIMIT);
    assert!(text.starts_with("## ✅ vaudit: nothing failed, 82000 passed\n"), "{text}");
    let titles: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("## ✅ `d")).collect();
    let unnamed = format!(" Of {} deployments nothing is shown below.", 1000 - titles.len());
    assert!(text.contains(&unnamed), "{unnamed}");
}

#[test]
fn a_run_that_was_stopped_says_so_at_once() {
    let mut assessment = canned::assessment();
    assessment.run.header.stopped = Some(vaudit_model::snapshot::Stopped::Terminated);
    let text = check(&assessment, LIMIT);
    let place = text.find("Incomplete run: it was terminated").unwrap();
    assert!(place < 500, "{place}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn whatever_is_cut_the_rest_is_sound(
        texts in proptest::collection::vec(
            prop_oneof![
                select(vec![
                    HOSTILE.to_owned(),
                    "```\n</details>".to_owned(),
                    "a|b @octocat #12 <script>".to_owned(),
                    "x".repeat(300),
                ]),
                "\\PC{0,40}",
                "[`<>@#:/|*_\\\\\\]\\[()!$~&%^ \n\ra-c.-]{0,60}",
            ],
            1..6,
        ),
        kinds in proptest::collection::vec(0_usize..7, 0..120),
        limit in 9_000_usize..40_000,
    ) {
        let metas = metas();
        let mut assessment = canned::assessment();
        let count = texts.len();
        assessment.deployments = texts
            .iter()
            .enumerate()
            .map(|(place, text)| {
                let own = kinds.iter().enumerate().filter(|(number, _)| number % count == place);
                let results = own.map(|(number, kind)| result(metas[number % 82], *kind, text));
                deployment(text, results.collect())
            })
            .collect();
        for (used, text) in assessment.waivers.iter_mut().zip(&texts) {
            used.waiver.owner.clone_from(text);
            used.waiver.reason.clone_from(text);
        }
        check(&assessment, limit);
    }
}
