//! What a rule needs to be read, and what each kind of read requires of the auditor.

use std::cmp::Ordering;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::instant::show;

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
    /// The auditor's own rights on the resource group (R16).
    Permissions,
    /// Whatever lies in the resource group (R04); never proof of absence.
    Inventory,
    /// The PostgreSQL flexible servers of the whole subscription.
    SubscriptionServers,
    /// The disks of the cluster's node resource group (R36).
    Disks,
    /// Network security groups with their rules (R08, R50).
    NetworkSecurityGroups,
    /// Route tables with their routes (R09, R50).
    RouteTables,
    /// The private DNS zone of the server (R10).
    ServerZone,
    /// The record sets of the server's zone (R31).
    RecordSets,
    /// Which zones the AKS network registers its machines in (R10, R43), where the server's own is not one.
    RegistrationZones,
    /// The app registration (G02).
    Application,
    /// Its federated credentials (G03).
    FederatedCredentials,
    /// API permissions granted to the service principal (G04, G05).
    ApiGrants,
    /// The groups and directory roles the service principal is a member of (G06).
    Memberships,
    /// Its directory roles, and those of its role-assignable groups (G10).
    DirectoryRoles,
    /// When its role assignments begin and end, and which ones it is only eligible for (R38, R39).
    RoleSchedules,
    /// Deny assignments at, above and below the resource group (R14).
    DenyAssignments,
    /// Its role assignments in every subscription the auditor can see (A01, R17), and how many
    /// those are.
    TenantRoleAssignments,
    /// The containers of the application's account (R33).
    ApplicationContainers,
}

impl Need {
    /// Every need, in the order of the waves.
    pub const ALL: [Self; 35] = [
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
        Self::Permissions,
        Self::Inventory,
        Self::SubscriptionServers,
        Self::Disks,
        Self::NetworkSecurityGroups,
        Self::RouteTables,
        Self::ServerZone,
        Self::RecordSets,
        Self::RegistrationZones,
        Self::Application,
        Self::FederatedCredentials,
        Self::ApiGrants,
        Self::Memberships,
        Self::DirectoryRoles,
        Self::RoleSchedules,
        Self::DenyAssignments,
        Self::TenantRoleAssignments,
        Self::ApplicationContainers,
    ];

    /// What has to be read before this can be asked.
    pub fn requires(self) -> &'static [Self] {
        match self {
            Self::PostgresDatabases | Self::PostgresBackups => &[Self::PostgresServer],
            // Of several zones of one name, the one linked to the AKS network is meant.
            Self::VirtualNetworkLinks => {
                &[Self::PostgresServer, Self::PrivateDnsZones, Self::ManagedCluster]
            }
            Self::ApplicationContainers
            | Self::BackupContainers
            | Self::BackupFolders
            | Self::SourceBlobs => &[Self::StorageAccount],
            Self::RoleAssignments
            | Self::RoleSchedules
            | Self::Memberships
            | Self::ApiGrants
            | Self::Application
            | Self::FederatedCredentials => &[Self::ServicePrincipal],
            Self::TenantRoleAssignments => {
                &[Self::ServicePrincipal, Self::Memberships, Self::Subscription]
            }
            Self::DirectoryRoles => &[Self::ServicePrincipal, Self::Memberships],
            Self::ServerZone | Self::RecordSets => &[Self::PostgresServer, Self::PrivateDnsZones],
            Self::RegistrationZones => &[Self::VirtualNetworkLinks, Self::VirtualNetworks],
            Self::Disks => &[Self::ManagedCluster],
            Self::NetworkSecurityGroups | Self::RouteTables => &[
                Self::ManagedCluster,
                Self::PostgresServer,
                Self::PrivateEndpoints,
                Self::VirtualNetworks,
            ],
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

/// The kinds of requests vaudit sends. Most belong to a [`Need`]; a need may take several (the list
/// first, a read by id where the list does not reach).
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
    /// List the caller's own permissions on a resource group.
    Permissions,
    /// List whatever lies in a resource group.
    Resources,
    /// List the flexible servers of a subscription.
    SubscriptionServers,
    /// List the disks of a resource group.
    Disks,
    /// List the network security groups of a subscription.
    NetworkSecurityGroups,
    /// GET a network security group the list does not show.
    NetworkSecurityGroup,
    /// List the route tables of a subscription.
    RouteTables,
    /// GET a route table the list does not show.
    RouteTable,
    /// GET a private DNS zone.
    PrivateDnsZone,
    /// List the record sets of a private DNS zone.
    RecordSets,
    /// GET an app registration from Microsoft Graph.
    Application,
    /// List an app registration's federated credentials.
    FederatedCredentials,
    /// List the application permissions a service principal was granted.
    AppRoleAssignments,
    /// List the delegated permissions a service principal was granted.
    DelegatedGrants,
    /// List the groups and directory roles a service principal is a member of.
    Memberships,
    /// List the directory roles of a principal.
    DirectoryRoleAssignments,
    /// List the roles a principal is eligible for.
    RoleEligibilities,
    /// List when a principal's role assignments begin and end.
    RoleAssignmentSchedules,
    /// List the deny assignments at and above a resource group.
    DenyAssignmentsAbove,
    /// List the deny assignments in a resource group.
    DenyAssignmentsBelow,
    /// Query Resource Graph for the role assignments of principals.
    TenantRoleAssignments,
    /// GET the tenant's root management group.
    ManagementGroup,
    /// List the subscriptions the auditor can see.
    Subscriptions,
    /// List the resources of one type in a subscription; `vaudit init` looks for deployments with it.
    SubscriptionResources,
    /// List the role assignments at, above and below a resource, whoever holds them; `vaudit init`
    /// looks for the service principal with it.
    RoleAssignmentsAround,
    /// List what the Activity Log has of a resource; `vaudit drift --activity` asks who changed it.
    ActivityLog,
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
    pub const ALL: [Self; 49] = [
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
        Self::Permissions,
        Self::Resources,
        Self::SubscriptionServers,
        Self::Disks,
        Self::NetworkSecurityGroups,
        Self::NetworkSecurityGroup,
        Self::RouteTables,
        Self::RouteTable,
        Self::PrivateDnsZone,
        Self::RecordSets,
        Self::Application,
        Self::FederatedCredentials,
        Self::AppRoleAssignments,
        Self::DelegatedGrants,
        Self::Memberships,
        Self::DirectoryRoleAssignments,
        Self::RoleEligibilities,
        Self::RoleAssignmentSchedules,
        Self::DenyAssignmentsAbove,
        Self::DenyAssignmentsBelow,
        Self::TenantRoleAssignments,
        Self::ManagementGroup,
        Self::Subscriptions,
        Self::SubscriptionResources,
        Self::RoleAssignmentsAround,
        Self::ActivityLog,
    ];

    /// The needs this request serves; none where no rule needs it.
    pub fn needs(self) -> &'static [Need] {
        match self {
            Self::Subscription => &[Need::Subscription],
            Self::ResourceGroup => &[Need::ResourceGroup],
            Self::PostgresServers | Self::PostgresServer => &[Need::PostgresServer],
            Self::PostgresDatabases => &[Need::PostgresDatabases],
            Self::PostgresBackups => &[Need::PostgresBackups],
            Self::ManagedClusters | Self::ManagedCluster => &[Need::ManagedCluster],
            Self::StorageAccounts | Self::StorageAccount => &[Need::StorageAccount],
            Self::BlobContainers => &[Need::BackupContainers, Need::ApplicationContainers],
            Self::VirtualNetworks | Self::VirtualNetwork | Self::Subnet => &[Need::VirtualNetworks],
            Self::PrivateEndpoints | Self::PrivateEndpoint => &[Need::PrivateEndpoints],
            Self::PrivateDnsZones => &[Need::PrivateDnsZones, Need::RegistrationZones],
            Self::VirtualNetworkLinks => &[Need::VirtualNetworkLinks, Need::RegistrationZones],
            Self::ServicePrincipal => &[Need::ServicePrincipal],
            Self::RoleAssignments => &[Need::RoleAssignments],
            Self::BackupFolders => &[Need::BackupFolders],
            Self::FolderBlobs => &[Need::FolderBlobs],
            Self::SourceBlobs => &[Need::SourceBlobs],
            Self::Permissions => &[Need::Permissions],
            Self::Resources => &[Need::Inventory],
            Self::SubscriptionServers => &[Need::SubscriptionServers],
            Self::Disks => &[Need::Disks],
            Self::NetworkSecurityGroups | Self::NetworkSecurityGroup => {
                &[Need::NetworkSecurityGroups]
            }
            Self::RouteTables | Self::RouteTable => &[Need::RouteTables],
            Self::PrivateDnsZone => &[Need::ServerZone],
            Self::RecordSets => &[Need::RecordSets],
            Self::Application => &[Need::Application],
            Self::FederatedCredentials => &[Need::FederatedCredentials],
            Self::AppRoleAssignments | Self::DelegatedGrants => &[Need::ApiGrants],
            Self::Memberships => &[Need::Memberships],
            Self::DirectoryRoleAssignments => &[Need::DirectoryRoles],
            Self::RoleEligibilities | Self::RoleAssignmentSchedules => &[Need::RoleSchedules],
            Self::DenyAssignmentsAbove | Self::DenyAssignmentsBelow => &[Need::DenyAssignments],
            Self::TenantRoleAssignments | Self::ManagementGroup | Self::Subscriptions => {
                &[Need::TenantRoleAssignments]
            }
            Self::SubscriptionResources | Self::RoleAssignmentsAround | Self::ActivityLog => &[],
        }
    }

    /// Whether it serves a need.
    pub fn serves(self, need: Need) -> bool {
        self.needs().contains(&need)
    }

    /// The service that answers.
    pub fn audience(self) -> Audience {
        match self {
            Self::ServicePrincipal
            | Self::Application
            | Self::FederatedCredentials
            | Self::AppRoleAssignments
            | Self::DelegatedGrants
            | Self::Memberships
            | Self::DirectoryRoleAssignments => Audience::Graph,
            Self::BackupFolders | Self::FolderBlobs | Self::SourceBlobs => Audience::Storage,
            _ => Audience::ResourceManager,
        }
    }

    /// The permission that lets the auditor make this request: an ARM action, a storage data action
    /// or a Graph application permission (`catalogue.md` §C).
    pub fn permission(self) -> &'static str {
        match self {
            Self::Subscription | Self::Subscriptions => "Microsoft.Resources/subscriptions/read",
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
            Self::RoleAssignments | Self::RoleAssignmentsAround => {
                "Microsoft.Authorization/roleAssignments/read"
            }
            Self::BackupFolders | Self::FolderBlobs | Self::SourceBlobs => {
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
            }
            Self::Permissions => "Microsoft.Authorization/permissions/read",
            Self::Resources => "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
            Self::SubscriptionServers => "Microsoft.DBforPostgreSQL/flexibleServers/read",
            Self::Disks => "Microsoft.Compute/disks/read",
            Self::NetworkSecurityGroups | Self::NetworkSecurityGroup => {
                "Microsoft.Network/networkSecurityGroups/read"
            }
            Self::RouteTables | Self::RouteTable => "Microsoft.Network/routeTables/read",
            Self::PrivateDnsZone => "Microsoft.Network/privateDnsZones/read",
            Self::RecordSets => "Microsoft.Network/privateDnsZones/ALL/read",
            Self::Application
            | Self::FederatedCredentials
            | Self::AppRoleAssignments
            | Self::Memberships => "Application.Read.All",
            Self::DelegatedGrants => "DelegatedPermissionGrant.Read.All",
            Self::DirectoryRoleAssignments => "RoleManagement.Read.Directory",
            Self::RoleEligibilities => {
                "Microsoft.Authorization/roleEligibilityScheduleInstances/read"
            }
            Self::RoleAssignmentSchedules => {
                "Microsoft.Authorization/roleAssignmentScheduleInstances/read"
            }
            Self::DenyAssignmentsAbove | Self::DenyAssignmentsBelow => {
                "Microsoft.Authorization/denyAssignments/read"
            }
            Self::TenantRoleAssignments => "Microsoft.Authorization/roleAssignments/read",
            Self::ManagementGroup => "Microsoft.Management/managementGroups/read",
            Self::SubscriptionResources => "Microsoft.Resources/subscriptions/resources/read",
            Self::ActivityLog => "Microsoft.Insights/eventtypes/values/read",
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
            Self::Permissions => "the auditor's own permissions",
            Self::Resources => "the inventory of the resource group",
            Self::SubscriptionServers => "the PostgreSQL flexible servers of the subscription",
            Self::Disks => "the disks of the node resource group",
            Self::NetworkSecurityGroups => "the network security groups",
            Self::NetworkSecurityGroup => "the network security group",
            Self::RouteTables => "the route tables",
            Self::RouteTable => "the route table",
            Self::PrivateDnsZone => "the private DNS zone",
            Self::RecordSets => "the records of the private DNS zone",
            Self::Application => "the app registration",
            Self::FederatedCredentials => "the federated credentials of the app registration",
            Self::AppRoleAssignments => "the application permissions of the service principal",
            Self::DelegatedGrants => "the delegated permissions of the service principal",
            Self::Memberships => "the memberships of the service principal",
            Self::DirectoryRoleAssignments => "the directory roles of the service principal",
            Self::RoleEligibilities => "the roles the service principal is eligible for",
            Self::RoleAssignmentSchedules => "the schedules of the role assignments",
            Self::DenyAssignmentsAbove => "the deny assignments at and above the resource group",
            Self::DenyAssignmentsBelow => "the deny assignments in the resource group",
            Self::TenantRoleAssignments => "the role assignments in all visible subscriptions",
            Self::ManagementGroup => "the root management group",
            Self::Subscriptions => "the visible subscriptions",
            Self::SubscriptionResources => "the resources of the subscription",
            Self::RoleAssignmentsAround => "the role assignments around the storage account",
            Self::ActivityLog => "the Activity Log",
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
    /// The principal of a role assignment list, the type of a list of resources, the prefix of a blob
    /// listing, the two instants of a search in the Activity Log.
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
        Self::assigned_to(RequestKind::RoleAssignments, subscription, principal)
    }

    /// A request about what is assigned to a principal at a scope.
    pub fn assigned_to(kind: RequestKind, scope: &crate::ArmId, principal: &str) -> Self {
        Self { filter: Some(principal.to_ascii_lowercase()), ..Self::arm(kind, scope) }
    }

    /// The resources of one type in a subscription.
    pub fn resources_of(subscription: &crate::ArmId, resource_type: &str) -> Self {
        let filter = Some(resource_type.to_ascii_lowercase());
        Self { filter, ..Self::arm(RequestKind::SubscriptionResources, subscription) }
    }

    /// What happened to a resource between two instants.
    pub fn activity(resource: &crate::ArmId, since: Timestamp, until: Timestamp) -> Self {
        let filter = Some(format!("{}/{}", show(since), show(until)));
        Self { filter, ..Self::arm(RequestKind::ActivityLog, resource) }
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
            assert!(RequestKind::ALL.iter().any(|kind| kind.serves(need)), "{need:?}");
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
