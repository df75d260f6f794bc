//! Redaction: a snapshot in which ids and names are replaced by pseudonyms, and every verdict is what
//! it was.
//!
//! The same text gets the same pseudonym wherever it stands in a file: in an id, in a host name, in
//! the manifest. What stays is what the lists of `vocabulary` name and what shows by its shape that
//! it is a value; everything else goes. Pure: the key is given, and forgotten afterwards.

mod blobs;
mod body;
mod fields;
mod pseudonym;
#[cfg(test)]
mod tests;
mod text;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blob::Shelf;
use crate::blob_listing::BlobListing;
use crate::cloud::Cloud;
use crate::document::{Body, Document, Failure};
use crate::need::{Audience, Request, RequestKind};
use crate::snapshot::{Header, Identity, ManifestCopy, Snapshot};

pub use pseudonym::Key;
pub use vocabulary::PUBLIC_IDS;

use blobs::FolderForms;
use text::{Texts, is_arm};

/// What a redacted snapshot hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hides {
    /// GUIDs: of subscriptions, tenants, principals, requests.
    Ids,
    /// Everything else that names somebody or something.
    Names,
    /// Both.
    All,
}

impl Hides {
    /// The mode of a word of the command line.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "ids" => Some(Self::Ids),
            "names" => Some(Self::Names),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    /// What is hidden, as a person would say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Names => "names",
            Self::All => "ids and names",
        }
    }
}

/// How a snapshot was redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// What it hides.
    pub hides: Hides,
    /// A mark of the key, which does not give it away: names of two files can be compared only where
    /// it is the same.
    pub key: String,
}

/// Replaces what names somebody, in one file.
#[derive(Debug)]
pub struct Redactor {
    texts: Texts,
}

impl Redactor {
    /// A redactor of a snapshot, for the cloud and the expressions for folder names of its manifest.
    pub fn new(
        key: Key,
        hides: Hides,
        cloud: &Cloud,
        folder_regexes: &BTreeSet<&str>,
        snapshot: &Snapshot,
    ) -> Self {
        let folders = FolderForms::new(folder_regexes, snapshot);
        Self { texts: Texts::new(key, hides, cloud, folders) }
    }

    /// The snapshot without what names somebody. The manifest is given redacted, as only its own room
    /// can read it; blobs are put on a shelf.
    ///
    /// # Errors
    ///
    /// When blobs that were put aside cannot be read back.
    pub fn snapshot(
        &self,
        snapshot: &Snapshot,
        manifest: String,
        shelf: &Shelf,
    ) -> io::Result<Snapshot> {
        let mut redacted = Snapshot::empty(self.header(&snapshot.header, manifest));
        let mut pages = self.texts.listings(snapshot, shelf)?;
        for document in snapshot.documents() {
            let page = pages.remove(&(document.request.clone(), document.page)).map(Body::Blobs);
            redacted.insert(self.document(document, page));
        }
        Ok(redacted)
    }

    /// What a text of the manifest is replaced by; `key` is the last part of the key it stands behind.
    pub fn manifest_text(&self, key: &str, text: &str) -> String {
        let texts = &self.texts;
        if !texts.hides_names() {
            return match key {
                "pin" => texts.key.digest(text),
                _ => texts.ids(text),
            };
        }
        match key {
            _ if text.is_empty() => String::new(),
            "folder_regex" => texts.folders.redacted(text),
            "pin" => texts.key.digest(text),
            "reason" | "owner" | "ticket" => texts.opaque(text),
            "subject" => self.subject(text),
            "postgres_host" => texts.host(text),
            _ if is_arm(text) => texts.arm(text),
            "issuer" => texts.unknown(text),
            _ => texts.segment(text),
        }
    }

    /// What a subject of a result is replaced by, as reports write it.
    pub fn subject(&self, subject: &str) -> String {
        let texts = &self.texts;
        match subject.strip_prefix("graph:") {
            Some(path) => format!("graph:{}", texts.graph(path)),
            None if is_arm(subject) => texts.arm(subject),
            None if subject.contains("://") => texts.url(subject),
            None => texts.unknown(subject),
        }
    }

    /// What the name of a deployment is replaced by.
    pub fn deployment(&self, name: &str) -> String {
        self.texts.segment(name)
    }

    fn header(&self, header: &Header, manifest: String) -> Header {
        let deployments = header.selection.deployments.iter().map(|name| self.deployment(name));
        let mut redacted = header.clone();
        redacted.selection.deployments = deployments.collect();
        redacted.identity = self.identity(&header.identity);
        redacted.blob_listing = header.blob_listing.as_ref().map(|own| self.blob_listing(own));
        redacted.manifest = ManifestCopy { path: self.path(&header.manifest), text: manifest };
        let Texts { hides, key, .. } = &self.texts;
        let before = header.redaction.as_ref().map_or(*hides, |before| before.hides);
        let hides = if before == *hides { before } else { Hides::All };
        redacted.redaction = Some(Redaction { hides, key: key.mark() });
        redacted
    }

    fn identity(&self, identity: &Identity) -> Identity {
        let own = |id: &Option<String>| id.as_ref().map(|id| self.texts.segment(id));
        Identity {
            object_id: own(&identity.object_id),
            client_id: own(&identity.client_id),
            tenant: own(&identity.tenant),
        }
    }

    fn blob_listing(&self, listing: &BlobListing) -> BlobListing {
        let mut containers: Vec<String> =
            listing.containers.iter().map(|url| self.texts.url(url)).collect();
        containers.sort_unstable();
        BlobListing { identity: self.identity(&listing.identity), containers, ..listing.clone() }
    }

    /// The path of the manifest says where somebody works; of its name only the usual ones stay.
    fn path(&self, manifest: &ManifestCopy) -> Option<String> {
        let path = manifest.path.as_deref()?;
        if !self.texts.hides_names() {
            return Some(self.texts.ids(path));
        }
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        Some(match name {
            "vaudit.toml" | "vaudit-demo.toml" => name.to_owned(),
            name => format!("{}.toml", self.texts.opaque(name)),
        })
    }

    fn document(&self, document: &Document, page: Option<Body>) -> Document {
        let texts = &self.texts;
        let body = page.unwrap_or_else(|| match &document.body {
            Body::Json(value) => Body::json(texts.body(value)),
            other => other.clone(),
        });
        let failure = document.failure.as_ref().map(|failure| Failure {
            reason: failure.reason,
            message: match texts.hides_names() {
                // Two that differ are two gaps.
                true => format!("what happened is hidden ({})", texts.opaque(&failure.message)),
                false => texts.ids(&failure.message),
            },
        });
        Document {
            request: self.request(&document.request),
            url: self.url(&document.url),
            headers: self.headers(&document.headers),
            body,
            failure,
            ..document.clone()
        }
    }

    fn url(&self, url: &str) -> String {
        match url {
            url if url.contains("://") => self.texts.url(url),
            url if is_arm(url) => self.texts.arm(url),
            path => self.texts.graph(path),
        }
    }

    fn headers(&self, headers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let own = headers.iter().map(|(name, value)| {
            let value = match name.as_str() {
                "request-id" | "x-ms-request-id" if self.texts.hides_ids() => {
                    let redacted = self.texts.ids(value);
                    if redacted == *value { self.texts.opaque(value) } else { redacted }
                }
                "request-id" | "x-ms-request-id" => value.clone(),
                _ if text::is_word(value) => value.clone(),
                _ => self.texts.prose(value),
            };
            (name.clone(), value)
        });
        own.collect()
    }

    fn request(&self, request: &Request) -> Request {
        let texts = &self.texts;
        let filter = request.filter.as_ref().map(|filter| match request.kind.audience() {
            Audience::Storage => texts.blob_path(filter),
            _ if request.kind == RequestKind::SubscriptionResources => filter.clone(),
            _ => self.principals(filter),
        });
        let target = match request.kind.audience() {
            Audience::ResourceManager => texts.arm(&request.target),
            Audience::Graph => texts.graph(&request.target),
            Audience::Storage => texts.url(&request.target),
        };
        Request { kind: request.kind, target, filter }
    }

    /// The principals of a filter: the service principal, then its groups in order.
    fn principals(&self, filter: &str) -> String {
        let mut principals: Vec<String> =
            filter.split(',').map(|principal| self.texts.segment(principal)).collect();
        if let Some((_, groups)) = principals.split_first_mut() {
            groups.sort_unstable();
        }
        principals.join(",")
    }
}
