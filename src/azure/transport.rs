//! The one door: every request to Azure, and every token request, leaves through here.
//!
//! It refuses what the guard refuses, limits how many requests are under way, slows down before
//! Azure has to, sends again what may be answered the second time, bounds bodies, and counts.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::Bytes;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Client, redirect};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use url::Url;
use vaudit_model::Audience;

use crate::guard::{Guard, Method, Purpose, Refusal, is_localhost, is_loopback, shown_host};
use crate::proxy::Proxy;
use crate::retry::{
    Attempts, Door, Holds, MOST_ATTEMPTS, RetryBudget, is_throttling, is_transient, named_pause,
};
use crate::tls::{self, TlsError};

/// How many requests are under way at once (`catalogue.md` §A).
const AT_ONCE: usize = 16;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// How long a connection may take to come about.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may pause between two pieces.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a request may take in all.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(120);

/// How long the machine's own identity endpoint may take to accept a connection: on a machine
/// without one, nobody answers.
const IDENTITY_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a connection that does not come about is tried.
const CONNECT_ATTEMPTS: u32 = 3;

/// Below this many remaining reads of Azure's token bucket, each read waits its share of the refill
/// (25 a second, `catalogue.md` §B.2).
const LOW_WATER: i64 = 20;

/// A request as it is to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What it is for.
    pub purpose: Purpose,
    /// GET, HEAD or POST.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Its headers, the token among them.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Outgoing {
    /// A GET without headers.
    pub fn get(purpose: Purpose, url: Url) -> Self {
        Self { purpose, method: Method::Get, url, headers: HeaderMap::new(), body: Bytes::new() }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The auditor's clock when the answer was complete.
    pub received_at: Timestamp,
    /// How long the answer took to be complete, since the request was sent for the last time.
    pub round_trip: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The request was not sent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The name of the host could not be resolved, or nobody answered, or TLS failed.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// The innermost reason.
        why: String,
        /// The whole chain.
        #[source]
        source: reqwest::Error,
    },
    /// The answer did not come in time.
    #[error("{host} did not answer in time")]
    Timeout {
        /// The host.
        host: String,
    },
    /// The connection broke.
    #[error("the connection to {host} broke: {why}")]
    Broken {
        /// The host.
        host: String,
        /// The innermost reason.
        why: String,
        /// The whole chain.
        #[source]
        source: reqwest::Error,
    },
    /// The body is larger than any answer Azure sends.
    #[error("the answer of {host} is larger than {} MiB", LARGEST_BODY / 1024 / 1024)]
    TooLarge {
        /// The host.
        host: String,
    },
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] Arc<TlsError>),
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl TransportError {
    /// Whether the same request may succeed when it is sent again.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { why, .. } => !is_certificate_trouble(why),
            Self::Timeout { .. } | Self::Broken { .. } => true,
            Self::Refused(_) | Self::TooLarge { .. } | Self::Tls(_) | Self::Client(_) => false,
        }
    }

    /// Whether the host is there, and its certificate is not trusted.
    pub fn is_certificate_trouble(&self) -> bool {
        matches!(self, Self::Unreachable { why, .. } if is_certificate_trouble(why))
    }

    /// The chain of causes below this error, outermost first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut error = self.source();
        while let Some(cause) = error {
            causes.push(cause.to_string());
            error = cause.source();
        }
        causes
    }
}

/// What happens on the way, for whoever shows progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// A request is sent again after a pause.
    Retrying {
        /// The pause.
        pause: Duration,
    },
}

/// Whoever watches the traffic.
pub type Watcher = Arc<dyn Fn(Traffic) + Send + Sync>;

/// The pooled client behind the door.
pub struct Transport {
    guard: Guard,
    clients: Clients,
    budget: RetryBudget,
    holds: Holds,
    permits: Semaphore,
    remaining_reads: AtomicI64,
    requests: AtomicU64,
    retries: AtomicU64,
    watcher: Watcher,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Transport {
    /// A door with a guard, behind a proxy, and so much waiting for retries.
    pub fn new(guard: Guard, proxy: Proxy, retry_budget: Duration, watcher: Watcher) -> Self {
        Self {
            guard,
            clients: Clients { proxy, ..Clients::default() },
            budget: RetryBudget::of(retry_budget),
            holds: Holds::default(),
            permits: Semaphore::new(AT_ONCE),
            remaining_reads: AtomicI64::new(i64::MAX),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            watcher,
        }
    }

    /// The guard of this door.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// How many reads were sent, answered or not; retries and token requests are not counted.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How often a read was sent again.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Sends a request, again where that may help, and reads the whole answer.
    ///
    /// An answer with any status is an answer; the last one is returned when retries are used up.
    ///
    /// # Errors
    ///
    /// When the request is refused, or there is no answer.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Incoming, TransportError> {
        self.guard.admit(outgoing.purpose, outgoing.method, &outgoing.url)?;
        let door = (outgoing.purpose, shown_host(&outgoing.url));
        let mut attempts = Attempts::default();
        loop {
            let permit = self.turn(&door).await;
            let sent = Instant::now();
            let result = self.exchange(outgoing, attempts.failed()).await;
            drop(permit);
            let (at_most, named) = match &result {
                Ok(answer) if !is_transient(answer.status, outgoing.purpose) => return result,
                Ok(answer) => {
                    let named = named_pause(&answer.headers, &answer.body, answer.received_at);
                    (MOST_ATTEMPTS, named)
                }
                Err(error) if !error.may_pass() => return result,
                Err(TransportError::Unreachable { .. }) => (CONNECT_ATTEMPTS, None),
                Err(_) => (MOST_ATTEMPTS, None),
            };
            // On a machine without an identity endpoint nobody answers, and nobody will.
            if outgoing.purpose == Purpose::ManagedIdentity && result.is_err() {
                return result;
            }
            let pause = attempts.pause(sent.elapsed(), at_most, named);
            let Some(pause) = pause.filter(|pause| self.budget.take(*pause)) else {
                return result;
            };
            if let Ok(answer) = &result
                && is_throttling(answer.status, &answer.body)
            {
                self.holds.hold(door.clone(), pause);
            }
            (self.watcher)(Traffic::Retrying { pause });
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits until a request may leave; it is under way as long as the permit is held.
    async fn turn(&self, door: &Door) -> Option<SemaphorePermit<'_>> {
        loop {
            // Without a permit, which another host could use meanwhile.
            self.holds.passed(door).await;
            // The semaphore is never closed.
            let permit = self.permits.acquire().await.ok();
            if door.0 == Purpose::Read(Audience::ResourceManager) {
                self.keep_pace().await;
            }
            if self.holds.until(door).is_none() {
                return permit;
            }
        }
    }

    async fn exchange(
        &self,
        outgoing: &Outgoing,
        failed_before: u32,
    ) -> Result<Incoming, TransportError> {
        let host = shown_host(&outgoing.url);
        let client = self.clients.for_url(&outgoing.url, outgoing.purpose)?;
        let method = match outgoing.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
        };
        let mut request =
            client.request(method, outgoing.url.clone()).headers(outgoing.headers.clone());
        if outgoing.method == Method::Post {
            request = request.body(outgoing.body.clone());
        }
        if let Purpose::Read(_) = outgoing.purpose {
            let count = if failed_before == 0 { &self.requests } else { &self.retries };
            count.fetch_add(1, Ordering::Relaxed);
        }
        let sent_at = Instant::now();
        let response = request.send().await.map_err(|error| no_answer(&host, error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        if outgoing.purpose == Purpose::Read(Audience::ResourceManager) {
            self.note_remaining(&headers);
        }
        let body = read_body(response, &host).await?;
        let (received_at, round_trip) = (Timestamp::now(), sent_at.elapsed());
        Ok(Incoming { status, headers, body, received_at, round_trip })
    }

    /// Waits this read's share of the bucket's refill while the bucket is almost empty.
    async fn keep_pace(&self) {
        let remaining = self.remaining_reads.load(Ordering::Relaxed);
        if remaining < LOW_WATER {
            let missing = u32::try_from(LOW_WATER - remaining.max(0)).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(40) * missing).await;
        }
    }

    fn note_remaining(&self, headers: &HeaderMap) {
        let count = |name: &str| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
        let subscription = count("x-ms-ratelimit-remaining-subscription-reads");
        let global = count("x-ms-ratelimit-remaining-subscription-global-reads");
        if let Some(least) = [subscription, global].into_iter().flatten().min() {
            self.remaining_reads.store(least, Ordering::Relaxed);
        }
    }
}

async fn read_body(mut response: reqwest::Response, host: &str) -> Result<Bytes, TransportError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| broken(host, error))? {
        if body.len() + piece.len() > LARGEST_BODY {
            return Err(TransportError::TooLarge { host: host.to_owned() });
        }
        body.extend_from_slice(&piece);
    }
    Ok(Bytes::from(body))
}

fn no_answer(host: &str, error: reqwest::Error) -> TransportError {
    if error.is_timeout() && !error.is_connect() {
        return TransportError::Timeout { host: host.to_owned() };
    }
    if error.is_connect() {
        let why = innermost(&error);
        return TransportError::Unreachable { host: host.to_owned(), why, source: error };
    }
    broken(host, error)
}

fn broken(host: &str, error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::Timeout { host: host.to_owned() };
    }
    TransportError::Broken { host: host.to_owned(), why: innermost(&error), source: error }
}

/// The innermost cause says what really happened; what is around it says where.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    if is_certificate_trouble(&text) {
        return format!(
            "its certificate is not trusted ({text}); if a proxy signs with a private CA, name that CA in SSL_CERT_FILE"
        );
    }
    text
}

fn is_certificate_trouble(why: &str) -> bool {
    why.contains("certificate")
}

/// HTTP clients, built when they are first needed: reading the system's certificates takes longer
/// than a whole run against this machine.
#[derive(Default)]
struct Clients {
    proxy: Proxy,
    plain: OnceLock<Result<Client, BuildError>>,
    identity: OnceLock<Result<Client, BuildError>>,
    direct: OnceLock<Result<Client, BuildError>>,
    proxied: OnceLock<Result<Client, BuildError>>,
}

#[derive(Clone, Debug)]
enum BuildError {
    Tls(Arc<TlsError>),
    Client(String),
}

impl Clients {
    /// The client for a URL: proxies are for everything but this machine and its identity endpoint.
    fn for_url(&self, url: &Url, purpose: Purpose) -> Result<&Client, TransportError> {
        let client = if purpose == Purpose::ManagedIdentity {
            self.identity.get_or_init(|| build(tls::unused(), IDENTITY_CONNECT_TIMEOUT, None))
        } else if url.scheme() == "http" {
            self.plain.get_or_init(|| build(tls::unused(), CONNECT_TIMEOUT, None))
        } else if is_loopback(url) {
            self.direct.get_or_init(|| build(tls::checked(), CONNECT_TIMEOUT, None))
        } else {
            self.proxied.get_or_init(|| build(tls::checked(), CONNECT_TIMEOUT, Some(&self.proxy)))
        };
        client.as_ref().map_err(|error| match error {
            BuildError::Tls(error) => TransportError::Tls(Arc::clone(error)),
            BuildError::Client(why) => TransportError::Client(why.clone()),
        })
    }
}

fn build(
    tls: Result<rustls::ClientConfig, TlsError>,
    connect_timeout: Duration,
    proxy: Option<&Proxy>,
) -> Result<Client, BuildError> {
    let tls = tls.map_err(|error| BuildError::Tls(Arc::new(error)))?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .dns_resolver(Resolver)
        .connect_timeout(connect_timeout)
        .read_timeout(READ_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .pool_max_idle_per_host(AT_ONCE)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .user_agent(concat!("vaudit/", env!("CARGO_PKG_VERSION")))
        // Not what the library makes of the environment: it passes over what it cannot read.
        .no_proxy();
    // Without its causes, one of which quotes the address with the password.
    let unusable = |_| BuildError::Client("the proxy cannot be used".to_owned());
    if let Some(proxy) = proxy.map(Proxy::for_client).transpose().map_err(unusable)?.flatten() {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| {
        let causes = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        BuildError::Client(format!("{error}{causes}"))
    })
}

/// Resolves names below `localhost` to this machine, as RFC 6761 asks; not every system does.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            if is_localhost(name.as_str()) {
                let address = SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 0);
                return Ok(Box::new(std::iter::once(address)) as Addrs);
            }
            let found = tokio::net::lookup_host((name.as_str().to_owned(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use vaudit_model::Cloud;

    use super::*;

    /// Serves one request a connection on this machine, as long as the test runs.
    fn serve(answer: impl Fn(&mut TcpStream) + Send + 'static) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
                answer(&mut stream);
            }
        });
        url
    }

    fn transport(url: &Url) -> Transport {
        let cloud = Cloud { resource_manager: url.to_string(), ..Cloud::public() };
        let guard = Guard::new(cloud).unwrap();
        Transport::new(guard, Proxy::default(), Duration::from_secs(60), Arc::new(|_| {}))
    }

    fn read(url: &Url) -> Outgoing {
        Outgoing::get(Purpose::Read(Audience::ResourceManager), url.clone())
    }

    #[tokio::test]
    async fn a_throttled_host_gets_no_request_before_the_time_it_named() {
        const PAUSE: Duration = Duration::from_millis(700);
        let early = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&early);
        let throttling = std::sync::Mutex::new(None);
        let url = serve(move |stream| {
            let mut until = throttling.lock().unwrap();
            let first = until.is_none();
            let until = *until.get_or_insert_with(|| std::time::Instant::now() + PAUSE);
            let text = if first {
                "HTTP/1.1 429 Too Many Requests\r\nretry-after-ms: 700\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
            };
            if !first && std::time::Instant::now() < until {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            // Closing the connection is what the client must live with.
            let _ = stream.write_all(text.as_bytes());
        });
        let transport = Arc::new(transport(&url));
        let (throttled, later) = (Arc::clone(&transport), Arc::clone(&transport));
        let (first, second) = (read(&url), read(&url));
        let throttled = tokio::spawn(async move { throttled.send(&first).await });
        while transport.holds.until(&(second.purpose, shown_host(&url))).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(later.send(&second).await.unwrap().status, 200);
        assert_eq!(throttled.await.unwrap().unwrap().status, 200);
        assert_eq!(early.load(Ordering::SeqCst), 0);
        assert_eq!((transport.requests(), transport.retries()), (2, 1));
    }

    #[tokio::test]
    async fn what_was_sent_counts_whatever_came_of_it() {
        let url = serve(|stream| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", LARGEST_BODY + 1);
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&vec![b' '; LARGEST_BODY + 1]);
        });
        let transport = transport(&url);
        let answer = transport.send(&read(&url)).await;
        assert!(matches!(answer, Err(TransportError::TooLarge { .. })), "{answer:?}");
        assert_eq!((transport.requests(), transport.retries()), (1, 0));
        let foreign = read(&Url::parse("https://example.com/").unwrap());
        transport.send(&foreign).await.unwrap_err();
        assert_eq!(transport.requests(), 1, "what is refused is not sent");
    }
}
