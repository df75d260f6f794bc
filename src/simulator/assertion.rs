//! Assertions in the place of a client secret: signed with a certificate of the application, or made
//! by an issuer that the application trusts.

use azure_core::base64;
use jiff::Timestamp;
use rustls::SignatureScheme;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, alg_id};
use rustls::server::ParsedCertificate;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::sign_in::Auditor;

/// The audience of tokens that are exchanged for Entra's own.
pub(crate) const EXCHANGE: &str = "api://AzureADTokenExchange";

/// A certificate that an application knows.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    thumbprint: String,
    /// The RSA key in DER (PKCS #1).
    public_key: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate in PEM; none when it is not one with an RSA key.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        let info = ParsedCertificate::try_from(&der).ok()?.subject_public_key_info();
        // The algorithm, and a bit string: its tag, three bytes of length, and no unused bits.
        let algorithm = alg_id::RSA_ENCRYPTION.as_ref();
        let at = info.windows(algorithm.len()).position(|window| window == algorithm)?;
        let public_key = match info.get(at + algorithm.len()..)? {
            [0x03, 0x82, _, _, 0x00, key @ ..] => key.to_vec(),
            _ => return None,
        };
        Some(Self { thumbprint: base64::encode_url_safe(Sha256::digest(&der)), public_key })
    }

    fn has_signed(&self, content: &str, signature: &[u8]) -> bool {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        let mut own = algorithms.mapping.iter();
        let own = own.find(|(scheme, _)| *scheme == SignatureScheme::RSA_PSS_SHA256);
        own.is_some_and(|(_, algorithms)| {
            algorithms.iter().any(|algorithm| {
                algorithm.verify_signature(&self.public_key, content.as_bytes(), signature).is_ok()
            })
        })
    }
}

/// Whom an application trusts to say who somebody is.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Federation {
    issuer: String,
    subject: String,
}

/// Why an assertion is not taken: the number of Entra's error, and its text.
pub(crate) type Refusal = (u64, String);

/// Checks an assertion that an application sends to a token endpoint.
///
/// The signature of a federated token is not checked: its issuer is not simulated.
pub(crate) fn check(auditor: &Auditor, endpoint: &str, assertion: &str) -> Result<(), Refusal> {
    let malformed = || (50_027, "JWT token is invalid or malformed.".to_owned());
    let (content, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = content.split_once('.').ok_or_else(malformed)?;
    let decoded = |part: &str| {
        let bytes = base64::decode_url_safe(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    let header = decoded(header).ok_or_else(malformed)?;
    let claims = decoded(claims).ok_or_else(malformed)?;
    let is_certificate = header.get("x5t").or(header.get("x5t#S256")).is_some();
    if is_certificate {
        let signature = base64::decode_url_safe(signature).map_err(|_| malformed())?;
        check_signature(auditor, &header, content, &signature)?;
        check_claims(auditor, endpoint, &claims)?;
    } else {
        check_federation(auditor, &claims)?;
    }
    check_time(&claims)
}

fn check_signature(
    auditor: &Auditor,
    header: &Value,
    content: &str,
    signature: &[u8],
) -> Result<(), Refusal> {
    let thumbprint = text(header, "x5t#S256");
    let known = auditor.certificate.as_ref().filter(|own| own.thumbprint == thumbprint);
    let Some(known) = known else {
        let text = format!(
            "The certificate with identifier used to sign the client assertion is not registered \
             on application. [Reason - The key was not found., Thumbprint of key used by client: \
             '{thumbprint}']"
        );
        return Err((700_027, text));
    };
    if text(header, "alg") != "PS256" || !known.has_signed(content, signature) {
        let text = "Client assertion failed signature validation. [Reason - The provided signature \
                    value did not match the expected signature value.]";
        return Err((700_027, text.to_owned()));
    }
    Ok(())
}

fn check_claims(auditor: &Auditor, endpoint: &str, claims: &Value) -> Result<(), Refusal> {
    let is_client = |name: &str| text(claims, name).eq_ignore_ascii_case(&auditor.client_id);
    if !is_client("iss") || !is_client("sub") || text(claims, "jti").is_empty() {
        let text = "Client assertion application identifier doesn't match 'client_id' parameter.";
        return Err((700_021, text.to_owned()));
    }
    if !text(claims, "aud").eq_ignore_ascii_case(endpoint) {
        let text = "Client assertion audience claim does not match Realm issuer.";
        return Err((700_023, text.to_owned()));
    }
    Ok(())
}

fn check_federation(auditor: &Auditor, claims: &Value) -> Result<(), Refusal> {
    let (issuer, subject) = (text(claims, "iss"), text(claims, "sub"));
    if text(claims, "aud") != EXCHANGE {
        let text = format!(
            "No matching federated identity record found for presented assertion audience '{}'.",
            text(claims, "aud")
        );
        return Err((700_212, text));
    }
    let is_trusted = auditor
        .federation
        .as_ref()
        .is_none_or(|own| own.issuer == issuer && own.subject == subject);
    if !is_trusted {
        let text = format!(
            "No matching federated identity record found for presented assertion subject \
             '{subject}'. The subject must match exactly, and the issuer is '{issuer}'."
        );
        return Err((700_213, text));
    }
    Ok(())
}

fn check_time(claims: &Value) -> Result<(), Refusal> {
    // What Entra allows clocks to differ by.
    const SKEW: i64 = 5 * 60;
    let second = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = Timestamp::now().as_second();
    let is_over = second("exp").is_none_or(|end| end + SKEW < now);
    let is_early = second("nbf").is_some_and(|begin| now + SKEW < begin);
    if is_over || is_early {
        let text = "Client assertion is not within its valid time range. Please review the \
                    documentation at https://docs.microsoft.com/azure/active-directory/develop/\
                    active-directory-certificate-credentials.";
        return Err((700_024, text.to_owned()));
    }
    Ok(())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
