//! The same binary audits an Azure it does not know: real host names, answered over TLS by a test
//! server with a private CA behind an HTTP CONNECT proxy.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use support::proxy::Foreign;
use support::{Azure, Vaudit, verdicts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vaudit_simulator::{Scenario, demo_manifest};

fn audit(scenario: &str) -> (serde_json::Value, i32, Vec<String>) {
    let (foreign, vaudit) = Foreign::named(scenario);
    let vaudit = vaudit.file("production.toml", demo_manifest());
    let ran = vaudit.run(&["check", "--config", "production.toml", "--format", "json"]);
    for request in foreign.simulator.requests() {
        assert!(matches!(request.method.as_str(), "GET" | "POST"), "{request:?}");
    }
    (ran.json(), ran.code, foreign.hosts())
}

#[test]
fn a_foreign_azure_behind_a_proxy_gets_the_verdicts_of_the_demo() {
    for (scenario, code) in [("drifted", 1), ("compliant", 0)] {
        let (report, exit, hosts) = audit(scenario);
        assert_eq!(exit, code);
        assert_eq!(report["run"]["source"], "live");
        let demo = Vaudit::default();
        let demo = demo.run(&["check", "--demo", scenario, "--format", "json"]).exits(code).json();
        assert_eq!(verdicts(&report), verdicts(&demo));
        assert_eq!(
            hosts,
            [
                "graph.microsoft.com:443",
                "login.microsoftonline.com:443",
                "management.azure.com:443",
                "stvectice.blob.core.windows.net:443",
                "stvecticebkp.blob.core.windows.net:443",
            ]
        );
    }
}

#[test]
fn a_ca_nobody_trusts_is_said_in_one_sentence() {
    let (foreign, vaudit) = Foreign::named("compliant");
    let other = tempfile::TempDir::new().unwrap();
    let _other = Foreign::serving(Scenario::named("compliant").unwrap(), other.path());
    let vaudit = vaudit
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", "")
        .set("all_proxy", &foreign.proxy)
        .set("SSL_CERT_FILE", other.path().join("ca.pem").display().to_string());
    let ran =
        vaudit.run(&["check"]).exits(2).says("certificate is not trusted").says("SSL_CERT_FILE");
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_proxy_that_is_down_is_said_in_one_sentence() {
    let vaudit = Vaudit::default()
        .signed_in()
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", "http://127.0.0.1:9");
    vaudit.run(&["check"]).exits(2).says("login.microsoftonline.com").says("cannot be reached");
}

/// A server that answers a CONNECT with a page must not be taken for Azure.
#[test]
fn a_proxy_that_refuses_the_tunnel_is_no_azure() {
    let azure = Azure::named("compliant");
    let listener = azure.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    azure.runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream
                .write_all(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
                )
                .await;
        }
    });
    let vaudit = Vaudit::default()
        .signed_in()
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", format!("http://{address}"));
    vaudit.run(&["check"]).exits(2).says("cannot be reached");
}
