//! What is judged, and what only has to be looked up.

use super::demo;
use super::support::{Azure, Vaudit, results, verdicts};

#[test]
fn rules_are_selected_by_id_and_name_case_blind() {
    for (globs, expected) in [
        (&["--rule", "pg001"][..], &["PG001"][..]),
        (&["--rule", "postgres-major-version"], &["PG001"]),
        (&["--rule", "PLC00?", "--skip", "plc00[2-9]"], &["PLC001"]),
        (&["--rule", "DNS003", "--rule", "*-auto-registration"], &["DNS003", "DNS005"]),
    ] {
        let mut arguments = vec!["compliant", "--format", "json"];
        arguments.extend_from_slice(globs);
        let report = demo(&arguments).exits(0).json();
        let found: Vec<String> = verdicts(&report).into_keys().collect();
        assert_eq!(found, expected, "{globs:?}");
    }
}

#[test]
fn every_selected_rule_has_a_result_for_every_deployment() {
    let report = demo(&["compliant", "--format", "json"]).exits(0).json();
    assert_eq!(verdicts(&report).len(), vaudit_rules::CATALOGUE.len());
    for result in results(&report) {
        for field in [
            "rule",
            "name",
            "title",
            "severity",
            "tier",
            "verdict",
            "subject",
            "message",
            "fingerprint",
            "observed_digest",
        ] {
            assert!(
                result[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field}: {result}"
            );
        }
        assert_eq!(result["fingerprint"].as_str().unwrap().len(), 32);
        assert!(result["remediation"]["commands"].is_array());
    }
}

#[test]
fn one_rule_asks_one_question() {
    let azure = Azure::named("compliant");
    azure.vaudit().run(&["check", "--rule", "PG001"]).exits(0);
    let asked = azure.simulator.requests();
    let reads: Vec<_> = asked.iter().filter(|request| request.method == "GET").collect();
    assert_eq!(reads.len(), 1, "{reads:?}");
}

/// The service endpoint settles it: nobody asks for private endpoints.
#[test]
fn a_way_that_works_spares_the_question_for_another() {
    let azure = Azure::named("compliant");
    azure.vaudit().run(&["check", "--rule", "STO00[4-7]"]).exits(0);
    let asked = azure.simulator.requests();
    let reads: Vec<_> = asked.iter().filter(|request| request.method == "GET").collect();
    assert_eq!(reads.len(), 3, "accounts, clusters and networks, but {reads:?}");
}

#[test]
fn what_selects_nothing_is_an_error_and_says_nothing_on_stdout() {
    for arguments in [
        &["--rule", "XYZ*"][..],
        &["--skip", "XYZ*"],
        &["--rule", "PG001", "--skip", "PG*"],
        &["--deployment", "staging"],
        &["--format", "pdf"],
        &["--format", "xml"],
        &["--output", "json"],
        &["--output", "json="],
        &["--output", "json=-", "--output", "sarif=-"],
        &["--output", "json=-", "--output", "sarif=/dev/stdout"],
        &["--output", "json=same", "--output", "table=same"],
        &["--output", "json=same", "--output", "table=./same"],
        &["--output", "json=same", "--save-snapshot", "same"],
        &["--output", "pdf=report.pdf"],
        &["--fail-on", "sometimes"],
        &["--profile", "strict"],
        &["--credential", "token"],
        &["--nonsense"],
    ] {
        let ran = demo(arguments).exits(2);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.contains("error"), "{arguments:?}: {}", ran.stderr);
    }
    demo(&["--format", "pdf"]).says("markdown, github, html, csv, ocsf, oscal");
    demo(&["--deployment", "staging"]).says("it has: production");
}

#[test]
fn the_catalogue_can_be_read() {
    let vaudit = Vaudit::default();
    let rules = vaudit.run(&["rules"]).exits(0).stdout;
    assert_eq!(rules.lines().count(), vaudit_rules::CATALOGUE.len());
    for rule in vaudit_rules::CATALOGUE {
        let page = vaudit.run(&["explain", &rule.meta.id.to_lowercase()]).exits(0).stdout;
        assert!(
            page.contains(rule.meta.title) && page.contains("## How to fix"),
            "{}",
            rule.meta.id
        );
    }
    vaudit.run(&["explain", "PG999"]).exits(2).says("PG999");
}

#[test]
fn schemas_completions_and_manual_are_printed() {
    let vaudit = Vaudit::default();
    for of in ["report", "manifest", "snapshot"] {
        let schema = vaudit.run(&["schema", of]).exits(0).json();
        assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"), "{of}");
    }
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(vaudit.run(&["completions", shell]).exits(0).stdout.contains("vaudit"), "{shell}");
    }
    assert!(vaudit.run(&["man"]).exits(0).stdout.contains(".TH vaudit 1"));
    let page = vaudit.run(&["man", "check"]).exits(0).stdout;
    assert!(page.contains(".TH vaudit-check 1") && page.contains("save\\-snapshot"), "{page}");
    vaudit.run(&["man", "nonsense"]).exits(2).says("nonsense");
    assert!(vaudit.run(&["--version"]).exits(0).stdout.starts_with("vaudit "));
    assert!(vaudit.run(&["check", "--help"]).exits(0).stdout.contains("--save-snapshot"));
}
