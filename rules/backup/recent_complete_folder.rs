//! Is the newest complete copy of the blobs recent?

use jiff::Timestamp;
use vaudit_model::estate::{DatedFolders, Folder, FolderState};
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
    needs: &[Need::StorageAccount, Need::BackupFolders, Need::FolderBlobs, Need::SourceBlobs],
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
        let recent: Vec<&(Folder, Timestamp)> =
            self.dated.past.iter().filter(|(_, at)| *at >= oldest).collect();
        let mut in_progress = 0;
        for (folder, at) in &recent {
            match self.estate.folder_state(folder) {
                FolderState::Complete(_) => {
                    let age = show_age(*at, self.dated.now);
                    let message = format!(
                        "The newest complete folder, {}, is {age} old.",
                        folder.display_name()
                    );
                    return Ok(Judgement::pass(self.subject(), message)
                        .with(self.evidence(Some((folder, *at)))));
                }
                FolderState::InProgress => in_progress += 1,
                FolderState::Incomplete(_) => {}
                FolderState::Unread(gap) => return self.unread(gap),
            }
        }
        // No recent folder is complete; one on a page that was not read could be.
        if let Some(gap) = &self.dated.missing {
            return Err(gap.clone().into());
        }
        if in_progress > 0 && in_progress == self.dated.past.len() {
            let message = "the only folder there is is still being written";
            return Err(Gap::because(Reason::InProgress, message).at(self.subject()).into());
        }
        Ok(self.failed(&recent))
    }

    /// Without a source there is nothing to be complete against.
    fn unread(&self, gap: Gap) -> Result<Judgement, Stop> {
        self.estate.source_blobs().required("STO002")?;
        Err(gap.into())
    }

    fn failed(&self, recent: &[&(Folder, Timestamp)]) -> Judgement {
        let hours = self.estate.deployment.backup.blob_max_age_hours;
        let newest = self.dated.past.first();
        let message = match (recent, newest) {
            ([], None) => {
                "There is no timestamped folder, so there is no recent copy of the blobs."
                    .to_owned()
            }
            ([], Some((folder, at))) => format!(
                "The newest folder, {}, is {} old; at most {hours} h are allowed.",
                folder.display_name(),
                show_age(*at, self.dated.now)
            ),
            ([(folder, _)], _) => format!(
                "The only folder of the last {hours} h, {}, is not complete.",
                folder.display_name()
            ),
            (several, _) => {
                format!("None of the {} folders of the last {hours} h is complete.", several.len())
            }
        };
        let advice = "Look at the copy job's last runs: whether it ran, whether it was refused by the storage firewall, and whether it copied everything.";
        let newest = newest.map(|(folder, at)| (folder, *at));
        Judgement::fail(self.subject(), message).with(self.evidence(newest)).fix(advice, Vec::new())
    }

    fn subject(&self) -> String {
        self.estate.backup_container_subject()
    }

    fn evidence(&self, folder: Option<(&Folder, Timestamp)>) -> Evidence {
        let observed = match folder {
            Some((folder, at)) => format!("{} ({})", folder.display_name(), show(at)),
            None => "no timestamped folder".to_owned(),
        };
        let oldest = show(self.estate.oldest_accepted(self.dated.now));
        Evidence::at(self.source)
            .observed(observed)
            .expected(format!("a complete folder not before {oldest}"))
    }
}
