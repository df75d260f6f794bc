//! The property, over every case and over cases that come together.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use vaudit_model::Snapshot;
use vaudit_model::blob::Shelf;
use vaudit_model::redaction::Hides;
use vaudit_simulator::Scenario;

use crate::estates::{all_cases, combined, each, told};
use crate::judging::{key, wrong};
use crate::manifests::{with_ids, with_waivers};
use crate::pipeline::redacted;

/// How many estates are made of several cases.
const COMBINATIONS: usize = 12;

const MODES: [Hides; 3] = [Hides::Ids, Hides::Names, Hides::All];

/// What is wrong with a snapshot, under its own manifest and under others.
fn wrong_under_any(_: usize, snapshot: Snapshot) -> Vec<String> {
    let waived = with_waivers(&snapshot);
    let by_ids = with_ids(&snapshot);
    // What the command does besides finds nothing either.
    if let Err(error) = redacted(&by_ids, Hides::All, key(), &Shelf::default()) {
        return vec![error.to_string()];
    }
    let named = [("own", snapshot), ("waivers", waived), ("ids", by_ids)];
    let found = named.iter().flat_map(|(name, own)| {
        wrong(own, &MODES).into_iter().map(move |why| format!("{name}: {why}"))
    });
    found.collect()
}

/// The same under one manifest after the other, mostly with everything hidden: all of them in all
/// modes for all cases take too long.
fn wrong_in_turn(index: usize, snapshot: Snapshot) -> Vec<String> {
    let other = match index % 3 {
        0 => snapshot,
        1 => with_waivers(&snapshot),
        _ => with_ids(&snapshot),
    };
    wrong(&other, &[MODES[(index / 3 % 4).min(2)]])
}

#[test]
fn no_verdict_changes_and_no_name_stays_in_any_case() {
    let scenarios: Vec<Value> = all_cases().iter().map(told).collect();
    let wrong = each(&scenarios, wrong_in_turn);
    assert!(scenarios.len() > 300);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_verdict_changes_and_no_name_stays_where_cases_come_together() {
    let cases: Vec<Value> = all_cases().iter().map(told).collect();
    let some = prop::collection::vec(any::<Index>(), 2..5);
    let mut runner = TestRunner::deterministic();
    let mut scenarios = Vec::new();
    while scenarios.len() < COMBINATIONS {
        let chosen = some.new_tree(&mut runner).unwrap().current();
        let chosen: Vec<&Value> = chosen.iter().map(|index| index.get(&cases)).collect();
        let scenario = combined(&chosen);
        let mut plain = scenario.clone();
        let fields = plain.as_object_mut().unwrap();
        fields.remove("id");
        fields.remove("manifest");
        // Two cases may contradict each other: what one takes away the other cannot change.
        if Scenario::parse(&plain.to_string()).is_ok() {
            scenarios.push(scenario);
        }
    }
    let wrong = each(&scenarios, wrong_under_any);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
