//! `vaudit drift` through the binary: classes, formats, exit codes, the Activity Log, and baselines
//! nothing can be compared with. What each class holds is the black-box suite's.

use std::fs::File;
use std::io::BufReader;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vaudit_model::Snapshot;
use vaudit_model::blob::Shelf;

use super::support::{Azure, Ran, Vaudit, root};

/// An Azure whose story can be changed, and the baseline of its compliant state.
struct Watched {
    azure: Azure,
    vaudit: Vaudit,
    /// The one secret, with the same dates whenever the story is told.
    secret: Value,
}

fn ago(hours: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(hours)
}

impl Watched {
    fn compliant() -> Self {
        let azure = Azure::named("compliant");
        let vaudit = azure.vaudit().file("vaudit.toml", &azure.manifest());
        let secret = json!({
            "displayName": "helm",
            "startDateTime": ago(100 * 24).to_string(),
            "endDateTime": ago(-200 * 24).to_string(),
        });
        let secret =
            json!({"set": "graph:applications/{app}#/passwordCredentials", "to": [secret]});
        let watched = Self { azure, vaudit, secret };
        watched.tell(&json!([]), &json!([]));
        watched.vaudit.run(&["collect", "--output", "approved"]).exits(0);
        watched
    }

    /// Makes the baseline so many hours older than it is.
    fn age(&self, hours: i64) {
        let path = self.vaudit.path("approved");
        let file = BufReader::new(File::open(&path).unwrap());
        let mut baseline = Snapshot::read_from(file, &Shelf::default()).unwrap();
        baseline.header.started_at = ago(hours);
        baseline.header.finished_at = ago(hours);
        baseline.write_to(File::create(&path).unwrap()).unwrap();
    }

    fn tell(&self, changes: &Value, faults: &Value) {
        let changes = [vec![self.secret.clone()], changes.as_array().unwrap().clone()].concat();
        self.azure.tell(&json!({
            "description": "What became of it.", "extends": "compliant", "changes": changes, "faults": faults,
        }));
    }

    fn drift(&self, arguments: &[&str]) -> Ran {
        self.vaudit.run(&[&["drift", "--baseline", "approved"], arguments].concat())
    }

    fn json(&self, arguments: &[&str], code: i32) -> Value {
        self.drift(&[arguments, &["--format", "json"]].concat()).exits(code).json()
    }
}

fn differences(report: &Value) -> Vec<&Value> {
    let deployments = report["deployments"].as_array().unwrap();
    deployments.iter().flat_map(|own| own["differences"].as_array().unwrap()).collect()
}

/// A newer server and one more database: one breaks the design, the other nobody minds.
fn newer() -> Value {
    json!([
        {"merge": "{pg}", "with": {"properties": {"version": "14"}}},
        {"add": "{pg}/databases/reporting"},
    ])
}

#[test]
fn nothing_has_drifted_where_nothing_changed() {
    let watched = Watched::compliant();
    let ran = watched.drift(&[]).exits(0);
    assert!(ran.stdout.contains("✓ production — no drift\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("Exit code 0: nothing has drifted from the baseline.\n"));
    let report = watched.json(&["--profile", "all"], 0);
    assert!(differences(&report).is_empty());
    assert_eq!(report["manifest_changed"], false);
    assert_eq!(report["source"], "live");
}

#[test]
fn what_breaks_the_design_names_its_rule_and_the_way_back_mends_it() {
    let watched = Watched::compliant();
    watched.tell(&newer(), &json!([]));
    let report = watched.json(&["--save-snapshot", "drifted.zst"], 1);
    std::fs::rename(watched.vaudit.path("drifted.zst"), watched.vaudit.path("drifted")).unwrap();
    let schema: Value = serde_json::from_str(
        &std::fs::read_to_string(root().join("docs/schemas/drift.json")).unwrap(),
    )
    .unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(&report).unwrap();
    let told: Vec<String> = differences(&report)
        .iter()
        .map(|own| {
            format!(
                "{} {} {} {} → {} {}",
                own["class"],
                own["name"],
                own["fact"],
                own["before"],
                own["after"],
                own["rules"][0]["rule"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "breaks-design pg-vectice version 13 → 14 PG001",
            "new reporting null null → present null",
        ]
    );
    // Offline the same, and the other way round.
    let offline = watched.json(&["--snapshot", "drifted"], 1);
    assert_eq!(offline["deployments"], report["deployments"]);
    assert_eq!(offline["run"], report["run"]);
    let back = ["drift", "--baseline", "drifted", "--snapshot", "approved", "--format", "json"];
    let back = watched.vaudit.run(&back).exits(0).json();
    assert_eq!(back["summary"]["mends_design"], 1);
    assert_eq!(back["summary"]["gone"], 1);
    // Once it is approved, it is no drift any more.
    let next = ["drift", "--baseline", "drifted", "--format", "json"];
    assert!(differences(&watched.vaudit.run(&next).exits(0).json()).is_empty());
}

#[test]
fn every_format_tells_it() {
    let watched = Watched::compliant();
    watched.tell(&newer(), &json!([]));
    let files =
        ["--output", "sarif=d.sarif", "--output", "markdown=d.md", "--output", "json=d.json"];
    let table = watched.drift(&files).exits(1).stdout;
    assert!(table.contains("    version: 13 → 14\n"), "{table}");
    assert!(table.contains("PG001 (high, pass → fail)"), "{table}");
    let markdown = watched.vaudit.read("d.md");
    assert!(
        markdown.contains("**PostgreSQL server pg-vectice**, `version`: `13` → `14`"),
        "{markdown}"
    );
    let sarif: Value = serde_json::from_str(&watched.vaudit.read("d.sarif")).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "vaudit-drift/production/");
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    assert_eq!(run["results"][0]["ruleId"], "PG001");
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "vaudit.toml");
    let refused = watched.drift(&["--format", "junit"]).exits(2);
    assert!(refused.stdout.is_empty());
    refused.says("drift cannot be written as `junit` (available: table, json, sarif, markdown)");
}

#[test]
fn what_cannot_be_seen_is_no_drift_and_no_peace() {
    let watched = Watched::compliant();
    watched.tell(&json!([]), &json!([{"on": "GET {pg}/databases?*", "status": 403}]));
    let report = watched.json(&[], 3);
    let told = differences(&report);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["class"], "could-not-compare");
    assert_eq!(told[0]["lost"]["side"], "now");
    assert_eq!(
        told[0]["lost"]["action"],
        "Microsoft.DBforPostgreSQL/flexibleServers/databases/read"
    );
    // A baseline that was as blind cannot show a change either.
    watched.vaudit.run(&["collect", "--output", "blind"]).exits(3);
    let both = ["drift", "--baseline", "blind", "--format", "json"];
    let both = watched.vaudit.run(&both).exits(3).json();
    assert_eq!(differences(&both)[0]["lost"]["side"], "both");
    // Nor does sight that came back prove that nothing has changed.
    watched.tell(&json!([]), &json!([]));
    let again = ["drift", "--baseline", "blind", "--format", "json"];
    let again = watched.vaudit.run(&again).exits(3).json();
    assert_eq!(differences(&again)[0]["lost"]["side"], "baseline");
}

#[test]
fn what_a_waiver_accepts_breaks_nothing() {
    let watched = Watched::compliant();
    watched.tell(&newer(), &json!([]));
    let day = ago(-30 * 24).to_zoned(jiff::tz::TimeZone::UTC).date();
    let waiver = format!(
        "\n[[waiver]]\nrule = \"PG001\"\naccept = \"fail\"\nreason = \"agreed\"\nowner = \"x@example.com\"\nexpires = {day}\n"
    );
    let manifest = watched.azure.manifest() + &waiver;
    std::fs::write(watched.vaudit.path("vaudit.toml"), manifest).unwrap();
    let report = watched.json(&[], 0);
    let version = differences(&report).into_iter().find(|own| own["fact"] == "version").unwrap();
    assert_eq!(version["class"], "allowed-change");
    assert_eq!(version["rules"][0]["waived"], true);
    assert_eq!(report["manifest_changed"], true);
}

#[test]
fn deployments_come_and_go_with_the_manifest() {
    let watched = Watched::compliant();
    let renamed = watched.azure.manifest().replace("\"production\"", "\"renamed\"");
    std::fs::write(watched.vaudit.path("vaudit.toml"), renamed).unwrap();
    let report = watched.json(&[], 0);
    let told: Vec<(&str, &str)> = differences(&report)
        .iter()
        .map(|own| (own["class"].as_str().unwrap(), own["name"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("new", "renamed"), ("gone", "production")]);
    // Nobody approved what fails in it.
    watched.tell(&newer(), &json!([]));
    let report = watched.json(&[], 1);
    let worst = differences(&report)[0];
    assert_eq!(worst["class"], "breaks-design");
    assert_eq!(worst["rules"][0]["rule"], "PG001");
}

#[test]
fn what_cannot_be_told_apart_is_neither_new_nor_gone() {
    let watched = Watched::compliant();
    let undated = json!({"displayName": "helm", "startDateTime": "soon", "endDateTime": "later"});
    let changes = json!([
        {"set": "graph:applications/{app}#/passwordCredentials", "to": [undated]},
        {"set": "{aks}#/properties/agentPoolProfiles/user/name", "to": null},
    ]);
    watched.tell(&changes, &json!([]));
    let report = watched.json(&[], 3);
    for own in differences(&report) {
        assert_eq!(own["class"], "could-not-compare", "{own}");
    }
}

/// An event of the Activity Log about a resource.
fn event(number: u32, resource: &str, at: &str, caller: &str, status: &str) -> Value {
    json!({
        "add": format!("{{sub}}/providers/Microsoft.Insights/eventtypes/management/values/e{number}"),
        "body": {
            "eventTimestamp": at, "resourceId": resource, "caller": caller,
            "claims": {"name": "a name nobody needs"},
            "operationName": {"value": "Microsoft.DBforPostgreSQL/flexibleServers/write"},
            "status": {"value": status},
        },
    })
}

#[test]
fn the_activity_log_says_who_and_when() {
    let watched = Watched::compliant();
    watched.age(24);
    let mut changes = newer();
    changes.as_array_mut().unwrap().extend([
        json!({"add": "{sub}/providers/Microsoft.Insights/eventtypes/management"}),
        event(1, "{pg}", "{now-2h}", "alice@example.com", "Started"),
        event(2, "{pg}", "{now-1h}", "alice@example.com", "Succeeded"),
        event(3, "{pg}", "{now-3d}", "before@example.com", "Succeeded"),
        event(4, "{vnet-pg}", "{now-1h}", "elsewhere@example.com", "Succeeded"),
    ]);
    watched.tell(&changes, &json!([]));
    let report = watched.json(&["--activity"], 1);
    let own = &differences(&report)[0]["activity"];
    let told: Vec<&str> =
        own.as_array().unwrap().iter().map(|own| own["caller"].as_str().unwrap()).collect();
    assert_eq!(told, ["alice@example.com"], "{own}");
    assert_eq!(report["activity_log"]["gaps"], json!([]));
    assert!(!watched.drift(&["--activity", "-vv"]).stdout.contains("a name nobody needs"));
    // Nobody asked, nothing said.
    assert!(watched.json(&[], 1)["activity_log"].is_null());
}

#[test]
fn an_activity_log_that_may_not_be_read_is_said_and_costs_no_comparison() {
    let watched = Watched::compliant();
    watched.tell(&newer(), &json!([{"on": "GET */eventtypes/management/values?*", "status": 403}]));
    let report = watched.json(&["--activity"], 1);
    let gaps = report["activity_log"]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["action"], "Microsoft.Insights/eventtypes/values/read");
    assert_eq!(differences(&report)[0]["activity"], json!([]));
}

#[test]
fn the_activity_log_reaches_back_ninety_days_and_no_further() {
    let watched = Watched::compliant();
    watched.tell(&newer(), &json!([]));
    watched.age(100 * 24);
    let report = watched.json(&["--activity"], 1);
    assert_eq!(report["activity_log"]["baseline_is_older"], true);
    assert_eq!(report["activity_log"]["gaps"], json!([]));
}

#[test]
fn a_baseline_that_is_none_is_refused_before_azure_is_asked() {
    let watched = Watched::compliant();
    let vaudit = watched.vaudit.file("cut", "{\"vaudit_snapshot\":").file("empty", "");
    for (baseline, why) in [
        ("missing", "missing cannot be read"),
        ("cut", "cut is not a usable snapshot"),
        ("empty", "empty is not a usable snapshot: the file is empty"),
        ("vaudit.toml", "vaudit.toml is not a usable snapshot"),
    ] {
        let ran = vaudit.run(&["drift", "--baseline", baseline]).exits(2).says(why);
        assert!(ran.stdout.is_empty());
    }
    vaudit.run(&["collect", "--redact", "all", "--output", "redacted"]).exits(0);
    let ran = vaudit.run(&["drift", "--baseline", "redacted", "--snapshot", "approved"]).exits(2);
    ran.says("the baseline is redacted, and what it is compared with is not");
    vaudit.run(&["drift"]).exits(2).says("--baseline <FILE>");
    let both = ["drift", "--baseline", "approved", "--snapshot", "approved", "--activity"];
    vaudit.run(&both).exits(2).says("cannot be used with");
}
