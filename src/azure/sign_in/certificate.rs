//! A certificate as a credential: what its file has to hold, and the assertions signed with it.
//!
//! The assertion is a JWT in place of the client secret (Entra, "certificate credentials"): signed
//! with the key, it names the certificate by its SHA-256 thumbprint and is good for one token
//! endpoint and ten minutes.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use azure_core::base64;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use jiff::{SignedDuration, Timestamp};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::SigningKey;
use rustls::{SignatureAlgorithm, SignatureScheme};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::validity;

/// How long an assertion is good: what Entra's documentation asks for at most.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Why a file is no credential.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is something else, such as a PFX file.
    #[error(
        "is not PEM; a PFX file becomes PEM with `openssl pkcs12 -in FILE -nodes -out auditor.pem`"
    )]
    NotPem,
    /// A part of it is PEM that cannot be decoded.
    #[error("holds PEM that cannot be decoded")]
    Damaged,
    /// The key needs a password.
    #[error(
        "holds an encrypted key, and only unencrypted PEM is supported; `openssl pkey` decrypts it"
    )]
    Encrypted,
    /// There is no key.
    #[error("holds no private key: certificate and key belong in one file")]
    NoKey,
    /// There is no certificate.
    #[error("holds no certificate: certificate and key belong in one file")]
    NoCertificate,
    /// The key is of another kind.
    #[error("holds a private key that is not RSA, and Entra takes no other")]
    NotRsa,
    /// The library refuses the key.
    #[error("holds a private key that is damaged, or shorter than 2,048 bits")]
    UnusableKey,
    /// No certificate is that of the key.
    #[error("holds a private key that belongs to none of its certificates")]
    Mismatch,
    /// The dates of the certificate cannot be read.
    #[error("holds a certificate that cannot be read")]
    UnreadableCertificate,
    /// The certificate has expired.
    #[error(
        "holds a certificate that expired on {0}: upload a new one to the auditor's app registration"
    )]
    Expired(jiff::civil::Date),
    /// The certificate is not valid yet.
    #[error("holds a certificate that is valid from {0} on only: check the clock")]
    Early(jiff::civil::Date),
}

/// A certificate with its key. Printing it shows neither.
pub(super) struct Certificate {
    key: Arc<dyn SigningKey>,
    header: String,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(***)")
    }
}

impl Certificate {
    /// Reads a PEM file with a certificate, its RSA key and, in any order, others of its chain.
    ///
    /// # Errors
    ///
    /// When it does not hold them, or the certificate is not valid now.
    pub(super) fn read(path: &Path, with_chain: bool) -> Result<Self, CertificateError> {
        Self::of(&std::fs::read(path)?, with_chain, Timestamp::now())
    }

    fn of(file: &[u8], with_chain: bool, now: Timestamp) -> Result<Self, CertificateError> {
        let text = std::str::from_utf8(file).map_err(|_| CertificateError::NotPem)?;
        if !text.contains("-----BEGIN ") {
            return Err(CertificateError::NotPem);
        }
        // As PKCS #8 has it, and as OpenSSL did before.
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(CertificateError::Encrypted);
        }
        let key = PrivateKeyDer::pem_slice_iter(file).next().ok_or(CertificateError::NoKey)?;
        let key = signing_key(&key.map_err(|_| CertificateError::Damaged)?)?;
        let mut certificates = CertificateDer::pem_slice_iter(file)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| CertificateError::Damaged)?;
        if certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let own = certificates.iter().position(|certificate| is_of(certificate, key.as_ref()));
        let own = certificates.remove(own.ok_or(CertificateError::Mismatch)?);
        let (begin, end) = validity::of(&own).ok_or(CertificateError::UnreadableCertificate)?;
        let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
        if end < now {
            return Err(CertificateError::Expired(day(end)));
        }
        if now < begin {
            return Err(CertificateError::Early(day(begin)));
        }
        let mut header = json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": base64::encode_url_safe(Sha256::digest(&own)),
        });
        if with_chain {
            let chain = [own].into_iter().chain(certificates);
            header["x5c"] = chain.map(|der| Value::from(base64::encode(der))).collect();
        }
        Ok(Self { key, header: base64::encode_url_safe(header.to_string()) })
    }

    /// Says, signed, that a client asks a token endpoint for a token now.
    fn assertion(
        &self,
        client_id: &str,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<String, rustls::Error> {
        let mut id = [0; 16];
        ring::default_provider().secure_random.fill(&mut id)?;
        let claims = json!({
            "aud": endpoint,
            "iss": client_id,
            "sub": client_id,
            "jti": base64::encode_url_safe(id),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": now.as_second() + LIFE.as_secs(),
        });
        let content = format!("{}.{}", self.header, base64::encode_url_safe(claims.to_string()));
        // With a salt as long as the digest, in TLS as in a JWT's PS256.
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]);
        let signer = signer.ok_or_else(|| rustls::Error::General("the key cannot sign".into()))?;
        let signature = base64::encode_url_safe(signer.sign(content.as_bytes())?);
        Ok(format!("{content}.{signature}"))
    }
}

fn signing_key(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, CertificateError> {
    let key = match der {
        PrivateKeyDer::Sec1(_) => return Err(CertificateError::NotRsa),
        _ => ring::sign::any_supported_type(der).map_err(|_| CertificateError::UnusableKey)?,
    };
    match key.algorithm() {
        SignatureAlgorithm::RSA => Ok(key),
        _ => Err(CertificateError::NotRsa),
    }
}

/// Whether a certificate is that of a key.
fn is_of(certificate: &CertificateDer<'_>, key: &dyn SigningKey) -> bool {
    ParsedCertificate::try_from(certificate)
        .is_ok_and(|parsed| key.public_key().as_ref() == Some(&parsed.subject_public_key_info()))
}

/// Signs a fresh assertion whenever a token is asked for.
#[derive(Debug)]
pub(super) struct SignedAssertion {
    /// What signs it.
    pub(super) certificate: Certificate,
    /// Who asks.
    pub(super) client_id: String,
    /// The token endpoint it is for.
    pub(super) endpoint: String,
}

#[async_trait::async_trait]
impl ClientAssertion for SignedAssertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.certificate.assertion(&self.client_id, &self.endpoint, Timestamp::now()).map_err(
            |error| {
                let why = "the certificate's key did not sign the assertion";
                Error::with_error(ErrorKind::Credential, error, why)
            },
        )
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn fixture(name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/certificates");
        std::fs::read_to_string(folder.join(name)).unwrap()
    }

    /// A certificate of the fixtures in DER.
    pub(in super::super) fn der(name: &str) -> Vec<u8> {
        CertificateDer::from_pem_slice(fixture(name).as_bytes()).unwrap().to_vec()
    }

    fn read(files: &[&str]) -> Result<Certificate, CertificateError> {
        let file: String = files.iter().map(|name| fixture(name)).collect();
        Certificate::of(file.as_bytes(), true, "2026-11-22T09:00:00Z".parse().unwrap())
    }

    fn part(text: &str, index: usize) -> Value {
        let part = text.split('.').nth(index).unwrap();
        serde_json::from_slice(&base64::decode_url_safe(part).unwrap()).unwrap()
    }

    #[test]
    fn an_assertion_says_who_asks_whom_and_for_how_long() {
        let own = der("certificate.pem");
        // Whatever the order, and with a certificate beside it that is not the key's.
        for files in [
            ["certificate.pem", "key.pem", "certificate-elliptic.pem"],
            ["key-pkcs1.pem", "certificate-elliptic.pem", "certificate.pem"],
        ] {
            let certificate = read(&files).unwrap();
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            let endpoint = "https://login.microsoftonline.com/t/oauth2/v2.0/token";
            let assertion = certificate.assertion("client", endpoint, now).unwrap();
            let header = part(&assertion, 0);
            assert_eq!((&header["alg"], &header["typ"]), (&json!("PS256"), &json!("JWT")));
            assert_eq!(header["x5t#S256"], base64::encode_url_safe(Sha256::digest(&own)));
            assert_eq!(header["x5c"][0], base64::encode(&own));
            assert_eq!(header["x5c"].as_array().unwrap().len(), 2);
            let claims = part(&assertion, 1);
            assert_eq!(claims["aud"], endpoint);
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client"), &json!("client")));
            assert_eq!(
                (&claims["nbf"], &claims["exp"]),
                (&json!(1_800_000_000), &json!(1_800_000_600))
            );
            let again = certificate.assertion("client", endpoint, now).unwrap();
            assert_ne!(part(&again, 1)["jti"], claims["jti"]);
        }
    }

    #[test]
    fn the_chain_is_sent_when_it_is_asked_for() {
        let file = [fixture("certificate.pem"), fixture("key.pem")].concat();
        let certificate = Certificate::of(file.as_bytes(), false, Timestamp::now()).unwrap();
        let assertion = certificate.assertion("client", "https://e", Timestamp::now()).unwrap();
        assert_eq!(part(&assertion, 0).get("x5c"), None);
    }

    #[test]
    fn what_is_no_credential_is_said_in_a_sentence() {
        for (files, said) in [
            (&["certificate.pem"][..], "holds no private key"),
            (&["key.pem"], "holds no certificate"),
            (&["certificate.pem", "key-encrypted.pem"], "only unencrypted PEM is supported"),
            (&["certificate-elliptic.pem", "key-elliptic.pem"], "is not RSA"),
            (&["certificate.pem", "key-short.pem"], "shorter than 2,048 bits"),
            (&["certificate-elliptic.pem", "key.pem"], "belongs to none of its certificates"),
            (&["certificate-expired.pem", "key.pem"], "expired on 2021-01-01"),
            (&["certificate-early.pem", "key.pem"], "valid from 2090-01-01 on only"),
        ] {
            let refused = read(files).unwrap_err().to_string();
            assert!(refused.contains(said), "{files:?}: {refused}");
        }
        let now = Timestamp::now();
        for file in [&b"\x30\x82\x0a\x01\x02\x01\x03"[..], b"", b"a note"] {
            let refused = Certificate::of(file, false, now);
            assert!(matches!(refused, Err(CertificateError::NotPem)), "{refused:?}");
        }
        let cut = &fixture("key.pem")[..400];
        let refused = Certificate::of(cut.as_bytes(), false, now);
        assert!(matches!(refused, Err(CertificateError::Damaged)), "{refused:?}");
        let sec1 = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        let refused = Certificate::of(sec1.as_bytes(), false, now);
        assert!(matches!(refused, Err(CertificateError::NotRsa)), "{refused:?}");
    }

    #[test]
    fn the_key_is_not_printed() {
        let certificate = read(&["certificate.pem", "key.pem"]).unwrap();
        let (client_id, endpoint) = ("client".to_owned(), "https://e".to_owned());
        let shown = format!("{:?}", SignedAssertion { certificate, client_id, endpoint });
        assert!(shown.contains("Certificate(***)"), "{shown}");
    }
}
