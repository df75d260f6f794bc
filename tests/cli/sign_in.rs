//! Every way to sign in, and what is said when it fails.

use serde_json::json;
use vaudit_simulator::{DEMO_AUDITOR, demo_manifest};

use super::support::{Azure, Vaudit, verdicts};

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
