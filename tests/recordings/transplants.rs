//! The other way round: recorded resources in the compliant estate, audited by the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::graft::{Graft, NOW, grafts};
use crate::naive::look;
use crate::support::{Azure, Ran, results, root, verdicts};

/// How many simulators work at once.
const WORKERS: usize = 2;

/// How many audits there are at the most, and how many of one kind of resource.
const MOST: usize = 60;
const MOST_OF_A_KIND: usize = 9;

/// A sample of the grafts: one of each shape, and first of each set of verdicts.
fn sample(exchanges: &[Exchange]) -> Vec<Graft> {
    let path = root().join("src/simulator/scenarios/compliant.json");
    let compliant: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut verdicts, mut shapes) = (BTreeSet::new(), BTreeSet::new());
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for graft in exchanges.iter().flat_map(|exchange| grafts(exchange, &compliant)) {
        if verdicts.insert((graft.kind, format!("{:?}", graft.expected))) {
            shapes.insert((graft.kind, graft.shape()));
            first.push(graft);
        } else if shapes.insert((graft.kind, graft.shape())) {
            rest.push(graft);
        }
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    first.extend(rest);
    first.retain(|graft| {
        let count = counts.entry(graft.kind).or_default();
        *count += 1;
        *count <= MOST_OF_A_KIND
    });
    first.truncate(MOST);
    first
}

/// Audits the grafts and gives what is wrong, with how many verdicts were compared.
pub(crate) fn audit(exchanges: &[Exchange]) -> (Vec<String>, BTreeMap<&'static str, usize>, usize) {
    let sample = sample(exchanges);
    let open = Mutex::new(sample.iter());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let azure = Azure::named("compliant");
                loop {
                    let Some(graft) = open.lock().unwrap().next() else { return };
                    azure.tell(&json!({
                        "description": "The compliant deployment with a recorded resource in it.",
                        "extends": "compliant",
                        "now": NOW,
                        "changes": graft.changes,
                    }));
                    let vaudit = azure.vaudit();
                    let arguments =
                        ["check", "--format", "json", "--save-snapshot", "s", "--redact", "all"];
                    let ran = vaudit.run(&arguments);
                    let mut found = judge(graft, &ran);
                    // Redacted, a recorded resource is judged the same.
                    let again = vaudit.run(&["check", "--format", "json", "--snapshot", "s"]);
                    found.extend(judge(graft, &again));
                    let named =
                        found.into_iter().map(|why| format!("{} {}: {why}", graft.kind, graft.at));
                    wrong.lock().unwrap().extend(named);
                }
            });
        }
    });
    let mut counts = BTreeMap::new();
    for graft in &sample {
        *counts.entry(graft.kind).or_default() += 1;
    }
    let compared = sample.iter().map(|graft| graft.expected.len()).sum();
    (wrong.into_inner().unwrap(), counts, compared)
}

/// What is wrong with an audit of a graft.
fn judge(graft: &Graft, ran: &Ran) -> Vec<String> {
    if ![0, 1, 3].contains(&ran.code) || ran.stderr.contains("panicked") {
        return vec![format!("exit {}: {}", ran.code, ran.stderr)];
    }
    let Ok(report) = serde_json::from_str::<Value>(&ran.stdout) else {
        return vec![format!("no report: {}", ran.stdout)];
    };
    let found = verdicts(&report);
    let mut wrong = Vec::new();
    for (rule, expected) in &graft.expected {
        let said = found.get(*rule).map_or("nothing", String::as_str);
        if said != *expected {
            let about = results(&report).into_iter().filter(|own| own["rule"] == *rule);
            let messages: Vec<String> = about.map(|own| own["message"].to_string()).collect();
            wrong.push(format!("{rule} is {said}, expected {expected}: {}", messages.join(" ")));
        }
    }
    for result in results(&report).into_iter().filter(|own| own["verdict"] == "indeterminate") {
        let rule = result["rule"].as_str().unwrap();
        let is_due =
            graft.expected.iter().any(|(own, due)| *own == rule && *due == "indeterminate");
        let message = result["message"].as_str().unwrap();
        match result["reason"].as_str().unwrap() {
            "missing-field" if has_what_is_missed(graft, message) => {
                wrong.push(format!("{rule} misses a field that was recorded: {message}"));
            }
            "unrecognised" if !is_due => {
                wrong.push(format!("{rule} does not understand the recording: {message}"));
            }
            _ => {}
        }
    }
    wrong
}

/// Whether a message complains of a field that the recording has.
fn has_what_is_missed(graft: &Graft, message: &str) -> bool {
    let pointer = message.split_whitespace().find(|word| word.starts_with('/'));
    let pointer = pointer.unwrap_or_default().trim_end_matches(['.', ',', ':', ';']);
    // A field of an item of a list is looked for in none.
    let is_of_an_item = pointer.split('/').any(|part| part.parse::<usize>().is_ok());
    let value = look(&graft.body, pointer);
    !is_of_an_item && !pointer.is_empty() && !value.is_null() && *value != ""
}
