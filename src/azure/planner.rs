//! From needs to requests: what to ask next, given what is known so far.
//!
//! The planner is asked again after each answer. It names every request it can name by then; the
//! collector sends those that have not been sent. So nothing waits for a wave to end, and the
//! longest chain of requests is as short as the facts allow: at most three round trips to ARM.

use vaudit_model::deployment::{OtherSubscriptions, PrivateMode, Selector};
use vaudit_model::{ArmId, Deployment, Estate, Fact, Gap, Need, Request, RequestKind};

/// The requests a deployment is known to need. Repeats what was named before.
pub(crate) fn requests(estate: &Estate<'_>, needs: &[Need]) -> Vec<Request> {
    let mut requests = Vec::new();
    for need in needs {
        requests.extend(requests_of(estate, *need));
    }
    requests
}

fn requests_of(estate: &Estate<'_>, need: Need) -> Vec<Request> {
    let deployment = estate.deployment;
    let subscription = deployment.subscription_id();
    let group = deployment.resource_group_id();
    let has_endpoints = deployment.postgres.private_mode != PrivateMode::Vnet;
    match need {
        Need::Subscription => vec![Request::arm(RequestKind::Subscription, &subscription)],
        Need::ResourceGroup => vec![Request::arm(RequestKind::ResourceGroup, &group)],
        Need::PostgresServer => {
            let selector = deployment.postgres.server.as_ref();
            let kinds = (RequestKind::PostgresServers, RequestKind::PostgresServer);
            listed_or_by_id(estate, kinds, [selector])
        }
        Need::ManagedCluster => {
            let selector = deployment.kubernetes.cluster.as_ref();
            let kinds = (RequestKind::ManagedClusters, RequestKind::ManagedCluster);
            listed_or_by_id(estate, kinds, [selector])
        }
        Need::StorageAccount => {
            let selectors =
                [deployment.storage.account.as_ref(), deployment.backup.account.as_ref()];
            let kinds = (RequestKind::StorageAccounts, RequestKind::StorageAccount);
            listed_or_by_id(estate, kinds, selectors)
        }
        Need::VirtualNetworks => virtual_networks(estate, &subscription),
        Need::PrivateEndpoints if has_endpoints => private_endpoints(estate, &subscription),
        Need::PrivateDnsZones if has_endpoints => {
            vec![Request::arm(RequestKind::PrivateDnsZones, &subscription)]
        }
        Need::PrivateEndpoints | Need::PrivateDnsZones => Vec::new(),
        Need::ServicePrincipal => estate.service_principal_request().into_iter().collect(),
        Need::PostgresDatabases => of_server(estate, RequestKind::PostgresDatabases),
        Need::PostgresBackups => of_server(estate, RequestKind::PostgresBackups),
        Need::VirtualNetworkLinks => {
            let zones = match estate.zone_id() {
                Fact::Known(zone, _) => vec![zone],
                // Which of several zones of one name is meant, their links tell.
                Fact::Unread(_) if has_endpoints => estate
                    .private_link_zones()
                    .value()
                    .cloned()
                    .map_or(Vec::new(), |list| list.items),
                Fact::Absent(_) | Fact::Unread(_) => Vec::new(),
            };
            let links = |zone| Request::arm(RequestKind::VirtualNetworkLinks, zone);
            zones.iter().map(links).collect()
        }
        Need::BackupContainers => match estate.backup_account() {
            Fact::Known(account, _) => {
                vec![Request::arm(RequestKind::BlobContainers, &account.id)]
            }
            Fact::Absent(_) | Fact::Unread(_) => Vec::new(),
        },
        Need::RoleAssignments => assigned(estate, deployment, RequestKind::RoleAssignments),
        Need::ApplicationContainers => match estate.storage_account() {
            Fact::Known(account, _) => {
                vec![Request::arm(RequestKind::BlobContainers, &account.id)]
            }
            Fact::Absent(_) | Fact::Unread(_) => Vec::new(),
        },
        Need::Permissions => vec![Request::arm(RequestKind::Permissions, &group)],
        Need::Inventory => vec![Request::arm(RequestKind::Resources, &group)],
        Need::SubscriptionServers => {
            vec![Request::arm(RequestKind::SubscriptionServers, &subscription)]
        }
        Need::Disks => match estate.node_resource_group_id() {
            Fact::Known(nodes, _) => vec![Request::arm(RequestKind::Disks, &nodes)],
            Fact::Absent(_) | Fact::Unread(_) => Vec::new(),
        },
        Need::NetworkSecurityGroups => {
            let kinds = (RequestKind::NetworkSecurityGroups, RequestKind::NetworkSecurityGroup);
            let groups = estate.traffic_subnets().into_iter();
            let ids = groups.filter_map(|own| own.network_security_group.value().cloned());
            listed_or_hidden(estate, kinds, &subscription, ids.collect())
        }
        Need::RouteTables => {
            let kinds = (RequestKind::RouteTables, RequestKind::RouteTable);
            let tables = estate.traffic_subnets().into_iter();
            let ids = tables.filter_map(|own| own.route_table.value().cloned());
            listed_or_hidden(estate, kinds, &subscription, ids.collect())
        }
        Need::ServerZone => of_zone(estate, RequestKind::PrivateDnsZone),
        Need::RecordSets => of_zone(estate, RequestKind::RecordSets),
        Need::RegistrationZones => registration_zones(estate, &subscription),
        Need::Application => {
            known(estate.application_request(RequestKind::Application, "")).collect()
        }
        Need::FederatedCredentials => known(estate.application_request(
            RequestKind::FederatedCredentials,
            "/federatedIdentityCredentials",
        ))
        .collect(),
        Need::ApiGrants => {
            let collections = [
                (RequestKind::AppRoleAssignments, "/appRoleAssignments"),
                (RequestKind::DelegatedGrants, "/oauth2PermissionGrants"),
            ];
            let request =
                |(kind, collection)| estate.principal_collection_request(kind, collection);
            collections.into_iter().map(request).flat_map(known).collect()
        }
        Need::Memberships => known(
            estate.principal_collection_request(RequestKind::Memberships, "/transitiveMemberOf"),
        )
        .collect(),
        Need::DirectoryRoles => directory_roles(estate),
        Need::RoleSchedules => {
            let kinds = [RequestKind::RoleEligibilities, RequestKind::RoleAssignmentSchedules];
            let of_kind = |kind| assigned(estate, deployment, kind);
            kinds.into_iter().flat_map(of_kind).collect()
        }
        Need::DenyAssignments => vec![
            Request::arm(RequestKind::DenyAssignmentsAbove, &group),
            Request::arm(RequestKind::DenyAssignmentsBelow, &group),
        ],
        Need::TenantRoleAssignments => tenant_role_assignments(estate, deployment),
        Need::BackupFolders => estate.folder_listing_requests(),
        Need::FolderBlobs => estate.folder_blob_requests(),
        Need::SourceBlobs => match estate.source_container_url() {
            Fact::Known(url, _) => vec![Request::blobs(RequestKind::SourceBlobs, &url, None)],
            Fact::Absent(_) | Fact::Unread(_) => Vec::new(),
        },
    }
}

/// The list of the resource group, and a read by id for each selector that names a resource
/// outside it. Both are known from the manifest, so neither waits for the other.
fn listed_or_by_id<const N: usize>(
    estate: &Estate<'_>,
    (list, item): (RequestKind, RequestKind),
    selectors: [Option<&Selector>; N],
) -> Vec<Request> {
    let outside =
        selectors.into_iter().filter_map(|selector| estate.outside_resource_group(selector));
    let mut requests: Vec<Request> = outside.map(|id| Request::arm(item, id)).collect();
    requests.push(Request::arm(list, &estate.deployment.resource_group_id()));
    requests
}

fn of_server(estate: &Estate<'_>, kind: RequestKind) -> Vec<Request> {
    match estate.server() {
        Fact::Known(server, _) => vec![Request::arm(kind, &server.id)],
        Fact::Absent(_) | Fact::Unread(_) => Vec::new(),
    }
}

/// The subscription's list, and a read by id for each of the deployment's two networks that the list
/// cannot or does not show.
fn virtual_networks(estate: &Estate<'_>, subscription: &ArmId) -> Vec<Request> {
    let list = Request::arm(RequestKind::VirtualNetworks, subscription);
    let mut requests = vec![list];
    let subnet = estate.postgres_subnet_id();
    let postgres = subnet.value().and_then(ArmId::parent);
    let aks = estate.aks_vnet_id();
    for id in aks.value().into_iter().chain(&postgres) {
        if !id.is_within(subscription) || is_missing_from_list(estate, id) {
            requests.push(Request::arm(RequestKind::VirtualNetwork, id));
        }
    }
    // Only a read of the subnet itself can prove that it is gone.
    if let (Some(subnet), Some(vnet)) = (subnet.value(), estate.postgres_vnet().value()) {
        let listed = vnet.subnets.value();
        if !listed.is_some_and(|list| list.items.iter().any(|item| item.id == *subnet)) {
            requests.push(Request::arm(RequestKind::Subnet, subnet));
        }
    }
    requests
}

/// The subscription's list, and a read by id for each approved endpoint it cannot or does not show.
fn private_endpoints(estate: &Estate<'_>, subscription: &ArmId) -> Vec<Request> {
    let kinds = (RequestKind::PrivateEndpoints, RequestKind::PrivateEndpoint);
    let (approved, _) = estate.approved_endpoints();
    listed_or_hidden(estate, kinds, subscription, approved)
}

/// The subscription's list, and once that is answered, if only by a refusal, a read by id for each
/// resource it does not show. What lies in another subscription is read by id at once.
fn listed_or_hidden(
    estate: &Estate<'_>,
    (list, item): (RequestKind, RequestKind),
    subscription: &ArmId,
    wanted: Vec<ArmId>,
) -> Vec<Request> {
    let request = Request::arm(list, subscription);
    let listed = estate.snapshot.list(&request);
    let is_open = listed.gap().is_some_and(Gap::is_not_collected);
    let shown: Vec<ArmId> = listed.value().map_or(Vec::new(), |list| {
        list.items.iter().filter_map(|node| node.at("id").arm_id().value().cloned()).collect()
    });
    let by_id = wanted.into_iter().filter(|id| {
        let is_elsewhere = !id.is_within(subscription);
        is_elsewhere || (!is_open && !shown.contains(id))
    });
    let by_id = by_id.map(|id| Request::arm(item, &id));
    by_id.chain([request]).collect()
}

fn of_zone(estate: &Estate<'_>, kind: RequestKind) -> Vec<Request> {
    estate.zone_id().value().map(|zone| Request::arm(kind, zone)).into_iter().collect()
}

/// The most zones whose links are read to find where the AKS network registers its machines: private
/// DNS allows 500 reads in five minutes.
const MOST_ZONES: usize = 50;

/// The zones of the subscription and their links, once it is known that the AKS network does not
/// register its machines in the server's zone: only then the question is open.
fn registration_zones(estate: &Estate<'_>, subscription: &ArmId) -> Vec<Request> {
    if estate.registers_in_server_zone() != Some(false) {
        return Vec::new();
    }
    let list = Request::arm(RequestKind::PrivateDnsZones, subscription);
    let listed = estate.snapshot.list(&list);
    let zones = listed.value().map_or(Vec::new(), |list| {
        list.items.iter().filter_map(|node| node.at("id").arm_id().value().cloned()).collect()
    });
    let links = zones
        .iter()
        .take(MOST_ZONES)
        .map(|zone| Request::arm(RequestKind::VirtualNetworkLinks, zone));
    links.chain([list]).collect()
}

fn directory_roles(estate: &Estate<'_>) -> Vec<Request> {
    let principals = estate.directory_role_principals();
    let ids = principals.value().into_iter().flatten();
    let request = |id: &String| Request {
        filter: Some(id.clone()),
        ..Request::graph(
            RequestKind::DirectoryRoleAssignments,
            "roleManagement/directory/roleAssignments".to_owned(),
        )
    };
    ids.map(request).collect()
}

fn tenant_role_assignments(estate: &Estate<'_>, deployment: &Deployment) -> Vec<Request> {
    let root = match deployment.identity.other_subscriptions {
        OtherSubscriptions::Off => return Vec::new(),
        OtherSubscriptions::Visible => None,
        OtherSubscriptions::Tenant => estate.root_management_group_id().value().cloned(),
    };
    let root = root.map(|id| Request::arm(RequestKind::ManagementGroup, &id));
    known(estate.tenant_assignments_request()).chain(root).collect()
}

/// A request that can be named by now.
fn known(request: Fact<Request>) -> impl Iterator<Item = Request> {
    request.value().cloned().into_iter()
}

/// Whether the subscription's list was answered, if only by a refusal, and does not show a network.
fn is_missing_from_list(estate: &Estate<'_>, id: &ArmId) -> bool {
    match estate.virtual_networks() {
        Fact::Known(list, _) => !list.items.iter().any(|vnet| vnet.id == *id),
        Fact::Absent(_) => true,
        Fact::Unread(gap) => !gap.is_not_collected(),
    }
}

/// What is assigned to the configured object id at once, and to the directory's when it is known.
fn assigned(estate: &Estate<'_>, deployment: &Deployment, kind: RequestKind) -> Vec<Request> {
    let configured = deployment.service_principal.object_id.clone();
    let own = match estate.service_principal() {
        Fact::Known(principal, _) => principal.object_id.value().cloned(),
        Fact::Absent(_) | Fact::Unread(_) => None,
    };
    let ids: Vec<String> = configured.into_iter().chain(own).collect();
    let scopes = estate.assignment_scopes();
    let of_scope = |scope| ids.iter().map(move |id| Request::assigned_to(kind, scope, id));
    scopes.iter().flat_map(of_scope).collect()
}
