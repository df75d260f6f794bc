//! Snapshot files: how they are written and read, and `vaudit snapshot`.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use jiff::tz::TimeZone;
use vaudit_engine::ExitCode;
use vaudit_manifest::{Context, parse};
use vaudit_model::Snapshot;
use vaudit_model::blob::Shelf;
use vaudit_model::snapshot::{SnapshotError, SnapshotFile};
use vaudit_reports::snapshot::{Shown, json, render, verified};

use crate::arguments::{ShowFormat, ShowSnapshot, SnapshotCommand, Talk};
use crate::failure::Failure;
use crate::outputs::to_stdout;
use crate::pending_file::PendingFile;
use crate::sources::is_of_demo;
use crate::spool::Spool;
use crate::terminal::Screen;

/// How to get a snapshot.
pub(crate) const HOW_TO_WRITE: &str =
    "write one with `vaudit collect --output FILE` or `vaudit check --save-snapshot FILE`";

/// The ending of a file that is written compressed.
const COMPRESSED: &str = ".zst";

/// Looks at a snapshot file.
///
/// # Errors
///
/// When it is not whole, or not as it was written.
pub(crate) fn snapshot(command: &SnapshotCommand, talk: &Talk) -> Result<ExitCode, Failure> {
    match command {
        SnapshotCommand::Verify { file } => {
            let read = read(file, "snapshot", HOW_TO_WRITE)?;
            to_stdout(&verified(&shown(file, &read), &Screen::of_stdout(talk.color).table(talk)))?;
        }
        SnapshotCommand::Show(ShowSnapshot { file, format }) => {
            let read = read(file, "snapshot", HOW_TO_WRITE)?;
            let shown = shown(file, &read);
            to_stdout(&match format {
                ShowFormat::Table => render(&shown, &Screen::of_stdout(talk.color).table(talk)),
                ShowFormat::Json => json(&shown),
            })?;
        }
    }
    Ok(ExitCode::Clean)
}

fn shown<'f>(path: &Path, file: &'f SnapshotFile) -> Shown<'f> {
    let header = &file.snapshot.header;
    let today = header.finished_at.to_zoned(TimeZone::UTC).date();
    // What a manifest with mistakes would have named, nobody was asked about.
    let manifest = parse(&header.manifest.text, &Context { today });
    let deployments = manifest.map(|own| own.deployments).unwrap_or_default();
    Shown {
        name: path.display().to_string(),
        file,
        deployments: deployments.into_iter().map(|own| own.name).collect(),
        is_of_demo: is_of_demo(&header.manifest),
    }
}

/// Writes a snapshot into its file, compressed where its name says so.
///
/// # Errors
///
/// When that fails; nothing is left behind.
pub(crate) fn write(snapshot: &Snapshot, file: PendingFile) -> Result<(), Failure> {
    let name = file.name().to_string_lossy().to_ascii_lowercase();
    let is_compressed = name.ends_with(COMPRESSED);
    file.finish(|writer| match is_compressed {
        true => snapshot.write_compressed_to(writer),
        false => snapshot.write_to(writer),
    })
}

/// Reads a file in the format of snapshots line by line: the listings in it may be long. `what` it is
/// to be, and `how` to make one, is said when it is something else.
///
/// # Errors
///
/// When it is not whole, or not as it was written.
pub(crate) fn read(file: &Path, what: &str, how: &str) -> Result<SnapshotFile, Failure> {
    let name = file.display();
    let unreadable =
        |why: &dyn std::fmt::Display| Failure::new(format!("{name} cannot be read: {why}"));
    let opened = File::open(file).map_err(|error| unreadable(&error))?;
    let shelf = Shelf::backed_by(Spool::default());
    SnapshotFile::read(BufReader::new(opened), &shelf).map_err(|error| {
        let failure = || Failure::new(format!("{name} is not a usable {what}: {error}"));
        match &error {
            SnapshotError::Unreadable(error) => unreadable(error),
            SnapshotError::NotText { .. } => unreadable(&error),
            error if error.is_about_compression() => failure()
                .help(
                    "if `zstd -d` decompresses it, use what comes out: it has a digest of its own",
                )
                .help(how),
            _ => failure().help(how),
        }
    })
}
