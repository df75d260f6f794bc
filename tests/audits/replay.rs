//! Snapshots: what was read is enough to judge again, byte for byte, and nothing of it is secret.

use std::fs;

use crate::support::{Azure, Ran, Vaudit, verdicts};
use serde_json::{Value, json};
use vaudit_simulator::DEMO_AUDITOR;

fn saved(arguments: &[&str]) -> (Vaudit, Ran) {
    let vaudit = Vaudit::default();
    let mut all = vec!["check", "--demo", "--format", "json", "--save-snapshot", "s.snapshot"];
    all.extend_from_slice(arguments);
    let ran = vaudit.run(&all);
    (vaudit, ran)
}

#[test]
fn a_snapshot_gives_the_same_report_but_for_its_source() {
    for arguments in [
        &[][..],
        &["--profile", "hardened"],
        &["--rule", "PG*", "--rule", "BKP001"],
        &["--skip", "DNS*"],
        &["--deployment", "production"],
    ] {
        let (vaudit, live) = saved(arguments);
        let mut live_report = live.json();
        let replayed = vaudit.run(&["check", "--snapshot", "s.snapshot", "--format", "json"]);
        assert_eq!(replayed.code, live.code, "{arguments:?}");
        assert_eq!(replayed.json()["run"]["source"], "snapshot");
        assert_eq!(live_report["run"]["source"], "demo");
        live_report["run"]["source"] = Value::from("snapshot");
        assert_eq!(replayed.json(), live_report, "{arguments:?}");
        // Byte for byte, not only value for value.
        let expected = live.stdout.replace("\"source\": \"demo\"", "\"source\": \"snapshot\"");
        assert_eq!(replayed.stdout, expected, "{arguments:?}");
        let again = vaudit.run(&["check", "--snapshot", "s.snapshot", "--format", "json"]);
        assert_eq!(again.stdout, replayed.stdout, "{arguments:?}");
    }
}

/// What decides is the end of the name when it is written, and what stands in it when it is read.
#[test]
fn a_compressed_snapshot_gives_the_same_report_whatever_its_name() {
    for name in ["s.zst", "evidence.snapshot.ZST"] {
        let vaudit = Vaudit::default();
        let arguments = ["check", "--demo", "--format", "json", "--save-snapshot", name];
        let live = vaudit.run(&arguments).exits(1);
        let expected = live.stdout.replace("\"source\": \"demo\"", "\"source\": \"snapshot\"");
        fs::rename(vaudit.path(name), vaudit.path("renamed")).unwrap();
        let bytes = fs::read(vaudit.path("renamed")).unwrap();
        assert_eq!(bytes[..4], 0xfd2f_b528_u32.to_le_bytes(), "it is Zstandard");
        let replay = ["check", "--snapshot", "renamed", "--format", "json"];
        for _ in 0..2 {
            assert_eq!(vaudit.run(&replay).exits(1).stdout, expected, "{name}");
        }
    }
    // Nor does the name compress what is none.
    let (vaudit, live) = saved(&[]);
    fs::rename(vaudit.path("s.snapshot"), vaudit.path("s.zst")).unwrap();
    let report = vaudit.run(&["check", "--snapshot", "s.zst", "--format", "json"]).exits(1).json();
    assert_eq!(report["run"]["id"], live.json()["run"]["id"]);
}

#[test]
fn every_format_is_the_same_twice() {
    let (vaudit, _) = saved(&[]);
    for format in ["table", "json", "sarif"] {
        let run = || vaudit.run(&["check", "--snapshot", "s.snapshot", "--format", format]).stdout;
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn the_run_is_named_after_the_snapshot() {
    let (vaudit, live) = saved(&[]);
    let text = vaudit.read("s.snapshot");
    let closing: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let digest = closing["sha256"].as_str().unwrap();
    assert_eq!(live.json()["run"]["id"], digest[..16]);
}

#[test]
fn what_was_collected_is_judged_later_with_any_profile() {
    let vaudit = Vaudit::default();
    let ran = vaudit.run(&["collect", "--demo", "--output", "s.snapshot"]).exits(3);
    assert_eq!(ran.stdout, "");
    let report =
        vaudit.run(&["check", "--snapshot", "s.snapshot", "--format", "json"]).exits(1).json();
    assert_eq!(report["run"]["profile"], "reference");
    vaudit.run(&["check", "--snapshot", "s.snapshot", "--rule", "AUD*"]).exits(0);
    vaudit.run(&["collect", "--demo", "compliant", "--output", "s.snapshot"]).exits(0);
    vaudit.run(&["collect", "--demo", "--output", "missing/s.snapshot"]).exits(2);
}

#[test]
fn a_rule_whose_documents_were_not_collected_is_not_judged() {
    let (vaudit, _) = saved(&["--rule", "PG001"]);
    let ran = vaudit.run(&[
        "check",
        "--snapshot",
        "s.snapshot",
        "--profile",
        "reference",
        "--format",
        "json",
    ]);
    let verdicts = verdicts(&ran.json());
    assert_eq!(verdicts["PG001"], "fail");
    assert_eq!(verdicts["BKP001"], "indeterminate");
}

#[test]
fn another_manifest_judges_the_same_facts() {
    let (vaudit, _) = saved(&["--rule", "PG001"]);
    let text = vaudit.read("s.snapshot");
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let manifest = header["manifest"]["text"].as_str().unwrap();
    let vaudit = vaudit.file(
        "approved.toml",
        &manifest.replace("expected_major = \"13\"", "expected_major = \"14\""),
    );
    vaudit.run(&["check", "--snapshot", "s.snapshot", "--config", "approved.toml"]).exits(0);
    let report = vaudit
        .run(&[
            "check",
            "--snapshot",
            "s.snapshot",
            "--config",
            "approved.toml",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(report["run"]["manifest"]["path"], "approved.toml");
}

#[test]
fn what_is_no_snapshot_says_where() {
    let (vaudit, _) = saved(&["--rule", "PG*"]);
    let good = vaudit.read("s.snapshot");
    let lines: Vec<&str> = good.lines().collect();
    let last = lines.len();
    let cases = [
        (String::new(), "empty".to_owned()),
        ("{}\n".to_owned(), "line 1".to_owned()),
        ("not a snapshot".to_owned(), "line 1".to_owned()),
        (
            good.replace("\"vaudit_snapshot\":2", "\"vaudit_snapshot\":7"),
            "format version 7, which this vaudit (2) does not know yet: use a newer vaudit"
                .to_owned(),
        ),
        (
            good.replace("\"vaudit_snapshot\":2", "\"vaudit_snapshot\":1"),
            "format version 1, which this vaudit (2) no longer reads: collect it again".to_owned(),
        ),
        (lines[..last - 1].join("\n"), format!("line {} has no end", last - 1)),
        (format!("{}\n", lines[..3].join("\n")), "after line 3".to_owned()),
        (
            good.replace("\"version\":\"14\"", "\"version\":\"13\""),
            "the PostgreSQL flexible servers at /subscriptions/".to_owned(),
        ),
        (
            good.replace("\"profile\":\"reference\"", "\"profile\":\"hardened\""),
            format!("line {last}, though each document matches its own"),
        ),
        (good.trim_end().to_owned(), format!("line {last} has no end")),
        (format!("{good}{{}}\n"), format!("line {}", last + 1)),
        (good.replacen("\"method\":\"GET\"", "\"method\":", 1), "line 2 does not match".to_owned()),
        (good.replacen("{\"document\":", "{\"Document\":", 1), "line 2 is neither".to_owned()),
    ];
    for (text, place) in cases {
        let vaudit = Vaudit::default().file("broken.snapshot", &text);
        let ran = vaudit.run(&["check", "--snapshot", "broken.snapshot"]).exits(2);
        assert_eq!(ran.stdout, "");
        ran.says("broken.snapshot is not a usable snapshot").says(&place);
    }
    Vaudit::default().run(&["check", "--snapshot", "gone.snapshot"]).exits(2).says("gone.snapshot");
}

/// Of these listings more is read than stays in memory.
#[test]
fn listings_too_long_for_memory_give_the_same_report() {
    let folder = "blob:stvecticebkp/vectice-backup/{folder-1}/";
    let missing = "runs/artifact-005999";
    let azure = Azure::parsed(&json!({
        "description": "Many blobs, all of them copied but one.",
        "extends": "compliant",
        "blob_page_size": 1_000,
        "changes": [
            {"add": "blob:stvectice/vectice/runs/artifact-",
             "body": {"size": 1, "created": "{now-20h}", "repeat": 6_000}},
            {"remove": folder},
            {"copy": "stvectice/vectice", "to": folder, "at": "{now-7h}", "except": {missing: null}},
        ],
    }));
    let vaudit = azure.vaudit();
    let arguments = ["check", "--rule", "BKP010", "--format", "json"];
    let saving = [&arguments[..], &["--save-snapshot", "s.snapshot"]].concat();
    let live = vaudit.run(&saving).exits(1);
    assert!(live.stdout.contains(&format!("are missing or different: {missing} (missing)")));
    let text = vaudit.read("s.snapshot");
    assert_eq!(text.matches("runs/artifact-").count(), 6_000 + 5_999);
    let replaying = [&arguments[..], &["--snapshot", "s.snapshot"]].concat();
    let expected = live.stdout.replace("\"source\": \"live\"", "\"source\": \"snapshot\"");
    assert_eq!(vaudit.run(&replaying).exits(1).stdout, expected);
    // Where there is no room for what is too much for memory, it stays there all the same.
    let vaudit = vaudit.set("TMPDIR", "/nowhere");
    assert_eq!(vaudit.run(&replaying).exits(1).stdout, expected);
}

#[test]
fn a_snapshot_holds_no_secret_and_no_person() {
    let vaudit = Vaudit::default();
    vaudit.run(&["collect", "--demo", "compliant", "--output", "s.snapshot"]).exits(0);
    let text = vaudit.read("s.snapshot").to_lowercase();
    for secret in [
        DEMO_AUDITOR.client_secret,
        "bearer",
        "authorization\":",
        "eyj",
        "\"hint\"",
        "secrettext",
        "administratorlogin\"",
        "\"tags\"",
        "linuxprofile",
        "createdby\"",
        "set-cookie",
    ] {
        assert!(!text.contains(&secret.to_lowercase()), "{secret}");
    }
}

#[test]
fn errors_bring_no_person_and_no_token_into_a_snapshot() {
    let refusal = "The client 'bob@example.com' with object id 'x' does not have authorization to perform action 'A/b/read' over scope '/subscriptions/1' or the scope is invalid.";
    let azure = Azure::parsed(&json!({
        "description": "Errors that repeat what was sent.",
        "extends": "compliant",
        "faults": [
            {"on": "GET {pg}/backups?*", "status": 403, "code": "AuthorizationFailed", "message": refusal},
            {"on": "GET {pg}/databases?*", "status": 404, "content_type": "text/html",
             "body": "<html>Authorization: Bearer S3CRET</html>"},
        ],
    }));
    let vaudit = azure.vaudit();
    vaudit.run(&["collect", "--output", "s.snapshot"]).exits(3);
    let text = vaudit.read("s.snapshot");
    assert!(!text.contains("bob@example.com") && !text.contains("S3CRET"), "{text}");
    assert!(text.contains("41 bytes of text/html"));
    let report = vaudit
        .run(&["check", "--snapshot", "s.snapshot", "--rule", "BKP001", "--format", "json"])
        .exits(3)
        .json();
    let gap = &report["deployments"][0]["gaps"][0];
    assert_eq!((&gap["action"], &gap["scope"]), (&json!("A/b/read"), &json!("/subscriptions/1")));
}

#[test]
fn a_snapshot_fits_its_schema() {
    let vaudit = Vaudit::default();
    vaudit.run(&["collect", "--demo", "--output", "s.snapshot"]).exits(3);
    let schema = vaudit.run(&["schema", "snapshot"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (number, line) in vaudit.read("s.snapshot").lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&line), "line {}", number + 1);
    }
    let report = vaudit.run(&["check", "--demo", "--format", "json"]).json();
    let schema = vaudit.run(&["schema", "report"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
