//! Did every copy in the newest folders succeed?

use vaudit_model::blob::BlobEntry;
use vaudit_model::estate::ListedFolder;
use vaudit_model::instant::{show, show_seconds};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity,
    Source, Tier,
};

use super::{evidence_in, first_few_of, some_folder};

/// BKP011.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP011",
        name: "copies-succeeded",
        title: "No copy failed or hangs",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S38: make a copy of the container's content",
        setting: "backup.container",
    },
    needs: &[Need::StorageAccount, Need::BackupContainers, Need::BackupFolders, Need::FolderBlobs],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("copies_succeeded.md"),
    evaluate,
};

/// A copy that has been pending for longer than this hangs.
const HANGS_AFTER_HOURS: i64 = 24;

/// How many copies the evidence of a folder names.
const QUOTED: usize = 20;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let dated = estate.dated_folders();
    let (dated, source) = dated.required("BKP007")?;
    some_folder(dated, source)?;
    let folders = estate.listed_folders(dated);
    let subject = estate.backup_container_subject();
    let mut found = Copies::default();
    for folder in &folders {
        found.look_into(folder);
    }
    if found.broken > 0 {
        return Ok(vec![fail(estate, &found)]);
    }
    if let Some(gap) = found.unread {
        return Err(gap.into());
    }
    // A newer folder may not have been seen.
    let oldest = folders.last().and_then(|folder| dated.missing_after(folder.at));
    if let Some(gap) = oldest {
        return Err(gap.clone().into());
    }
    if found.pending > 0 {
        let message = match found.pending {
            1 => "a copy is still pending, for less than a day".to_owned(),
            several => format!("{several} copies are still pending, none for longer than a day"),
        };
        return Err(Gap::because(Reason::InProgress, message).at(subject).into());
    }
    let message = match folders.len() {
        1 => "No copy in the only folder failed or is pending.".to_owned(),
        count => format!("No copy in the {count} newest folders failed or is pending."),
    };
    let evidence = folders.iter().filter_map(|folder| {
        let evidence = evidence_in(folder.blobs.source()?, folder.folder.display_name());
        Some(evidence.observed("no copy failed, aborted or pending"))
    });
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}

/// What the newest folders show about server-side copies.
#[derive(Default)]
struct Copies {
    /// How many failed or hang.
    broken: usize,
    /// The first of them, by folder and name, each with what is wrong.
    named: Vec<(String, String)>,
    evidence: Vec<Evidence>,
    /// How many copies are under way, and not for too long.
    pending: u64,
    /// What could not be read or understood.
    unread: Option<Gap>,
}

impl Copies {
    fn look_into(&mut self, folder: &ListedFolder<'_>) {
        let (list, source) = match folder.blobs.read() {
            Ok(Some(known)) => known,
            Ok(None) => return,
            Err(_) => return self.is_unread(folder.blobs.gap()),
        };
        self.is_unread(list.missing.as_ref());
        // The order in which Azure lists them means nothing.
        let mut broken = First::default();
        let mut unclear = First::default();
        let mut lost = None;
        for blob in list.entries_where(|summary| summary.has_doubtful_copies) {
            let blob = match blob {
                Ok(blob) => blob,
                Err(gap) => {
                    lost = Some(gap);
                    break;
                }
            };
            match state(&blob, source) {
                Ok(State::Done) => {}
                Ok(State::Pending) => self.pending += 1,
                Ok(State::Broken(what)) => broken.note(&blob.name, what),
                Err(gap) => unclear.note(&blob.name, gap),
            }
        }
        self.is_unread(unclear.few.first().map(|(_, gap)| gap));
        self.is_unread(lost.as_ref());
        if broken.count > 0 {
            let named: Vec<String> = broken.few.iter().map(say).collect();
            let evidence = evidence_in(source, folder.folder.display_name());
            let evidence = evidence.observed(named.join("; "));
            self.evidence.push(evidence.expected("success, or no copy status"));
        }
        self.broken += broken.count;
        self.named.extend(broken.few);
    }

    fn is_unread(&mut self, gap: Option<&Gap>) {
        if let (None, Some(gap)) = (&self.unread, gap) {
            self.unread = Some(gap.clone());
        }
    }
}

/// The first few of many things, by the names of their blobs.
struct First<T> {
    count: usize,
    few: Vec<(String, T)>,
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self { count: 0, few: Vec::new() }
    }
}

impl<T> First<T> {
    fn note(&mut self, name: &str, thing: T) {
        self.count += 1;
        let place = self.few.partition_point(|(own, _)| own.as_str() <= name);
        if place < QUOTED {
            self.few.truncate(QUOTED - 1);
            self.few.insert(place, (name.to_owned(), thing));
        }
    }
}

/// A blob with what is wrong with its copy.
fn say((name, what): &(String, String)) -> String {
    format!("{name} ({what})")
}

enum State {
    Done,
    Pending,
    Broken(String),
}

/// What the copy status of a blob means. A copy id carries no time; a pending copy is as old as the
/// last write of its blob.
fn state(blob: &BlobEntry, listing: &Source) -> Result<State, Gap> {
    let Some(status) = &blob.copy_status else { return Ok(State::Done) };
    let status = status.trim().to_ascii_lowercase();
    match status.as_str() {
        "success" => return Ok(State::Done),
        "failed" | "aborted" => return Ok(State::Broken(status)),
        "pending" => {}
        _ => {
            let message = format!("the copy status {status} is not one vaudit knows");
            return Err(Gap::because(Reason::Unrecognised, message).at(&listing.resource));
        }
    }
    let (Some(since), Some(now)) = (blob.modified.or(blob.created), listing.origin.now()) else {
        let message = "the listing does not tell for how long a copy has been pending";
        return Err(Gap::because(Reason::MissingField, message).at(&listing.resource));
    };
    let seconds = now.as_second() - since.as_second();
    if seconds > HANGS_AFTER_HOURS * 3_600 {
        let age = show_seconds(seconds.unsigned_abs());
        return Ok(State::Broken(format!("pending for {age}, since {}", show(since))));
    }
    Ok(State::Pending)
}

fn fail(estate: &Estate<'_>, found: &Copies) -> Judgement {
    let named: Vec<String> = found.named.iter().map(say).collect();
    let message = match named.as_slice() {
        [one] => format!("A copy failed or hangs: {one}."),
        several => format!(
            "{} copies failed or hang: {}.",
            found.broken,
            first_few_of(several, found.broken)
        ),
    };
    let account = estate.backup_account().value().map_or("", |account| account.id.name());
    let container = estate.deployment.backup.container.as_deref().unwrap_or_default();
    let command = Command::new("az storage blob show")
        .arg("--account-name", account)
        .arg("--container-name", container)
        .arg("--name", found.named.first().map_or("", |(name, _)| name))
        .flag("--auth-mode login --query properties.copy");
    let advice = "Look why the copy did not end: its status description says so. Abort one that hangs, and run the copy job again.";
    Judgement::fail(estate.backup_container_subject(), message)
        .with_all(found.evidence.iter().cloned())
        .fix(advice, vec![command])
}
