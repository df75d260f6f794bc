//! TLS: rustls with the certificates of the system, or those `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Why no certificate can be checked.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There are no root certificates at all.
    #[error(
        "no root certificates were found: install the system's CA certificates or set SSL_CERT_FILE{found}"
    )]
    NoRoots {
        /// What went wrong where they were looked for.
        found: String,
    },
    /// The library refused its own defaults.
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// How many certificates are trusted: those of the system, or those `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name.
///
/// # Errors
///
/// When there are none.
pub fn trusted_certificates() -> Result<usize, TlsError> {
    Ok(roots()?.len())
}

/// The configuration for connections that check the server's certificate.
///
/// # Errors
///
/// When there are no root certificates.
pub(crate) fn checked() -> Result<ClientConfig, TlsError> {
    with_roots(roots()?)
}

fn roots() -> Result<RootCertStore, TlsError> {
    let native = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 {
        let errors: Vec<String> = native.errors.iter().map(ToString::to_string).collect();
        let found =
            if errors.is_empty() { String::new() } else { format!(" ({})", errors.join("; ")) };
        return Err(TlsError::NoRoots { found });
    }
    Ok(roots)
}

/// The configuration for a client that speaks plain HTTP to this machine: no certificate is
/// trusted, and none is needed.
///
/// # Errors
///
/// When the library refuses its own defaults.
pub(crate) fn unused() -> Result<ClientConfig, TlsError> {
    with_roots(RootCertStore::empty())
}

fn with_roots(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
