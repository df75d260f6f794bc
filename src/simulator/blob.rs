//! The Blob service: containers of an account, blobs and folders of a container.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer::Answer;
use crate::blob_pages::{Entry, decode_marker, encode_marker, entries};
use crate::blob_store::Blob;
use crate::blob_xml::{Include, Xml, blob, error, error_with};
use crate::clock::http_date;
use crate::fill::blob_etag;
use crate::request::Asked;
use crate::scenario::Scenario;
use crate::tokens::TokenProblem;

/// The most entries the service puts on a page.
const MOST_PER_PAGE: usize = 5_000;

/// Answers requests to the Blob service.
pub(crate) struct Blobs<'a> {
    /// What there is.
    pub(crate) scenario: &'a Scenario,
    /// What was asked.
    pub(crate) asked: &'a Asked,
    /// The id of the request.
    pub(crate) request_id: &'a str,
}

/// An error: status, code and wording.
type Refusal = (u16, &'static str, &'static str);

impl Blobs<'_> {
    /// Answers a request whose token was good.
    pub(crate) fn answer(&self) -> Answer {
        match self.route() {
            Ok(answer) => answer,
            Err((status, code, message)) => self.error(status, code, message),
        }
    }

    fn route(&self) -> Result<Answer, Refusal> {
        let asked = self.asked;
        if asked.method != "GET" && asked.method != "HEAD" {
            return Err((
                405,
                "UnsupportedHttpVerb",
                "The resource doesn't support specified Http Verb.",
            ));
        }
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        let is_list = asked.parameter("comp").is_some_and(|comp| comp == "list");
        match segments.as_slice() {
            [account] if is_list => self.containers(&account.to_ascii_lowercase()),
            [account, container] if is_list => {
                self.listing(&account.to_ascii_lowercase(), container)
            }
            [account, container]
                if asked.parameter("restype").is_some_and(|restype| restype == "container") =>
            {
                self.blobs_of(&account.to_ascii_lowercase(), container)?;
                Ok(self.container_properties(container))
            }
            // The auditor's role is for listing only; whoever reads contents does too much.
            [_, _, _, ..] => Err(PERMISSION_MISMATCH),
            _ => Err((
                400,
                "InvalidUri",
                "The requested URI does not represent any resource on the server.",
            )),
        }
    }

    /// Whether ARM has such an account, and whether it tells files from directories.
    fn account(&self, account: &str) -> Option<&Value> {
        let accounts = self.scenario.estate.resources.values();
        let mut accounts =
            accounts.filter(|resource| resource.kind == "microsoft.storage/storageaccounts");
        let named = |body: &Value| {
            body.get("name")
                .and_then(Value::as_str)
                .is_some_and(|own| own.eq_ignore_ascii_case(account))
        };
        accounts.find(|resource| named(&resource.body)).map(|resource| &resource.body)
    }

    /// The containers of an account: those ARM knows, or of an account ARM does not show, those
    /// that hold blobs.
    fn container_names(&self, account: &str) -> Result<Vec<&str>, Refusal> {
        let Some(body) = self.account(account) else {
            let names: Vec<&str> = self.scenario.blobs.containers_of(account).collect();
            let unknown = (404, "ResourceNotFound", "The specified resource does not exist.");
            return if names.is_empty() { Err(unknown) } else { Ok(names) };
        };
        let id = body.get("id").and_then(Value::as_str).unwrap_or_default();
        let prefix = crate::resource_id::key(&format!("{id}/blobServices/default/containers"));
        let below = self.scenario.estate.resources.range(format!("{prefix}/")..);
        let below = below.take_while(|(key, _)| key.starts_with(&format!("{prefix}/")));
        let is_there = |body: &Value| {
            body.pointer("/properties/deleted").and_then(Value::as_bool) != Some(true)
        };
        let of_type = below.filter(|(_, resource)| {
            resource.kind == "microsoft.storage/storageaccounts/blobservices/containers"
                && is_there(&resource.body)
        });
        Ok(of_type.filter_map(|(_, resource)| resource.body.get("name")?.as_str()).collect())
    }

    fn blobs_of(&self, account: &str, container: &str) -> Result<&BTreeMap<String, Blob>, Refusal> {
        static EMPTY: BTreeMap<String, Blob> = BTreeMap::new();
        if !self.container_names(account)?.contains(&container) {
            return Err((404, "ContainerNotFound", "The specified container does not exist."));
        }
        let name = (account.to_owned(), container.to_owned());
        Ok(self.scenario.blobs.container(&name).unwrap_or(&EMPTY))
    }

    fn listing(&self, account: &str, container: &str) -> Result<Answer, Refusal> {
        let blobs = self.blobs_of(account, container)?;
        let prefix = self.asked.parameter("prefix").unwrap_or_default();
        let delimiter = self.asked.parameter("delimiter").filter(|text| !text.is_empty());
        let marker = self.asked.parameter("marker").filter(|text| !text.is_empty());
        let start = marker.map(marked).transpose()?;
        let size = self.page_size()?;
        let include = self.include(account)?;
        let mut entries = entries(blobs, prefix, delimiter, start.as_deref(), size + 1);
        let next = (entries.len() > size).then(|| entries.remove(size));
        let next = next.map(|entry| match entry {
            Entry::Blob(name, _) => encode_marker(name),
            Entry::Prefix(name) => encode_marker(&name),
        });
        let mut xml = Xml::document();
        let endpoint = format!("{}/", self.asked.origin.blob(account));
        let attributes = [("ServiceEndpoint", endpoint.as_str()), ("ContainerName", container)];
        xml.group_with("EnumerationResults", &attributes, |xml| {
            self.echo(xml, &["prefix", "marker", "maxresults", "delimiter"]);
            xml.group("Blobs", |xml| {
                for entry in &entries {
                    match entry {
                        Entry::Blob(name, properties) => blob(xml, name, properties, include),
                        Entry::Prefix(name) => xml.group("BlobPrefix", |xml| xml.name(name)),
                    }
                }
            });
            xml.element("NextMarker", next.as_deref().unwrap_or_default());
        });
        Ok(Answer::text(200, "application/xml", xml.finish()))
    }

    fn containers(&self, account: &str) -> Result<Answer, Refusal> {
        let mut names = self.container_names(account)?;
        let prefix = self.asked.parameter("prefix").unwrap_or_default();
        let marker = self.asked.parameter("marker").filter(|text| !text.is_empty());
        let start = marker.map(marked).transpose()?.unwrap_or_default();
        let size = self.page_size()?;
        names.sort_unstable();
        names.retain(|name| name.starts_with(prefix) && *name >= start.as_str());
        let next = names.get(size).map(|name| encode_marker(name));
        names.truncate(size);
        let mut xml = Xml::document();
        let endpoint = format!("{}/", self.asked.origin.blob(account));
        xml.group_with("EnumerationResults", &[("ServiceEndpoint", endpoint.as_str())], |xml| {
            self.echo(xml, &["prefix", "marker", "maxresults"]);
            xml.group("Containers", |xml| {
                for name in &names {
                    xml.group("Container", |xml| self.container(xml, name));
                }
            });
            xml.element("NextMarker", next.as_deref().unwrap_or_default());
        });
        Ok(Answer::text(200, "application/xml", xml.finish()))
    }

    fn container(&self, xml: &mut Xml, name: &str) {
        xml.element("Name", name);
        xml.group("Properties", |xml| {
            xml.element("Last-Modified", &http_date(self.scenario.clock.now()));
            xml.element("Etag", &format!("\"{}\"", blob_etag(name)));
            xml.element("LeaseStatus", "unlocked");
            xml.element("LeaseState", "available");
            xml.element("DefaultEncryptionScope", "$account-encryption-key");
            xml.element("DenyEncryptionScopeOverride", "false");
            xml.element("HasImmutabilityPolicy", "false");
            xml.element("HasLegalHold", "false");
            xml.element("ImmutableStorageWithVersioningEnabled", "false");
        });
    }

    fn container_properties(&self, name: &str) -> Answer {
        Answer::empty(200)
            .with("last-modified", &http_date(self.scenario.clock.now()))
            .with("etag", &format!("\"{}\"", blob_etag(name)))
            .with("x-ms-lease-status", "unlocked")
            .with("x-ms-lease-state", "available")
            .with("x-ms-has-immutability-policy", "false")
            .with("x-ms-has-legal-hold", "false")
            .with("x-ms-immutable-storage-with-versioning-enabled", "false")
            .with("x-ms-default-encryption-scope", "$account-encryption-key")
            .with("x-ms-deny-encryption-scope-override", "false")
    }

    /// The service repeats what it was asked.
    fn echo(&self, xml: &mut Xml, parameters: &[&str]) {
        for parameter in parameters {
            let element = match *parameter {
                "prefix" => "Prefix",
                "marker" => "Marker",
                "maxresults" => "MaxResults",
                _ => "Delimiter",
            };
            if let Some(value) = self.asked.parameter(parameter).filter(|value| !value.is_empty()) {
                xml.element(element, value);
            }
        }
    }

    fn page_size(&self) -> Result<usize, Refusal> {
        let most = self.scenario.pace.blob_page_size.map_or(MOST_PER_PAGE, usize::from);
        let Some(text) = self.asked.parameter("maxresults").filter(|text| !text.is_empty()) else {
            return Ok(most);
        };
        match text.parse::<usize>() {
            Ok(0) | Err(_) => Err((
                400,
                "OutOfRangeQueryParameterValue",
                "One of the query parameters specified in the request URI is outside the permissible range.",
            )),
            Ok(size) => Ok(size.min(most).min(MOST_PER_PAGE)),
        }
    }

    fn include(&self, account: &str) -> Result<Include, Refusal> {
        let body = self.account(account);
        let is_hierarchical =
            body.and_then(|body| body.pointer("/properties/isHnsEnabled")?.as_bool());
        let mut include =
            Include { resource_type: is_hierarchical == Some(true), ..Include::default() };
        let datasets = self.asked.parameter("include").unwrap_or_default();
        for dataset in datasets.split(',').map(str::trim).filter(|dataset| !dataset.is_empty()) {
            match dataset.to_ascii_lowercase().as_str() {
                "copy" => include.copy = true,
                "metadata" => include.metadata = true,
                "snapshots"
                | "uncommittedblobs"
                | "deleted"
                | "tags"
                | "versions"
                | "deletedwithversions"
                | "immutabilitypolicy"
                | "legalhold"
                | "permissions" => {}
                _ => return Err(INVALID_PARAMETER),
            }
        }
        Ok(include)
    }

    fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        error(status, code, message, self.request_id, self.scenario.clock.served())
    }

    /// The answer to a missing or unsuitable token, or to a client of a time before tokens.
    pub(crate) fn refuse(&self, problem: Option<&TokenProblem>) -> Option<Answer> {
        let now = self.scenario.clock.served();
        if problem.is_none() {
            let version = self.asked.header("x-ms-version").unwrap_or_default();
            // Versions are dates, so they are ordered as texts.
            if version >= "2017-11-09" {
                return None;
            }
            let message = "Server failed to authenticate the request. Make sure the value of \
                           Authorization header is formed correctly including the signature.";
            let detail = "Authentication scheme Bearer is not supported in this version.";
            let details = [("AuthenticationErrorDetail", detail)];
            return Some(error_with(
                403,
                "AuthenticationFailed",
                message,
                self.request_id,
                now,
                &details,
            ));
        }
        let (code, message) = match problem {
            Some(TokenProblem::Missing) => (
                "NoAuthenticationInformation",
                "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
            ),
            _ => (
                "InvalidAuthenticationInfo",
                "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
            ),
        };
        let detail = match problem {
            Some(TokenProblem::Expired(_)) => "Lifetime validation failed. The token is expired.",
            Some(TokenProblem::Audience(_)) => {
                "Audience validation failed. Audience did not match."
            }
            Some(TokenProblem::Garbage) => "The token is not well formed.",
            _ => "",
        };
        let details = [("AuthenticationErrorDetail", detail)];
        let details = if detail.is_empty() { &[][..] } else { &details[..] };
        let tenant = self.scenario.auditors.first().map_or("common", |auditor| &auditor.tenant);
        let challenge = format!(
            "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
             resource_id=https://storage.azure.com"
        );
        let answer = error_with(401, code, message, self.request_id, now, details);
        Some(answer.with("www-authenticate", &challenge))
    }
}

const INVALID_PARAMETER: Refusal = (
    400,
    "InvalidQueryParameterValue",
    "Value for one of the query parameters specified in the request URI is invalid.",
);

const PERMISSION_MISMATCH: Refusal = (
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
);

/// The usual wording of an error that a fault asks for by status or code.
pub(crate) fn usual(status: u16, code: Option<&str>) -> (&'static str, &'static str) {
    match (status, code) {
        (_, Some("AuthorizationFailure")) => {
            ("AuthorizationFailure", "This request is not authorized to perform this operation.")
        }
        (403, _) => (PERMISSION_MISMATCH.1, PERMISSION_MISMATCH.2),
        (401, _) => ("InvalidAuthenticationInfo", "Server failed to authenticate the request."),
        (404, _) => ("ContainerNotFound", "The specified container does not exist."),
        (409, _) => ("ContainerBeingDeleted", "The specified container is being deleted."),
        (429 | 503, _) => ("ServerBusy", "The server is busy."),
        (400, _) => ("InvalidInput", "One of the request inputs is not valid."),
        _ => (
            "InternalError",
            "Server encountered an internal error. Please try again after some time.",
        ),
    }
}

/// The name at which a page begins.
fn marked(marker: &str) -> Result<String, Refusal> {
    decode_marker(marker).ok_or(INVALID_PARAMETER)
}
