//! Entra's token endpoint, its discovery documents, and the managed identity endpoint.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::DEMO_AUDITOR;
use crate::answer::Answer;
use crate::assertion::{self, Certificate, Federation};
use crate::clock::parse_duration;
use crate::meter::Serial;
use crate::request::{Asked, Origin};
use crate::tokens::{Mint, audience_services};

/// Someone who may sign in.
#[derive(Clone, Debug)]
pub(crate) struct Auditor {
    /// The tenant it belongs to.
    pub(crate) tenant: String,
    /// Its client id.
    pub(crate) client_id: String,
    /// Its object id.
    pub(crate) object_id: String,
    /// How long its tokens are valid.
    pub(crate) token_lifetime: SignedDuration,
    /// The certificate that its application knows.
    pub(crate) certificate: Option<Certificate>,
    /// Whom its application trusts; anybody when left out.
    pub(crate) federation: Option<Federation>,
    /// The application permissions of Graph it was granted.
    pub(crate) application_roles: Vec<String>,
    secret: String,
    secret_expired: bool,
}

/// An auditor in a scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditorFile {
    tenant: String,
    client_id: String,
    secret: String,
    object_id: String,
    #[serde(default)]
    secret_expired: bool,
    #[serde(default)]
    token_lifetime: Option<String>,
    #[serde(default)]
    certificate: Option<String>,
    #[serde(default)]
    federation: Option<Federation>,
}

impl Default for Auditor {
    /// The auditor of the demo.
    fn default() -> Self {
        Self {
            tenant: DEMO_AUDITOR.tenant.to_owned(),
            client_id: DEMO_AUDITOR.client_id.to_owned(),
            secret: DEMO_AUDITOR.client_secret.to_owned(),
            object_id: DEMO_AUDITOR.object_id.to_owned(),
            certificate: None,
            federation: None,
            secret_expired: false,
            token_lifetime: SignedDuration::from_mins(60),
            application_roles: Vec::new(),
        }
    }
}

impl AuditorFile {
    /// Checks the auditor.
    pub(crate) fn check(self) -> Result<Auditor, &'static str> {
        let token_lifetime = match self.token_lifetime {
            None => SignedDuration::from_mins(60),
            Some(text) => parse_duration(&text).ok_or("`token_lifetime` is not a duration")?,
        };
        let certificate = self.certificate.as_deref().map(|pem| {
            Certificate::from_pem(pem).ok_or("`certificate` is not PEM with an RSA key")
        });
        Ok(Auditor {
            certificate: certificate.transpose()?,
            federation: self.federation,
            tenant: self.tenant,
            client_id: self.client_id,
            secret: self.secret,
            object_id: self.object_id,
            secret_expired: self.secret_expired,
            token_lifetime,
            application_roles: Vec::new(),
        })
    }
}

impl Auditor {
    /// Whether a text is its secret, which also stands in for the secrets of the machine and the job
    /// that it runs on.
    pub(crate) fn has_secret(&self, text: &str) -> bool {
        self.secret == text
    }
}

/// What the endpoints answer from.
pub(crate) struct SignIn<'a> {
    /// Who may sign in.
    pub(crate) auditors: &'a [Auditor],
    /// Makes the tokens.
    pub(crate) mint: &'a Mint,
    /// Numbers the answers.
    pub(crate) serial: &'a Serial,
    /// What the servers say the time is.
    pub(crate) now: Timestamp,
}

impl SignIn<'_> {
    /// Answers a request to Entra.
    pub(crate) fn answer(&self, asked: &Asked) -> Answer {
        let segments: Vec<String> =
            asked.segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let base = asked.origin.login();
        match segments.as_slice() {
            [tenant, "oauth2", "v2.0", "token"] | [tenant, "oauth2", "token"] => {
                if asked.method != "POST" {
                    let text = "AADSTS900561: The endpoint only accepts POST requests.";
                    return self.error(405, "invalid_request", 900_561, text);
                }
                self.token(tenant, asked)
            }
            [tenant, "v2.0", ".well-known", "openid-configuration"]
            | [tenant, ".well-known", "openid-configuration"] => {
                let is_shared = matches!(*tenant, "common" | "organizations");
                if !is_shared && !self.knows_tenant(tenant) {
                    return self.unknown_tenant(tenant, "invalid_tenant");
                }
                Answer::json(200, &openid_configuration(&base, tenant))
            }
            ["common", "discovery", "instance"] => Answer::json(200, &instance(&base)),
            [_, "discovery", "v2.0", "keys"] => Answer::json(200, &json!({"keys": []})),
            _ => Answer::empty(404),
        }
    }

    fn token(&self, tenant: &str, asked: &Asked) -> Answer {
        let form: Vec<(String, String)> =
            form_urlencoded::parse(&asked.body).into_owned().collect();
        let field = |name: &str| {
            let own = form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            own.filter(|value| !value.is_empty())
        };
        let missing = |name: &str| {
            let text = format!(
                "AADSTS900144: The request body must contain the following parameter: '{name}'."
            );
            self.error(400, "invalid_request", 900_144, &text)
        };
        match field("grant_type") {
            Some("client_credentials") => {}
            None => return missing("grant_type"),
            Some(other) => {
                let text =
                    format!("AADSTS70003: The app requested an unsupported grant type '{other}'.");
                return self.error(400, "unsupported_grant_type", 70_003, &text);
            }
        }
        if !self.knows_tenant(tenant) {
            return self.unknown_tenant(tenant, "invalid_request");
        }
        let Some(client_id) = field("client_id") else {
            return missing("client_id");
        };
        let Some(audience) = field("scope").or(field("resource")) else {
            return missing("scope");
        };
        let auditor = self.auditors.iter().find(|auditor| {
            auditor.client_id.eq_ignore_ascii_case(client_id)
                && auditor.tenant.eq_ignore_ascii_case(tenant)
        });
        let Some(auditor) = auditor else {
            return self.unknown_client(client_id, tenant);
        };
        let refusal = match field("client_assertion") {
            Some(assertion) => {
                let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", asked.origin.login());
                assertion::check(auditor, &endpoint, assertion).err().map(|(code, text)| {
                    self.error(401, "invalid_client", code, &format!("AADSTS{code}: {text}"))
                })
            }
            None => self.refuse_secret(auditor, field("client_secret")),
        };
        if let Some(refusal) = refusal {
            return refusal;
        }
        self.issue(auditor, audience, &asked.origin, |token, seconds| {
            json!({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds,
                "access_token": token})
        })
    }

    fn refuse_secret(&self, auditor: &Auditor, secret: Option<&str>) -> Option<Answer> {
        let Some(secret) = secret else {
            let text = "AADSTS7000216: 'client_assertion', 'client_secret' or 'request' is \
                        required for the 'client_credentials' grant type.";
            return Some(self.error(401, "invalid_client", 7_000_216, text));
        };
        if secret != auditor.secret {
            let text = format!(
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in \
                 the request is the client secret value, not the client secret ID, for a secret \
                 added to app '{}'.",
                auditor.client_id
            );
            return Some(self.error(401, "invalid_client", 7_000_215, &text));
        }
        auditor.secret_expired.then(|| {
            let text = format!(
                "AADSTS7000222: The provided client secret keys for app '{}' are expired. Visit \
                 the Azure portal to create new keys for your app: \
                 https://aka.ms/NewClientSecret, or consider using certificate credentials for \
                 added security: https://aka.ms/certCreds.",
                auditor.client_id
            );
            self.error(401, "invalid_client", 7_000_222, &text)
        })
    }

    fn issue(
        &self,
        auditor: &Auditor,
        scope: &str,
        origin: &Origin,
        body: impl FnOnce(String, i64) -> Value,
    ) -> Answer {
        // A scope may be a list; the audience is what is left of the one with `/.default`.
        let wanted = scope.split(' ').find(|scope| !scope.is_empty()).unwrap_or_default();
        let audience = wanted.strip_suffix("/.default").unwrap_or(wanted);
        if audience_services(audience, origin).is_empty() {
            let text = format!(
                "AADSTS500011: The resource principal named {audience} was not found in the \
                 tenant named {}.",
                auditor.tenant
            );
            return self.error(400, "invalid_resource", 500_011, &text);
        }
        let token = self.mint.issue(auditor, audience);
        let seconds = auditor.token_lifetime.as_secs().max(0);
        Answer::json(200, &body(token, seconds)).with("cache-control", "no-store, no-cache")
    }

    /// Answers a request to the managed identity endpoints: the metadata service's and App Service's.
    pub(crate) fn managed_identity(&self, asked: &Asked) -> Answer {
        let refuse = |text: &str| {
            Answer::json(400, &json!({"error": "invalid_request", "error_description": text}))
        };
        let is_metadata = asked.header("metadata").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if !is_metadata && asked.header("x-identity-header").is_none() {
            return refuse("Required metadata header not specified");
        }
        let Some(resource) = asked.parameter("resource") else {
            return refuse("Required query variable 'resource' is missing");
        };
        if asked.parameter("api-version").is_none() {
            return refuse("Required query variable 'api-version' is missing");
        }
        let wanted = asked.parameter("client_id");
        let is_wanted =
            |auditor: &&Auditor| wanted.is_none_or(|id| auditor.client_id.eq_ignore_ascii_case(id));
        let Some(auditor) = self.auditors.iter().find(is_wanted) else {
            return refuse("Identity not found");
        };
        // App Service has an endpoint of its own, and a secret in the place of the closed network.
        let is_app_service = asked.segments.first().is_some_and(|segment| segment == "msi");
        let header = asked.header("x-identity-header").unwrap_or_default();
        if is_app_service && !auditor.has_secret(header) {
            let text = "The identity header is not the one of this app.";
            return Answer::json(401, &json!({"statusCode": 401, "message": text}));
        }
        let end = Timestamp::now().as_second() + auditor.token_lifetime.as_secs();
        self.issue(auditor, resource, &asked.origin, |token, seconds| {
            json!({"access_token": token, "client_id": auditor.client_id,
                "expires_in": seconds.to_string(), "expires_on": end.to_string(),
                "ext_expires_in": seconds.to_string(), "not_before": (end - seconds - 300).to_string(),
                "resource": resource, "token_type": "Bearer"})
        })
    }

    fn knows_tenant(&self, tenant: &str) -> bool {
        self.auditors.iter().any(|auditor| auditor.tenant.eq_ignore_ascii_case(tenant))
    }

    fn unknown_tenant(&self, tenant: &str, error: &str) -> Answer {
        let text = format!(
            "AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct \
             tenant ID and are signing into the correct cloud. Check with your subscription \
             administrator, this may happen if there are no active subscriptions for the tenant."
        );
        self.error(400, error, 90_002, &text)
    }

    fn unknown_client(&self, client_id: &str, tenant: &str) -> Answer {
        let text = format!(
            "AADSTS700016: Application with identifier '{client_id}' was not found in the \
             directory '{tenant}'. This can happen if the application has not been installed by \
             the administrator of the tenant or consented to by any user in the tenant. You may \
             have sent your authentication request to the wrong tenant."
        );
        self.error(400, "unauthorized_client", 700_016, &text)
    }

    /// An error in Entra's shape.
    pub(crate) fn error(&self, status: u16, error: &str, code: u64, text: &str) -> Answer {
        let time = self.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let (trace, correlation) = (self.serial.guid(), self.serial.guid());
        let description =
            format!("{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}");
        let codes = if code == 0 { json!([]) } else { json!([code]) };
        let body = json!({
            "error": error,
            "error_description": description,
            "error_codes": codes,
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}")
        });
        Answer::json(status, &body).with("cache-control", "no-store, no-cache")
    }
}

fn openid_configuration(base: &str, tenant: &str) -> Value {
    json!({
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com"
    })
}

/// The list of authorities that MSAL trusts: the one it came by.
fn instance(base: &str) -> Value {
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    json!({
        "tenant_discovery_endpoint": format!("{base}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
    })
}
