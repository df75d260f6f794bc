//! The two adapters to `azure_core` 0.21, the version the management crates speak.
//!
//! The crates build a request (path, api-version, headers) and hand it to [`SdkTransport`], which
//! sends it through the one door and keeps the answer for us. The crate itself gets an error back:
//! its models would lose whole lists for one odd element, so they are never asked.

use std::sync::{Arc, Mutex, PoisonError};

use azure_core::credentials::Secret;
use azure_core_021::auth::{AccessToken, TokenCredential};
use azure_core_021::error::ErrorKind;
use azure_core_021::{Body, Error, HttpClient, Request, Response};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use vaudit_model::Audience;

use crate::guard::{Method, Purpose};
use crate::transport::{Incoming, Outgoing, Transport, TransportError};

/// What became of a request the SDK built.
pub(crate) struct Exchange {
    /// The request as it was sent.
    pub(crate) outgoing: Outgoing,
    /// The answer, or why there is none.
    pub(crate) result: Result<Incoming, TransportError>,
}

impl Exchange {
    /// How long the body of the answer is, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.result.as_ref().map_or(0, |answer| answer.body.len())
    }
}

/// Hands a ready token to the SDK.
#[derive(Debug)]
pub(crate) struct SdkCredential {
    pub(crate) token: Secret,
}

#[async_trait::async_trait]
impl TokenCredential for SdkCredential {
    async fn get_token(&self, _: &[&str]) -> azure_core_021::Result<AccessToken> {
        // The SDK asks before each request, and `Tokens` renews what ends soon.
        let soon =
            azure_core::time::OffsetDateTime::now_utc() + azure_core::time::Duration::minutes(5);
        Ok(AccessToken::new(self.token.secret().to_owned(), soon))
    }

    async fn clear_cache(&self) -> azure_core_021::Result<()> {
        Ok(())
    }
}

/// Sends what the SDK built, and keeps the answer.
#[derive(Debug)]
pub(crate) struct SdkTransport {
    door: Arc<Transport>,
    kept: Mutex<Option<Exchange>>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("path", &self.outgoing.url.path()).finish_non_exhaustive()
    }
}

impl SdkTransport {
    /// A transport for one request.
    pub(crate) fn new(door: Arc<Transport>) -> Arc<Self> {
        Arc::new(Self { door, kept: Mutex::new(None) })
    }

    /// The exchange that took place; none when the SDK failed before it sent anything.
    pub(crate) fn take(&self) -> Option<Exchange> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait::async_trait]
impl HttpClient for SdkTransport {
    async fn execute_request(&self, request: &Request) -> azure_core_021::Result<Response> {
        let name: &str = request.method().as_ref();
        let Some(method) = Method::named(name) else {
            return Err(Error::message(ErrorKind::Other, format!("{name} is not a read")));
        };
        let Body::Bytes(body) = request.body() else {
            return Err(Error::message(ErrorKind::Other, "a read has no streaming body"));
        };
        let outgoing = Outgoing {
            purpose: Purpose::Read(Audience::ResourceManager),
            method,
            url: request.url().clone(),
            headers: headers(request)?,
            body: body.clone(),
        };
        let result = self.door.send(&outgoing).await;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Exchange { outgoing, result });
        Err(Error::message(ErrorKind::Other, "the answer is read by vaudit"))
    }
}

/// The headers of a request. What cannot be sent is an error: without it the request would be another.
fn headers(request: &Request) -> azure_core_021::Result<HeaderMap> {
    let unusable = || Error::message(ErrorKind::Other, "a header cannot be sent");
    let mut map = HeaderMap::new();
    for (name, value) in request.headers().iter() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| unusable())?;
        // The door names itself; the SDK's own user agent would name the wrong program.
        if name == USER_AGENT {
            continue;
        }
        let mut value = HeaderValue::from_str(value.as_str()).map_err(|_| unusable())?;
        value.set_sensitive(name == reqwest::header::AUTHORIZATION);
        map.insert(name, value);
    }
    Ok(map)
}
