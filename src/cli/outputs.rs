//! Where reports go: stdout and files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vaudit_reports::Format;

use crate::failure::Failure;
use crate::pending_file::{Destination, PendingFile, refuse_equal};

/// The names of stdout: a report sent to one of them is a report on stdout.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// The files of a run, opened before it.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    /// The reports.
    pub(crate) reports: Vec<(Format, PendingFile)>,
    /// What was read.
    pub(crate) snapshot: Option<PendingFile>,
}

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
            if STDOUT.contains(&file) {
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

    /// One report, to a file or to stdout.
    pub(crate) fn one(format: Format, path: &Path) -> Self {
        match path.to_str().is_some_and(|path| STDOUT.contains(&path)) {
            true => Self { stdout: Some(format), files: Vec::new() },
            false => Self { stdout: None, files: vec![(format, path.to_owned())] },
        }
    }

    /// Opens the files, and that of a snapshot, which only its owner may read: it says more of the
    /// deployment than any report.
    ///
    /// # Errors
    ///
    /// When one cannot be written, or two are the same.
    pub(crate) fn open(&self, snapshot: Option<&Path>) -> Result<OpenFiles, Failure> {
        let reports = self.files.iter().map(|(format, path)| Ok((*format, Destination::of(path)?)));
        let reports: Vec<(Format, Destination)> = reports.collect::<Result<_, Failure>>()?;
        let snapshot = snapshot.map(Destination::of).transpose()?.map(Destination::private);
        refuse_equal(reports.iter().map(|(_, destination)| destination).chain(&snapshot))?;
        let reports = reports
            .into_iter()
            .map(|(format, destination)| Ok((format, PendingFile::create(destination)?)));
        Ok(OpenFiles {
            reports: reports.collect::<Result<_, Failure>>()?,
            snapshot: snapshot.map(PendingFile::create).transpose()?,
        })
    }
}

fn parse(word: &str) -> Result<Format, Failure> {
    word.parse().map_err(|error: vaudit_reports::FormatError| Failure::new(error.to_string()))
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
