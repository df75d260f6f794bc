//! Blob listings: the segments of names go, the dates that folders are named with stay.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use regex_lite::Regex;

use super::text::{Texts, is_guid};
use super::vocabulary::{PUBLIC_NAMES, holds};
use crate::blob::{BlobEntry, BlobPage, Entries, Listing, NameOrder, Shelf};
use crate::document::Body;
use crate::folder_name::{place_of_own_stamp, place_of_stamp};
use crate::need::Request;
use crate::snapshot::Snapshot;

/// What a date that an expression of the manifest finds is marked with. It stands in no date.
const MARK: char = '=';

/// The expressions of the manifest that find the dates in the names of folders.
#[derive(Debug, Default)]
pub(super) struct FolderForms {
    forms: Vec<Form>,
}

#[derive(Debug)]
struct Form {
    text: String,
    regex: Regex,
    /// The letters that mark what it finds.
    mark: String,
    /// Of how many numbers the paths of a nested layout are that it takes for dates.
    nested: BTreeSet<usize>,
}

impl FolderForms {
    /// The expressions, and which paths of a nested layout each takes for a date.
    pub(super) fn new(texts: &BTreeSet<&str>, snapshot: &Snapshot) -> Self {
        let forms = texts.iter().enumerate().filter_map(|(index, text)| {
            let regex = Regex::new(text).ok()?;
            let letter = |value: usize| char::from(b'a' + u8::try_from(value % 26).unwrap_or(0));
            let mark = String::from_iter([letter(index / 26), letter(index)]);
            Some(Form { text: (*text).to_owned(), regex, mark, nested: BTreeSet::new() })
        });
        let mut forms: Vec<Form> = forms.collect();
        if !forms.is_empty() {
            let paths = snapshot.documents().filter_map(|document| match &document.body {
                Body::Blobs(page) => Some(&page.prefixes),
                _ => None,
            });
            for path in paths.flatten().map(|path| path.trim_end_matches('/')) {
                if !path.split('/').all(is_number) {
                    continue;
                }
                for form in &mut forms {
                    if form.place(path).is_some_and(|place| place.len() == path.len()) {
                        form.nested.insert(path.split('/').count());
                    }
                }
            }
        }
        Self { forms }
    }

    /// What stands for an expression in the redacted manifest: it finds in a redacted name what the
    /// original finds in the original.
    pub(super) fn redacted(&self, text: &str) -> String {
        let Some(form) = self.forms.iter().find(|form| form.text == text) else {
            return "(?<timestamp>$^)".to_owned();
        };
        let numbers = |count: &usize| format!(r"\d{{4}}{}", r"/\d\d".repeat(count - 1));
        let nested: Vec<String> = form.nested.iter().rev().map(numbers).collect();
        let beginning = if nested.is_empty() { "" } else { "^|" };
        // It begins with a digit, as no redacted name does: where a nested layout is looked for at the
        // beginning of names, nothing else is found there.
        let any = format!("[0-9][^{MARK}/]*");
        let all: Vec<String> = nested.into_iter().chain([any]).collect();
        let mark = &form.mark;
        format!("(?:{beginning}{MARK}{mark})(?<timestamp>{})(?:{MARK}|$)", all.join("|"))
    }
}

impl Form {
    /// Where it finds a date in a name.
    fn place(&self, name: &str) -> Option<std::ops::Range<usize>> {
        place_of_own_stamp(name, &self.regex)
    }
}

impl Texts {
    /// The name of a blob or folder: its segments, one by one.
    pub(super) fn blob_path(&self, path: &str) -> String {
        let segments = path.split('/').map(|segment| self.blob_segment(segment));
        segments.collect::<Vec<_>>().join("/")
    }

    /// One segment. It must not matter where it stands: a blob has the same name in its container and
    /// below a backup folder, and in both the same pseudonym.
    pub(super) fn blob_segment(&self, segment: &str) -> String {
        if !self.hides_names() {
            return self.ids(segment);
        }
        if segment.is_empty() || is_number(segment) || holds(PUBLIC_NAMES, segment) {
            return segment.to_owned();
        }
        if is_guid(segment) {
            return self.segment(segment);
        }
        let mut redacted = match place_of_stamp(segment) {
            Some(place) => {
                let (before, after) = (&segment[..place.start], &segment[place.end..]);
                let mut own = String::new();
                // Where an expression looks for its marks, no name may begin with a date.
                if !before.is_empty() || !self.folders.forms.is_empty() {
                    own.push_str(&self.key.name(before));
                    own.push('-');
                }
                own.push_str(&segment[place]);
                if !after.is_empty() {
                    own.push('_');
                    own.push_str(&self.key.name(after));
                }
                own
            }
            None => self.key.name(segment),
        };
        for form in &self.folders.forms {
            if let Some(place) = form.place(segment) {
                redacted.push(MARK);
                redacted.push_str(&form.mark);
                redacted.push_str(&segment[place]);
            }
        }
        redacted
    }

    fn entry(&self, entry: &BlobEntry) -> BlobEntry {
        let md5 = entry.md5.as_ref().map(|md5| match md5.as_str() {
            "" => String::new(),
            md5 if self.hides_names() => self.key.md5(md5),
            md5 => md5.to_owned(),
        });
        let copy_status = entry.copy_status.as_ref().map(|status| {
            let is_word = status.chars().all(|c| c.is_ascii_alphabetic() || c.is_whitespace());
            if is_word { status.clone() } else { self.prose(status) }
        });
        BlobEntry { name: self.blob_path(&entry.name), md5, copy_status, ..entry.clone() }
    }

    /// The listings of a snapshot, by request, each with its pages in order.
    ///
    /// Pseudonyms stand in another order than names, so the blobs of a listing are sorted anew over
    /// all its pages, which holds all of one listing in memory.
    pub(super) fn listings(
        &self,
        snapshot: &Snapshot,
        shelf: &Shelf,
    ) -> io::Result<BTreeMap<(Request, u32), BlobPage>> {
        let mut originals: BTreeMap<&Request, Vec<(u32, &BlobPage)>> = BTreeMap::new();
        for document in snapshot.documents() {
            if let Body::Blobs(page) = &document.body {
                originals.entry(&document.request).or_default().push((document.page, page));
            }
        }
        let mut redacted = BTreeMap::new();
        for (request, pages) in originals {
            let own: Vec<&BlobPage> = pages.iter().map(|(_, page)| *page).collect();
            let numbers = pages.iter().map(|(number, _)| *number);
            for (number, mut page) in numbers.zip(self.pages(&own)?) {
                shelf.put(&mut page);
                redacted.insert((request.clone(), number), page);
            }
        }
        Ok(redacted)
    }

    fn pages(&self, pages: &[&BlobPage]) -> io::Result<Vec<BlobPage>> {
        let mut entries = Vec::new();
        for page in pages {
            entries.extend(page.blobs.read()?.iter().map(|entry| self.entry(entry)));
        }
        if let Some(order) = order(pages, &entries) {
            entries.sort_by(|a, b| order.compare(&a.name, &b.name));
        }
        let mut entries = entries.into_iter();
        let redacted = pages.iter().map(|page| BlobPage {
            // Folders stay where they are: of two with one date, the later in the list counts first.
            prefixes: page.prefixes.iter().map(|path| self.blob_path(path)).collect(),
            blobs: Entries::from(entries.by_ref().take(page.blobs.len()).collect::<Vec<_>>()),
            unreadable: page.unreadable,
            next_marker: page.next_marker.as_ref().map(|marker| self.opaque(marker)),
        });
        Ok(redacted.collect())
    }
}

/// The order a listing is in: that of a hierarchical namespace where it has directories or no other
/// will do.
fn order(pages: &[&BlobPage], entries: &[BlobEntry]) -> Option<NameOrder> {
    let pages = pages.iter().map(|page| &page.blobs).collect();
    let files = Listing { pages, missing: None }.summary().files;
    let is_hierarchical = entries.iter().any(|entry| entry.directory);
    let orders = match is_hierarchical {
        true => [NameOrder::Tree, NameOrder::Bytes],
        false => [NameOrder::Bytes, NameOrder::Tree],
    };
    orders.into_iter().find(|order| files.are_in(*order))
}

/// Whether a segment is a number that dates are nested by: a year, or what follows it.
fn is_number(segment: &str) -> bool {
    matches!(segment.len(), 2 | 4) && segment.bytes().all(|digit| digit.is_ascii_digit())
}
