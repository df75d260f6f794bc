//! Each exit code, and what a run is not ended by.

use serde_json::json;

use super::demo;
use super::support::{Azure, results};

#[test]
fn exit_0_when_nothing_failed_and_nothing_was_lost() {
    let ran = demo(&["compliant"]).exits(0);
    assert!(ran.stdout.contains("nothing failed"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn exit_1_when_something_failed() {
    let ran = demo(&[]).exits(1);
    assert!(ran.stdout.contains("PG001") && ran.stdout.contains("PostgreSQL 14"), "{}", ran.stdout);
}

#[test]
fn exit_3_when_something_could_not_be_judged_and_nothing_failed() {
    let report = demo(&["drifted", "--rule", "BKP001", "--rule", "AUD*", "--format", "json"])
        .exits(3)
        .json();
    assert_eq!(report["run"]["exit_code"], 3);
    let gap = &report["deployments"][0]["gaps"][0];
    assert_eq!(gap["action"], "Microsoft.DBforPostgreSQL/flexibleServers/backups/read");
    assert_eq!(gap["reason"], "forbidden");
    assert_eq!(gap["status"], 403);
    assert_eq!(gap["rules"], json!(["AUD001", "BKP001"]));
}

#[test]
fn a_threshold_counts_failures_not_losses() {
    // DNS005 is low, PLC005 medium.
    demo(&["drifted", "--rule", "DNS005"]).exits(1);
    demo(&["drifted", "--rule", "DNS005", "--fail-on", "medium"]).exits(0);
    demo(&["drifted", "--rule", "PLC005", "--fail-on", "medium"]).exits(1);
    demo(&["drifted", "--fail-on", "never", "--skip", "BKP00[124]"]).exits(0);
    demo(&["drifted", "--fail-on", "never"]).exits(3);
    let report = demo(&["drifted", "--rule", "DNS005", "--fail-on", "high", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(report["summary"]["fail"], 1);
}

#[test]
fn the_exit_code_is_the_same_for_every_format() {
    for format in ["table", "json", "sarif"] {
        demo(&["--format", format]).exits(1);
        demo(&["compliant", "--format", format]).exits(0);
    }
}

#[test]
fn what_another_deployment_was_refused_is_no_loss_of_this_one() {
    let azure = Azure::parsed(&json!({
        "description": "The roles of another principal may not be listed.",
        "extends": "compliant",
        "changes": [],
        "faults": [{"on": "GET {sub}/providers/Microsoft.Authorization/roleAssignments?*99999999-*", "status": 403}],
    }));
    let one = azure.manifest();
    let (deployment, cloud) = one.split_at(one.find("[cloud]").unwrap());
    let own = "client_id = \"22222222-2222-2222-2222-222222222222\"";
    let other = "object_id = \"99999999-9999-9999-9999-999999999999\"";
    let second = deployment.replace("\"production\"", "\"second\"").replace(own, other);
    let vaudit = azure.vaudit().file("vaudit.toml", &format!("{deployment}\n{second}\n{cloud}"));
    let report = vaudit.run(&["check", "--format", "json"]).json();
    let verdict = |index: usize| {
        let results = report["deployments"][index]["results"].as_array().unwrap();
        results.iter().find(|own| own["rule"] == "AUD001").unwrap()["verdict"].clone()
    };
    assert_eq!((verdict(0), verdict(1)), (json!("pass"), json!("indeterminate")));
}

#[test]
fn a_loss_of_sight_that_costs_no_verdict_is_told_all_the_same() {
    let azure = Azure::parsed(&json!({
        "description": "The list of networks goes on where no token may go.",
        "extends": "compliant",
        "changes": [],
        "faults": [{"on": "GET {sub}/providers/Microsoft.Network/virtualNetworks?*", "patch": {"nextLink": "https://elsewhere.example.com/more"}}],
    }));
    let vaudit = azure.vaudit();
    let report = vaudit.run(&["check", "--format", "json"]).exits(0).json();
    let gaps = report["deployments"][0]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["reason"], "untrusted-next-link");
    assert_eq!(gaps[0]["rules"], json!([]));
    let table = vaudit.run(&["check"]).exits(0).stdout;
    assert!(table.contains("cost no rule a verdict"), "{table}");
}

#[test]
fn what_gives_sight_names_each_container_that_was_refused() {
    let commands = |refused: &[&str]| {
        let faults: Vec<_> = refused
            .iter()
            .map(|url| json!({"on": format!("GET {url}*"), "status": 403, "code": "AuthorizationPermissionMismatch"}))
            .collect();
        let azure = Azure::parsed(&json!({
            "description": "Blobs that may not be listed.", "extends": "compliant", "changes": [], "faults": faults,
        }));
        let report = azure.vaudit().run(&["check", "--format", "json"]).exits(3).json();
        let own = results(&report).into_iter().find(|result| result["rule"] == "AUD001").unwrap();
        own["remediation"]["commands"].to_string()
    };
    let (source, backup) = ("containers/vectice", "containers/vectice-backup");
    let shown = |text: &str, name: &str| text.matches(&format!("{name}\"")).count();
    let one = commands(&["/stvectice/"]);
    assert_eq!((shown(&one, source), shown(&one, backup)), (1, 0), "{one}");
    let other = commands(&["/stvecticebkp/"]);
    assert_eq!((shown(&other, source), shown(&other, backup)), (0, 1), "{other}");
}
