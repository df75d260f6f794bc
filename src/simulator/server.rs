//! The listener, its connections, and the handle that keeps them up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::dispatch::Shared;
use crate::log::LoggedRequest;
use crate::request::Entry;
use crate::scenario::Scenario;
use crate::tls::{Authority, TlsError};

/// How to serve a scenario.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// Serve over TLS, with certificates of an authority made for this run.
    pub tls: Option<Tls>,
}

/// How to serve over TLS.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Where to write the authority's certificate, as `ca.pem`.
    pub directory: Option<PathBuf>,
}

/// Why a simulator cannot be started, or a connection cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken, or may not be used.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The simulator was started without TLS.
    #[error("the simulator was started without TLS")]
    NoTls,
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Handshake(#[source] std::io::Error),
}

/// A running simulator; it stops when it is dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls: Option<(Arc<Authority>, TlsAcceptor)>,
    stop: watch::Sender<bool>,
    listener: JoinHandle<()>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Simulator({})", self.url())
    }
}

impl Simulator {
    /// Starts serving a scenario on 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or TLS not set up.
    pub async fn start(scenario: Scenario, options: Options) -> Result<Self, ServeError> {
        let tls = match &options.tls {
            None => None,
            Some(tls) => {
                let authority = Arc::new(Authority::new()?);
                if let Some(directory) = &tls.directory {
                    write_ca(directory, authority.ca_pem())?;
                }
                let config = authority.server_config()?;
                Some((authority, TlsAcceptor::from(Arc::new(config))))
            }
        };
        let refused = |source| ServeError::Listen { port: options.port, source };
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let shared = Arc::new(Shared::new(scenario));
        let (stop, stopped) = watch::channel(false);
        let acceptor = tls.as_ref().map(|(_, acceptor)| acceptor.clone());
        let listener =
            tokio::spawn(listen(listener, Arc::clone(&shared), acceptor, address.port(), stopped));
        Ok(Self { shared, address, tls, stop, listener })
    }

    /// Where the simulator is: `http://127.0.0.1:PORT`, or `https://…` with TLS.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address the simulator listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that clients have to trust, in PEM, when TLS is served.
    pub fn ca_pem(&self) -> Option<&str> {
        self.tls.as_ref().map(|(authority, _)| authority.ca_pem())
    }

    /// Tells another scenario from now on; tokens stay valid.
    pub fn replace(&self, scenario: Scenario) {
        self.shared.replace(scenario);
    }

    /// The requests so far, in the order of their answers; of very many the latest.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.log.requests()
    }

    /// The most requests that were under way at once.
    pub fn max_concurrency(&self) -> usize {
        self.shared.log.peak()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// A token as the first auditor would get it for an audience such as
    /// `https://management.azure.com`.
    pub fn token(&self, audience: &str) -> Option<String> {
        let scenario = self.shared.scenario();
        scenario.auditors.first().map(|auditor| self.shared.mint.issue(auditor, audience))
    }

    /// A token of another issuer, as Kubernetes gives it to a service account that may sign in.
    pub fn federated_token(&self, issuer: &str, subject: &str) -> String {
        self.shared.mint.federated(issuer, subject)
    }

    /// Serves one connection as if it had come to Azure: for proxies that lead CONNECT requests
    /// here. The name in the TLS greeting and the `Host` decide which service answers.
    ///
    /// # Errors
    ///
    /// When the simulator was started without TLS, or the handshake fails.
    pub async fn serve_tls<S>(&self, stream: S) -> Result<(), ServeError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (_, acceptor) = self.tls.as_ref().ok_or(ServeError::NoTls)?;
        let shared = Arc::clone(&self.shared);
        let acceptor = Some(acceptor);
        connection(stream, shared, acceptor, self.address.port(), self.stop.subscribe()).await
    }

    /// Stops serving and waits until the port is free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The task ends by itself; that it was cancelled with its runtime is fine as well.
        let _ = (&mut self.listener).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.listener.abort();
    }
}

fn write_ca(directory: &Path, pem: &str) -> Result<(), ServeError> {
    let path = directory.join("ca.pem");
    let refused = |source| ServeError::Write { path: path.clone(), source };
    std::fs::create_dir_all(directory).map_err(refused)?;
    std::fs::write(&path, pem).map_err(refused)
}

async fn listen(
    listener: TcpListener,
    shared: Arc<Shared>,
    acceptor: Option<TlsAcceptor>,
    port: u16,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles or a connection that was gone already: others may still come.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        // Answers are written in one piece, so waiting for more only costs time.
        let _ = stream.set_nodelay(true);
        let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
        let stopped = stopped.clone();
        tokio::spawn(async move {
            let acceptor = acceptor.as_ref();
            // Whether a connection ended well is the client's concern.
            let _ = connection(stream, shared, acceptor, port, stopped).await;
        });
    }
}

/// Serves one connection until it ends or the simulator stops.
async fn connection<S>(
    stream: S,
    shared: Arc<Shared>,
    acceptor: Option<&TlsAcceptor>,
    port: u16,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), ServeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(acceptor) = acceptor else {
        let entry = Entry { port, tls: false, sni: None };
        serve(stream, shared, entry, stopped).await;
        return Ok(());
    };
    let stream = tokio::select! {
        stream = acceptor.accept(stream) => stream.map_err(ServeError::Handshake)?,
        _ = stopped.changed() => return Ok(()),
    };
    let sni = stream.get_ref().1.server_name().map(str::to_ascii_lowercase);
    serve(stream, shared, Entry { port, tls: true, sni }, stopped).await;
    Ok(())
}

async fn serve<S>(stream: S, shared: Arc<Shared>, entry: Entry, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let entry = Arc::new(entry);
    let service = service_fn(move |request| {
        let (shared, entry) = (Arc::clone(&shared), Arc::clone(&entry));
        async move { shared.handle(request, &entry).await }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    // Every answer has the scenario's date, or none where a fault takes it away.
    builder.http1().auto_date_header(false);
    builder.http2().auto_date_header(false);
    tokio::select! {
        // A dropped connection ends with an error; that is what the fault asked for.
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
        _ = stopped.changed() => {}
    }
}
