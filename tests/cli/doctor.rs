//! `vaudit doctor`: the right diagnosis for each thing that may be wrong.

use serde_json::{Value, json};
use vaudit_simulator::{Scenario, demo_manifest};

use super::support::proxy::Foreign;
use super::support::{Azure, Ran, Vaudit};

/// The compliant estate with something about it, behind a proxy.
fn behind_proxy(about: &Value) -> (Foreign, Vaudit) {
    let mut scenario = json!({"description": "A test changes it.", "extends": "compliant"});
    let fields = about.as_object().unwrap().clone();
    scenario.as_object_mut().unwrap().extend(fields);
    let scenario = Scenario::parse(&scenario.to_string()).unwrap();
    let (foreign, vaudit) = Foreign::around(scenario);
    (foreign, vaudit.file("vaudit.toml", demo_manifest()))
}

fn doctor(vaudit: &Vaudit) -> Ran {
    vaudit.run(&["doctor", "--no-progress"])
}

/// The lines of what is broken: what it is, with everything that is said about it and what to do.
fn broken(ran: &Ran) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut is_broken = false;
    for line in ran.stdout.lines().take_while(|line| !line.is_empty()) {
        if !line.starts_with(' ') {
            is_broken = line.starts_with('✗');
            if is_broken {
                found.push(String::new());
            }
        }
        if is_broken && let Some(last) = found.last_mut() {
            last.push_str(line.trim_start_matches('✗').trim());
            last.push(' ');
        }
    }
    found
}

/// Asserts that one thing is broken, and what is said about it.
#[track_caller]
fn diagnosed(ran: &Ran, code: i32, what: &str, said: &[&str]) {
    let broken = broken(ran);
    assert_eq!(broken.len(), 1, "{}\n{}", ran.stdout, ran.stderr);
    assert!(broken[0].starts_with(what), "{}", ran.stdout);
    for text in said {
        assert!(broken[0].contains(text), "{text:?} is not in {:?}", broken[0]);
    }
    assert_eq!(ran.code, code, "{}", ran.stdout);
}

#[test]
fn a_deployment_that_can_be_audited_is_healthy() {
    let (_azure, vaudit) = behind_proxy(&json!({}));
    let ran = doctor(&vaudit).exits(0);
    assert!(ran.stdout.contains("Everything works."), "{}", ran.stdout);
    for host in [
        "login.microsoftonline.com",
        "management.azure.com",
        "graph.microsoft.com",
        "stvectice.blob.core.windows.net",
        "stvecticebkp.blob.core.windows.net",
    ] {
        assert!(ran.stdout.contains(&format!("{host} answers")), "{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("p%40ss") && !ran.stdout.contains("user"), "{}", ran.stdout);
    let here = Azure::named("compliant");
    doctor(&here.vaudit()).exits(0);
}

#[test]
fn no_credentials() {
    let folder = tempfile::TempDir::new().unwrap();
    let azure = Foreign::serving(Scenario::named("compliant").unwrap(), folder.path());
    let vaudit = Vaudit::default()
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", &azure.proxy)
        .set("SSL_CERT_FILE", folder.path().join("ca.pem").display().to_string());
    let said = ["nobody is signed in", "neither AZURE_CLIENT_SECRET nor", "az login"];
    diagnosed(&doctor(&vaudit), 2, "sign-in", &said);
}

#[test]
fn a_wrong_secret() {
    let (_azure, vaudit) = behind_proxy(&json!({}));
    let ran = doctor(&vaudit.set("AZURE_CLIENT_SECRET", "wrong"));
    diagnosed(&ran, 2, "sign-in", &["the client secret is wrong", "AZURE_CLIENT_SECRET"]);
}

#[test]
fn a_wrong_tenant() {
    let (_azure, vaudit) = behind_proxy(&json!({}));
    let other = "99999999-9999-9999-9999-999999999999";
    let ran = doctor(&vaudit.set("AZURE_TENANT_ID", other));
    let said = ["check AZURE_TENANT_ID", "the manifest says 11111111-1111-1111-1111-111111111111"];
    diagnosed(&ran, 2, "sign-in", &said);
    // Signed in, but to another tenant than the deployment's.
    let (_azure, vaudit) = behind_proxy(&json!({}));
    let manifest = demo_manifest().replace("11111111-1111-1111-1111-111111111111", other);
    let ran = doctor(&vaudit.file("vaudit.toml", &manifest));
    let said =
        ["signed in to 11111111", "the manifest says 99999999", "az login --tenant 99999999"];
    diagnosed(&ran, 3, "tenant", &said);
}

#[test]
fn no_graph_permission() {
    let fault = json!({"on": "GET /v1.0/*", "status": 403});
    let (_azure, vaudit) = behind_proxy(&json!({"faults": [fault]}));
    let ran = doctor(&vaudit).exits(3);
    let broken = broken(&ran);
    let all = broken.join("\n");
    assert!(broken.iter().all(|own| own.starts_with("permissions")), "{}", ran.stdout);
    assert!(all.contains("lacks Application.Read.All") && all.contains("IAM001"), "{all}");
    assert!(all.contains("consent to Application.Read.All"), "{all}");
    assert!(!all.contains("PG001"), "{all}");
}

#[test]
fn no_role_on_the_subscription() {
    let fault = json!({"on": "GET {sub}*", "status": 403});
    let scenario = json!({"faults": [fault], "names": {"sub": "/subscriptions/00000000-0000-0000-0000-00000000000a"}});
    let (_azure, vaudit) = behind_proxy(&scenario);
    let said = [
        "no role on it",
        "az role assignment create --role Reader --assignee-object-id bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb \
         --scope /subscriptions/00000000-0000-0000-0000-00000000000a",
    ];
    diagnosed(&doctor(&vaudit), 3, "subscription", &said);
    vaudit.run(&["check"]).exits(3);
}

#[test]
fn a_clock_that_is_wrong() {
    for (offset, said) in [("20m", "behind Azure"), ("-20m", "ahead of Azure")] {
        let (_azure, vaudit) = behind_proxy(&json!({"clock_offset": offset}));
        let ran = doctor(&vaudit);
        let broken = broken(&ran);
        assert!(broken[0].starts_with("clock"), "{}", ran.stdout);
        assert!(broken[0].contains("20 min") || broken[0].contains("19 min"), "{}", broken[0]);
        assert!(broken[0].contains(said) && broken[0].contains("timedatectl"), "{}", broken[0]);
        assert_eq!(ran.code, 3, "{}", ran.stdout);
    }
}

#[test]
fn a_proxy_that_is_down_or_none() {
    let (_azure, vaudit) = behind_proxy(&json!({}));
    let vaudit = vaudit.set("HTTPS_PROXY", "http://user:secret@127.0.0.1:9");
    let ran = doctor(&vaudit);
    diagnosed(&ran, 2, "proxy", &["127.0.0.1:9 does not accept connections", "HTTPS_PROXY"]);
    assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
    let ran = doctor(&vaudit.set("HTTPS_PROXY", "socks5://127.0.0.1:9"));
    diagnosed(&ran, 2, "proxy", &["HTTPS_PROXY names a socks5 proxy"]);
}

#[test]
fn a_ca_that_is_not_trusted() {
    let (_azure, vaudit) = behind_proxy(&json!({}));
    let other = tempfile::TempDir::new().unwrap();
    let _other = Foreign::serving(Scenario::named("compliant").unwrap(), other.path());
    let ca = other.path().join("ca.pem").display().to_string();
    let ran = doctor(&vaudit.set("SSL_CERT_FILE", ca));
    let said = [
        "none of them signed for login.microsoftonline.com, management.azure.com",
        "SSL_CERT_FILE",
    ];
    diagnosed(&ran, 2, "CA", &said);
}

#[test]
fn a_storage_firewall_and_a_missing_role_are_told_apart() {
    let refused = |code: &str| json!({"on": "GET /stvecticebkp/*", "status": 403, "code": code});
    let (_azure, vaudit) = behind_proxy(&json!({"faults": [refused("AuthorizationFailure")]}));
    let ran = doctor(&vaudit);
    diagnosed(&ran, 3, "permissions", &["BKP008", "leave the firewall closed", "list-blobs"]);
    let code = "AuthorizationPermissionMismatch";
    let (_azure, vaudit) = behind_proxy(&json!({"faults": [refused(code)]}));
    let ran = doctor(&vaudit);
    diagnosed(&ran, 3, "permissions", &["blobs/read", "BKP008", "vaudit permissions"]);
}

#[test]
fn without_a_manifest_the_way_to_azure_is_looked_at_and_with_a_broken_one_nothing() {
    let (_azure, vaudit) = Foreign::named("compliant");
    let ran = doctor(&vaudit).exits(0);
    assert!(ran.stdout.contains("vaudit init"), "{}", ran.stdout);
    assert!(ran.stdout.contains("management.azure.com answers"), "{}", ran.stdout);
    let vaudit = vaudit.file("vaudit.toml", "[[deployment]]\nnmae = \"x\"\n");
    let ran = doctor(&vaudit).exits(2).says("vaudit.toml:2:1");
    diagnosed(&ran, 2, "manifest", &["vaudit.toml has 4 mistakes"]);
}

#[test]
fn what_the_audit_cannot_judge_is_no_health() {
    let azure = Azure::named("compliant");
    let cloud = azure.cloud();
    let bare = "[[deployment]]\nname = \"bare\"\nsubscription = \"00000000-0000-0000-0000-00000000000a\"\nresource_group = \"rg-vectice\"\n";
    let vaudit = azure.vaudit().file("vaudit.toml", &format!("{bare}\n{cloud}"));
    let ran = doctor(&vaudit).exits(3);
    assert!(ran.stdout.contains("`backup.container` is not set"), "{}", ran.stdout);
    assert!(broken(&ran).is_empty(), "{}", ran.stdout);
    vaudit.run(&["check"]).exits(3);
}

#[test]
fn of_two_deployments_the_one_that_can_be_read_is_looked_at() {
    let azure = Azure::named("compliant");
    let other = "[[deployment]]\nname = \"elsewhere\"\nsubscription = \"00000000-0000-0000-0000-00000000000b\"\nresource_group = \"rg\"\n";
    let vaudit = azure.vaudit();
    let both = format!("{other}\n{}", vaudit.read("vaudit.toml"));
    let vaudit = vaudit.file("vaudit.toml", &both);
    let ran = doctor(&vaudit);
    diagnosed(&ran, 3, "subscription", &["elsewhere", "az role assignment create"]);
    assert!(ran.stdout.contains("everything was answered"), "{}", ran.stdout);
    // Azure answered, so an audit can be run: it judges what it can.
    let alone = vaudit.run(&["doctor", "--no-progress", "--deployment", "elsewhere"]);
    assert_eq!((alone.code, vaudit.run(&["check", "--deployment", "elsewhere"]).code), (3, 3));
}

#[test]
fn hosts_that_no_proxy_exempts_are_not_the_proxys_fault() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit().set("HTTPS_PROXY", "http://127.0.0.1:9");
    let ran = doctor(&vaudit).exits(0);
    assert!(ran.stdout.contains("127.0.0.1:9 is not used"), "{}", ran.stdout);
}

#[test]
fn a_round_ends_with_its_time() {
    let azure = Azure::parsed(&json!({
        "description": "Slow.", "extends": "compliant", "latency_ms": 3000,
    }));
    let ran = azure.vaudit().run(&["doctor", "--no-progress", "--max-duration", "1"]);
    diagnosed(&ran, 2, "time", &["--max-duration"]);
}
