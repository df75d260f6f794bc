//! The command line as `CONTRACT.md` promises it: exit codes, selection, outputs, refusals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use serde_json::json;
use support::{Azure, Vaudit, results, verdicts};
use vaudit_simulator::{DEMO_AUDITOR, demo_manifest};

fn demo(arguments: &[&str]) -> support::Ran {
    let mut all = vec!["check", "--demo"];
    all.extend_from_slice(arguments);
    Vaudit::default().run(&all)
}

// Exit codes.

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

// Selection.

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
        &["--format", "html"],
        &["--format", "xml"],
        &["--output", "json"],
        &["--output", "json="],
        &["--output", "json=-", "--output", "sarif=-"],
        &["--output", "json=-", "--output", "sarif=/dev/stdout"],
        &["--output", "json=same", "--output", "table=same"],
        &["--output", "json=same", "--output", "table=./same"],
        &["--output", "json=same", "--save-snapshot", "same"],
        &["--output", "junit=report.xml"],
        &["--fail-on", "sometimes"],
        &["--profile", "strict"],
        &["--credential", "token"],
        &["--nonsense"],
    ] {
        let ran = demo(arguments).exits(2);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.contains("error"), "{arguments:?}: {}", ran.stderr);
    }
    demo(&["--format", "html"]).says("not available in this version");
    demo(&["--deployment", "staging"]).says("it has: production");
}

// Outputs.

#[test]
fn reports_go_where_they_are_sent() {
    let vaudit = Vaudit::default();
    let ran = vaudit
        .run(&["check", "--demo", "--output", "json=out.json", "--output", "sarif=out.sarif"])
        .exits(1);
    assert!(ran.stdout.contains("production"), "the table stays on stdout");
    let json: serde_json::Value = serde_json::from_str(&vaudit.read("out.json")).unwrap();
    assert_eq!(json["schema_version"], 1);
    let sarif: serde_json::Value = serde_json::from_str(&vaudit.read("out.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let ran = vaudit.run(&["check", "--demo", "--format", "sarif", "--output", "json=-"]).exits(1);
    assert_eq!(ran.json()["schema_version"], 1);
    let left: Vec<_> = std::fs::read_dir(vaudit.folder.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 2, "nothing but the two reports: {left:?}");
}

#[test]
fn an_output_that_cannot_be_written_is_known_before_the_run_and_harms_nothing() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    vaudit.run(&["check", "--output", "json=missing/out.json"]).exits(2).says("missing/out.json");
    assert!(azure.simulator.requests().is_empty(), "nothing was asked");
    // A run that cannot be made leaves the last report as it was.
    let vaudit = vaudit.file("out.json", "the last report").set("AZURE_CLIENT_SECRET", "wrong");
    vaudit.run(&["check", "--output", "json=out.json"]).exits(2);
    assert_eq!(vaudit.read("out.json"), "the last report");
}

#[cfg(unix)]
#[test]
fn two_outputs_never_share_a_file() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit().file("same", "the last report");
    std::os::unix::fs::symlink("same", vaudit.path("link")).unwrap();
    for outputs in [
        ["--output", "json=same", "--output", "table=link"],
        ["--output", "json=link", "--save-snapshot", "same"],
    ] {
        let mut arguments = vec!["check"];
        arguments.extend(outputs);
        let ran = vaudit.run(&arguments).exits(2).says("two outputs go to one file");
        assert_eq!(ran.stdout, "");
    }
    // Stdout may be a file, too.
    let stdout = std::fs::File::create(vaudit.path("stdout")).unwrap();
    let mut command = vaudit.command(&["check", "--output", "json=stdout"]);
    let status = command.stdout(stdout).stderr(std::process::Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(2));
    assert!(azure.simulator.requests().is_empty(), "nothing was asked");
    assert_eq!(vaudit.read("same"), "the last report");
    assert_eq!(vaudit.read("stdout"), "");
}

#[cfg(unix)]
#[test]
fn outputs_go_through_links_and_into_devices() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let vaudit = Vaudit::default().file("real.json", "");
    symlink("real.json", vaudit.path("link.json")).unwrap();
    let check = ["check", "--demo", "--rule", "PG*", "--output"];
    let run = |output: &[&str]| vaudit.run(&[&check[..], output].concat()).exits(1);
    run(&["json=link.json", "--save-snapshot", "s.snapshot"]);
    assert!(vaudit.read("real.json").contains("schema_version"));
    assert!(vaudit.path("link.json").is_symlink());
    let mode = std::fs::metadata(vaudit.path("s.snapshot")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(run(&["json=/dev/stdout"]).json()["schema_version"], 1);
    let ran = run(&["json=/dev/stderr"]);
    assert!(ran.stderr.contains("schema_version") && !ran.stdout.contains("schema_version"));
    run(&["json=/dev/null"]);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_silence() {
    use std::io::Read;
    use std::process::Stdio;
    let vaudit = Vaudit::default();
    let mut command = vaudit.command(&["check", "--demo", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(stderr, "");
}

// Configuration.

#[test]
fn a_missing_manifest_says_what_to_do() {
    let ran = Vaudit::default().run(&["check"]).exits(2);
    assert!(ran.stderr.contains("--config"), "{}", ran.stderr);
    ran.says("--subscription").says("--demo");
    Vaudit::default()
        .run(&["check", "--config", "other.toml"])
        .exits(2)
        .says("other.toml cannot be read");
}

#[test]
fn every_mistake_of_a_manifest_is_shown_at_once_with_its_place() {
    let manifest = "[[deployment]]\nname = \"production\"\nsubscription = \"not-a-guid\"\nresource_grup = \"rg\"\n\n[deployment.postgres]\nexpected_major = 13\nprivate_mode = \"vnett\"\n";
    let ran = Vaudit::default().file("vaudit.toml", manifest).run(&["check"]).exits(2);
    assert_eq!(ran.stdout, "");
    for said in [
        "vaudit.toml:3:",
        "vaudit.toml:4:",
        "vaudit.toml:7:",
        "vaudit.toml:8:",
        "resource_group",
        "`vnet`",
        "^",
    ] {
        assert!(ran.stderr.contains(said), "{said:?} is not in:\n{}", ran.stderr);
    }
}

#[test]
fn flags_stand_in_for_a_manifest_and_win_over_a_file() {
    let azure = Azure::named("compliant");
    let flags = [
        "check",
        "--format",
        "json",
        "--rule",
        "PLC*",
        "--subscription",
        "00000000-0000-0000-0000-00000000000a",
        "--resource-group",
        "rg-vectice",
    ];
    // Without a manifest the cloud is the public one, which a loopback test cannot be; the error
    // shows that the flags were read and the file was not.
    let ran = azure.vaudit().set("HTTPS_PROXY", "http://127.0.0.1:9").run(&flags).exits(2);
    ran.says("vaudit.toml is ignored").says("login.microsoftonline.com");
    let ran = Vaudit::default()
        .run(&["check", "--subscription", "production", "--resource-group", "rg"])
        .exits(2);
    ran.says("--subscription");
    Vaudit::default()
        .run(&["check", "--subscription", "00000000-0000-0000-0000-00000000000a"])
        .exits(2);
    Vaudit::default()
        .run(&["check", "--config", "x.toml", "--subscription", "a", "--resource-group", "b"])
        .exits(2);
}

#[test]
fn results_point_at_the_line_of_the_manifest() {
    let report = demo(&["--format", "json"]).json();
    let line_of = |key: &str| {
        let lines = demo_manifest().lines();
        u64::try_from(lines.enumerate().find(|(_, line)| line.starts_with(key)).unwrap().0 + 1)
            .unwrap()
    };
    let location = |rule: &str| {
        results(&report).into_iter().find(|result| result["rule"] == rule).unwrap()["location"]
            .clone()
    };
    assert_eq!(
        location("PG001"),
        json!({"line": line_of("expected_major"), "column": 1, "key": "deployment.postgres.expected_major"})
    );
    assert_eq!(location("NET006")["line"], line_of("[[deployment]]"));
    assert_eq!(location("DNS005")["key"], "deployment", "a default has no line of its own");
}

#[test]
fn a_custom_cloud_beyond_this_machine_needs_the_consent_of_the_environment() {
    let cloud = "[cloud]\nname = \"custom\"\nresource_manager = \"https://management.example.com\"\ngraph = \"https://graph.example.com\"\nauthority = \"https://login.example.com\"\nstorage_suffix = \"example.com\"\n";
    let manifest = format!("{}\n{cloud}", demo_manifest());
    let vaudit = Vaudit::default().signed_in().file("vaudit.toml", &manifest);
    vaudit.run(&["check"]).exits(2).says("VAUDIT_ALLOW_CUSTOM_CLOUD=1");
    let vaudit =
        vaudit.set("VAUDIT_ALLOW_CUSTOM_CLOUD", "1").set("HTTPS_PROXY", "http://127.0.0.1:9");
    vaudit.run(&["check"]).exits(2).says("login.example.com");
}

#[test]
fn plain_http_beyond_loopback_is_refused() {
    let cloud = "[cloud]\nname = \"custom\"\nresource_manager = \"http://management.example.com\"\ngraph = \"https://graph.example.com\"\nauthority = \"https://login.example.com\"\nstorage_suffix = \"example.com\"\n";
    let manifest = format!("{}\n{cloud}", demo_manifest());
    let vaudit = Vaudit::default().signed_in().set("VAUDIT_ALLOW_CUSTOM_CLOUD", "1");
    vaudit.file("vaudit.toml", &manifest).run(&["check"]).exits(2).says("https");
    let vaudit =
        Vaudit::default().signed_in().set("AZURE_AUTHORITY_HOST", "http://login.example.com");
    vaudit.file("vaudit.toml", demo_manifest()).run(&["check"]).exits(2).says("plain http");
}

#[test]
fn a_proxy_that_cannot_be_read_is_no_direct_connection() {
    let azure = Azure::named("compliant");
    for (name, address, said) in [
        ("HTTPS_PROXY", "http://user:pass@[bad", "HTTPS_PROXY is not the address of a proxy"),
        ("https_proxy", "ftp://user:pass@proxy", "https_proxy is not the address of a proxy"),
        ("ALL_PROXY", "socks5://user:pass@127.0.0.1:9", "ALL_PROXY names a socks5 proxy"),
        ("all_proxy", "http://user:pass/@proxy", "all_proxy is not the address of a proxy"),
    ] {
        let ran = azure.vaudit().set(name, address).run(&["check", "-v"]).exits(2).says(said);
        assert!(!ran.stderr.contains("user:") && !ran.stderr.contains("pass@"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        azure.vaudit().set(name, address).run(&["check", "--demo", "compliant"]).exits(0);
    }
    assert!(azure.simulator.requests().is_empty(), "nothing was asked");
    // The one that counts is right, and this machine needs none of them.
    let vaudit = azure.vaudit().set("HTTPS_PROXY", "127.0.0.1:9").set("all_proxy", "http://[bad");
    vaudit.run(&["check"]).exits(0);
}

// Signing in.

#[test]
fn ready_made_tokens_are_taken_from_the_environment() {
    let azure = Azure::named("compliant");
    let token = |audience: &str| azure.simulator.token(audience).unwrap();
    let vaudit = Vaudit::default()
        .file("vaudit.toml", &azure.manifest())
        .set("VAUDIT_ARM_TOKEN", token("https://management.azure.com"))
        .set("VAUDIT_GRAPH_TOKEN", token("https://graph.microsoft.com"));
    // Without a token for storage the blob rules are lost, and only they; AUD001 names them.
    let report =
        vaudit.run(&["check", "--credential", "token", "--format", "json"]).exits(3).json();
    let lost: Vec<String> = verdicts(&report)
        .into_iter()
        .filter(|(_, verdict)| verdict == "indeterminate")
        .map(|(rule, _)| rule)
        .collect();
    assert_eq!(lost, ["AUD001", "BKP008", "BKP009", "BKP010", "BKP011", "BKP012", "BKP013"]);
    assert_eq!(report["deployments"][0]["gaps"][0]["reason"], "sign-in");
    assert_eq!(report["run"]["identity"]["object_id"], DEMO_AUDITOR.object_id);
    let vaudit = vaudit.set("VAUDIT_STORAGE_TOKEN", token("https://storage.azure.com"));
    vaudit.run(&["check", "--credential", "token"]).exits(0);
    vaudit.run(&["check"]).exits(0);
}

#[test]
fn a_token_azure_refuses_is_no_audit() {
    let azure = Azure::named("compliant");
    let vaudit = Vaudit::default()
        .file("vaudit.toml", &azure.manifest())
        .set("VAUDIT_ARM_TOKEN", "not-a-token");
    let ran = vaudit.run(&["check", "--credential", "token"]).exits(2).says("refused the token");
    assert_eq!(ran.stdout, "");
    assert!(!ran.stderr.contains("not-a-token"), "a token is never shown: {}", ran.stderr);
}

#[test]
fn a_token_is_trimmed_and_one_that_cannot_be_sent_is_said() {
    let azure = Azure::named("compliant");
    let token = |audience: &str| azure.simulator.token(audience).unwrap();
    let vaudit = Vaudit::default()
        .file("vaudit.toml", &azure.manifest())
        .set("VAUDIT_ARM_TOKEN", format!(" {}\r\n", token("https://management.azure.com")))
        .set("VAUDIT_GRAPH_TOKEN", format!("{}\n", token("https://graph.microsoft.com")))
        .set("VAUDIT_STORAGE_TOKEN", "no-such-token\r\nX: 1");
    let ran = vaudit.run(&["check", "--format", "json"]).exits(3);
    let gap = &ran.json()["deployments"][0]["gaps"][0];
    assert_eq!(gap["reason"], "sign-in");
    assert!(ran.stdout.contains("VAUDIT_STORAGE_TOKEN holds characters that no token has"));
    assert!(!azure.simulator.requests().iter().any(|request| !request.bearer));
    assert!(!ran.stdout.contains("no-such-token") && !ran.stderr.contains("no-such-token"));
    let vaudit = vaudit.set("VAUDIT_ARM_TOKEN", "no-such-token\r\nX: 1");
    let ran = vaudit.run(&["check", "-v"]).exits(2).says("VAUDIT_ARM_TOKEN holds characters");
    assert!(!ran.stderr.contains("no-such-token"), "{}", ran.stderr);
}

#[test]
fn a_token_that_ends_soon_is_not_fetched_with_every_request() {
    let azure = Azure::parsed(&json!({
        "description": "Tokens live for four minutes, and there is one for each service.",
        "extends": "compliant",
        "faults": [
            {"on": "POST */oauth2/v2.0/token", "patch": {"expires_in": 240}, "times": 3},
            {"on": "POST */oauth2/v2.0/token", "status": 400, "body": {"error": "no_more"}},
        ],
    }));
    azure.vaudit().run(&["check"]).exits(0);
    let asked = azure.simulator.requests();
    let tokens = asked.iter().filter(|request| request.path_and_query.contains("/oauth2/"));
    assert_eq!(tokens.count(), 3);
}

#[test]
fn each_refused_sign_in_gets_one_plain_sentence() {
    let azure = Azure::named("compliant");
    let wrong = |name: &str, value: &str| azure.vaudit().set(name, value);
    let ran = wrong("AZURE_CLIENT_SECRET", "wrong").run(&["check"]).exits(2);
    assert!(!ran.stderr.contains("caused by"), "{}", ran.stderr);
    ran.says("client secret is wrong");
    let ran = wrong("AZURE_TENANT_ID", "99999999-9999-9999-9999-999999999999").run(&["check"]);
    ran.exits(2).says("tenant was not found");
    let ran =
        wrong("AZURE_CLIENT_ID", "99999999-9999-9999-9999-999999999999").run(&["check", "-v"]);
    ran.exits(2).says("application was not found").says("caused by").says("AADSTS700016");
    let ran = wrong("AZURE_CLIENT_ID", "").run(&["check"]).exits(2);
    ran.says("AZURE_CLIENT_ID is not");
}

#[test]
fn whatever_the_authority_answers_gets_one_plain_sentence() {
    for (fault, said) in [
        (
            json!({"status": 401, "body": {"error": "invalid_client", "error_description":
                "AADSTS7000218: The body must hold a secret.\r\nTrace ID: 1\r\nCorrelation ID: 2"}}),
            "failed: AADSTS7000218: The body must hold a secret\n",
        ),
        (
            json!({"status": 401, "body": {"error": "invalid_client", "error_description":
                "AADSTS7000222: The keys are expired.\r\nTrace ID: 1"}}),
            "failed: the client secret has expired",
        ),
        (
            json!({"status": 403, "body": "<html>simulated-and-not-a-secret</html>"}),
            "failed: the sign-in authority answered 403 with a page that is not JSON\n",
        ),
        (
            json!({"status": 307, "body": "", "headers": {"Location": "https://example.com/"}}),
            "failed: the sign-in authority answered 307 with a redirect\n",
        ),
        (json!({"status": 501, "body": {}}), "failed: the sign-in authority answered 501\n"),
    ] {
        let mut fault = fault;
        fault["on"] = json!("POST */oauth2/v2.0/token");
        let azure = Azure::parsed(&json!({
            "description": "The authority gives no token.",
            "extends": "compliant",
            "faults": [fault],
        }));
        let ran = azure.vaudit().run(&["check"]).exits(2).says(said);
        assert!(!ran.stderr.contains("expected"), "no parser speaks: {}", ran.stderr);
        let ran = azure.vaudit().run(&["check", "-v"]).exits(2);
        assert!(!ran.stderr.contains("simulated-and-not-a-secret"), "{}", ran.stderr);
    }
}

#[test]
fn nobody_signed_in_lists_what_was_tried() {
    let vaudit = Vaudit::default().file("vaudit.toml", demo_manifest());
    let ran = vaudit.run(&["check"]).exits(2).says("nobody is signed in");
    for tried in [
        "token: VAUDIT_ARM_TOKEN",
        "environment:",
        "workload-identity:",
        "managed-identity:",
        "azure-cli: az not found",
    ] {
        assert!(ran.stderr.contains(tried), "{tried:?} is not in:\n{}", ran.stderr);
    }
}

#[test]
fn a_federated_token_signs_in_as_the_workload() {
    let azure = Azure::named("compliant");
    let vaudit =
        azure.vaudit().set("AZURE_CLIENT_SECRET", "").file("token.jwt", "header.payload.signature");
    let file = vaudit.path("token.jwt").display().to_string();
    let vaudit = vaudit.set("AZURE_FEDERATED_TOKEN_FILE", file);
    vaudit.run(&["check", "--credential", "workload-identity"]).exits(0);
    vaudit
        .run(&["check", "--credential", "environment"])
        .exits(2)
        .says("AZURE_CLIENT_SECRET is not set");
}

#[test]
fn the_identity_endpoint_of_the_machine_signs_in() {
    let azure = Azure::named("compliant");
    let endpoint = format!("{}/metadata/identity/oauth2/token", azure.simulator.url());
    let vaudit = Vaudit::default()
        .file("vaudit.toml", &azure.manifest())
        .set("IDENTITY_ENDPOINT", endpoint)
        .set("IDENTITY_HEADER", "anything");
    vaudit.run(&["check", "--credential", "managed-identity"]).exits(0);
    let vaudit = vaudit.set("IDENTITY_ENDPOINT", "http://192.0.2.1/metadata");
    vaudit.run(&["check", "--credential", "managed-identity"]).exits(2).says("identity endpoint");
}

#[cfg(unix)]
#[test]
fn the_azure_cli_signs_in() {
    use std::os::unix::fs::PermissionsExt;
    let azure = Azure::named("compliant");
    let token = |audience: &str| azure.simulator.token(audience).unwrap();
    // An `az` that hands out the simulator's tokens by scope.
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*graph*) token='{}';;\n*storage*) token='{}';;\n*) token='{}';;\nesac\necho \"{{\\\"accessToken\\\": \\\"$token\\\", \\\"expires_on\\\": 4102444800, \\\"tokenType\\\": \\\"Bearer\\\"}}\"\n",
        token("https://graph.microsoft.com"),
        token("https://storage.azure.com"),
        token("https://management.azure.com"),
    );
    let vaudit = Vaudit::default().file("vaudit.toml", &azure.manifest()).file("az", &script);
    std::fs::set_permissions(vaudit.path("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", vaudit.folder.path().display());
    let vaudit = vaudit.set("PATH", path);
    // All audiences of the simulator are one host, so Graph's scope is told apart by its token only.
    let report = vaudit.run(&[
        "check",
        "--credential",
        "azure-cli",
        "--rule",
        "PG00[145]",
        "--format",
        "json",
    ]);
    assert_eq!(report.exits(0).json()["summary"]["pass"], 3);
}

// The other commands.

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
fn the_tokens_of_the_three_services_are_asked_for_at_once() {
    let azure = Azure::parsed(&json!({
        "description": "Every answer takes its time.",
        "extends": "compliant",
        "changes": [],
        "latency_ms": 300,
    }));
    azure.vaudit().run(&["check", "--quiet"]).exits(0);
    let requests = azure.simulator.requests();
    let tokens: Vec<_> =
        requests.iter().filter(|request| request.path_and_query.ends_with("/token")).collect();
    assert_eq!(tokens.len(), 3);
    let last_asked = tokens.iter().map(|request| request.asked).max();
    let first_answered = tokens.iter().map(|request| request.answered).min();
    assert!(last_asked < first_answered, "one waits for another");
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

#[test]
fn the_terminal_decides_about_characters_and_colours() {
    let vaudit = Vaudit::default();
    let plain = vaudit.run(&["check", "--demo"]).stdout;
    assert!(!plain.contains('\u{1b}'), "no colours into a pipe");
    let coloured = vaudit.run(&["check", "--demo", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}["));
    let ascii = Vaudit::default().set("LC_ALL", "C").run(&["check", "--demo"]).stdout;
    assert!(ascii.is_ascii(), "{ascii}");
    for columns in [80, 200] {
        let table =
            Vaudit::default().set("COLUMNS", columns.to_string()).run(&["check", "--demo"]).stdout;
        let too_wide = table.lines().find(|line| {
            // Commands stay on one line, or they could not be copied.
            line.chars().count() > columns && !line.trim_start().starts_with("az")
        });
        assert_eq!(too_wide, None);
    }
}

// Clouds that lag.

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

// Stopping.

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

// What a server may cost.

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
