//! What a snapshot file is and holds, for programs.

use jiff::Timestamp;
use serde::Serialize;
use vaudit_model::RequestKind;
use vaudit_model::blob_listing::{BlobListing, Contents};
use vaudit_model::redaction::Redaction;
use vaudit_model::snapshot::{Identity, Selection, Stopped};

use crate::snapshot::{self, Holdings, run_id};

/// A file. What does not apply is null.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    file: &'a str,
    contents: Contents,
    demo: bool,
    format_version: u32,
    compressed: bool,
    sha256: &'a str,
    run_id: &'a str,
    tool_version: &'a str,
    started_at: Timestamp,
    finished_at: Timestamp,
    identity: &'a Identity,
    selection: &'a Selection,
    manifest: Manifest<'a>,
    requests: u64,
    retries: u64,
    stopped: Option<Stopped>,
    /// What was redacted, with a mark of the key; null where nothing was.
    redaction: Option<&'a Redaction>,
    blob_listing: Option<&'a BlobListing>,
    clock_skew_seconds: Option<i64>,
    documents: Documents,
    kinds: Vec<Kind>,
    gaps: Vec<Lost<'a>>,
}

#[derive(Serialize)]
struct Manifest<'a> {
    path: Option<&'a str>,
    sha256: String,
    deployments: &'a [String],
}

#[derive(Serialize)]
struct Documents {
    total: usize,
    read: usize,
    absent: usize,
    unread: usize,
}

/// The documents of one kind of request. Ages are told at the end of the run.
#[derive(Serialize)]
struct Kind {
    kind: RequestKind,
    #[serde(flatten)]
    documents: Documents,
    blobs: usize,
    newest_seconds: Option<i64>,
    oldest_seconds: Option<i64>,
}

/// A document that could not be read.
#[derive(Serialize)]
struct Lost<'a> {
    kind: RequestKind,
    target: &'a str,
    filter: Option<&'a str>,
    page: u32,
    reason: &'static str,
    status: Option<u16>,
    action: Option<&'a str>,
    scope: Option<&'a str>,
    message: &'a str,
}

impl<'a> Shown<'a> {
    /// What is said of a file.
    pub(crate) fn of(shown: &'a snapshot::Shown<'_>, holdings: &'a Holdings<'_>) -> Self {
        let header = &shown.file.snapshot.header;
        let end = header.finished_at.as_second();
        let kinds = holdings.kinds.iter().map(|(kind, held)| Kind {
            kind: *kind,
            documents: Documents {
                total: held.documents,
                read: held.read,
                absent: held.absent,
                unread: held.unread,
            },
            blobs: held.blobs,
            newest_seconds: held.read_at.map(|(_, last)| end - last.as_second()),
            oldest_seconds: held.read_at.map(|(first, _)| end - first.as_second()),
        });
        let gaps = holdings.gaps.iter().map(|(document, gap)| Lost {
            kind: document.request.kind,
            target: &document.request.target,
            filter: document.request.filter.as_deref(),
            page: document.page,
            reason: gap.reason.code(),
            status: gap.status,
            action: gap.action.as_deref(),
            scope: gap.scope.as_deref(),
            message: &gap.message,
        });
        Self {
            file: &shown.name,
            contents: header.contents,
            demo: shown.is_of_demo,
            format_version: header.vaudit_snapshot,
            compressed: shown.file.is_compressed,
            sha256: &shown.file.sha256,
            run_id: run_id(&shown.file.sha256),
            tool_version: &header.tool_version,
            started_at: header.started_at,
            finished_at: header.finished_at,
            identity: &header.identity,
            selection: &header.selection,
            manifest: Manifest {
                path: header.manifest.path.as_deref(),
                sha256: header.manifest.sha256(),
                deployments: &shown.deployments,
            },
            requests: header.requests,
            retries: header.retries,
            stopped: header.stopped,
            redaction: header.redaction.as_ref(),
            blob_listing: header.blob_listing.as_ref(),
            clock_skew_seconds: holdings.skew,
            documents: Documents {
                total: holdings.total(|held| held.documents),
                read: holdings.total(|held| held.read),
                absent: holdings.total(|held| held.absent),
                unread: holdings.total(|held| held.unread),
            },
            kinds: kinds.collect(),
            gaps: gaps.collect(),
        }
    }
}
