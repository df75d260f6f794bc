//! Faults a scenario asks for: refusals, outages, foreign links, broken connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// A fault in a scenario file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FaultFile {
    /// The story of the fault; only for readers.
    #[serde(rename = "why")]
    _why: Option<String>,
    on: String,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    headers: BTreeMap<String, Option<String>>,
    body: Option<Value>,
    content_type: Option<String>,
    times: Option<u64>,
    skip: u64,
    next_link: Option<String>,
    drop: bool,
    delay_ms: u64,
    patch: Option<Value>,
}

/// A fault that is armed.
#[derive(Debug)]
pub(crate) struct Fault {
    pattern: String,
    window: std::ops::Range<u64>,
    hits: AtomicU64,
    /// How long the answer is held back.
    pub(crate) delay: Duration,
    /// Headers to set, or to leave out.
    pub(crate) headers: BTreeMap<String, Option<String>>,
    /// What becomes of the answer.
    pub(crate) outcome: Outcome,
}

/// What a fault makes of an answer.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The connection is closed without one.
    Drop,
    /// An error in the service's own shape; what is left out is Azure's usual wording.
    Error { status: u16, code: Option<String>, message: Option<String> },
    /// Some other body.
    Body { status: u16, content_type: String, text: String },
    /// The true answer, altered.
    Amend { status: Option<u16>, next_link: Option<String>, patch: Option<Value> },
}

/// Why a fault makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FaultError {
    #[error("`on` is missing: a pattern over `METHOD /path?query`, such as `GET */backups*`")]
    NoPattern,
    #[error("{0} is not an HTTP status")]
    Status(u16),
    #[error("`drop` leaves no answer that `{0}` could change")]
    Dropped(&'static str),
    #[error("`{0}` says what goes wrong, but the status {1} says that nothing does")]
    NotAnError(&'static str, u16),
    #[error("`{0}` needs a status of 400 or more")]
    NoStatus(&'static str),
    #[error("`{0}` does not go with `{1}`")]
    Together(&'static str, &'static str),
    #[error("the fault does nothing: give a status, a body, a patch, a delay or the like")]
    Nothing,
}

impl FaultFile {
    /// Checks the fault and arms it.
    pub(crate) fn arm(self) -> Result<Fault, FaultError> {
        if self.on.is_empty() {
            return Err(FaultError::NoPattern);
        }
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return Err(FaultError::Status(status));
        }
        let end = self.times.map_or(u64::MAX, |times| self.skip.saturating_add(times));
        Ok(Fault {
            outcome: self.outcome()?,
            pattern: self.on.to_ascii_lowercase(),
            window: self.skip..end,
            hits: AtomicU64::new(0),
            delay: Duration::from_millis(self.delay_ms),
            headers: self.headers,
        })
    }

    fn outcome(&self) -> Result<Outcome, FaultError> {
        let given = |field: &'static str, is_given: bool| is_given.then_some(field);
        let wording =
            given("code", self.code.is_some()).or(given("message", self.message.is_some()));
        let amendment =
            given("next_link", self.next_link.is_some()).or(given("patch", self.patch.is_some()));
        let body = given("body", self.body.is_some());
        let status = given("status", self.status.is_some());
        if self.drop {
            return match wording.or(amendment).or(body).or(status) {
                Some(field) => Err(FaultError::Dropped(field)),
                None => Ok(Outcome::Drop),
            };
        }
        if let Some(content) = &self.body {
            if let Some(other) = wording.or(amendment) {
                return Err(FaultError::Together("body", other));
            }
            let (text, usual) = match content {
                Value::String(text) => (text.clone(), "text/html"),
                json => (json.to_string(), "application/json; charset=utf-8"),
            };
            let content_type = self.content_type.clone().unwrap_or_else(|| usual.to_owned());
            return Ok(Outcome::Body { status: self.status.unwrap_or(200), content_type, text });
        }
        if self.content_type.is_some() {
            return Err(FaultError::Together("content_type", "no body"));
        }
        match (self.status, wording, amendment) {
            (Some(_), _, Some(field)) if self.status.is_some_and(|status| status >= 400) => {
                Err(FaultError::Together(field, "status"))
            }
            (Some(status), Some(field), _) if status < 400 => {
                Err(FaultError::NotAnError(field, status))
            }
            (Some(status), ..) if status >= 400 => Ok(Outcome::Error {
                status,
                code: self.code.clone(),
                message: self.message.clone(),
            }),
            (None, Some(field), _) => Err(FaultError::NoStatus(field)),
            (None, None, None) if self.headers.is_empty() && self.delay_ms == 0 => {
                Err(FaultError::Nothing)
            }
            (status, ..) => Ok(Outcome::Amend {
                status,
                next_link: self.next_link.clone(),
                patch: self.patch.clone(),
            }),
        }
    }
}

/// The fault that strikes a request, if one does. `line` is `METHOD /path?query`, decoded.
pub(crate) fn strike<'a>(faults: &'a [Fault], line: &str) -> Option<&'a Fault> {
    let line = line.to_ascii_lowercase();
    faults.iter().find(|fault| {
        glob(&fault.pattern, &line)
            && fault.window.contains(&fault.hits.fetch_add(1, Ordering::SeqCst))
    })
}

/// Whether a pattern in which `*` is any run of characters fits a whole text.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let head = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arm(fault: Value) -> Result<Fault, FaultError> {
        serde_json::from_value::<FaultFile>(fault).unwrap().arm()
    }

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("get */backups?*", "get /a/backups?x", true),
            ("get */backups", "get /a/backups?x", false),
            ("*", "", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("ab", "ab", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_fault_strikes_in_its_window() {
        let faults = [
            arm(json!({"on": "GET /a*", "status": 500, "skip": 1, "times": 1})).unwrap(),
            arm(json!({"on": "get /ab", "status": 404})).unwrap(),
        ];
        let struck = || {
            let fault = strike(&faults, "GET /AB")?;
            match fault.outcome {
                Outcome::Error { status, .. } => Some(status),
                _ => None,
            }
        };
        assert_eq!([struck(), struck(), struck()], [Some(404), Some(500), Some(404)]);
        assert!(strike(&faults, "POST /ab").is_none());
    }

    #[test]
    fn faults_without_sense_are_refused() {
        for (fault, error) in [
            (json!({"status": 500}), FaultError::NoPattern),
            (json!({"on": "*"}), FaultError::Nothing),
            (json!({"on": "*", "status": 99}), FaultError::Status(99)),
            (json!({"on": "*", "drop": true, "status": 500}), FaultError::Dropped("status")),
            (json!({"on": "*", "code": "X"}), FaultError::NoStatus("code")),
            (json!({"on": "*", "code": "X", "status": 200}), FaultError::NotAnError("code", 200)),
            (json!({"on": "*", "body": "", "patch": {}}), FaultError::Together("body", "patch")),
            (
                json!({"on": "*", "status": 500, "patch": {}}),
                FaultError::Together("patch", "status"),
            ),
        ] {
            assert_eq!(arm(fault).unwrap_err(), error);
        }
        assert!(arm(json!({"on": "*", "headers": {"Date": null}})).is_ok());
        assert!(arm(json!({"on": "*", "next_link": "https://example.com"})).is_ok());
    }
}
