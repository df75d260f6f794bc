//! Signing in as who is signed in to the Azure CLI or the Azure Developer CLI. The programs are
//! scripts that come before them on the path.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::support::{Azure, Vaudit};

/// The binary with a program on its path.
fn vaudit(azure: &Azure, name: &str, script: &str) -> Vaudit {
    let script = format!("#!/bin/sh\n{script}\n");
    let vaudit = Vaudit::default().file("vaudit.toml", &azure.manifest()).file(name, &script);
    fs::set_permissions(vaudit.path(name), Permissions::from_mode(0o755)).unwrap();
    let folder = vaudit.folder.path().display().to_string();
    vaudit.set("PATH", format!("{folder}:/usr/bin:/bin"))
}

/// A script that writes down how it was called and hands out the simulator's tokens by scope.
fn hands_out(azure: &Azure, answer: &str) -> String {
    let token = |audience: &str| azure.simulator.token(audience).unwrap();
    // On loopback one address is ARM and Graph, and a token for it is good for both.
    format!(
        "echo \"$*\" >> \"$HOME/called\"\ncase \"$*\" in\n*storage*) token='{}';;\n*) \
         token='{}';;\nesac\nprintf '{answer}' \"$token\"",
        token("https://storage.azure.com"),
        token(&azure.simulator.url()),
    )
}

const AZ: &str = r#"{"accessToken": "%s", "expires_on": 4102444800, "tokenType": "Bearer"}"#;
const AZD: &str = r#"{"token": "%s", "expiresOn": "2100-01-01T00:00:00Z"}"#;

#[test]
fn the_azure_cli_signs_in() {
    let azure = Azure::named("compliant");
    let vaudit = vaudit(&azure, "az", &hands_out(&azure, AZ));
    vaudit.run(&["check", "--credential", "azure-cli"]).exits(0);
    let called = vaudit.read("called");
    assert_eq!(called.matches("account get-access-token -o json --scope ").count(), 3, "{called}");
    assert!(!called.contains("--tenant"), "{called}");
    let vaudit = vaudit.set("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111");
    vaudit.run(&["check", "--credential", "azure-cli"]).exits(0);
    let called = vaudit.read("called");
    let named = called.matches("--tenant 11111111-1111-1111-1111-111111111111\n").count();
    assert_eq!(named, 3, "{called}");
}

#[test]
fn the_azure_developer_cli_signs_in() {
    let azure = Azure::named("compliant");
    let vaudit = vaudit(&azure, "azd", &hands_out(&azure, AZD)).set("AZURE_TENANT_ID", "t.example");
    vaudit.run(&["check", "--credential", "azure-developer-cli"]).exits(0);
    let called = vaudit.read("called");
    assert_eq!(called.matches("auth token -o json --no-prompt").count(), 3, "{called}");
    assert_eq!(called.matches("--tenant-id t.example").count(), 3, "{called}");
}

#[test]
fn a_program_nobody_is_signed_in_to_says_so() {
    let azure = Azure::named("compliant");
    for (credential, name, script, said) in [
        (
            "azure-cli",
            "az",
            "echo \"WARNING: There are updates.\nERROR: Please run 'az login' to setup account.\" >&2\nexit 1",
            "failed: nobody is signed in to the Azure CLI: run `az login`\n",
        ),
        (
            "azure-cli",
            "az",
            "echo \"WARNING: x\nERROR: Tenant shouldn't be specified for managed identity account\" >&2\nexit 1",
            "failed: Tenant shouldn't be specified for managed identity account\n",
        ),
        (
            "azure-cli",
            "az",
            "echo 'ERROR: AADSTS700082: The refresh token has expired due to inactivity.' >&2\nexit 1",
            "failed: the sign-in has been unused for too long: sign in again (AADSTS700082)\n",
        ),
        (
            "azure-developer-cli",
            "azd",
            r#"echo '{"type":"consoleMessage","data":{"message":"\nERROR: not logged in, run `azd auth login` to login\n"}}' >&2; exit 1"#,
            "failed: nobody is signed in to the Azure Developer CLI: run `azd auth login`\n",
        ),
    ] {
        let vaudit = vaudit(&azure, name, script);
        vaudit.run(&["check", "--credential", credential]).exits(2).says(said);
    }
}

#[test]
fn what_a_program_prints_in_place_of_a_token_is_not_shown() {
    let azure = Azure::named("compliant");
    for printed in ["\"eyJh.simulated.token\"", "eyJh.simulated.token", "{\"accessToken\": 1}", ""]
    {
        let vaudit = vaudit(&azure, "az", &format!("printf '%s' '{printed}'"));
        let ran = vaudit.run(&["check", "--credential", "azure-cli", "-v"]).exits(2);
        let ran = ran.says("failed: `az` printed something else than a token\n");
        assert!(!ran.stderr.contains("simulated"), "{}", ran.stderr);
    }
}

#[test]
fn a_program_that_hangs_is_ended_when_time_is_up() {
    let azure = Azure::named("compliant");
    // Not the script hangs but what it started, as with the real one.
    let vaudit = vaudit(&azure, "az", "sleep 600 &\necho $! >> \"$HOME/started\"\nwait");
    let ran = vaudit.run(&["check", "--credential", "azure-cli", "--max-duration", "3"]).exits(2);
    ran.says("the time limit ended the run before anybody was signed in");
    for process in vaudit.read("started").lines() {
        assert!(has_ended(process), "{process} is still there");
    }
}

/// Whether a process has ended: what was killed may take a moment, and may have nobody who asks how
/// it ended.
fn has_ended(process: &str) -> bool {
    (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        let state = Command::new("ps").args(["-o", "state=", "-p", process]).output().unwrap();
        let state = String::from_utf8(state.stdout).unwrap();
        state.trim().is_empty() || state.starts_with('Z')
    })
}
