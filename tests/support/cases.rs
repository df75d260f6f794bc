//! The cases of `tests/cases/`, as scenarios of the simulator and manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vaudit_simulator::demo_manifest;

use super::root;

/// The cases of a file.
pub(crate) fn cases(file: &str) -> Vec<Value> {
    let path = root().join("tests/cases").join(file);
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), cases.len(), "{file} has an id twice");
    cases
}

/// The estates of the catalogue's rows, by id.
pub(crate) fn rows() -> BTreeMap<String, Value> {
    let path = root().join("src/simulator/tests/catalogue-rows.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The rows of a kind (`M`, `U`, `H`) that no case of any file speaks of, as cases that expect nothing.
pub(crate) fn silent_rows(kind: char) -> Vec<Value> {
    let files = ["mutations.json", "losses.json", "variations.json"];
    let spoken: BTreeSet<String> = files
        .iter()
        .flat_map(|file| cases(file))
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect();
    let ids = rows().into_keys().filter(|id| id.starts_with(kind) && !spoken.contains(id));
    ids.map(|id| json!({"id": id, "what": "a row for rules to come"})).collect()
}

/// The scenario of a case: its own estate, or the row's. Without a case that of the compliant estate.
pub(crate) fn scenario(case: &Value, rows: &BTreeMap<String, Value>) -> Value {
    let what = case["what"].as_str().unwrap_or("the compliant estate");
    let mut scenario = json!({"description": what, "extends": "compliant"});
    let tells = |source: &Value, scenario: &mut Value| {
        for field in ["names", "changes", "faults", "page_size", "blob_page_size", "clock_offset"] {
            if !source[field].is_null() {
                scenario[field] = source[field].clone();
            }
        }
    };
    match rows.get(case["id"].as_str().unwrap_or_default()) {
        Some(row) => tells(row, &mut scenario),
        None => tells(case, &mut scenario),
    }
    let own = scenario["changes"].as_array().cloned().unwrap_or_default();
    scenario["changes"] = [vec![SECRET.clone()], own].concat().into();
    scenario
}

/// The one secret, with the same dates in every estate, whenever that was told: whether it changes is
/// up to the cases.
static SECRET: LazyLock<Value> = LazyLock::new(|| {
    let now = Timestamp::now();
    let at = |days: i64| (now + SignedDuration::from_hours(24 * days)).to_string();
    let secret = json!({"displayName": "helm", "startDateTime": at(-113), "endDateTime": at(251)});
    json!({"set": "graph:applications/{app}#/passwordCredentials", "to": [secret]})
});

/// The short names of the compliant scenario, expanded.
pub(crate) fn names() -> BTreeMap<String, String> {
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
pub(crate) fn manifest(case: &Value, cloud: &str, names: &BTreeMap<String, String>) -> String {
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
