//! Access tokens: JWTs that look unsigned but cannot be made elsewhere.

use std::hash::{BuildHasher, RandomState};

use azure_core::base64;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::assertion::EXCHANGE;
use crate::clouds::{ALL, PUBLIC};
use crate::request::{Origin, Service};
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
        let mut claims = json!({
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
        // Azure leaves the claim out where there is none, and has it in Graph's tokens only. A token
        // of loopback is for both services.
        if !auditor.application_roles.is_empty() && !is_for_one_other_service(audience) {
            claims["roles"] = auditor.application_roles.clone().into();
        }
        self.sealed(&claims)
    }

    /// Makes a token of another issuer, as it is exchanged for one of Entra.
    pub(crate) fn federated(&self, issuer: &str, subject: &str) -> String {
        let now = Timestamp::now().as_second();
        let claims = json!({"aud": EXCHANGE, "iss": issuer, "sub": subject, "nbf": now,
            "exp": now + 600});
        self.sealed(&claims)
    }

    fn sealed(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "none"});
        let content = [&header, claims].map(|part| base64::encode_url_safe(part.to_string()));
        let content = content.join(".");
        let seal = self.seal(&content);
        format!("{content}.{seal}")
    }

    /// Reads the token of a request and checks that the service may take it.
    pub(crate) fn check(
        &self,
        authorization: Option<&str>,
        service: Service,
        origin: &Origin,
    ) -> Result<Claims, TokenProblem> {
        let authorization = authorization.ok_or(TokenProblem::Missing)?;
        let (scheme, token) = authorization.split_once(' ').ok_or(TokenProblem::Garbage)?;
        let (content, seal) = token.trim().rsplit_once('.').ok_or(TokenProblem::Garbage)?;
        if !scheme.eq_ignore_ascii_case("bearer") || self.seal(content) != seal {
            return Err(TokenProblem::Garbage);
        }
        let claims = content.split('.').nth(1).and_then(|part| base64::decode_url_safe(part).ok());
        let claims = claims.and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
        let claims = claims.ok_or(TokenProblem::Garbage)?;
        if claims.exp <= Timestamp::now().as_second() {
            return Err(TokenProblem::Expired(Box::new(claims)));
        }
        if !audience_services(&claims.aud, origin).contains(&service) {
            return Err(TokenProblem::Audience(Box::new(claims)));
        }
        Ok(claims)
    }

    /// A keyed hash: enough that nobody mistakes a token of another run for one of this.
    fn seal(&self, content: &str) -> String {
        base64::encode_url_safe(self.key.hash_one(content).to_be_bytes())
    }
}

/// Whether an audience is one that Graph has no part in, in whatever cloud.
fn is_for_one_other_service(audience: &str) -> bool {
    let origins = ALL.iter().map(|cloud| Origin::Azure(cloud));
    let services: Vec<&Service> =
        origins.flat_map(|origin| audience_services(audience, &origin)).collect();
    !services.is_empty() && !services.contains(&&Service::Graph)
}

/// The services that take tokens for an audience; none when nobody knows the audience.
///
/// Clients configured for a cloud of their own ask for tokens of its ARM and Graph addresses, which
/// on loopback are one; those tokens are good for both.
pub(crate) fn audience_services(audience: &str, origin: &Origin) -> &'static [Service] {
    let audience = audience.trim_end_matches('/').to_ascii_lowercase();
    let (cloud, base) = match origin {
        Origin::Azure(cloud) => (*cloud, None),
        Origin::Loopback { base } => (&PUBLIC, Some(base.to_ascii_lowercase())),
    };
    if base.as_ref() == Some(&audience) {
        return &[Service::Arm, Service::Graph];
    }
    let own_account = base.and_then(|base| audience.strip_prefix(&base).map(str::to_owned));
    if own_account.is_some_and(|rest| rest.starts_with('/')) {
        return &[Service::Blob];
    }
    if audience == "00000003-0000-0000-c000-000000000000" {
        return &[Service::Graph];
    }
    match audience.strip_prefix("https://").unwrap_or_default() {
        name if name == cloud.arm || name == cloud.classic => &[Service::Arm],
        name if name == cloud.graph => &[Service::Graph],
        // The same in every cloud.
        "storage.azure.com" => &[Service::Blob],
        name if name.ends_with(cloud.blob_suffix) => &[Service::Blob],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AZURE: Origin = Origin::Azure(&PUBLIC);

    #[test]
    fn tokens_are_for_one_audience_and_one_time() {
        let mint = Mint::default();
        let mut auditor = Auditor::default();
        let token = format!("Bearer {}", mint.issue(&auditor, "https://management.azure.com/"));
        let claims = mint.check(Some(&token), Service::Arm, &AZURE).unwrap();
        assert_eq!(
            (claims.oid, claims.appid),
            (auditor.object_id.clone(), auditor.client_id.clone())
        );
        let graph = mint.check(Some(&token), Service::Graph, &AZURE);
        assert!(matches!(graph, Err(TokenProblem::Audience(_))));

        auditor.token_lifetime = SignedDuration::from_secs(-1);
        let token = format!("Bearer {}", mint.issue(&auditor, "https://storage.azure.com"));
        let blob = mint.check(Some(&token), Service::Blob, &AZURE);
        assert!(matches!(blob, Err(TokenProblem::Expired(_))));
    }

    #[test]
    fn tokens_of_others_are_garbage() {
        let token = Mint::default().issue(&Auditor::default(), "https://management.azure.com");
        let mint = Mint::default();
        for header in [token.as_str(), "x", "Bearer a.b.c", &format!("Bearer {token}"), "Basic x.y"]
        {
            assert_eq!(mint.check(Some(header), Service::Arm, &AZURE), Err(TokenProblem::Garbage));
        }
        assert_eq!(mint.check(None, Service::Arm, &AZURE), Err(TokenProblem::Missing));
    }

    #[test]
    fn a_cloud_of_its_own_has_audiences_of_its_own() {
        let base = Origin::Loopback { base: "http://127.0.0.1:9".to_owned() };
        assert_eq!(audience_services("http://127.0.0.1:9/", &base), [Service::Arm, Service::Graph]);
        assert_eq!(audience_services("http://127.0.0.1:9/acc", &base), [Service::Blob]);
        assert!(audience_services("http://127.0.0.1:99", &base).is_empty());
        assert!(audience_services("https://management.usgovcloudapi.net", &AZURE).is_empty());
    }
}
