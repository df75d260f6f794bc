//! Azure under its real host names: the simulator over TLS with a private CA, behind a CONNECT proxy
//! that wants a password.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use vaudit_simulator::{Options, Scenario, Simulator, Tls};

use super::Vaudit;

/// A simulator that is reached through a proxy only. It runs until it is dropped.
pub(crate) struct Foreign {
    pub(crate) runtime: Runtime,
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) proxy: String,
    tunnels: Arc<Mutex<Vec<String>>>,
}

impl Foreign {
    /// Serves a scenario; the CA's certificate is written to `ca.pem` in the folder.
    pub(crate) fn serving(scenario: Scenario, folder: &Path) -> Self {
        let runtime = Runtime::new().unwrap();
        let tls = Some(Tls { directory: Some(folder.to_owned()) });
        let simulator = Simulator::start(scenario, Options { port: 0, tls });
        let simulator = Arc::new(runtime.block_on(simulator).unwrap());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let proxy = format!("http://user:p%40ss@{}", listener.local_addr().unwrap());
        let tunnels: Arc<Mutex<Vec<String>>> = Arc::default();
        let (own, seen) = (Arc::clone(&simulator), Arc::clone(&tunnels));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, Arc::clone(&own), Arc::clone(&seen)));
            }
        });
        Self { runtime, simulator, proxy, tunnels }
    }

    /// Serves an embedded scenario to a binary in an empty directory, which trusts the CA and is
    /// signed in.
    pub(crate) fn named(scenario: &str) -> (Self, Vaudit) {
        Self::around(Scenario::named(scenario).unwrap())
    }

    /// The same for any scenario.
    pub(crate) fn around(scenario: Scenario) -> (Self, Vaudit) {
        let vaudit = Vaudit::default();
        let foreign = Self::serving(scenario, vaudit.folder.path());
        let ca = vaudit.path("ca.pem").display().to_string();
        let vaudit = vaudit.signed_in().set("HTTPS_PROXY", &foreign.proxy).set("SSL_CERT_FILE", ca);
        (foreign, vaudit)
    }

    /// The hosts that were asked for, each once, sorted.
    pub(crate) fn hosts(&self) -> Vec<String> {
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
