//! Why a file is not a snapshot.

use std::io;

use super::SNAPSHOT_VERSION;

/// Why a file is not a snapshot that can be relied on. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The file is not UTF-8 text.
    #[error("it is not UTF-8 text (byte {byte})")]
    NotText {
        /// How many bytes of text stand before what is none.
        byte: u64,
    },
    /// The file holds nothing.
    #[error("the file is empty")]
    Empty,
    /// The first line is not a snapshot's header.
    #[error("line 1 is not the header of a snapshot: {0}")]
    NotASnapshot(#[source] serde_json::Error),
    /// The file was written in a format from before this vaudit.
    #[error(
        "it has format version {found}, which this vaudit ({SNAPSHOT_VERSION}) no longer reads: collect it again"
    )]
    Older {
        /// The version the header names.
        found: u64,
    },
    /// The file was written in a format from after this vaudit.
    #[error(
        "it has format version {found}, which this vaudit ({SNAPSHOT_VERSION}) does not know yet: use a newer vaudit"
    )]
    Newer {
        /// The version the header names.
        found: u64,
    },
    /// A line is longer than any that vaudit writes, or holds more values.
    #[error("line {line} holds more than any line of a snapshot")]
    TooMuch {
        /// The line.
        line: usize,
    },
    /// A line is neither a document nor the closing line.
    #[error("line {line} is neither a document nor the closing line")]
    Line {
        /// The line.
        line: usize,
    },
    /// A document is not the one that was written there.
    #[error("line {line}{what} does not match its SHA-256: it was edited after it was written")]
    Edited {
        /// The line.
        line: usize,
        /// What the document is, between commas, where it can be told.
        what: String,
    },
    /// A document that matches its digest is not one.
    #[error("line {line} is not a document: {source}")]
    Document {
        /// The line.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A line says what it says in another way than vaudit.
    #[error("line {line} is not written as vaudit writes it: another program made it")]
    Foreign {
        /// The line.
        line: usize,
    },
    /// A document stands twice in the file, or not where it belongs.
    #[error("line {line} is not in its place: documents stand in a fixed order, each once")]
    OutOfPlace {
        /// The line.
        line: usize,
    },
    /// The closing line is missing: the file was cut.
    #[error("the closing line is missing after line {line}: the file was cut")]
    Cut {
        /// The last line there is.
        line: usize,
    },
    /// The file ends inside a line.
    #[error("line {line} has no end: the file was cut")]
    CutLine {
        /// The line.
        line: usize,
    },
    /// The digest of the closing line is not that of the bytes before it.
    #[error(
        "the content does not match the SHA-256 in line {line}, though each document matches its own: the header was edited, or lines were added, removed or replaced"
    )]
    Changed {
        /// The closing line.
        line: usize,
    },
    /// The closing line is not one.
    #[error("line {line} is not a closing line as vaudit writes it: it was edited or damaged")]
    Closing {
        /// The closing line.
        line: usize,
    },
    /// There is something after the closing line.
    #[error("line {line} follows the closing line")]
    Trailing {
        /// The first surplus line.
        line: usize,
    },
    /// The compressed data cannot be decompressed.
    #[error("it cannot be decompressed: {why}")]
    Damaged {
        /// What the decoder says.
        why: String,
    },
    /// The compressed data has no end.
    #[error("the compressed data has no end: the file was cut")]
    CutPacked,
    /// The compressed data is not sealed.
    #[error(
        "the compressed data has no seal of vaudit behind it: the file was cut, or another program compressed it"
    )]
    Unsealed,
    /// The compressed data does not match its seal.
    #[error(
        "the compressed data does not match its seal: the file was changed after it was written"
    )]
    BrokenSeal,
    /// There is something after the seal.
    #[error("something follows the seal of the compressed data")]
    TrailingBytes,
}

impl SnapshotError {
    /// Whether the compression is what is wrong, so that what is inside may be whole.
    pub fn is_about_compression(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Unsealed | Self::BrokenSeal | Self::TrailingBytes
        )
    }
}
