//! What a rule needs to be read, and what each kind of read requires of the auditor.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of fact a rule declares it needs. The planner turns needs into requests, the blindness
/// and declared-needs guards hold every rule to them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The subscription itself (R01).
    Subscription,
    /// The deployment's resource group (R02).
    ResourceGroup,
    /// The PostgreSQL flexible servers of the resource group (R03).
    PostgresServer,
    /// The databases of the audited server (R21).
    PostgresDatabases,
    /// The backups of the audited server (R20).
    PostgresBackups,
    /// The AKS clusters of the resource group (R05).
    ManagedCluster,
    /// The storage accounts of the resource group (R06).
    StorageAccount,
    /// The containers of the backup account (R33).
    BackupContainers,
    /// Virtual networks with subnets and peerings (R07, R35).
    VirtualNetworks,
    /// Private endpoints, where the manifest allows that access mode (R11).
    PrivateEndpoints,
    /// Private DNS zones by name, where no zone is referenced by the server (R10).
    PrivateDnsZones,
    /// The virtual network links of the server's zone (R30).
    VirtualNetworkLinks,
    /// The Vectice service principal (G01).
    ServicePrincipal,
    /// The role assignments that reach the service principal (R37).
    RoleAssignments,
    /// The first-level folders of the backup container (B01).
    BackupFolders,
    /// The blobs of the newest backup folders (B03).
    FolderBlobs,
    /// The blobs of the application container (B02).
    SourceBlobs,
}

impl Need {
    /// Every need, in the order of the waves.
    pub const ALL: [Self; 17] = [
        Self::Subscription,
        Self::ResourceGroup,
        Self::PostgresServer,
        Self::ManagedCluster,
        Self::StorageAccount,
        Self::VirtualNetworks,
        Self::PrivateEndpoints,
        Self::PrivateDnsZones,
        Self::ServicePrincipal,
        Self::PostgresDatabases,
        Self::PostgresBackups,
        Self::VirtualNetworkLinks,
        Self::BackupContainers,
        Self::RoleAssignments,
        Self::BackupFolders,
        Self::SourceBlobs,
        Self::FolderBlobs,
    ];

    /// What has to be read before this can be asked.
    pub fn requires(self) -> &'static [Self] {
        match self {
            Self::PostgresDatabases | Self::PostgresBackups => &[Self::PostgresServer],
            // Of several zones of one name, the one linked to the AKS network is meant.
            Self::VirtualNetworkLinks => {
                &[Self::PostgresServer, Self::PrivateDnsZones, Self::ManagedCluster]
            }
            Self::BackupContainers | Self::BackupFolders | Self::SourceBlobs => {
                &[Self::StorageAccount]
            }
            Self::RoleAssignments => &[Self::ServicePrincipal],
            Self::FolderBlobs => &[Self::BackupFolders],
            _ => &[],
        }
    }

    /// The given needs and everything they require, sorted, each once.
    pub fn closure(needs: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut open: Vec<Self> = needs.into_iter().collect();
        let mut closed = Vec::new();
        while let Some(need) = open.pop() {
            if !closed.contains(&need) {
                closed.push(need);
                open.extend_from_slice(need.requires());
            }
        }
        closed.sort_unstable();
        closed
    }
}

/// The kinds of requests vaudit sends. Each belongs to one [`Need`]; a need may take several (the
/// list first, a read by id where the list does not reach).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RequestKind {
    /// GET a subscription.
    Subscription,
    /// GET a resource group.
    ResourceGroup,
    /// List the flexible servers of a resource group.
    PostgresServers,
    /// GET a flexible server that lies outside the deployment's resource group.
    PostgresServer,
    /// List a server's databases.
    PostgresDatabases,
    /// List a server's backups.
    PostgresBackups,
    /// List the AKS clusters of a resource group.
    ManagedClusters,
    /// GET an AKS cluster that lies outside the deployment's resource group.
    ManagedCluster,
    /// List the storage accounts of a resource group.
    StorageAccounts,
    /// GET a storage account that lies outside the deployment's resource group.
    StorageAccount,
    /// List an account's blob containers (control plane).
    BlobContainers,
    /// List the virtual networks of a subscription.
    VirtualNetworks,
    /// GET a virtual network the list does not show.
    VirtualNetwork,
    /// GET a subnet its virtual network does not show, to prove that it is gone.
    Subnet,
    /// List the private endpoints of a subscription.
    PrivateEndpoints,
    /// GET a private endpoint the list does not show.
    PrivateEndpoint,
    /// List the private DNS zones of a subscription.
    PrivateDnsZones,
    /// List the virtual network links of a zone.
    VirtualNetworkLinks,
    /// GET a service principal from Microsoft Graph.
    ServicePrincipal,
    /// List the role assignments assigned to a principal, groups included.
    RoleAssignments,
    /// List the first-level folders of a container.
    BackupFolders,
    /// List the blobs of a folder.
    FolderBlobs,
    /// List all blobs of a container.
    SourceBlobs,
}

/// Which of Azure's services answers a request, and so which token it carries.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Azure Resource Manager.
    ResourceManager,
    /// Microsoft Graph.
    Graph,
    /// The Blob service's data plane.
    Storage,
}

impl RequestKind {
    /// Every kind of request.
    pub const ALL: [Self; 23] = [
        Self::Subscription,
        Self::ResourceGroup,
        Self::PostgresServers,
        Self::PostgresServer,
        Self::PostgresDatabases,
        Self::PostgresBackups,
        Self::ManagedClusters,
        Self::ManagedCluster,
        Self::StorageAccounts,
        Self::StorageAccount,
        Self::BlobContainers,
        Self::VirtualNetworks,
        Self::VirtualNetwork,
        Self::Subnet,
        Self::PrivateEndpoints,
        Self::PrivateEndpoint,
        Self::PrivateDnsZones,
        Self::VirtualNetworkLinks,
        Self::ServicePrincipal,
        Self::RoleAssignments,
        Self::BackupFolders,
        Self::FolderBlobs,
        Self::SourceBlobs,
    ];

    /// The need this request serves.
    pub fn need(self) -> Need {
        match self {
            Self::Subscription => Need::Subscription,
            Self::ResourceGroup => Need::ResourceGroup,
            Self::PostgresServers | Self::PostgresServer => Need::PostgresServer,
            Self::PostgresDatabases => Need::PostgresDatabases,
            Self::PostgresBackups => Need::PostgresBackups,
            Self::ManagedClusters | Self::ManagedCluster => Need::ManagedCluster,
            Self::StorageAccounts | Self::StorageAccount => Need::StorageAccount,
            Self::BlobContainers => Need::BackupContainers,
            Self::VirtualNetworks | Self::VirtualNetwork | Self::Subnet => Need::VirtualNetworks,
            Self::PrivateEndpoints | Self::PrivateEndpoint => Need::PrivateEndpoints,
            Self::PrivateDnsZones => Need::PrivateDnsZones,
            Self::VirtualNetworkLinks => Need::VirtualNetworkLinks,
            Self::ServicePrincipal => Need::ServicePrincipal,
            Self::RoleAssignments => Need::RoleAssignments,
            Self::BackupFolders => Need::BackupFolders,
            Self::FolderBlobs => Need::FolderBlobs,
            Self::SourceBlobs => Need::SourceBlobs,
        }
    }

    /// The service that answers.
    pub fn audience(self) -> Audience {
        match self {
            Self::ServicePrincipal => Audience::Graph,
            Self::BackupFolders | Self::FolderBlobs | Self::SourceBlobs => Audience::Storage,
            _ => Audience::ResourceManager,
        }
    }

    /// The permission that lets the auditor make this request: an ARM action, a storage data action
    /// or a Graph application permission (`catalogue.md` §C).
    pub fn permission(self) -> &'static str {
        match self {
            Self::Subscription => "Microsoft.Resources/subscriptions/read",
            Self::ResourceGroup => "Microsoft.Resources/subscriptions/resourceGroups/read",
            Self::PostgresServers | Self::PostgresServer => {
                "Microsoft.DBforPostgreSQL/flexibleServers/read"
            }
            Self::PostgresDatabases => "Microsoft.DBforPostgreSQL/flexibleServers/databases/read",
            Self::PostgresBackups => "Microsoft.DBforPostgreSQL/flexibleServers/backups/read",
            Self::ManagedClusters | Self::ManagedCluster => {
                "Microsoft.ContainerService/managedClusters/read"
            }
            Self::StorageAccounts | Self::StorageAccount => {
                "Microsoft.Storage/storageAccounts/read"
            }
            Self::BlobContainers => {
                "Microsoft.Storage/storageAccounts/blobServices/containers/read"
            }
            Self::VirtualNetworks | Self::VirtualNetwork => {
                "Microsoft.Network/virtualNetworks/read"
            }
            Self::Subnet => "Microsoft.Network/virtualNetworks/subnets/read",
            Self::PrivateEndpoints | Self::PrivateEndpoint => {
                "Microsoft.Network/privateEndpoints/read"
            }
            Self::PrivateDnsZones => "Microsoft.Network/privateDnsZones/read",
            Self::VirtualNetworkLinks => {
                "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read"
            }
            Self::ServicePrincipal => "Application.Read.All",
            Self::RoleAssignments => "Microsoft.Authorization/roleAssignments/read",
            Self::BackupFolders | Self::FolderBlobs | Self::SourceBlobs => {
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
            }
        }
    }

    /// What is read, as a person would say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Subscription => "the subscription",
            Self::ResourceGroup => "the resource group",
            Self::PostgresServers => "the PostgreSQL flexible servers",
            Self::PostgresServer => "the PostgreSQL flexible server",
            Self::PostgresDatabases => "the server's databases",
            Self::PostgresBackups => "the server's backups",
            Self::ManagedClusters => "the AKS clusters",
            Self::ManagedCluster => "the AKS cluster",
            Self::StorageAccounts => "the storage accounts",
            Self::StorageAccount => "the storage account",
            Self::BlobContainers => "the blob containers",
            Self::VirtualNetworks => "the virtual networks",
            Self::VirtualNetwork => "the virtual network",
            Self::Subnet => "the subnet",
            Self::PrivateEndpoints => "the private endpoints",
            Self::PrivateEndpoint => "the private endpoint",
            Self::PrivateDnsZones => "the private DNS zones",
            Self::VirtualNetworkLinks => "the zone's virtual network links",
            Self::ServicePrincipal => "the service principal",
            Self::RoleAssignments => "the role assignments of the service principal",
            Self::BackupFolders => "the folders of the backup container",
            Self::FolderBlobs => "the blobs of a backup folder",
            Self::SourceBlobs => "the blobs of the application container",
        }
    }

    /// Whether a child of a PostgreSQL server is asked for: such requests answer 400 or 409 while
    /// the server is stopped or busy.
    pub fn is_child_of_server(self) -> bool {
        matches!(self, Self::PostgresDatabases | Self::PostgresBackups)
    }
}

/// One request, apart from its paging: what is asked of which resource.
///
/// Two spellings of an ARM id are one request; the first one's is sent. Container URLs and prefixes
/// are case-sensitive.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// What is asked.
    pub kind: RequestKind,
    /// Of what: an ARM id, a Graph path, or the URL of a container.
    pub target: String,
    /// The principal of a role assignment list, the prefix of a blob listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

impl Request {
    /// A request about an ARM scope or resource.
    pub fn arm(kind: RequestKind, target: &crate::ArmId) -> Self {
        Self { kind, target: target.as_str().to_owned(), filter: None }
    }

    /// The role assignments that reach a principal in a subscription.
    pub fn role_assignments(subscription: &crate::ArmId, principal: &str) -> Self {
        Self {
            filter: Some(principal.to_ascii_lowercase()),
            ..Self::arm(RequestKind::RoleAssignments, subscription)
        }
    }

    /// A Graph request; `path` is below the version, such as `servicePrincipals(appId='…')`.
    pub fn graph(kind: RequestKind, path: String) -> Self {
        Self { kind, target: path, filter: None }
    }

    /// A listing of a container.
    pub fn blobs(kind: RequestKind, container_url: &str, prefix: Option<&str>) -> Self {
        Self { kind, target: container_url.to_owned(), filter: prefix.map(str::to_owned) }
    }
}

impl Ord for Request {
    fn cmp(&self, other: &Self) -> Ordering {
        let targets = || {
            if self.kind.audience() == Audience::Storage {
                return self.target.cmp(&other.target);
            }
            let lower = |byte: u8| byte.to_ascii_lowercase();
            self.target.bytes().map(lower).cmp(other.target.bytes().map(lower))
        };
        self.kind.cmp(&other.kind).then_with(targets).then_with(|| self.filter.cmp(&other.filter))
    }
}

impl PartialOrd for Request {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Request {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_is_served_and_the_constants_are_complete() {
        for need in Need::ALL {
            assert!(RequestKind::ALL.iter().any(|kind| kind.need() == need), "{need:?}");
        }
        let kinds: std::collections::BTreeSet<_> = RequestKind::ALL.into_iter().collect();
        assert_eq!(kinds.len(), RequestKind::ALL.len());
    }

    #[test]
    fn two_spellings_of_an_id_are_one_request_two_of_a_folder_are_not() {
        let arm = |text: &str| {
            let id = crate::ArmId::parse(text).unwrap();
            Request::arm(RequestKind::PostgresBackups, &id)
        };
        assert_eq!(
            arm("/subscriptions/S1/resourceGroups/RG"),
            arm("/subscriptions/s1/resourcegroups/rg")
        );
        let folder = |prefix| Request::blobs(RequestKind::FolderBlobs, "https://a/b", Some(prefix));
        assert_ne!(folder("A/"), folder("a/"));
    }

    #[test]
    fn closures_hold_what_is_required() {
        assert_eq!(
            Need::closure([Need::FolderBlobs]),
            [Need::StorageAccount, Need::BackupFolders, Need::FolderBlobs]
        );
    }
}
