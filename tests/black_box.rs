//! The black-box suite: every case of `tests/cases/` changes the compliant estate, and the binary
//! has to say what the catalogue says about it, and nothing else.
//!
//! The estates are the rows of the catalogue's §D.1 (mutations), §D.2 (losses of sight) and §D.3
//! (harmless variations), as the simulator's `catalogue-rows.json` tells them, and our own beside
//! them. A case says what is expected; a row without a case concerns rules that are not there yet,
//! so it must leave those that are untroubled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;
use support::cases::{cases, manifest, names, rows, scenario, silent_rows};
use support::look::Seen;
use support::{Azure, Ran, verdicts};
use vaudit_engine::{Profile, select};
use vaudit_model::assessment::Assessment;
use vaudit_model::drift::{Class, Drift};
use vaudit_model::{Rule, Verdict};
use vaudit_reports::{json, saved, topology};

/// How many simulators work at once.
const WORKERS: usize = 4;

/// The variations in which something is not as it was: another setting, one more resource. No rule minds
/// and nobody is alarmed, but whoever approved the estate is told. All others tell the same facts in
/// other words, or what always moves, and there is no drift at all.
const REAL_CHANGES: [&str; 36] = [
    "H08", "H14", "H17", "H19", "H20", "H23", "H25", "H26", "H29", "H30", "H31", "H32", "H35",
    "H53", "H59", "H300", "H310", "H320", "H321", "H322", "H323", "H325", "H342", "H343", "H345",
    "H346", "H347", "H348", "H370", "H371", "H372", "H375", "H376", "H377", "H378", "H394",
];

/// What came of a case: the report, and the drift from the compliant estate and back to it.
struct Outcome {
    /// Whether the case changes the estate or the manifest, and not only what is seen of it.
    is_changed: bool,
    ran: Ran,
    drift: Drift,
    back: Drift,
    /// The failing rules that the picture of the topology shows nowhere.
    undrawn: Vec<&'static str>,
}

/// The rules the cases are judged by.
fn rules() -> Vec<&'static Rule> {
    select(vaudit_rules::CATALOGUE, Profile::default(), &[], &[]).unwrap()
}

/// Runs a case through the binary, and keeps what it read.
fn judged(azure: &Azure, manifest: &str, rules: &[&'static Rule]) -> (Ran, Seen) {
    let vaudit = azure.vaudit().file("vaudit.toml", manifest);
    let ran = vaudit.run(&["check", "--format", "json", "--save-snapshot", "s.snapshot"]);
    let seen = Seen::at(&vaudit.folder.path().join("s.snapshot"), rules);
    (ran, seen)
}

/// Runs every case through the binary and collects what is wrong with any of them.
fn run_all(cases: &[Value], check: fn(&Value, &Outcome) -> Result<(), String>) -> usize {
    let (names, rows, rules) = (names(), rows(), rules());
    let open = Mutex::new(cases.iter());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let azure = Azure::named("compliant");
                azure.tell(&scenario(&Value::Null, &rows));
                let plain = manifest(&Value::Null, &azure.cloud(), &names);
                let (_, compliant) = judged(&azure, &plain, &rules);
                loop {
                    let Some(case) = open.lock().unwrap().next() else { return };
                    let story = scenario(case, &rows);
                    // One change is the secret's, which is no change.
                    let is_changed = story["changes"].as_array().unwrap().len() > 1
                        || !case["manifest"].is_null();
                    azure.tell(&story);
                    let text = manifest(case, &azure.cloud(), &names);
                    let (ran, seen) = judged(&azure, &text, &rules);
                    let drift = compliant.drift_to(&seen, &rules);
                    let back = seen.drift_to(&compliant, &rules);
                    let undrawn = undrawn(&seen.assessment);
                    reads_back(&seen.assessment);
                    let outcome = Outcome { is_changed, ran, drift, back, undrawn };
                    if let Err(why) = check(case, &outcome) {
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{} ({}): {why}", case["id"], case["what"]));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

/// A report is the same when it is read back from its JSON.
fn reads_back(assessment: &Assessment) {
    let text = json::render(assessment);
    let read = saved::read(&text, &assessment.catalogue).unwrap();
    assert!(json::render(&read) == text, "run {}", assessment.run.id);
}

/// The failing rules that stand at nothing in the picture, and in its words neither.
fn undrawn(assessment: &Assessment) -> Vec<&'static str> {
    let now = assessment.run.header.finished_at;
    let missing = assessment.deployments.iter().flat_map(|own| {
        let picture = topology::picture(own, now, "");
        let words = topology::words(own, now).join("\n");
        let failing = own.results.iter().filter(|own| own.judgement.verdict == Verdict::Fail);
        failing
            .map(|own| own.meta.id)
            .filter(move |rule| !picture.contains(&format!("✕ {rule}<")) || !words.contains(rule))
    });
    missing.collect()
}

fn words(case: &Value, field: &str) -> BTreeSet<String> {
    let words = case[field].as_array().into_iter().flatten();
    words.map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// What AUD001 says is held to its definition in every case: it is indeterminate exactly when some
/// rule lost a fact to a refusal. So cases need not name it.
fn names_refusals(report: &Value) -> Result<bool, String> {
    let refused = ["forbidden", "sign-in"];
    let gaps = report["deployments"].as_array().unwrap().iter();
    let cost_a_rule = gaps.flat_map(|own| own["gaps"].as_array().unwrap()).any(|gap| {
        refused.contains(&gap["reason"].as_str().unwrap())
            && gap["rules"].as_array().unwrap().iter().any(|rule| rule != "AUD001")
    });
    let said = verdicts(report)["AUD001"] == "indeterminate";
    if cost_a_rule && !said {
        return Err("a rule lost a fact to a refusal, and AUD001 does not say so".to_owned());
    }
    Ok(cost_a_rule)
}

fn with_verdict(report: &Value, verdict: &str) -> BTreeSet<String> {
    verdicts(report).into_iter().filter(|(_, own)| own == verdict).map(|(rule, _)| rule).collect()
}

/// Messages of results with a verdict, to say what was wrong.
fn messages(report: &Value, verdict: &str) -> String {
    let results = support::results(report);
    let with = results.into_iter().filter(|result| result["verdict"] == verdict);
    let lines = with.map(|result| {
        format!("\n    {}: {} {}", result["rule"], result["message"], result["reason"])
    });
    lines.collect()
}

fn report(ran: &Ran) -> Result<Value, String> {
    serde_json::from_str(&ran.stdout).map_err(|_| format!("exit {}: {}", ran.code, ran.stderr))
}

/// The rules of the differences of a class.
fn turned(drift: &Drift, class: Class) -> BTreeSet<String> {
    let differences = drift.differences().filter(|own| own.class == class);
    let rules = differences.flat_map(|own| &own.rules).map(|rule| rule.meta.id.to_owned());
    rules.collect()
}

/// The differences of some classes, to say what was wrong.
fn listed(drift: &Drift, is_meant: impl Fn(Class) -> bool) -> String {
    let differences = drift.differences().filter(|own| is_meant(own.class));
    let lines = differences.map(|own| {
        let lost = own.lost.as_ref().map_or("", |lost| lost.gap.message.as_str());
        format!(
            "\n    {} {} {} {:?}: {:?} → {:?} {lost}",
            own.class.word(),
            own.kind,
            own.name,
            own.fact,
            own.before,
            own.after
        )
    });
    lines.collect()
}

/// Whoever drifts into the case breaks the design with these rules, and whoever drifts back mends it.
fn drifts(expected: &BTreeSet<String>, outcome: &Outcome) -> Result<(), String> {
    let broken = turned(&outcome.drift, Class::BreaksDesign);
    if !expected.is_subset(&broken) {
        return Err(format!("drift breaks {broken:?}{}", listed(&outcome.drift, |_| true)));
    }
    let mended = turned(&outcome.back, Class::MendsDesign);
    if !expected.is_subset(&mended) {
        return Err(format!("drift back mends {mended:?}{}", listed(&outcome.back, |_| true)));
    }
    if outcome.back.count(Class::BreaksDesign) > 0 {
        let broken = listed(&outcome.back, |class| class == Class::BreaksDesign);
        return Err(format!("drift back breaks the design{broken}"));
    }
    Ok(())
}

fn caught(case: &Value, outcome: &Outcome) -> Result<(), String> {
    let ran = &outcome.ran;
    let report = report(ran)?;
    names_refusals(&report)?;
    let (expected, failed) = (words(case, "fails"), with_verdict(&report, "fail"));
    if failed != expected {
        let lost = messages(&report, "indeterminate");
        return Err(format!(
            "fails {failed:?}, expected {expected:?}{}\n  lost:{lost}",
            messages(&report, "fail")
        ));
    }
    let code = match (expected.is_empty(), with_verdict(&report, "indeterminate").is_empty()) {
        (false, _) => 1,
        (true, false) => 3,
        (true, true) => 0,
    };
    if ran.code != code {
        return Err(format!("exit {}, expected {code}", ran.code));
    }
    if !outcome.undrawn.is_empty() {
        return Err(format!("the picture does not show {:?}", outcome.undrawn));
    }
    drifts(&expected, outcome)
}

fn seen_as_lost(case: &Value, outcome: &Outcome) -> Result<(), String> {
    let ran = &outcome.ran;
    let report = report(ran)?;
    let blind = turned(&outcome.drift, Class::CouldNotCompare);
    let unsaid: Vec<String> =
        with_verdict(&report, "indeterminate").difference(&blind).cloned().collect();
    if !unsaid.is_empty() {
        return Err(format!("drift does not say that {unsaid:?} could not be compared"));
    }
    let mended = turned(&outcome.drift, Class::MendsDesign);
    if !mended.is_empty() {
        return Err(format!("drift says that {mended:?} were mended"));
    }
    // What is not seen is neither new nor gone nor changed.
    let invented = listed(&outcome.drift, |class| class > Class::CouldNotCompare);
    if !outcome.is_changed && !invented.is_empty() {
        return Err(format!("drift invents{invented}"));
    }
    let (due, failed) = (words(case, "fails"), with_verdict(&report, "fail"));
    if failed != due {
        return Err(format!("fails {failed:?}, expected {due:?}{}", messages(&report, "fail")));
    }
    let (expected, mut lost) = (words(case, "lost"), with_verdict(&report, "indeterminate"));
    if names_refusals(&report)? && !expected.contains("AUD001") {
        lost.remove("AUD001");
    }
    let allowed: BTreeSet<String> = expected.union(&words(case, "may_be_lost")).cloned().collect();
    if !expected.is_subset(&lost) || !lost.is_subset(&allowed) {
        return Err(format!(
            "loses {lost:?}, expected {expected:?}{}",
            messages(&report, "indeterminate")
        ));
    }
    if ran.code != if due.is_empty() { 3 } else { 1 } {
        return Err(format!("exit {}", ran.code));
    }
    let gaps = report["deployments"][0]["gaps"].as_array().unwrap();
    // A case names one reason, or the several that its rules have.
    let reasons = match &case["reason"] {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    let of_reason: BTreeSet<String> = gaps
        .iter()
        .filter(|gap| reasons.contains(&gap["reason"]))
        .flat_map(|gap| gap["rules"].as_array().unwrap())
        .map(|rule| rule.as_str().unwrap().to_owned())
        .collect();
    let wrong: Vec<&String> = expected.difference(&of_reason).collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{wrong:?} have another reason than {}: {gaps:?}", case["reason"]))
    }
}

fn untroubled(case: &Value, outcome: &Outcome) -> Result<(), String> {
    let ran = &outcome.ran;
    let report = report(ran)?;
    let (failed, lost) = (messages(&report, "fail"), messages(&report, "indeterminate"));
    if !failed.is_empty() || !lost.is_empty() || ran.code != 0 {
        return Err(format!("exit {}{failed}{lost}", ran.code));
    }
    let is_change = REAL_CHANGES.contains(&case["id"].as_str().unwrap());
    let is_harmless =
        |class| matches!(class, Class::AllowedChange | Class::New | Class::Gone) && is_change;
    for (way, drift) in [("there", &outcome.drift), ("back", &outcome.back)] {
        let differences = listed(drift, |class| !is_harmless(class));
        if !differences.is_empty() || drift.exit_code != 0 {
            return Err(format!("drift {way}, exit {}{differences}", drift.exit_code));
        }
        if is_change && drift.differences().next().is_none() {
            return Err(format!("drift {way} does not tell the change"));
        }
    }
    Ok(())
}

/// A mutation that concerns rules to come: nothing fails, though something may be lost.
fn no_false_alarm(_: &Value, outcome: &Outcome) -> Result<(), String> {
    let ran = &outcome.ran;
    let report = report(ran)?;
    let failed = messages(&report, "fail");
    if !failed.is_empty() || !matches!(ran.code, 0 | 3) {
        return Err(format!("exit {}{failed}", ran.code));
    }
    drifts(&BTreeSet::new(), outcome)
}

/// Says something that is seen without `--nocapture`, which holds back what a test prints.
fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
fn every_mutation_is_caught_and_nothing_else() {
    let count = run_all(&cases("mutations.json"), caught);
    let others = run_all(&silent_rows('M'), no_false_alarm);
    say(&format!(
        "mutations caught {count}/{count}, false alarms 0 (also of {others} rows for rules to come)"
    ));
}

#[test]
fn no_loss_of_sight_passes() {
    let count = run_all(&cases("losses.json"), seen_as_lost);
    let others = run_all(&silent_rows('U'), untroubled);
    say(&format!(
        "losses of sight {count}, of them passed 0 ({others} more concern rules to come)"
    ));
}

#[test]
fn no_harmless_variation_fires() {
    let mut all = cases("variations.json");
    all.extend(silent_rows('H'));
    let count = run_all(&all, untroubled);
    say(&format!("harmless variations {count}, false alarms 0"));
}

/// Every rule that can fail has a mutation that makes it fail.
#[test]
fn every_rule_that_can_fail_is_made_to() {
    let made: BTreeSet<String> =
        cases("mutations.json").iter().flat_map(|case| words(case, "fails")).collect();
    for rule in vaudit_rules::CATALOGUE {
        let can_fail =
            !["AKS010", "AUD001", "AUD004", "DNS008", "IAM014", "NET001"].contains(&rule.meta.id);
        assert_eq!(made.contains(rule.meta.id), can_fail, "{}", rule.meta.id);
    }
}
