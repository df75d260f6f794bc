//! Answers before they are written to the wire.

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::StatusCode;
use serde::Serialize;
use serde_json::Value;

/// ARM's and Entra's media type.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// A status, headers and a body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers, `Date` and all.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// An answer with a text of some media type.
    pub(crate) fn text(status: u16, content_type: &str, text: impl Into<Vec<u8>>) -> Self {
        let mut answer = Self { body: text.into(), ..Self::empty(status) };
        answer.set("content-type", content_type);
        answer
    }

    /// An answer with a JSON document.
    pub(crate) fn json(status: u16, document: &impl Serialize) -> Self {
        // Documents have text keys only, so they can always be written.
        let body = serde_json::to_vec(document).unwrap_or_default();
        Self::text(status, JSON, body)
    }

    /// Sets a header; what cannot be one is left out.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::from_str(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.insert(name, value);
        }
    }

    /// The same with a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a header unless the service did.
    pub(crate) fn set_default(&mut self, name: &str, value: &str) {
        if !self.headers.contains_key(name) {
            self.set(name, value);
        }
    }

    /// The body as JSON, when it is.
    pub(crate) fn document(&self) -> Option<Value> {
        let content_type = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        content_type.contains("json").then(|| serde_json::from_slice(&self.body).ok())?
    }

    /// The answer as hyper sends it.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}
