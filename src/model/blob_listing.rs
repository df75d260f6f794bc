//! Blob listings that another run made, where the storage firewall keeps the auditor out.
//!
//! `vaudit list-blobs` writes them as a snapshot of nothing else, `vaudit check --blob-listing` takes
//! them in the place of requests. What is judged then says so, and never more than they show.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Answer, Document};
use crate::fact::Reason;
use crate::need::{Audience, Request};
use crate::snapshot::{Header, Identity, Snapshot, Stopped};

/// How many containers of a listing are named where another one was wanted.
const NAMED_CONTAINERS: usize = 4;

/// What a snapshot was made to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Contents {
    /// Everything an audit reads.
    #[default]
    Audit,
    /// The listings of the application and backup containers, and nothing else.
    BlobListing,
}

impl Contents {
    /// Whether it is what snapshots are by default.
    pub fn is_audit(&self) -> bool {
        *self == Self::Audit
    }
}

/// The run that made the blob listings of a snapshot, where that was another run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlobListing {
    /// The version of vaudit that made it.
    pub tool_version: String,
    /// When that run began, by its clock.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When its last answer was in.
    #[schemars(with = "String")]
    pub finished_at: Timestamp,
    /// Why it ended early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// Who looked.
    #[serde(default)]
    pub identity: Identity,
    /// The URLs of the containers it asked for, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<String>,
}

impl BlobListing {
    /// The run that wrote a file.
    pub fn of(file: &Snapshot) -> Self {
        let blobs = file.documents().filter(|document| is_blob(&document.request));
        let containers: BTreeSet<&str> =
            blobs.map(|document| document.request.target.as_str()).collect();
        let Header { tool_version, started_at, finished_at, stopped, identity, .. } = &file.header;
        Self {
            tool_version: tool_version.clone(),
            started_at: *started_at,
            finished_at: *finished_at,
            stopped: *stopped,
            identity: identity.clone(),
            containers: containers.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Why an answer is not among those of the listing, and what to do.
    fn lack(&self, request: &Request) -> (Reason, String) {
        let what = match &request.filter {
            Some(folder) => format!("{} ({folder})", request.kind.title()),
            None => request.kind.title().to_owned(),
        };
        let again = "make it again with `vaudit list-blobs` and this manifest";
        if self.stopped.is_some() {
            let message = format!(
                "the run that made the blob listing was stopped before {what} could be read; {again}"
            );
            return (Reason::Interrupted, message);
        }
        let message = match self.containers.as_slice() {
            [] => format!("the blob listing is empty; {again}"),
            own if own.contains(&request.target) => {
                format!("the blob listing lacks {what}; {again}")
            }
            others => format!(
                "the blob listing is of {}, not of {}; {again}",
                first_few(others),
                request.target
            ),
        };
        (Reason::NotCollected, message)
    }
}

impl Snapshot {
    /// What an answer proves. One that was taken from a blob listing says whose sight was lost.
    pub fn answer<'d>(&self, document: &'d Document) -> Answer<'d> {
        match document.answer() {
            Answer::Unread(mut gap) if self.is_listed(&document.request) => {
                gap.message = format!("when the blob listing was made, {}", gap.message);
                Answer::Unread(gap)
            }
            answer => answer,
        }
    }

    /// Why an answer is not there, when it would have come from a blob listing.
    pub(crate) fn lack_of_listing(&self, request: &Request) -> Option<(Reason, String)> {
        let listing = self.header.blob_listing.as_ref().filter(|_| is_blob(request))?;
        Some(listing.lack(request))
    }

    /// Whether an answer comes from a blob listing that another run made.
    fn is_listed(&self, request: &Request) -> bool {
        self.header.blob_listing.is_some() && is_blob(request)
    }
}

fn is_blob(request: &Request) -> bool {
    request.kind.audience() == Audience::Storage
}

fn first_few(containers: &[String]) -> String {
    match containers.split_at_checked(NAMED_CONTAINERS) {
        Some((first, more)) if !more.is_empty() => {
            format!("{} and {} more", first.join(", "), more.len())
        }
        _ => containers.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::RequestKind;

    fn listing(containers: &[&str]) -> BlobListing {
        BlobListing {
            tool_version: String::new(),
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Timestamp::UNIX_EPOCH,
            stopped: None,
            identity: Identity::default(),
            containers: containers.iter().map(|url| (*url).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_not_there_says_why_and_what_to_do() {
        let folder = Request::blobs(RequestKind::FolderBlobs, "https://st/bkp", Some("2026/"));
        let lack = |listing: BlobListing| {
            let (reason, message) = listing.lack(&folder);
            assert!(message.contains("make it again with `vaudit list-blobs`"), "{message}");
            (reason, message)
        };
        let (reason, message) = lack(listing(&["https://st/app", "https://st/bkp"]));
        assert_eq!(reason, Reason::NotCollected);
        assert!(message.contains("lacks the blobs of a backup folder (2026/)"), "{message}");
        let (reason, message) = lack(listing(&["https://st/app", "https://other/bkp"]));
        assert_eq!(reason, Reason::NotCollected);
        let others = "is of https://st/app, https://other/bkp, not of https://st/bkp";
        assert!(message.contains(others), "{message}");
        let (_, message) = lack(listing(&["1", "2", "3", "4", "5", "6"]));
        assert!(message.contains("is of 1, 2, 3, 4 and 2 more, not of"), "{message}");
        assert!(lack(listing(&[])).1.contains("is empty"));
        let stopped = Some(Stopped::OutOfTime);
        let (reason, message) = lack(BlobListing { stopped, ..listing(&["https://st/bkp"]) });
        assert_eq!(reason, Reason::Interrupted);
        assert!(message.contains("was stopped before"), "{message}");
    }
}
