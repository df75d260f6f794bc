//! SARIF that GitHub accepts: the schema of the standard, and GitHub's own rules.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Azure, Vaudit, root};
use serde_json::Value;

fn sarif(arguments: &[&str]) -> Value {
    let mut all = vec!["check", "--format", "sarif", "--demo"];
    all.extend_from_slice(arguments);
    Vaudit::default().run(&all).json()
}

fn array<'v>(value: &'v Value, field: &str) -> &'v Vec<Value> {
    value[field].as_array().unwrap_or_else(|| panic!("{field} is not an array: {value}"))
}

#[test]
fn the_report_fits_the_schema_of_the_standard() {
    let text = fs::read_to_string(root().join("reports/sarif-schema-2.1.0.json")).unwrap();
    // A character class of the published schema has a bracket too many, which strict readers refuse.
    let schema: Value = serde_json::from_str(&text.replace("{2}]?$", "{2}$")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for arguments in [
        &["drifted"][..],
        &["drifted", "--sarif-all"],
        &["compliant"],
        &["compliant", "--sarif-all"],
    ] {
        let report = sarif(arguments);
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:?}");
    }
    // Held against an earlier run, too: every result has a state, or none (3.27.24).
    let vaudit = Vaudit::default();
    vaudit.run(&["check", "--demo", "drifted", "--output", "json=bad.json"]).exits(1);
    for (scenario, state) in [("drifted", "unchanged"), ("compliant", "absent")] {
        let demo =
            ["check", "--format", "sarif", "--sarif-all", "--previous", "bad.json", "--demo"];
        let report = vaudit.run(&[&demo[..], &[scenario]].concat()).json();
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{scenario}: {errors:?}");
        let results = array(&report["runs"][0], "results");
        assert!(results.iter().all(|result| result["baselineState"].is_string()));
        assert!(results.iter().any(|result| result["baselineState"] == state), "{state}");
    }
}

#[test]
fn the_report_keeps_the_rules_of_github() {
    for arguments in [&["drifted"][..], &["drifted", "--sarif-all"]] {
        let report = sarif(arguments);
        let runs = array(&report, "runs");
        assert!(runs.len() <= 20);
        let mut categories = BTreeSet::new();
        for run in runs {
            let category = run["automationDetails"]["id"].as_str().unwrap();
            assert!(category.starts_with("vaudit/") && category.ends_with('/'), "{category}");
            assert!(categories.insert(category.to_owned()), "{category} twice");
            check_rules(run);
            check_results(run);
        }
        assert!(gzipped(&report.to_string()) <= 10 * 1024 * 1024);
    }
}

fn check_rules(run: &Value) {
    for rule in array(&run["tool"]["driver"], "rules") {
        for field in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[field]["text"].as_str().unwrap().is_empty(), "{field}: {rule}");
        }
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("## How to fix"));
        let severity: f64 =
            rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!([9.5, 8.0, 5.5, 3.0, 1.0].contains(&severity));
        let tags = array(&rule["properties"], "tags");
        assert!(!tags.is_empty() && tags.len() <= 20, "{tags:?}");
    }
}

fn check_results(run: &Value) {
    let results = array(run, "results");
    assert!(!results.is_empty() && results.len() <= 25_000);
    for result in results {
        let locations = array(result, "locations");
        assert_eq!(locations.len(), 1, "{result}");
        let physical = &locations[0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            !uri.starts_with('/')
                && !uri.contains("://")
                && !uri.contains('\\')
                && !uri.contains(".."),
            "{uri}"
        );
        assert_eq!(physical["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
        let logical = array(&locations[0], "logicalLocations");
        assert!(!logical[0]["fullyQualifiedName"].as_str().unwrap().is_empty());
        let kind = result["kind"].as_str().unwrap_or("fail");
        assert_eq!(result["level"] == "none", kind != "fail", "{result}");
        let hash = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        assert!(hash.len() == 34 && hash.ends_with(":1"), "{hash}");
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(array(&run["tool"]["driver"], "rules")[index]["id"], result["ruleId"]);
    }
}

fn gzipped(text: &str) -> usize {
    let mut gzip = Command::new("gzip")
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output.stdout.len()
}

#[test]
fn only_what_is_worth_an_alert_is_in_it() {
    let kinds = |report: &Value| -> BTreeSet<String> {
        let results = array(&array(report, "runs")[0], "results");
        results.iter().map(|result| result["kind"].as_str().unwrap().to_owned()).collect()
    };
    let names =
        |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(kinds(&sarif(&["drifted"])), names(&["fail", "open"]));
    assert_eq!(
        kinds(&sarif(&["drifted", "--sarif-all"])),
        names(&["fail", "open", "pass", "notApplicable"])
    );
    let report = sarif(&["drifted"]);
    let open = array(&array(&report, "runs")[0], "results")
        .iter()
        .find(|result| result["kind"] == "open")
        .unwrap();
    assert!(open["message"]["text"].as_str().unwrap().starts_with("Could not be judged: "));
    let invocation = &array(&array(&report, "runs")[0], "invocations")[0];
    let notifications = array(invocation, "toolExecutionNotifications");
    assert_eq!(notifications.len(), 1);
    assert!(
        notifications[0]["message"]["text"]
            .as_str()
            .unwrap()
            .contains("flexibleServers/backups/read")
    );
}

#[test]
fn paths_are_relative_to_the_work_tree_and_the_revision_is_named() {
    let azure = Azure::named("drifted");
    let vaudit = azure.vaudit();
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .arg("-C")
            .arg(vaudit.folder.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", vaudit.folder.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    };
    fs::create_dir_all(vaudit.path("audits/one")).unwrap();
    fs::copy(vaudit.path("vaudit.toml"), vaudit.path("audits/one/vaudit.toml")).unwrap();
    let check =
        ["check", "--config", "audits/one/vaudit.toml", "--rule", "PG001", "--format", "sarif"];
    let run = |report: &Value| array(report, "runs")[0].clone();
    let uri = |run: &Value| {
        let location = &array(&array(run, "results")[0], "locations")[0];
        location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let outside = run(&vaudit.run(&check).json());
    assert_eq!(uri(&outside), "audits/one/vaudit.toml");
    assert!(outside["versionControlProvenance"].is_null());

    git(&["init", "-q", "-b", "main"]);
    git(&["remote", "add", "origin", "https://user:secret@example.com/team/audits.git"]);
    git(&["add", "audits"]);
    git(&["commit", "-qm", "Audit"]);
    let inside = run(&vaudit.run(&check).json());
    assert_eq!(uri(&inside), "audits/one/vaudit.toml");
    let provenance = &array(&inside, "versionControlProvenance")[0];
    assert_eq!(provenance["repositoryUri"], "https://example.com/team/audits.git");
    assert_eq!(provenance["revisionId"].as_str().unwrap().len(), 40);
    assert_eq!(provenance["branch"], "main");

    let mut rooted = check.to_vec();
    rooted.extend(["--source-root", "audits"]);
    assert_eq!(uri(&run(&vaudit.run(&rooted).json())), "one/vaudit.toml");
}

#[test]
fn the_demo_points_at_no_line_and_at_no_repository() {
    let vaudit = Vaudit::default();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(vaudit.folder.path());
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments);
        assert!(command.output().unwrap().status.success());
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["remote", "add", "origin", "https://example.com/elsewhere.git"]);
    git(&["commit", "-qm", "Something else", "--allow-empty"]);
    let live = ["check", "--demo", "--format", "sarif", "--save-snapshot", "s.snapshot"];
    let replayed = ["check", "--snapshot", "s.snapshot", "--format", "sarif"];
    for arguments in [&live[..], &replayed[..]] {
        let report = vaudit.run(arguments).exits(1).json();
        let run = &array(&report, "runs")[0];
        assert!(run["versionControlProvenance"].is_null(), "{arguments:?}");
        for result in array(run, "results") {
            let physical = &array(result, "locations")[0]["physicalLocation"];
            assert_eq!(physical["artifactLocation"]["uri"], "vaudit.toml");
            assert_eq!(physical["region"]["startLine"], 1);
        }
    }
}
