//! `vaudit report`: a saved report in another format.

use serde_json::Value;
use vaudit_reports::Format;

use crate::support::{Azure, Vaudit};

/// A run of a scenario with its JSON report saved as `result.json`.
fn saved(scenario: &str) -> Vaudit {
    let azure = Azure::named(scenario);
    let vaudit = azure.vaudit();
    let code = if scenario == "compliant" { 0 } else { 1 };
    vaudit.run(&["check", "--output", "json=result.json", "--save-snapshot", "s"]).exits(code);
    vaudit
}

#[test]
fn a_saved_report_renders_as_the_run_did() {
    for scenario in ["compliant", "drifted"] {
        let vaudit = saved(scenario);
        let judge = ["check", "--snapshot", "s", "--format"];
        let json = vaudit.run(&[&judge[..], &["json"]].concat()).stdout;
        let vaudit = vaudit.file("again.json", &json);
        for format in Format::ALL.map(Format::word) {
            let run = vaudit.run(&[&judge[..], &[format]].concat());
            let ran = vaudit.run(&["report", "again.json", "--format", format]).exits(0);
            assert_eq!(ran.stdout, run.stdout, "{scenario} {format}");
            assert_eq!(ran.stderr, "", "{scenario} {format}");
        }
    }
}

#[test]
fn a_report_goes_to_a_file_and_comes_from_stdin() {
    let vaudit = saved("drifted");
    vaudit.run(&["report", "result.json", "--format", "markdown", "--output", "r.md"]).exits(0);
    assert!(vaudit.read("r.md").contains("production"));
    let json = vaudit.read("result.json");
    let ran = vaudit.fed("result.json", &["report", "-", "--format", "json"]).exits(0);
    assert_eq!(ran.stdout, json);
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let vaudit = saved("drifted");
    let vaudit = vaudit.file("empty.json", "{}").file("cut.json", "{\"schema_version\": 1,");
    for (arguments, said) in [
        (&["report", "none.json"][..], "none.json cannot be read"),
        (&["report", "empty.json"], "empty.json is JSON, but no report of `vaudit check`"),
        (&["report", "cut.json"], "cut.json is no whole JSON document"),
        (&["report", "result.json", "--format", "pdf"], "`pdf` is not a report format"),
        (
            &["report", "result.json", "--output", "sarif=a.sarif"],
            "write --format sarif --output a.sarif",
        ),
        (&["report", "result.json", "--output", "no/where"], "no/where"),
    ] {
        let ran = vaudit.run(arguments).exits(2).says(said);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_rule_of_another_version_is_what_the_report_says() {
    let vaudit = saved("drifted");
    let mut report: Value = serde_json::from_str(&vaudit.read("result.json")).unwrap();
    let result = &mut report["deployments"][0]["results"][0];
    result["rule"] = "NEW001".into();
    result["title"] = "A rule of tomorrow".into();
    let vaudit = vaudit.file("result.json", &report.to_string());
    let ran = vaudit.run(&["report", "result.json", "--format", "json"]).exits(0);
    assert_eq!(ran.json(), report);
}
