//! Several deployments in one file: each is judged by its own, and what they share is read once.

use std::collections::BTreeMap;

use crate::support::{Azure, root};
use serde_json::{Map, Value, json};

/// What tells the second deployment from the first, in ids, names and the manifest alike.
const RENAMED: &[(&str, &str)] = &[
    ("\"production\"", "\"second\""),
    ("rg-vectice", "rg-second"),
    ("pg-vectice", "pg-second"),
    ("aks-vectice", "aks-second"),
    ("stvectice", "stsecond"),
    ("22222222-", "2b222222-"),
    ("33333333-", "3b333333-"),
    ("44444444-", "4b444444-"),
    ("55555555-", "5b555555-"),
    ("66666666-", "6b666666-"),
    ("roleAssignments/e0000000-", "roleAssignments/eb000000-"),
];

fn renamed(text: &str) -> String {
    RENAMED.iter().fold(text.to_owned(), |text, (own, other)| text.replace(own, other))
}

/// The compliant scenario with its short names written out.
fn compliant() -> Value {
    let path = root().join("src/simulator/scenarios/compliant.json");
    let mut text = std::fs::read_to_string(path).unwrap();
    let scenario: Value = serde_json::from_str(&text).unwrap();
    // Names are made of names.
    for _ in 0..4 {
        for (name, long) in scenario["names"].as_object().unwrap() {
            text = text.replace(&format!("{{{name}}}"), long.as_str().unwrap());
        }
    }
    serde_json::from_str(&text).unwrap()
}

/// Two compliant deployments side by side in one subscription, and what was changed about the second.
fn side_by_side(changes: Value) -> Azure {
    let mut scenario = compliant();
    let second: Value = serde_json::from_str(&renamed(&scenario.to_string())).unwrap();
    for section in ["resources", "blobs", "copies"] {
        add_missing(scenario[section].as_object_mut().unwrap(), &second[section]);
    }
    for kind in ["servicePrincipals", "applications"] {
        add_missing(scenario["graph"][kind].as_object_mut().unwrap(), &second["graph"][kind]);
    }
    scenario["changes"] = changes;
    Azure::parsed(&scenario)
}

fn add_missing(own: &mut Map<String, Value>, other: &Value) {
    for (key, value) in other.as_object().unwrap() {
        own.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

fn manifest(azure: &Azure) -> String {
    let one = azure.manifest();
    let (deployment, cloud) = one.split_at(one.find("[cloud]").unwrap());
    format!("{deployment}\n{}\n{cloud}", renamed(deployment))
}

fn verdicts(report: &Value, index: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for result in report["deployments"][index]["results"].as_array().unwrap() {
        *counts.entry(result["verdict"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn only_the_drifted_one_fails() {
    let account = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-second/providers/Microsoft.Storage/storageAccounts/stsecond";
    let azure = side_by_side(json!([
        {"set": format!("{account}#/properties/networkAcls/defaultAction"), "to": "Allow"},
    ]));
    let vaudit = azure.vaudit().file("vaudit.toml", &manifest(&azure));
    let report = vaudit.run(&["check", "--format", "json"]).exits(1).json();
    let (first, second) = (verdicts(&report, 0), verdicts(&report, 1));
    assert!(!first.contains_key("fail") && !first.contains_key("indeterminate"), "{first:?}");
    assert!(!second.contains_key("indeterminate"), "{second:?}");
    let results = report["deployments"][1]["results"].as_array().unwrap();
    let failed: Vec<&str> = results
        .iter()
        .filter(|result| result["verdict"] == "fail")
        .map(|result| result["rule"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["STO003"]);
    // Each alone ends as it does beside the other.
    vaudit.run(&["check", "--deployment", "production"]).exits(0);
    vaudit.run(&["check", "--deployment", "second"]).exits(1);
}

#[test]
fn what_they_share_is_asked_once() {
    let azure = side_by_side(json!([]));
    let vaudit = azure.vaudit().file("vaudit.toml", &manifest(&azure));
    let mut alone = 0;
    for deployment in ["production", "second"] {
        azure.simulator.clear_requests();
        vaudit.run(&["check", "--deployment", deployment]).exits(0);
        alone += azure.simulator.requests().len();
    }
    azure.simulator.clear_requests();
    vaudit.run(&["check"]).exits(0);
    let asked = azure.simulator.requests();
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for request in asked.iter().filter(|request| request.method == "GET") {
        *counts.entry((request.host.clone(), request.path_and_query.as_str())).or_default() += 1;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    // Three tokens, the subscription, and its lists of servers, networks, security groups, route
    // tables and subscriptions.
    assert!(asked.len() + 8 <= alone, "{} together, {alone} one by one", asked.len());
}

#[test]
fn two_that_name_the_same_resources_read_them_once() {
    let azure = Azure::named("compliant");
    let one = azure.manifest();
    let (deployment, cloud) = one.split_at(one.find("[cloud]").unwrap());
    let second = deployment
        .replace("name = \"production\"", "name = \"second\"")
        .replace("expected_major = \"13\"", "expected_major = \"15\"");
    let vaudit = azure.vaudit().file("vaudit.toml", &format!("{deployment}\n{second}\n{cloud}"));
    azure.vaudit().run(&["check"]).exits(0);
    let alone = azure.simulator.requests().len();
    azure.simulator.clear_requests();
    let report = vaudit.run(&["check", "--format", "json"]).exits(1).json();
    assert_eq!(azure.simulator.requests().len(), alone);
    let failed = |index| verdicts(&report, index).get("fail").copied().unwrap_or_default();
    assert_eq!((failed(0), failed(1)), (0, 1));
    let report =
        vaudit.run(&["check", "--deployment", "production", "--format", "json"]).exits(0).json();
    assert_eq!(report["deployments"].as_array().unwrap().len(), 1);
}

/// What one audit may cost (`catalogue.md` §A).
#[test]
fn an_audit_takes_three_waves_and_at_most_sixty_requests() {
    let azure = Azure::named("compliant");
    let ran = azure.vaudit().run(&["check", "-v"]).exits(0);
    let sum = ran.stderr.lines().find(|line| line.starts_with("read ")).unwrap();
    let figures: Vec<u64> = sum.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [requests, waves, again] = figures[..] else { panic!("{sum}") };
    assert!((30..=60).contains(&requests) && (1..=3).contains(&waves) && again == 0, "{sum}");
    assert_eq!(azure.simulator.requests().len() as u64, requests + 3, "with three tokens");
}
