//! Examples of rule pages: JSON fragments that change the compliant estate.
//!
//! A fragment is an object. Its keys name what is changed, its values say how:
//!
//! - a resource (`server`, `aks vnet`, …): a JSON merge patch on its body;
//! - a list (`backups`, `links`, …): the items Azure would answer with;
//! - any of them: `{"status": 403, "code": "…"}` for an answer that refuses;
//! - `folders`, `source blobs`, `newest folder`: names, or blobs;
//! - `manifest`: tables of the deployment, where `null` takes a key away.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use vaudit_manifest::{Context, parse};
use vaudit_model::blob::{BlobEntry, BlobPage};
use vaudit_model::{ArmId, Body, Deployment, Document, Request, RequestKind, Snapshot};

use super::Azure;

/// The examples' clock.
pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";

/// The compliant estate as the binary collects it, with every need.
pub(crate) static COMPLIANT: LazyLock<Snapshot> = LazyLock::new(|| {
    let azure = Azure::parsed(&json!({
        "description": "The compliant estate on the day of the examples.",
        "extends": "compliant",
        "now": NOW,
    }));
    let vaudit = azure.vaudit();
    vaudit.run(&["collect", "--output", "compliant.snapshot"]).exits(0);
    Snapshot::read_from(&vaudit.read("compliant.snapshot")).unwrap()
});

/// The estate of an example.
pub(crate) struct Example {
    pub(crate) snapshot: Snapshot,
    pub(crate) deployment: Deployment,
}

impl Example {
    /// The compliant estate with a fragment applied.
    pub(crate) fn of(fragment: &Value) -> Self {
        let base = COMPLIANT.clone();
        let mut example = Self { deployment: deployment(&Value::Null), snapshot: base };
        let mut fragment = fragment.clone();
        example.expand(&mut fragment);
        // Resources first: the zone whose links are listed is the one the server then references.
        let mut changes: Vec<(&String, &Value)> =
            fragment.as_object().expect("a fragment is an object").iter().collect();
        // Folders come before what the newest of them holds.
        changes.sort_by_key(|(key, _)| (item(key).is_none(), *key == "newest folder"));
        for (key, change) in changes {
            match key.as_str() {
                "manifest" => example.deployment = deployment(change),
                _ => example.change(key, change),
            }
        }
        example
    }

    fn change(&mut self, key: &str, change: &Value) {
        if let Some((kind, child_type)) = list(key) {
            let mut document = self.first(kind);
            if kind == RequestKind::VirtualNetworkLinks {
                document.request =
                    Request::arm(kind, &self.server_id("privateDnsZoneArmResourceId"));
            }
            match refusal(change) {
                Some((status, body)) => refuse(&mut document, status, body),
                None => {
                    document.body =
                        Body::Json(json!({"value": items(&document, child_type, change)}))
                }
            }
            self.replace(document);
        } else if let Some((kind, name)) = item(key) {
            self.change_item(kind, name, change);
        } else if key == "postgres subnet" {
            let id = self.server_id("delegatedSubnetResourceId");
            self.add_by_id(RequestKind::Subnet, &id, change);
        } else {
            self.change_blobs(key, change);
        }
    }

    /// A resource on a list is patched there; refused, it is refused when asked for by id.
    fn change_item(&mut self, kind: RequestKind, name: Option<&str>, change: &Value) {
        let mut document = self.first(kind);
        let Some(name) = name else {
            match refusal(change) {
                Some((status, body)) => refuse(&mut document, status, body),
                None => {
                    let Body::Json(body) = &mut document.body else {
                        panic!("{kind:?} has no body")
                    };
                    merge(body, change);
                }
            }
            return self.replace(document);
        };
        if refusal(change).is_some() {
            let id = self.listed_id(kind, name);
            return self.add_by_id(RequestKind::VirtualNetwork, &id, change);
        }
        let Body::Json(body) = &mut document.body else { panic!("{kind:?} has no body") };
        let listed = body["value"].as_array_mut().expect("a list");
        let found = listed.iter_mut().find(|item| item["name"] == name).expect("the named item");
        merge(found, change);
        self.replace(document);
    }

    fn change_blobs(&mut self, key: &str, change: &Value) {
        let kind = match key {
            "folders" => RequestKind::BackupFolders,
            "source blobs" => RequestKind::SourceBlobs,
            "newest folder" => RequestKind::FolderBlobs,
            other => panic!("an example changes {other:?}, which is not known"),
        };
        let documents = self.snapshot.documents().filter(|document| document.request.kind == kind);
        let mut document =
            documents.max_by(|a, b| a.request.filter.cmp(&b.request.filter)).unwrap().clone();
        if let (RequestKind::FolderBlobs, Some(newest)) = (kind, self.newest_folder()) {
            document.request.filter = Some(newest);
        }
        if let Some((status, body)) = refusal(change) {
            refuse(&mut document, status, body);
        } else {
            let mut page = BlobPage::default();
            for entry in change.as_array().expect("a listing is an array") {
                if kind == RequestKind::BackupFolders {
                    page.prefixes.push(format!("{}/", entry.as_str().unwrap()));
                } else {
                    let mut blob: BlobEntry = serde_json::from_value(entry.clone()).unwrap();
                    blob.name = document.request.filter.clone().unwrap_or_default() + &blob.name;
                    page.blobs.push(blob);
                }
            }
            document.body = Body::Blobs(page);
        }
        self.replace(document);
    }

    /// The prefix of the folder with the greatest name, where the folders can be read.
    fn newest_folder(&self) -> Option<String> {
        match self.first(RequestKind::BackupFolders).body {
            Body::Blobs(page) => page.prefixes.into_iter().max(),
            Body::Json(_) | Body::Text(_) | Body::Empty => None,
        }
    }

    fn first(&self, kind: RequestKind) -> Document {
        let mut documents =
            self.snapshot.documents().filter(|document| document.request.kind == kind);
        documents.next().unwrap_or_else(|| panic!("the compliant estate has no {kind:?}")).clone()
    }

    fn replace(&mut self, document: Document) {
        self.snapshot.insert(document);
    }

    fn add_by_id(&mut self, kind: RequestKind, id: &ArmId, change: &Value) {
        let mut document = self.first(RequestKind::ResourceGroup);
        document.request = Request::arm(kind, id);
        let (status, body) = refusal(change).expect("an answer by id that refuses");
        refuse(&mut document, status, body);
        self.replace(document);
    }

    fn listed_id(&self, kind: RequestKind, name: &str) -> ArmId {
        let Body::Json(body) = self.first(kind).body else { panic!("{kind:?} has no body") };
        let listed = body["value"].as_array().unwrap();
        let found = listed.iter().find(|item| item["name"] == name).unwrap();
        ArmId::parse(found["id"].as_str().unwrap()).unwrap()
    }

    /// An id the server names in `properties.network`.
    fn server_id(&self, field: &str) -> ArmId {
        let Body::Json(body) = self.first(RequestKind::PostgresServers).body else { panic!() };
        let id = &body["value"][0]["properties"]["network"][field];
        ArmId::parse(id.as_str().unwrap()).unwrap()
    }

    /// Puts ids of the estate in place of `{…}`.
    fn expand(&self, value: &mut Value) {
        let names = [
            ("{rg}", self.deployment.resource_group_id().to_string()),
            ("{aks vnet}", self.listed_id(RequestKind::VirtualNetworks, "vnet-aks").to_string()),
            (
                "{aks subnet}",
                format!(
                    "{}/subnets/snet-aks",
                    self.listed_id(RequestKind::VirtualNetworks, "vnet-aks")
                ),
            ),
            (
                "{postgres vnet}",
                self.listed_id(RequestKind::VirtualNetworks, "vnet-pg").to_string(),
            ),
            (
                "{postgres subnet}",
                format!(
                    "{}/subnets/snet-pg",
                    self.listed_id(RequestKind::VirtualNetworks, "vnet-pg")
                ),
            ),
            ("{server}", self.listed_id(RequestKind::PostgresServers, "pg-vectice").to_string()),
            (
                "{storage account}",
                self.listed_id(RequestKind::StorageAccounts, "stvectice").to_string(),
            ),
            ("{object id}", self.object_id()),
        ];
        expand(value, &names);
    }

    fn object_id(&self) -> String {
        let Body::Json(body) = self.first(RequestKind::ServicePrincipal).body else { panic!() };
        body["id"].as_str().unwrap().to_owned()
    }
}

fn expand(value: &mut Value, names: &[(&str, String)]) {
    match value {
        Value::String(text) => {
            for (name, id) in names {
                *text = text.replace(name, id);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| expand(item, names)),
        Value::Object(fields) => fields.values_mut().for_each(|field| expand(field, names)),
        _ => {}
    }
}

/// Lists by their names in examples, with what stands between the scope and an item's name.
fn list(key: &str) -> Option<(RequestKind, &'static str)> {
    Some(match key {
        "servers" => {
            (RequestKind::PostgresServers, "providers/Microsoft.DBforPostgreSQL/flexibleServers")
        }
        "clusters" => {
            (RequestKind::ManagedClusters, "providers/Microsoft.ContainerService/managedClusters")
        }
        "storage accounts" => {
            (RequestKind::StorageAccounts, "providers/Microsoft.Storage/storageAccounts")
        }
        "databases" => (RequestKind::PostgresDatabases, "databases"),
        "backups" => (RequestKind::PostgresBackups, "backups"),
        "vnets" => (RequestKind::VirtualNetworks, "virtualNetworks"),
        "groups" => (
            RequestKind::NetworkSecurityGroups,
            "providers/Microsoft.Network/networkSecurityGroups",
        ),
        "route tables" => (RequestKind::RouteTables, "providers/Microsoft.Network/routeTables"),
        "subscription servers" => (
            RequestKind::SubscriptionServers,
            "providers/Microsoft.DBforPostgreSQL/flexibleServers",
        ),
        "links" => (RequestKind::VirtualNetworkLinks, "virtualNetworkLinks"),
        "backup containers" => (RequestKind::BlobContainers, "blobServices/default/containers"),
        "role assignments" => {
            (RequestKind::RoleAssignments, "providers/Microsoft.Authorization/roleAssignments")
        }
        _ => return None,
    })
}

/// Resources by their names in examples; those without a name of their own are whole answers.
fn item(key: &str) -> Option<(RequestKind, Option<&'static str>)> {
    Some(match key {
        "subscription" => (RequestKind::Subscription, None),
        "resource group" => (RequestKind::ResourceGroup, None),
        "service principal" => (RequestKind::ServicePrincipal, None),
        "server" => (RequestKind::PostgresServers, Some("pg-vectice")),
        "cluster" => (RequestKind::ManagedClusters, Some("aks-vectice")),
        "storage account" => (RequestKind::StorageAccounts, Some("stvectice")),
        "aks vnet" => (RequestKind::VirtualNetworks, Some("vnet-aks")),
        "postgres vnet" => (RequestKind::VirtualNetworks, Some("vnet-pg")),
        "aks group" => (RequestKind::NetworkSecurityGroups, Some("nsg-aks")),
        "postgres group" => (RequestKind::NetworkSecurityGroups, Some("nsg-pg")),
        _ => return None,
    })
}

/// The items of a list, with the ids that Azure would give them.
fn items(list: &Document, child_type: &str, change: &Value) -> Vec<Value> {
    let named = |(index, item): (usize, &Value)| {
        let mut item = item.clone();
        let fields = item.as_object_mut().expect("an item is an object");
        fields.entry("name").or_insert_with(|| json!(format!("item-{index}")));
        let name = fields["name"].as_str().unwrap().to_owned();
        let id = format!("{}/{child_type}/{name}", list.request.target);
        fields.entry("id").or_insert_with(|| json!(id));
        item
    };
    change.as_array().expect("a list is an array").iter().enumerate().map(named).collect()
}

fn refusal(change: &Value) -> Option<(u16, Value)> {
    let status = u16::try_from(change.get("status")?.as_u64()?).ok()?;
    Some((status, json!({"error": {"code": change["code"], "message": "refused in an example"}})))
}

fn refuse(document: &mut Document, status: u16, body: Value) {
    document.status = Some(status);
    document.body = Body::Json(body);
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let fields = target.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The deployment of the demo's manifest with some keys changed.
fn deployment(change: &Value) -> Deployment {
    let text = &COMPLIANT.header.manifest.text;
    let mut manifest: toml::Table = text.parse().unwrap();
    let deployment = manifest["deployment"][0].as_table_mut().unwrap();
    for (table, keys) in change.as_object().into_iter().flatten() {
        let table = deployment.entry(table).or_insert_with(|| toml::Table::new().into());
        let table = table.as_table_mut().unwrap();
        for (key, value) in keys.as_object().unwrap() {
            if value.is_null() {
                table.remove(key);
            } else {
                table.insert(key.clone(), toml::Value::try_from(value).unwrap());
            }
        }
    }
    let today = "2026-11-22".parse().unwrap();
    let manifest = parse(&manifest.to_string(), &Context { today })
        .unwrap_or_else(|problems| panic!("the example's manifest has mistakes: {problems:?}"));
    manifest.deployments.into_iter().next().unwrap()
}
