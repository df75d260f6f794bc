//! The blob copies: folders of the backup container, when they were made, and whether they are
//! complete.

use jiff::{SignedDuration, Timestamp};

use super::Estate;
use crate::blob::BlobEntry;
use crate::completeness::{Comparison, Listings, is_pending};
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::folder_name::{FUTURE_TOLERANCE, FolderName, Stamp, read_folder_name};
use crate::need::{Request, RequestKind};

/// How many of the newest folders are listed in any case.
const ALWAYS_LISTED: usize = 2;

/// How many folders are listed at the most while looking for a complete one.
const MOST_LISTED: usize = 8;

/// How many branches of a nested layout (`2026/11/22/…`) are followed at each level.
const FOLLOWED_BRANCHES: usize = 2;

/// `yyyy/MM/dd/HH/mm`.
const DEEPEST_LEVEL: usize = 5;

/// A folder of the backup container.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    /// The prefix of its blobs, with the trailing `/`.
    pub prefix: String,
    /// What its name says about when it was made.
    pub name: FolderName,
}

impl Folder {
    fn at_prefix(prefix: &str, estate: &Estate<'_>) -> Self {
        let name = prefix.trim_end_matches('/');
        Self { prefix: prefix.to_owned(), name: read_folder_name(name, &estate.deployment.backup) }
    }

    /// The folder's name, without the trailing `/`.
    pub fn display_name(&self) -> &str {
        self.prefix.trim_end_matches('/')
    }

    /// The timestamp of its name.
    pub fn stamp(&self) -> Option<Stamp> {
        match self.name {
            FolderName::Stamped(stamp) => Some(stamp),
            FolderName::Ambiguous | FolderName::Unstamped => None,
        }
    }
}

/// The timestamped folders in the order that matters.
#[derive(Clone, Debug, PartialEq)]
pub struct DatedFolders {
    /// Those that are not in the future, newest first, each with its instant.
    pub past: Vec<(Folder, Timestamp)>,
    /// Those beyond now + 26 h.
    pub future: Vec<Folder>,
    /// The server's clock when it listed them.
    pub now: Timestamp,
    /// Why the listing may lack folders, if it may.
    pub missing: Option<Gap>,
}

/// Whether a folder is a full copy of its source.
#[derive(Clone, Debug, PartialEq)]
pub enum FolderState {
    /// Everything that had to be there is.
    Complete(Comparison),
    /// It is still being written.
    InProgress,
    /// Something is missing or different.
    Incomplete(Comparison),
    /// It cannot be told.
    Unread(Gap),
}

impl Estate<'_> {
    /// The URL of the backup container.
    pub fn backup_container_url(&self) -> Fact<String> {
        let Some(container) = &self.deployment.backup.container else {
            return Fact::Unread(Gap::not_configured("backup.container"));
        };
        self.backup_account().as_ref().and_then(|account, _| self.container_url(account, container))
    }

    /// The URL of the application container.
    pub fn source_container_url(&self) -> Fact<String> {
        let Some(container) = &self.deployment.storage.container else {
            return Fact::Unread(Gap::not_configured("storage.container"));
        };
        self.storage_account()
            .as_ref()
            .and_then(|account, _| self.container_url(account, container))
    }

    /// The folders of the backup container. Absent when the container is.
    pub fn folders(&self) -> &Fact<List<Folder>> {
        self.folders.get_or_init(|| self.walk_folders().0)
    }

    /// The listings that show the folders and have not been asked for yet.
    pub fn folder_listing_requests(&self) -> Vec<Request> {
        self.walk_folders().1
    }

    fn walk_folders(&self) -> (Fact<List<Folder>>, Vec<Request>) {
        let (url, source) = match self.backup_container_url() {
            Fact::Known(url, source) => (url, source),
            Fact::Absent(source) => return (Fact::Absent(source), Vec::new()),
            Fact::Unread(gap) => return (Fact::Unread(gap), Vec::new()),
        };
        let mut walk = Walk { estate: self, url, requests: Vec::new(), skipped: false };
        let found = match walk.level(None, 0) {
            Fact::Known(list, source) => {
                let stamped = list.items.iter().any(|folder| folder.stamp().is_some());
                let unseen = walk.skipped && !stamped;
                let missing = list.missing.or_else(|| unseen.then(|| older_branches(&source)));
                Fact::Known(List { items: list.items, missing }, source)
            }
            Fact::Absent(_) => Fact::Absent(source),
            Fact::Unread(gap) => Fact::Unread(gap),
        };
        (found, walk.requests)
    }

    /// The timestamped folders, newest first.
    pub fn dated_folders(&self) -> Fact<DatedFolders> {
        self.folders().as_ref().and_then(|list, source| {
            let Some(now) = source.origin.now() else {
                let gap = Gap::because(Reason::MissingField, "the folder listing has no date");
                return Fact::Unread(gap.at(source.resource));
            };
            let mut dated = DatedFolders {
                past: Vec::new(),
                future: Vec::new(),
                now,
                missing: list.missing.clone(),
            };
            for folder in &list.items {
                let Some(stamp) = folder.stamp() else {
                    continue;
                };
                if stamp.at > now.saturating_add(FUTURE_TOLERANCE).unwrap_or(Timestamp::MAX) {
                    dated.future.push(folder.clone());
                } else {
                    dated.past.push((folder.clone(), self.folder_instant(folder, stamp)));
                }
            }
            dated.past.sort_by(|(a, at_a), (b, at_b)| at_b.cmp(at_a).then(b.prefix.cmp(&a.prefix)));
            Fact::Known(dated, source)
        })
    }

    /// When a folder was made: what its name says, refined for a date alone by the earliest creation
    /// inside, as far as it is known.
    fn folder_instant(&self, folder: &Folder, stamp: Stamp) -> Timestamp {
        if !stamp.date_only {
            return stamp.at;
        }
        let blobs = self.folder_blobs(folder);
        let earliest =
            blobs.value().and_then(|list| list.items.iter().filter_map(|blob| blob.created).min());
        earliest.unwrap_or(stamp.at)
    }

    /// The blobs of a folder.
    pub fn folder_blobs(&self, folder: &Folder) -> Fact<List<&BlobEntry>> {
        self.backup_container_url().and_then(|url, _| {
            let prefix = Some(folder.prefix.as_str());
            self.snapshot.blobs(&Request::blobs(RequestKind::FolderBlobs, &url, prefix))
        })
    }

    /// The blobs of the application container. Absent when the container is.
    pub fn source_blobs(&self) -> Fact<List<&BlobEntry>> {
        self.source_container_url().and_then(|url, _| {
            self.snapshot.blobs(&Request::blobs(RequestKind::SourceBlobs, &url, None))
        })
    }

    /// The folder listings that tell whether a recent folder is complete and have not been asked for
    /// yet: the two newest, and older ones within the allowed age while none was complete.
    pub fn folder_blob_requests(&self) -> Vec<Request> {
        let (Fact::Known(url, _), Fact::Known(dated, _)) =
            (self.backup_container_url(), self.dated_folders())
        else {
            return Vec::new();
        };
        let oldest_useful = self.oldest_accepted(dated.now);
        let mut requests = Vec::new();
        for (index, (folder, at)) in dated.past.iter().take(MOST_LISTED).enumerate() {
            let all_before_are_no_use = || {
                dated.past[..index].iter().all(|(folder, _)| {
                    matches!(
                        self.folder_state(folder),
                        FolderState::InProgress | FolderState::Incomplete(_)
                    )
                })
            };
            if index >= ALWAYS_LISTED && (*at < oldest_useful || !all_before_are_no_use()) {
                break;
            }
            let prefix = Some(folder.prefix.as_str());
            requests.push(Request::blobs(RequestKind::FolderBlobs, &url, prefix));
        }
        requests
    }

    /// The oldest instant at which the newest complete folder may have been made.
    pub fn oldest_accepted(&self, now: Timestamp) -> Timestamp {
        let hours = i64::from(self.deployment.backup.blob_max_age_hours);
        now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN)
    }

    /// Whether a folder is a full copy of the application container.
    pub fn folder_state(&self, folder: &Folder) -> FolderState {
        let (copies, source) = match self.folder_blobs(folder) {
            Fact::Known(list, source) => (list, source),
            Fact::Absent(_) => return FolderState::Unread(vanished(folder)),
            Fact::Unread(gap) => return FolderState::Unread(gap),
        };
        if let Some(gap) = copies.missing {
            return FolderState::Unread(gap);
        }
        match self.is_being_written(&copies.items, source.origin.now()) {
            Some(true) => return FolderState::InProgress,
            Some(false) => {}
            None => {
                let message = "the listing of the folder has no date to compare with";
                let gap = Gap::because(Reason::MissingField, message);
                return FolderState::Unread(gap.at(source.resource));
            }
        }
        let originals = match self.source_blobs() {
            Fact::Known(list, _) => list,
            Fact::Absent(source) => {
                let gap = Gap::because(Reason::MissingField, "the application container is absent");
                return FolderState::Unread(gap.at(source.resource));
            }
            Fact::Unread(gap) => return FolderState::Unread(gap),
        };
        let Some(comparison) = self.compare(folder, originals.items, copies.items) else {
            let name = folder.display_name();
            let message = format!("no blob of the folder {name} says when it was made");
            return FolderState::Unread(Gap::because(Reason::MissingField, message));
        };
        match originals.missing {
            _ if comparison.different > 0 => FolderState::Incomplete(comparison),
            Some(gap) => FolderState::Unread(gap),
            None if comparison.is_complete() => FolderState::Complete(comparison),
            None => FolderState::Unread(Gap::because(
                Reason::MissingField,
                format!(
                    "{} of {} blobs cannot be compared, because the listing lacks their length or dates",
                    comparison.undecided,
                    comparison.required + comparison.undecided,
                ),
            )),
        }
    }

    fn compare<'b>(
        &self,
        folder: &Folder,
        mut originals: Vec<&'b BlobEntry>,
        mut copies: Vec<&'b BlobEntry>,
    ) -> Option<Comparison> {
        // The service's order is not the order of bytes in a hierarchical namespace.
        originals.sort_by(|a, b| a.name.cmp(&b.name));
        copies.sort_by(|a, b| a.name.cmp(&b.name));
        let policy = self.deployment;
        Listings {
            source: &originals,
            copy: &copies,
            prefix: &folder.prefix,
            container: policy.storage.container.as_deref().unwrap_or_default(),
            stamped_at: folder.stamp().map_or(Timestamp::MIN, |stamp| stamp.at),
            skew: SignedDuration::from_secs(i64::from(policy.clock_skew_seconds)),
        }
        .compare()
    }

    /// Whether something is still written into a folder; none when the last write has no age.
    fn is_being_written(&self, blobs: &[&BlobEntry], now: Option<Timestamp>) -> Option<bool> {
        if blobs.iter().any(|blob| is_pending(blob)) {
            return Some(true);
        }
        // A write that was not sent is no earlier than the creation.
        let last = blobs.iter().filter_map(|blob| blob.modified.or(blob.created)).max();
        let settle = i64::from(self.deployment.backup.copy_settle_minutes) * 60;
        match last {
            Some(written) => Some(now?.as_second() - written.as_second() < settle),
            None => Some(false),
        }
    }
}

/// Walks the first level of the container, and deeper where folder names are bare numbers.
struct Walk<'e, 'a> {
    estate: &'e Estate<'a>,
    url: String,
    requests: Vec<Request>,
    skipped: bool,
}

impl Walk<'_, '_> {
    fn level(&mut self, prefix: Option<&str>, depth: usize) -> Fact<List<Folder>> {
        let request = Request::blobs(RequestKind::BackupFolders, &self.url, prefix);
        let listed = self.estate.snapshot.folders(&request);
        if listed.gap().is_some_and(Gap::is_not_collected) {
            self.requests.push(request);
        }
        listed.and_then(|list, source| {
            let (mut numeric, named): (Vec<String>, Vec<String>) =
                list.items.into_iter().partition(|path| is_level_of_nested_date(path, depth));
            numeric.sort_unstable();
            let mut found = List { items: Vec::new(), missing: list.missing };
            // Below the first level, what is no number is content of the folder above.
            if depth == 0 {
                found.items.extend(named.iter().map(|path| Folder::at_prefix(path, self.estate)));
            }
            for (rank, path) in numeric.iter().rev().enumerate() {
                self.follow(path, rank < FOLLOWED_BRANCHES, depth, &mut found);
            }
            Fact::Known(found, source)
        })
    }

    /// Follows one number: into it where it is among the newest, else taking it as it stands.
    fn follow(&mut self, path: &str, newest: bool, depth: usize, found: &mut List<Folder>) {
        let own = Folder::at_prefix(path, self.estate);
        let below = if newest && depth + 1 < DEEPEST_LEVEL {
            match self.level(Some(path), depth + 1) {
                Fact::Known(list, _) => list,
                Fact::Absent(_) => List::complete(Vec::new()),
                Fact::Unread(gap) => List { items: Vec::new(), missing: Some(gap) },
            }
        } else {
            List::complete(Vec::new())
        };
        if let Some(gap) = below.missing {
            found.missing.get_or_insert(gap);
        }
        if !below.items.is_empty() {
            found.items.extend(below.items);
        } else if own.stamp().is_some() {
            found.items.push(own);
        } else {
            self.skipped |= !newest;
        }
    }
}

/// Whether the last segment of a path can be the year (first level), month, day, hour or minute of
/// a nested layout.
fn is_level_of_nested_date(path: &str, depth: usize) -> bool {
    let segment = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let digits = if depth == 0 { 4 } else { 2 };
    segment.len() == digits && segment.bytes().all(|byte| byte.is_ascii_digit())
}

fn older_branches(source: &Source) -> Gap {
    let message = "only the newest branches of the nested folders were read, and they hold no date";
    Gap::because(Reason::Unrecognised, message).at(source.resource.clone())
}

fn vanished(folder: &Folder) -> Gap {
    let message = format!("the folder {} vanished while it was read", folder.display_name());
    Gap::because(Reason::InProgress, message)
}
