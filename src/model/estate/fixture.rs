//! A small Azure for unit tests of the blob copies: it answers what the estate asks for, until
//! nothing new is asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use crate::blob::{BlobEntry, BlobPage, Shelf};
use crate::cloud::Cloud;
use crate::deployment::{
    AutoRegistration, BackupPolicy, Deployment, DnsPolicy, Selector, StoragePolicy,
};
use crate::document::{Body, Document};
use crate::estate::Estate;
use crate::need::{Request, RequestKind};
use crate::snapshot::{Header, Snapshot};

/// What Azure holds and how it answers.
pub(super) struct Azure {
    /// Its clock.
    pub(super) now: Timestamp,
    /// The blobs of the backup container.
    pub(super) copies: Vec<BlobEntry>,
    /// The blobs of the application container.
    pub(super) originals: Vec<BlobEntry>,
    /// What the control plane's list of containers answers: a status and a body.
    pub(super) containers: (u16, serde_json::Value),
    /// The listings that are refused, with status and code; no prefix stands for the whole container.
    pub(super) refused: Vec<(Option<&'static str>, u16, &'static str)>,
    /// The policy for backups.
    pub(super) policy: BackupPolicy,
    /// Where the entries of its listings are put.
    pub(super) shelf: Shelf,
}

impl Azure {
    /// On the day of the examples, with a backup container that holds blobs of these names, all
    /// written at 02:00, and an application container that holds nothing.
    pub(super) fn with(copies: &[&str]) -> Self {
        let container = json!({"name": "bkp", "id": "/subscriptions/s/x/bkp", "properties": {}});
        Self {
            now: at("2026-11-22T09:00:00Z"),
            copies: copies.iter().map(|name| blob(name, "2026-11-22T02:00:00Z")).collect(),
            originals: Vec::new(),
            containers: (200, json!({"value": [container]})),
            refused: Vec::new(),
            policy: BackupPolicy {
                account: Some(Selector::Name("stbkp".into())),
                container: Some("bkp".into()),
                ..Default::default()
            },
            shelf: Shelf::default(),
        }
    }

    /// Lets the estate ask until it has nothing new to ask, and shows it with all it asked.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Estate<'_>, &[Request]) -> T) -> T {
        let deployment = self.deployment();
        let mut snapshot = Snapshot::empty(header());
        let mut asked = Vec::new();
        let group = deployment.resource_group_id();
        let account = group.resource("Microsoft.Storage/storageAccounts", "stbkp");
        let known = [
            Request::arm(RequestKind::StorageAccounts, &group),
            Request::arm(RequestKind::BlobContainers, &account),
            Request::blobs(
                RequestKind::SourceBlobs,
                "https://stapp.blob.core.windows.net/app",
                None,
            ),
        ];
        for request in known {
            snapshot.insert(self.answer(request));
        }
        loop {
            let estate = Estate::new(&snapshot, &deployment);
            let requests = estate.folder_listing_requests();
            let new = requests.into_iter().chain(estate.folder_blob_requests());
            let new: BTreeSet<Request> =
                new.filter(|request| snapshot.document(request).is_none()).collect();
            if new.is_empty() {
                return look(&estate, &asked);
            }
            for request in new {
                asked.push(request.clone());
                snapshot.insert(self.answer(request));
            }
        }
    }

    fn deployment(&self) -> Deployment {
        Deployment {
            name: "test".into(),
            tenant: None,
            subscription: "s".into(),
            resource_group: "rg".into(),
            cloud: Arc::new(Cloud::public()),
            clock_skew_seconds: 300,
            service_principal: Default::default(),
            postgres: Default::default(),
            kubernetes: Default::default(),
            network: Default::default(),
            dns: DnsPolicy { auto_registration: AutoRegistration::Required },
            storage: StoragePolicy {
                account: Some(Selector::Name("stapp".into())),
                container: Some("app".into()),
                ..Default::default()
            },
            identity: Default::default(),
            backup: self.policy.clone(),
            application: Default::default(),
            locations: Default::default(),
        }
    }

    fn answer(&self, request: Request) -> Document {
        let (status, mut body) = match request.kind {
            RequestKind::StorageAccounts => {
                let account = |name| {
                    let id = format!(
                        "{}/providers/Microsoft.Storage/storageAccounts/{name}",
                        request.target
                    );
                    json!({"id": id, "name": name, "properties": {}})
                };
                (200, Body::json(json!({"value": [account("stapp"), account("stbkp")]})))
            }
            RequestKind::BlobContainers => {
                (self.containers.0, Body::json(self.containers.1.clone()))
            }
            RequestKind::SourceBlobs => (200, Body::Blobs(page(&self.originals, "", false))),
            kind => {
                let prefix = request.filter.as_deref();
                match self.refused.iter().find(|(refused, ..)| *refused == prefix) {
                    Some((_, status, code)) => {
                        (*status, Body::json(json!({"error": {"code": code}})))
                    }
                    None => {
                        let by_folder = kind == RequestKind::BackupFolders;
                        let prefix = prefix.unwrap_or_default();
                        (200, Body::Blobs(page(&self.copies, prefix, by_folder)))
                    }
                }
            }
        };
        if let Body::Blobs(page) = &mut body {
            self.shelf.put(page);
        }
        let date = self.now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Document {
            url: request.target.clone(),
            request,
            page: 0,
            method: "GET".into(),
            asked_api_version: None,
            api_version: None,
            status: Some(status),
            headers: [("date".to_owned(), date)].into(),
            body,
            failure: None,
            read_at: self.now,
            round_trip_ms: None,
        }
    }
}

/// A listing below a prefix: everything, or by folder what lies directly there.
fn page(blobs: &[BlobEntry], prefix: &str, by_folder: bool) -> BlobPage {
    let mut page = BlobPage::default();
    let mut direct = Vec::new();
    for blob in blobs {
        let Some(rest) = blob.name.strip_prefix(prefix) else { continue };
        match rest.split_once('/') {
            Some((folder, _)) if by_folder => page.prefixes.push(format!("{prefix}{folder}/")),
            _ => direct.push(blob.clone()),
        }
    }
    page.prefixes.sort();
    page.prefixes.dedup();
    page.blobs = direct.into();
    page
}

/// A blob of ten bytes, made and written at one time.
pub(super) fn blob(name: &str, written: &str) -> BlobEntry {
    BlobEntry {
        name: name.into(),
        length: Some(10),
        created: Some(at(written)),
        modified: Some(at(written)),
        ..Default::default()
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn header() -> Header {
    Header::beginning("", Timestamp::UNIX_EPOCH)
}
