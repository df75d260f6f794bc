//! Whether a backup folder is a full copy of its source (`catalogue.md` §3.10): a merge-join of two
//! listings in name order.

use jiff::{SignedDuration, Timestamp};

use crate::blob::BlobEntry;

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

/// The two listings to compare, both in ascending name order.
#[derive(Clone, Copy, Debug)]
pub struct Listings<'a> {
    /// The blobs of the application container.
    pub source: &'a [&'a BlobEntry],
    /// The blobs of the folder, with the folder in their names.
    pub copy: &'a [&'a BlobEntry],
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
    pub fn compare(&self) -> Option<Comparison> {
        let start = self.copy_start()?;
        let mut result = Comparison::default();
        for (source, copy) in self.pairs(&self.layout()) {
            let expected = Expectation::of(source, start, self.skew);
            if expected.presence != Some(false) {
                result.note(source, expected.judge(source, copy));
            }
        }
        Some(result)
    }

    /// When the copying began: the earliest creation in the folder. A creation time that was not
    /// sent is replaced by the last write, which cannot be earlier. Only a folder that holds nothing
    /// is dated by its name.
    fn copy_start(&self) -> Option<Timestamp> {
        if files(self.copy).next().is_none() {
            return Some(self.stamped_at);
        }
        files(self.copy).filter_map(|blob| blob.created.or(blob.modified)).min()
    }

    /// What stands before a source name in the folder: AzCopy of a whole container puts the
    /// container's name in between. The layout with more hits is the one that was used.
    fn layout(&self) -> String {
        let direct = self.prefix.to_owned();
        let nested = format!("{}{}/", self.prefix, self.container);
        let hits = |prefix: &str| self.pairs(prefix).filter(|(_, copy)| copy.is_some()).count();
        if hits(&nested) > hits(&direct) { nested } else { direct }
    }

    /// Each source blob with its copy: both lists are in name order, so one walk finds all.
    fn pairs<'s>(
        &'s self,
        prefix: &str,
    ) -> impl Iterator<Item = (&'s BlobEntry, Option<&'s BlobEntry>)> + use<'s> {
        let prefix = prefix.to_owned();
        let mut copies = files(self.copy)
            .filter_map(move |blob| Some((blob.name.strip_prefix(&prefix)?, blob)))
            .peekable();
        files(self.source).map(move |source| {
            while copies.next_if(|(name, _)| *name < source.name.as_str()).is_some() {}
            let copy = copies.next_if(|(name, _)| *name == source.name);
            (source, copy.map(|(_, blob)| blob))
        })
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
                if self.named.len() < NAMED_DIFFERENCES {
                    self.named.push(Difference { name: source.name.clone(), kind });
                }
            }
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

/// Whether a copy is still running.
pub fn is_pending(blob: &BlobEntry) -> bool {
    blob.copy_status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("pending"))
}

fn files<'a>(blobs: &'a [&'a BlobEntry]) -> impl Iterator<Item = &'a BlobEntry> {
    blobs.iter().copied().filter(|blob| !blob.directory)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let source: Vec<&BlobEntry> = source.iter().collect();
        let copy: Vec<&BlobEntry> = copy.iter().collect();
        Listings {
            source: &source,
            copy: &copy,
            prefix: "f/",
            container: "vectice",
            stamped_at: at(T0),
            skew: SignedDuration::from_mins(5),
        }
        .compare()
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

    #[test]
    fn directories_of_a_hierarchical_namespace_are_no_blobs() {
        let mut directory = old("a");
        directory.directory = true;
        assert!(compare(&[directory, old("a/b")], &[copied("f/a/b")]).is_complete());
    }
}
