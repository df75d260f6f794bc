//! The estate: what a snapshot says about one deployment, as three-valued facts.
//!
//! Nothing is projected before it is asked for, and nothing twice. The planner asks the same
//! estate, so a rule and the request that serves it cannot disagree about what is meant.

mod backup;
mod blob_listing;
mod cluster_network;
mod concerns;
mod discovery;
mod disks;
mod dns;
mod facts;
#[cfg(test)]
mod fixture;
mod folders;
mod identity;
mod inventory;
mod kubernetes;
mod network;
mod paths;
mod peerings;
mod permissions;
mod postgres;
mod prefixes;
mod route_tables;
mod security_groups;
mod selection;
mod storage;
mod storage_access;
mod subjects;
mod subnets;
mod subscription;
mod topology;

use std::sync::OnceLock;

pub use backup::{DatedFolders, FolderState, FolderStates, ListedFolder, MOST_LISTED_FOLDERS};
pub use cluster_network::ClusterNetwork;
pub use discovery::ListedSubscription;
pub use disks::Disk;
pub use dns::{AddressRecord, PrivateDnsZone, VirtualNetworkLink};
pub use facts::{Comparable, EstateFacts, ResourceFacts};
pub use folders::Folder;
use folders::FoundFolders;
pub use identity::{
    AppRoleAssignment, Application, Credential, DelegatedGrant, DirectoryRole, FederatedCredential,
    Membership, RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR, ScheduleInstance, ServicePrincipal,
    TenantAssignment, Validity, role_name,
};
pub use kubernetes::{AgentPool, ManagedCluster};
pub use network::{Peering, ServiceEndpoint, Subnet, VirtualNetwork};
pub use paths::Ends;
pub use peerings::PeeringTerms;
pub use permissions::{Permission, Refusal};
pub use postgres::{
    BackupSettings, Database, PostgresAccess, PostgresBackup, PostgresServer,
    PrivateEndpointConnection,
};
pub use route_tables::{Detour, RouteTable, UserRoute};
pub use security_groups::{Filter, SecurityGroup};
pub use storage::{BlobContainer, StorageAccount, sounds_like_backup};
pub use storage_access::{Admission, VirtualNetworkRule};
pub use subnets::Occupant;
pub use subscription::{ResourceGroup, Subscription};

use crate::arm_id::ArmId;
use crate::deployment::Deployment;
use crate::fact::{Fact, Gap, List, Reason};
use crate::need::{Request, RequestKind};
use crate::reader::Node;
use crate::rule::Rule;
use crate::snapshot::Snapshot;

/// One deployment as the snapshot shows it.
pub struct Estate<'a> {
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// What is expected.
    pub deployment: &'a Deployment,
    /// The rules this audit asks; none where whatever was read counts.
    pub rules: Option<&'a [&'static Rule]>,
    servers: OnceLock<Fact<List<PostgresServer>>>,
    server: OnceLock<Fact<PostgresServer>>,
    backups: OnceLock<Fact<List<PostgresBackup>>>,
    clusters: OnceLock<Fact<List<ManagedCluster>>>,
    cluster: OnceLock<Fact<ManagedCluster>>,
    accounts: OnceLock<Fact<List<StorageAccount>>>,
    storage_account: OnceLock<Fact<StorageAccount>>,
    backup_account: OnceLock<Fact<StorageAccount>>,
    aks_vnet: OnceLock<Fact<VirtualNetwork>>,
    postgres_vnet: OnceLock<Fact<VirtualNetwork>>,
    zone_links: OnceLock<Fact<List<VirtualNetworkLink>>>,
    service_principal: OnceLock<Fact<ServicePrincipal>>,
    role_assignments: OnceLock<Fact<List<RoleAssignment>>>,
    folders: OnceLock<FoundFolders>,
    folder_states: FolderStates,
}

impl<'a> Estate<'a> {
    /// The estate of a deployment.
    pub fn new(snapshot: &'a Snapshot, deployment: &'a Deployment) -> Self {
        Self {
            snapshot,
            deployment,
            rules: None,
            servers: OnceLock::new(),
            server: OnceLock::new(),
            backups: OnceLock::new(),
            clusters: OnceLock::new(),
            cluster: OnceLock::new(),
            accounts: OnceLock::new(),
            storage_account: OnceLock::new(),
            backup_account: OnceLock::new(),
            aks_vnet: OnceLock::new(),
            postgres_vnet: OnceLock::new(),
            zone_links: OnceLock::new(),
            service_principal: OnceLock::new(),
            role_assignments: OnceLock::new(),
            folders: OnceLock::new(),
            folder_states: FolderStates::default(),
        }
    }

    /// The same estate, with what an earlier look at this deployment, in a snapshot that has only
    /// grown since, has found out about its folders.
    #[must_use]
    pub fn recalling(self, folder_states: &FolderStates) -> Self {
        Self { folder_states: folder_states.clone(), ..self }
    }

    /// The same estate, asked these rules only: a snapshot may hold what other rules needed.
    #[must_use]
    pub fn asked(self, rules: &'a [&'static Rule]) -> Self {
        Self { rules: Some(rules), ..self }
    }
}

impl Estate<'_> {
    /// A resource by its id: from the list of its subscription, else from a read of its own.
    fn listed_or_read<T>(
        &self,
        (list, item): (RequestKind, RequestKind),
        id: &ArmId,
        read: fn(&Node<'_>) -> Result<T, Gap>,
    ) -> Fact<T> {
        let request = Request::arm(list, &self.deployment.subscription_id());
        let listed = self.snapshot.list_of_existing(&request);
        if let Fact::Known(list, _) = &listed {
            let found = list.items.iter().find(|node| node.at("id").arm_id().value() == Some(id));
            if let Some((node, Ok(resource))) = found.map(|node| (node, read(node))) {
                return Fact::Known(resource, node.source());
            }
        }
        let own = self.snapshot.resource(&Request::arm(item, id));
        let own = own.and_then(|node, source| match read(&node) {
            Ok(resource) => Fact::Known(resource, source),
            Err(gap) => Fact::Unread(gap),
        });
        match (own.gap(), listed.gap()) {
            // Not asked by id yet: what the list said is the better reason.
            (Some(gap), Some(refusal)) if gap.is_not_collected() => Fact::Unread(refusal.clone()),
            _ => own,
        }
    }
}

/// The texts of a list; an item that is no text makes it incomplete.
fn texts(list: List<Node<'_>>) -> List<String> {
    typed(list, |node| match node.text() {
        Fact::Known(text, _) => Ok(text),
        Fact::Unread(gap) => Err(gap),
        Fact::Absent(source) => {
            Err(Gap::because(Reason::MissingField, "an item is no text").at(source.resource))
        }
    })
}

/// Reads the items of a list. An item that cannot be read makes the list incomplete, it does not
/// lose the others.
fn typed<T>(list: List<Node<'_>>, read: impl Fn(&Node<'_>) -> Result<T, Gap>) -> List<T> {
    let mut missing = list.missing;
    let mut items = Vec::with_capacity(list.items.len());
    for node in &list.items {
        match read(node) {
            Ok(item) => items.push(item),
            Err(gap) => {
                missing.get_or_insert(gap);
            }
        }
    }
    List { items, missing }
}

/// The id of a listed resource; without one it cannot be told apart from others.
fn item_id(node: &Node<'_>) -> Result<ArmId, Gap> {
    match node.at("id").arm_id() {
        Fact::Known(id, _) => Ok(id),
        Fact::Unread(gap) => Err(gap),
        Fact::Absent(source) => {
            Err(Gap::because(Reason::MissingField, "an item has no id").at(source.resource))
        }
    }
}

/// The id of a child that is listed inside its parent, where Azure may leave the id out.
fn child_id(node: &Node<'_>, parent: &ArmId, child_type: &str) -> Result<ArmId, Gap> {
    if let Ok(id) = item_id(node) {
        return Ok(id);
    }
    match node.at("name").text() {
        Fact::Known(name, _) => Ok(parent.child(child_type, &name)),
        Fact::Unread(gap) => Err(gap),
        Fact::Absent(source) => {
            Err(Gap::because(Reason::MissingField, "a child has no name").at(source.resource))
        }
    }
}
