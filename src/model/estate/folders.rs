//! The folders of the backup container: its first level, and deeper where the layout is nested by
//! date (`2026/11/22/…`).

use jiff::Timestamp;

use super::Estate;
use crate::blob::BlobEntry;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::folder_name::{FUTURE_TOLERANCE, FolderName, Stamp, read_folder_name, start_of_nested};
use crate::need::{Request, RequestKind};

/// How many branches of a nested layout are followed at each level, those of the future apart.
const FOLLOWED_BRANCHES: usize = 2;

/// `yyyy`, `MM`, `dd`, `HH`, `mm`.
const LEVELS: usize = 5;

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
            FolderName::Ambiguous(_) | FolderName::Unstamped => None,
        }
    }

    /// Both timestamps of a name that can be read in two ways.
    pub fn readings(&self) -> Option<[Stamp; 2]> {
        match self.name {
            FolderName::Ambiguous(readings) => Some(readings),
            FolderName::Stamped(_) | FolderName::Unstamped => None,
        }
    }
}

/// What the walk through the container found.
pub(super) struct FoundFolders {
    /// The folders. What is not known of those in the future leaves no gap here: it hides nothing of
    /// the past.
    list: Fact<List<Folder>>,
    /// Why folders of the future may be missing.
    missing_future: Option<Gap>,
    /// The listings that have not been asked for yet.
    requests: Vec<Request>,
}

impl FoundFolders {
    fn none(list: Fact<List<Folder>>) -> Self {
        Self { list, missing_future: None, requests: Vec::new() }
    }
}

/// The latest instant that is not in the future for an answer, whatever the time zone.
pub(super) fn latest_present(now: Timestamp) -> Timestamp {
    now.saturating_add(FUTURE_TOLERANCE).unwrap_or(Timestamp::MAX)
}

impl Estate<'_> {
    /// The folders of the backup container. Absent when the container is.
    ///
    /// The control plane is asked first: it can prove the container's absence where the storage
    /// firewall refuses the auditor.
    pub fn folders(&self) -> &Fact<List<Folder>> {
        &self.found_folders().list
    }

    /// Why folders with dates of the future may be missing from the list, if they may.
    pub(super) fn missing_future_folders(&self) -> Option<&Gap> {
        self.found_folders().missing_future.as_ref()
    }

    /// The listings that show the folders and have not been asked for yet.
    pub fn folder_listing_requests(&self) -> Vec<Request> {
        self.found_folders().requests.clone()
    }

    fn found_folders(&self) -> &FoundFolders {
        self.folders.get_or_init(|| {
            let found = self.walk_folders();
            let list = match (self.backup_container(), found.list) {
                (Fact::Absent(source), _) => Fact::Absent(source),
                (Fact::Known(..), Fact::Absent(source)) => Fact::Unread(contradiction(source)),
                (_, list) => list,
            };
            FoundFolders { list, ..found }
        })
    }

    fn walk_folders(&self) -> FoundFolders {
        let (url, source) = match self.backup_container_url() {
            Fact::Known(url, source) => (url, source),
            Fact::Absent(source) => return FoundFolders::none(Fact::Absent(source)),
            Fact::Unread(gap) => return FoundFolders::none(Fact::Unread(gap)),
        };
        let mut walk = Walk {
            estate: self,
            url,
            account: &source,
            requests: Vec::new(),
            skipped: false,
            missing_future: None,
        };
        let list = walk.list(None).and_then(|level, listing| {
            let latest = level.latest;
            let mut list = walk.below(level, 0);
            let is_past = |stamp: Stamp| stamp.earliest <= latest;
            if walk.skipped && !list.items.iter().filter_map(Folder::stamp).any(is_past) {
                list.missing.get_or_insert_with(|| older_branches(&source));
            }
            Fact::Known(list, listing)
        });
        FoundFolders { list, missing_future: walk.missing_future, requests: walk.requests }
    }
}

/// Walks the first level of the container, and deeper where folder names are numbers of a date.
struct Walk<'e, 'a> {
    estate: &'e Estate<'a>,
    url: String,
    /// Where the container's account was read.
    account: &'e Source,
    requests: Vec<Request>,
    /// Whether a branch that may hold dates of the past was not followed.
    skipped: bool,
    /// Why folders of the future may be missing.
    missing_future: Option<Gap>,
}

/// What lies in the container or in one folder.
struct Level {
    /// The folders named with the next number of a date, each with when its time begins.
    branches: Vec<(String, Timestamp)>,
    /// The other folders.
    named: Vec<String>,
    /// Whether blobs lie there too.
    blobs: bool,
    /// The latest instant that is not in the future.
    latest: Timestamp,
    /// Why the rest was not read.
    missing: Option<Gap>,
}

impl Walk<'_, '_> {
    fn list(&mut self, prefix: Option<&str>) -> Fact<Level> {
        let request = Request::blobs(RequestKind::BackupFolders, &self.url, prefix);
        let listed = self.estate.present(self.estate.snapshot.folders(&request), self.account);
        if listed.gap().is_some_and(Gap::is_not_collected) {
            self.requests.push(request.clone());
        }
        listed.and_then(|list, source| {
            let blobs = match self.holds_content(&request, prefix, &list.items) {
                Ok(blobs) => blobs,
                Err(gap) => return Fact::Unread(gap),
            };
            let mut level = Level {
                branches: Vec::new(),
                named: Vec::new(),
                blobs,
                latest: source.origin.now().map_or(Timestamp::MAX, latest_present),
                missing: list.missing,
            };
            let timezone = &self.estate.deployment.backup.folder_timezone;
            for path in list.items {
                match start_of_nested(path.trim_end_matches('/'), timezone) {
                    Some(start) => level.branches.push((path, start)),
                    None => level.named.push(path),
                }
            }
            level.branches.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
            Fact::Known(level, source)
        })
    }

    /// Whether blobs lie in the container or in a folder, beside other folders.
    fn holds_content(
        &self,
        request: &Request,
        prefix: Option<&str>,
        folders: &[String],
    ) -> Result<bool, Gap> {
        let Fact::Known(blobs, _) = self.estate.snapshot.blobs(request) else { return Ok(false) };
        for blob in blobs.entries() {
            let blob = blob?;
            if is_content(&blob, prefix, folders) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The folders of a level; `depth` counts from the years.
    fn below(&mut self, level: Level, depth: usize) -> List<Folder> {
        let mut found = List { items: Vec::new(), missing: level.missing };
        // Below the first level, what is no number is content of the folder above.
        if depth == 0 {
            let named = level.named.iter();
            found.items.extend(named.map(|path| Folder::at_prefix(path, self.estate)));
        }
        let (mut past, mut future) = (0, 0);
        for (path, start) in &level.branches {
            let is_future = *start > level.latest;
            let rank = if is_future { &mut future } else { &mut past };
            *rank += 1;
            let branch = if *rank <= FOLLOWED_BRANCHES {
                self.follow(path, depth, is_future)
            } else {
                self.take(path, is_future)
            };
            // What lies in the future hides nothing of the past.
            if let Some(gap) = branch.missing {
                let missing = if is_future { &mut self.missing_future } else { &mut found.missing };
                missing.get_or_insert(gap);
            }
            found.items.extend(branch.items);
        }
        found
    }

    /// The folders of a branch: those below it, or itself where it holds anything but the next
    /// numbers of a date.
    fn follow(&mut self, path: &str, depth: usize, is_future: bool) -> List<Folder> {
        let own = Folder::at_prefix(path, self.estate);
        let is_dated = own.stamp().is_some();
        // Of the future no more is asked than its date.
        if depth + 1 == LEVELS || (is_future && is_dated) {
            return List::complete(vec![own]);
        }
        match self.list(Some(path)) {
            Fact::Known(level, _) if is_dated && (level.blobs || !level.named.is_empty()) => {
                List::complete(vec![own])
            }
            Fact::Known(level, _) => {
                let mut below = self.below(level, depth + 1);
                if below.items.is_empty() && (is_dated || depth == 0) {
                    below.items.push(own);
                }
                below
            }
            Fact::Absent(_) => List::complete(is_dated.then_some(own).into_iter().collect()),
            Fact::Unread(gap) => {
                List { items: is_dated.then_some(own).into_iter().collect(), missing: Some(gap) }
            }
        }
    }

    /// A branch as it stands: itself where its path is a date, else nothing.
    fn take(&mut self, path: &str, is_future: bool) -> List<Folder> {
        let own = Folder::at_prefix(path, self.estate);
        let is_dated = own.stamp().is_some();
        match (is_dated, is_future) {
            (true, _) => {}
            (false, false) => self.skipped = true,
            (false, true) => {
                let message = "only the newest future branches of the nested folders were read";
                let gap = Gap::because(Reason::Unrecognised, message).at(self.url.as_str());
                self.missing_future.get_or_insert(gap);
            }
        }
        List::complete(is_dated.then_some(own).into_iter().collect())
    }
}

/// Whether a blob is more than the mark of a folder that some tools leave beside it or in it.
fn is_content(blob: &BlobEntry, prefix: Option<&str>, folders: &[String]) -> bool {
    let marks = |folder: &str| folder.trim_end_matches('/') == blob.name.trim_end_matches('/');
    !blob.directory && !prefix.is_some_and(marks) && !folders.iter().any(|folder| marks(folder))
}

fn older_branches(source: &Source) -> Gap {
    let message = "only the newest branches of the nested folders were read, and they hold no date";
    Gap::because(Reason::Unrecognised, message).at(source.resource.clone())
}

/// The control plane shows the container, the data plane says that it does not exist.
fn contradiction(source: Source) -> Gap {
    let message = "Azure Resource Manager lists the backup container, but its blob endpoint answers that there is none";
    Gap::because(Reason::Unrecognised, message).at(source.resource)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Azure, at};
    use super::*;
    use serde_json::json;

    /// The names of the folders that a container with these blobs has.
    fn folders(blobs: &[&str]) -> Vec<String> {
        Azure::with(blobs).look(|estate, _| {
            let list = estate.folders().value().unwrap();
            assert_eq!(list.missing, None);
            let mut names: Vec<String> =
                list.items.iter().map(|folder| folder.display_name().to_owned()).collect();
            names.sort();
            names
        })
    }

    fn reason(azure: &Azure) -> Option<Reason> {
        azure.look(|estate, _| {
            let list = estate.folders().value().unwrap();
            list.missing.as_ref().map(|gap| gap.reason)
        })
    }

    #[test]
    fn numbers_are_followed_down_to_the_time_they_give() {
        assert_eq!(folders(&["2026-11-22/a", "latest/b", "c"]), ["2026-11-22", "latest"]);
        assert_eq!(folders(&["2026/11/22/assets/a"]), ["2026/11/22"]);
        assert_eq!(
            folders(&["2026/11/22/02/a", "2026/11/22/08/a"]),
            ["2026/11/22/02", "2026/11/22/08"]
        );
        assert_eq!(
            folders(&["2026/11/22/02/15/a", "2026/11/22/02/30/a"]),
            ["2026/11/22/02/15", "2026/11/22/02/30"]
        );
    }

    #[test]
    fn content_below_a_day_or_an_hour_is_no_time() {
        for content in ["readme", "assets/a", "99/a"] {
            let beside = format!("2026/11/22/{content}");
            assert_eq!(folders(&["2026/11/22/10/a", &beside]), ["2026/11/22"], "{content}");
            let beside = format!("2026/11/22/02/{content}");
            assert_eq!(folders(&["2026/11/22/02/10/a", &beside]), ["2026/11/22/02"], "{content}");
        }
    }

    #[test]
    fn the_marks_of_folders_are_no_content() {
        let mut azure = Azure::with(&["2026/11/22/02/a", "2026/11/22/02", "2026/11/22/"]);
        azure.copies[1].length = Some(0);
        azure.look(|estate, _| {
            let list = estate.folders().value().unwrap();
            assert_eq!(list.items[0].display_name(), "2026/11/22/02");
        });
    }

    #[test]
    fn neither_the_future_nor_numbers_that_are_no_years_hide_the_present() {
        let blobs = ["2027/01/01/a", "2028/01/01/a", "2029/01/01/a", "4096/x/a", "2026/11/22/a"];
        let azure = Azure::with(&blobs);
        assert_eq!(reason(&azure), None);
        azure.look(|estate, _| {
            let dated = estate.dated_folders();
            let dated = dated.value().unwrap();
            assert_eq!(dated.past[0].0.display_name(), "2026/11/22");
            assert!(dated.future.iter().any(|folder| folder.display_name() == "2029/01/01"));
        });
        // Months and days of the future hide nothing either.
        let mut azure =
            Azure::with(&["2026/12/31/a", "2026/11/22/a", "2026/01/07/a", "2026/01/04/a"]);
        azure.now = at("2026-01-05T09:00:00Z");
        azure.copies.iter_mut().for_each(|blob| blob.created = Some(at("2026-01-04T02:00:00Z")));
        azure.look(|estate, _| {
            let dated = estate.dated_folders();
            assert_eq!(dated.value().unwrap().past[0].0.display_name(), "2026/01/04");
        });
    }

    #[test]
    fn a_branch_that_was_skipped_may_hold_what_the_followed_ones_lack() {
        let blobs = ["2026/x/a", "2025/x/a", "2024/01/01/a"];
        assert_eq!(reason(&Azure::with(&blobs)), Some(Reason::Unrecognised));
        // A date of the future is no find.
        let blobs = ["2027/01/01/a", "2026/x/a", "2025/x/a", "2024/01/01/a"];
        assert_eq!(reason(&Azure::with(&blobs)), Some(Reason::Unrecognised));
        // Nothing was skipped.
        assert_eq!(folders(&["2026/x/a", "2025/x/a"]), ["2025", "2026"]);
    }

    #[test]
    fn what_is_not_known_of_the_future_is_told_apart() {
        let missing = |azure: &Azure| {
            assert_eq!(reason(azure), None);
            azure.look(|estate, _| {
                let dated = estate.dated_folders();
                dated.value().unwrap().missing_future.as_ref().map(|gap| gap.reason)
            })
        };
        let mut azure = Azure::with(&["2026/11/22/a", "2027/01/01/a"]);
        assert_eq!(missing(&azure), None);
        azure.refused.push((Some("2027/"), 403, "AuthorizationFailure"));
        assert_eq!(missing(&azure), Some(Reason::Network));
        // Of many branches only two are followed.
        let blobs = ["2026/11/22/a", "2097/01/01/a", "2098/x/a", "2099/x/a"];
        assert_eq!(missing(&Azure::with(&blobs)), Some(Reason::Unrecognised));
    }

    #[test]
    fn a_level_that_is_refused_leaves_a_gap() {
        let mut azure = Azure::with(&["2026/11/22/02/a"]);
        azure.refused.push((Some("2026/11/"), 403, "AuthorizationFailure"));
        assert_eq!(reason(&azure), Some(Reason::Network));
    }

    /// Whether the container is there, by what the control plane and the data plane say.
    #[test]
    fn the_control_plane_proves_absence_and_a_contradiction_proves_nothing() {
        let live = json!({"value": [{"name": "bkp"}]});
        let deleted = json!({"value": [{"name": "bkp", "properties": {"deleted": true}}]});
        let gone = json!({"value": []});
        let refusal = json!({"error": {"code": "AuthorizationFailed"}});
        let not_found = (404, "ContainerNotFound");
        let firewall = (403, "AuthorizationFailure");
        for (containers, listing, expected) in [
            ((200, &gone), firewall, None),
            ((200, &deleted), firewall, None),
            ((200, &deleted), not_found, None),
            ((403, &refusal), not_found, None),
            ((200, &live), not_found, Some(Reason::Unrecognised)),
            ((200, &live), firewall, Some(Reason::Network)),
            ((403, &refusal), firewall, Some(Reason::Network)),
        ] {
            let mut azure = Azure::with(&[]);
            azure.containers = (containers.0, containers.1.clone());
            azure.refused.push((None, listing.0, listing.1));
            let found = azure.look(|estate, _| match estate.folders() {
                Fact::Absent(_) => None,
                Fact::Unread(gap) => Some(gap.reason),
                Fact::Known(..) => panic!("{listing:?}"),
            });
            assert_eq!(found, expected, "{containers:?} {listing:?}");
        }
    }
}
