//! Documents: what Azure answered, as it answered it, with when and how.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::blob::BlobPage;
use crate::fact::{Gap, Origin, Reason};
use crate::instant::parse_http_date;
use crate::json_body::JsonBody;
use crate::need::{Audience, Request};

/// One page of one answer, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What was asked.
    pub request: Request,
    /// Which page of the answer this is, from 0.
    pub page: u32,
    /// The HTTP method.
    pub method: String,
    /// The URL as it was sent.
    pub url: String,
    /// The `api-version` (ARM), version segment (Graph) or `x-ms-version` (Blob) of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// The version asked first, where this cloud does not serve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_api_version: Option<String>,
    /// The HTTP status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The allow-listed response headers, names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What the answer said.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
    /// Why there is no usable answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The auditor's clock when the answer arrived, or when vaudit gave up.
    #[schemars(with = "String")]
    pub read_at: Timestamp,
    /// How long the answer took from the last time the request was sent, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<u64>,
}

/// The content of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// Nothing was sent.
    #[default]
    Empty,
    /// A JSON value, without the fields that may hold secrets or people. Of an error, the code and
    /// what is needed of the message.
    #[schemars(with = "Value")]
    Json(JsonBody),
    /// What there was instead of JSON, such as a proxy's HTML page: its length and type. Its text is
    /// not kept, because it may repeat what was sent.
    Text(String),
    /// A page of a blob listing, projected from its XML.
    Blobs(BlobPage),
}

impl Body {
    /// A JSON value.
    pub fn json(value: Value) -> Self {
        Self::Json(value.into())
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Why a request has no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The kind of loss.
    pub reason: Reason,
    /// What happened, in a sentence fragment.
    pub message: String,
}

/// Whether an answer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPage<'a> {
    /// It ends here.
    None,
    /// It goes on at this link (ARM, Graph) or marker (Blob).
    At(&'a str),
    /// It goes on, but the link is not a text.
    Unreadable,
}

/// What an answer proves, by `catalogue.md` §0.2.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<'a> {
    /// 200 with a body.
    Read(&'a Body),
    /// 404 with a code that proves absence.
    Absent,
    /// Anything else.
    Unread(Gap),
}

/// The response headers a document keeps. Everything else is dropped before it is stored.
pub const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "date",
    "request-id",
    "retry-after",
    "x-ms-error-code",
    "x-ms-ratelimit-remaining-subscription-global-reads",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-request-id",
    "x-ms-version",
];

/// Body fields no rule reads that may hold secrets or people, in lower case. They are removed at
/// every depth before a body is stored.
const DROPPED_FIELDS: &[&str] = &[
    "administratorlogin",
    "administratorloginpassword",
    "adminpassword",
    "adminusername",
    "createdby",
    "customkeyidentifier",
    "email",
    "emailaddress",
    "givenname",
    "hint",
    "key",
    "keydata",
    "lastmodifiedby",
    "linuxprofile",
    "mail",
    "notes",
    "secrettext",
    "serviceprincipalprofile",
    "surname",
    "updatedby",
    "userprincipalname",
    "windowsprofile",
];

/// The tags a rule reads, in lower case: what the volume drivers of Kubernetes write on a disk.
/// All other tags are removed, as anything may stand in them.
const KEPT_TAGS: &[&str] = &[
    "k8s-azure-created-by",
    "kubernetes.io-created-for-pv-name",
    "kubernetes.io-created-for-pvc-name",
    "kubernetes.io-created-for-pvc-namespace",
];

/// Removes the fields that may hold secrets or people from a body, and of its tags all but those
/// that mark a disk as a volume of Kubernetes.
pub fn drop_private_fields(body: &mut Value) {
    let holds = |names: &[&str], name: &str| {
        names.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
    };
    match body {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                if !name.eq_ignore_ascii_case("tags") {
                    return !holds(DROPPED_FIELDS, name);
                }
                let Value::Object(tags) = value else { return false };
                tags.retain(|name, text| text.is_string() && holds(KEPT_TAGS, name));
                !tags.is_empty()
            });
            fields.values_mut().for_each(drop_private_fields);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_private_fields),
        _ => {}
    }
}

/// The error of a body in any of the shapes Azure uses: `{"error": {"code", "message"}}`, the two
/// at top level in either casing, or numeric codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// `AuthorizationFailed`, `ResourceNotFound`, …; empty when the body has none.
    pub code: String,
    /// Azure's own sentence; empty when the body has none.
    pub message: String,
}

impl ErrorBody {
    /// Reads the error of a body.
    pub fn of(body: &Body) -> Self {
        let Body::Json(value) = body else {
            return Self::default();
        };
        let holder = match value.get("error") {
            Some(inner @ Value::Object(_)) => inner,
            _ => &**value,
        };
        let text = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| match holder.get(name)? {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .unwrap_or_default()
        };
        Self {
            code: text(&["code", "Code", "ErrorCode", "errorCode"]),
            message: text(&["message", "Message", "error_description"]),
        }
    }

    /// The error as a snapshot keeps it. Azure's sentences name people and repeat what was sent, so
    /// of the message only what is asked for later stays: the action and scope of a refusal, and the
    /// api-versions that are served.
    #[must_use]
    pub fn kept(&self) -> Self {
        let is_code = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let code = Some(&self.code).filter(|code| code.chars().all(is_code)).cloned();
        let refusal = || {
            let action = self.action()?;
            let scope = self.scope().map(|scope| format!(" over scope '{scope}'"));
            let scope = scope.unwrap_or_default();
            Some(format!("does not have authorization to perform action '{action}'{scope}"))
        };
        let served = || {
            let is_version = |c: char| c.is_ascii_alphanumeric() || "-, ".contains(c);
            let versions = self.quoted("api-versions are '")?;
            let versions = Some(versions).filter(|list| list.chars().all(is_version))?;
            Some(format!("the supported api-versions are '{versions}'"))
        };
        Self {
            code: code.unwrap_or_default(),
            message: refusal().or_else(served).unwrap_or_default(),
        }
    }

    /// The action a refusal names.
    fn action(&self) -> Option<&str> {
        let is_action = |c: char| c.is_ascii_alphanumeric() || "./*_-".contains(c);
        self.quoted("perform action '").filter(|action| action.chars().all(is_action))
    }

    /// The scope a refusal names.
    fn scope(&self) -> Option<&str> {
        self.quoted("over scope '").filter(|scope| scope.starts_with('/'))
    }

    /// What the message has in quotes after some words.
    fn quoted(&self, after: &str) -> Option<&str> {
        let rest = &self.message[self.message.find(after)? + after.len()..];
        Some(&rest[..rest.find('\'')?])
    }
}

/// Whether a JSON body is that of an operation that failed, whatever the status says: it has an
/// error, and is neither a list nor a resource. The status of an operation may have an id too, but
/// no resource has a `status` of its own beside an error.
pub fn is_failed_operation(body: &Value) -> bool {
    let has = |field: &str| body.get(field).is_some();
    let is_resource = has("id") && !body.get("status").is_some_and(Value::is_string);
    body.get("error").is_some_and(Value::is_object) && !has("value") && !is_resource
}

/// The 404 codes that prove absence. Others (`InvalidResourceType`, an empty or HTML body) only say
/// that the question was not understood.
const ABSENT_CODES: &[&str] = &[
    "ContainerNotFound",
    "ManagementPolicyNotFound",
    "NotFound",
    "ParentResourceNotFound",
    "Request_ResourceNotFound",
    "ResourceGroupNotFound",
    "ResourceNotFound",
    "RoleAssignmentNotFound",
    "RoleDefinitionDoesNotExist",
];

impl Document {
    /// What evidence quotes of this answer.
    pub fn origin(&self) -> Arc<Origin> {
        let header = |name: &str| self.headers.get(name);
        Arc::new(Origin {
            request_id: header("x-ms-request-id").or_else(|| header("request-id")).cloned(),
            read_at: Some(self.read_at),
            date: header("date").and_then(|date| parse_http_date(date)),
            round_trip_ms: self.round_trip_ms,
            api_version: self.api_version.clone(),
        })
    }

    /// Whether the answer goes on, and where.
    ///
    /// An empty page with a next link is not the end of a list (`wire/INDEX.md`, quirk 37), an empty
    /// or null link is. Resource Graph gives a token instead, also beside `resultTruncated: "false"`.
    pub fn next_page(&self) -> NextPage<'_> {
        match &self.body {
            Body::Json(value) => {
                let fields = value.as_object().into_iter().flatten();
                let mut links = fields.filter(|(name, link)| {
                    let is_link = ["nextLink", "@odata.nextLink", "$skipToken"]
                        .iter()
                        .any(|own| name.eq_ignore_ascii_case(own));
                    is_link && !link.is_null() && link.as_str() != Some("")
                });
                match links.next() {
                    None => NextPage::None,
                    Some((_, link)) => link.as_str().map_or(NextPage::Unreadable, NextPage::At),
                }
            }
            Body::Blobs(page) => match page.next_marker.as_deref() {
                None | Some("") => NextPage::None,
                Some(marker) => NextPage::At(marker),
            },
            Body::Empty | Body::Text(_) => NextPage::None,
        }
    }

    /// What the answer proves.
    pub fn answer(&self) -> Answer<'_> {
        if let Some(failure) = &self.failure {
            return Answer::Unread(self.gap(failure.reason, failure.message.clone()));
        }
        let error = ErrorBody::of(&self.body);
        let (reason, why) = match self.status {
            Some(200) => match self.refused_in_a_200(&error) {
                None => return Answer::Read(&self.body),
                Some(refusal) => refusal,
            },
            Some(400) if is_about_the_api_version(&error.code) => (
                Reason::Unrecognised,
                "this cloud does not answer the question in a version vaudit speaks".to_owned(),
            ),
            Some(400..=499) if self.is_about_the_server(&error) => (
                Reason::ServerState,
                "the server is stopped or busy and does not answer this".to_owned(),
            ),
            Some(404) if ABSENT_CODES.contains(&error.code.as_str()) => return Answer::Absent,
            Some(404) if error.code == "SubscriptionNotFound" => (
                Reason::BeyondReach,
                "the subscription is not visible: another tenant, or no role on it".to_owned(),
            ),
            Some(401) => (Reason::SignIn, "the token was refused".to_owned()),
            // The Blob service says so of a token it cannot take; a missing permission has other codes.
            Some(403) if error.code == "AuthenticationFailed" => {
                (Reason::SignIn, "the token was refused".to_owned())
            }
            Some(403) => self.refusal(&error),
            Some(429) => {
                (Reason::Throttled, "Azure kept throttling until the retry budget ended".to_owned())
            }
            Some(408 | 500..=599) => {
                (Reason::Transport, "Azure kept failing until the retry budget ended".to_owned())
            }
            Some(300..=399) => (
                Reason::UntrustedNextLink,
                "the answer was a redirect, which is not followed with a token".to_owned(),
            ),
            Some(status) => {
                (Reason::Unrecognised, format!("the answer {status} was not understood"))
            }
            None => (Reason::Transport, "there was no answer".to_owned()),
        };
        Answer::Unread(self.gap(reason, describe(&why, self.status, &error)))
    }

    /// Whether a refusal to list a server's children is about the server's state: any 400 or 409, and
    /// whatever names the state in its code.
    fn is_about_the_server(&self, error: &ErrorBody) -> bool {
        let code = error.code.to_ascii_lowercase();
        let names_the_state = code.contains("server")
            && ["stopped", "busy", "state"].iter().any(|state| code.contains(state));
        self.request.kind.is_child_of_server()
            && (matches!(self.status, Some(400 | 409)) || names_the_state)
    }

    /// A 200 that is no success: an operation's error inside (quirk 43), or not JSON at all.
    fn refused_in_a_200(&self, error: &ErrorBody) -> Option<(Reason, String)> {
        match &self.body {
            Body::Json(value) if value.is_object() => is_failed_operation(value).then(|| {
                let reason = if error.code.to_ascii_lowercase().contains("busy")
                    || self.request.kind.is_child_of_server()
                {
                    Reason::ServerState
                } else {
                    Reason::Transport
                };
                (reason, "the answer carries an error instead of the resource".to_owned())
            }),
            Body::Blobs(_) => None,
            Body::Json(_) | Body::Text(_) | Body::Empty => Some((
                Reason::Unrecognised,
                "the answer is not the JSON object that Azure sends".to_owned(),
            )),
        }
    }

    /// A 403, told apart: a missing permission, or the storage firewall.
    fn refusal(&self, error: &ErrorBody) -> (Reason, String) {
        if self.request.kind.audience() == Audience::Storage && error.code == "AuthorizationFailure"
        {
            let why = "the storage firewall does not admit the auditor's address; run the audit from an admitted network, or `vaudit list-blobs` there and then `vaudit check --blob-listing`";
            return (Reason::Network, why.to_owned());
        }
        let (action, _) = self.missing_permission(error);
        (Reason::Forbidden, format!("the auditor lacks {action}"))
    }

    /// The permission a refusal names, else the one this request is known to need.
    fn missing_permission(&self, error: &ErrorBody) -> (String, String) {
        (
            error.action().unwrap_or_else(|| self.request.kind.permission()).to_owned(),
            error.scope().unwrap_or(&self.request.target).to_owned(),
        )
    }

    /// A gap of this document.
    pub fn gap(&self, reason: Reason, why: String) -> Gap {
        let error = ErrorBody::of(&self.body);
        let (action, scope) = match reason {
            Reason::Forbidden => {
                let (action, scope) = self.missing_permission(&error);
                (Some(action), scope)
            }
            Reason::Network | Reason::SignIn => {
                (Some(self.request.kind.permission().to_owned()), self.request.target.clone())
            }
            _ => (None, self.request.target.clone()),
        };
        let page = if self.page > 0 { format!(" (page {})", self.page + 1) } else { String::new() };
        Gap {
            reason,
            message: format!("{}{page} could not be read: {why}", self.request.kind.title()),
            action,
            scope: Some(scope),
            status: self.status,
        }
    }
}

/// Whether an error says that the cloud does not serve the api-version that was asked in.
pub fn is_about_the_api_version(code: &str) -> bool {
    ["NoRegisteredProviderFound", "InvalidApiVersionParameter"]
        .iter()
        .any(|own| code.eq_ignore_ascii_case(own))
}

fn describe(why: &str, status: Option<u16>, error: &ErrorBody) -> String {
    match (status, error.code.as_str()) {
        (Some(status), "") => format!("{why} ({status})"),
        (Some(status), code) => format!("{why} ({status} {code})"),
        (None, _) => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ArmId;
    use crate::need::RequestKind;
    use serde_json::json;

    fn document(kind: RequestKind, status: u16, body: Value) -> Document {
        Document {
            request: Request::arm(kind, &ArmId::subscription_scope("s1")),
            page: 0,
            method: "GET".into(),
            url: "https://management.azure.com/subscriptions/s1".into(),
            api_version: None,
            asked_api_version: None,
            status: Some(status),
            headers: BTreeMap::new(),
            body: Body::json(body),
            failure: None,
            read_at: Timestamp::UNIX_EPOCH,
            round_trip_ms: None,
        }
    }

    fn reason(document: &Document) -> Reason {
        match document.answer() {
            Answer::Unread(gap) => gap.reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_names_action_and_scope() {
        let body = json!({"error": {"code": "AuthorizationFailed", "message":
            "The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.DBforPostgreSQL/flexibleServers/backups/read' over scope '/subscriptions/s1/resourceGroups/rg' or the scope is invalid."}});
        let Answer::Unread(gap) = document(RequestKind::PostgresBackups, 403, body).answer() else {
            panic!("a 403 is unread")
        };
        assert_eq!(gap.reason, Reason::Forbidden);
        assert_eq!(
            gap.action.as_deref(),
            Some("Microsoft.DBforPostgreSQL/flexibleServers/backups/read")
        );
        assert_eq!(gap.scope.as_deref(), Some("/subscriptions/s1/resourceGroups/rg"));
        assert_eq!(gap.status, Some(403));
    }

    #[test]
    fn a_token_that_is_not_taken_is_no_missing_permission() {
        let reason = |status, code| {
            let body = json!({"error": {"code": code, "message": ""}});
            reason(&document(RequestKind::FolderBlobs, status, body))
        };
        assert_eq!(reason(401, "InvalidAuthenticationInfo"), Reason::SignIn);
        assert_eq!(reason(403, "AuthenticationFailed"), Reason::SignIn);
        assert_eq!(reason(403, "AuthorizationPermissionMismatch"), Reason::Forbidden);
        assert_eq!(reason(403, "AuthorizationFailure"), Reason::Network);
    }

    #[test]
    fn errors_are_kept_without_people() {
        let kept = |code: &str, message: &str| {
            let error = ErrorBody { code: code.into(), message: message.into() };
            (error.kept().code, error.kept().message)
        };
        let refusal = "The client 'bob@example.com' with object id 'x' does not have authorization to perform action 'A/b/read' over scope '/subscriptions/s1' or the scope is invalid. If access was recently granted, please refresh your credentials.";
        let short = "does not have authorization to perform action 'A/b/read' over scope '/subscriptions/s1'";
        assert_eq!(
            kept("AuthorizationFailed", refusal),
            ("AuthorizationFailed".to_owned(), short.to_owned())
        );
        assert_eq!(kept("AuthorizationFailed", short).1, short, "keeping twice changes nothing");
        let (_, message) = kept(
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'x' and API version 'y' for type 'z'. The supported api-versions are '2023-01-01, 2024-08-01'. The supported locations are 'a, b'.",
        );
        assert_eq!(message, "the supported api-versions are '2023-01-01, 2024-08-01'");
        assert_eq!(
            kept("Request_BadRequest", "bob@example.com"),
            ("Request_BadRequest".into(), String::new())
        );
        assert_eq!(kept("bob@example.com", "to perform action 'bob@example.com'").0, "");
        assert_eq!(kept("X", "to perform action 'bob@example.com'").1, "");
    }

    #[test]
    fn every_error_shape_has_its_code() {
        for body in [
            json!({"error": {"code": "ResourceNotFound", "message": "m"}}),
            json!({"code": "ResourceNotFound", "message": "m", "subcode": ""}),
            json!({"Code": "ResourceNotFound", "Message": "m", "Target": null}),
            json!({"HttpStatusCode": 404, "ErrorCode": "ResourceNotFound", "Message": "m"}),
        ] {
            let document = document(RequestKind::VirtualNetwork, 404, body);
            assert_eq!(document.answer(), Answer::Absent);
        }
        let numeric = ErrorBody::of(&Body::json(json!({"code": 404_002, "message": "m"})));
        assert_eq!(numeric.code, "404002");
    }

    #[test]
    fn a_failed_operation_is_told_from_a_resource() {
        let error = json!({"code": "Conflict"});
        for (body, is_failed) in [
            (json!({"status": "Failed", "error": error}), true),
            (json!({"id": "/subscriptions/s1/x", "status": "Failed", "error": error}), true),
            (json!({"id": "/subscriptions/s1/x", "error": error, "properties": {}}), false),
            (json!({"value": [], "error": error}), false),
            (json!({"name": "x", "status": "Succeeded", "error": null}), false),
        ] {
            assert_eq!(is_failed_operation(&body), is_failed, "{body}");
        }
    }

    #[test]
    fn a_404_that_does_not_prove_absence_is_unread() {
        for (body, expected) in [
            (json!({"error": {"code": "SubscriptionNotFound"}}), Reason::BeyondReach),
            (json!({"error": {"code": "InvalidResourceType"}}), Reason::Unrecognised),
            (json!({}), Reason::Unrecognised),
        ] {
            assert_eq!(reason(&document(RequestKind::VirtualNetwork, 404, body)), expected);
        }
    }

    #[test]
    fn a_stopped_server_is_not_a_missing_list() {
        let body = json!({"error": {"code": "ServerStoppedError"}});
        assert_eq!(
            reason(&document(RequestKind::PostgresDatabases, 409, body.clone())),
            Reason::ServerState
        );
        assert_eq!(
            reason(&document(RequestKind::VirtualNetworks, 409, body)),
            Reason::Unrecognised
        );
        let busy = json!({"status": "Failed", "error": {"code": "ServerIsBusy"}});
        assert_eq!(reason(&document(RequestKind::PostgresServer, 200, busy)), Reason::ServerState);
    }

    #[test]
    fn private_fields_go_at_every_depth() {
        assert!(DROPPED_FIELDS.is_sorted());
        let mut body = json!({"id": "/x", "tags": {"owner": "someone"}, "properties": {
            "administratorLogin": "root", "version": "13",
            "passwordCredentials": [{"hint": "abc", "keyId": "k", "secretText": null}],
            "systemData": {"createdBy": "someone@example.com", "createdAt": "2026-01-01T00:00:00Z"}}});
        drop_private_fields(&mut body);
        assert_eq!(
            body,
            json!({"id": "/x", "properties": {"version": "13",
            "passwordCredentials": [{"keyId": "k"}],
            "systemData": {"createdAt": "2026-01-01T00:00:00Z"}}})
        );
    }

    #[test]
    fn of_the_tags_only_the_marks_of_volumes_stay() {
        assert!(KEPT_TAGS.is_sorted());
        let mut body = json!({"value": [
            {"id": "/d1", "tags": {"owner": "someone", "kubernetes.io-created-for-pvc-name": "data-0",
                "Kubernetes.io-Created-For-PVC-Namespace": "mlflow", "k8s-azure-created-by": {"a": 1}}},
            {"id": "/d2", "tags": {"owner": "someone"}},
            {"id": "/d3", "tags": ["kubernetes.io-created-for-pvc-name"]}]});
        drop_private_fields(&mut body);
        assert_eq!(
            body,
            json!({"value": [
            {"id": "/d1", "tags": {"kubernetes.io-created-for-pvc-name": "data-0",
                "Kubernetes.io-Created-For-PVC-Namespace": "mlflow"}},
            {"id": "/d2"},
            {"id": "/d3"}]})
        );
    }

    #[test]
    fn an_empty_next_link_ends_a_list() {
        let page = |link: Value| {
            document(RequestKind::PostgresBackups, 200, json!({"value": [], "nextLink": link}))
        };
        assert_eq!(page(json!("https://x/y")).next_page(), NextPage::At("https://x/y"));
        assert_eq!(page(json!("")).next_page(), NextPage::None);
        assert_eq!(page(json!(null)).next_page(), NextPage::None);
        assert_eq!(page(json!({"href": "x"})).next_page(), NextPage::Unreadable);
        let both = json!({"value": [], "NextLink": null, "@odata.nextLink": "https://x/z"});
        let both = document(RequestKind::PostgresBackups, 200, both);
        assert_eq!(both.next_page(), NextPage::At("https://x/z"));
    }
}
