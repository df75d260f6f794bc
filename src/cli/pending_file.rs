//! Files that are written whole or not at all.

use std::env;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::failure::Failure;

/// How many links a path may go through, as on Linux.
const MOST_LINKS: usize = 40;

/// Tells the temporary files of one run apart.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Where something is to be written, with every link followed.
#[derive(Debug)]
pub(crate) struct Destination {
    /// The path as it was given, for messages.
    given: PathBuf,
    resolved: PathBuf,
    kind: Kind,
    /// Whether others may not read a file that is made new.
    is_private: bool,
}

#[derive(Debug)]
enum Kind {
    /// There is no file yet.
    New,
    /// There is one; it will be replaced and keeps its mode.
    File(Metadata),
    /// Something that is written to, not replaced: a device or a pipe.
    Special,
}

impl Destination {
    /// Finds out what a path stands for.
    ///
    /// # Errors
    ///
    /// When nothing can be written there, as far as can be told without writing.
    pub(crate) fn of(given: &Path) -> Result<Self, Failure> {
        let found = match fs::metadata(given) {
            // What is behind `/dev/fd/3` has no path that could be resolved.
            Ok(data) if !data.is_file() => {
                let resolved = fs::canonicalize(given).or_else(|_| std::path::absolute(given));
                resolved.map(|path| (path, Kind::Special))
            }
            Ok(data) => fs::canonicalize(given).map(|path| (path, Kind::File(data))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                new_file(given).map(|path| (path, Kind::New))
            }
            Err(error) => Err(error),
        };
        let (resolved, kind) = found.map_err(|error| unwritable(given, &error))?;
        Ok(Self { given: given.to_owned(), resolved, kind, is_private: false })
    }

    /// The same, for a file that others may not read.
    #[must_use]
    pub(crate) fn private(mut self) -> Self {
        self.is_private = true;
        self
    }
}

/// Refuses destinations that are the same: one would destroy the other. The report on stdout counts,
/// where stdout is a file.
///
/// # Errors
///
/// When two are the same.
pub(crate) fn refuse_equal<'d>(
    destinations: impl IntoIterator<Item = &'d Destination>,
) -> Result<(), Failure> {
    let mut seen: Vec<&Destination> = Vec::new();
    for destination in destinations {
        let shown = destination.given.display();
        if let Some(first) = seen.iter().find(|own| own.resolved == destination.resolved) {
            let message = match first.given.display().to_string() {
                same if same == shown.to_string() => format!("two outputs go to {shown}"),
                first => format!("two outputs go to one file: {first} and {shown}"),
            };
            return Err(Failure::new(message).help("give every output a file of its own"));
        }
        if matches!(&destination.kind, Kind::File(data) if is_stdout(data)) {
            let message = format!("{shown} is where stdout goes");
            return Err(Failure::new(message).help("give every output a file of its own"));
        }
        seen.push(destination);
    }
    Ok(())
}

/// A file that will be written whole or not at all: next to the target first, then renamed. It is
/// opened before the audit, so that a full or forbidden directory is known in a second and not after
/// the run.
#[derive(Debug)]
pub(crate) struct PendingFile {
    destination: Destination,
    /// The file next to the target; none where the target is written to directly.
    temporary: Option<PathBuf>,
    file: File,
}

impl PendingFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn create(destination: Destination) -> Result<Self, Failure> {
        let given = destination.given.clone();
        let opened = match &destination.kind {
            Kind::Special => {
                File::options().write(true).open(&destination.resolved).map(|file| (None, file))
            }
            Kind::New => temporary(&destination.resolved, destination.is_private),
            // What may not be written may not be replaced either, though its folder would allow it.
            Kind::File(_) => File::options()
                .append(true)
                .open(&destination.resolved)
                .and_then(|_| temporary(&destination.resolved, true)),
        };
        let (temporary, file) = opened.map_err(|error| unwritable(&given, &error))?;
        let pending = Self { destination, temporary, file };
        pending.keep_mode().map_err(|error| unwritable(&given, &error))?;
        Ok(pending)
    }

    /// The path as it was given.
    pub(crate) fn name(&self) -> &Path {
        &self.destination.given
    }

    /// Gives the file the mode of the one it will replace.
    #[cfg(unix)]
    fn keep_mode(&self) -> io::Result<()> {
        match &self.destination.kind {
            Kind::File(data) => self.file.set_permissions(data.permissions()),
            Kind::New | Kind::Special => Ok(()),
        }
    }

    /// Modes are those of the folder.
    #[cfg(not(unix))]
    fn keep_mode(&self) -> io::Result<()> {
        Ok(())
    }

    /// The same, under a name in its folder that is known only now.
    ///
    /// # Errors
    ///
    /// The same.
    pub(crate) fn finish_as(
        mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        self.destination.given.set_file_name(name);
        self.destination.resolved.set_file_name(name);
        self.finish(write)
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
            Some(temporary) => fs::rename(temporary, &self.destination.resolved),
            None => Ok(()),
        });
        if placed.is_ok() {
            self.temporary = None;
        }
        placed.map_err(|error| unwritable(&self.destination.given, &error))
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

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", path.display()))
}

/// The path of a file that is not there yet, behind the links that lead to it.
fn new_file(given: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(given)?;
    for _ in 0..MOST_LINKS {
        let Ok(link) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(link);
    }
    let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file");
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(no_file());
    };
    // A path that ends in a slash names a folder.
    if given.as_os_str().to_string_lossy().ends_with(std::path::is_separator) {
        return Err(no_file());
    }
    Ok(fs::canonicalize(folder)?.join(name))
}

/// A file for what does not fit into memory, in the system's folder for such files. It loses its name
/// at once, so it is gone with the process, however that ends.
///
/// # Errors
///
/// When there is no room for one.
pub(crate) fn nameless() -> io::Result<File> {
    let (path, file) = temporary(&env::temp_dir().join("listing"), true)?;
    path.map_or(Ok(()), fs::remove_file)?;
    Ok(file)
}

/// A new file in the folder of the target. It is never one that somebody else has put there.
fn temporary(target: &Path, is_private: bool) -> io::Result<(Option<PathBuf>, File)> {
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!(".vaudit-{}-{number}", process::id()));
        match options(is_private).open(&path) {
            Ok(file) => return Ok((Some(path), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn options(is_private: bool) -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(if is_private { 0o600 } else { 0o666 });
    options
}

#[cfg(not(unix))]
fn options(_: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    options
}

#[cfg(unix)]
fn is_stdout(data: &Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let own = stdout.and_then(|stdout| stdout.metadata());
    own.is_ok_and(|own| (own.dev(), own.ino()) == (data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn is_stdout(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn write(path: &Path, text: &str) {
        let file = PendingFile::create(Destination::of(path).unwrap()).unwrap();
        file.finish(|writer| writer.write_all(text.as_bytes())).unwrap();
    }

    #[test]
    fn links_are_written_through_and_modes_are_kept() {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "old").unwrap();
        fs::set_permissions(at("real"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real", at("link")).unwrap();
        symlink("link", at("link to link")).unwrap();
        write(&at("link to link"), "new");
        assert_eq!(fs::read_to_string(at("real")).unwrap(), "new");
        assert_eq!(fs::read_link(at("link")).unwrap(), Path::new("real"));
        assert_eq!(mode(&at("real")), 0o640);

        symlink("later", at("dangling")).unwrap();
        write(&at("dangling"), "made");
        assert_eq!(fs::read_to_string(at("later")).unwrap(), "made");

        let private = Destination::of(&at("snapshot")).unwrap().private();
        PendingFile::create(private).unwrap().finish(|_| Ok(())).unwrap();
        assert_eq!(mode(&at("snapshot")), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6, "no temporary file is left");
    }

    #[test]
    fn two_names_of_one_file_are_one() {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("below")).unwrap();
        symlink("below", at("also")).unwrap();
        symlink("below/new", at("link")).unwrap();
        let of = |name: &str| Destination::of(&at(name)).unwrap();
        for (first, second) in [
            ("new", "./new"),
            ("below/new", "also/new"),
            ("below/new", "link"),
            ("x", "below/../x"),
        ] {
            assert!(refuse_equal(&[of(first), of(second)]).is_err(), "{first} {second}");
        }
        assert!(refuse_equal(&[of("new"), of("below/new"), of("New")]).is_ok());
        assert!(Destination::of(&at("missing/new")).is_err());
        assert!(Destination::of(&at("new/")).is_err());
    }

    #[test]
    fn devices_are_written_to_and_nobody_elses_file_is_taken() {
        let null = Destination::of(Path::new("/dev/null")).unwrap();
        let pending = PendingFile::create(null).unwrap();
        assert!(pending.temporary.is_none());
        pending.finish(|writer| writer.write_all(b"x")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let folder = TempDir::new().unwrap();
        let next = COUNTER.load(Ordering::Relaxed);
        for number in next..next + 100 {
            let name = format!(".vaudit-{}-{number}", process::id());
            symlink("/dev/null", folder.path().join(name)).unwrap();
        }
        write(&folder.path().join("report"), "text");
        assert_eq!(fs::read_to_string(folder.path().join("report")).unwrap(), "text");
    }
}
