//! Is the newest folder a full copy of the application's container?

use vaudit_model::completeness::Comparison;
use vaudit_model::estate::{Folder, FolderState, MOST_LISTED_FOLDERS};
use vaudit_model::{Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier};

use super::{evidence_in, some_folder};

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
    needs: &[
        Need::StorageAccount,
        Need::BackupContainers,
        Need::BackupFolders,
        Need::FolderBlobs,
        Need::SourceBlobs,
    ],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("newest_folder_complete.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let dated = estate.dated_folders();
    let (dated, source) = dated.required("BKP007")?;
    some_folder(dated, source)?;
    estate.source_blobs().required("STO002")?;
    for (folder, at) in dated.past.iter().take(MOST_LISTED_FOLDERS) {
        let judgement = match estate.folder_state(folder) {
            FolderState::InProgress => continue,
            FolderState::Complete(comparison) => complete(estate, folder, &comparison),
            FolderState::Incomplete(comparison) => failed(estate, folder, &comparison),
            FolderState::Unread(gap) => return Err(gap.into()),
        };
        // A newer folder may be on a page that was not read, or have a date that can be read in two
        // ways.
        return match dated.missing_after(*at) {
            Some(gap) => Err(gap.clone().into()),
            None => Ok(vec![judgement]),
        };
    }
    let subject = estate.backup_container_subject();
    Err(dated.missing.clone().unwrap_or_else(|| dated.all_in_progress().at(subject)).into())
}

fn complete(estate: &Estate<'_>, folder: &Folder, comparison: &Comparison) -> Judgement {
    let message = format!(
        "The folder {} holds all {} blobs it has to.",
        folder.display_name(),
        comparison.required
    );
    Judgement::pass(estate.backup_container_subject(), message)
        .with_all(evidence(estate, folder, comparison))
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
    let required = comparison.required;
    let mut observed = format!("{} of {required} as required", required - comparison.different);
    for difference in &comparison.named {
        observed.push_str(&format!("; {}: {}", difference.name, difference.kind));
    }
    let evidence = evidence_in(listing, folder.display_name());
    Some(evidence.observed(observed).expected(format!("{required} of {required}")))
}
