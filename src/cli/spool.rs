//! Where the entries of long blob listings lie while nobody looks at them: a temporary file without
//! a name, made when the first of them come. It is gone with the process, however that ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use vaudit_model::blob::BlobStore;

use crate::pending_file::nameless;

/// The file; none as long as nothing was put there.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    file: Mutex<Option<File>>,
}

impl BlobStore for Spool {
    fn put(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(nameless()?),
        };
        let at = file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)?;
        Ok(at)
    }

    fn get(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_there_comes_back_and_nothing_else_does() {
        let spool = Spool::default();
        assert!(spool.get(0, 1).is_err());
        let places = ["first", "", "third"].map(|text| (spool.put(text.as_bytes()).unwrap(), text));
        for (at, text) in places.iter().rev() {
            assert_eq!(spool.get(*at, text.len()).unwrap(), text.as_bytes());
        }
        assert!(spool.get(6, 5).is_err(), "it ends before");
        assert_eq!(spool.put(b"fourth").unwrap(), 10, "reading does not move the end");
    }
}
