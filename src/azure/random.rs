//! Randomness, from the library that TLS has it from.

use rustls::crypto::ring;

/// Bytes that nobody can guess.
///
/// # Errors
///
/// When the system has none to give.
pub fn random_bytes() -> Result<[u8; 32], rustls::Error> {
    let mut bytes = [0; 32];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| rustls::Error::FailedToGetRandomBytes)?;
    Ok(bytes)
}
