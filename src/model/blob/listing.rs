//! A whole listing, walked as a stream of entries.

use std::borrow::Cow;
use std::io;

use super::{BlobEntry, Entries, NameOrder, Summary};
use crate::fact::{Gap, Reason};

/// The blobs of a listing over all its pages, which may have been read only in part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing<'e> {
    /// The pages, in the order of the service.
    pub pages: Vec<&'e Entries>,
    /// Why the rest was not read; none when the listing is complete.
    pub missing: Option<Gap>,
}

/// An entry, borrowed or read back, or why there are no more.
type Entry<'e> = Result<Cow<'e, BlobEntry>, Gap>;

impl<'e> Listing<'e> {
    /// Whether every page was read.
    pub fn is_complete(&self) -> bool {
        self.missing.is_none()
    }

    /// What can be said of all entries together.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for page in &self.pages {
            summary.join(&page.summary());
        }
        summary
    }

    /// The entries, with no more than a page of them read back at a time. What follows a gap is
    /// not to be relied on.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'e>> + use<'e> {
        self.pages.clone().into_iter().flat_map(entries_of)
    }

    /// The entries of the pages that a summary may speak of.
    pub fn entries_where(
        &self,
        is_of_interest: impl Fn(&Summary) -> bool,
    ) -> impl Iterator<Item = Entry<'e>> {
        let pages = self.pages.clone().into_iter();
        pages.filter(move |page| is_of_interest(&page.summary())).flat_map(entries_of)
    }

    /// The blobs that are no directories, to be walked in an order. Where the service has listed
    /// them in another one they are all read into memory and sorted, as when a flat namespace is
    /// held against a hierarchical one.
    ///
    /// # Errors
    ///
    /// When they have to be sorted and cannot be read back.
    pub fn in_order(&self, order: NameOrder) -> Result<Ordered<'_, 'e>, Gap> {
        if self.summary().files.are_in(order) {
            return Ok(Ordered { order, blobs: Blobs::Streamed(self) });
        }
        let mut blobs = self.entries().filter(is_file).collect::<Result<Vec<_>, Gap>>()?;
        blobs.sort_by(|a, b| order.compare(&a.name, &b.name));
        Ok(Ordered { order, blobs: Blobs::Sorted(blobs) })
    }
}

/// The blobs of a listing that are no directories, in an order.
#[derive(Debug)]
pub struct Ordered<'l, 'e> {
    order: NameOrder,
    blobs: Blobs<'l, 'e>,
}

#[derive(Debug)]
enum Blobs<'l, 'e> {
    Streamed(&'l Listing<'e>),
    Sorted(Vec<Cow<'e, BlobEntry>>),
}

impl Ordered<'_, '_> {
    /// The blobs whose names begin so. Pages that can hold none of them are not read back.
    pub fn below<'o>(&'o self, beginning: &'o str) -> Box<dyn Iterator<Item = Entry<'o>> + 'o> {
        let begins = move |blob: &BlobEntry| blob.name.starts_with(beginning);
        match &self.blobs {
            Blobs::Sorted(blobs) => {
                let blobs = blobs.iter().filter(move |blob| begins(blob));
                Box::new(blobs.map(|blob| Ok(Cow::Borrowed(blob.as_ref()))))
            }
            Blobs::Streamed(listing) => {
                let pages = listing.pages.iter().filter(move |page| match page {
                    Entries::InMemory(_) => true,
                    Entries::Stored(_) => {
                        let summary = page.summary();
                        let span = summary.files.span.as_ref();
                        span.is_some_and(|span| span.may_hold(beginning, self.order))
                    }
                });
                let files = pages.flat_map(|page| entries_of(page)).filter(is_file);
                Box::new(files.filter(move |blob| blob.as_ref().map_or(true, |blob| begins(blob))))
            }
        }
    }
}

fn entries_of(page: &Entries) -> Box<dyn Iterator<Item = Entry<'_>> + '_> {
    match page.read() {
        Ok(Cow::Borrowed(entries)) => {
            Box::new(entries.iter().map(|entry| Ok(Cow::Borrowed(entry))))
        }
        Ok(Cow::Owned(entries)) => Box::new(entries.into_iter().map(|entry| Ok(Cow::Owned(entry)))),
        Err(error) => Box::new(std::iter::once(Err(lost(&error)))),
    }
}

fn is_file(entry: &Entry<'_>) -> bool {
    entry.as_ref().map_or(true, |blob| !blob.directory)
}

fn lost(error: &io::Error) -> Gap {
    let message = format!("a listing that was put aside on disk could not be read back: {error}");
    Gap::because(Reason::Transport, message)
}
