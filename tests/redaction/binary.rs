//! `--redact` as a user has it.

use std::fs;

use serde_json::Value;

use crate::estates::read;
use crate::judging::written;
use crate::names::{Found, left};
use crate::support::{Vaudit, verdicts};
use vaudit_model::redaction::Hides;

fn header(vaudit: &Vaudit, file: &str) -> Value {
    serde_json::from_str(vaudit.read(file).lines().next().unwrap()).unwrap()
}

/// The ids and names of the demo.
fn of_the_demo() -> Found {
    let vaudit = Vaudit::default();
    vaudit.run(&["collect", "--demo", "--output", "s.snapshot"]).exits(3);
    let snapshot = read(&fs::read(vaudit.path("s.snapshot")).unwrap());
    let text = written(&snapshot);
    let mut found = Found::of(&snapshot, &text);
    // Requests have other ids in every run.
    let lasting = text.split('"').filter(|own| own.starts_with("/subscriptions/"));
    let lasting = lasting.collect::<String>().to_ascii_lowercase();
    found.ids.retain(|id| lasting.contains(id.as_str()));
    assert!(found.ids.len() > 3 && found.names.len() > 50, "{found:?}");
    found
}

#[test]
fn what_is_collected_is_judged_the_same_and_names_nobody() {
    let found = of_the_demo();
    let plain = Vaudit::default();
    plain.run(&["collect", "--demo", "--output", "s.snapshot"]).exits(3);
    let report = |own: &Vaudit| {
        own.run(&["check", "--snapshot", "s.snapshot", "--profile", "all", "--format", "json"])
            .exits(1)
            .json()
    };
    let expected = report(&plain);
    for (word, hides) in [("ids", Hides::Ids), ("names", Hides::Names), ("all", Hides::All)] {
        let vaudit = Vaudit::default();
        vaudit
            .run(&["collect", "--demo", "--output", "s.snapshot", "--redact", word])
            .exits(3)
            .says("38 documents, 1 of them unread");
        let found = left(&found, hides, &vaudit.read("s.snapshot"));
        assert_eq!(found, Vec::<String>::new(), "{word}");
        let report = report(&vaudit);
        assert_eq!(report["summary"], expected["summary"], "{word}");
        assert_eq!(verdicts(&report), verdicts(&expected), "{word}");
        assert_eq!(header(&vaudit, "s.snapshot")["redaction"]["hides"], word);
    }
}

#[test]
fn the_report_of_the_run_itself_has_the_names() {
    let vaudit = Vaudit::default();
    let own = vaudit
        .run(&["check", "--demo", "--format", "json", "--save-snapshot", "s", "--redact", "all"])
        .exits(1);
    assert!(own.stdout.contains("pg-vectice"));
    let file = vaudit.read("s");
    assert!(!file.contains("pg-vectice") && !file.contains("00000000-0000-0000-0000-00000000000a"));
    let again = vaudit.run(&["check", "--snapshot", "s", "--format", "json"]).exits(1);
    assert!(!again.stdout.contains("pg-vectice"));
    let (own, again) = (own.json(), again.json());
    assert_eq!(own["summary"], again["summary"]);
    assert_eq!(verdicts(&own), verdicts(&again));
    let counts =
        |report: &Value, list: &str| report["deployments"][0][list].as_array().unwrap().len();
    for list in ["results", "gaps", "backups"] {
        assert_eq!(counts(&own, list), counts(&again, list), "{list}");
    }
}

#[test]
fn every_file_has_a_key_of_its_own() {
    let vaudit = Vaudit::default();
    for file in ["a", "b"] {
        vaudit
            .run(&["collect", "--demo", "compliant", "--output", file, "--redact", "all"])
            .exits(0);
    }
    let (a, b) = (header(&vaudit, "a"), header(&vaudit, "b"));
    assert_ne!(a["redaction"]["key"], b["redaction"]["key"]);
    assert_ne!(a["identity"]["tenant"], b["identity"]["tenant"]);
    assert_eq!(a["redaction"]["key"].as_str().unwrap().len(), 8);
}

#[test]
fn there_is_nothing_to_redact_without_a_snapshot() {
    let vaudit = Vaudit::default();
    let ran = vaudit.run(&["check", "--demo", "--redact", "all"]).exits(2).says("--save-snapshot");
    assert_eq!(ran.stdout, "");
    vaudit.run(&["check", "--demo", "--save-snapshot", "s", "--redact", "some"]).exits(2);
    vaudit.run(&["collect", "--demo", "--output", "s", "--redact", "hosts"]).exits(2);
    assert!(!vaudit.path("s").exists());
}
