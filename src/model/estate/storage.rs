//! Storage accounts and their containers, as the control plane shows them.

use super::selection::{Candidate, select};
use super::{Estate, PrivateEndpointConnection, VirtualNetworkRule, item_id, texts, typed};
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;
use crate::region::Region;

/// A storage account (R06).
#[derive(Clone, Debug, PartialEq)]
pub struct StorageAccount {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `location`, not `primaryLocation`, which differs after a failover.
    pub location: Fact<Region>,
    /// `properties.primaryLocation`: where the account's first copy is now.
    pub primary_location: Fact<Region>,
    /// `properties.publicNetworkAccess`; left out when it was never set, which means enabled.
    pub public_network_access: Fact<String>,
    /// `properties.networkAcls.defaultAction`; unread when `networkAcls` is missing.
    pub default_action: Fact<String>,
    /// `properties.primaryEndpoints.blob`.
    pub blob_endpoint: Fact<String>,
    /// `kind`: `StorageV2`, `BlockBlobStorage`, …
    pub kind: Fact<String>,
    /// `properties.provisioningState`.
    pub provisioning_state: Fact<String>,
    /// `properties.statusOfPrimary`: `available` or `unavailable`.
    pub status_of_primary: Fact<String>,
    /// `properties.accountMigrationInProgress`; left out while there is none.
    pub migration_in_progress: Fact<bool>,
    /// `properties.networkAcls.virtualNetworkRules`; unread when `networkAcls` is missing.
    pub network_rules: Fact<List<VirtualNetworkRule>>,
    /// The `value`s of `properties.networkAcls.ipRules`; unread when `networkAcls` is missing.
    pub ip_rules: Fact<List<String>>,
    /// `properties.privateEndpointConnections`; empty when there are none, never left out.
    pub private_endpoints: Fact<List<PrivateEndpointConnection>>,
}

/// A blob container (R33).
#[derive(Clone, Debug, PartialEq)]
pub struct BlobContainer {
    /// Its name.
    pub name: String,
    /// `properties.deleted`; left out on one that is not soft-deleted.
    pub deleted: Fact<bool>,
    /// The whole resource, for evidence.
    pub source: Source,
}

impl StorageAccount {
    /// Reads an account from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let acls = properties.at("networkAcls").object();
        Ok(Self {
            id: item_id(node)?,
            source: node.source(),
            location: node.at("location").region(),
            primary_location: properties.at("primaryLocation").or_none(Node::region),
            public_network_access: properties.at("publicNetworkAccess").or_none(Node::text),
            default_action: acls.as_ref().and_then(|acls, _| acls.at("defaultAction").text()),
            blob_endpoint: properties.at("primaryEndpoints").at("blob").or_none(Node::text),
            kind: node.at("kind").text(),
            provisioning_state: properties.at("provisioningState").text(),
            status_of_primary: properties.at("statusOfPrimary").text(),
            migration_in_progress: properties.at("accountMigrationInProgress").or_none(Node::flag),
            ip_rules: acls.as_ref().and_then(|acls, _| {
                let rules = acls.at("ipRules").items_or_none();
                rules.map(|list| texts(list.map(|rule| rule.at("value"))))
            }),
            network_rules: acls.and_then(|acls, _| {
                let rules = acls.at("virtualNetworkRules").items_or_none();
                rules.map(|list| list.map(|node| VirtualNetworkRule::read(&node)))
            }),
            private_endpoints: properties
                .at("privateEndpointConnections")
                .items()
                .map(|list| list.map(|node| PrivateEndpointConnection::read(&node, "blob"))),
        })
    }

    /// Whether the account answers on its public address, be it to selected networks only.
    ///
    /// # Errors
    ///
    /// The gap when that cannot be told.
    pub fn has_public_access(&self) -> Result<bool, Gap> {
        let public = match &self.public_network_access {
            Fact::Known(public, _) => public,
            // Left out means that it was never set, which Azure takes as enabled.
            Fact::Absent(_) => return Ok(true),
            Fact::Unread(gap) => return Err(gap.clone()),
        };
        let (reason, message) = match public.to_ascii_lowercase().as_str() {
            "enabled" => return Ok(true),
            "disabled" => return Ok(false),
            "securedbyperimeter" => (
                Reason::BeyondReach,
                "a network security perimeter guards the account, and its rules are kept elsewhere"
                    .to_owned(),
            ),
            _ => (
                Reason::Unrecognised,
                format!("`publicNetworkAccess` is {public}, which vaudit does not know"),
            ),
        };
        Err(Gap::because(reason, message).at(self.id.as_str()))
    }

    /// The id of a container of this account.
    pub fn container_id(&self, container: &str) -> ArmId {
        self.id.child("blobServices", "default").child("containers", container)
    }
}

impl BlobContainer {
    /// Reads a container from its entry in the account's list.
    ///
    /// # Errors
    ///
    /// The gap when the entry has neither name nor id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let name = match node.at("name").text() {
            Fact::Known(name, _) => name,
            Fact::Absent(_) | Fact::Unread(_) => item_id(node)?.name().to_owned(),
        };
        let deleted = node.at("properties").at("deleted");
        let deleted = if deleted.is_missing() {
            Fact::Known(false, deleted.source())
        } else {
            deleted.flag()
        };
        Ok(Self { name, deleted, source: node.source() })
    }
}

impl Candidate for StorageAccount {
    fn id(&self) -> &ArmId {
        &self.id
    }
}

impl Estate<'_> {
    /// The storage accounts of the resource group.
    pub fn storage_accounts(&self) -> &Fact<List<StorageAccount>> {
        self.accounts.get_or_init(|| {
            let list = self.list_in_group(RequestKind::StorageAccounts);
            list.map(|list| typed(list, StorageAccount::read))
        })
    }

    /// The application's storage account. The account named for backups is no candidate for it.
    pub fn storage_account(&self) -> &Fact<StorageAccount> {
        self.storage_account.get_or_init(|| {
            let policy = &self.deployment.storage;
            if let Some(selector) = &policy.account {
                return self.account(selector, "storage.account");
            }
            let backup = self.deployment.backup.account.as_ref();
            let candidates = self.storage_accounts().clone().map(|mut list| {
                list.items.retain(|account| backup.is_none_or(|own| !is_named(account, own)));
                list
            });
            select(&candidates, None, "storage accounts", "storage.account")
        })
    }

    /// The account that holds the blob copies: the application's own when none is named.
    pub fn backup_account(&self) -> &Fact<StorageAccount> {
        self.backup_account.get_or_init(|| match &self.deployment.backup.account {
            Some(selector) => self.account(selector, "backup.account"),
            None => self.storage_account().clone(),
        })
    }

    fn account(&self, selector: &Selector, setting: &str) -> Fact<StorageAccount> {
        match self.outside_resource_group(Some(selector)) {
            Some(id) => {
                let request = Request::arm(RequestKind::StorageAccount, id);
                self.snapshot.resource(&request).and_then(
                    |node, source| match StorageAccount::read(&node) {
                        Ok(account) => Fact::Known(account, source),
                        Err(gap) => Fact::Unread(gap),
                    },
                )
            }
            None => select(self.storage_accounts(), Some(selector), "storage accounts", setting),
        }
    }

    /// The containers of the application's account.
    pub fn application_containers(&self) -> Fact<List<BlobContainer>> {
        self.containers_of(self.storage_account())
    }

    /// The containers of the backup account.
    pub fn backup_containers(&self) -> Fact<List<BlobContainer>> {
        self.containers_of(self.backup_account())
    }

    fn containers_of(&self, account: &Fact<StorageAccount>) -> Fact<List<BlobContainer>> {
        account.as_ref().and_then(|account, _| self.containers(&account.id))
    }

    /// The application's container, as the control plane shows it. Absent when a complete list has
    /// none that is not deleted, and when its account is absent.
    pub fn application_container(&self) -> Fact<BlobContainer> {
        live(self.application_containers(), &self.deployment.storage.container, "storage.container")
    }

    /// The container of the blob copies, in the same way.
    pub fn backup_container(&self) -> Fact<BlobContainer> {
        live(self.backup_containers(), &self.deployment.backup.container, "backup.container")
    }

    /// The URL of a container, without a trailing slash: the account's own endpoint, else the
    /// cloud's suffix. An endpoint outside the cloud is never asked.
    pub fn container_url(&self, account: &StorageAccount, container: &str) -> Fact<String> {
        let cloud = &self.deployment.cloud;
        let endpoint = match &account.blob_endpoint {
            Fact::Known(endpoint, _) => endpoint.trim_end_matches('/').to_owned(),
            Fact::Absent(_) => cloud.blob_endpoint(account.id.name()),
            Fact::Unread(gap) => return Fact::Unread(gap.clone()),
        };
        if !cloud.owns_blob_endpoint(&endpoint) {
            let message = format!(
                "the account's blob endpoint {endpoint} does not lie in the cloud `{}`, so no token is sent there",
                cloud.name
            );
            let gap = Gap::because(Reason::UntrustedNextLink, message);
            return Fact::Unread(gap.at(account.id.as_str()));
        }
        Fact::Known(format!("{endpoint}/{container}"), account.source.clone())
    }
}

/// The container of a name that is not deleted. A name that was used again is listed twice.
fn live(
    containers: Fact<List<BlobContainer>>,
    wanted: &Option<String>,
    setting: &str,
) -> Fact<BlobContainer> {
    let Some(wanted) = wanted else { return Fact::Unread(Gap::not_configured(setting)) };
    containers.and_then(|list, source| {
        let named = || list.items.iter().filter(|container| container.name == *wanted);
        if let Some(live) = named().find(|item| item.deleted.value() == Some(&false)) {
            return Fact::Known(live.clone(), live.source.clone());
        }
        match named().find_map(|item| item.deleted.gap()).or(list.missing.as_ref()) {
            Some(gap) => Fact::Unread(gap.clone()),
            None => Fact::Absent(source),
        }
    })
}

fn is_named(account: &StorageAccount, selector: &Selector) -> bool {
    match selector {
        Selector::Name(name) => account.id.name().eq_ignore_ascii_case(name),
        Selector::Id(id) => account.id == *id,
    }
}

/// Whether the name of a container sounds like backups.
pub fn sounds_like_backup(name: &str) -> bool {
    ["back", "bkp", "bak", "dr"].iter().any(|part| name.contains(part))
}
