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
/// When one does not, or that cannot be told, or there is no pack.
pub(crate) fn verify(path: &Path) -> Result<ExitCode, Failure> {
    let stored = Stored::read(path)?;
    let found = verify::verify(&stored);
    to_stdout(&found.text)?;
    let name = path.display();
    match (found.broken, found.unknown) {
        (0, 0) => Ok(ExitCode::Clean),
        // What cannot be told is no proof: who changes a pack can also take the proof out of it.
        (0, _) => Err(Failure::new(format!("not everything in {name} could be verified")).help(
            "a pack needs its snapshot and manifest, and the version of vaudit that made it",
        )),
        _ => Err(Failure::new(format!("{name} is not what it was when it was made"))
            .help("ask for the pack again, from whoever keeps the run")),
    }
}
