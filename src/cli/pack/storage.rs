//! A pack in a folder, or in a zip file.

use std::fs;
use std::io::{self, Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vaudit_model::shell::inert;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, ZipArchive};

use super::contents::{Files, SUMS};
use crate::failure::Failure;
use crate::pending_file::{self, PendingFile};

/// How many bytes the files of a pack may have together when they are read.
const MOST_BYTES: u64 = 2 << 30;
/// How many files a pack may have when it is read.
const MOST_FILES: usize = 10_000;

/// Where a pack is written.
pub(super) enum Destination {
    /// A folder that is not there yet, or is empty, and one beside it that is filled first.
    Folder(PathBuf, Filling),
    /// A zip file.
    Zip(Box<PendingFile>),
}

/// A folder that is removed again unless it was put in its place.
pub(super) struct Filling(Option<PathBuf>);

impl Drop for Filling {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // Nothing more can be done when this fails too, and the failure that led here is told.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

impl Destination {
    /// Opens it, so that what cannot be written is known before anything is rendered.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or holds something already.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        if is_zip(path) {
            let destination = pending_file::Destination::of(path)?.private();
            return Ok(Self::Zip(Box::new(PendingFile::create(destination)?)));
        }
        match fs::read_dir(path) {
            Ok(entries) => {
                if entries.count() > 0 {
                    let message = format!("{} is not empty", path.display());
                    return Err(Failure::new(message)
                        .help("a pack gets a folder of its own, or a name that ends in .zip"));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritable(path, &error)),
        }
        let full = std::path::absolute(path).map_err(|error| unwritable(path, &error))?;
        let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = full.with_file_name(format!(".{name}.{}", process::id()));
        private_folder(&beside).map_err(|error| unwritable(path, &error))?;
        Ok(Self::Folder(full, Filling(Some(beside))))
    }

    /// Writes the files. `at` is when they are said to be from.
    ///
    /// # Errors
    ///
    /// When that fails; nothing is left behind.
    pub(super) fn write(self, files: &Files, at: Timestamp) -> Result<(), Failure> {
        match self {
            Self::Zip(file) => {
                let zipped = zipped(files, at).map_err(|error| {
                    Failure::new(format!("{} cannot be written: {error}", file.name().display()))
                })?;
                file.finish(|writer| writer.write_all(&zipped))
            }
            Self::Folder(path, mut filling) => {
                let Some(beside) = filling.0.as_deref() else { return Ok(()) };
                let filled = files.iter().try_for_each(|(name, bytes)| {
                    let file = beside.join(name);
                    file.parent().map_or(Ok(()), fs::create_dir_all)?;
                    fs::write(file, bytes)
                });
                filled
                    .and_then(|()| fs::rename(beside, &path))
                    .map_err(|error| unwritable(&path, &error))?;
                filling.0 = None;
                Ok(())
            }
        }
    }
}

fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"))
}

/// Makes a folder that only its owner may open: a snapshot says more of a deployment than any report.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// The files as a zip file: sorted, with one time and one mode.
fn zipped(files: &Files, at: Timestamp) -> Result<Vec<u8>, zip::result::ZipError> {
    let at = at.to_zoned(TimeZone::UTC);
    // Before 1980 and after 2107 there is no time in a zip file.
    let number = |number: i8| u8::try_from(number).unwrap_or_default();
    let time = DateTime::from_date_and_time(
        u16::try_from(at.year()).unwrap_or_default(),
        number(at.month()),
        number(at.day()),
        number(at.hour()),
        number(at.minute()),
        number(at.second()),
    )
    .unwrap_or_default();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(time)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        // What is compressed already only grows.
        let method = match name.ends_with(".zst") {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        };
        writer.start_file(name.as_str(), options.compression_method(method))?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// A pack as it was found.
pub(super) struct Stored {
    /// Its files.
    pub(super) files: Files,
    /// What is odd about how they are stored, each a sentence.
    pub(super) oddities: Vec<String>,
    /// How many bytes the files have together.
    held: u64,
}

impl Stored {
    /// Reads a folder or a zip file.
    ///
    /// # Errors
    ///
    /// When there is none, or what is there is no pack.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut stored = Self { files: Files::new(), oddities: Vec::new(), held: 0 };
        let unreadable =
            |error: io::Error| Failure::new(format!("{} cannot be read: {error}", path.display()));
        match fs::metadata(path).map_err(unreadable)?.is_dir() {
            true => stored.walk(path, "").map_err(unreadable)?,
            false => stored.unzip(&fs::read(path).map_err(unreadable)?).map_err(unreadable)?,
        }
        if !stored.files.contains_key(SUMS) {
            let message = format!("{} is no evidence pack: it has no {SUMS}", path.display());
            return Err(Failure::new(message)
                .help("`vaudit report RESULT.json --pack DIR|FILE.zip` makes one"));
        }
        Ok(stored)
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.walk(&entry.path(), &format!("{name}/"))?;
            } else if kind.is_file() {
                let bytes = self.bounded(fs::File::open(entry.path())?)?;
                self.files.insert(name, bytes);
            } else {
                // A link may lead to another file for whoever looks next.
                self.oddities.push(format!("{} is a link or a device, no file", inert(&name)));
            }
        }
        Ok(())
    }

    fn unzip(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut archive = ZipArchive::new(Cursor::new(bytes))?;
        // Of two entries with one name, or one over the other, programs show either.
        if archive.has_duplicate_names() || archive.has_overlapping_files()? {
            return Err(io::Error::other("its entries have one name, or lie over each other"));
        }
        if !archive.comment().is_empty() || archive.offset() != 0 {
            self.oddities.push("the zip file has more in it than its entries".to_owned());
        }
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            let name = entry.name()?.into_owned();
            let is_inside = entry.enclosed_name().is_some_and(|own| own == Path::new(&name));
            if !is_inside || name.contains('\\') || !entry.is_file() {
                self.oddities.push(format!("{} is no plain file inside the pack", inert(&name)));
                continue;
            }
            let bytes = self.bounded(&mut entry)?;
            self.files.insert(name, bytes);
        }
        Ok(())
    }

    /// Reads a file, as long as there is room.
    fn bounded(&mut self, reader: impl Read) -> io::Result<Vec<u8>> {
        let room = MOST_BYTES - self.held;
        let mut bytes = Vec::new();
        reader.take(room + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > room || self.files.len() == MOST_FILES {
            return Err(io::Error::other("there is more in it than an evidence pack can be"));
        }
        self.held += bytes.len() as u64;
        Ok(bytes)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", path.display()))
}
