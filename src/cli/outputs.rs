//! Where reports go: stdout and files, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use vaudit_reports::Format;

use crate::failure::Failure;

/// The reports a command line asks for.
#[derive(Debug)]
pub(crate) struct Outputs {
    /// The report on stdout.
    pub(crate) stdout: Option<Format>,
    /// Reports in files.
    pub(crate) files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// Reads `--format` and `--output FORMAT=FILE`.
    ///
    /// # Errors
    ///
    /// When a format is unknown, a value has no file, or two reports would go to stdout.
    pub(crate) fn read(format: &str, outputs: &[String]) -> Result<Self, Failure> {
        let mut read = Self { stdout: None, files: Vec::new() };
        for output in outputs {
            let Some((format, file)) = output.split_once('=').filter(|(_, file)| !file.is_empty())
            else {
                let message = format!("--output wants FORMAT=FILE, not `{output}`");
                return Err(Failure::new(message));
            };
            let format = parse(format)?;
            if file == "-" {
                if read.stdout.replace(format).is_some() {
                    return Err(Failure::new("only one report can go to stdout"));
                }
            } else {
                read.files.push((format, PathBuf::from(file)));
            }
        }
        let on_stdout = parse(format)?;
        read.stdout.get_or_insert(on_stdout);
        Ok(read)
    }
}

fn parse(word: &str) -> Result<Format, Failure> {
    word.parse().map_err(|error: vaudit_reports::FormatError| Failure::new(error.to_string()))
}

/// A file that will be written whole or not at all: next to the target first, then renamed. It is
/// opened before the audit, so that a full or forbidden directory is known in a second and not after
/// the run.
#[derive(Debug)]
pub(crate) struct PendingFile {
    target: PathBuf,
    /// The file next to the target; none where the target is no regular file, such as a pipe.
    temporary: Option<PathBuf>,
    file: File,
}

impl PendingFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn create(target: &Path) -> Result<Self, Failure> {
        let unwritable = |error: &io::Error| {
            Failure::new(format!("{} cannot be written: {error}", target.display()))
        };
        let is_special = fs::metadata(target).is_ok_and(|data| !data.is_file());
        if is_special {
            let file =
                File::options().write(true).open(target).map_err(|error| unwritable(&error))?;
            return Ok(Self { target: target.to_owned(), temporary: None, file });
        }
        let name = target.file_name().ok_or_else(|| {
            Failure::new(format!("{} is not the name of a file", target.display()))
        })?;
        let temporary =
            target.with_file_name(format!(".{}.{}", name.to_string_lossy(), process::id()));
        let file = File::create(&temporary).map_err(|error| unwritable(&error))?;
        Ok(Self { target: target.to_owned(), temporary: Some(temporary), file })
    }

    /// Writes the content and puts the file in its place.
    ///
    /// # Errors
    ///
    /// When that fails; nothing is left behind.
    pub(crate) fn finish(
        mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut writer = io::BufWriter::new(&self.file);
        let written = write(&mut writer).and_then(|()| writer.flush());
        drop(writer);
        let placed = written.and_then(|()| match &self.temporary {
            Some(temporary) => fs::rename(temporary, &self.target),
            None => Ok(()),
        });
        if placed.is_ok() {
            self.temporary = None;
        }
        placed.map_err(|error| {
            Failure::new(format!("{} cannot be written: {error}", self.target.display()))
        })
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing more can be done when this fails too, and the failure that led here is told.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Writes to stdout. A reader that has gone away is silence.
///
/// # Errors
///
/// When stdout cannot be written for another reason.
pub(crate) fn to_stdout(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("stdout cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}
