//! Snapshots as text: a header, one document a line in a fixed order with its SHA-256, and a closing
//! line with the SHA-256 of all bytes before it.
//!
//! No more than a line is held at a time, beside what the snapshot itself keeps in memory.

use std::collections::btree_map::Values;
use std::io::{self, Read, Write};

use schemars::JsonSchema;
use sha2::{Digest, Sha256};

use super::reading::Closing;
use super::{Header, Key, Snapshot, hex, packed};
use crate::document::Document;

/// What stands before a document.
pub(super) const OPENING: &str = "{\"document\":";

/// What stands before the digest in the closing line.
pub(super) const CLOSING: &str = "{\"sha256\":\"";

/// A document and the SHA-256 of its bytes as they stand in the line, in hexadecimal.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is made from it; the line is read byte by byte")]
struct Sealed {
    document: Document,
    sha256: String,
}

impl Snapshot {
    /// Writes the snapshot.
    ///
    /// # Errors
    ///
    /// When the writer fails, or blobs cannot be read back.
    pub fn write_to(&self, mut writer: impl Write) -> io::Result<()> {
        let mut text = Text::of(self);
        while text.next_line()? {
            writer.write_all(&text.line)?;
        }
        Ok(())
    }

    /// Writes the snapshot compressed.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn write_compressed_to(&self, writer: impl Write) -> io::Result<()> {
        packed::write(Text::of(self), writer)
    }

    /// SHA-256 of the snapshot's lines, in hexadecimal: what the closing line says. Where a line
    /// cannot be written, because its blobs cannot be read back, it is that of what stands before:
    /// no file can have it.
    pub fn digest(&self) -> String {
        let mut text = Text::of(self);
        // What could not be read back is a gap of whoever asks for it.
        while !text.is_closed && matches!(text.next_line(), Ok(true)) {}
        text.digest()
    }
}

/// The text of a snapshot, made line by line.
pub(super) struct Text<'s> {
    header: Option<&'s Header>,
    documents: Values<'s, Key, Document>,
    /// Of all lines but the closing one.
    hash: Sha256,
    is_closed: bool,
    line: Vec<u8>,
    /// How much of the line was handed out.
    handed_out: usize,
}

impl<'s> Text<'s> {
    fn of(snapshot: &'s Snapshot) -> Self {
        Self {
            header: Some(&snapshot.header),
            documents: snapshot.documents.values(),
            hash: Sha256::new(),
            is_closed: false,
            line: Vec::new(),
            handed_out: 0,
        }
    }

    /// SHA-256 of the lines so far, the closing one not counted.
    fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// Makes the next line; false when there is none.
    fn next_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.handed_out = 0;
        if let Some(header) = self.header.take() {
            serde_json::to_writer(&mut self.line, header)?;
            self.line.push(b'\n');
        } else if let Some(document) = self.documents.next() {
            self.line.extend_from_slice(OPENING.as_bytes());
            serde_json::to_writer(&mut self.line, document)?;
            let ending = ending(&self.line[OPENING.len()..]);
            self.line.extend_from_slice(ending.as_bytes());
            self.line.push(b'\n');
        } else if self.is_closed {
            return Ok(false);
        } else {
            self.line.extend_from_slice(closing(&self.digest()).as_bytes());
            self.is_closed = true;
            return Ok(true);
        }
        self.hash.update(&self.line);
        Ok(true)
    }
}

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.handed_out == self.line.len() && !self.next_line()? {
            return Ok(0);
        }
        let rest = &self.line[self.handed_out..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.handed_out += count;
        Ok(count)
    }
}

/// What stands behind a document.
pub(super) fn ending(document: &[u8]) -> String {
    format!(",\"sha256\":\"{}\"}}", hex(&Sha256::digest(document)))
}

pub(super) fn closing(sha256: &str) -> String {
    format!("{CLOSING}{sha256}\"}}\n")
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
    Document(Sealed),
    Closing(Closing),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::BufReader;

    use serde_json::json;

    use super::super::{SNAPSHOT_VERSION, SnapshotFile};
    use super::*;
    use crate::blob::fixture::Store;
    use crate::blob::{BlobEntry, BlobPage, BlobStore, Shelf};
    use crate::document::Body;
    use crate::fact::Fact;
    use crate::need::{Request, RequestKind};

    const CONTAINER: &str = "https://st.blob.core.windows.net/app";

    /// A snapshot of one listing of two pages, put on a shelf.
    fn snapshot(shelf: &Shelf) -> Snapshot {
        let header = json!({
            "vaudit_snapshot": SNAPSHOT_VERSION, "tool_version": "0", "requests": 0, "retries": 0,
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
    fn compressed_it_is_the_same_snapshot() {
        let kept = snapshot(&Shelf::default());
        let mut packed = Vec::new();
        kept.write_compressed_to(&mut packed).unwrap();
        let read = |bytes: &[u8]| SnapshotFile::read(bytes, &Shelf::default());
        let again = read(&packed).unwrap();
        assert!(again.is_compressed);
        assert_eq!(again.snapshot, kept);
        assert_eq!(again.sha256, kept.digest());
        let text = read(written(&kept).as_bytes()).unwrap();
        assert!(!text.is_compressed);
        assert_eq!(text.sha256, kept.digest());
        // What the reader brings piece by piece is no other file.
        let reader = BufReader::with_capacity(1, packed.as_slice());
        assert_eq!(SnapshotFile::read(reader, &Shelf::default()).unwrap().snapshot, kept);
    }

    #[test]
    fn a_listing_that_is_lost_is_not_written_and_has_another_digest() {
        let kept = snapshot(&Shelf::default());
        let lost = snapshot(&Shelf::keeping(2, Store::lasting(0)));
        let error = lost.write_to(Vec::new()).unwrap_err();
        assert!(error.to_string().contains("the disk is gone"), "{error}");
        let lost = snapshot(&Shelf::keeping(2, Store::lasting(0)));
        let error = lost.write_compressed_to(Vec::new()).unwrap_err();
        assert!(error.to_string().contains("the disk is gone"), "{error}");
        let full = kept.write_compressed_to([0; 20].as_mut_slice()).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::WriteZero);
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
