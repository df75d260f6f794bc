//! Waivers through the binary: every state in every report, with its exit code and its words.
//!
//! The server has version 14, which fails PG001; its databases may not be listed, which costs PG010 and
//! PG011 their verdict.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::support::{Azure, Ran, Vaudit, results};

/// A day so far from today. None lies near the edge of a state: what holds on the very day is the
/// engine's own test.
fn day(away: i32) -> Date {
    let today = jiff::Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_add(away.days()).unwrap()
}

fn scenario() -> Value {
    json!({
        "description": "A newer server whose databases may not be listed.", "extends": "compliant",
        "changes": [{"merge": "{pg}", "with": {"properties": {"version": "14"}}}],
        "faults": [{"on": "GET {pg}/databases?*", "status": 403}],
    })
}

/// A waiver of the platform team, with these lines of its own.
fn waiver(lines: &str, expires: Date) -> String {
    format!(
        "\n[[waiver]]\nreason = \"the vendor agreed\"\nowner = \"platform@example.com\"\nexpires = {expires}\n{lines}\n"
    )
}

struct Case {
    azure: Azure,
    vaudit: Vaudit,
}

impl Case {
    fn with(waivers: &[String]) -> Self {
        let azure = Azure::parsed(&scenario());
        let manifest = azure.manifest() + &waivers.concat();
        let vaudit = azure.vaudit().file("vaudit.toml", &manifest);
        Self { azure, vaudit }
    }

    fn check(&self, arguments: &[&str]) -> Ran {
        self.vaudit.run(&[&["check"], arguments].concat())
    }

    fn json(&self, arguments: &[&str], code: i32) -> Value {
        self.check(&[arguments, &["--format", "json"]].concat()).exits(code).json()
    }

    fn digest(&self, rule: &str) -> String {
        let report = self.vaudit.run(&["check", "--rule", rule, "--format", "json"]).json();
        results(&report)[0]["observed_digest"].as_str().unwrap().to_owned()
    }

    /// The table, its words in one line each.
    fn table(&self, arguments: &[&str], code: i32) -> String {
        let table = self.check(arguments).exits(code).stdout;
        table.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn sarif(&self, arguments: &[&str], code: i32) -> Vec<Value> {
        let report = self.check(&[arguments, &["--format", "sarif"]].concat()).exits(code).json();
        report["runs"][0]["results"].as_array().unwrap().clone()
    }
}

fn states(report: &Value) -> Vec<&str> {
    let waivers = report["waivers"].as_array().unwrap().iter();
    waivers.map(|own| own["state"].as_str().unwrap()).collect()
}

const PG001: &str = "rule = \"PG001\"\nticket = \"SEC-123\"";
const ONLY_PG001: &[&str] = &["--rule", "PG001"];

#[test]
fn an_active_waiver_covers_a_failure() {
    let case = Case::with(&[waiver(PG001, day(100))]);
    let report = case.json(ONLY_PG001, 0);
    assert_eq!(states(&report), ["active"]);
    assert_eq!(report["summary"]["waived"], 1);
    assert_eq!(report["summary"]["fail"], 0);
    let result = results(&report)[0];
    assert_eq!(result["verdict"], "fail");
    assert_eq!(result["lapsed_waiver"], Value::Null);
    assert_eq!(
        result["waiver"],
        json!({"reason": "the vendor agreed", "owner": "platform@example.com", "ticket": "SEC-123",
            "expires": day(100).to_string(), "accept": "fail", "pin": null})
    );
    let table = case.table(ONLY_PG001, 0);
    let said = format!("Waived PG001 until {}, platform@example.com (SEC-123)", day(100));
    assert!(table.contains(&said), "{table}");
    assert!(table.ends_with("Exit code 0: whatever failed or could not be judged is waived."));
    assert!(!table.contains("need a hand"), "{table}");
    assert!(case.check(ONLY_PG001).exits(0).stderr.is_empty());
    assert_eq!(case.sarif(ONLY_PG001, 0), [] as [Value; 0]);
    let all = case.sarif(&["--rule", "PG001", "--sarif-all"], 0);
    let suppression = &all[0]["suppressions"][0];
    assert_eq!(suppression["kind"], "external");
    assert_eq!(suppression["status"], "accepted");
    let accepted = format!("Accepted by platform@example.com until {}, SEC-123.", day(100));
    assert_eq!(suppression["justification"], format!("{accepted} Reason: the vendor agreed"));
}

/// A reason is somebody's own words, whatever sentence they stand in.
#[test]
fn a_reason_is_quoted_as_it_is_written() {
    let case = Case::with(&[waiver(PG001, day(7))]);
    for format in ["markdown", "junit", "github"] {
        let report = case.check(&[ONLY_PG001, &["--format", format]].concat()).exits(0).stdout;
        let quoted = report.match_indices("Reason: the vendor agreed").count();
        assert_eq!(quoted, report.match_indices("Reason: ").count(), "{report}");
        assert!(quoted > 0 && !report.contains("agreed."), "{report}");
    }
}

#[test]
fn one_that_ends_soon_covers_and_warns() {
    let case = Case::with(&[waiver(PG001, day(7))]);
    assert_eq!(states(&case.json(ONLY_PG001, 0)), ["expiring"]);
    let said = format!("ends on {}, within 14 days", day(7));
    let table = case.table(ONLY_PG001, 0);
    let line =
        format!("Waivers that need a hand expiring PG001 of platform@example.com (SEC-123) {said}");
    assert!(table.contains(&line), "{table}");
    case.check(&["--rule", "PG001", "--format", "sarif"]).exits(0).says(&said);
    assert!(case.check(&["--rule", "PG001", "-q"]).exits(0).stderr.is_empty());
}

#[test]
fn after_its_end_the_failure_counts_again_and_says_whose_waiver_lapsed() {
    let case = Case::with(&[waiver(PG001, day(-10))]);
    let report = case.json(ONLY_PG001, 1);
    assert_eq!(states(&report), ["expired"]);
    let result = results(&report)[0];
    assert_eq!(result["waiver"], Value::Null);
    let lapsed = &result["lapsed_waiver"];
    assert_eq!(
        (&lapsed["state"], &lapsed["owner"]),
        (&json!("expired"), &json!("platform@example.com"))
    );
    assert_eq!((&lapsed["ticket"], &lapsed["index"]), (&json!("SEC-123"), &json!(0)));
    let expired = format!("the waiver of platform@example.com (SEC-123) expired on {}", day(-10));
    let table = case.table(ONLY_PG001, 1);
    assert!(table.contains(&format!("waiver {expired}, so PG001 counts again")), "{table}");
    let again = format!("expired on {}: 1 result counts again", day(-10));
    assert!(table.contains(&again), "{table}");
    case.check(&["--rule", "PG001", "--format", "json"]).exits(1).says(&again);
    let sarif = case.sarif(ONLY_PG001, 1);
    let message = sarif[0]["message"]["text"].as_str().unwrap();
    assert!(message.contains(&format!("It counts again: {expired}.")), "{message}");
    assert_eq!(case.sarif(&["--rule", "PG001", "--sarif-all"], 1)[0]["suppressions"], json!([]));
}

#[test]
fn a_pin_voids_when_the_observation_changes() {
    let pinned = |digest: &str| waiver(&format!("{PG001}\npin = \"{digest}\""), day(100));
    let case = Case::with(&[]);
    let digest = case.digest("PG001");
    let mut case = case;
    for digest in [digest.to_uppercase(), digest] {
        let manifest = case.azure.manifest() + &pinned(&digest);
        case = Case { vaudit: case.vaudit.file("vaudit.toml", &manifest), ..case };
        assert_eq!(states(&case.json(ONLY_PG001, 0)), ["active"], "{digest}");
    }

    let mut newer = scenario();
    newer["changes"][0]["with"]["properties"]["version"] = "15".into();
    case.azure.tell(&newer);
    let report = case.json(ONLY_PG001, 1);
    assert_eq!(states(&report), ["void"]);
    assert_eq!(results(&report)[0]["lapsed_waiver"]["state"], "void");
    let void = "the waiver of platform@example.com (SEC-123) is void, because what it was pinned to has changed";
    let table = case.table(ONLY_PG001, 1);
    assert!(table.contains(&format!("waiver {void}, so PG001 counts again")), "{table}");
    case.check(ONLY_PG001).exits(1).says("has changed: 1 result counts again");
    let message = case.sarif(ONLY_PG001, 1)[0]["message"]["text"].as_str().unwrap().to_owned();
    assert!(message.contains("is void, because what it was pinned to has changed."), "{message}");

    // Mended, nothing is left to cover.
    let mended = json!({"description": "mended", "extends": "compliant"});
    case.azure.tell(&mended);
    assert_eq!(states(&case.json(ONLY_PG001, 0)), ["unused"]);
}

/// A pin on what could not be judged names the reason.
#[test]
fn another_reason_voids_a_pin_too() {
    let case = Case::with(&[]);
    let digest = case.digest("PG010");
    let lines = format!("rule = \"PG010\"\naccept = \"indeterminate\"\npin = \"{digest}\"");
    let manifest = case.azure.manifest() + &waiver(&lines, day(100));
    let case = Case { vaudit: case.vaudit.file("vaudit.toml", &manifest), ..case };
    assert_eq!(states(&case.json(&["--rule", "PG010"], 0)), ["active"]);
    let mut broken = scenario();
    broken["faults"] = json!([{"on": "GET {pg}/databases?*", "status": 200, "body": {}}]);
    case.azure.tell(&broken);
    assert_eq!(states(&case.json(&["--rule", "PG010"], 3)), ["void"]);
    assert!(case.table(&["--rule", "PG010"], 3).contains("so PG010 counts again"));
}

/// What is accepted, what is judged, the exit code, and the state.
#[test]
fn a_waiver_accepts_what_it_says() {
    for (accept, rules, code, state) in [
        ("fail", "PG001", 0, "active"),
        ("indeterminate", "PG001", 1, "unused"),
        ("both", "PG001", 0, "active"),
        ("indeterminate", "PG010", 0, "active"),
        ("both", "PG010", 0, "active"),
        // It may cover a failure that nobody could see tonight.
        ("fail", "PG010", 3, "active"),
    ] {
        let lines = format!("rule = \"{rules}\"\naccept = \"{accept}\"");
        let case = Case::with(&[waiver(&lines, day(100))]);
        let report = case.json(&["--rule", rules], code);
        assert_eq!(states(&report), [state], "{accept} {rules}");
        assert_eq!(report["summary"]["waived"] == 1, code == 0, "{accept} {rules}");
    }
}

#[test]
fn a_waiver_covers_what_it_names() {
    let server = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-vectice/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice";
    let of_server = format!("rule = \"PG001\"\nsubject = \"{}/\"", server.to_uppercase());
    let elsewhere = format!("rule = \"PG001\"\nsubject = \"{server}-2\"");
    for (lines, code, state) in [
        ("rule = \"PG*\"", 0, "active"),
        ("rule = \"postgres-major-version\"", 0, "active"),
        ("rule = \"pg00[12]\"", 0, "active"),
        ("rule = \"*\"\ndeployment = \"production\"", 0, "active"),
        (&of_server, 0, "active"),
        (&elsewhere, 1, "unused"),
        ("rule = \"PG002\"", 1, "unused"),
        ("rule = \"XYZ*\"", 1, "unused"),
    ] {
        let case = Case::with(&[waiver(lines, day(100))]);
        let report = case.json(&["--rule", "PG00*"], code);
        assert_eq!(states(&report), [state], "{lines}");
    }
    let case =
        Case::with(&[waiver("rule = \"PG002\"", day(100)), waiver("rule = \"XYZ*\"", day(100))]);
    let table = case.table(&["--rule", "PG00*"], 1);
    assert!(table.contains("unused PG002 of platform@example.com covers nothing"), "{table}");
    let ran = case.check(&["--rule", "PG00*"]).exits(1);
    ran.says("`PG002` of platform@example.com covers nothing").says("`XYZ*` matches no rule");
}

/// Which waivers there are by their days, the exit code, the states, and which one is named.
#[test]
fn one_that_holds_wins_over_one_that_does_not() {
    let plain = |away| waiver(PG001, day(away));
    let void = waiver(&format!("{PG001}\npin = \"0123456789abcdef0123456789abcdef\""), day(200));
    for (waivers, code, expected, named) in [
        (vec![plain(-10), plain(100)], 0, vec!["expired", "active"], json!(day(100).to_string())),
        (vec![plain(100), plain(-10)], 0, vec!["active", "expired"], json!(day(100).to_string())),
        (vec![void.clone(), plain(100)], 0, vec!["void", "active"], json!(day(100).to_string())),
        // The one that takes over is no less used for not being needed yet.
        (vec![plain(7), plain(100)], 0, vec!["expiring", "active"], json!(day(100).to_string())),
        (vec![plain(-10), void], 1, vec!["expired", "void"], Value::Null),
    ] {
        let case = Case::with(&waivers);
        let report = case.json(ONLY_PG001, code);
        assert_eq!(states(&report), expected);
        let result = results(&report)[0];
        assert_eq!(result["waiver"]["expires"], named);
        assert_eq!(result["lapsed_waiver"].is_null(), code == 0, "{result}");
        let table = case.table(ONLY_PG001, code);
        assert_eq!(table.contains("so PG001 counts again"), code == 1, "{table}");
    }
}

/// Nobody knows whether a waiver is of use when what it names was not looked at.
#[test]
fn what_was_not_judged_leaves_no_waiver_unused() {
    let other = "\n[[deployment]]\nname = \"staging\"\nsubscription = \"00000000-0000-0000-0000-00000000000a\"\nresource_group = \"rg-staging\"\n";
    let lines = [
        "rule = \"DNS005\"",
        "rule = \"P*\"",
        "rule = \"PG002\"\ndeployment = \"staging\"",
        "rule = \"PG002\"",
    ];
    let waivers: Vec<String> = lines.iter().map(|lines| waiver(lines, day(100))).collect();
    let case = Case::with(&[&[other.to_owned()][..], &waivers].concat());
    let report = case.json(&["--rule", "PG002", "--deployment", "production"], 0);
    assert_eq!(states(&report), ["active", "active", "active", "active"]);
    let report = case.json(&["--rule", "PG00[12]", "--deployment", "production"], 0);
    assert_eq!(states(&report), ["active", "active", "active", "active"]);

    let case = Case::with(&waivers[3..]);
    assert_eq!(states(&case.json(&["--rule", "PG002"], 0)), ["unused"]);
    // Time ran out before anything was judged.
    let mut slow = scenario();
    slow["faults"] = json!([{"on": "GET */flexibleServers?*", "delay_ms": 20_000}]);
    case.azure.tell(&slow);
    let report =
        case.vaudit.run(&["check", "--rule", "P[GL]*", "--max-duration", "1", "--format", "json"]);
    assert_eq!(states(&report.json()), ["active"], "{}", report.stderr);
}

/// At 80 columns a waiver is a sentence that wraps, however long its owner is.
#[test]
fn waivers_can_be_read_in_a_narrow_table() {
    let case = Case::with(&[
        waiver(PG001, day(-10)),
        waiver("rule = \"PG010\"\naccept = \"indeterminate\"", day(7)),
        waiver(
            "rule = \"PG012\"\nticket = \"https://tickets.example.com/browse/SEC-20417\"",
            day(100),
        ),
    ]);
    let vaudit = case.vaudit.set("COLUMNS", "80");
    let table = vaudit.run(&["check", "--rule", "PG0*"]).exits(1).stdout;
    let section = table.split_once("Waivers that need a hand\n").unwrap().1;
    let lines: Vec<&str> = section.lines().take_while(|line| !line.is_empty()).collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{section}");
    let starts: Vec<&str> =
        lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
    for state in ["expired", "expiring", "unused"] {
        assert!(starts.contains(&state), "{section}");
    }
}
