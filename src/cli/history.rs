//! Reports of earlier runs in files: the one that `--previous` names, and those in the folder of
//! `--history`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vaudit_model::assessment::{self, Run};
use vaudit_model::history::PastReport;
use vaudit_model::instant::show;
use vaudit_model::{Deployment, Snapshot};

use crate::arguments::Check;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::pending_file::{Destination, PendingFile};

/// What the past is for a run: the report it is held against, and where its own one is kept.
pub(crate) struct Past {
    /// The report of the earlier run.
    pub(crate) report: Option<PastReport>,
    keep: Option<Keep>,
}

/// The run of a snapshot.
struct Judged {
    run_id: String,
    /// In whole seconds, as reports have it.
    ended: i64,
}

impl Judged {
    fn of(snapshot: &Snapshot) -> Self {
        let ended = snapshot.header.finished_at.as_second();
        Self { run_id: assessment::run_id(snapshot), ended }
    }

    fn is_before(&self, report: &PastReport) -> bool {
        report.run.finished_at.as_second() > self.ended
    }
}

/// A folder that keeps a report of every run.
struct Keep {
    folder: PathBuf,
    /// Opened before the run, so that a folder that cannot be written is known then.
    file: PendingFile,
}

impl Past {
    /// Reads what the command line names. `judged` is the snapshot that is judged, where there is one
    /// already.
    ///
    /// # Errors
    ///
    /// When a report cannot be read or is about something else, or the folder cannot be written.
    pub(crate) fn open(
        arguments: &Check,
        deployments: &[Deployment],
        judged: Option<&Snapshot>,
        conversation: &Conversation,
    ) -> Result<Self, Failure> {
        let judged = judged.map(Judged::of);
        let keep = arguments.history.as_deref().map(Keep::open).transpose()?;
        let report = match (&arguments.previous, &keep) {
            (Some(file), _) => Some(named(file, deployments, judged.as_ref())?),
            (None, Some(keep)) => newest(&keep.folder, deployments, judged.as_ref(), conversation)?,
            (None, None) => None,
        };
        Ok(Self { report, keep })
    }

    /// Keeps the report of the run, where that is wanted. What is there already stays.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn keep(self, run: &Run, report: impl FnOnce() -> String) -> Result<(), Failure> {
        let Some(Keep { folder, file }) = self.keep else { return Ok(()) };
        let text = report();
        let stem = format!("{}-{}", run.header.finished_at.strftime("%Y-%m-%dT%H%M%SZ"), run.id);
        let names = std::iter::once(format!("{stem}.json"))
            .chain((2..).map(|number| format!("{stem}-{number}.json")));
        for name in names {
            match fs::read(folder.join(&name)) {
                // The same snapshot, judged in the same way.
                Ok(there) if there == text.as_bytes() => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return file.finish_as(&name, |writer| writer.write_all(text.as_bytes()));
                }
                // Another judgement of this run: it stays.
                Ok(_) => {}
                Err(error) => {
                    let file = folder.join(&name);
                    return Err(Failure::new(format!(
                        "{} cannot be read: {error}",
                        file.display()
                    )));
                }
            }
        }
        Ok(())
    }
}

impl Keep {
    fn open(folder: &Path) -> Result<Self, Failure> {
        let unusable = |error: &io::Error| {
            Failure::new(format!("{} cannot keep reports: {error}", folder.display()))
        };
        fs::create_dir_all(folder).map_err(|error| unusable(&error))?;
        // The name is not known before the run is over.
        let file = PendingFile::create(Destination::of(&folder.join("report.part"))?)?;
        Ok(Self { folder: folder.to_owned(), file })
    }
}

/// The report that the command line names.
fn named(
    file: &Path,
    deployments: &[Deployment],
    judged: Option<&Judged>,
) -> Result<PastReport, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        let failure = Failure::new(format!("{} cannot be read: {error}", file.display()));
        match error.kind() {
            io::ErrorKind::NotFound => failure.help(
                "the first run has no earlier one: leave --previous out, or let `--history DIR` keep the reports",
            ),
            _ => failure,
        }
    })?;
    let report = PastReport::parse(&text).map_err(|error| {
        Failure::new(format!("{} {error}", file.display()))
            .help("--previous wants what `vaudit check --output json=FILE` wrote")
    })?;
    if !is_about(&report, deployments) {
        let own = names(deployments.iter().map(|own| own.name.as_str()));
        let theirs = names(report.deployments.iter().map(|own| own.name.as_str()));
        return Err(Failure::new(format!(
            "{} is about {theirs}, and this run about {own}: nothing can be compared",
            file.display()
        ))
        .help("leave --previous out for the first run of a deployment, or after it was renamed"));
    }
    if judged.is_some_and(|judged| judged.is_before(&report)) {
        return Err(Failure::new(format!(
            "{} is of a later run ({}) than the snapshot",
            file.display(),
            show(report.run.finished_at)
        )));
    }
    Ok(report)
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "no deployment".to_owned() } else { names.join(", ") }
}

fn is_about(report: &PastReport, deployments: &[Deployment]) -> bool {
    deployments.iter().any(|own| report.deployments.iter().any(|past| past.name == own.name))
}

/// The newest report of a folder that is about one of the deployments, and not of a later run.
fn newest(
    folder: &Path,
    deployments: &[Deployment],
    judged: Option<&Judged>,
    conversation: &Conversation,
) -> Result<Option<PastReport>, Failure> {
    for file in reports(folder)?.into_iter().rev() {
        let report = match read(&file) {
            Ok(report) => report,
            Err(why) => {
                conversation.warn(&why);
                continue;
            }
        };
        // A run that is judged again is not held against itself.
        let is_earlier = judged
            .is_none_or(|judged| !judged.is_before(&report) && judged.run_id != report.run.id);
        if is_earlier && is_about(&report, deployments) {
            return Ok(Some(report));
        }
    }
    Ok(None)
}

/// The files of a folder that may be reports, by name and so by time.
///
/// # Errors
///
/// When the folder cannot be read.
pub(crate) fn reports(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error: io::Error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        // A pipe would be waited for.
        if !hidden && path.extension() == Some(OsStr::new("json")) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a report, or says why it is none.
///
/// # Errors
///
/// The sentence that says why.
pub(crate) fn read(file: &Path) -> Result<PastReport, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    PastReport::parse(&text).map_err(|error| format!("{} {error}", file.display()))
}
