//! The blob copies: when the folders of the backup container were made, and whether they are
//! complete.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Estate;
use super::folders::{Folder, latest_present};
use crate::blob::{Listing, Summary};
use crate::completeness::{Comparison, Listings};
use crate::fact::{Fact, Gap, Reason};
use crate::folder_name::Stamp;
use crate::need::{Request, RequestKind};

/// How many of the newest folders are listed in any case.
const ALWAYS_LISTED: usize = 2;

/// How many folders are listed at the most while looking for a complete one.
pub const MOST_LISTED_FOLDERS: usize = 8;

/// The timestamped folders in the order that matters.
#[derive(Clone, Debug, PartialEq)]
pub struct DatedFolders {
    /// Those that are not in the future, newest first, each with its instant.
    pub past: Vec<(Folder, Timestamp)>,
    /// Those beyond now + 26 h.
    pub future: Vec<Folder>,
    /// Those whose day and month can be read either way.
    pub ambiguous: Vec<Folder>,
    /// The server's clock when it listed them.
    pub now: Timestamp,
    /// The server's clock when the audit took place: later than `now` where another run listed them.
    pub audited_at: Timestamp,
    /// Why `past` may lack folders, if it may: the listing was not read in full, or a folder is
    /// ambiguous.
    pub missing: Option<Gap>,
    /// Why `future` may lack folders, if it may.
    pub missing_future: Option<Gap>,
    is_listed_in_full: bool,
}

impl DatedFolders {
    /// Why `past` may lack a folder newer than this instant, if it may. An ambiguous folder is newer
    /// only if one of its readings is.
    pub fn missing_after(&self, at: Timestamp) -> Option<&Gap> {
        let latest = latest_present(self.now);
        let is_newer = |stamp: Stamp| stamp.at > at && stamp.earliest <= latest;
        let readings = self.ambiguous.iter().filter_map(Folder::readings).flatten();
        let may_lack = !self.is_listed_in_full || readings.into_iter().any(is_newer);
        self.missing.as_ref().filter(|_| may_lack)
    }

    /// Why the listing may lack folders of any date, if it may: it was not read in full.
    pub fn missing_page(&self) -> Option<&Gap> {
        self.missing.as_ref().filter(|_| !self.is_listed_in_full)
    }

    /// The gap when every folder that is read is still being written.
    pub fn all_in_progress(&self) -> Gap {
        let message = if self.past.len() > MOST_LISTED_FOLDERS {
            format!(
                "the {MOST_LISTED_FOLDERS} newest folders are still being written, and no more are read"
            )
        } else {
            "every folder there is is still being written".to_owned()
        };
        Gap::because(Reason::InProgress, message)
    }
}

/// One of the newest folders, with what was read of its blobs.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFolder<'e> {
    /// The folder.
    pub folder: &'e Folder,
    /// Its instant.
    pub at: Timestamp,
    /// Its blobs; never absent.
    pub blobs: Fact<Listing<'e>>,
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

/// What was found out about the folders of one deployment, by prefix. To compare one with its
/// source takes a walk through both, and the planner and several rules ask for it.
#[derive(Clone, Debug, Default)]
pub struct FolderStates(Arc<Mutex<BTreeMap<String, KnownState>>>);

/// What was found out about one folder, if anything was.
type KnownState = Arc<Mutex<Option<FolderState>>>;

impl FolderStates {
    /// What is known of a folder, else what is found. Who asks meanwhile waits. What may yet be
    /// collected is not kept.
    fn get_or_find(&self, prefix: &str, find: impl FnOnce() -> FolderState) -> FolderState {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Arc::clone(states.entry(prefix.to_owned()).or_default());
        drop(states);
        let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*own {
            return known.clone();
        }
        let found = find();
        let is_open = matches!(&found, FolderState::Unread(gap) if gap.is_not_collected());
        if !is_open {
            *own = Some(found.clone());
        }
        found
    }
}

impl Estate<'_> {
    /// The URL of the backup container.
    pub fn backup_container_url(&self) -> Fact<String> {
        let Some(container) = &self.deployment.backup.container else {
            return Fact::Unread(Gap::not_configured("backup.container"));
        };
        let selector = self.deployment.backup.account.as_ref();
        let selector = selector.or(self.deployment.storage.account.as_ref());
        self.container_url_in(self.backup_account(), selector, container)
    }

    /// The URL of the application container.
    pub fn source_container_url(&self) -> Fact<String> {
        let Some(container) = &self.deployment.storage.container else {
            return Fact::Unread(Gap::not_configured("storage.container"));
        };
        let selector = self.deployment.storage.account.as_ref();
        self.container_url_in(self.storage_account(), selector, container)
    }

    /// The timestamped folders, newest first.
    pub fn dated_folders(&self) -> Fact<DatedFolders> {
        self.folders().as_ref().and_then(|list, source| {
            let Some(now) = source.origin.now() else {
                let gap = Gap::because(Reason::MissingField, "the folder listing has no date");
                return Fact::Unread(gap.at(source.resource));
            };
            let ambiguous: Vec<Folder> =
                list.items.iter().filter(|folder| folder.readings().is_some()).cloned().collect();
            let unclear = ambiguous.first().map(|folder| self.ambiguous_date(folder));
            let mut dated = DatedFolders {
                past: Vec::new(),
                future: Vec::new(),
                ambiguous,
                now,
                audited_at: self.audited_at(now, self.backup_container_url().source()),
                missing: list.missing.clone().or(unclear),
                missing_future: self.missing_future_folders().cloned(),
                is_listed_in_full: list.is_complete(),
            };
            for folder in &list.items {
                let Some(stamp) = folder.stamp() else {
                    continue;
                };
                let made = if stamp.date_only { self.earliest_creation(folder) } else { None };
                if made.unwrap_or(stamp.earliest) > latest_present(now) {
                    dated.future.push(folder.clone());
                    continue;
                }
                // The end of a day that is not over is no time at which a folder was made.
                let at = if stamp.date_only { stamp.at.min(now) } else { stamp.at };
                dated.past.push((folder.clone(), made.unwrap_or(at)));
            }
            // Of folders with one date the last of the listing comes first, which the service has
            // sorted: a redacted listing keeps this order, not that of names.
            dated.past.reverse();
            dated.past.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
            Fact::Known(dated, source)
        })
    }

    /// The gap of a folder whose name can be read in two ways.
    pub fn ambiguous_date(&self, folder: &Folder) -> Gap {
        let message = format!(
            "the folder name {} can be read with the day or the month first; set `backup.date_order`",
            folder.display_name()
        );
        Gap::because(Reason::Ambiguous, message).at(self.backup_container_subject())
    }

    /// The earliest creation inside a folder, as far as it is known: when a folder was made whose
    /// name is a date alone.
    fn earliest_creation(&self, folder: &Folder) -> Option<Timestamp> {
        self.folder_blobs(folder).value()?.summary().earliest_creation
    }

    /// The blobs of a folder.
    pub fn folder_blobs(&self, folder: &Folder) -> Fact<Listing<'_>> {
        self.backup_container_url().and_then(|url, account| {
            let prefix = Some(folder.prefix.as_str());
            let request = Request::blobs(RequestKind::FolderBlobs, &url, prefix);
            self.present(self.snapshot.blobs(&request), &account)
        })
    }

    /// The newest folders, whose blobs are asked for: two in any case, and those that were listed
    /// beyond them while looking for a complete one.
    pub fn listed_folders<'e>(&'e self, dated: &'e DatedFolders) -> Vec<ListedFolder<'e>> {
        let newest = dated.past.iter().take(MOST_LISTED_FOLDERS).enumerate();
        let listed = newest.filter_map(|(index, (folder, at))| {
            let blobs = match self.folder_blobs(folder) {
                Fact::Absent(_) => Fact::Unread(vanished(folder)),
                found => found,
            };
            let is_skipped = blobs.gap().is_some_and(Gap::is_not_collected);
            let is_asked_for = index < ALWAYS_LISTED || !is_skipped;
            is_asked_for.then_some(ListedFolder { folder, at: *at, blobs })
        });
        listed.collect()
    }

    /// The blobs of the application container. Absent when the container is, which the control plane
    /// must not contradict.
    pub fn source_blobs(&self) -> Fact<Listing<'_>> {
        self.source_container_url().and_then(|url, account| {
            let request = Request::blobs(RequestKind::SourceBlobs, &url, None);
            let blobs = match self.snapshot.blobs(&request) {
                Fact::Absent(source) if self.application_container().value().is_some() => {
                    Fact::Unread(self.snapshot.contradiction(&request, &source))
                }
                blobs => blobs,
            };
            self.present(blobs, &account)
        })
    }

    /// The folder listings that tell whether a recent folder is complete and have not been asked for
    /// yet: the two newest, older ones within the allowed age while none was found complete, and
    /// older ones of any age while all newer are still being written.
    pub fn folder_blob_requests(&self) -> Vec<Request> {
        let (Fact::Known(url, _), Fact::Known(dated, _)) =
            (self.backup_container_url(), self.dated_folders())
        else {
            return Vec::new();
        };
        // A level of a nested layout is still to come: what is a folder may change.
        if dated.missing.as_ref().is_some_and(Gap::is_not_collected) {
            return Vec::new();
        }
        let oldest_useful = self.oldest_accepted(dated.now);
        // Without a source no folder can be found complete, however many are listed.
        let is_comparable = self.source_blobs().value().is_some();
        let mut requests = Vec::new();
        let (mut all_in_progress, mut none_complete) = (true, is_comparable);
        for (index, (folder, at)) in dated.past.iter().take(MOST_LISTED_FOLDERS).enumerate() {
            if index >= ALWAYS_LISTED {
                let first_unjudged = if index == ALWAYS_LISTED { 0 } else { index - 1 };
                for (newer, _) in &dated.past[first_unjudged..index] {
                    let state = self.folder_state(newer);
                    all_in_progress &= state == FolderState::InProgress;
                    none_complete &= match &state {
                        FolderState::Complete(_) => false,
                        FolderState::InProgress | FolderState::Incomplete(_) => true,
                        FolderState::Unread(gap) => !gap.is_not_collected(),
                    };
                }
                let is_useful = none_complete && *at >= oldest_useful;
                if !all_in_progress && !is_useful {
                    break;
                }
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

    /// Whether a folder is a full copy of the application container. Found out once.
    pub fn folder_state(&self, folder: &Folder) -> FolderState {
        self.folder_states.get_or_find(&folder.prefix, || self.find_folder_state(folder))
    }

    fn find_folder_state(&self, folder: &Folder) -> FolderState {
        let (copies, source) = match self.folder_blobs(folder) {
            Fact::Known(list, source) => (list, source),
            Fact::Absent(_) => return FolderState::Unread(vanished(folder)),
            Fact::Unread(gap) => return FolderState::Unread(gap),
        };
        if let Some(gap) = copies.missing {
            return FolderState::Unread(gap);
        }
        match self.is_being_written(&copies.summary(), source.origin.now()) {
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
        let comparison = match self.compare(folder, &originals, &copies) {
            Ok(Some(comparison)) => comparison,
            Ok(None) => {
                let name = folder.display_name();
                let message = format!("no blob of the folder {name} says when it was made");
                return FolderState::Unread(Gap::because(Reason::MissingField, message));
            }
            Err(gap) => return FolderState::Unread(gap),
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

    fn compare(
        &self,
        folder: &Folder,
        originals: &Listing<'_>,
        copies: &Listing<'_>,
    ) -> Result<Option<Comparison>, Gap> {
        let policy = self.deployment;
        Listings {
            source: originals,
            copy: copies,
            prefix: &folder.prefix,
            container: policy.storage.container.as_deref().unwrap_or_default(),
            stamped_at: folder.stamp().map_or(Timestamp::MIN, |stamp| stamp.at),
            skew: SignedDuration::from_secs(i64::from(policy.clock_skew_seconds)),
        }
        .compare()
    }

    /// Whether something is still written into a folder; none when the last write has no age.
    fn is_being_written(&self, blobs: &Summary, now: Option<Timestamp>) -> Option<bool> {
        if blobs.has_pending {
            return Some(true);
        }
        let settle = i64::from(self.deployment.backup.copy_settle_minutes) * 60;
        match blobs.last_write {
            Some(written) => Some(now?.as_second() - written.as_second() < settle),
            None => Some(false),
        }
    }
}

fn vanished(folder: &Folder) -> Gap {
    let message = format!("the folder {} vanished while it was read", folder.display_name());
    Gap::because(Reason::InProgress, message)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Azure, at, blob};
    use super::*;
    use crate::blob::Shelf;
    use crate::blob::fixture::Store;

    /// Folders by name, each with a blob written at a time.
    fn written(folders: &[(&str, &str)]) -> Azure {
        let mut azure = Azure::with(&[]);
        azure.originals.push(blob("a", "2026-01-01T00:00:00Z"));
        azure.copies =
            folders.iter().map(|(name, time)| blob(&format!("{name}/a"), time)).collect();
        azure
    }

    /// The folders whose blobs were listed, in the order of the requests.
    fn listed(azure: &Azure) -> Vec<String> {
        azure.look(|_, asked| {
            let blobs = asked.iter().filter(|request| request.kind == RequestKind::FolderBlobs);
            let mut names: Vec<String> =
                blobs.filter_map(|request| request.filter.clone()).collect();
            names.sort();
            names
        })
    }

    const NIGHT: &str = "2026-11-22T02:00:00Z";
    const NOW: &str = "2026-11-22T08:59:00Z";

    #[test]
    fn a_date_alone_is_in_the_future_only_with_the_start_of_its_day() {
        // A job in Auckland, where it is the next day already.
        let mut azure = written(&[("2026-11-23", "2026-11-22T11:30:00Z"), ("2026-11-25", NOW)]);
        azure.now = at("2026-11-22T12:00:00Z");
        azure.look(|estate, _| {
            let dated = estate.dated_folders();
            let dated = dated.value().unwrap();
            let [(folder, made)] = dated.past.as_slice() else { panic!("{dated:?}") };
            assert_eq!((folder.display_name(), *made), ("2026-11-23", at("2026-11-22T11:30:00Z")));
            assert_eq!(dated.future[0].display_name(), "2026-11-25");
        });
        // Unlisted, it is no younger than the listing that shows it.
        azure.refused.push((Some("2026-11-23/"), 403, "AuthorizationFailure"));
        azure.look(|estate, _| {
            let dated = estate.dated_folders();
            assert_eq!(dated.value().unwrap().past[0].1, azure.now);
        });
    }

    #[test]
    fn an_ambiguous_folder_may_be_missing() {
        let reason = |azure: &Azure, newest: &str| {
            azure.look(|estate, _| {
                let dated = estate.dated_folders();
                let dated = dated.value().unwrap();
                assert_eq!(dated.missing.as_ref().map(|gap| gap.reason), Some(Reason::Ambiguous));
                dated.missing_after(at(newest)).map(|gap| gap.reason)
            })
        };
        let names = ["03-11-2026/a", "04-11-2026/a", "2026-11-22T020000Z/a"];
        let mut azure = Azure::with(&names);
        assert_eq!(reason(&azure, NIGHT), None, "both readings are older");
        assert_eq!(reason(&azure, "2026-11-03T02:00:00Z"), Some(Reason::Ambiguous));
        azure.now = at("2026-11-04T09:00:00Z");
        assert_eq!(reason(&azure, "2026-11-04T02:00:00Z"), Some(Reason::Ambiguous));
        // The twelfth of November, or the eleventh of a December to come.
        assert_eq!(reason(&Azure::with(&["12-11-2026/a"]), NIGHT), None);
    }

    #[test]
    fn the_two_newest_folders_are_listed_and_older_ones_while_they_may_help() {
        let hours = [("2026-11-22T06", NIGHT), ("2026-11-22T05", NIGHT), ("2026-11-22T04", NIGHT)];
        let names = hours.map(|(name, time)| (format!("{name}0000Z"), time));
        let folders = names.each_ref().map(|(name, time)| (name.as_str(), *time));
        let mut azure = written(&folders);
        assert_eq!(listed(&azure), ["2026-11-22T050000Z/", "2026-11-22T060000Z/"]);
        // What cannot be read may hide an incomplete one.
        azure.refused =
            vec![(Some("2026-11-22T050000Z/"), 500, ""), (Some("2026-11-22T060000Z/"), 500, "")];
        assert_eq!(listed(&azure).len(), 3);
        // Neither may an incomplete one be the last word.
        azure.refused.clear();
        azure.originals.push(blob("b", "2026-01-01T00:00:00Z"));
        azure.copies.push(blob("2026-11-22T040000Z/b", NIGHT));
        assert_eq!(listed(&azure).len(), 3);
        // Beyond the accepted age it would be of no use.
        azure.policy.blob_max_age_hours = 4;
        assert_eq!(listed(&azure).len(), 2);
    }

    #[test]
    fn older_folders_of_any_age_are_listed_while_all_newer_are_being_written() {
        let in_progress = |count: usize| {
            let names: Vec<String> =
                (0..12).map(|n| format!("2026-11-{:02}T020000Z", 21 - n)).collect();
            let folders: Vec<(&str, &str)> = names
                .iter()
                .enumerate()
                .map(|(n, name)| (name.as_str(), if n < count { NOW } else { NIGHT }))
                .collect();
            written(&folders)
        };
        assert_eq!(listed(&in_progress(0)).len(), 2);
        assert_eq!(listed(&in_progress(1)).len(), 2);
        assert_eq!(listed(&in_progress(4)).len(), 5);
        assert_eq!(listed(&in_progress(12)).len(), MOST_LISTED_FOLDERS);
    }

    /// What is said of a folder that is a full copy, asked twice, with a store that can be read so
    /// often.
    fn state_of_stored(reads: usize) -> [FolderState; 2] {
        let mut azure = written(&[("2026-11-22T020000Z", NIGHT)]);
        azure.shelf = Shelf::keeping(0, Store::lasting(reads));
        azure.look(|estate, _| {
            let dated = estate.dated_folders();
            let (folder, _) = &dated.value().unwrap().past[0];
            [estate.folder_state(folder), estate.folder_state(folder)]
        })
    }

    #[test]
    fn a_folder_is_compared_once_and_one_that_is_lost_is_unread() {
        // The folder and its source.
        let states = state_of_stored(2);
        assert!(
            matches!(states, [FolderState::Complete(_), FolderState::Complete(_)]),
            "{states:?}"
        );
        for reads in [0, 1] {
            for state in state_of_stored(reads) {
                let FolderState::Unread(gap) = state else { panic!("{state:?}") };
                assert_eq!(gap.reason, Reason::Transport);
            }
        }
    }

    #[test]
    fn a_nested_layout_is_walked_before_its_blobs_are_listed() {
        let names = ["2026/11/22/02", "2026/11/22/01", "2026/11/21/02"];
        let azure = written(&names.map(|name| (name, NIGHT)));
        assert_eq!(listed(&azure), ["2026/11/22/01/", "2026/11/22/02/"]);
    }
}
