//! `vaudit list-blobs`: what the blob rules need, read where the storage firewall admits it.

use std::collections::BTreeSet;

use vaudit_engine::ExitCode;
use vaudit_model::blob_listing::Contents;
use vaudit_model::snapshot::{Selection, Stopped};
use vaudit_model::{Audience, Deployment, Estate, Fact, Gap, Need, Reason, Request, Snapshot};

use crate::arguments::{ListBlobs, Talk};
use crate::collecting::{self, Asked};
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::pending_file::{Destination, PendingFile};
use crate::{snapshot, sources};

/// What the blob rules need of the Blob service, and what it takes to know where that is.
const NEEDS: &[Need] =
    &[Need::StorageAccount, Need::BackupFolders, Need::SourceBlobs, Need::FolderBlobs];

/// Lists the blobs of the application and backup containers.
///
/// # Errors
///
/// When nothing could be listed, or the listing cannot be written.
pub(crate) async fn list_blobs(arguments: &ListBlobs, talk: &Talk) -> Result<ExitCode, Failure> {
    let conversation = Conversation::new(talk);
    let live = sources::live(&arguments.target).await?;
    live.warnings.iter().for_each(|warning| conversation.warn(warning));
    let deployments = live.audit.deployments(&arguments.deployments)?;
    let file = PendingFile::create(Destination::of(&arguments.output)?.private())?;
    let selection =
        Selection { deployments: arguments.deployments.clone(), ..Selection::default() };
    let contents = Contents::BlobListing;
    let asked = Asked { needs: NEEDS, selection, contents, listing: None };
    let mut snapshot =
        collecting::watched(&live, &deployments, asked, &arguments.target, talk).await?;
    let losses = losses(&snapshot, &deployments);
    // What Azure Resource Manager said only led to the containers.
    snapshot.retain(|document| document.request.kind.audience() == Audience::Storage);
    let (pages, containers) = size(&snapshot);
    let stopped = snapshot.header.stopped;
    if pages == 0 {
        // A listing that was made before is worth more than an empty one.
        let message = "no container could be listed, so nothing was written";
        if let Some(Stopped::Interrupted | Stopped::Terminated) = stopped {
            conversation.warn(message);
            return Ok(collecting::exit_code(stopped, true));
        }
        return Err(losses.into_iter().fold(Failure::new(message), Failure::help));
    }
    snapshot::write(&snapshot, file)?;
    losses.iter().for_each(|loss| conversation.warn(loss));
    conversation.say(&format!(
        "{} holds {pages} pages of listings of {containers} containers.",
        arguments.output.display()
    ));
    Ok(collecting::exit_code(stopped, !losses.is_empty()))
}

/// How many pages of how many containers.
fn size(snapshot: &Snapshot) -> (usize, usize) {
    let containers: BTreeSet<&str> =
        snapshot.documents().map(|document| document.request.target.as_str()).collect();
    (snapshot.documents().count(), containers.len())
}

/// What is missing, each a sentence.
fn losses(snapshot: &Snapshot, deployments: &[Deployment]) -> BTreeSet<String> {
    let mut losses = BTreeSet::new();
    for deployment in deployments {
        let estate = Estate::new(snapshot, deployment);
        let (own, backup) = (&deployment.storage.account, &deployment.backup.account);
        for (what, account, is_named, url) in [
            ("application", "storage.account", own.is_some(), estate.source_container_url()),
            (
                "backup",
                "backup.account",
                backup.is_some() || own.is_some(),
                estate.backup_container_url(),
            ),
        ] {
            let why = match url {
                Fact::Known(..) => continue,
                Fact::Absent(_) => "its storage account does not exist".to_owned(),
                Fact::Unread(gap) if is_named || gap.reason == Reason::NotConfigured => {
                    sentence(&gap)
                }
                Fact::Unread(gap) => {
                    format!("{}; where `{account}` is set, its name is enough", sentence(&gap))
                }
            };
            let name = &deployment.name;
            losses.insert(format!("{name}: the {what} container was not listed: {why}"));
        }
    }
    let requests: BTreeSet<&Request> =
        snapshot.documents().map(|document| &document.request).collect();
    for request in requests.into_iter().filter(|own| own.kind.audience() == Audience::Storage) {
        let gap = match snapshot.folders(request) {
            Fact::Known(list, _) => list.missing,
            Fact::Absent(_) => {
                losses.insert(format!("there is no container {}", request.target));
                continue;
            }
            Fact::Unread(gap) => Some(gap),
        };
        losses.extend(gap.as_ref().map(sentence));
    }
    losses
}

/// What was lost, where, and which permission would have shown it.
fn sentence(gap: &Gap) -> String {
    let mut sentence = gap.message.clone();
    if let Some(scope) = &gap.scope {
        sentence.push_str(&format!(", at {scope}"));
    }
    let is_about_blobs =
        gap.action.as_deref().is_some_and(|action| action.ends_with("/blobs/read"));
    if gap.reason == Reason::Forbidden && is_about_blobs {
        sentence.push_str("; the role Storage Blob Data Reader gives it");
    }
    sentence
}
