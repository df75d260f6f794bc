//! The same binary audits an Azure it does not know: real host names, answered over TLS by a test
//! server with a private CA behind an HTTP CONNECT proxy.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::sync::{Arc, Mutex};

use support::{Azure, Vaudit, verdicts};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use vaudit_simulator::{Options, Scenario, Simulator, Tls, demo_manifest};

/// A CONNECT proxy that leads every tunnel to the simulator, for who knows its password.
struct Proxy {
    url: String,
    tunnels: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(azure: &Azure, simulator: Arc<Simulator>) -> Self {
        let tunnels: Arc<Mutex<Vec<String>>> = Arc::default();
        let listener = azure.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://user:p%40ss@{}", listener.local_addr().unwrap());
        let seen = Arc::clone(&tunnels);
        azure.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, Arc::clone(&simulator), Arc::clone(&seen)));
            }
        });
        Self { url, tunnels }
    }

    /// The hosts that were asked for, each once, sorted.
    fn hosts(&self) -> Vec<String> {
        let mut hosts = self.tunnels.lock().unwrap().clone();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

async fn tunnel(stream: TcpStream, simulator: Arc<Simulator>, seen: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    loop {
        let before = request.len();
        if stream.read_line(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        if request[before..].trim().is_empty() {
            break;
        }
    }
    let Some(host) = request.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next())
    else {
        return;
    };
    // user:p@ss
    if !request.contains(": Basic dXNlcjpwQHNz") {
        return;
    }
    seen.lock().unwrap().push(host.to_owned());
    if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.is_ok() {
        // A client that hangs up ends the tunnel; what matters is what the audit says.
        let _ = simulator.serve_tls(stream).await;
    }
}

fn tls_simulator(scenario: &str, folder: &std::path::Path) -> (Azure, Arc<Simulator>) {
    let plain = Azure::named("compliant");
    let scenario = Scenario::named(scenario).unwrap();
    let tls = Some(Tls { directory: Some(folder.to_owned()) });
    let simulator =
        plain.runtime.block_on(Simulator::start(scenario, Options { port: 0, tls })).unwrap();
    (plain, Arc::new(simulator))
}

fn audit(scenario: &str) -> (serde_json::Value, i32, Vec<String>) {
    let vaudit = Vaudit::default();
    let (azure, simulator) = tls_simulator(scenario, vaudit.folder.path());
    let proxy = Proxy::start(&azure, Arc::clone(&simulator));
    let ca = vaudit.path("ca.pem").display().to_string();
    let vaudit = vaudit
        .signed_in()
        .file("production.toml", demo_manifest())
        .set("HTTPS_PROXY", &proxy.url)
        .set("SSL_CERT_FILE", ca);
    let ran = vaudit.run(&["check", "--config", "production.toml", "--format", "json"]);
    for request in simulator.requests() {
        assert!(matches!(request.method.as_str(), "GET" | "POST"), "{request:?}");
    }
    (ran.json(), ran.code, proxy.hosts())
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
    let vaudit = Vaudit::default();
    let (azure, simulator) = tls_simulator("compliant", vaudit.folder.path());
    let other = tempfile::TempDir::new().unwrap();
    let (_kept, _other) = tls_simulator("compliant", other.path());
    let proxy = Proxy::start(&azure, simulator);
    let vaudit = vaudit
        .signed_in()
        .file("vaudit.toml", demo_manifest())
        .set("all_proxy", &proxy.url)
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
