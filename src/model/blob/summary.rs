//! What can be said of many blobs together: made when a page is put away, so that most questions
//! need not read it back.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{BlobEntry, NameOrder};

/// What can be said of some entries of a listing together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The earliest creation.
    pub earliest_creation: Option<Timestamp>,
    /// The last write; of an entry whose write was not sent the creation, which is no later.
    pub last_write: Option<Timestamp>,
    /// Whether a copy is still running.
    pub has_pending: bool,
    /// Whether a copy may have ended otherwise than well.
    pub has_doubtful_copies: bool,
    /// What can be said of the entries that are no directories.
    pub files: Files,
}

/// What can be said of the entries that are no directories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// How many there are.
    pub count: u64,
    /// The earliest creation.
    pub earliest_creation: Option<Timestamp>,
    /// The earliest creation, where one that was not sent is replaced by the last write.
    pub earliest_trace: Option<Timestamp>,
    /// Whether a creation was not sent.
    pub is_undated: bool,
    /// Where they stand among all names; none when there are none.
    pub span: Option<Span>,
}

/// The first and the last name of some files, and in which orders they stand between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first name.
    pub first: String,
    /// The last name.
    pub last: String,
    in_bytes: bool,
    in_tree: bool,
}

impl Summary {
    /// Looks at entries.
    pub fn of(entries: &[BlobEntry]) -> Self {
        let mut summary = Self::default();
        let mut last: Option<&BlobEntry> = None;
        let (mut in_bytes, mut in_tree) = (true, true);
        for entry in entries {
            summary.note(entry);
            if !entry.directory {
                let follows = |order: NameOrder| {
                    last.is_none_or(|last| order.compare(&last.name, &entry.name).is_le())
                };
                in_bytes = in_bytes && follows(NameOrder::Bytes);
                in_tree = in_tree && follows(NameOrder::Tree);
                last = Some(entry);
            }
        }
        let first = entries.iter().find(|entry| !entry.directory);
        summary.files.span = first.zip(last).map(|(first, last)| Span {
            first: first.name.clone(),
            last: last.name.clone(),
            in_bytes,
            in_tree,
        });
        summary
    }

    fn note(&mut self, entry: &BlobEntry) {
        earlier(&mut self.earliest_creation, entry.created);
        self.last_write = self.last_write.max(entry.modified.or(entry.created));
        self.has_pending |= entry.has_pending_copy();
        let status = entry.copy_status.as_deref();
        self.has_doubtful_copies |=
            status.is_some_and(|status| !status.trim().eq_ignore_ascii_case("success"));
        if !entry.directory {
            self.files.count += 1;
            earlier(&mut self.files.earliest_creation, entry.created);
            earlier(&mut self.files.earliest_trace, entry.created.or(entry.modified));
            self.files.is_undated |= entry.created.is_none();
        }
    }

    /// Adds what can be said of the entries that follow.
    pub fn join(&mut self, next: &Self) {
        earlier(&mut self.earliest_creation, next.earliest_creation);
        self.last_write = self.last_write.max(next.last_write);
        self.has_pending |= next.has_pending;
        self.has_doubtful_copies |= next.has_doubtful_copies;
        let (files, following) = (&mut self.files, &next.files);
        files.count += following.count;
        earlier(&mut files.earliest_creation, following.earliest_creation);
        earlier(&mut files.earliest_trace, following.earliest_trace);
        files.is_undated |= following.is_undated;
        match (&mut files.span, &following.span) {
            (Some(span), Some(next)) => span.join(next),
            (span @ None, next) => span.clone_from(next),
            (Some(_), None) => {}
        }
    }
}

impl Files {
    /// Whether the names stand in an order.
    pub fn are_in(&self, order: NameOrder) -> bool {
        self.span.as_ref().is_none_or(|span| span.is_in(order))
    }
}

impl Span {
    fn is_in(&self, order: NameOrder) -> bool {
        match order {
            NameOrder::Bytes => self.in_bytes,
            NameOrder::Tree => self.in_tree,
        }
    }

    fn join(&mut self, next: &Self) {
        let follows = |order: NameOrder| {
            next.is_in(order) && order.compare(&self.last, &next.first) != Ordering::Greater
        };
        (self.in_bytes, self.in_tree) =
            (self.in_bytes && follows(NameOrder::Bytes), self.in_tree && follows(NameOrder::Tree));
        self.last.clone_from(&next.last);
    }

    /// Whether a name that begins so may be among these, which stand in an order.
    pub fn may_hold(&self, beginning: &str, order: NameOrder) -> bool {
        // Names with one beginning stand together, and the beginning itself before them.
        let ends_before = order.compare(&self.last, beginning).is_lt();
        let begins_after =
            order.compare(&self.first, beginning).is_gt() && !self.first.starts_with(beginning);
        !self.is_in(order) || !(ends_before || begins_after)
    }
}

fn earlier(least: &mut Option<Timestamp>, other: Option<Timestamp>) {
    if let Some(other) = other {
        *least = Some(least.map_or(other, |own| own.min(other)));
    }
}
