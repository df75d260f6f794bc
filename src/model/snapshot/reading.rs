//! Reading snapshot files.
//!
//! What vaudit writes is the only form there is: a line that says the same in other bytes is refused.

use std::io::{self, BufRead, BufReader, Read as _, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lines::{CLOSING, OPENING, closing, ending};
use super::packed::{self, Unpacking};
use super::{Header, Key, SNAPSHOT_VERSION, Snapshot, SnapshotError, hex};
use crate::blob::Shelf;
use crate::document::{Body, Document};
use crate::need::Request;

/// The longest line that is read, in bytes. vaudit reads no body above 32 MiB, and none of its bytes
/// takes more than six in a text of JSON.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// How many values a line may hold: twice as many as vaudit reads of a body. Each takes many times
/// the memory of its text while the line is read.
const MOST_VALUES: usize = 4_000_000;

/// How much of a name is shown in an error, in characters.
const LONGEST_NAME: usize = 300;

/// The last line: SHA-256 of all bytes before it, in hexadecimal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    #[expect(dead_code, reason = "the line is compared whole with what it has to be")]
    sha256: String,
}

/// A snapshot that was read from a file, whole and unchanged.
#[derive(Debug)]
pub struct SnapshotFile {
    /// What it holds.
    pub snapshot: Snapshot,
    /// What its closing line says.
    pub sha256: String,
    /// Whether it is compressed.
    pub is_compressed: bool,
}

impl SnapshotFile {
    /// Reads a snapshot, compressed or not. The blobs of its listings are put on a shelf.
    ///
    /// # Errors
    ///
    /// When the file is not a snapshot, was cut, was changed, or has another format version; the
    /// error says in which line.
    pub fn read(mut reader: impl BufRead, shelf: &Shelf) -> Result<Self, SnapshotError> {
        let head = reader.fill_buf().map_err(SnapshotError::Unreadable)?;
        let common = head.len().min(packed::MAGIC.len());
        if common == 0 || head[..common] != packed::MAGIC[..common] {
            let (snapshot, sha256) = read_text(reader, shelf)?;
            return Ok(Self { snapshot, sha256, is_compressed: false });
        }
        let mut packed = Unpacking::new(reader)?;
        let read = read_text(BufReader::new(&mut packed), shelf);
        let (snapshot, sha256) = read.map_err(|error| packed.failure().unwrap_or(error))?;
        packed.finish()?;
        Ok(Self { snapshot, sha256, is_compressed: true })
    }
}

impl Snapshot {
    /// Reads a snapshot, compressed or not.
    ///
    /// # Errors
    ///
    /// As [`SnapshotFile::read`].
    pub fn read_from(reader: impl BufRead, shelf: &Shelf) -> Result<Self, SnapshotError> {
        SnapshotFile::read(reader, shelf).map(|file| file.snapshot)
    }
}

fn read_text(reader: impl BufRead, shelf: &Shelf) -> Result<(Snapshot, String), SnapshotError> {
    let mut lines = Lines::of(reader, LONGEST_LINE);
    let first = lines.next()?.ok_or(SnapshotError::Empty)?;
    let mut snapshot = Snapshot::empty(read_header(first)?);
    if !is_written_as(&snapshot.header, first) {
        return Err(SnapshotError::Foreign { line: 1 });
    }
    if !lines.bytes.ends_with(b"\n") {
        return Err(SnapshotError::CutLine { line: 1 });
    }
    loop {
        let sha256 = hex(&lines.hash.clone().finalize());
        let line = lines.count + 1;
        let Some(text) = lines.next()? else {
            return Err(SnapshotError::Cut { line: lines.count });
        };
        if text.starts_with(CLOSING) {
            lines.close(&sha256)?;
            return Ok((snapshot, sha256));
        }
        let mut document = read_document(text, line)?;
        match &mut document.body {
            Body::Blobs(page) => shelf.put(page),
            Body::Json(body) => body.fold(),
            Body::Empty | Body::Text(_) => {}
        }
        if snapshot.documents.last_key_value().is_some_and(|(last, _)| *last >= key(&document)) {
            return Err(SnapshotError::OutOfPlace { line });
        }
        snapshot.insert(document);
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
    read: u64,
    /// How many bytes a line may have.
    longest: u64,
}

impl<R: BufRead> Lines<R> {
    fn of(reader: R, longest: u64) -> Self {
        Self { reader, hash: Sha256::new(), bytes: Vec::new(), count: 0, read: 0, longest }
    }

    /// The next line without its end.
    fn next(&mut self) -> Result<Option<&str>, SnapshotError> {
        self.bytes.clear();
        let mut limited = self.reader.by_ref().take(self.longest + 1);
        let length =
            limited.read_until(b'\n', &mut self.bytes).map_err(SnapshotError::Unreadable)? as u64;
        if length == 0 {
            return Ok(None);
        }
        self.count += 1;
        let begins_at = self.read;
        self.read += length;
        let separators = self.bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{'));
        if length > self.longest || separators.count() > MOST_VALUES {
            return Err(SnapshotError::TooMuch { line: self.count });
        }
        self.hash.update(&self.bytes);
        // What is no snapshot at all need not have lines.
        if self.count > 1 && !self.bytes.ends_with(b"\n") {
            return Err(SnapshotError::CutLine { line: self.count });
        }
        let line = std::str::from_utf8(&self.bytes).map_err(|error| SnapshotError::NotText {
            byte: begins_at + error.valid_up_to() as u64,
        })?;
        Ok(Some(line.strip_suffix('\n').unwrap_or(line)))
    }

    /// Holds the last line that was read against what it has to be, and looks for more behind it.
    fn close(&mut self, sha256: &str) -> Result<(), SnapshotError> {
        let line = self.count;
        if self.bytes != closing(sha256).as_bytes() {
            return Err(match serde_json::from_slice::<Closing>(&self.bytes) {
                Ok(_) => SnapshotError::Changed { line },
                Err(_) => SnapshotError::Closing { line },
            });
        }
        match self.next() {
            Ok(None) => Ok(()),
            Err(SnapshotError::Unreadable(error)) => Err(SnapshotError::Unreadable(error)),
            Ok(Some(_)) | Err(_) => Err(SnapshotError::Trailing { line: line + 1 }),
        }
    }
}

fn read_header(line: &str) -> Result<Header, SnapshotError> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(SnapshotError::NotASnapshot)?;
    let known = u64::from(SNAPSHOT_VERSION);
    match value.get("vaudit_snapshot").and_then(serde_json::Value::as_u64) {
        Some(found) if found < known => Err(SnapshotError::Older { found }),
        Some(found) if found > known => Err(SnapshotError::Newer { found }),
        _ => serde_json::from_value(value).map_err(SnapshotError::NotASnapshot),
    }
}

fn read_document(text: &str, line: usize) -> Result<Document, SnapshotError> {
    let length_of_ending = ending(&[]).len();
    let rest = text.strip_prefix(OPENING).ok_or(SnapshotError::Line { line })?;
    let end = rest.len().checked_sub(length_of_ending).ok_or(SnapshotError::Line { line })?;
    let (written, end) = rest.split_at_checked(end).ok_or(SnapshotError::Line { line })?;
    if end != ending(written.as_bytes()) {
        return Err(SnapshotError::Edited { line, what: named(written) });
    }
    let document: Document =
        serde_json::from_str(written).map_err(|source| SnapshotError::Document { line, source })?;
    if is_written_as(&document, written) {
        Ok(document)
    } else {
        Err(SnapshotError::Foreign { line })
    }
}

/// What a document says it is of, between commas; nothing where it does not say so.
fn named(document: &str) -> String {
    #[derive(Deserialize)]
    struct Asked {
        request: Request,
        page: u32,
    }
    let Ok(Asked { request, page }) = serde_json::from_str(document) else {
        return String::new();
    };
    let Request { kind, target, filter } = request;
    // It is from nobody knows where, and only has to be found again.
    let target: String = target.chars().take(LONGEST_NAME).collect();
    let filter = filter.map(|filter| filter.chars().take(LONGEST_NAME).collect::<String>());
    let filter = filter.map(|filter| format!(" ({filter})")).unwrap_or_default();
    let page = if page > 0 { format!(", page {}", page + 1) } else { String::new() };
    format!(", {} at {target}{filter}{page},", kind.title())
}

fn key(document: &Document) -> Key {
    (document.request.clone(), document.page)
}

/// Whether a value is written in these very bytes.
fn is_written_as(value: &impl Serialize, text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    serde_json::to_writer(&mut rest, value).is_ok() && rest.0.is_empty()
}

/// What is still to come of a text that is written once more.
struct Rest<'t>(&'t [u8]);

impl Write for Rest<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let rest = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        self.0 = rest;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_holds_too_much_is_not_read() {
        let values = ",".repeat(MOST_VALUES + 1);
        let error = Snapshot::read_from(values.as_bytes(), &Shelf::default()).unwrap_err();
        assert!(matches!(error, SnapshotError::TooMuch { line: 1 }), "{error}");
        let mut endless = Lines::of(BufReader::new(io::repeat(b' ')), 1_000);
        let error = endless.next().unwrap_err();
        assert!(matches!(error, SnapshotError::TooMuch { line: 1 }), "{error}");
        assert_eq!(endless.bytes.len(), 1_001, "no more is read");
    }
}
