//! Turns exchanges into documents: what is kept of an answer, and in which shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use url::Url;
use vaudit_model::blob::Shelf;
use vaudit_model::document::{
    ErrorBody, Failure, KEPT_HEADERS, drop_private_fields, is_failed_operation,
};
use vaudit_model::shell::inert;
use vaudit_model::{Audience, Body, Document, Reason, Request};

use crate::blob_xml;
use crate::guard::Refusal;
use crate::requests::{BLOB_VERSION, GRAPH_VERSION};
use crate::sdk::Exchange;
use crate::transport::{Incoming, TransportError};

/// From how many bytes on a body is read on a thread of its own: the task that collects has to see
/// signals and the time limit.
const LARGE: usize = 256 * 1024;

/// How many values a JSON body may hold. Azure's take thirty bytes and more each, so a body of the
/// largest size has half as many; a body of nothing but `[]` would take ten times its size.
const MOST_VALUES: usize = 2_000_000;

/// The document of an exchange. Of a blob listing the entries are put on a shelf.
pub(crate) async fn document(
    request: &Request,
    page: u32,
    exchange: Exchange,
    shelf: &Arc<Shelf>,
) -> Document {
    if exchange.length() < LARGE {
        return shelved(request, page, exchange, shelf);
    }
    let (own, shelf) = (request.clone(), Arc::clone(shelf));
    let reading = tokio::task::spawn_blocking(move || shelved(&own, page, exchange, &shelf));
    match reading.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(document) => document,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(cancelled)) => {
            let address = &request.target;
            not_sent(request, page, address, Reason::Interrupted, cancelled.to_string())
        }
    }
}

fn shelved(request: &Request, page: u32, exchange: Exchange, shelf: &Shelf) -> Document {
    let mut document = read(request, page, exchange);
    if let Body::Blobs(page) = &mut document.body {
        shelf.put(page);
    }
    document
}

fn read(request: &Request, page: u32, exchange: Exchange) -> Document {
    let Exchange { outgoing, result } = exchange;
    let mut document = empty(request, page, outgoing.method.name(), outgoing.url.as_str());
    document.api_version = api_version(request, &outgoing.url);
    match result {
        Ok(answer) => keep(request, &answer, &mut document),
        Err(error) => document.failure = Some(failure(&error)),
    }
    document
}

/// Puts into a document what is kept of an answer.
fn keep(request: &Request, answer: &Incoming, document: &mut Document) {
    document.status = Some(answer.status);
    document.read_at = answer.received_at;
    document.round_trip_ms = u64::try_from(answer.round_trip.as_millis()).ok();
    document.headers = kept_headers(answer);
    if holds_too_much(request, answer) {
        let message = "the answer holds more values than any of Azure's".to_owned();
        document.failure = Some(Failure { reason: Reason::Unrecognised, message });
    } else {
        document.body = body(request, answer);
    }
}

/// An answer that somebody else's client got and wrote down.
#[derive(Clone, Debug)]
pub struct RecordedAnswer {
    /// The HTTP method that was sent, which need not be one vaudit sends.
    pub method: String,
    /// Where it was sent to.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The response headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl RecordedAnswer {
    /// The document that a run which had asked `request` would have kept of it.
    pub fn document(&self, request: &Request) -> Document {
        let mut document = empty(request, 0, &self.method, &self.url);
        document.api_version =
            Url::parse(&self.url).ok().and_then(|url| api_version(request, &url));
        let headers = self.headers.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        });
        let answer = Incoming {
            status: self.status,
            headers: headers.collect(),
            body: self.body.clone().into(),
            received_at: document.read_at,
            round_trip: std::time::Duration::ZERO,
        };
        keep(request, &answer, &mut document);
        document
    }
}

/// The document of a request that was not sent.
pub(crate) fn not_sent(
    request: &Request,
    page: u32,
    address: &str,
    reason: Reason,
    message: String,
) -> Document {
    let mut document = empty(request, page, "GET", address);
    document.failure = Some(Failure { reason, message });
    document
}

fn empty(request: &Request, page: u32, method: &str, address: &str) -> Document {
    Document {
        request: request.clone(),
        page,
        method: method.to_owned(),
        url: inert(&address.chars().take(4_000).collect::<String>()),
        api_version: None,
        asked_api_version: None,
        status: None,
        headers: BTreeMap::new(),
        body: Body::Empty,
        failure: None,
        read_at: Timestamp::now(),
        round_trip_ms: None,
    }
}

fn api_version(request: &Request, url: &Url) -> Option<String> {
    match request.kind.audience() {
        Audience::ResourceManager => {
            url.query_pairs().find(|(name, _)| name == "api-version").map(|(_, value)| value.into())
        }
        Audience::Graph => Some(GRAPH_VERSION.to_owned()),
        Audience::Storage => Some(BLOB_VERSION.to_owned()),
    }
}

fn kept_headers(answer: &Incoming) -> BTreeMap<String, String> {
    let kept = KEPT_HEADERS.iter().filter_map(|name| {
        let value = answer.headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    kept.collect()
}

/// Whether a JSON body holds too many values to be worth reading. Each but the first follows a comma
/// or a bracket; those in texts are counted too, and are few.
fn holds_too_much(request: &Request, answer: &Incoming) -> bool {
    let separators = answer.body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{'));
    request.kind.audience() != Audience::Storage && separators.count() >= MOST_VALUES
}

fn body(request: &Request, answer: &Incoming) -> Body {
    if answer.body.is_empty() {
        return storage_error_code(request, answer).map_or(Body::Empty, error_body);
    }
    if request.kind.audience() == Audience::Storage {
        if let Some(page) = blob_xml::read_listing(&answer.body) {
            return Body::Blobs(page);
        }
        if let Some(code) = blob_xml::read_error(&answer.body) {
            return error_body(code);
        }
    }
    let bytes = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) if is_error(answer.status, &value) => {
            kept_error(&ErrorBody::of(&Body::json(value)))
        }
        Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
            drop_private_fields(&mut value);
            Body::json(value)
        }
        _ => storage_error_code(request, answer).map_or_else(|| not_json(answer), error_body),
    }
}

/// Whether a JSON body is an error: that of a refusal, or of an operation that failed with a 200.
fn is_error(status: u16, body: &Value) -> bool {
    status != 200 || is_failed_operation(body)
}

/// What there was instead of JSON.
fn not_json(answer: &Incoming) -> Body {
    let header = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
    let is_media_type = |c: char| c.is_ascii_alphanumeric() || "/.+-".contains(c);
    let media_type = header
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .filter(|value| value.chars().all(is_media_type) && !value.is_empty());
    let media_type = media_type.as_deref().unwrap_or("no known type");
    Body::Text(format!("{} bytes of {media_type}", answer.body.len()))
}

/// The Blob service names its error in a header too, also where the body is empty.
fn storage_error_code(request: &Request, answer: &Incoming) -> Option<String> {
    if request.kind.audience() != Audience::Storage {
        return None;
    }
    Some(answer.headers.get("x-ms-error-code")?.to_str().ok()?.to_owned())
}

fn error_body(code: String) -> Body {
    kept_error(&ErrorBody { code, message: String::new() })
}

fn kept_error(error: &ErrorBody) -> Body {
    let ErrorBody { code, message } = error.kept();
    Body::json(json!({"error": {"code": code, "message": message}}))
}

fn failure(error: &TransportError) -> Failure {
    let reason = match error {
        TransportError::Refused(
            Refusal::ForeignHost { .. } | Refusal::Plain { .. } | Refusal::UserInfo,
        ) => Reason::UntrustedNextLink,
        TransportError::TooLarge { .. } | TransportError::Refused(Refusal::NotARead { .. }) => {
            Reason::Unrecognised
        }
        TransportError::Unreachable { .. }
        | TransportError::Timeout { .. }
        | TransportError::Broken { .. }
        | TransportError::Tls(_)
        | TransportError::Client(_) => Reason::Transport,
    };
    Failure { reason, message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::Bytes;
    use reqwest::header::HeaderMap;
    use vaudit_model::{ArmId, RequestKind};

    use crate::guard::Purpose;
    use crate::transport::Outgoing;

    fn recorded(kind: RequestKind, status: u16, body: impl Into<Bytes>) -> Document {
        recorded_as("application/json; charset=utf-8", kind, status, body)
    }

    fn recorded_as(
        content_type: &'static str,
        kind: RequestKind,
        status: u16,
        body: impl Into<Bytes>,
    ) -> Document {
        let request = Request::arm(kind, &ArmId::subscription_scope("s1"));
        let url = Url::parse("https://management.azure.com/x?api-version=1").unwrap();
        let outgoing = Outgoing::get(Purpose::Read(kind.audience()), url);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let received_at = Timestamp::UNIX_EPOCH;
        let answer = Incoming {
            status,
            headers,
            body: body.into(),
            received_at,
            round_trip: std::time::Duration::ZERO,
        };
        read(&request, 0, Exchange { outgoing, result: Ok(answer) })
    }

    #[test]
    fn bodies_of_nothing_but_brackets_are_not_read() {
        let list = |count| format!("{{\"value\":[{}[]]}}", "[],".repeat(count));
        let small = recorded(RequestKind::VirtualNetworks, 200, list(1_000));
        assert!(matches!(small.body, Body::Json(_)) && small.failure.is_none());
        let large = recorded(RequestKind::VirtualNetworks, 200, list(MOST_VALUES));
        assert_eq!(large.body, Body::Empty);
        assert_eq!(large.failure.unwrap().reason, Reason::Unrecognised);
    }

    #[test]
    fn errors_are_kept_without_what_they_repeat() {
        let refusal = json!({
            "error": {
                "code": "AuthorizationFailed",
                "message": "The client 'bob@example.com' with object id 'x' does not have authorization to perform action 'A/b/read' over scope '/subscriptions/s1' or the scope is invalid.",
                "innerError": {"client": "bob@example.com"},
            },
            "request": "Authorization: Bearer S3CRET",
        });
        let document = recorded(RequestKind::VirtualNetworks, 403, refusal.to_string());
        let message = "does not have authorization to perform action 'A/b/read' over scope '/subscriptions/s1'";
        let kept = json!({"error": {"code": "AuthorizationFailed", "message": message}});
        assert_eq!(document.body, Body::json(kept));
        let failed = json!({"status": "Failed", "error": {"code": "ServerIsBusy", "message": "bob@example.com"}});
        let document = recorded(RequestKind::PostgresBackups, 200, failed.to_string());
        assert_eq!(
            document.body,
            Body::json(json!({"error": {"code": "ServerIsBusy", "message": ""}}))
        );
    }

    #[test]
    fn what_is_not_json_is_only_measured() {
        let page = "<html>Authorization: Bearer S3CRET</html>";
        for (content_type, kept) in [
            ("text/html; charset=utf-8", "41 bytes of text/html"),
            ("Bearer S3CRET", "41 bytes of no known type"),
        ] {
            let document = recorded_as(content_type, RequestKind::VirtualNetworks, 502, page);
            assert_eq!(document.body, Body::Text(kept.to_owned()));
        }
        let text = recorded(RequestKind::VirtualNetworks, 200, "\"Bearer S3CRET\"");
        assert_eq!(text.body, Body::Text("15 bytes of application/json".to_owned()));
    }
}
