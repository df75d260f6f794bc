//! Whatever bytes a file has, the loader of snapshots takes it or refuses it: it never panics, and what
//! it takes it would write in these very bytes.
//!
//! The first byte says what is done with the others: they are loaded as they are; or, because no
//! mutation guesses a SHA-256, their documents and the text, or the compressed data, are sealed first.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use vaudit_model::Snapshot;
use vaudit_model::blob::Shelf;
use vaudit_model::snapshot::{SnapshotFile, hex};

const OPENING: &[u8] = b"{\"document\":";
const ENDING: &[u8] = b",\"sha256\":\"";
const CLOSING: &[u8] = b"{\"sha256\":";

fuzz_target!(|data: &[u8]| {
    let Some((how, bytes)) = data.split_first() else { return };
    match how % 3 {
        0 => load(bytes),
        1 => load(&sealed_text(bytes)),
        _ => load(&sealed_frame(bytes)),
    }
});

fn read(bytes: &[u8]) -> Option<SnapshotFile> {
    SnapshotFile::read(bytes, &Shelf::default()).ok()
}

fn load(bytes: &[u8]) {
    let Some(file) = read(bytes) else { return };
    let snapshot = &file.snapshot;
    let mut text = Vec::new();
    snapshot.write_to(&mut text).expect("nothing was put away");
    if !file.is_compressed {
        assert_eq!(text, bytes, "what is loaded is written in the same bytes");
    }
    assert_eq!(snapshot.digest(), file.sha256);
    look_at(snapshot);
    let mut packed = Vec::new();
    snapshot.write_compressed_to(&mut packed).expect("nothing was put away");
    let again = read(&packed).expect("what is written is loaded");
    assert!(again.is_compressed && again.sha256 == file.sha256 && again.snapshot == *snapshot);
}

/// Reads every body, as an audit would.
fn look_at(snapshot: &Snapshot) {
    for document in snapshot.documents() {
        let _ = snapshot.answer(document);
        let _ = document.next_page();
        let _ = snapshot.list(&document.request);
        let _ = snapshot.resource(&document.request);
        let _ = snapshot.blobs(&document.request);
    }
}

/// The lines with digests that are theirs, and a closing line.
fn sealed_text(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.is_empty() || line.starts_with(CLOSING) {
            continue;
        }
        match line.strip_prefix(OPENING) {
            Some(rest) => {
                let end = rest.windows(ENDING.len()).rposition(|window| window == ENDING);
                let document = &rest[..end.unwrap_or(rest.len())];
                text.extend_from_slice(OPENING);
                text.extend_from_slice(document);
                text.extend_from_slice(ENDING);
                text.extend_from_slice(hex(&Sha256::digest(document)).as_bytes());
                text.extend_from_slice(b"\"}");
            }
            None => text.extend_from_slice(line),
        }
        text.push(b'\n');
    }
    let closing = format!("{{\"sha256\":\"{}\"}}\n", hex(&Sha256::digest(&text)));
    text.extend_from_slice(closing.as_bytes());
    text
}

/// The frame with a seal that is its own.
fn sealed_frame(bytes: &[u8]) -> Vec<u8> {
    let frame = &bytes[..bytes.len().saturating_sub(40)];
    let mut sealed = frame.to_vec();
    sealed.extend_from_slice(&[0x5e, 0x2a, 0x4d, 0x18, 32, 0, 0, 0]);
    sealed.extend_from_slice(&Sha256::digest(frame));
    sealed
}
