//! The manifest, the flags that stand in for it, and what the environment may not do.

use serde_json::json;
use vaudit_simulator::demo_manifest;

use super::demo;
use super::support::{Azure, Vaudit, results};

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
