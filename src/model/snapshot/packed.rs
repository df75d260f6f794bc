//! Compressed snapshots: one frame of Zstandard, and behind it a seal.
//!
//! Zstandard has bits that mean nothing to a decoder, so a digest of the text alone would not notice
//! all changes of the file. The seal is a *skippable frame*, which other decoders pass over, with the
//! SHA-256 of all bytes before it.

use std::io::{self, BufRead, Read, Write};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress};
use sha2::{Digest, Sha256};

use super::SnapshotError;
use super::lines::Text;

/// What a frame of Zstandard begins with. No JSON text begins with its first byte.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What the seal begins with: the magic of a skippable frame, and the length of a SHA-256.
const SEAL: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];

/// How far back the data may refer, in bytes. vaudit writes 128 KiB; others, whose files are refused
/// for the lack of a seal, rarely more than 8 MiB.
const WIDEST_WINDOW: u64 = 8 * 1024 * 1024;

/// Writes a text compressed and sealed.
///
/// # Errors
///
/// When the text cannot be read, or the writer fails.
pub(super) fn write(text: Text<'_>, writer: impl Write) -> io::Result<()> {
    let mut text = Failing { inner: text, error: None };
    let sealing = Sealing { writer, hash: Sha256::new() };
    let mut drain = Failing { inner: sealing, error: None };
    compress(&mut text, &mut drain, CompressionLevel::Fastest);
    if let Some(error) = text.error.or(drain.error) {
        return Err(error);
    }
    let Sealing { mut writer, hash } = drain.inner;
    writer.write_all(&SEAL)?;
    writer.write_all(&hash.finalize())
}

/// The compressor panics where reading or writing fails. This takes the error aside and goes on as
/// though the text had ended and all were written.
struct Failing<T> {
    inner: T,
    error: Option<io::Error>,
}

impl<R: Read> Read for &mut Failing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(count) => Ok(count),
            Err(error) => {
                self.error = Some(error);
                Ok(0)
            }
        }
    }
}

impl<W: Write> Write for &mut Failing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            self.error = self.inner.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Sealing<W> {
    writer: W,
    hash: Sha256,
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The text of a compressed file.
pub(super) struct Unpacking<R> {
    decoder: FrameDecoder,
    source: Source<R>,
    /// Why decompressing ended too early.
    failure: Option<SnapshotError>,
}

impl<R: BufRead> Unpacking<R> {
    /// Begins to decompress.
    ///
    /// # Errors
    ///
    /// When that is not what the file holds.
    pub(super) fn new(reader: R) -> Result<Self, SnapshotError> {
        let mut source = Source { reader, hash: Sha256::new(), error: None, is_at_end: false };
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WIDEST_WINDOW);
        match decoder.init(&mut source) {
            Ok(()) => Ok(Self { decoder, source, failure: None }),
            Err(error) => Err(source.explain(&error)),
        }
    }

    /// What is wrong with the compressed data, where that is why its text could not be read.
    pub(super) fn failure(&mut self) -> Option<SnapshotError> {
        self.failure.take()
    }

    /// Looks at what stands behind the data.
    ///
    /// # Errors
    ///
    /// When that is not the seal of what was read.
    pub(super) fn finish(self) -> Result<(), SnapshotError> {
        let Source { mut reader, hash, .. } = self.source;
        let expected = [SEAL.as_slice(), &hash.finalize()].concat();
        let mut rest = Vec::new();
        let at_most = expected.len() as u64 + 1;
        reader.by_ref().take(at_most).read_to_end(&mut rest).map_err(SnapshotError::Unreadable)?;
        if rest == expected {
            return Ok(());
        }
        Err(match rest.len() {
            length if !rest.starts_with(&SEAL) && length >= SEAL.len() => SnapshotError::Unsealed,
            0 => SnapshotError::Unsealed,
            length if length < expected.len() => SnapshotError::CutPacked,
            _ if rest.starts_with(&expected) => SnapshotError::TrailingBytes,
            _ => SnapshotError::BrokenSeal,
        })
    }
}

impl<R: BufRead> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.decoder.decode_blocks(&mut self.source, one) {
                self.failure = Some(self.source.explain(&error));
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        self.decoder.read(buffer)
    }
}

/// The compressed bytes, and the digest of those that were read.
struct Source<R> {
    reader: R,
    hash: Sha256,
    /// Why they could not be read; the decoder would hide it among its own errors.
    error: Option<io::Error>,
    is_at_end: bool,
}

impl<R> Source<R> {
    fn explain(&mut self, error: &dyn std::error::Error) -> SnapshotError {
        match self.error.take() {
            Some(error) => SnapshotError::Unreadable(error),
            None if self.is_at_end => SnapshotError::CutPacked,
            None => SnapshotError::Damaged { why: error.to_string() },
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        match &read {
            Ok(0) if !buffer.is_empty() => self.is_at_end = true,
            Ok(count) => self.hash.update(&buffer[..*count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.error = Some(io::Error::new(error.kind(), error.to_string())),
        }
        read
    }
}
