//! Serving: hosts, TLS for any name, HTTP/2, replacing a scenario, stopping.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vaudit_simulator::{Options, Scenario, ServeError, Simulator, Tls};

use super::support::{ARM, GROUP, STORAGE, over_tls, serve, serve_named};

#[tokio::test]
async fn strangers_are_turned_away() {
    let azure = serve_named("compliant").await;
    let port = azure.simulator.address().port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 401),
        (format!("localhost:{port}"), 401),
        (format!("[::1]:{port}"), 401),
        ("evil.example".to_owned(), 421),
        ("management.azure.com".to_owned(), 421),
        (format!("evil.example:{port}"), 421),
    ] {
        let headers = [("host", host.as_str())];
        let reply =
            azure.send("GET", "/subscriptions?api-version=2021-01-01", None, &headers, "").await;
        assert_eq!(reply.unwrap().status, status, "{host}");
    }
    let mut stream = TcpStream::connect(azure.simulator.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

async fn with_tls() -> Simulator {
    let options = Options { tls: Some(Tls::default()), ..Options::default() };
    Simulator::start(Scenario::named("compliant").unwrap(), options).await.unwrap()
}

#[tokio::test]
async fn tls_speaks_http2_on_loopback() {
    let simulator = with_tls().await;
    let ca = simulator.ca_pem().unwrap();
    let token = simulator.token(ARM).unwrap();
    let port = simulator.address().port();
    for (name, host) in [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost")] {
        let stream = TcpStream::connect(simulator.address()).await.unwrap();
        let url = format!(
            "https://{host}:{port}{GROUP}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01"
        );
        let reply = over_tls(stream, ca, name, &url, Some(&token)).await.unwrap();
        let endpoint = reply.json()["value"][0]["properties"]["primaryEndpoints"]["blob"].clone();
        assert_eq!(endpoint, format!("https://{host}:{port}/stvectice/"));
    }
}

#[tokio::test]
async fn behind_a_proxy_azures_own_names_answer() {
    let simulator = with_tls().await;
    let ca = simulator.ca_pem().unwrap();
    let (arm, storage) = (simulator.token(ARM).unwrap(), simulator.token(STORAGE).unwrap());
    let login = "/11111111-1111-1111-1111-111111111111/v2.0/.well-known/openid-configuration";
    let group = format!(
        "{GROUP}/providers/Microsoft.Storage/storageAccounts/stvectice?api-version=2023-05-01"
    );
    for (host, path, token, expected) in [
        ("login.microsoftonline.com", login, None, "https://login.microsoftonline.com/11111111"),
        ("management.azure.com", &group, Some(&arm), "https://stvectice.blob.core.windows.net/"),
        (
            "stvectice.blob.core.windows.net",
            "/vectice?restype=container&comp=list",
            Some(&storage),
            "ServiceEndpoint=\"https://stvectice.blob.core.windows.net/\"",
        ),
    ] {
        let (client, server) = tokio::io::duplex(64 * 1024);
        let url = format!("https://{host}{path}");
        let asking = async {
            let reply = over_tls(client, ca, host, &url, token.map(String::as_str)).await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text);
            assert!(reply.text.contains(expected), "{}", reply.text);
        };
        let serving = simulator.serve_tls(server);
        tokio::select! {
            () = asking => {}
            served = serving => panic!("{served:?}"),
        }
    }
    let (client, server) = tokio::io::duplex(64 * 1024);
    let url = "https://graph.microsoft.com/v1.0/groups";
    let (reply, _) = tokio::join!(
        async {
            over_tls(client, ca, "management.azure.com", url, None).await.map(|reply| reply.status)
        },
        async { simulator.serve_tls(server).await }
    );
    assert_eq!(reply.unwrap(), 421, "the name in the greeting is another one");
}

#[tokio::test]
async fn the_authority_is_written_where_it_is_wanted() {
    let directory = std::env::temp_dir().join(format!("vaudit-simulator-{}", std::process::id()));
    let tls = Tls { directory: Some(directory.join("new")) };
    let options = Options { tls: Some(tls), ..Options::default() };
    let simulator = Simulator::start(Scenario::named("compliant").unwrap(), options).await.unwrap();
    let written = std::fs::read_to_string(directory.join("new/ca.pem")).unwrap();
    assert_eq!(Some(written.as_str()), simulator.ca_pem());
    assert!(!written.contains("PRIVATE"));
    std::fs::remove_dir_all(directory).unwrap();
    let plain = serve_named("compliant").await;
    let (_, server) = tokio::io::duplex(16);
    assert!(matches!(plain.simulator.serve_tls(server).await, Err(ServeError::NoTls)));
}

#[tokio::test]
async fn a_scenario_is_replaced_while_it_runs() {
    let azure = serve_named("compliant").await;
    let server = format!("{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice");
    assert_eq!(azure.arm(&server).await.json()["properties"]["version"], "13");
    azure.simulator.replace(Scenario::named("drifted").unwrap());
    assert_eq!(azure.arm(&server).await.json()["properties"]["version"], "14");
    assert_eq!(azure.simulator.requests().len(), 2);
    azure.simulator.clear_requests();
    assert!(azure.simulator.requests().is_empty());
}

#[tokio::test]
async fn requests_under_way_are_counted() {
    let azure =
        serve(json!({"description": "slow", "extends": "compliant", "latency_ms": 50})).await;
    let asking = [azure.arm(GROUP), azure.arm(GROUP), azure.arm(GROUP)];
    let [first, second, third] = asking;
    let (first, second, third) = tokio::join!(first, second, third);
    assert_eq!([first.status, second.status, third.status], [200; 3]);
    assert_eq!(azure.simulator.max_concurrency(), 3);
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_port() {
    let azure = serve_named("compliant").await;
    let address = azure.simulator.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    let taken = Options { port: address.port(), tls: None };
    let refused = Simulator::start(Scenario::named("compliant").unwrap(), taken.clone()).await;
    assert!(matches!(refused, Err(ServeError::Listen { .. })));
    azure.simulator.stop().await;
    // Ended, or reset when it had not been accepted yet.
    assert!(!matches!(open.read(&mut [0]).await, Ok(1..)), "open connections end");
    assert!(TcpStream::connect(address).await.is_err());
    let again = Simulator::start(Scenario::named("compliant").unwrap(), taken).await.unwrap();
    assert_eq!(again.url(), format!("http://{address}"));
    drop(again);
}

#[tokio::test]
async fn the_servers_clock_can_run_ahead_or_stand_still() {
    let azure = serve(json!({"description": "fixed", "extends": "compliant",
        "now": "2026-11-22T09:00:00Z", "clock_offset": "20m"}))
    .await;
    assert_eq!(azure.arm(GROUP).await.header("date"), "Sun, 22 Nov 2026 09:20:00 GMT");
}
