//! Runs that end before they are done, and lists that would not end.

use serde_json::json;

use super::support::{Azure, results, verdicts};

/// The backups never come.
#[cfg(unix)]
fn waiting_azure() -> Azure {
    Azure::parsed(&json!({
        "description": "The backups never come.",
        "extends": "compliant",
        "faults": [{"on": "GET {pg}/backups?*", "status": 200, "delay_ms": 60000}],
    }))
}

/// Waits until everything but the backups is read.
#[cfg(unix)]
fn wait_for_the_rest(azure: &Azure) {
    let is_waiting = || {
        let asked = azure.simulator.requests();
        asked.iter().any(|request| request.path_and_query.contains("databases"))
    };
    while !is_waiting() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[cfg(unix)]
fn kill(signal: &str, child: &std::process::Child) {
    let status = std::process::Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Whether this test was started so that it, and what it starts, outlives its terminal.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|mask| mask.trim().ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']))
}

#[cfg(unix)]
#[test]
fn a_signal_writes_what_was_judged() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        if signal == "HUP" && is_hangup_ignored() {
            continue;
        }
        let azure = waiting_azure();
        let vaudit = azure.vaudit();
        let mut command =
            vaudit.command(&["check", "--format", "json", "--output", "sarif=out.sarif"]);
        let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        wait_for_the_rest(&azure);
        kill(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["run"]["complete"], false);
        assert_eq!(report["run"]["exit_code"], code);
        let verdicts = verdicts(&report);
        assert_eq!(verdicts["BKP001"], "indeterminate");
        assert_eq!(verdicts["PG001"], "pass");
        let lost = results(&report).into_iter().find(|result| result["rule"] == "BKP001").unwrap();
        assert_eq!(lost["reason"], "interrupted");
        assert!(vaudit.read("out.sarif").contains("\"executionSuccessful\": false"));
        let left: Vec<_> = std::fs::read_dir(vaudit.folder.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 2, "nothing but the manifest and the report: {left:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_outlives_its_terminal_goes_on() {
    let azure = waiting_azure();
    let vaudit = azure.vaudit();
    let own = vaudit.command(&["check"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" check"]).arg(own.get_program());
    command.current_dir(vaudit.folder.path()).env_clear();
    for (name, value) in own.get_envs() {
        command.env(name, value.unwrap());
    }
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    wait_for_the_rest(&azure);
    kill("HUP", &child);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "the hangup was meant to be ignored");
    kill("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_time_limit_ends_the_reading_not_the_judging() {
    let azure = Azure::parsed(&json!({
        "description": "The backups never come.",
        "extends": "compliant",
        "faults": [{"on": "GET {pg}/backups?*", "status": 200, "delay_ms": 60000}],
    }));
    let report =
        azure.vaudit().run(&["check", "--max-duration", "2", "--format", "json"]).exits(3).json();
    assert_eq!(report["run"]["complete"], false);
    assert_eq!(verdicts(&report)["BKP001"], "indeterminate");
    let asked = azure.simulator.requests();
    let answered = asked.iter().filter(|request| !request.path_and_query.contains("/oauth2/"));
    assert!(report["run"]["requests"].as_u64().unwrap() > answered.count() as u64, "{asked:?}");
}

#[test]
fn a_time_limit_that_leaves_no_answer_is_no_audit() {
    for (hangs, said) in [
        ("GET /subscriptions*", "the time limit ended the run first"),
        ("POST */oauth2/*", "the time limit ended the run before anybody was signed in"),
    ] {
        let azure = Azure::parsed(&json!({
            "description": "Some service never answers.",
            "extends": "compliant",
            "faults": [{"on": hangs, "delay_ms": 60000}],
        }));
        let vaudit = azure.vaudit();
        for command in [&["check"][..], &["collect", "--output", "out.snapshot"]] {
            let ran = vaudit.run(&[command, &["--max-duration", "1"]].concat()).exits(2).says(said);
            assert_eq!(ran.stdout, "");
        }
        assert!(!vaudit.path("out.snapshot").exists());
    }
}

#[test]
fn a_list_without_an_end_is_read_only_so_far() {
    let databases = (0..250).map(|number| {
        json!({"add": format!("{{pg}}/databases/filler-{number:03}"), "body": {"properties": {}}})
    });
    let azure = Azure::parsed(&json!({
        "description": "More pages than any list of Azure has; what is looked for is on the last.",
        "extends": "compliant",
        "page_size": 1,
        "changes": databases.collect::<Vec<_>>(),
    }));
    let report =
        azure.vaudit().run(&["check", "--rule", "PG010", "--format", "json"]).exits(3).json();
    assert_eq!(verdicts(&report)["PG010"], "indeterminate");
    let gap = &report["deployments"][0]["gaps"][0];
    assert_eq!(gap["reason"], "unrecognised");
    let asked = azure.simulator.requests();
    let pages = asked.iter().filter(|request| request.path_and_query.contains("/databases"));
    assert_eq!(pages.count(), 200);
}

#[test]
fn an_api_version_the_cloud_does_not_serve_is_asked_once_more_in_an_older_one() {
    let unserved = |on: &str, listed: &str| {
        json!({"on": on, "status": 400, "code": "NoRegisteredProviderFound", "message": format!(
            "No registered resource provider found for location 'x' and API version 'y' for type \
             'z'. The supported api-versions are '{listed}'.")})
    };
    let azure = Azure::parsed(&json!({
        "description": "A cloud that lags, and one service whose older versions do not help.",
        "extends": "compliant",
        "faults": [
            unserved("GET {rg}/providers/*/flexibleServers?*=2024-08-01*", "2021-06-01, 2022-12-01, 2099-01-01"),
            unserved("GET */virtualNetworkLinks?*", "2018-09-01"),
        ],
    }));
    let vaudit = azure.vaudit();
    let arguments = ["check", "--format", "json", "--save-snapshot", "s"];
    let ran = vaudit.run(&arguments).exits(3);
    let said = "warning: this cloud answers in older API versions: the PostgreSQL flexible servers \
                (2022-12-01 instead of 2024-08-01)\n";
    assert_eq!(ran.stderr, said);
    assert_eq!(verdicts(&ran.json())["PG001"], "pass");
    assert_eq!(verdicts(&ran.json())["DNS003"], "indeterminate");
    let asked = azure.simulator.requests();
    let servers = "rg-vectice/providers/Microsoft.DBforPostgreSQL/flexibleServers?";
    for list in [servers, "/virtualNetworkLinks?"] {
        let times = asked.iter().filter(|request| request.path_and_query.contains(list)).count();
        assert_eq!(times, 2, "{list}");
    }
    let snapshot = vaudit.read("s");
    let older = r#""api_version":"2022-12-01","asked_api_version":"2024-08-01""#;
    assert!(snapshot.contains(older), "{snapshot}");
    vaudit.run(&["check", "--snapshot", "s"]).exits(3).says("older API versions");
    vaudit.run(&["collect", "--output", "c"]).exits(3).says("older API versions");
}
