//! The black-box suite: every case of `tests/cases/` changes the compliant estate, and the binary
//! has to say what the catalogue says about it, and nothing else.
//!
//! The estates are the rows of the catalogue's §D.1 (mutations), §D.2 (losses of sight) and §D.3
//! (harmless variations), as the simulator's `catalogue-rows.json` tells them, and our own beside
//! them. A case says what is expected; a row without a case concerns rules that are not there yet,
//! so it must leave those that are untroubled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};
use support::{Azure, Ran, root, verdicts};
use vaudit_simulator::demo_manifest;

/// How many simulators work at once.
const WORKERS: usize = 4;

fn cases(file: &str) -> Vec<Value> {
    let path = root().join("tests/cases").join(file);
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), cases.len(), "{file} has an id twice");
    cases
}

/// The estates of the catalogue's rows, by id.
fn rows() -> BTreeMap<String, Value> {
    let path = root().join("src/simulator/tests/catalogue-rows.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The rows of a kind (`M`, `U`, `H`) that no case of any file speaks of, as cases that expect nothing.
fn silent_rows(kind: char) -> Vec<Value> {
    let files = ["mutations.json", "losses.json", "variations.json"];
    let spoken: BTreeSet<String> = files
        .iter()
        .flat_map(|file| cases(file))
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect();
    let ids = rows().into_keys().filter(|id| id.starts_with(kind) && !spoken.contains(id));
    ids.map(|id| json!({"id": id, "what": "a row for rules to come"})).collect()
}

/// The scenario of a case: its own estate, or the row's.
fn scenario(case: &Value, rows: &BTreeMap<String, Value>) -> Value {
    let mut scenario = json!({"description": case["what"], "extends": "compliant"});
    let tells = |source: &Value, scenario: &mut Value| {
        for field in ["names", "changes", "faults", "page_size", "blob_page_size", "clock_offset"] {
            if !source[field].is_null() {
                scenario[field] = source[field].clone();
            }
        }
    };
    match rows.get(case["id"].as_str().unwrap()) {
        Some(row) => tells(row, &mut scenario),
        None => tells(case, &mut scenario),
    }
    scenario
}

/// The short names of the compliant scenario, expanded.
fn names() -> BTreeMap<String, String> {
    let path = root().join("src/simulator/scenarios/compliant.json");
    let scenario: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut names = BTreeMap::new();
    for _ in 0..3 {
        for (name, text) in scenario["names"].as_object().unwrap() {
            names.insert(name.clone(), expand(text.as_str().unwrap(), &names));
        }
    }
    names
}

fn expand(text: &str, names: &BTreeMap<String, String>) -> String {
    let all = names.iter();
    all.fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
}

/// The demo's manifest with the keys a case changes; `null` takes a key away.
fn manifest(case: &Value, cloud: &str, names: &BTreeMap<String, String>) -> String {
    let mut manifest: toml::Table = demo_manifest().parse().unwrap();
    let deployment = manifest["deployment"][0].as_table_mut().unwrap();
    for (table, keys) in case["manifest"].as_object().into_iter().flatten() {
        let table = match table.as_str() {
            // Keys of the deployment itself.
            "" => &mut *deployment,
            table => {
                let table = deployment.entry(table).or_insert_with(|| toml::Table::new().into());
                table.as_table_mut().unwrap()
            }
        };
        for (key, value) in keys.as_object().unwrap() {
            match value {
                Value::Null => {
                    table.remove(key);
                }
                Value::String(text) => {
                    table.insert(key.clone(), expand(text, names).into());
                }
                other => {
                    table.insert(key.clone(), toml::Value::try_from(other).unwrap());
                }
            }
        }
    }
    format!("{manifest}\n{cloud}")
}

/// Runs every case through the binary and collects what is wrong with any of them.
fn run_all(cases: &[Value], check: fn(&Value, &Ran) -> Result<(), String>) -> usize {
    let (names, rows) = (names(), rows());
    let open = Mutex::new(cases.iter());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let azure = Azure::named("compliant");
                loop {
                    let Some(case) = open.lock().unwrap().next() else { return };
                    azure.tell(&scenario(case, &rows));
                    let text = manifest(case, &azure.cloud(), &names);
                    let ran = azure
                        .vaudit()
                        .file("vaudit.toml", &text)
                        .run(&["check", "--format", "json"]);
                    if let Err(why) = check(case, &ran) {
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

fn caught(case: &Value, ran: &Ran) -> Result<(), String> {
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
    if ran.code == code { Ok(()) } else { Err(format!("exit {}, expected {code}", ran.code)) }
}

fn seen_as_lost(case: &Value, ran: &Ran) -> Result<(), String> {
    let report = report(ran)?;
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

fn untroubled(_: &Value, ran: &Ran) -> Result<(), String> {
    let report = report(ran)?;
    let (failed, lost) = (messages(&report, "fail"), messages(&report, "indeterminate"));
    if failed.is_empty() && lost.is_empty() && ran.code == 0 {
        return Ok(());
    }
    Err(format!("exit {}{failed}{lost}", ran.code))
}

/// A mutation that concerns rules to come: nothing fails, though something may be lost.
fn no_false_alarm(_: &Value, ran: &Ran) -> Result<(), String> {
    let report = report(ran)?;
    let failed = messages(&report, "fail");
    if failed.is_empty() && matches!(ran.code, 0 | 3) {
        return Ok(());
    }
    Err(format!("exit {}{failed}", ran.code))
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
