//! Blob listings: made where the storage firewall admits the reader, judged where it does not.

use std::collections::BTreeSet;

use crate::support::{Azure, Vaudit, results, verdicts};
use serde_json::{Value, json};

/// What the firewall takes from an auditor outside.
const BLOB_RULES: [&str; 6] = ["BKP008", "BKP009", "BKP010", "BKP011", "BKP012", "BKP013"];

const LIST: [&str; 3] = ["list-blobs", "--output", "blobs.listing"];
const CHECK: [&str; 5] = ["check", "--blob-listing", "blobs.listing", "--format", "json"];

/// The compliant deployment behind its storage firewall.
fn behind_firewall() -> Value {
    let refused = |path: &str| json!({"on": path, "status": 403, "code": "AuthorizationFailure"});
    estate(&json!({"faults": [refused("GET /stvectice/*"), refused("GET /stvecticebkp/*")]}))
}

/// The compliant deployment with something different.
fn estate(differences: &Value) -> Value {
    let mut scenario = json!({"description": "As a test wants it.", "extends": "compliant"});
    let own = scenario.as_object_mut().unwrap();
    own.extend(differences.as_object().unwrap().clone());
    scenario
}

/// The same, at a moment that stands still.
fn at(now: &str) -> Value {
    estate(&json!({"now": now}))
}

/// The blob requests that were sent, each once.
fn blob_requests(azure: &Azure) -> BTreeSet<String> {
    let requests = azure.simulator.requests().into_iter();
    let blobs = requests.filter(|request| request.path_and_query.starts_with("/stvectice"));
    blobs.map(|request| request.path_and_query).collect()
}

fn token_requests(azure: &Azure) -> usize {
    let requests = azure.simulator.requests();
    requests.iter().filter(|request| request.path_and_query.ends_with("/token")).count()
}

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().chain(more).copied().collect()
}

/// The reasons of the gaps that cost a rule its verdict.
fn reasons(report: &Value, rule: &str) -> Vec<String> {
    let results = results(report);
    let of_rule = results.into_iter().filter(|own| own["rule"] == rule);
    of_rule.filter_map(|own| own["reason"].as_str().map(str::to_owned)).collect()
}

fn message(report: &Value, rule: &str) -> String {
    let results = results(report);
    let found = results.into_iter().find(|own| own["rule"] == rule).unwrap();
    found["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_listing_heals_what_the_firewall_hides() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    vaudit.run(&["check", "--quiet"]).exits(0);
    let of_audit = blob_requests(&azure);
    azure.simulator.clear_requests();
    let listed = vaudit.run(&LIST).exits(0).says("2 containers");
    assert_eq!(listed.stdout, "");
    assert_eq!(blob_requests(&azure), of_audit, "exactly what an audit asks");
    assert_eq!(token_requests(&azure), 2, "nothing of Microsoft Graph");
    let others: Vec<String> = azure
        .simulator
        .requests()
        .into_iter()
        .map(|request| request.path_and_query)
        .filter(|path| !path.starts_with("/stvectice") && !path.ends_with("/token"))
        .collect();
    assert!(
        matches!(others.as_slice(), [one] if one.contains("/storageAccounts?")),
        "only what leads to the containers: {others:?}"
    );

    azure.tell(&behind_firewall());
    let blind = vaudit.run(&["check", "--format", "json"]).exits(3).json();
    for rule in BLOB_RULES {
        assert_eq!(reasons(&blind, rule), ["network"], "{rule}");
    }
    assert!(message(&blind, "BKP008").contains("`vaudit list-blobs`"));

    azure.simulator.clear_requests();
    let report = vaudit.run(&CHECK).exits(0).says("listed 20").json();
    for rule in BLOB_RULES {
        assert_eq!(verdicts(&report)[rule], "pass", "{rule}");
    }
    assert_eq!(report["deployments"][0]["gaps"], json!([]));
    assert_eq!(blob_requests(&azure), BTreeSet::new());
    assert_eq!(token_requests(&azure), 2, "none for Storage");
}

#[test]
fn what_the_listing_shows_to_be_wrong_fails() {
    let azure = Azure::named("drifted");
    let vaudit = azure.vaudit();
    let live = vaudit.run(&["check", "--format", "json"]).exits(1).json();
    vaudit.run(&LIST).exits(0);
    let report = vaudit.run(&CHECK).exits(1).json();
    assert_eq!(verdicts(&report), verdicts(&live));
    assert_eq!(verdicts(&report)["BKP009"], "fail");
}

#[test]
fn a_snapshot_of_such_an_audit_says_the_same_again() {
    let azure = Azure::parsed(&at("2026-11-22T09:00:00Z"));
    let vaudit = azure.vaudit();
    vaudit.run(&LIST).exits(0);
    // An hour, a day, three days and a moment before it was made.
    for now in [
        "2026-11-22T10:00:00Z",
        "2026-11-23T09:00:00Z",
        "2026-11-25T09:00:00Z",
        "2026-11-22T08:00:00Z",
    ] {
        azure.tell(&at(now));
        let live = vaudit.run(&with(&CHECK, &["--save-snapshot", "s.snapshot"]));
        let again = vaudit.run(&["check", "--snapshot", "s.snapshot", "--format", "json"]);
        let expected = live.stdout.replace("\"source\": \"live\"", "\"source\": \"snapshot\"");
        assert_eq!(again.stdout, expected, "{now}");
        assert_eq!(again.code, live.code, "{now}");
    }
    let schema = vaudit.run(&["schema", "snapshot"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in ["s.snapshot", "blobs.listing"] {
        for line in vaudit.read(file).lines() {
            assert!(validator.is_valid(&serde_json::from_str(line).unwrap()), "{file}: {line}");
        }
    }
}

#[test]
fn the_age_of_a_listing_is_judged() {
    let azure = Azure::parsed(&at("2026-11-22T09:00:00Z"));
    let vaudit = azure.vaudit();
    vaudit.run(&LIST).exits(0);
    let judged = |now: &str| {
        azure.tell(&at(now));
        vaudit.run(&with(&CHECK, &["--rule", "BKP0*"])).json()
    };
    // Its newest folder is of 02:00; 30 hours are allowed.
    let soon = judged("2026-11-23T07:59:00Z");
    assert!(BLOB_RULES.iter().all(|rule| verdicts(&soon)[*rule] == "pass"), "{soon}");
    assert!(message(&soon, "BKP009").contains("1 d 5 h old"), "{}", message(&soon, "BKP009"));

    let later = judged("2026-11-23T09:00:00Z");
    let lost: Vec<&str> =
        BLOB_RULES.into_iter().filter(|rule| verdicts(&later)[*rule] != "pass").collect();
    assert_eq!(lost, ["BKP009"]);
    assert_eq!(reasons(&later, "BKP009"), ["not-collected"]);
    let why = message(&later, "BKP009");
    assert!(why.contains("the listing is 1 d old, and a newer folder may have been made"), "{why}");

    for (now, reason, why) in [
        ("2026-11-25T09:00:00Z", "not-collected", "2026-11-22T09:00:00Z, 3 d ago"),
        ("2026-11-22T08:00:00Z", "unrecognised", "1 h in the future"),
    ] {
        let report = judged(now);
        for rule in BLOB_RULES {
            assert_eq!(verdicts(&report)[rule], "indeterminate", "{now} {rule}");
            assert_eq!(reasons(&report, rule), [reason], "{now} {rule}");
        }
        let said = message(&report, "BKP009");
        assert!(said.contains(why) && said.contains("make it again"), "{said}");
        assert_eq!(report["deployments"][0]["gaps"].as_array().unwrap().len(), 1, "{report}");
    }
}

#[test]
fn a_folder_that_was_old_when_it_was_listed_fails_however_soon_that_was() {
    let azure = Azure::parsed(&estate(&json!({
        "now": "2026-11-22T09:00:00Z",
        "changes": [
            {"remove": "blob:stvecticebkp/vectice-backup/{folder-1}/"},
            {"remove": "blob:stvecticebkp/vectice-backup/{folder-2}/"},
        ],
    })));
    let vaudit = azure.vaudit();
    vaudit.run(&LIST).exits(0);
    azure.tell(&at("2026-11-22T10:00:00Z"));
    let report = vaudit.run(&with(&CHECK, &["--rule", "BKP009"])).exits(1).json();
    assert!(message(&report, "BKP009").contains("2 d 8 h old"), "{}", message(&report, "BKP009"));
}

#[test]
fn a_listing_of_something_else_is_a_gap() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    // As if the copies were in the application's own container.
    let elsewhere = azure
        .manifest()
        .replace("account = \"stvecticebkp\"", "account = \"stvectice\"")
        .replace("container = \"vectice-backup\"", "container = \"vectice\"");
    let vaudit = vaudit.file("elsewhere.toml", &elsewhere);
    vaudit.run(&with(&LIST, &["--config", "elsewhere.toml"])).exits(0);
    let report = vaudit.run(&CHECK).exits(3).json();
    for rule in BLOB_RULES {
        assert_eq!(reasons(&report, rule), ["not-collected"], "{rule}");
    }
    let why = message(&report, "BKP008");
    assert!(why.contains("blob listing is of http"), "{why}");
    assert!(why.contains("/stvectice/vectice, not of http"), "{why}");
    assert!(why.contains("/stvecticebkp/vectice-backup; make it again"), "{why}");
}

#[test]
fn a_folder_that_the_audit_needs_and_the_listing_lacks_is_a_gap() {
    let lost = |folder: &str| json!({"remove": format!("blob:stvecticebkp/vectice-backup/{folder}/README.txt")});
    let azure =
        Azure::parsed(&estate(&json!({"changes": [lost("{folder-1}"), lost("{folder-2}")]})));
    // Whoever accepts older folders looks at more of them while none is complete.
    let backup = "[deployment.backup]\n";
    let patient = azure.manifest().replace(backup, &format!("{backup}blob_max_age_hours = 300\n"));
    let vaudit = azure.vaudit().file("patient.toml", &patient);
    vaudit.run(&LIST).exits(0);
    let report = vaudit.run(&with(&CHECK, &["--config", "patient.toml"])).exits(1).json();
    assert_eq!(verdicts(&report)["BKP010"], "fail");
    assert_eq!(reasons(&report, "BKP009"), ["not-collected"]);
    let why = message(&report, "BKP009");
    assert!(why.contains("blob listing lacks the blobs of a backup folder (20"), "{why}");
    vaudit.run(&with(&LIST, &["--config", "patient.toml"])).exits(0);
    let report = vaudit.run(&with(&CHECK, &["--config", "patient.toml"])).exits(1).json();
    assert_eq!(verdicts(&report)["BKP009"], "pass");
}

#[test]
fn an_empty_container_is_seen_to_be_empty() {
    let none = json!({"changes": [{"remove": "blob:stvecticebkp/vectice-backup/*"}]});
    let azure = Azure::parsed(&estate(&none));
    let vaudit = azure.vaudit();
    vaudit.run(&LIST).exits(0);
    let report = vaudit.run(&CHECK).exits(1).json();
    assert_eq!(verdicts(&report)["BKP008"], "fail");
}

#[test]
fn a_refusal_inside_a_listing_is_a_gap_that_names_the_permission() {
    let azure = Azure::parsed(&estate(&json!({"faults": [
        {"on": "GET /stvecticebkp/*", "status": 403, "code": "AuthorizationPermissionMismatch"},
    ]})));
    let vaudit = azure.vaudit();
    vaudit
        .run(&LIST)
        .exits(3)
        .says("the auditor lacks Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read")
        .says("/stvecticebkp/vectice-backup")
        .says("Storage Blob Data Reader");
    azure.tell(&estate(&json!({})));
    let report = vaudit.run(&CHECK).exits(3).json();
    for rule in BLOB_RULES {
        assert_eq!(reasons(&report, rule), ["forbidden"], "{rule}");
    }
    let gaps = report["deployments"][0]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["status"], 403);
    let action = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
    assert_eq!(gaps[0]["action"], action);
    assert!(message(&report, "BKP008").contains("When the blob listing was made"));
    assert_eq!(verdicts(&report)["AUD001"], "indeterminate");
}

#[test]
fn the_manifest_is_enough_where_resource_manager_refuses() {
    let refused = json!({"faults": [{"on": "GET *Microsoft.Storage*", "status": 403}]});
    let azure = Azure::parsed(&estate(&refused));
    let vaudit = azure.vaudit();
    vaudit.run(&LIST).exits(0);
    azure.tell(&behind_firewall());
    vaudit.run(&CHECK).exits(0);

    // Without the name of the account there is nothing to go by, and nothing is written over.
    azure.tell(&estate(&refused));
    let before = vaudit.read("blobs.listing");
    let nameless = azure
        .manifest()
        .replace("\naccount = \"stvecticebkp\"", "")
        .replace("\naccount = \"stvectice\"", "");
    let vaudit = vaudit.file("nameless.toml", &nameless);
    vaudit
        .run(&with(&LIST, &["--config", "nameless.toml"]))
        .exits(2)
        .says("nothing was written")
        .says("Microsoft.Storage/storageAccounts/read")
        .says("where `storage.account` is set, its name is enough");
    assert_eq!(vaudit.read("blobs.listing"), before);
}

#[test]
fn what_a_listing_lacks_is_said_when_it_is_made() {
    let azure = Azure::parsed(&estate(&json!({"faults": [
        {"on": "GET /stvectice/vectice*", "status": 403, "code": "AuthorizationFailure"},
    ]})));
    let vaudit = azure.vaudit();
    let cut = azure.manifest().replace("container = \"vectice-backup\"", "");
    let vaudit = vaudit.file("cut.toml", &cut);
    vaudit
        .run(&with(&LIST, &["--config", "cut.toml"]))
        .exits(3)
        .says("production: the backup container was not listed: `backup.container` is not set")
        .says("the storage firewall does not admit");
    let wrong = azure.manifest().replace("\"vectice-backup\"", "\"vectice-backups\"");
    let vaudit = vaudit.file("wrong.toml", &wrong);
    azure.tell(&estate(&json!({})));
    let ran = vaudit.run(&with(&LIST, &["--config", "wrong.toml"])).exits(3);
    ran.says("there is no container http").says("/stvecticebkp/vectice-backups");
    vaudit.run(&with(&LIST, &["--deployment", "gone"])).exits(2).says("gone");
    vaudit.run(&["list-blobs", "--output", "missing/blobs.listing"]).exits(2).says("missing");
    vaudit.run(&["list-blobs"]).exits(2).says("--output");
}

#[test]
fn one_listing_is_for_all_deployments() {
    let azure = Azure::named("compliant");
    let one = azure.manifest();
    let (deployment, cloud) = one.split_at(one.find("[cloud]").unwrap());
    let second = deployment
        .replace("\"production\"", "\"second\"")
        .replace("account = \"stvecticebkp\"", "account = \"stvectice\"")
        .replace("container = \"vectice-backup\"", "container = \"vectice\"");
    let vaudit = azure.vaudit().file("vaudit.toml", &format!("{deployment}\n{second}\n{cloud}"));
    let live = vaudit.run(&["check", "--format", "json"]).json();
    vaudit.run(&LIST).exits(0);
    let report = vaudit.run(&CHECK).json();
    let verdicts = |report: &Value, index: usize| {
        let results = report["deployments"][index]["results"].as_array().unwrap().clone();
        results.into_iter().map(|own| own["verdict"].clone()).collect::<Vec<_>>()
    };
    for index in [0, 1] {
        assert_eq!(verdicts(&report, index), verdicts(&live, index), "{index}");
    }
    // A listing of one tells about the other what they share, and no more.
    vaudit.run(&with(&LIST, &["--deployment", "second"])).exits(0);
    let report = vaudit.run(&with(&CHECK, &["--deployment", "production"])).exits(3).json();
    assert_eq!(reasons(&report, "BKP008"), ["not-collected"]);
}

#[test]
fn what_is_no_listing_is_refused_in_a_sentence() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    vaudit.run(&LIST).exits(0);
    vaudit.run(&["collect", "--output", "whole.snapshot"]).exits(0);
    let good = vaudit.read("blobs.listing");
    let lines: Vec<&str> = good.lines().collect();
    azure.simulator.clear_requests();
    for (text, why) in [
        (String::new(), "the file is empty"),
        ("hello".to_owned(), "line 1"),
        (lines[..lines.len() - 1].join("\n"), "the file was cut"),
        (good[..good.len() / 2].to_owned(), "line "),
        (good.replace("\"vaudit_snapshot\":2", "\"vaudit_snapshot\":3"), "format version 3"),
        (good.replace("\"status\":200", "\"status\":404"), "does not match its SHA-256"),
        (vaudit.read("whole.snapshot"), "is the snapshot of an audit, not a blob listing"),
        // What it is cannot be changed either.
        (good.replace("\"contents\":\"blob-listing\",", ""), "the header was edited"),
    ] {
        let vaudit = Vaudit::default().signed_in().file("vaudit.toml", &azure.manifest());
        let vaudit = vaudit.file("blobs.listing", &text);
        let ran = vaudit.run(&CHECK).exits(2).says("blobs.listing").says(why).says("list-blobs");
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(azure.simulator.requests().len(), 0, "nobody signs in for that");
    let alone = vaudit.run(&["check", "--snapshot", "blobs.listing"]).exits(2);
    alone.says("is a blob listing").says("--blob-listing");
    for other in [&["--demo"][..], &["--snapshot", "whole.snapshot"]] {
        let ran = vaudit.run(&with(&CHECK, other)).exits(2);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn hostile_names_stay_inert() {
    let name = "2026-11-22T080000Z \u{1b}[31mred\u{7}";
    let azure = Azure::parsed(&estate(&json!({
        "now": "2026-11-22T09:00:00Z",
        "changes": [{"copy": "stvectice/vectice", "to": format!("stvecticebkp/vectice-backup/{name}/"),
            "at": "2026-11-22T08:00:00Z", "except": {"README.txt": null}}],
        "faults": [{"on": "GET /stvecticebkp/*prefix=*", "status": 403,
            "code": "\u{1b}[31mAuthorizationPermissionMismatch"}],
    })));
    let vaudit = azure.vaudit();
    let listed = vaudit.run(&LIST).exits(3);
    assert!(!listed.stderr.contains(['\u{1b}', '\u{7}']), "{}", listed.stderr);
    let table = vaudit.run(&["check", "--blob-listing", "blobs.listing", "-v"]);
    assert!(!table.stdout.contains(['\u{1b}', '\u{7}']), "{}", table.stdout);
    assert!(!table.stderr.contains(['\u{1b}', '\u{7}']), "{}", table.stderr);
}
