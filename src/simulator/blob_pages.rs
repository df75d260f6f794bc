//! Which entries of a container are on a page of a listing, and where the next page begins.

use std::collections::BTreeMap;
use std::ops::Bound;

use azure_core::base64;

use crate::blob_store::Blob;

/// An entry of a listing.
pub(crate) enum Entry<'a> {
    /// A blob with its name.
    Blob(&'a str, &'a Blob),
    /// A folder, as the delimiter makes it.
    Prefix(String),
}

/// The entries from `start` on, at most `count`, prefixes counted like blobs.
pub(crate) fn entries<'a>(
    blobs: &'a BTreeMap<String, Blob>,
    prefix: &str,
    delimiter: Option<&str>,
    start: Option<&str>,
    count: usize,
) -> Vec<Entry<'a>> {
    let from = start.filter(|start| *start > prefix).unwrap_or(prefix);
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let range = blobs.range::<str, _>((Bound::Included(from), Bound::Unbounded));
    for (name, blob) in range {
        let Some(rest) = name.strip_prefix(prefix) else { break };
        let cut =
            delimiter.and_then(|delimiter| rest.find(delimiter).map(|at| at + delimiter.len()));
        let entry = match cut {
            None => Entry::Blob(name, blob),
            Some(cut) => {
                let folder = &name[..prefix.len() + cut];
                if matches!(entries.last(), Some(Entry::Prefix(last)) if last == folder) {
                    continue;
                }
                Entry::Prefix(folder.to_owned())
            }
        };
        if entries.len() == count {
            break;
        }
        entries.push(entry);
    }
    entries
}

/// A marker as the service makes them: opaque, with its length in front.
pub(crate) fn encode_marker(name: &str) -> String {
    let encoded = base64::encode(format!("{:06}!{name}", name.len())).replace('=', "-");
    format!("2!{}!{encoded}", encoded.len())
}

/// The name a marker stands for; none when the marker was not made here.
pub(crate) fn decode_marker(marker: &str) -> Option<String> {
    let encoded = marker.strip_prefix("2!")?.split_once('!')?.1.replace('-', "=");
    let text = String::from_utf8(base64::decode(encoded).ok()?).ok()?;
    Some(text.split_once('!')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(
        prefix: &str,
        delimiter: Option<&str>,
        start: Option<&str>,
        count: usize,
    ) -> Vec<String> {
        let blob = |name: &str| {
            let file = crate::blob_store::BlobFile::default();
            let time = jiff::Timestamp::UNIX_EPOCH;
            (name.to_owned(), Blob { size: 0, md5: None, created: time, modified: time, file })
        };
        let blobs = ["a/1", "a/2", "a/b/3", "a0", "c/1", "d"].map(blob).into_iter().collect();
        let entries = entries(&blobs, prefix, delimiter, start, count);
        let name = |entry: Entry<'_>| match entry {
            Entry::Blob(name, _) => name.to_owned(),
            Entry::Prefix(name) => name,
        };
        entries.into_iter().map(name).collect()
    }

    #[test]
    fn folders_are_rolled_up() {
        assert_eq!(names("", Some("/"), None, 9), ["a/", "a0", "c/", "d"]);
        assert_eq!(names("a/", Some("/"), None, 9), ["a/1", "a/2", "a/b/"]);
        assert_eq!(names("", None, None, 2), ["a/1", "a/2"]);
        assert_eq!(names("", Some("/"), Some("a0"), 2), ["a0", "c/"]);
        assert_eq!(names("a", None, Some("a/b/3"), 9), ["a/b/3", "a0"]);
        assert!(names("x", None, None, 9).is_empty());
    }

    #[test]
    fn markers_come_back() {
        let marker = encode_marker("a/ü?");
        assert!(marker.starts_with("2!"), "{marker}");
        assert_eq!(decode_marker(&marker), Some("a/ü?".to_owned()));
        assert!(decode_marker("2!x").is_none());
    }
}
