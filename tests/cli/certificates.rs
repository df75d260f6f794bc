//! Signing in with a certificate: what its file has to hold, and what Entra says to it.

use std::path::Path;

use serde_json::json;
use vaudit_simulator::DEMO_AUDITOR;

use super::support::{Azure, Vaudit, root};

fn fixture(name: &str) -> String {
    let path = Path::new("tests/support/certificates").join(name);
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// An Azure whose auditor has a certificate.
fn azure_that_knows(certificate: &str) -> Azure {
    Azure::parsed(&json!({
        "description": "The auditor signs in with a certificate.",
        "extends": "compliant",
        "changes": [],
        "auditors": [{
            "tenant": DEMO_AUDITOR.tenant,
            "client_id": DEMO_AUDITOR.client_id,
            "object_id": DEMO_AUDITOR.object_id,
            "secret": DEMO_AUDITOR.client_secret,
            "certificate": fixture(certificate),
        }],
    }))
}

/// The binary with a file of certificates and keys, and no secret.
fn vaudit(azure: &Azure, files: &[&str]) -> Vaudit {
    let text: String = files.iter().map(|name| fixture(name)).collect();
    azure
        .vaudit()
        .set("AZURE_CLIENT_SECRET", "")
        .file("auditor.pem", &text)
        .set("AZURE_CLIENT_CERTIFICATE_PATH", "auditor.pem")
}

#[test]
fn a_certificate_signs_in_in_the_place_of_a_secret() {
    let azure = azure_that_knows("certificate.pem");
    for files in [
        &["certificate.pem", "key.pem"][..],
        &["key-pkcs1.pem", "certificate-elliptic.pem", "certificate.pem"],
    ] {
        let vaudit = vaudit(&azure, files);
        vaudit.run(&["check", "--credential", "environment"]).exits(0);
        vaudit.set("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true").run(&["check"]).exits(0);
    }
    let tokens = azure.simulator.requests();
    let tokens = tokens.iter().filter(|request| request.path_and_query.ends_with("/token"));
    assert_eq!(tokens.count(), 12);
}

#[test]
fn a_secret_comes_before_a_certificate() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit().set("AZURE_CLIENT_CERTIFICATE_PATH", "nowhere.pem");
    vaudit.run(&["check"]).exits(0);
    let ran = vaudit.set("AZURE_CLIENT_SECRET", "").run(&["check"]).exits(2);
    ran.says("failed: AZURE_CLIENT_CERTIFICATE_PATH: nowhere.pem cannot be read: No such file");
}

#[test]
fn what_entra_does_not_know_is_said_in_a_sentence() {
    let azure = Azure::named("compliant");
    let vaudit = vaudit(&azure, &["certificate.pem", "key.pem"]);
    let ran = vaudit.run(&["check", "-v"]).exits(2);
    ran.says("upload it to the app registration of AZURE_CLIENT_ID (AADSTS700027)")
        .says("`environment` was chosen because the environment sets it up");
}

#[test]
fn a_file_that_is_no_credential_is_said_before_anything_is_sent() {
    let azure = azure_that_knows("certificate.pem");
    for (files, said) in [
        (&["certificate.pem"][..], "auditor.pem holds no private key"),
        (&["key.pem"], "holds no certificate"),
        (&["certificate.pem", "key-encrypted.pem"], "only unencrypted PEM is supported"),
        (&["certificate-elliptic.pem", "key-elliptic.pem"], "is not RSA"),
        (&["certificate-elliptic.pem", "key.pem"], "belongs to none of its certificates"),
        (&["certificate-expired.pem", "key.pem"], "expired on 2021-01-01"),
    ] {
        let ran = vaudit(&azure, files).run(&["check", "-v"]).exits(2).says(said);
        for name in files {
            let kept = fixture(name).lines().nth(2).unwrap().to_owned();
            assert!(!ran.stderr.contains(&kept), "{name} is shown:\n{}", ran.stderr);
        }
    }
    let vaudit = vaudit(&azure, &["certificate.pem", "key.pem"]);
    let unnamed = vaudit.set("AZURE_TENANT_ID", "").run(&["check"]).exits(2);
    unnamed.says("AZURE_CLIENT_CERTIFICATE_PATH is set, but AZURE_TENANT_ID is not");
    assert!(azure.simulator.requests().is_empty());
}
