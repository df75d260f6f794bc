//! The adapter through which `azure_identity` sends: its requests take the one door too.

use std::sync::Arc;

use azure_core::Bytes;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, StatusCode, Transport, Url};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::explain;
use crate::guard::{Method, Purpose, is_loopback, is_token_path};
use crate::transport::{self, Outgoing};

/// The transport of a credential.
pub(super) fn transport(door: Arc<transport::Transport>, purpose: Purpose) -> Transport {
    Transport::new(Arc::new(CredentialDoor { door, purpose }))
}

/// The authority as `azure_identity` is told it: it insists on https, also towards this machine,
/// where the simulator speaks plain HTTP. [`CredentialDoor`] turns it back.
pub(super) fn presented_authority(authority: &Url) -> String {
    if is_loopback(authority) {
        authority.as_str().replacen("http://", "https://", 1)
    } else {
        authority.as_str().to_owned()
    }
}

#[derive(Debug)]
struct CredentialDoor {
    door: Arc<transport::Transport>,
    purpose: Purpose,
}

#[async_trait::async_trait]
impl HttpClient for CredentialDoor {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let method = Method::named(request.method().as_ref()).ok_or_else(|| {
            other("a credential wanted to send something else than a read".into())
        })?;
        let Body::Bytes(body) = request.body() else {
            return Err(other("a credential wanted to send a stream".to_owned()));
        };
        let purpose = self.purpose_of(request.url())?;
        let outgoing = Outgoing {
            purpose,
            method,
            url: self.real_address(request.url())?,
            headers: outgoing_headers(request.headers())?,
            body: Bytes::copy_from_slice(body),
        };
        // Not as an error of the network: the credential of a virtual machine sends those again for a
        // minute, whatever its options say, and the door has its own retries.
        let answer = self.door.send(&outgoing).await.map_err(|error| {
            Error::with_error(ErrorKind::Credential, cause_chain(&error), error.to_string())
        })?;
        if let Some((why, said)) = explain::refusal(purpose, &answer) {
            return Err(Error::with_error(ErrorKind::Credential, said, why));
        }
        let mut headers = Headers::new();
        for (name, value) in &answer.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(answer.status), headers, answer.body))
    }
}

impl CredentialDoor {
    /// What a request is for: the credential of a pipeline asks two services, and hands the token of
    /// the first to the sign-in authority.
    fn purpose_of(&self, url: &Url) -> azure_core::Result<Purpose> {
        let is_for_authority = self.presented()?.origin() == url.origin() && is_token_path(url);
        let is_second = self.purpose == Purpose::PipelinesToken && is_for_authority;
        Ok(if is_second { Purpose::SignIn } else { self.purpose })
    }

    fn presented(&self) -> azure_core::Result<Url> {
        Ok(Url::parse(&presented_authority(self.door.guard().authority()))?)
    }

    /// Undoes [`presented_authority`].
    fn real_address(&self, url: &Url) -> azure_core::Result<Url> {
        let authority = self.door.guard().authority();
        let presented = self.presented()?;
        if presented.origin() != url.origin() || presented.scheme() == authority.scheme() {
            return Ok(url.clone());
        }
        Ok(Url::parse(&url.as_str().replacen("https://", "http://", 1))?)
    }
}

/// The chain of causes as one error value, so that nothing of it is lost in the SDK's own.
fn cause_chain(error: &transport::TransportError) -> String {
    error.causes().join(": ")
}

fn outgoing_headers(headers: &Headers) -> azure_core::Result<HeaderMap> {
    let unusable = || other("a credential wanted to send a header that cannot be sent".to_owned());
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| unusable())?;
        // The door names itself; the SDK's own user agent would name the wrong program.
        if name != reqwest::header::USER_AGENT {
            map.insert(name, HeaderValue::from_str(value.as_str()).map_err(|_| unusable())?);
        }
    }
    Ok(map)
}

fn other(message: String) -> Error {
    Error::with_message(ErrorKind::Other, message)
}
