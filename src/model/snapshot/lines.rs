//! Snapshots as files: a text of lines, which are a header, one document a line in a fixed order,
//! and a closing line with the SHA-256 of all bytes before it.
//!
//! No more than a line is held at a time, beside what the snapshot itself keeps in memory.

use std::io::{self, BufRead, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Header, SNAPSHOT_VERSION, Snapshot, hex};
use crate::blob::Shelf;
use crate::document::{Body, Document};

/// The last line: SHA-256 of all bytes before it, in hexadecimal.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    sha256: String,
}

/// Why a text is not a snapshot. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file is not UTF-8 text.
    #[error("it is not UTF-8 text (byte {byte})")]
    NotText {
        /// How many bytes of text stand before what is none.
        byte: usize,
    },
    /// The file holds nothing.
    #[error("the file is empty")]
    Empty,
    /// The first line is not a snapshot's header.
    #[error("line 1 is not the header of a snapshot: {0}")]
    NotASnapshot(#[source] serde_json::Error),
    /// The file was written in a format this vaudit does not know.
    #[error(
        "the snapshot has format version {found}, this vaudit reads version {SNAPSHOT_VERSION}"
    )]
    Version {
        /// The version the header names.
        found: u64,
    },
    /// A line is not a document.
    #[error("line {line} is not a document: {source}")]
    Document {
        /// The line.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The closing line is missing: the file was cut.
    #[error("the closing line is missing after line {line}: the file was cut")]
    Cut {
        /// The last line there is.
        line: usize,
    },
    /// The digest of the closing line is not that of the bytes before it.
    #[error(
        "the content does not match the digest in line {line}: the file was changed after it was written"
    )]
    Changed {
        /// The closing line.
        line: usize,
    },
    /// There is something after the closing line.
    #[error("line {line} follows the closing line")]
    Trailing {
        /// The first surplus line.
        line: usize,
    },
}

impl Snapshot {
    /// Writes the snapshot.
    ///
    /// # Errors
    ///
    /// When the writer fails.
    pub fn write_to(&self, writer: impl Write) -> io::Result<()> {
        let mut hashing = Hashing { writer, hash: Sha256::new() };
        self.write_lines(&mut hashing)?;
        let Hashing { mut writer, hash } = hashing;
        let closing = Closing { sha256: hex(&hash.finalize()) };
        serde_json::to_writer(&mut writer, &closing)?;
        writer.write_all(b"\n")
    }

    /// SHA-256 of the snapshot's lines, in hexadecimal: what the closing line says. Where a line
    /// cannot be written, because its blobs cannot be read back, it is that of what stands before:
    /// no file can have it.
    pub fn digest(&self) -> String {
        let mut hashing = Hashing { writer: io::sink(), hash: Sha256::new() };
        // What could not be read back is a gap of whoever asks for it.
        let _ = self.write_lines(&mut hashing);
        hex(&hashing.hash.finalize())
    }

    fn write_lines(&self, writer: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *writer, &self.header)?;
        writer.write_all(b"\n")?;
        for document in self.documents.values() {
            serde_json::to_writer(&mut *writer, document)?;
            writer.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads a snapshot. The blobs of its listings are put on a shelf.
    ///
    /// # Errors
    ///
    /// When the text is not a snapshot, was cut, was changed, or has another format version; the
    /// error says in which line.
    pub fn read_from(reader: impl BufRead, shelf: &Shelf) -> Result<Self, SnapshotError> {
        let mut lines = Lines { reader, hash: Sha256::new(), bytes: Vec::new(), count: 0, read: 0 };
        let first = lines.next()?.ok_or(SnapshotError::Empty)?;
        let mut snapshot = Self::empty(read_header(first)?);
        loop {
            let before = lines.hash.clone();
            let number = lines.count + 1;
            let Some(line) = lines.next()? else {
                return Err(SnapshotError::Cut { line: lines.count });
            };
            match serde_json::from_str::<Document>(line) {
                Ok(mut document) => {
                    if let Body::Blobs(page) = &mut document.body {
                        shelf.put(page);
                    }
                    snapshot.insert(document);
                }
                Err(source) => {
                    let closing: Closing = serde_json::from_str(line)
                        .map_err(|_| SnapshotError::Document { line: number, source })?;
                    if lines.next()?.is_some() {
                        return Err(SnapshotError::Trailing { line: number + 1 });
                    }
                    return if hex(&before.finalize()) == closing.sha256 {
                        Ok(snapshot)
                    } else {
                        Err(SnapshotError::Changed { line: number })
                    };
                }
            }
        }
    }
}

/// The lines of a text, one at a time, and the digest of all that were read.
struct Lines<R> {
    reader: R,
    hash: Sha256,
    bytes: Vec<u8>,
    /// How many lines were read.
    count: usize,
    /// How many bytes were read.
    read: usize,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<&str>, SnapshotError> {
        self.bytes.clear();
        let length = self.reader.read_until(b'\n', &mut self.bytes)?;
        if length == 0 {
            return Ok(None);
        }
        self.hash.update(&self.bytes);
        self.count += 1;
        self.read += length;
        let line = std::str::from_utf8(&self.bytes).map_err(|error| SnapshotError::NotText {
            byte: self.read - length + error.valid_up_to(),
        })?;
        Ok(Some(line.trim_end_matches(['\r', '\n'])))
    }
}

/// The JSON Schema of one line of a snapshot: the header, a document, or the closing line.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Line).to_value()
}

/// One line of a snapshot.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(title = "A line of a vaudit snapshot")]
#[expect(dead_code, reason = "only the schema is made from it; lines are read one kind at a time")]
enum Line {
    Header(Header),
    Document(Document),
    Closing(Closing),
}

fn read_header(line: &str) -> Result<Header, SnapshotError> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(SnapshotError::NotASnapshot)?;
    if let Some(found) = value.get("vaudit_snapshot").and_then(serde_json::Value::as_u64)
        && found != u64::from(SNAPSHOT_VERSION)
    {
        return Err(SnapshotError::Version { found });
    }
    serde_json::from_value(value).map_err(SnapshotError::NotASnapshot)
}

struct Hashing<W> {
    writer: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::blob::fixture::Store;
    use crate::blob::{BlobEntry, BlobPage, BlobStore};
    use crate::fact::Fact;
    use crate::need::{Request, RequestKind};

    const CONTAINER: &str = "https://st.blob.core.windows.net/app";

    /// A snapshot of one listing of two pages, put on a shelf.
    fn snapshot(shelf: &Shelf) -> Snapshot {
        let header = json!({
            "vaudit_snapshot": 1, "tool_version": "0", "requests": 0, "retries": 0,
            "started_at": "2026-11-22T09:00:00Z", "finished_at": "2026-11-22T09:00:00Z",
            "selection": {"profile": "all"}, "manifest": {"path": null, "text": ""},
        });
        let mut snapshot = Snapshot::empty(serde_json::from_value(header).unwrap());
        for (page, names) in [["a", "b \"quoted\""], ["c", "d"]].into_iter().enumerate() {
            let blobs = names.map(|name| BlobEntry {
                name: name.into(),
                length: Some(3),
                md5: Some("x".into()),
                created: Some("2026-11-22T02:00:00.5Z".parse().unwrap()),
                ..Default::default()
            });
            let next_marker = (page == 0).then(|| "more".to_owned());
            let mut listed =
                BlobPage { blobs: blobs.to_vec().into(), next_marker, ..Default::default() };
            shelf.put(&mut listed);
            snapshot.insert(Document {
                request: Request::blobs(RequestKind::SourceBlobs, CONTAINER, None),
                page: page as u32,
                method: "GET".into(),
                url: CONTAINER.into(),
                api_version: None,
                asked_api_version: None,
                status: Some(200),
                headers: BTreeMap::new(),
                body: Body::Blobs(listed),
                failure: None,
                read_at: "2026-11-22T09:00:00Z".parse().unwrap(),
                round_trip_ms: None,
            });
        }
        snapshot
    }

    fn written(snapshot: &Snapshot) -> String {
        let mut bytes = Vec::new();
        snapshot.write_to(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn names(snapshot: &Snapshot) -> Vec<String> {
        let request = Request::blobs(RequestKind::SourceBlobs, CONTAINER, None);
        let Fact::Known(listing, _) = snapshot.blobs(&request) else { panic!("it is there") };
        listing.entries().map(|entry| entry.unwrap().name.clone()).collect()
    }

    #[test]
    fn a_store_changes_neither_the_bytes_nor_the_digest() {
        let kept = snapshot(&Shelf::default());
        let stored = snapshot(&Shelf::keeping(2, Store::lasting(usize::MAX)));
        assert_ne!(kept, stored, "the second page is in the store");
        assert_eq!(written(&stored), written(&kept));
        assert_eq!(stored.digest(), kept.digest());
        assert!(written(&kept).contains(&kept.digest()));
        let shelf = Shelf::keeping(0, Store::lasting(usize::MAX));
        let text = written(&kept);
        let again = Snapshot::read_from(text.as_bytes(), &shelf).unwrap();
        assert_ne!(again, kept, "both pages are in the store");
        assert_eq!(written(&again), text);
        assert_eq!(names(&again), names(&kept));
    }

    #[test]
    fn a_listing_that_is_lost_is_not_written_and_has_another_digest() {
        let kept = snapshot(&Shelf::default());
        let lost = snapshot(&Shelf::keeping(2, Store::lasting(0)));
        let error = lost.write_to(Vec::new()).unwrap_err();
        assert!(error.to_string().contains("the disk is gone"), "{error}");
        assert_ne!(lost.digest(), kept.digest());
    }

    #[test]
    fn what_the_store_does_not_take_stays_in_memory() {
        #[derive(Debug)]
        struct Full;
        impl BlobStore for Full {
            fn put(&self, _: &[u8]) -> io::Result<u64> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn get(&self, _: u64, _: usize) -> io::Result<Vec<u8>> {
                Err(io::ErrorKind::NotFound.into())
            }
        }
        assert_eq!(snapshot(&Shelf::keeping(0, Full)), snapshot(&Shelf::default()));
    }
}
