//! Whether a backup folder is a full copy of its source (`catalogue.md` §3.10): a merge-join of two
//! listings in name order, which holds a page or two of each at a time, however long they are.

#[cfg(test)]
mod brute_force;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::iter::Peekable;

use jiff::{SignedDuration, Timestamp};

use crate::blob::{BlobEntry, Listing, NameOrder, Ordered};
use crate::fact::Gap;

/// How many differences are named; the rest is counted.
pub const NAMED_DIFFERENCES: usize = 20;

/// What comparing a folder with its source showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many blobs of the source had to be in the folder.
    pub required: u64,
    /// How many of them were not as they should be.
    pub different: u64,
    /// How many could not be compared because the listing lacks a property.
    pub undecided: u64,
    /// The first differences, in name order.
    pub named: Vec<Difference>,
}

/// A blob that is not in the folder as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The blob's name in the source.
    pub name: String,
    /// What is wrong.
    pub kind: DifferenceKind,
}

/// What is wrong with a blob of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// It is not there.
    Missing,
    /// It has another length than the source, which has not changed since.
    Length {
        /// Bytes in the source.
        source: u64,
        /// Bytes in the folder.
        copy: u64,
    },
    /// It has another MD5 than the source, which has not changed since.
    Md5,
    /// Its copy failed or was aborted.
    CopyStatus(String),
}

impl std::fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Length { source, copy } => write!(f, "{copy} bytes instead of {source}"),
            Self::Md5 => f.write_str("another MD5"),
            Self::CopyStatus(status) => write!(f, "copy {status}"),
        }
    }
}

/// The two listings to compare.
#[derive(Clone, Copy, Debug)]
pub struct Listings<'a> {
    /// The blobs of the application container.
    pub source: &'a Listing<'a>,
    /// The blobs of the folder, with the folder in their names.
    pub copy: &'a Listing<'a>,
    /// The folder's prefix, with its trailing `/`.
    pub prefix: &'a str,
    /// The name of the application container: some tools put it below the folder.
    pub container: &'a str,
    /// When the folder was made by its name, for a folder that holds nothing.
    pub stamped_at: Timestamp,
    /// How far clocks may differ.
    pub skew: SignedDuration,
}

impl Listings<'_> {
    /// Compares the folder with its source; none when no blob of the folder says when it was made,
    /// so that nobody knows what the source held then.
    ///
    /// # Errors
    ///
    /// When a listing cannot be read back to its end.
    pub fn compare(&self) -> Result<Option<Comparison>, Gap> {
        let Some(start) = self.copy_start() else { return Ok(None) };
        let order = self.order();
        let (source, copy) = (self.source.in_order(order)?, self.copy.in_order(order)?);
        // What stands before a source name in the folder: AzCopy of a whole container puts the
        // container's name in between. Which of the two was used shows only at the end.
        let nested = format!("{}{}/", self.prefix, self.container);
        let mut direct = Layout::of(&copy, order, self.prefix);
        let mut nested = Layout::of(&copy, order, &nested);
        for blob in source.below("") {
            let blob = blob?;
            let expected = Expectation::of(&blob, start, self.skew);
            direct.hold_against(&blob, expected)?;
            nested.hold_against(&blob, expected)?;
        }
        let used = if nested.hits > direct.hits { nested } else { direct };
        Ok(Some(used.comparison))
    }

    /// When the copying began: the earliest creation in the folder. A creation time that was not
    /// sent is replaced by the last write, which cannot be earlier. Only a folder that holds nothing
    /// is dated by its name.
    fn copy_start(&self) -> Option<Timestamp> {
        let files = self.copy.summary().files;
        if files.count == 0 { Some(self.stamped_at) } else { files.earliest_trace }
    }

    /// The order to walk in: the one both listings have. An account with a hierarchical namespace
    /// beside one without has none in common with it, and is sorted.
    fn order(&self) -> NameOrder {
        let files = [self.source.summary().files, self.copy.summary().files];
        let are_in = |order| files.iter().all(|files| files.are_in(order));
        let is_tree = are_in(NameOrder::Tree) && !are_in(NameOrder::Bytes);
        if is_tree { NameOrder::Tree } else { NameOrder::Bytes }
    }
}

/// A walk through the folder beside one through its source, if the blobs were put there in one way.
struct Layout<'a> {
    copies: Peekable<Box<dyn Iterator<Item = Result<Cow<'a, BlobEntry>, Gap>> + 'a>>,
    order: NameOrder,
    /// What stands before a source name.
    prefix: &'a str,
    /// How many source names were found.
    hits: u64,
    comparison: Comparison,
}

impl<'a> Layout<'a> {
    fn of(copy: &'a Ordered<'_, '_>, order: NameOrder, prefix: &'a str) -> Self {
        let copies = copy.below(prefix).peekable();
        Self { copies, order, prefix, hits: 0, comparison: Comparison::default() }
    }

    /// Judges the next blob of the source.
    fn hold_against(&mut self, source: &BlobEntry, expected: Expectation) -> Result<(), Gap> {
        let copy = self.find(&source.name)?;
        self.hits += u64::from(copy.is_some());
        if expected.presence != Some(false) {
            self.comparison.note(source, expected.judge(source, copy.as_deref()));
        }
        Ok(())
    }

    /// The copy of a name. Names have to be asked for in order.
    fn find(&mut self, name: &str) -> Result<Option<Cow<'a, BlobEntry>>, Gap> {
        loop {
            let place = match self.copies.peek() {
                None => return Ok(None),
                Some(Err(_)) => Ordering::Less,
                Some(Ok(copy)) => self.order.compare(&copy.name[self.prefix.len()..], name),
            };
            match place {
                Ordering::Less => drop(self.copies.next().transpose()?),
                Ordering::Equal => return self.copies.next().transpose(),
                Ordering::Greater => return Ok(None),
            }
        }
    }
}

impl Comparison {
    /// Whether the folder is a full copy as far as the listings tell.
    pub fn is_complete(&self) -> bool {
        self.different == 0 && self.undecided == 0
    }

    fn note(&mut self, source: &BlobEntry, verdict: Outcome) {
        match verdict {
            Outcome::Undecided => self.undecided += 1,
            Outcome::AsRequired => self.required += 1,
            Outcome::Different(kind) => {
                self.required += 1;
                self.different += 1;
                self.name(source, kind);
            }
        }
    }

    /// Names a difference if it is among the first, in whatever order they are found.
    fn name(&mut self, source: &BlobEntry, kind: DifferenceKind) {
        let place = self.named.partition_point(|own| own.name <= source.name);
        if place < NAMED_DIFFERENCES {
            self.named.truncate(NAMED_DIFFERENCES - 1);
            self.named.insert(place, Difference { name: source.name.clone(), kind });
        }
    }
}

/// What has to be in the folder of one blob of the source; none where a date the listing lacks
/// would decide.
#[derive(Clone, Copy, Debug)]
struct Expectation {
    /// Whether it has to be there: it existed when the copying began.
    presence: Option<bool>,
    /// Whether it has to be the same: it was not written since the copying began.
    content: Option<bool>,
}

impl Expectation {
    fn of(source: &BlobEntry, start: Timestamp, skew: SignedDuration) -> Self {
        let unchanged =
            source.modified.map(|modified| modified.checked_add(skew).is_ok_and(|at| at <= start));
        let existed = source.created.map(|created| created <= start);
        // What was last written before the copying began existed then.
        let presence = if unchanged == Some(true) { Some(true) } else { existed };
        Self { presence, content: unchanged }
    }

    fn judge(self, source: &BlobEntry, copy: Option<&BlobEntry>) -> Outcome {
        let broken = match copy {
            None => Some(DifferenceKind::Missing),
            Some(copy) => failed_copy(copy).map(DifferenceKind::CopyStatus),
        };
        match (broken, copy) {
            (Some(kind), _) if self.presence == Some(true) => Outcome::Different(kind),
            (None, Some(copy)) => match self.content {
                Some(true) => content(source, copy),
                Some(false) => Outcome::AsRequired,
                // The same content is as required either way; another may have been written since.
                None => match content(source, copy) {
                    Outcome::Different(_) => Outcome::Undecided,
                    decided => decided,
                },
            },
            _ => Outcome::Undecided,
        }
    }
}

/// How one blob compares.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    AsRequired,
    Different(DifferenceKind),
    /// The listing lacks a property that would decide.
    Undecided,
}

fn content(source: &BlobEntry, copy: &BlobEntry) -> Outcome {
    let (Some(own), Some(other)) = (source.length, copy.length) else {
        return Outcome::Undecided;
    };
    if own != other {
        return Outcome::Different(DifferenceKind::Length { source: own, copy: other });
    }
    // A missing MD5 is no difference: many block-list uploads have none.
    match (&source.md5, &copy.md5) {
        (Some(own), Some(other)) if own != other => Outcome::Different(DifferenceKind::Md5),
        _ => Outcome::AsRequired,
    }
}

/// The copy status of a blob whose copy did not succeed.
fn failed_copy(blob: &BlobEntry) -> Option<String> {
    let status = blob.copy_status.as_deref()?.to_ascii_lowercase();
    matches!(status.as_str(), "failed" | "aborted").then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Entries;

    const T0: &str = "2026-11-22T02:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn blob(name: &str, length: u64, created: &str, modified: &str) -> BlobEntry {
        BlobEntry {
            name: name.into(),
            length: Some(length),
            md5: Some(format!("md5-{length}")),
            created: Some(at(created)),
            modified: Some(at(modified)),
            ..Default::default()
        }
    }

    fn old(name: &str) -> BlobEntry {
        blob(name, 10, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    }

    fn copied(name: &str) -> BlobEntry {
        blob(name, 10, T0, T0)
    }

    fn compare(source: &[BlobEntry], copy: &[BlobEntry]) -> Comparison {
        try_compare(source, copy).unwrap()
    }

    fn try_compare(source: &[BlobEntry], copy: &[BlobEntry]) -> Option<Comparison> {
        let [source, copy] = [source, copy].map(|blobs| Entries::from(blobs.to_vec()));
        let listing = |entries| Listing { pages: vec![entries], missing: None };
        Listings {
            source: &listing(&source),
            copy: &listing(&copy),
            prefix: "f/",
            container: "vectice",
            stamped_at: at(T0),
            skew: SignedDuration::from_mins(5),
        }
        .compare()
        .unwrap()
    }

    fn kinds(comparison: &Comparison) -> Vec<String> {
        comparison.named.iter().map(|d| format!("{} {}", d.name, d.kind)).collect()
    }

    #[test]
    fn a_full_copy_is_complete_in_both_layouts() {
        let source = [old("a"), old("b/c"), old("d")];
        for layout in ["f/", "f/vectice/"] {
            let copy = ["a", "b/c", "d"].map(|name| copied(&format!("{layout}{name}")));
            let result = compare(&source, &copy);
            assert!(result.is_complete(), "{layout}: {result:?}");
            assert_eq!(result.required, 3);
        }
    }

    #[test]
    fn missing_changed_and_failed_blobs_are_named() {
        let source = [old("a"), old("b"), old("c"), old("d")];
        let mut wrong_md5 = copied("f/b");
        wrong_md5.md5 = Some("other".into());
        let mut failed = copied("f/d");
        failed.copy_status = Some("Failed".into());
        let copy = [blob("f/a", 9, T0, T0), wrong_md5, failed];
        let result = compare(&source, &copy);
        assert_eq!(
            kinds(&result),
            ["a 9 bytes instead of 10", "b another MD5", "c missing", "d copy failed"]
        );
        assert_eq!(result.different, 4);
    }

    #[test]
    fn what_changed_after_the_copy_began_is_no_difference() {
        let overwritten = blob("a", 99, "2026-01-01T00:00:00Z", "2026-11-22T04:00:00Z");
        let made_later = blob("b", 10, "2026-11-22T03:00:00Z", "2026-11-22T03:00:00Z");
        let result = compare(&[overwritten.clone(), made_later], &[copied("f/a")]);
        assert!(result.is_complete(), "{result:?}");
        // An overwritten blob must still be there by name.
        assert_eq!(kinds(&compare(&[overwritten], &[copied("f/z")])), ["a missing"]);
    }

    #[test]
    fn an_empty_folder_of_a_source_with_old_blobs_is_incomplete() {
        assert_eq!(compare(&[old("a")], &[]).different, 1);
        assert!(compare(&[], &[]).is_complete());
        assert!(compare(&[], &[copied("f/a")]).is_complete());
    }

    #[test]
    fn missing_properties_are_undecided_never_equal() {
        let mut lengthless = copied("f/a");
        lengthless.length = None;
        assert_eq!(compare(&[old("a")], &[lengthless]).undecided, 1);
        let dateless = BlobEntry { name: "a".into(), length: Some(10), ..Default::default() };
        assert_eq!(compare(&[dateless], &[copied("f/z")]).undecided, 1);
        let mut without_md5 = copied("f/a");
        without_md5.md5 = None;
        assert!(compare(&[old("a")], &[without_md5]).is_complete());
    }

    /// Whether each combination of dates is decided, for a copy that is the same, another, missing
    /// or failed.
    #[test]
    fn a_missing_date_decides_only_what_follows_without_it() {
        let (before, after) = ("2026-01-01T00:00:00Z", "2026-11-22T04:00:00Z");
        let mut other = blob("f/a", 9, T0, T0);
        let mut failed = copied("f/a");
        failed.copy_status = Some("failed".into());
        other.md5 = None;
        let copies = [copied("f/a"), other, copied("f/z"), failed];
        for (created, modified, expected) in [
            (Some(before), Some(before), ["same", "different", "different", "different"]),
            (Some(before), Some(after), ["same", "same", "different", "different"]),
            (Some(before), None, ["same", "undecided", "different", "different"]),
            (Some(after), None, ["not required"; 4]),
            (None, Some(before), ["same", "different", "different", "different"]),
            (None, Some(after), ["same", "same", "undecided", "undecided"]),
            (None, None, ["same", "undecided", "undecided", "undecided"]),
        ] {
            let mut source = old("a");
            (source.created, source.modified) = (created.map(at), modified.map(at));
            let found = copies.each_ref().map(|copy| {
                let result = compare(std::slice::from_ref(&source), std::slice::from_ref(copy));
                match (result.required, result.different, result.undecided) {
                    (1, 0, 0) => "same",
                    (1, 1, 0) => "different",
                    (0, 0, 1) => "undecided",
                    (0, 0, 0) => "not required",
                    other => panic!("{other:?}"),
                }
            });
            assert_eq!(found, expected, "created {created:?}, modified {modified:?}");
        }
    }

    #[test]
    fn a_folder_without_any_date_is_not_dated_by_its_name() {
        let mut dateless = copied("f/a");
        (dateless.created, dateless.modified) = (None, None);
        assert_eq!(try_compare(&[old("a")], &[dateless.clone()]), None);
        assert!(compare(&[old("a"), old("b")], &[dateless, copied("f/b")]).is_complete());
    }

    #[test]
    fn only_the_first_differences_are_named() {
        let source: Vec<BlobEntry> = (0..50).map(|n| old(&format!("{n:03}"))).collect();
        let result = compare(&source, &[copied("f/zzz")]);
        assert_eq!((result.different, result.named.len()), (50, NAMED_DIFFERENCES));
    }

    /// In that order neither listing has to be sorted in memory.
    #[test]
    fn the_walk_goes_in_the_order_that_both_listings_have() {
        let (bytes, tree) = (["a-b", "a/b"], ["a/b", "a-b"]);
        for (source, copy, expected) in [
            (bytes, bytes, NameOrder::Bytes),
            (tree, tree, NameOrder::Tree),
            (["a", "b"], tree, NameOrder::Tree),
            (["a", "b"], ["a", "b"], NameOrder::Bytes),
            (bytes, tree, NameOrder::Bytes),
        ] {
            let source = Entries::from(source.map(old).to_vec());
            let copy = Entries::from(copy.map(|name| copied(&format!("f/{name}"))).to_vec());
            let [source, copy] =
                [&source, &copy].map(|page| Listing { pages: vec![page], missing: None });
            let listings = Listings {
                source: &source,
                copy: &copy,
                prefix: "f/",
                container: "vectice",
                stamped_at: at(T0),
                skew: SignedDuration::ZERO,
            };
            assert_eq!(listings.order(), expected, "{source:?} {copy:?}");
        }
    }

    #[test]
    fn directories_of_a_hierarchical_namespace_are_no_blobs() {
        let mut directory = old("a");
        directory.directory = true;
        assert!(compare(&[directory, old("a/b")], &[copied("f/a/b")]).is_complete());
    }
}
