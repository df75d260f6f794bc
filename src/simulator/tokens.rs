//! Access tokens: JWTs that look unsigned but cannot be made elsewhere.

use std::hash::{BuildHasher, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::request::Service;
use crate::sign_in::Auditor;

/// Makes tokens and recognises its own.
#[derive(Debug, Default)]
pub(crate) struct Mint {
    key: RandomState,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Whom the token is for.
    pub(crate) aud: String,
    /// Who made it.
    pub(crate) iss: String,
    /// Since when it is valid.
    pub(crate) nbf: i64,
    /// Until when it is valid.
    pub(crate) exp: i64,
    /// The client id of who signed in.
    pub(crate) appid: String,
    /// Its object id.
    pub(crate) oid: String,
    /// Its tenant.
    pub(crate) tid: String,
}

/// Why a request's token is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    /// There is none.
    Missing,
    /// It was not made here.
    Garbage,
    /// Its time is over.
    Expired(Box<Claims>),
    /// It is for another service.
    Audience(Box<Claims>),
}

impl Mint {
    /// Makes a token for an audience such as `https://management.azure.com/`.
    pub(crate) fn issue(&self, auditor: &Auditor, audience: &str) -> String {
        let now = Timestamp::now();
        let end = now.saturating_add(auditor.token_lifetime).unwrap_or(now);
        let start = now.saturating_sub(SignedDuration::from_mins(5)).unwrap_or(now);
        let claims = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", auditor.tenant),
            "iat": start.as_second(),
            "nbf": start.as_second(),
            "exp": end.as_second(),
            "appid": auditor.client_id,
            "appidacr": "1",
            "idp": format!("https://sts.windows.net/{}/", auditor.tenant),
            "idtyp": "app",
            "oid": auditor.object_id,
            "sub": auditor.object_id,
            "tid": auditor.tenant,
            "ver": "1.0"
        });
        let header = json!({"typ": "JWT", "alg": "none"});
        let content = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let content = content.join(".");
        let seal = self.seal(&content);
        format!("{content}.{seal}")
    }

    /// Reads the token of a request and checks that the service may take it.
    pub(crate) fn check(
        &self,
        authorization: Option<&str>,
        service: Service,
        loopback: Option<&str>,
    ) -> Result<Claims, TokenProblem> {
        let authorization = authorization.ok_or(TokenProblem::Missing)?;
        let (scheme, token) = authorization.split_once(' ').ok_or(TokenProblem::Garbage)?;
        let (content, seal) = token.trim().rsplit_once('.').ok_or(TokenProblem::Garbage)?;
        if !scheme.eq_ignore_ascii_case("bearer") || self.seal(content) != seal {
            return Err(TokenProblem::Garbage);
        }
        let claims = content.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims = claims.and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
        let claims = claims.ok_or(TokenProblem::Garbage)?;
        if claims.exp <= Timestamp::now().as_second() {
            return Err(TokenProblem::Expired(Box::new(claims)));
        }
        if !audience_services(&claims.aud, loopback).contains(&service) {
            return Err(TokenProblem::Audience(Box::new(claims)));
        }
        Ok(claims)
    }

    /// A keyed hash: enough that nobody mistakes a token of another run for one of this.
    fn seal(&self, content: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.key.hash_one(content).to_be_bytes())
    }
}

/// The services that take tokens for an audience; none when nobody knows the audience.
///
/// Clients configured for a cloud of their own ask for tokens of its ARM and Graph addresses, which
/// on loopback are one; those tokens are good for both.
pub(crate) fn audience_services(audience: &str, loopback: Option<&str>) -> &'static [Service] {
    let audience = audience.trim_end_matches('/').to_ascii_lowercase();
    if loopback.is_some_and(|base| base.eq_ignore_ascii_case(&audience)) {
        return &[Service::Arm, Service::Graph];
    }
    let own_account = loopback.and_then(|base| audience.strip_prefix(base));
    match audience.as_str() {
        "https://management.azure.com" | "https://management.core.windows.net" => &[Service::Arm],
        "https://graph.microsoft.com" | "00000003-0000-0000-c000-000000000000" => &[Service::Graph],
        "https://storage.azure.com" => &[Service::Blob],
        other if other.ends_with(".blob.core.windows.net") => &[Service::Blob],
        _ if own_account.is_some_and(|rest| rest.starts_with('/')) => &[Service::Blob],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_for_one_audience_and_one_time() {
        let mint = Mint::default();
        let mut auditor = Auditor::default();
        let token = format!("Bearer {}", mint.issue(&auditor, "https://management.azure.com/"));
        let claims = mint.check(Some(&token), Service::Arm, None).unwrap();
        assert_eq!(
            (claims.oid, claims.appid),
            (auditor.object_id.clone(), auditor.client_id.clone())
        );
        let graph = mint.check(Some(&token), Service::Graph, None);
        assert!(matches!(graph, Err(TokenProblem::Audience(_))));

        auditor.token_lifetime = SignedDuration::from_secs(-1);
        let token = format!("Bearer {}", mint.issue(&auditor, "https://storage.azure.com"));
        let blob = mint.check(Some(&token), Service::Blob, None);
        assert!(matches!(blob, Err(TokenProblem::Expired(_))));
    }

    #[test]
    fn tokens_of_others_are_garbage() {
        let token = Mint::default().issue(&Auditor::default(), "https://management.azure.com");
        let mint = Mint::default();
        for header in [token.as_str(), "x", "Bearer a.b.c", &format!("Bearer {token}"), "Basic x.y"]
        {
            assert_eq!(mint.check(Some(header), Service::Arm, None), Err(TokenProblem::Garbage));
        }
        assert_eq!(mint.check(None, Service::Arm, None), Err(TokenProblem::Missing));
    }

    #[test]
    fn a_cloud_of_its_own_has_audiences_of_its_own() {
        let base = Some("http://127.0.0.1:9");
        assert_eq!(audience_services("http://127.0.0.1:9/", base), [Service::Arm, Service::Graph]);
        assert_eq!(audience_services("http://127.0.0.1:9/acc", base), [Service::Blob]);
        assert!(audience_services("http://127.0.0.1:99", base).is_empty());
    }
}
