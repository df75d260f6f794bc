//! The kinds of answers that vaudit reads: a row each, with who reads it and what is expected.

mod authorization;
mod dns;
mod graph;
mod kubernetes;
mod network;
mod postgres;
mod resources;
mod storage;

use serde_json::Value;
use vaudit_model::reader::Node;
use vaudit_model::{ArmId, Fact, Request, RequestKind};

use crate::comparison::Comparison;
use crate::naive::Naive::{self, May, Must};
use crate::naive::Shape::{Flag, Id, Instant, Last, Lower, Number, Region, Text};
use crate::shown::show;
use crate::world::World;

/// A kind of answers.
pub(crate) struct Kind {
    /// The resource types, as [`crate::place::Place`] tells them.
    types: &'static [&'static str],
    /// What a run asks that gets such an answer.
    pub(crate) asked: RequestKind,
    /// Fields that the tolerant reader alone reads.
    plain: &'static [Naive],
    /// Compares what the estate makes of it.
    read: fn(&mut Comparison<'_>),
}

/// The short table.
const KINDS: &[Kind] = &[
    Kind {
        types: &[
            "microsoft.dbforpostgresql/flexibleservers",
            "microsoft.dbforpostgresql/flexibleservers/replicas",
        ],
        asked: RequestKind::PostgresServer,
        plain: &[
            May(Text, "properties/highAvailability/mode"),
            May(Text, "properties/highAvailability/state"),
            May(Text, "properties/haEnabled"),
            May(Text, "properties/authConfig/activeDirectoryAuth"),
            May(Text, "sku/name"),
            May(Number, "properties/storage/storageSizeGB"),
        ],
        read: postgres::servers,
    },
    Kind {
        types: &["microsoft.dbforpostgresql/flexibleservers/backups"],
        asked: RequestKind::PostgresBackups,
        plain: &[May(Text, "properties/source")],
        read: postgres::backups,
    },
    Kind {
        types: &["microsoft.dbforpostgresql/flexibleservers/databases"],
        asked: RequestKind::PostgresDatabases,
        plain: &[May(Text, "properties/charset")],
        read: postgres::databases,
    },
    Kind {
        types: &["microsoft.dbforpostgresql/flexibleservers/configurations"],
        asked: RequestKind::Resources,
        plain: &[May(Text, "properties/value"), May(Flag, "properties/isReadOnly")],
        read: nothing_more,
    },
    Kind {
        types: &["microsoft.dbforpostgresql/flexibleservers/firewallrules"],
        asked: RequestKind::Resources,
        plain: &[Must(Text, "properties/startIpAddress"), Must(Text, "properties/endIpAddress")],
        read: nothing_more,
    },
    Kind {
        types: &["microsoft.network/virtualnetworks"],
        asked: RequestKind::VirtualNetwork,
        plain: &[May(Text, "properties/provisioningState"), May(Text, "etag")],
        read: network::virtual_networks,
    },
    Kind {
        types: &["microsoft.network/virtualnetworks/subnets"],
        asked: RequestKind::Subnet,
        plain: &[May(Text, "properties/provisioningState")],
        read: network::subnets,
    },
    Kind {
        types: &["microsoft.network/virtualnetworks/virtualnetworkpeerings"],
        asked: RequestKind::Resources,
        plain: &[May(Flag, "properties/useRemoteGateways")],
        read: network::peerings,
    },
    Kind {
        types: &["microsoft.network/networksecuritygroups"],
        asked: RequestKind::NetworkSecurityGroup,
        plain: &[],
        read: network::security_groups,
    },
    Kind {
        types: &["microsoft.network/routetables"],
        asked: RequestKind::RouteTable,
        plain: &[],
        read: network::route_tables,
    },
    Kind {
        types: &["microsoft.network/privateendpoints"],
        asked: RequestKind::PrivateEndpoint,
        plain: &[May(Text, "properties/provisioningState")],
        read: network::private_endpoints,
    },
    Kind {
        types: &["microsoft.network/privatednszones"],
        asked: RequestKind::PrivateDnsZone,
        plain: &[May(Number, "properties/numberOfVirtualNetworkLinks")],
        read: dns::zones,
    },
    Kind {
        types: &["microsoft.network/privatednszones/virtualnetworklinks"],
        asked: RequestKind::VirtualNetworkLinks,
        plain: &[May(Text, "etag"), May(Text, "properties/resolutionPolicy")],
        read: dns::links,
    },
    Kind {
        types: &[
            "microsoft.network/privatednszones/a",
            "microsoft.network/privatednszones/aaaa",
            "microsoft.network/privatednszones/all",
            "microsoft.network/privatednszones/cname",
            "microsoft.network/privatednszones/mx",
            "microsoft.network/privatednszones/ptr",
            "microsoft.network/privatednszones/recordsets",
            "microsoft.network/privatednszones/soa",
            "microsoft.network/privatednszones/srv",
            "microsoft.network/privatednszones/txt",
        ],
        asked: RequestKind::RecordSets,
        plain: &[May(Number, "properties/ttl"), May(Text, "properties/fqdn")],
        read: dns::records,
    },
    Kind {
        types: &["microsoft.storage/storageaccounts"],
        asked: RequestKind::StorageAccount,
        plain: &[
            May(Flag, "properties/allowBlobPublicAccess"),
            May(Flag, "properties/allowSharedKeyAccess"),
            May(Flag, "properties/supportsHttpsTrafficOnly"),
            May(Text, "properties/minimumTlsVersion"),
            May(Instant, "properties/keyCreationTime/key1"),
            May(Text, "properties/networkAcls/bypass"),
        ],
        read: storage::accounts,
    },
    Kind {
        types: &["microsoft.storage/storageaccounts/blobservices/containers"],
        asked: RequestKind::BlobContainers,
        plain: &[
            May(Text, "properties/publicAccess"),
            May(Instant, "properties/lastModifiedTime"),
            May(Flag, "properties/hasImmutabilityPolicy"),
            May(Text, "properties/leaseState"),
        ],
        read: storage::containers,
    },
    Kind {
        types: &["microsoft.storage/storageaccounts/privateendpointconnections"],
        asked: RequestKind::Resources,
        plain: &[],
        read: storage::connections,
    },
    Kind {
        types: &["microsoft.containerservice/managedclusters"],
        asked: RequestKind::ManagedCluster,
        plain: &[
            May(Text, "properties/kubernetesVersion"),
            May(Text, "properties/networkProfile/loadBalancerSku"),
        ],
        read: kubernetes::clusters,
    },
    Kind {
        types: &["microsoft.containerservice/managedclusters/agentpools"],
        asked: RequestKind::Resources,
        plain: &[May(Text, "properties/vmSize")],
        read: kubernetes::agent_pools,
    },
    Kind {
        types: &["microsoft.compute/disks"],
        asked: RequestKind::Disks,
        plain: &[],
        read: kubernetes::disks,
    },
    Kind {
        types: &["microsoft.authorization/roleassignments"],
        asked: RequestKind::RoleAssignments,
        plain: &[May(Text, "properties/description")],
        read: authorization::role_assignments,
    },
    Kind {
        types: &["microsoft.authorization/roledefinitions"],
        asked: RequestKind::Resources,
        plain: &[May(Text, "properties/type"), May(Text, "properties/description")],
        read: authorization::role_definitions,
    },
    Kind {
        types: &["microsoft.authorization/permissions"],
        asked: RequestKind::Permissions,
        plain: &[],
        read: authorization::permissions,
    },
    Kind {
        types: &["microsoft.authorization/denyassignments"],
        asked: RequestKind::DenyAssignmentsAbove,
        plain: &[May(Instant, "properties/createdOn")],
        read: authorization::deny_assignments,
    },
    Kind {
        types: &["microsoft.authorization/roleeligibilityscheduleinstances"],
        asked: RequestKind::RoleEligibilities,
        plain: &[May(Text, "properties/memberType"), May(Text, "properties/status")],
        read: authorization::eligibilities,
    },
    Kind {
        types: &["microsoft.authorization/roleassignmentscheduleinstances"],
        asked: RequestKind::RoleAssignmentSchedules,
        plain: &[May(Text, "properties/memberType"), May(Text, "properties/assignmentType")],
        read: authorization::schedules,
    },
    Kind {
        types: &["microsoft.authorization/locks"],
        asked: RequestKind::Resources,
        plain: &[Must(Text, "properties/level")],
        read: nothing_more,
    },
    Kind {
        types: &["graph/applications"],
        asked: RequestKind::Application,
        plain: &[May(Text, "appId"), May(Text, "signInAudience"), May(Instant, "createdDateTime")],
        read: graph::applications,
    },
    Kind {
        types: &["graph/applications/federatedidentitycredentials"],
        asked: RequestKind::FederatedCredentials,
        plain: &[],
        read: graph::federated_credentials,
    },
    Kind {
        types: &["graph/serviceprincipals"],
        asked: RequestKind::ServicePrincipal,
        plain: &[May(Text, "displayName"), May(Instant, "createdDateTime")],
        read: graph::service_principals,
    },
    Kind {
        types: &["graph/oauth2permissiongrants", "graph/serviceprincipals/oauth2permissiongrants"],
        asked: RequestKind::DelegatedGrants,
        plain: &[May(Text, "consentType")],
        read: graph::delegated_grants,
    },
    Kind {
        types: &["graph/serviceprincipals/approleassignments"],
        asked: RequestKind::AppRoleAssignments,
        plain: &[],
        read: graph::app_role_assignments,
    },
    Kind {
        types: &[
            "graph/directoryobjects/getbyids",
            "graph/groups",
            "graph/groups/members",
            "graph/groups/owners",
            "graph/applications/owners",
            "graph/serviceprincipals/owners",
            "graph/serviceprincipals/memberof",
            "graph/serviceprincipals/transitivememberof",
        ],
        asked: RequestKind::Memberships,
        plain: &[],
        read: graph::memberships,
    },
    Kind {
        types: &["graph/rolemanagement/roleassignments"],
        asked: RequestKind::DirectoryRoleAssignments,
        plain: &[],
        read: graph::directory_roles,
    },
    Kind {
        types: &["subscriptions"],
        asked: RequestKind::Subscription,
        plain: &[May(Text, "subscriptionPolicies/quotaId")],
        read: resources::subscriptions,
    },
    Kind {
        types: &["resourcegroups"],
        asked: RequestKind::ResourceGroup,
        plain: &[May(Id, "managedBy")],
        read: resources::groups,
    },
    Kind {
        types: &["resources"],
        asked: RequestKind::Resources,
        plain: &[May(Text, "kind"), May(Instant, "createdTime")],
        read: resources::inventory,
    },
    Kind {
        types: &["microsoft.resourcegraph/resources"],
        asked: RequestKind::TenantRoleAssignments,
        plain: &[],
        read: resources::rows,
    },
];

/// What is held of every answer, of whatever kind.
const ANY: &[Naive] = &[May(Text, "name"), May(Lower, "type"), May(Region, "location")];

/// What stands for kinds that are not in the table.
const UNKNOWN: Kind =
    Kind { types: &[], asked: RequestKind::Resources, plain: &[], read: nothing_more };

/// The kind of an exchange.
pub(crate) fn kind_of(comparison: &Comparison<'_>) -> &'static Kind {
    let own = &comparison.exchange.place.kind;
    KINDS.iter().find(|kind| kind.types.contains(&own.as_str())).unwrap_or(&UNKNOWN)
}

/// The kinds of the table, by their first type.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.types[0])
}

impl Kind {
    /// The first of its types; none for what is not in the table.
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.types.first().copied()
    }

    /// Compares everything that is read of the exchange.
    pub(crate) fn compare(&self, comparison: &mut Comparison<'_>) {
        self.compare_plainly(comparison);
        (self.read)(comparison);
    }

    /// Compares single fields through the tolerant reader.
    fn compare_plainly(&self, comparison: &mut Comparison<'_>) {
        let exchange = comparison.exchange;
        let is_rows = self.asked == RequestKind::TenantRoleAssignments;
        let asked = if is_rows { self.asked } else { RequestKind::Resources };
        let request = Request::arm(asked, &exchange.id());
        let world = World::around(exchange).answering(&request);
        let raw = exchange.items();
        let is_list = raw.first().is_none_or(|(name, _)| !name.is_empty());
        let nodes = match is_list {
            true => world.snapshot().list(&request).value().map(|list| list.items.clone()),
            false => world.snapshot().resource(&request).value().map(|node| vec![node.clone()]),
        };
        let nodes = nodes.unwrap_or_default();
        comparison.says("items", nodes.len().to_string(), &raw.len().to_string());
        let id: &[Naive] =
            if exchange.place.is_graph { &[May(Text, "id")] } else { &[May(Id, "id")] };
        for ((name, raw), node) in raw.iter().zip(&nodes) {
            for expected in ANY.iter().chain(id).chain(self.plain) {
                let (path, read) = plainly(node, *expected);
                comparison.says(&format!("{name}{path}"), read, &expected.of(raw));
            }
        }
    }
}

/// Kinds that vaudit reads field by field only.
fn nothing_more(_: &mut Comparison<'_>) {}

/// Reads a field as the estate's readers do.
fn plainly(node: &Node<'_>, field: Naive) -> (&'static str, String) {
    let (shape, path, may) = match field {
        Must(shape, path) => (shape, path, false),
        May(shape, path) => (shape, path, true),
        Naive::By(_) | Naive::In(..) => unreachable!("a plain field has a path"),
    };
    let node = path.split('/').fold(node.clone(), |node, field| node.at(field));
    let read = |node: &Node<'_>| match shape {
        Text => show(&node.text()),
        Lower => show(&node.text().map(|text| text.to_lowercase())),
        Flag => show(&node.flag()),
        Number => show(&node.integer()),
        Instant => show(&node.instant()),
        Id => show(&node.arm_id()),
        Region => show(&node.region()),
        Last => show(
            &node.text().map(|text| text.rsplit('/').next().unwrap_or_default().to_lowercase()),
        ),
    };
    let read = match may {
        true => match node.or_none(|node| Fact::Known(read(node), node.source())) {
            Fact::Known(text, _) => text,
            _ => crate::naive::NONE.to_owned(),
        },
        false => read(&node),
    };
    (path, read)
}

/// The id of a read resource, in one spelling.
fn key(id: &ArmId) -> String {
    id.key().to_owned()
}

/// The id that evidence quotes, in one spelling.
fn source_key(source: &vaudit_model::Source) -> String {
    crate::naive::id(&source.resource).unwrap_or_else(|| source.resource.to_lowercase())
}

/// An item as a list of one; a list as it is.
fn listed(body: &Value) -> Value {
    if body.get("value").is_some_and(Value::is_array) {
        return body.clone();
    }
    serde_json::json!({"value": [body]})
}
