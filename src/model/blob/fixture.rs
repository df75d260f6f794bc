//! A store for unit tests.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{BlobEntry, BlobPage, BlobStore, Entries, Shelf};

/// A store in memory that can be told to fail.
#[derive(Debug)]
pub(crate) struct Store {
    bytes: Mutex<Vec<u8>>,
    /// How often it can be read yet.
    reads: AtomicUsize,
}

impl Store {
    /// A store that can be read so often.
    pub(crate) fn lasting(reads: usize) -> Self {
        Self { bytes: Mutex::default(), reads: AtomicUsize::new(reads) }
    }
}

impl BlobStore for Store {
    fn put(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut all = self.bytes.lock().unwrap();
        let at = all.len();
        all.extend_from_slice(bytes);
        Ok(at as u64)
    }

    fn get(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let spend = |left: usize| left.checked_sub(1);
        let left = self.reads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend);
        left.map_err(|_| io::Error::other("the disk is gone"))?;
        let at = usize::try_from(at).unwrap();
        Ok(self.bytes.lock().unwrap()[at..at + length].to_vec())
    }
}

/// Puts blobs on pages, and the pages on a shelf.
pub(crate) fn pages(blobs: &[BlobEntry], size: usize, shelf: &Shelf) -> Vec<Entries> {
    let pages = blobs.chunks(size).map(|page| {
        let mut page = BlobPage { blobs: page.to_vec().into(), ..Default::default() };
        shelf.put(&mut page);
        page.blobs
    });
    pages.collect()
}
