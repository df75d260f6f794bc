//! Where the entries of blob listings are put: few stay in memory, those of long listings go to a
//! store, page by page.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::de::Deserializer;
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

use super::{BlobEntry, BlobPage, Summary};

/// How many entries a run keeps in memory. Most audits list fewer and never touch a disk.
pub const MOST_IN_MEMORY: usize = 10_000;

/// A place for bytes outside of memory. This room does no I/O, so whoever may brings one.
pub trait BlobStore: fmt::Debug + Send + Sync {
    /// Puts bytes away and says where.
    ///
    /// # Errors
    ///
    /// When there is no room for them.
    fn put(&self, bytes: &[u8]) -> io::Result<u64>;

    /// Brings back so many bytes from where they were put.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn get(&self, at: u64, length: usize) -> io::Result<Vec<u8>>;
}

/// Decides which entries stay in memory. Without a store, as the default is, all do.
#[derive(Debug, Default)]
pub struct Shelf {
    store: Option<Arc<dyn BlobStore>>,
    most_in_memory: usize,
    in_memory: AtomicUsize,
}

impl Shelf {
    /// A shelf that puts what is too much for memory into a store.
    pub fn backed_by(store: impl BlobStore + 'static) -> Self {
        Self::keeping(MOST_IN_MEMORY, store)
    }

    /// The same, with another measure of too much.
    pub fn keeping(most_in_memory: usize, store: impl BlobStore + 'static) -> Self {
        Self { store: Some(Arc::new(store)), most_in_memory, in_memory: AtomicUsize::new(0) }
    }

    /// Puts the entries of a page where they belong. Where the store has no room they stay in
    /// memory: that may be dear, but to lose them would cost a verdict.
    pub fn put(&self, page: &mut BlobPage) {
        let (Entries::InMemory(entries), Some(store)) = (&page.blobs, &self.store) else { return };
        let count = entries.len();
        if self.in_memory.fetch_add(count, Ordering::Relaxed) + count <= self.most_in_memory {
            return;
        }
        if let Some(stored) = Stored::put(store, entries) {
            self.in_memory.fetch_sub(count, Ordering::Relaxed);
            page.blobs = Entries::Stored(stored);
        }
    }
}

/// The blobs of a page. Written and read as the list they are, wherever they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entries {
    /// In memory.
    InMemory(Vec<BlobEntry>),
    /// In a store.
    Stored(Stored),
}

impl Entries {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::InMemory(entries) => entries.len(),
            Self::Stored(stored) => stored.count,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What can be said of all of them together.
    pub fn summary(&self) -> Cow<'_, Summary> {
        match self {
            Self::InMemory(entries) => Cow::Owned(Summary::of(entries)),
            Self::Stored(stored) => Cow::Borrowed(&stored.summary),
        }
    }

    /// The entries, read back where they are not in memory.
    ///
    /// # Errors
    ///
    /// When they cannot be read back.
    pub fn read(&self) -> io::Result<Cow<'_, [BlobEntry]>> {
        match self {
            Self::InMemory(entries) => Ok(Cow::Borrowed(entries)),
            Self::Stored(stored) => Ok(Cow::Owned(stored.read()?)),
        }
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self::InMemory(Vec::new())
    }
}

impl From<Vec<BlobEntry>> for Entries {
    fn from(entries: Vec<BlobEntry>) -> Self {
        Self::InMemory(entries)
    }
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::InMemory)
    }
}

/// Blobs in a store, and what can be said of them without reading them back.
#[derive(Clone, Debug)]
pub struct Stored {
    store: Arc<dyn BlobStore>,
    at: u64,
    length: usize,
    count: usize,
    summary: Box<Summary>,
}

impl Stored {
    fn put(store: &Arc<dyn BlobStore>, entries: &[BlobEntry]) -> Option<Self> {
        let bytes = serde_json::to_vec(entries).ok()?;
        Some(Self {
            at: store.put(&bytes).ok()?,
            store: Arc::clone(store),
            length: bytes.len(),
            count: entries.len(),
            summary: Box::new(Summary::of(entries)),
        })
    }

    fn read(&self) -> io::Result<Vec<BlobEntry>> {
        Ok(serde_json::from_slice(&self.store.get(self.at, self.length)?)?)
    }
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.store, &other.store) && self.at == other.at
    }
}

impl Eq for Stored {}
