//! Recorded answers, redacted: nothing in them that names somebody stays.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vaudit_model::blob::Shelf;
use vaudit_model::redaction::{Hides, Key, Redactor};
use vaudit_model::snapshot::Header;
use vaudit_model::{Cloud, Request, RequestKind, Snapshot};

use crate::exchange::Exchange;
use crate::names::{Found, left};

/// What is left of an exchange that should not be.
pub(crate) fn left_of(exchange: &Exchange) -> Vec<String> {
    let mut snapshot = Snapshot::empty(Header::beginning("", Timestamp::UNIX_EPOCH));
    let request = Request::arm(RequestKind::ResourceGroup, &exchange.id());
    snapshot.insert(exchange.document(&request));
    let written = |snapshot: &Snapshot| {
        let mut bytes = Vec::new();
        snapshot.write_to(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let found = Found::of(&snapshot, &written(&snapshot));
    let key = Key::new([3; 32]);
    let redactor = Redactor::new(key, Hides::All, &Cloud::public(), &BTreeSet::new(), &snapshot);
    let redacted = redactor.snapshot(&snapshot, String::new(), &Shelf::default()).unwrap();
    left(&found, Hides::All, &written(&redacted))
}
