//! A small HTTP client, and scenarios in a few lines.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use vaudit_simulator::{Options, Scenario, Simulator};

/// The audience of ARM tokens.
pub(crate) const ARM: &str = "https://management.azure.com";
/// The audience of Graph tokens.
pub(crate) const GRAPH: &str = "https://graph.microsoft.com";
/// The audience of Blob tokens.
pub(crate) const STORAGE: &str = "https://storage.azure.com";
/// The resource group of the built-in scenarios.
pub(crate) const GROUP: &str =
    "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-vectice";

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// ARM's or Graph's error code.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The names of a list's items.
    pub(crate) fn names(&self) -> Vec<String> {
        let value = self.json()["value"].take();
        let items = value.as_array().unwrap_or_else(|| panic!("not a list: {}", self.text));
        items.iter().map(|item| item["name"].as_str().unwrap_or("?").to_owned()).collect()
    }
}

/// A simulator, and requests to it.
pub(crate) struct Azure {
    pub(crate) simulator: Simulator,
}

/// Serves a scenario given as JSON.
pub(crate) async fn serve(scenario: Value) -> Azure {
    serve_text(&scenario.to_string()).await
}

/// Serves a built-in scenario.
pub(crate) async fn serve_named(name: &str) -> Azure {
    let scenario = Scenario::named(name).unwrap();
    Azure { simulator: Simulator::start(scenario, Options::default()).await.unwrap() }
}

pub(crate) async fn serve_text(text: &str) -> Azure {
    let scenario = Scenario::parse(text).unwrap();
    Azure { simulator: Simulator::start(scenario, Options::default()).await.unwrap() }
}

/// What can go wrong on the way to an answer.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Azure {
    /// Reads from ARM.
    pub(crate) async fn arm(&self, path: &str) -> Reply {
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}api-version=2024-03-01");
        self.send("GET", &path, Some(ARM), &[], "").await.unwrap()
    }

    /// Reads from Graph.
    pub(crate) async fn graph(&self, path: &str) -> Reply {
        self.send("GET", &format!("/v1.0/{path}"), Some(GRAPH), &[], "").await.unwrap()
    }

    /// Reads from the Blob service.
    pub(crate) async fn blob(&self, path: &str) -> Reply {
        let version = [("x-ms-version", "2021-12-02")];
        self.send("GET", path, Some(STORAGE), &version, "").await.unwrap()
    }

    /// Posts a form to the token endpoint.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Reply {
        self.send("POST", path, None, &[], form).await.unwrap()
    }

    /// Reads a link from an answer, which has to lead here.
    pub(crate) async fn follow(&self, link: &str, audience: &str) -> Reply {
        let path = link.strip_prefix(&self.simulator.url()).unwrap_or_else(|| panic!("{link}"));
        self.send("GET", path, Some(audience), &[], "").await.unwrap()
    }

    /// Sends any request over a connection of its own.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        audience: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Failure> {
        let address = self.simulator.address();
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes())?)
            .uri(path)
            .header("host", address.to_string());
        if let Some(audience) = audience {
            let token = self.simulator.token(audience).unwrap();
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            if *name == "host" {
                request = Request::builder().method(method).uri(path);
            }
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned())))?;
        let stream = TokioIo::new(TcpStream::connect(address).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        tokio::spawn(connection);
        reply(sender.send_request(request).await?).await
    }
}

async fn reply(response: hyper::Response<hyper::body::Incoming>) -> Result<Reply, Failure> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let text = String::from_utf8(bytes.to_vec())?;
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, text })
}

/// Reads over TLS and HTTP/2 from whoever answers on a stream.
pub(crate) async fn over_tls<S>(
    stream: S,
    ca_pem: &str,
    name: &str,
    url: &str,
    token: Option<&str>,
) -> Result<Reply, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from(name.to_owned())?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::get(url).header("x-ms-version", "2021-12-02");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    reply(sender.send_request(request.body(Full::new(Bytes::new()))?).await?).await
}

/// The audited server, below the group.
pub(crate) const PG: &str = "providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice";
/// Storage accounts, below the group.
pub(crate) const ACCOUNTS: &str = "providers/Microsoft.Storage/storageAccounts";
/// The network provider.
pub(crate) const NETWORK: &str = "providers/Microsoft.Network";

/// Serves the compliant estate with changes, at a fixed moment.
pub(crate) async fn changed(changes: Value) -> Azure {
    serve(json!({"description": "changed", "extends": "compliant", "now": "2026-11-22T09:00:00Z",
        "changes": changes}))
    .await
}

/// A resource of the group that has to be there.
pub(crate) async fn body(azure: &Azure, path: &str) -> Value {
    let reply = azure.arm(&format!("{GROUP}/{path}")).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()
}

/// The names in a listing; `query` ends in `?` or `&`.
pub(crate) async fn blob_names(azure: &Azure, query: &str) -> Vec<String> {
    let reply = azure.blob(&format!("{query}restype=container&comp=list")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let parts = reply.text.split("<Name>").skip(1);
    parts.filter_map(|part| Some(part.split_once("</Name>")?.0.to_owned())).collect()
}
