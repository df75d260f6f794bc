//! Is the newest complete copy of the blobs recent?

use jiff::Timestamp;
use vaudit_model::estate::{DatedFolders, Folder, FolderState, MOST_LISTED_FOLDERS};
use vaudit_model::instant::{show, show_age};
use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Source, Stop,
    Tier,
};

/// BKP009.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP009",
        name: "recent-complete-folder",
        title: "The newest complete folder is recent",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[],
        reference: "S36: a daily backup of the blob container",
        setting: "backup.blob_max_age_hours",
    },
    needs: &[
        Need::StorageAccount,
        Need::BackupContainers,
        Need::BackupFolders,
        Need::FolderBlobs,
        Need::SourceBlobs,
    ],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("recent_complete_folder.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let dated = estate.dated_folders();
    let (dated, source) = dated.required("BKP007")?;
    let question = Question { estate, dated, source };
    question.answer().map(|judgement| vec![judgement])
}

struct Question<'a> {
    estate: &'a Estate<'a>,
    dated: &'a DatedFolders,
    source: &'a Source,
}

impl Question<'_> {
    fn answer(&self) -> Result<Judgement, Stop> {
        let oldest = self.estate.oldest_accepted(self.dated.now);
        let count = self.dated.past.partition_point(|(_, at)| *at >= oldest);
        let (recent, older) = self.dated.past.split_at(count);
        let mut unread = None;
        let mut finished = Vec::new();
        let mut in_progress = 0;
        for (folder, at) in recent.iter().take(MOST_LISTED_FOLDERS) {
            match self.estate.folder_state(folder) {
                FolderState::Complete(_) => {
                    return self.complete(folder, *at, unread.is_some());
                }
                FolderState::InProgress => in_progress += 1,
                FolderState::Incomplete(_) => finished.push(folder),
                // An older one within the age may be complete all the same.
                FolderState::Unread(gap) => {
                    unread.get_or_insert(gap);
                }
            }
        }
        if let Some(gap) = unread {
            return self.unread(gap);
        }
        // No recent folder is complete; one that is not among them could be.
        if let Some(gap) = &self.dated.missing {
            return Err(gap.clone().into());
        }
        if recent.len() > MOST_LISTED_FOLDERS && !finished.is_empty() {
            return Err(self.too_many().into());
        }
        if finished.is_empty() && in_progress > 0 {
            return self.one_before(recent, older);
        }
        Ok(self.failed(&finished, in_progress))
    }

    /// Without a source there is nothing to be complete against.
    fn unread(&self, gap: Gap) -> Result<Judgement, Stop> {
        self.estate.source_blobs().required("STO002")?;
        Err(gap.into())
    }

    /// Every recent folder is still being written: the newest of those before them that is not is
    /// too old, complete or not.
    fn one_before(
        &self,
        recent: &[(Folder, Timestamp)],
        older: &[(Folder, Timestamp)],
    ) -> Result<Judgement, Stop> {
        let left = MOST_LISTED_FOLDERS.saturating_sub(recent.len());
        for (folder, at) in older.iter().take(left) {
            match self.estate.folder_state(folder) {
                FolderState::InProgress => {}
                FolderState::Unread(gap) => return self.unread(gap),
                FolderState::Complete(_) | FolderState::Incomplete(_) => {
                    let message = format!(
                        "The newest folder that is not being written any more, {}, is {}; at most {} h are allowed.",
                        folder.display_name(),
                        self.age(*at),
                        self.limit_hours()
                    );
                    return Ok(self.fail(message, Some((folder, *at))));
                }
            }
        }
        Err(self.dated.all_in_progress().at(self.subject()).into())
    }

    fn too_many(&self) -> Gap {
        let message = format!(
            "none of the {MOST_LISTED_FOLDERS} newest folders is complete, and no more are read"
        );
        Gap::because(Reason::NotCollected, message).at(self.subject())
    }

    /// What was recent when another run listed it may be too old by now, and then a newer folder may
    /// have been made since.
    fn complete(
        &self,
        folder: &Folder,
        at: Timestamp,
        newer_unread: bool,
    ) -> Result<Judgement, Stop> {
        let DatedFolders { now: listed_at, audited_at, .. } = *self.dated;
        if at >= self.estate.oldest_accepted(audited_at) {
            return Ok(self.passed(folder, at, newer_unread));
        }
        let message = format!(
            "the newest complete folder of the blob listing, {}, is {}; the listing is {} old, and a newer folder may have been made since; make it again with `vaudit list-blobs`, shortly before the audit",
            folder.display_name(),
            self.age(at),
            show_age(listed_at, audited_at)
        );
        Err(Gap::because(Reason::NotCollected, message).at(self.subject()).into())
    }

    fn passed(&self, folder: &Folder, at: Timestamp, newer_unread: bool) -> Judgement {
        let (name, age) = (folder.display_name(), self.age(at));
        let message = if newer_unread {
            format!("The folder {name} is complete and {age}; a newer one could not be read.")
        } else {
            format!("The newest complete folder, {name}, is {age}.")
        };
        Judgement::pass(self.subject(), message).with(self.evidence(Some((folder, at))))
    }

    fn failed(&self, finished: &[&Folder], in_progress: usize) -> Judgement {
        let hours = self.limit_hours();
        let newest = self.dated.past.first();
        let mut message = match (finished, newest) {
            ([], None) => {
                "There is no timestamped folder, so there is no recent copy of the blobs."
                    .to_owned()
            }
            ([], Some((folder, at))) => format!(
                "The newest folder, {}, is {}; at most {hours} h are allowed.",
                folder.display_name(),
                self.age(*at)
            ),
            ([folder], _) => format!(
                "The only finished folder of the last {hours} h, {}, is not complete.",
                folder.display_name()
            ),
            (several, _) => format!(
                "None of the {} finished folders of the last {hours} h is complete.",
                several.len()
            ),
        };
        match in_progress {
            0 => {}
            1 => message.push_str(" One more is still being written."),
            more => message.push_str(&format!(" {more} more are still being written.")),
        }
        self.fail(message, newest.map(|(folder, at)| (folder, *at)))
    }

    fn fail(&self, message: String, folder: Option<(&Folder, Timestamp)>) -> Judgement {
        let advice = "Look at the copy job's last runs: whether it ran, whether it was refused by the storage firewall, and whether it copied everything.";
        Judgement::fail(self.subject(), message).with(self.evidence(folder)).fix(advice, Vec::new())
    }

    fn limit_hours(&self) -> u32 {
        self.estate.deployment.backup.blob_max_age_hours
    }

    /// How old a folder is; a name of another time zone may be ahead of Azure's clock.
    fn age(&self, at: Timestamp) -> String {
        let age = show_age(at, self.dated.audited_at);
        if at > self.dated.audited_at { format!("dated {age}") } else { format!("{age} old") }
    }

    fn subject(&self) -> String {
        self.estate.backup_container_subject()
    }

    fn evidence(&self, folder: Option<(&Folder, Timestamp)>) -> Evidence {
        let observed = match folder {
            Some((folder, at)) => format!("{} ({})", folder.display_name(), show(at)),
            None => "no timestamped folder".to_owned(),
        };
        let oldest = show(self.estate.oldest_accepted(self.dated.audited_at));
        Evidence::at(self.source)
            .observed(observed)
            .expected(format!("a complete folder not before {oldest}"))
    }
}
