//! One run after another: `--previous`, `--history` and `vaudit trend`, from outside.

use std::fs;

use serde_json::{Value, json};

use super::support::{Azure, Vaudit};

const QUIET: [&str; 2] = ["--no-progress", "--quiet"];

/// The rules of the finding lists of a `previous` block.
fn rules<'v>(report: &'v Value, list: &str) -> Vec<&'v str> {
    let found = report["previous"][list].as_array().unwrap();
    found.iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

fn demo(vaudit: &Vaudit, scenario: &str, more: &[&str]) -> super::support::Ran {
    let demo = format!("--demo={scenario}");
    vaudit.run(&[&["check", demo.as_str()], &QUIET[..], more].concat())
}

/// The names of the reports in a folder.
fn kept(vaudit: &Vaudit, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(vaudit.path(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_new_and_what_is_fixed_is_said_in_every_format() {
    let vaudit = Vaudit::default();
    demo(&vaudit, "compliant", &["--output", "json=good.json"]).exits(0);
    demo(&vaudit, "drifted", &["--output", "json=bad.json"]).exits(1);
    let bad: Value = serde_json::from_str(&vaudit.read("bad.json")).unwrap();
    let (failed, lost) =
        (bad["summary"]["fail"].as_u64(), bad["summary"]["indeterminate"].as_u64());

    let outputs =
        ["--output", "json=new.json", "--output", "sarif=new.sarif", "--output", "markdown=new.md"];
    let ran = demo(&vaudit, "drifted", &[&["--previous", "good.json"], &outputs[..]].concat());
    let ran = ran.exits(1);
    assert!(ran.stdout.contains("[new] "), "{}", ran.stdout);
    let sentence = format!(
        "{} newly failed, {} newly without a verdict since the run of ",
        failed.unwrap(),
        lost.unwrap()
    );
    assert!(ran.stdout.replace('\n', " ").contains(&sentence), "{sentence}: {}", ran.stdout);
    let new: Value = serde_json::from_str(&vaudit.read("new.json")).unwrap();
    assert_eq!(new["previous"]["counts"]["new_failures"].as_u64(), failed);
    assert_eq!(new["previous"]["counts"]["new_indeterminate"].as_u64(), lost);
    assert!(vaudit.read("new.md").contains("new, critical · "));
    let sarif: Value = serde_json::from_str(&vaudit.read("new.sarif")).unwrap();
    let at = &new["run"]["finished_at"];
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        assert_eq!(result["baselineState"], "new");
        assert_eq!(&result["provenance"]["firstDetectionTimeUtc"], at);
    }

    // The next night: what failed fails still, since the night before.
    let more = ["--previous", "new.json", "--format", "json"];
    let same = demo(&vaudit, "drifted", &more).exits(1).json();
    assert_eq!(same["previous"]["counts"]["new_failures"], 0);
    assert_eq!(
        same["previous"]["counts"]["unchanged"].as_u64(),
        Some(failed.unwrap() + lost.unwrap())
    );
    for result in same["deployments"][0]["results"].as_array().unwrap() {
        if result["verdict"] == "fail" {
            assert_eq!(&result["first_detected_at"], at, "{result}");
        }
    }

    // And the one after: everything is mended, and nothing of that counts for the exit code.
    let more = ["--previous", "new.json", "--output", "sarif=-", "--sarif-all"];
    let sarif = demo(&vaudit, "compliant", &more).exits(0).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let absent = results.iter().filter(|result| result["baselineState"] == "absent");
    assert!(absent.clone().count() as u64 >= failed.unwrap());
    for result in absent {
        assert_eq!(&result["provenance"]["firstDetectionTimeUtc"], at);
    }
    let fixed = demo(&vaudit, "compliant", &["--previous", "new.json", "--format", "json"]).json();
    assert_eq!(fixed["previous"]["counts"]["fixed"].as_u64(), failed);
    assert!(rules(&fixed, "fixed").contains(&"STO003"));
    let table = vaudit.run(&["check", "--demo=compliant", "--previous", "new.json"]).exits(0);
    assert!(table.stdout.contains("Over since last time"), "{}", table.stdout);
}

#[test]
fn what_was_not_asked_is_not_fixed_and_is_remembered() {
    let vaudit = Vaudit::default();
    demo(&vaudit, "drifted", &["--output", "json=1.json"]).exits(1);
    let narrow = ["--rule", "PG001", "--previous", "1.json", "--output", "json=2.json"];
    demo(&vaudit, "drifted", &narrow).exits(1);
    let narrow: Value = serde_json::from_str(&vaudit.read("2.json")).unwrap();
    assert_eq!(rules(&narrow, "fixed"), Vec::<&str>::new());
    assert!(rules(&narrow, "not_judged").contains(&"STO003"));
    let wide = demo(&vaudit, "drifted", &["--previous", "2.json", "--format", "json"]).json();
    assert_eq!(wide["previous"]["counts"]["new_failures"], 0, "nobody mended them meanwhile");
    let first: Value = serde_json::from_str(&vaudit.read("1.json")).unwrap();
    let results = wide["deployments"][0]["results"].as_array().unwrap();
    let firewall = results.iter().find(|result| result["rule"] == "STO003").unwrap();
    assert_eq!(firewall["first_detected_at"], first["run"]["finished_at"]);
}

#[test]
fn lost_sight_fixes_nothing() {
    let scenario = |changes: Value| json!({"description": "Somebody opened the firewall.", "extends": "compliant", "changes": changes});
    let open = json!({"set": "{stvectice}#/properties/networkAcls/defaultAction", "to": "Allow"});
    let guarded =
        json!({"set": "{stvectice}#/properties/publicNetworkAccess", "to": "SecuredByPerimeter"});
    let azure = Azure::parsed(&scenario(json!([open])));
    let vaudit = azure.vaudit();
    let check = |more: &[&str]| {
        let rule = ["check", "--rule", "STO003"];
        vaudit.run(&[&rule[..], &QUIET, more].concat())
    };
    check(&["--output", "json=open.json"]).exits(1);
    // What a perimeter lets through, vaudit cannot tell.
    let blind = Azure::parsed(&scenario(json!([open, guarded])));
    let blind = blind.vaudit().file("open.json", &vaudit.read("open.json"));
    let lost =
        ["check", "--rule", "STO003", "--previous", "open.json", "--output", "json=lost.json"];
    let ran = blind.run(&[&lost[..], &QUIET].concat()).exits(3);
    assert!(ran.stdout.contains("[failed before]"), "{}", ran.stdout);
    let vaudit = vaudit.file("lost.json", &blind.read("lost.json"));
    let lost: Value = serde_json::from_str(&blind.read("lost.json")).unwrap();
    assert_eq!(lost["previous"]["counts"]["out_of_sight"], 1);
    assert_eq!(rules(&lost, "fixed"), Vec::<&str>::new());

    let rule = ["check", "--rule", "STO003", "--previous", "lost.json", "--format", "json"];
    let again = vaudit.run(&[&rule[..], &QUIET].concat()).exits(1).json();
    let open: Value = serde_json::from_str(&vaudit.read("open.json")).unwrap();
    let result = &again["deployments"][0]["results"][0];
    assert_eq!(result["baseline_state"], "updated");
    assert_eq!(result["first_detected_at"], open["run"]["finished_at"], "one failure, not two");
}

#[test]
fn what_cannot_be_compared_ends_the_run_before_it_begins() {
    let vaudit = Vaudit::default();
    demo(&vaudit, "compliant", &["--output", "json=good.json"]).exits(0);
    let good = vaudit.read("good.json");
    let vaudit = vaudit
        .file("cut.json", &good[..good.len() / 2])
        .file("other.json", &good.replace("\"production\"", "\"somewhere else\""))
        .file("version.json", &good.replace("\"schema_version\": 1", "\"schema_version\": 7"))
        .file("sarif.json", r#"{"version": "2.1.0", "runs": []}"#);
    for (file, said) in [
        ("missing.json", "missing.json cannot be read"),
        ("cut.json", "cut.json is no whole JSON document"),
        ("other.json", "other.json is about `somewhere else`, and this run about `production`"),
        ("version.json", "version.json is a report of schema version 7"),
        ("sarif.json", "sarif.json is JSON, but no report of `vaudit check`"),
        (".", ". cannot be read"),
    ] {
        let ran = vaudit.run(&["check", "--demo=compliant", "--previous", file]).exits(2);
        assert_eq!(ran.stdout, "");
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let help = vaudit.run(&["check", "--demo=compliant", "--previous", "missing.json"]);
    help.exits(2).says("let `--history DIR` keep the reports");
}

#[test]
fn a_folder_keeps_a_report_of_every_run() {
    let vaudit = Vaudit::default();
    let first = demo(&vaudit, "drifted", &["--history", "runs/nightly", "--format", "json"]);
    let first = first.exits(1).json();
    assert!(first.get("previous").is_none(), "the first run has no earlier one");
    let names = kept(&vaudit, "runs/nightly");
    assert_eq!(names.len(), 1, "{names:?}");
    let id = first["run"]["id"].as_str().unwrap();
    assert!(names[0].starts_with("20") && names[0].ends_with(&format!("Z-{id}.json")), "{names:?}");
    let there = vaudit.read(&format!("runs/nightly/{}", names[0]));
    assert_eq!(serde_json::from_str::<Value>(&there).unwrap(), first);

    // A cut report and other files are no reason not to audit.
    fs::write(vaudit.path("runs/nightly/9999.json"), "{").unwrap();
    fs::write(vaudit.path("runs/nightly/notes.txt"), "hello").unwrap();
    let second = vaudit
        .run(&[
            "check",
            "--demo=compliant",
            "--no-progress",
            "--history",
            "runs/nightly",
            "--format",
            "json",
        ])
        .exits(0)
        .says("9999.json is no whole JSON document");
    assert_eq!(second.json()["previous"]["run_id"], id);
    assert_eq!(kept(&vaudit, "runs/nightly").len(), 4);
    // What --previous names wins.
    let earlier = format!("runs/nightly/{}", names[0]);
    let more = ["--history", "runs/nightly", "--previous", &earlier, "--format", "json"];
    assert_eq!(demo(&vaudit, "compliant", &more).json()["previous"]["run_id"], id);

    fs::write(vaudit.path("file"), "").unwrap();
    let ran = demo(&vaudit, "compliant", &["--history", "file"]).exits(2);
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("file cannot keep reports"),
        "{}",
        ran.stderr
    );
}

#[test]
fn one_snapshot_judged_twice_is_one_report() {
    let vaudit = Vaudit::default();
    demo(&vaudit, "drifted", &["--history", "runs"]).exits(1);
    demo(&vaudit, "compliant", &["--save-snapshot", "s.snapshot", "--history", "live"]).exits(0);
    let judge = |more: &[&str]| {
        let arguments =
            ["check", "--snapshot", "s.snapshot", "--history", "runs", "--format", "json"];
        vaudit.run(&[&arguments[..], &QUIET, more].concat()).exits(0).stdout
    };
    let once = judge(&[]);
    assert_eq!(kept(&vaudit, "runs").len(), 2);
    assert!(judge(&[]) == once, "not held against itself");
    assert_eq!(kept(&vaudit, "runs").len(), 2, "byte for byte what is there already");
    judge(&["--rule", "PG001"]);
    assert_eq!(kept(&vaudit, "runs").len(), 3, "another judgement does not take its place");
    let live = vaudit.read(&format!("live/{}", kept(&vaudit, "live")[0]));
    let plain: Value = serde_json::from_str(&live).unwrap();
    assert!(plain.get("previous").is_none());
    // A later run is no earlier one.
    let late =
        vaudit.run(&["check", "--snapshot", "s.snapshot", "--previous", "late.json"]).exits(2);
    assert!(late.stderr.contains("late.json cannot be read"));
    let later = live.replace("\"finished_at\": \"20", "\"finished_at\": \"30");
    let vaudit = vaudit.file("late.json", &later);
    vaudit
        .run(&["check", "--snapshot", "s.snapshot", "--previous", "late.json"])
        .exits(2)
        .says("is of a later run");
}

/// A report as a night of the past would have kept it: what the demo says, at another time.
fn night(report: &Value, day: u32) -> String {
    let mut report = report.clone();
    report["run"]["id"] = json!(format!("{day:016x}"));
    report["run"]["finished_at"] = json!(format!("2026-10-{day:02}T02:30:00Z"));
    report.to_string()
}

#[test]
fn a_trend_is_told_from_the_files_alone() {
    let vaudit = Vaudit::default();
    let good = demo(&vaudit, "compliant", &["--format", "json"]).json();
    let bad = demo(&vaudit, "drifted", &["--format", "json"]).json();
    let folder = vaudit.path("runs");
    fs::create_dir(&folder).unwrap();
    let nights = [&good, &bad, &bad, &good, &bad, &bad];
    for (report, day) in nights.iter().zip([1, 2, 3, 4, 6, 7]) {
        fs::write(folder.join(format!("{day:02}.json")), night(report, day)).unwrap();
    }
    fs::write(folder.join("sarif.json"), r#"{"runs": []}"#).unwrap();
    fs::write(folder.join("notes.txt"), "hello").unwrap();

    let trend = |more: &[&str]| vaudit.run(&[&["trend", "runs"], more].concat());
    let table = trend(&[]).exits(0).says("sarif.json is JSON, but no report");
    assert!(table.stderr.contains("notes.txt"), "{}", table.stderr);
    assert!(
        table.stdout.contains("    since     2026-10-06 02:30, for 1 day\n"),
        "{}",
        table.stdout
    );
    assert!(table.stdout.contains("    before    2026-10-02 02:30 to 2026-10-04 02:30, 2 days\n"));
    assert!(table.stdout.contains("    runs      ·✗✗· ✗✗\n"));
    assert!(
        table.stdout.contains("1 run is missing between 2026-10-04 02:30 and 2026-10-06 02:30.")
    );
    let one = trend(&["--rule", "sto003", "--deployment", "production", "--format", "json"]);
    let one = one.exits(0).json();
    assert_eq!(one["findings"].as_array().unwrap().len(), 1);
    assert_eq!(one["findings"][0]["picture"], ".xx.xx");
    assert_eq!(one["findings"][0]["flaps"], 1);
    assert_eq!(one["findings"][0]["failing_since"], "2026-10-06T02:30:00Z");
    let since = trend(&["--since", "2026-10-06", "--rule", "STO003", "--format", "json"]);
    assert_eq!(since.exits(0).json()["findings"][0]["picture"], "xx");
    assert!(trend(&["--format", "markdown"]).exits(0).stdout.contains("**critical** STO003"));

    for (arguments, said) in [
        (&["--rule", "NOPE*"][..], "`NOPE*` matches no rule of any report"),
        (&["--deployment", "nowhere"], "no report is about a deployment `nowhere`"),
        (&["--since", "2026-10-08"], "there is no report since 2026-10-08"),
    ] {
        let ran = trend(arguments).exits(2).says(said);
        assert_eq!(ran.stdout, "");
    }
    vaudit.run(&["trend", "nowhere"]).exits(2).says("nowhere cannot be read");
    fs::create_dir(vaudit.path("empty")).unwrap();
    vaudit.run(&["trend", "empty"]).exits(2).says("there is no report in empty");
}
