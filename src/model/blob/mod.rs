//! Blob listings as snapshots keep them: projected from the service's XML, nothing of the contents.
//!
//! A listing may be longer than memory is wide. So the entries of its pages may lie in a store
//! ([`Shelf`]), and whoever wants to know something of all of them asks each page for its
//! [`Summary`], or walks the [`Listing`] entry by entry.

#[cfg(test)]
pub(crate) mod fixture;
mod listing;
mod order;
mod shelf;
mod summary;

pub use listing::{Listing, Ordered};
pub use order::NameOrder;
pub use shelf::{BlobStore, Entries, MOST_IN_MEMORY, Shelf, Stored};
pub use summary::{Files, Span, Summary};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One page of a container listing, in the order of the service (ascending names).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlobPage {
    /// First-level folders (`BlobPrefix`), with their trailing `/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// The blobs.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    #[schemars(with = "Vec<BlobEntry>")]
    pub blobs: Entries,
    /// How many entries have no name that could be read. They are there, and nobody can say what
    /// they are, so the list is not complete.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// The marker of the next page (`NextMarker`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One blob of a listing. A property the service did not send is `None`, never a zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlobEntry {
    /// The full name, folders included; case-sensitive.
    pub name: String,
    /// `Content-Length` in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// `Content-MD5` in base64; absent for many block-list uploads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// `Creation-Time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub modified: Option<Timestamp>,
    /// `CopyStatus` (`pending`, `success`, `aborted`, `failed`), when the blob was made by a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_status: Option<String>,
    /// Whether this is a directory of a hierarchical namespace, not a blob.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub directory: bool,
}

impl BlobEntry {
    /// Whether a copy into it is still running.
    pub fn has_pending_copy(&self) -> bool {
        self.copy_status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("pending"))
    }
}
