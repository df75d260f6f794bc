//! Evidence packs: what a reviewer needs of one run, in a folder or a zip file.
//!
//! The same report, snapshot and manifest make the same pack, byte for byte. What is in it, and how it
//! is checked with and without vaudit, says `docs/evidence-pack.md`.

mod contents;
mod storage;
mod verify;

use std::path::Path;

use vaudit_engine::ExitCode;

use crate::failure::Failure;
use crate::outputs::to_stdout;
use crate::report::Report;

use contents::Parts;
use storage::Stored;

/// Writes the pack of a saved report.
///
/// # Errors
///
/// When a part belongs to another run, cannot be read, or the pack cannot be written.
pub(crate) fn pack(arguments: &Report, result: &Path, to: &Path) -> Result<Vec<String>, Failure> {
    let destination = storage::Destination::of(to)?;
    let parts = Parts::read(arguments, result)?;
    let hints = parts.missing();
    destination.write(&parts.files(), parts.finished_at())?;
    Ok(hints)
}

/// Says of each promise of a pack whether it holds.
///
/// # Errors
///
/// When one does not, or there is no pack.
pub(crate) fn verify(path: &Path) -> Result<ExitCode, Failure> {
    let stored = Stored::read(path)?;
    let found = verify::verify(&stored);
    to_stdout(&found.text)?;
    match found.broken {
        0 => Ok(ExitCode::Clean),
        _ => Err(Failure::new(format!("{} is not what it was when it was made", path.display()))
            .help("ask for the pack again, from whoever keeps the run")),
    }
}
