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
        "azure-pipelines:",
        "managed-identity:",
        "azure-cli: az not found",
    ] {
        assert!(ran.stderr.contains(tried), "{tried:?} is not in:\n{}", ran.stderr);
    }
}

#[test]
fn a_credential_that_is_half_set_up_ends_the_search() {
    let azure = Azure::named("compliant");
    let token = azure.simulator.token("https://management.azure.com").unwrap();
    let vaudit = || Vaudit::default().file("vaudit.toml", &azure.manifest());
    let ran = vaudit().set("AZURE_CLIENT_SECRET", "s").run(&["check"]).exits(2);
    ran.says("AZURE_CLIENT_SECRET is set, but AZURE_TENANT_ID and AZURE_CLIENT_ID are not");
    let ran = azure.vaudit().set("AZURE_TENANT_ID", "a tenant").run(&["check"]).exits(2);
    ran.says("failed: the tenant is neither an id nor a domain: check AZURE_TENANT_ID\n");
    let ran = vaudit().set("AZURE_FEDERATED_TOKEN_FILE", "f").run(&["check"]).exits(2);
    ran.says("AZURE_FEDERATED_TOKEN_FILE is set, but AZURE_TENANT_ID and AZURE_CLIENT_ID are not");
    let ran = vaudit().set("VAUDIT_GRAPH_TOKEN", token).signed_in().run(&["check"]).exits(2);
    ran.says("signing in with `token` failed: VAUDIT_ARM_TOKEN is not set");
}

#[test]
fn a_federated_token_signs_in_as_the_workload() {
    let azure = Azure::named("compliant");
    let token = azure.simulator.federated_token("https://cluster", "system:serviceaccount:a:b");
    let vaudit = azure
        .vaudit()
        .set("AZURE_CLIENT_SECRET", "")
        .file("token.jwt", &token)
        .file("bad.jwt", "no token")
        .set("AZURE_FEDERATED_TOKEN_FILE", "token.jwt");
    vaudit.run(&["check", "--credential", "workload-identity"]).exits(0);
    vaudit.run(&["check"]).exits(0);
    let ran = vaudit.run(&["check", "--credential", "environment"]).exits(2);
    ran.says("neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set");
    let vaudit = vaudit.set("AZURE_FEDERATED_TOKEN_FILE", "bad.jwt");
    vaudit.run(&["check"]).exits(2).says("that was sent is not a JWT (AADSTS50027)");
    let vaudit = vaudit.set("AZURE_FEDERATED_TOKEN_FILE", "nowhere.jwt");
    let ran = vaudit.run(&["check"]).exits(2);
    ran.says("AZURE_FEDERATED_TOKEN_FILE: nowhere.jwt cannot be read: No such file");
}

#[test]
fn a_federated_token_of_somebody_else_is_refused() {
    let azure = Azure::parsed(&json!({
        "description": "One service account is trusted.",
        "extends": "compliant",
        "changes": [],
        "auditors": [{
            "tenant": DEMO_AUDITOR.tenant, "client_id": DEMO_AUDITOR.client_id,
            "object_id": DEMO_AUDITOR.object_id, "secret": "s",
            "federation": {"issuer": "https://cluster", "subject": "system:serviceaccount:a:b"},
        }],
    }));
    let sign_in = |subject: &str| {
        let token = azure.simulator.federated_token("https://cluster", subject);
        let vaudit = azure.vaudit().set("AZURE_CLIENT_SECRET", "").file("token.jwt", &token);
        vaudit.set("AZURE_FEDERATED_TOKEN_FILE", "token.jwt").run(&["check"])
    };
    sign_in("system:serviceaccount:a:b").exits(0);
    sign_in("system:serviceaccount:a:c").exits(2).says("matches the token's issuer and subject");
}

/// The identity endpoint of App Service.
fn app_service(azure: &Azure) -> Vaudit {
    Vaudit::default()
        .file("vaudit.toml", &azure.manifest())
        .set("IDENTITY_ENDPOINT", format!("{}/msi/token", azure.simulator.url()))
        .set("IDENTITY_HEADER", DEMO_AUDITOR.client_secret)
}

#[test]
fn the_identity_of_the_machine_signs_in() {
    let azure = Azure::named("compliant");
    let managed = ["check", "--credential", "managed-identity"];
    // A proxy that is down would show if it were asked.
    let vaudit = app_service(&azure).set("HTTPS_PROXY", "http://127.0.0.1:9");
    vaudit.run(&managed).exits(0);
    vaudit.run(&["check"]).exits(0);
    let vaudit = vaudit.set("AZURE_CLIENT_ID", DEMO_AUDITOR.client_id);
    vaudit.run(&managed).exits(0);
    let asked = azure.simulator.requests();
    let named = format!("&client_id={}", DEMO_AUDITOR.client_id);
    let tokens = asked.iter().filter(|request| request.path_and_query.starts_with("/msi/token"));
    assert_eq!(tokens.clone().count(), 9);
    assert_eq!(tokens.filter(|request| request.path_and_query.contains(&named)).count(), 3);
}

#[test]
fn a_machine_without_the_identity_says_so() {
    let azure = Azure::named("compliant");
    let run = |name: &str, value: &str| {
        let vaudit = app_service(&azure).set(name, value);
        vaudit.run(&["check", "--credential", "managed-identity"]).exits(2)
    };
    run("AZURE_CLIENT_ID", "99999999-9999-9999-9999-999999999999").says(
        "failed: this machine has no identity, or none with the client id in AZURE_CLIENT_ID",
    );
    run("IDENTITY_HEADER", "wrong").says("The identity header is not the one of this app");
    run("IDENTITY_ENDPOINT", "http://192.0.2.1/msi/token")
        .says("192.0.2.1 is not a host of this machine's identity endpoint");
    run("IDENTITY_SERVER_THUMBPRINT", "x").says("Service Fabric managed identity isn't supported");
    for (name, kind) in [("IMDS_ENDPOINT", "Azure Arc"), ("MSI_ENDPOINT", "CloudShell")] {
        let vaudit = Vaudit::default().file("vaudit.toml", &azure.manifest()).set(name, "x");
        let endpoint = if name == "IMDS_ENDPOINT" { "IDENTITY_ENDPOINT" } else { "UNUSED" };
        let ran = vaudit.set(endpoint, "x").run(&["check"]).exits(2).says("nobody is signed in");
        ran.says(&format!("managed-identity: {kind} managed identity isn't supported"));
    }
}

#[test]
fn an_identity_endpoint_that_is_being_updated_is_asked_again() {
    let azure = Azure::parsed(&json!({
        "description": "The identity endpoint is away for a moment.",
        "extends": "compliant",
        "faults": [{"on": "GET /msi/token?*", "status": 410, "body": {}, "times": 2}],
    }));
    app_service(&azure).run(&["check", "--credential", "managed-identity"]).exits(0);
}

#[test]
fn the_authority_of_the_environment_wins_over_the_manifests() {
    let azure = Azure::named("compliant");
    let url = azure.simulator.url();
    let authority = format!("authority = \"{url}\"");
    let elsewhere = azure.manifest().replace(&authority, "authority = \"http://127.0.0.1:9\"");
    assert!(elsewhere.contains("127.0.0.1:9\""));
    let vaudit = azure.vaudit().file("vaudit.toml", &elsewhere);
    vaudit.run(&["check"]).exits(2).says("127.0.0.1:9 cannot be reached");
    let vaudit = vaudit.set("AZURE_AUTHORITY_HOST", format!("{url}/"));
    vaudit.run(&["check"]).exits(0);
    let vaudit = vaudit.set("AZURE_AUTHORITY_HOST", "https://user:simulated@127.0.0.1/x");
    let ran = vaudit.run(&["check", "-v"]).exits(2);
    let ran = ran.says("AZURE_AUTHORITY_HOST is not the address of a host alone");
    assert!(!ran.stderr.contains("simulated"), "{}", ran.stderr);
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
