//! What a snapshot file is and holds: for `vaudit snapshot verify` and `vaudit snapshot show`.
//!
//! What is counted is here, the text for a terminal and the JSON are in files of their own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use vaudit_model::blob_listing::Contents;
use vaudit_model::document::{Answer, Body, Document};
use vaudit_model::snapshot::SnapshotFile;
use vaudit_model::{Audience, Gap, RequestKind};

use crate::TableOptions;
use crate::inert_json::pretty;
use crate::layout::Sheet;
use crate::style::Terminal;
use crate::{snapshot_json, snapshot_text};

/// How far two clocks may be apart, in seconds, before it is worth a word: the `Date` of an answer
/// has whole seconds and is some of them old when it arrives.
const USUAL_SKEW: i64 = 60;

/// A file that was read, and what else is said of it.
#[derive(Debug)]
pub struct Shown<'f> {
    /// What it is called.
    pub name: String,
    /// What was read.
    pub file: &'f SnapshotFile,
    /// The names of the deployments in its manifest.
    pub deployments: Vec<String>,
    /// Whether it was read of the demo's simulator, which is no Azure.
    pub is_of_demo: bool,
}

/// Says in a few lines that a file is whole, and what it is.
pub fn verified(shown: &Shown<'_>, options: &TableOptions) -> String {
    let mut sheet = sheet(options);
    snapshot_text::verified(&mut sheet, shown);
    sheet.finish()
}

/// What a file holds, for a terminal.
pub fn render(shown: &Shown<'_>, options: &TableOptions) -> String {
    let mut sheet = sheet(options);
    snapshot_text::everything(&mut sheet, shown, &Holdings::of(shown.file), options.verbose);
    sheet.finish()
}

/// The same for programs.
pub fn json(shown: &Shown<'_>) -> String {
    pretty(&snapshot_json::Shown::of(shown, &Holdings::of(shown.file)))
}

fn sheet(options: &TableOptions) -> Sheet {
    let terminal = Terminal { colour: options.colour, unicode: options.unicode };
    Sheet::new(terminal, options.width)
}

/// What the documents of a file are.
pub(crate) struct Holdings<'f> {
    /// By what was asked, in the order of the file.
    pub(crate) kinds: BTreeMap<RequestKind, Held>,
    /// The URLs of the containers whose blobs were asked for.
    pub(crate) containers: BTreeSet<&'f str>,
    /// The documents that could not be read.
    pub(crate) gaps: Vec<(&'f Document, Gap)>,
    /// How far the auditor's clock was ahead of Azure's where they were furthest apart, in seconds.
    pub(crate) skew: Option<i64>,
}

/// What is held of one kind.
#[derive(Default)]
pub(crate) struct Held {
    /// How many documents; each page of an answer is one.
    pub(crate) documents: usize,
    /// How many of them are answers.
    pub(crate) read: usize,
    /// How many of them say that there is no such thing.
    pub(crate) absent: usize,
    /// How many of them could not be read.
    pub(crate) unread: usize,
    /// How many blobs and folders they list.
    pub(crate) blobs: usize,
    /// When the first of them was read, and the last.
    pub(crate) read_at: Option<(Timestamp, Timestamp)>,
}

impl<'f> Holdings<'f> {
    fn of(file: &'f SnapshotFile) -> Self {
        let mut holdings = Self {
            kinds: BTreeMap::new(),
            containers: BTreeSet::new(),
            gaps: Vec::new(),
            skew: None,
        };
        for document in file.snapshot.documents() {
            // What is looked at stays in memory as a tree, and there may be many: so a copy is.
            let copy = document.clone();
            let held = holdings.kinds.entry(document.request.kind).or_default();
            held.documents += 1;
            if document.request.kind.audience() == Audience::Storage {
                holdings.containers.insert(&document.request.target);
            }
            let (first, last) = held.read_at.unwrap_or((document.read_at, document.read_at));
            held.read_at = Some((first.min(document.read_at), last.max(document.read_at)));
            match file.snapshot.answer(&copy) {
                Answer::Read(body) => {
                    held.read += 1;
                    if let Body::Blobs(page) = body {
                        held.blobs += page.blobs.len() + page.prefixes.len();
                    }
                }
                Answer::Absent => held.absent += 1,
                Answer::Unread(gap) => {
                    held.unread += 1;
                    holdings.gaps.push((document, gap));
                }
            }
            let skew = skew(document);
            if skew.map(i64::abs) > holdings.skew.map(i64::abs) {
                holdings.skew = skew;
            }
        }
        holdings
    }

    /// A number over all kinds.
    pub(crate) fn total(&self, count: impl Fn(&Held) -> usize) -> usize {
        self.kinds.values().map(count).sum()
    }

    /// Whether the clocks were further apart than they usually are.
    pub(crate) fn is_skew_odd(&self) -> bool {
        self.skew.is_some_and(|skew| skew.abs() > USUAL_SKEW)
    }
}

/// How far the auditor's clock was ahead of Azure's when an answer arrived, in seconds.
fn skew(document: &Document) -> Option<i64> {
    let date = document.origin().date?;
    Some(document.read_at.as_second() - date.as_second())
}

/// What a file was made to hold, in a word or two.
pub(crate) fn contents(contents: Contents) -> &'static str {
    match contents {
        Contents::Audit => "snapshot of an audit",
        Contents::BlobListing => "blob listing",
    }
}

/// The beginning of the digest that runs are named after.
pub(crate) fn run_id(sha256: &str) -> &str {
    sha256.get(..16).unwrap_or(sha256)
}
