//! The comparison of two streams against one that looks everything up in a map.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Comparison, Difference, DifferenceKind, Listings, NAMED_DIFFERENCES};
use crate::blob::fixture::{Store, pages};
use crate::blob::{BlobEntry, Listing, NameOrder, Shelf};
use crate::fact::{Gap, Reason};

/// The folder, and the name of the application container: one that blob names begin with too.
const PREFIX: &str = "f/";
const CONTAINER: &str = "a";

const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// How a listing comes: in which order, on pages of which size, and how many blobs of it are kept in
/// memory.
#[derive(Clone, Debug)]
struct Manner {
    order: Option<NameOrder>,
    size: usize,
    in_memory: usize,
}

fn manner() -> impl Strategy<Value = Manner> {
    let order = select(vec![Some(NameOrder::Bytes), Some(NameOrder::Tree), None]);
    (order, 1..5_usize, select(vec![0, 3, 100])).prop_map(|(order, size, in_memory)| Manner {
        order,
        size,
        in_memory,
    })
}

/// Names that sort differently in the two orders.
fn name() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "/", "-", "é"]), 1..4).prop_map(|letters| letters.concat())
}

/// Around the moment at which the earliest copies are made.
fn time() -> impl Strategy<Value = Option<Timestamp>> {
    let minutes = option::weighted(0.9, select(vec![-600, 0, 3, 5, 8, 600]));
    minutes.prop_map(|minutes| {
        let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        Some(noon + SignedDuration::from_mins(minutes?))
    })
}

/// A blob without a name.
fn blob() -> impl Strategy<Value = BlobEntry> {
    let text = |texts: Vec<&'static str>| {
        option::weighted(0.4, select(texts)).prop_map(|text| text.map(str::to_owned))
    };
    let length = option::weighted(0.9, 1..3_u64);
    let status = text(vec!["success", "Failed", "aborted", "pending"]);
    let directory = prop::bool::weighted(0.1);
    (length, text(vec!["x", "y"]), time(), time(), status, directory).prop_map(
        |(length, md5, created, modified, copy_status, directory)| BlobEntry {
            name: String::new(),
            length,
            md5,
            created,
            modified,
            copy_status,
            directory,
        },
    )
}

fn source() -> impl Strategy<Value = Vec<BlobEntry>> {
    btree_map(name(), blob(), 0..30).prop_map(named)
}

/// Blobs of the folder, most in one layout and some in the other.
fn copy() -> impl Strategy<Value = Vec<BlobEntry>> {
    let layout = prop_oneof![Just(0.1), Just(0.9)];
    layout.prop_flat_map(|nested| {
        let name = (name(), prop::bool::weighted(nested)).prop_map(|(name, is_nested)| {
            if is_nested {
                format!("{PREFIX}{CONTAINER}/{name}")
            } else {
                format!("{PREFIX}{name}")
            }
        });
        btree_map(name, blob(), 0..60).prop_map(named)
    })
}

fn named(blobs: BTreeMap<String, BlobEntry>) -> Vec<BlobEntry> {
    blobs.into_iter().map(|(name, blob)| BlobEntry { name, ..blob }).collect()
}

/// Compares as the program does, with stores that can be read so often.
fn streamed(
    (source, copy): (&[BlobEntry], &[BlobEntry]),
    manners: [&Manner; 2],
    reads: usize,
) -> Result<Option<Comparison>, Gap> {
    let [source, copy] = [(source, manners[0]), (copy, manners[1])].map(|(blobs, manner)| {
        let mut blobs = blobs.to_vec();
        match manner.order {
            Some(order) => blobs.sort_by(|a, b| order.compare(&a.name, &b.name)),
            None => blobs.reverse(),
        }
        pages(&blobs, manner.size, &Shelf::keeping(manner.in_memory, Store::lasting(reads)))
    });
    Listings {
        source: &Listing { pages: source.iter().collect(), missing: None },
        copy: &Listing { pages: copy.iter().collect(), missing: None },
        prefix: PREFIX,
        container: CONTAINER,
        stamped_at: "2026-11-22T12:00:00Z".parse().unwrap(),
        skew: SKEW,
    }
    .compare()
}

/// Compares as the catalogue says it, without any order.
fn naive(source: &[BlobEntry], copy: &[BlobEntry]) -> Option<Comparison> {
    let files = |blobs: &[BlobEntry]| -> BTreeMap<String, BlobEntry> {
        let files = blobs.iter().filter(|blob| !blob.directory);
        files.map(|blob| (blob.name.clone(), blob.clone())).collect()
    };
    let (source, copy) = (files(source), files(copy));
    let start = match copy.is_empty() {
        true => "2026-11-22T12:00:00Z".parse().unwrap(),
        false => copy.values().filter_map(|blob| blob.created.or(blob.modified)).min()?,
    };
    let layouts = [PREFIX.to_owned(), format!("{PREFIX}{CONTAINER}/")];
    let find = |layout: &str, name: &str| copy.get(&format!("{layout}{name}"));
    let hits = layouts
        .each_ref()
        .map(|layout| source.keys().filter(|name| find(layout, name).is_some()).count());
    let layout = if hits[1] > hits[0] { &layouts[1] } else { &layouts[0] };
    let mut result = Comparison::default();
    for (name, blob) in &source {
        match outcome(blob, find(layout, name), start) {
            None => {}
            Some(Err(())) => result.undecided += 1,
            Some(Ok(difference)) => {
                result.required += 1;
                if let Some(kind) = difference {
                    result.different += 1;
                    result.named.push(Difference { name: name.clone(), kind });
                }
            }
        }
    }
    result.named.truncate(NAMED_DIFFERENCES);
    Some(result)
}

/// What is wrong with a copy; nothing is said of a blob that did not have to be there, and an error
/// of one that cannot be decided.
fn outcome(
    source: &BlobEntry,
    copy: Option<&BlobEntry>,
    start: Timestamp,
) -> Option<Result<Option<DifferenceKind>, ()>> {
    let unwritten_since = source.modified.map(|modified| modified + SKEW <= start);
    let was_there = match (unwritten_since, source.created) {
        (Some(true), _) => Some(true),
        (_, created) => created.map(|created| created <= start),
    };
    if was_there == Some(false) {
        return None;
    }
    let status = copy.and_then(|copy| copy.copy_status.as_deref()).map(str::to_lowercase);
    let broken = match (copy, status.as_deref()) {
        (None, _) => Some(DifferenceKind::Missing),
        (Some(_), Some(status @ ("failed" | "aborted"))) => {
            Some(DifferenceKind::CopyStatus(status.to_owned()))
        }
        _ => None,
    };
    if let Some(broken) = broken {
        return Some(if was_there == Some(true) { Ok(Some(broken)) } else { Err(()) });
    }
    if unwritten_since == Some(false) {
        return Some(Ok(None));
    }
    let copy = copy?;
    let difference = match (source.length, copy.length) {
        (Some(own), Some(other)) if own != other => {
            Some(DifferenceKind::Length { source: own, copy: other })
        }
        (Some(_), Some(_)) => {
            let are_known = source.md5.is_some() && copy.md5.is_some();
            (are_known && source.md5 != copy.md5).then_some(DifferenceKind::Md5)
        }
        _ => return Some(Err(())),
    };
    Some(if difference.is_some() && unwritten_since.is_none() { Err(()) } else { Ok(difference) })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 1_000, ..ProptestConfig::default()
    })]

    #[test]
    fn streams_show_what_maps_show(
        source in source(), copy in copy(), first in manner(), second in manner(),
    ) {
        let streamed = streamed((&source, &copy), [&first, &second], usize::MAX);
        prop_assert_eq!(streamed, Ok(naive(&source, &copy)));
    }

    #[test]
    fn what_cannot_be_read_back_is_a_gap_or_makes_no_difference(
        source in source(), copy in copy(), first in manner(), second in manner(),
        reads in 0..20_usize,
    ) {
        match streamed((&source, &copy), [&first, &second], reads) {
            Ok(comparison) => prop_assert_eq!(comparison, naive(&source, &copy)),
            Err(gap) => prop_assert_eq!(gap.reason, Reason::Transport),
        }
    }
}

/// The property above would hold, too, if everything were sorted in memory.
#[test]
fn pages_are_read_back_as_seldom_as_may_be() {
    let blob = |name: String| BlobEntry {
        name,
        length: Some(1),
        created: Some("2026-11-22T02:00:00Z".parse().unwrap()),
        modified: Some("2026-11-22T02:00:00Z".parse().unwrap()),
        ..Default::default()
    };
    for order in [NameOrder::Bytes, NameOrder::Tree] {
        let names = (0..100).map(|n| format!("{}{}{n:02}", n / 10, ["/", "-"][n % 2]));
        let source: Vec<BlobEntry> = names.map(blob).collect();
        let copy: Vec<BlobEntry> =
            source.iter().map(|own| blob(format!("{PREFIX}{}", own.name))).collect();
        let manner = Manner { order: Some(order), size: 10, in_memory: 0 };
        // Each of the two stores has ten pages.
        let complete = streamed((&source, &copy), [&manner; 2], 10).unwrap().unwrap();
        assert_eq!((complete.required, complete.different), (100, 0));
        streamed((&source, &copy), [&manner; 2], 9).unwrap_err();
    }
}
