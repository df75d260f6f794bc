//! Snapshots of the simulator's estates, collected through the binary.

use std::fs;
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};
use vaudit_model::Snapshot;
use vaudit_model::blob::Shelf;

use crate::support::cases::{cases, manifest, names, rows, scenario};
use crate::support::{Azure, Vaudit};

/// How many simulators work at once.
const WORKERS: usize = 3;

/// Every case: changed estates, lost sights, harmless variations.
pub(crate) fn all_cases() -> Vec<Value> {
    ["mutations.json", "losses.json", "variations.json"]
        .iter()
        .flat_map(|file| cases(file))
        .collect()
}

/// The scenarios of some cases; what a row of the catalogue tells is put into the case.
pub(crate) fn told(case: &Value) -> Value {
    let mut told = scenario(case, &rows());
    told["id"] = case["id"].clone();
    told["manifest"] = case["manifest"].clone();
    told
}

/// Collects the facts of every scenario and hands them to `check`; what is wrong comes back.
pub(crate) fn each(
    scenarios: &[Value],
    check: impl Fn(usize, Snapshot) -> Vec<String> + Sync,
) -> Vec<String> {
    let names = names();
    let open = Mutex::new(scenarios.iter().enumerate());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let azure = Azure::named("compliant");
                loop {
                    let Some((index, told)) = open.lock().unwrap().next() else { return };
                    let mut scenario = told.clone();
                    let fields = scenario.as_object_mut().unwrap();
                    fields.remove("id");
                    fields.remove("manifest");
                    azure.tell(&scenario);
                    let text = manifest(told, &azure.cloud(), &names);
                    let vaudit = azure.vaudit().file("vaudit.toml", &text);
                    let found = check(index, collected(&vaudit));
                    let id = &told["id"];
                    wrong
                        .lock()
                        .unwrap()
                        .extend(found.into_iter().map(|why| format!("{id}: {why}")));
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

/// The snapshot that the binary writes with all rules.
fn collected(vaudit: &Vaudit) -> Snapshot {
    let ran = vaudit.run(&["collect", "--output", "s.snapshot", "--no-progress"]);
    assert!(matches!(ran.code, 0 | 3), "exit {}: {}", ran.code, ran.stderr);
    read(&fs::read(vaudit.path("s.snapshot")).unwrap())
}

/// A snapshot from its file.
pub(crate) fn read(bytes: &[u8]) -> Snapshot {
    Snapshot::read_from(bytes, &Shelf::default()).unwrap()
}

/// An estate in which several cases come together.
pub(crate) fn combined(several: &[&Value]) -> Value {
    let mut all = json!({"description": "several at once", "extends": "compliant"});
    let ids: Vec<&str> = several.iter().filter_map(|case| case["id"].as_str()).collect();
    all["id"] = ids.join("+").into();
    all["manifest"] = json!({});
    for case in several {
        for list in ["changes", "faults"] {
            let more = case[list].as_array().cloned().unwrap_or_default();
            if !all[list].is_array() {
                all[list] = json!([]);
            }
            all[list].as_array_mut().unwrap().extend(more);
        }
        for field in ["names", "page_size", "blob_page_size", "clock_offset"] {
            if !case[field].is_null() {
                all[field] = case[field].clone();
            }
        }
        for (table, keys) in case["manifest"].as_object().into_iter().flatten() {
            let own = &mut all["manifest"][table];
            if !own.is_object() {
                *own = json!({});
            }
            for (key, value) in keys.as_object().unwrap() {
                own[key] = value.clone();
            }
        }
    }
    all
}
