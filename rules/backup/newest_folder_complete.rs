//! Is the newest folder a full copy of the application's container?

use vaudit_model::completeness::Comparison;
use vaudit_model::estate::{Folder, FolderState};
use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Source, Stop,
    Tier,
};

/// BKP010.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP010",
        name: "newest-folder-complete",
        title: "The newest folder is complete",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[],
        reference: "S38, S40: the restoration consists of copying the content of the time-stamped folder",
        setting: "backup.container",
    },
    needs: &[Need::StorageAccount, Need::BackupFolders, Need::FolderBlobs, Need::SourceBlobs],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("newest_folder_complete.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let dated = estate.dated_folders();
    let (dated, source) = dated.required("BKP007")?;
    // A newer folder may be on a page that was not read.
    if let Some(gap) = &dated.missing {
        return Err(gap.clone().into());
    }
    if dated.past.is_empty() {
        return Err(Stop::absent("BKP008", source));
    }
    estate.source_blobs().required("STO002")?;
    for (folder, _) in &dated.past {
        match estate.folder_state(folder) {
            FolderState::InProgress => {}
            FolderState::Complete(comparison) => {
                let message = format!(
                    "The folder {} holds all {} blobs it has to.",
                    folder.display_name(),
                    comparison.required
                );
                let judgement = Judgement::pass(estate.backup_container_subject(), message);
                return Ok(vec![judgement.with_all(evidence(estate, folder, &comparison))]);
            }
            FolderState::Incomplete(comparison) => {
                return Ok(vec![failed(estate, folder, &comparison)]);
            }
            FolderState::Unread(gap) => return Err(gap.into()),
        }
    }
    let message = "every folder there is is still being written";
    Err(Gap::because(Reason::InProgress, message).into())
}

fn failed(estate: &Estate<'_>, folder: &Folder, comparison: &Comparison) -> Judgement {
    let first: Vec<String> = comparison
        .named
        .iter()
        .take(3)
        .map(|item| format!("{} ({})", item.name, item.kind))
        .collect();
    let more = comparison.different.saturating_sub(first.len() as u64);
    let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "The folder {} is no full copy: {} of {} blobs are missing or different: {}{and_more}.",
        folder.display_name(),
        comparison.different,
        comparison.required,
        first.join(", ")
    );
    let advice = "Look at the copy job's log for this run, and run it again; restoring this folder would lose what is missing.";
    Judgement::fail(estate.backup_container_subject(), message)
        .with_all(evidence(estate, folder, comparison))
        .fix(advice, Vec::new())
}

/// Counts, and the first differences by name; never what is in a blob.
fn evidence(estate: &Estate<'_>, folder: &Folder, comparison: &Comparison) -> Option<Evidence> {
    let blobs = estate.folder_blobs(folder);
    let listing = blobs.source()?;
    let resource = format!("{}/{}", listing.resource, folder.display_name());
    let required = comparison.required;
    let mut observed = format!("{} of {required} as required", required - comparison.different);
    for difference in &comparison.named {
        observed.push_str(&format!("; {}: {}", difference.name, difference.kind));
    }
    let source = Source { resource, ..listing.clone() };
    Some(Evidence::at(&source).observed(observed).expected(format!("{required} of {required}")))
}
