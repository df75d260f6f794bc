//! Signing in as the service connection of a job in Azure Pipelines.

use serde_json::json;
use vaudit_simulator::DEMO_AUDITOR;

use super::support::{Azure, Vaudit};

const JOB: &str = "org/project/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken";

/// A job whose step maps the token of its job, with no other credential.
fn job(azure: &Azure) -> Vaudit {
    Vaudit::default()
        .file("vaudit.toml", &azure.manifest())
        .set("SYSTEM_OIDCREQUESTURI", format!("{}/{JOB}", azure.simulator.url()))
        .set("SYSTEM_ACCESSTOKEN", DEMO_AUDITOR.client_secret)
        .set("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "33333333-3333-3333-3333-333333333333")
        .set("AZURESUBSCRIPTION_TENANT_ID", DEMO_AUDITOR.tenant)
        .set("AZURESUBSCRIPTION_CLIENT_ID", DEMO_AUDITOR.client_id)
}

#[test]
fn a_job_signs_in_as_its_service_connection() {
    let azure = Azure::named("compliant");
    job(&azure).run(&["check", "--credential", "azure-pipelines"]).exits(0);
    let asked = azure.simulator.requests();
    let of_job = asked.iter().filter(|request| request.path_and_query.contains("/oidctoken?"));
    assert_eq!(of_job.clone().count(), 3, "one for each service");
    assert!(of_job.clone().all(|request| request.bearer && request.method == "POST"));
    let exchanges = asked.iter().filter(|request| request.path_and_query.ends_with("/token"));
    assert!(exchanges.clone().all(|request| !request.bearer), "the job's token goes nowhere else");
    assert_eq!(exchanges.count(), 3);
    let usual = job(&azure)
        .set("AZURESUBSCRIPTION_TENANT_ID", "")
        .set("AZURESUBSCRIPTION_CLIENT_ID", "")
        .set("AZURE_TENANT_ID", DEMO_AUDITOR.tenant)
        .set("AZURE_CLIENT_ID", DEMO_AUDITOR.client_id);
    usual.run(&["check"]).exits(0);
}

#[test]
fn what_is_missing_of_a_job_is_named() {
    let azure = Azure::named("compliant");
    for (name, said) in [
        ("SYSTEM_ACCESSTOKEN", "map it in the step's `env` from $(System.AccessToken)"),
        ("SYSTEM_OIDCREQUESTURI", "is set, but SYSTEM_OIDCREQUESTURI is not"),
        ("AZURESUBSCRIPTION_TENANT_ID", "is set, but AZURESUBSCRIPTION_TENANT_ID is not"),
        ("AZURESUBSCRIPTION_CLIENT_ID", "is set, but AZURESUBSCRIPTION_CLIENT_ID is not"),
    ] {
        job(&azure).set(name, "").run(&["check"]).exits(2).says("`azure-pipelines`").says(said);
    }
    let elsewhere = job(&azure).set("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "");
    let ran = elsewhere.run(&["check"]).exits(2).says("nobody is signed in");
    ran.says("azure-pipelines: AZURESUBSCRIPTION_SERVICE_CONNECTION_ID is not set");
    let unmapped = job(&azure).set("SYSTEM_ACCESSTOKEN", "$(System.AcessToken)");
    unmapped.run(&["check"]).exits(2).says("holds a reference instead of a token");
    assert!(azure.simulator.requests().is_empty());
}

#[test]
fn the_token_of_a_job_goes_to_azure_pipelines_only() {
    let azure = Azure::named("compliant");
    for (address, said) in [
        (format!("https://dev.azure.com.example.com/{JOB}"), "is not a host of Azure Pipelines"),
        (format!("http://dev.azure.com:443/{JOB}"), "plain http"),
        (format!("{}/collect", azure.simulator.url()), "is never sent"),
        ("dev.azure.com".to_owned(), "SYSTEM_OIDCREQUESTURI cannot be used"),
    ] {
        let ran = job(&azure).set("SYSTEM_OIDCREQUESTURI", address).run(&["check", "-v"]).exits(2);
        let ran = ran.says(said);
        assert!(!ran.stderr.contains(DEMO_AUDITOR.client_secret), "{}", ran.stderr);
    }
    assert!(azure.simulator.requests().is_empty());
}

#[test]
fn what_azure_pipelines_refuses_is_said_in_a_sentence() {
    let azure = Azure::named("compliant");
    let ran = job(&azure).set("SYSTEM_ACCESSTOKEN", "wrong").run(&["check"]).exits(2);
    ran.says("failed: Azure Pipelines answered 401: SYSTEM_ACCESSTOKEN must be");
    let azure = Azure::parsed(&json!({
        "description": "A connection that is not there.",
        "extends": "compliant",
        "faults": [{"on": "POST */oidctoken?*", "status": 404, "body": {"message": "No endpoint."}}],
    }));
    let ran = job(&azure).run(&["check"]).exits(2);
    ran.says("failed: No endpoint: check AZURESUBSCRIPTION_SERVICE_CONNECTION_ID");
}
