//! Examples of rule pages: JSON fragments that change the compliant estate.
//!
//! A fragment is an object. Its keys name what is changed, its values say how:
//!
//! - a resource (`server`, `aks vnet`, …): a JSON merge patch on its body;
//! - a list (`backups`, `links`, …): the items Azure would answer with;
//! - any of them: `{"status": 403, "code": "…"}` for an answer that refuses;
//! - `folders`, `source blobs`, `newest folder`: names, or blobs;
//! - `networks by id`: names of virtual networks that answer when asked for by their ids;
//! - `auditor's clock`: what it shows whenever an answer is in; `azure's clock`: `null` for answers
//!   without a date;
//! - `manifest`: tables of the deployment, where `null` takes a key, or a table, away; `""`
//!   is the deployment's own.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use vaudit_manifest::{Context, parse};
use vaudit_model::blob::{BlobEntry, BlobPage, Shelf};
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
    let mut snapshot =
        Snapshot::read_from(vaudit.read("compliant.snapshot").as_bytes(), &Shelf::default())
            .unwrap();
    // Azure's clock stands still in the examples, and so must the auditor's.
    set_clock(&mut snapshot, NOW);
    snapshot
});

/// Lets every answer be in at an instant.
fn set_clock(snapshot: &mut Snapshot, now: &str) {
    let documents: Vec<Document> = snapshot.documents().cloned().collect();
    for document in documents {
        let read_at = now.parse().unwrap();
        snapshot.insert(Document { read_at, round_trip_ms: Some(80), ..document });
    }
}

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
                "auditor's clock" => set_clock(&mut example.snapshot, change.as_str().unwrap()),
                "azure's clock" => example.forget_dates(),
                "networks by id" => example.answer_by_id(change),
                _ => example.change(key, change),
            }
        }
        example
    }

    fn change(&mut self, key: &str, change: &Value) {
        if let Some((kind, child_type)) = list(key) {
            let mut document = self.listing(key, kind);
            match refusal(change) {
                Some((status, body)) => refuse(&mut document, status, body),
                None if kind == RequestKind::TenantRoleAssignments => {
                    document.body = Body::json(json!({"data": change, "resultTruncated": "false"}))
                }
                None => {
                    document.body =
                        Body::json(json!({"value": items(&document, child_type, change)}))
                }
            }
            self.replace(document);
        } else if let Some((kind, name)) = item(key) {
            self.change_item(kind, name, change);
        } else if key == "root management group" {
            self.add_root_management_group(change);
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
        if kind == RequestKind::PrivateDnsZone {
            document.request = Request::arm(kind, &self.server_id("privateDnsZoneArmResourceId"));
        }
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

    fn forget_dates(&mut self) {
        let documents: Vec<Document> = self.snapshot.documents().cloned().collect();
        for mut document in documents {
            document.headers.remove("date");
            self.replace(document);
        }
    }

    /// Lets virtual networks of the compliant estate answer when asked for by their ids.
    fn answer_by_id(&mut self, names: &Value) {
        let lists = COMPLIANT.documents();
        let mut lists = lists.filter(|own| own.request.kind == RequestKind::VirtualNetworks);
        let list = lists.next().unwrap();
        let Body::Json(body) = &list.body else { panic!("the networks have no body") };
        let networks = body["value"].as_array().unwrap();
        for network in
            networks.iter().filter(|own| names.as_array().unwrap().contains(&own["name"]))
        {
            let id = ArmId::parse(network["id"].as_str().unwrap()).unwrap();
            let request = Request::arm(RequestKind::VirtualNetwork, &id);
            self.replace(Document { request, body: Body::json(network.clone()), ..list.clone() });
        }
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
            let mut blobs = Vec::new();
            for entry in change.as_array().expect("a listing is an array") {
                if kind == RequestKind::BackupFolders {
                    page.prefixes.push(format!("{}/", entry.as_str().unwrap()));
                } else {
                    let mut blob: BlobEntry = serde_json::from_value(entry.clone()).unwrap();
                    blob.name = document.request.filter.clone().unwrap_or_default() + &blob.name;
                    blobs.push(blob);
                }
            }
            page.blobs = blobs.into();
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

    /// The answer a list stands for, which the compliant estate may never have asked for.
    fn listing(&self, key: &str, kind: RequestKind) -> Document {
        let target = match key {
            "containers" => self.listed_id(RequestKind::StorageAccounts, "stvectice"),
            "backup containers" => self.listed_id(RequestKind::StorageAccounts, "stvecticebkp"),
            "links" | "records" => self.server_id("privateDnsZoneArmResourceId"),
            "zones" | "private endpoints" => self.deployment.subscription_id(),
            "other links" => ArmId::parse(&self.other_zone()).unwrap(),
            _ => return self.first(kind),
        };
        let mut document = self.first(RequestKind::ResourceGroup);
        document.request = Request::arm(kind, &target);
        document
    }

    /// A zone beside the server's.
    fn other_zone(&self) -> String {
        let group = self.deployment.resource_group_id();
        group.resource("Microsoft.Network/privateDnsZones", "corp.example.com").to_string()
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

    fn add_root_management_group(&mut self, change: &Value) {
        let tenant = self.deployment.tenant.as_deref().expect("the demo names its tenant");
        let id = format!("/providers/Microsoft.Management/managementGroups/{tenant}");
        let id = ArmId::parse(&id).unwrap();
        if refusal(change).is_some() {
            return self.add_by_id(RequestKind::ManagementGroup, &id, change);
        }
        let mut document = self.first(RequestKind::ResourceGroup);
        document.request = Request::arm(RequestKind::ManagementGroup, &id);
        document.body = Body::json(change.clone());
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
            ("{server}", self.listed_id(RequestKind::PostgresServers, "pg-vectice").to_string()),
            ("{zone}", self.server_id("privateDnsZoneArmResourceId").to_string()),
            ("{other zone}", self.other_zone()),
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
        "disks" => (RequestKind::Disks, "providers/Microsoft.Compute/disks"),
        "inventory" => (RequestKind::Resources, "providers"),
        "databases" => (RequestKind::PostgresDatabases, "databases"),
        "backups" => (RequestKind::PostgresBackups, "backups"),
        "vnets" => (RequestKind::VirtualNetworks, "virtualNetworks"),
        "links" | "other links" => (RequestKind::VirtualNetworkLinks, "virtualNetworkLinks"),
        "records" => (RequestKind::RecordSets, "A"),
        "zones" => (RequestKind::PrivateDnsZones, "providers/Microsoft.Network/privateDnsZones"),
        "private endpoints" => {
            (RequestKind::PrivateEndpoints, "providers/Microsoft.Network/privateEndpoints")
        }
        "groups" => (
            RequestKind::NetworkSecurityGroups,
            "providers/Microsoft.Network/networkSecurityGroups",
        ),
        "route tables" => (RequestKind::RouteTables, "providers/Microsoft.Network/routeTables"),
        "subscription servers" => (
            RequestKind::SubscriptionServers,
            "providers/Microsoft.DBforPostgreSQL/flexibleServers",
        ),
        "containers" | "backup containers" => {
            (RequestKind::BlobContainers, "blobServices/default/containers")
        }
        "role assignments" => {
            (RequestKind::RoleAssignments, "providers/Microsoft.Authorization/roleAssignments")
        }
        "active roles" => (
            RequestKind::RoleAssignmentSchedules,
            "providers/Microsoft.Authorization/roleAssignmentScheduleInstances",
        ),
        "eligible roles" => (
            RequestKind::RoleEligibilities,
            "providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
        ),
        "deny assignments" => {
            (RequestKind::DenyAssignmentsBelow, "providers/Microsoft.Authorization/denyAssignments")
        }
        "deny assignments above" => {
            (RequestKind::DenyAssignmentsAbove, "providers/Microsoft.Authorization/denyAssignments")
        }
        "tenant assignments" => (RequestKind::TenantRoleAssignments, ""),
        "federated credentials" => {
            (RequestKind::FederatedCredentials, "federatedIdentityCredentials")
        }
        "application permissions" => (RequestKind::AppRoleAssignments, "appRoleAssignments"),
        "delegated grants" => (RequestKind::DelegatedGrants, "oauth2PermissionGrants"),
        "memberships" => (RequestKind::Memberships, "transitiveMemberOf"),
        "directory roles" => (RequestKind::DirectoryRoleAssignments, "roleAssignments"),
        _ => return None,
    })
}

/// Resources by their names in examples; those without a name of their own are whole answers.
fn item(key: &str) -> Option<(RequestKind, Option<&'static str>)> {
    Some(match key {
        "subscription" => (RequestKind::Subscription, None),
        "resource group" => (RequestKind::ResourceGroup, None),
        "service principal" => (RequestKind::ServicePrincipal, None),
        "application" => (RequestKind::Application, None),
        "resource graph" => (RequestKind::TenantRoleAssignments, None),
        "permissions" => (RequestKind::Permissions, None),
        "zone" => (RequestKind::PrivateDnsZone, None),
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
    document.body = Body::json(body);
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
        if keys.is_null() {
            deployment.remove(table);
            continue;
        }
        let table = match table.as_str() {
            "" => &mut *deployment,
            table => {
                let table = deployment.entry(table).or_insert_with(|| toml::Table::new().into());
                table.as_table_mut().unwrap()
            }
        };
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
