//! Snapshots: everything a run read, enough to judge again without Azure.

mod error;
mod lines;
mod packed;
mod reading;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::arm_id::ArmId;
use crate::blob::{BlobPage, Listing};
use crate::blob_listing::{BlobListing, Contents};
use crate::document::{Answer, Body, Document, ErrorBody, NextPage};
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Audience, Request, RequestKind};
use crate::reader::Node;
use crate::redaction::Redaction;

pub use error::SnapshotError;
pub use lines::schema;
pub use reading::SnapshotFile;

/// The version of the snapshot format this vaudit writes and reads.
pub const SNAPSHOT_VERSION: u32 = 2;

/// What a document answers, and which page of the answer it is.
type Key = (Request, u32);

/// What one run read, with when and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Everything about the run itself.
    pub header: Header,
    documents: BTreeMap<Key, Document>,
}

/// The first line of a snapshot: the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the format.
    pub vaudit_snapshot: u32,
    /// What the file was made to hold; left out of a snapshot of an audit.
    #[serde(default, skip_serializing_if = "Contents::is_audit")]
    pub contents: Contents,
    /// The version of vaudit that wrote it.
    pub tool_version: String,
    /// When the run began, by the auditor's clock.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When the last answer was in.
    #[schemars(with = "String")]
    pub finished_at: Timestamp,
    /// What the run was asked to judge.
    pub selection: Selection,
    /// Why the run ended early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// How many requests were sent, retries not counted.
    pub requests: u64,
    /// How many of them were sent again.
    pub retries: u64,
    /// Who looked.
    #[serde(default)]
    pub identity: Identity,
    /// The run the blob listings were taken from, where that was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob_listing: Option<BlobListing>,
    /// How ids and names were replaced, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
    /// The manifest the run was made with.
    pub manifest: ManifestCopy,
}

impl Header {
    /// The header of a run of a version of vaudit that begins at an instant and has asked nothing.
    pub fn beginning(tool_version: &str, at: Timestamp) -> Self {
        Self {
            vaudit_snapshot: SNAPSHOT_VERSION,
            contents: Contents::default(),
            tool_version: tool_version.to_owned(),
            started_at: at,
            finished_at: at,
            selection: Selection::default(),
            stopped: None,
            requests: 0,
            retries: 0,
            identity: Identity::default(),
            blob_listing: None,
            redaction: None,
            manifest: ManifestCopy::default(),
        }
    }
}

/// What a run was asked to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// `reference`, `hardened` or `all`.
    pub profile: String,
    /// The `--rule` globs; they replace the profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The `--skip` globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// The `--deployment` names; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<String>,
}

/// Why a run ended before everything was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// SIGINT.
    Interrupted,
    /// SIGTERM, or SIGHUP.
    Terminated,
    /// `--max-duration` ran out.
    OutOfTime,
}

/// The identity that made the requests, as its ARM token names it; never the token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The object id of the principal (`oid`).
    pub object_id: Option<String>,
    /// The client id of the application (`appid` or `azp`).
    pub client_id: Option<String>,
    /// The tenant it signed in to (`tid`).
    pub tenant: Option<String>,
}

/// The manifest as the run read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestCopy {
    /// The path it was read from; none when it was made from flags.
    pub path: Option<String>,
    /// Its text.
    pub text: String,
}

impl ManifestCopy {
    /// SHA-256 of the text, in hexadecimal.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.text.as_bytes()))
    }
}

impl Snapshot {
    /// A snapshot that holds nothing yet.
    pub fn empty(header: Header) -> Self {
        Self { header, documents: BTreeMap::new() }
    }

    /// Adds one page of an answer.
    pub fn insert(&mut self, document: Document) {
        self.documents.insert((document.request.clone(), document.page), document);
    }

    /// All documents, in the order of the file.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// Takes all pages of an answer out.
    pub fn take(&mut self, request: &Request) -> Vec<Document> {
        (0..).map_while(|page| self.documents.remove(&(request.clone(), page))).collect()
    }

    /// Keeps the documents that `wanted` accepts.
    pub fn retain(&mut self, wanted: impl Fn(&Document) -> bool) {
        self.documents.retain(|_, document| wanted(document));
    }

    /// Whether every planned document was asked for.
    pub fn is_complete(&self) -> bool {
        self.header.stopped.is_none()
    }

    /// The first page of an answer.
    pub fn document(&self, request: &Request) -> Option<&Document> {
        self.documents.get(&(request.clone(), 0))
    }

    /// A resource read by its id.
    pub fn resource(&self, request: &Request) -> Fact<Node<'_>> {
        let document = match self.first_page(request) {
            Ok(document) => document,
            Err(gap) => return Fact::Unread(gap),
        };
        let source = Self::source(request, document);
        match document.answer() {
            Answer::Read(Body::Json(value)) => {
                let node = Node::root(value, &request.target, document.origin());
                Fact::Known(node, source)
            }
            Answer::Read(_) => Fact::Unread(
                document.gap(Reason::Unrecognised, "the answer is not a resource".to_owned()),
            ),
            Answer::Absent if self.may_be_hidden(request) => {
                let why = "Azure says that it does not exist, but answered nothing about the scopes above it, so it may only be hidden";
                Fact::Unread(document.gap(Reason::BeyondReach, why.to_owned()))
            }
            Answer::Absent => Fact::Absent(source),
            Answer::Unread(gap) => Fact::Unread(gap),
        }
    }

    /// Whether a 404 about a resource proves nothing, because no scope above it was readable
    /// (`catalogue.md` §0.2). A resource group needs no such witness: what is answered where the
    /// subscription is out of sight has another code.
    fn may_be_hidden(&self, request: &Request) -> bool {
        if request.kind.audience() != Audience::ResourceManager
            || request.kind == RequestKind::ResourceGroup
        {
            return false;
        }
        let Ok(id) = ArmId::parse(&request.target) else { return true };
        !self.documents().any(|document| {
            document.status == Some(200)
                && document.request.kind.audience() == Audience::ResourceManager
                && ArmId::parse(&document.request.target)
                    // Everybody is answered at the root, with what they may see.
                    .is_ok_and(|scope| scope != id && !scope.is_root() && id.is_within(&scope))
        })
    }

    /// A list below something that is known to exist, or that nobody could see and not read: a 404
    /// contradicts that, and so proves nothing.
    pub fn list_of_existing(&self, request: &Request) -> Fact<List<Node<'_>>> {
        match self.list(request) {
            Fact::Absent(source) => Fact::Unread(self.contradiction(request, &source)),
            list => list,
        }
    }

    /// The error code of a refused answer; empty when there is none.
    pub fn error_code(&self, request: &Request) -> String {
        self.document(request)
            .map(|document| ErrorBody::of(&document.body).code)
            .unwrap_or_default()
    }

    /// The gap of a 404 about something that other answers show.
    pub fn contradiction(&self, request: &Request, source: &Source) -> Gap {
        let why = "Azure says that it does not exist, which contradicts what else was read";
        match self.document(request) {
            Some(document) => document.gap(Reason::Unrecognised, why.to_owned()),
            None => Gap::because(Reason::Unrecognised, why).at(source.resource.clone()),
        }
    }

    /// A list, over all its pages. Absent when the scope it lies in is; unread when the first page
    /// is; incomplete when a later page is.
    pub fn list(&self, request: &Request) -> Fact<List<Node<'_>>> {
        self.pages(request, |document, body| {
            let Body::Json(value) = body else { return None };
            let root = Node::root(value, &request.target, document.origin());
            match root.at(list_field(request.kind)).items() {
                Fact::Known(list, _) => Some(list.items),
                Fact::Absent(_) | Fact::Unread(_) => None,
            }
        })
    }

    /// The folders of a listing, over all its pages. Incomplete, too, when an entry has no name.
    pub fn folders(&self, request: &Request) -> Fact<List<String>> {
        self.pages(request, |_, body| Some(blob_page(body)?.prefixes.clone()))
    }

    /// The blobs of a listing, over all its pages. Incomplete, too, when an entry has no name.
    pub fn blobs(&self, request: &Request) -> Fact<Listing<'_>> {
        let pages = self.pages(request, |_, body| Some(vec![&blob_page(body)?.blobs]));
        pages.map(|list| Listing { pages: list.items, missing: list.missing })
    }

    fn pages<'s, T>(
        &'s self,
        request: &Request,
        read: impl Fn(&'s Document, &'s Body) -> Option<Vec<T>>,
    ) -> Fact<List<T>> {
        let first = match self.first_page(request) {
            Ok(document) => document,
            Err(gap) => return Fact::Unread(gap),
        };
        let source = Self::source(request, first);
        let mut items = Vec::new();
        let mut unreadable = None;
        let mut document = first;
        loop {
            let lost = match self.answer(document) {
                Answer::Read(body) => match read(document, body) {
                    Some(page) => {
                        items.extend(page);
                        unreadable = unreadable.or_else(|| nameless_entries(document, body));
                        None
                    }
                    None => Some(document.gap(
                        Reason::MissingField,
                        format!("the answer has no list (`{}`)", list_field(request.kind)),
                    )),
                },
                Answer::Absent if document.page == 0 => return Fact::Absent(source),
                Answer::Absent => {
                    Some(document.gap(Reason::Unrecognised, "a later page is gone".to_owned()))
                }
                Answer::Unread(gap) => Some(gap),
            };
            if let Some(gap) = lost {
                if document.page == 0 {
                    return Fact::Unread(gap);
                }
                return Fact::Known(List { items, missing: Some(gap) }, source);
            }
            let missing = match document.next_page() {
                NextPage::None => {
                    let missing = unreadable.or_else(|| self.truncated(request));
                    return Fact::Known(List { items, missing }, source);
                }
                NextPage::Unreadable => document.gap(
                    Reason::Unrecognised,
                    "its link to the next page is not a text".to_owned(),
                ),
                NextPage::At(_) => {
                    match self.documents.get(&(request.clone(), document.page + 1)) {
                        Some(next) => {
                            document = next;
                            continue;
                        }
                        None => self.not_collected(request),
                    }
                }
            };
            return Fact::Known(List { items, missing: Some(missing) }, source);
        }
    }

    /// Resource Graph cuts an answer off and says so, with a text, on any page; what it does not say
    /// is not taken for "no" (`catalogue.md` §B.1).
    fn truncated(&self, request: &Request) -> Option<Gap> {
        if request.kind != RequestKind::TenantRoleAssignments {
            return None;
        }
        let pages = (0..).map_while(|page| self.documents.get(&(request.clone(), page)));
        let mut cut = pages.filter(|document| {
            let Body::Json(value) = &document.body else { return true };
            let root = Node::root(value, &request.target, document.origin());
            root.at("resultTruncated").flag().value() != Some(&false)
        });
        let why = "Resource Graph did not say that this is all there is";
        cut.next().map(|document| document.gap(Reason::BeyondReach, why.to_owned()))
    }

    fn first_page(&self, request: &Request) -> Result<&Document, Gap> {
        self.document(request).ok_or_else(|| self.not_collected(request))
    }

    /// The gap of a document that is not there: the run was stopped, or never asked for it.
    fn not_collected(&self, request: &Request) -> Gap {
        let what = request.kind.title();
        let (reason, message) = match (self.header.stopped, self.lack_of_listing(request)) {
            (Some(_), _) => {
                (Reason::Interrupted, format!("the run was stopped before {what} could be read"))
            }
            (None, Some(lack)) => lack,
            (None, None) => (Reason::NotCollected, format!("{what}: not in the snapshot")),
        };
        Gap::because(reason, message).at(request.target.clone())
    }

    fn source(request: &Request, document: &Document) -> Source {
        Source {
            resource: request.target.clone(),
            pointer: String::new(),
            origin: document.origin(),
        }
    }
}

/// The field of an answer that holds the list.
fn list_field(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::TenantRoleAssignments => "data",
        _ => "value",
    }
}

fn blob_page(body: &Body) -> Option<&BlobPage> {
    match body {
        Body::Blobs(page) => Some(page),
        _ => None,
    }
}

/// The gap of a page with entries whose names could not be read.
fn nameless_entries(document: &Document, body: &Body) -> Option<Gap> {
    let why = match blob_page(body)?.unreadable {
        0 => return None,
        1 => "an entry of the listing has no name that can be read".to_owned(),
        count => format!("{count} entries of the listing have no name that can be read"),
    };
    Some(document.gap(Reason::Unrecognised, why))
}

/// Writes bytes in hexadecimal, lower case.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}
