//! PostgreSQL flexible servers, their databases and their backups.

use jiff::Timestamp;

use super::selection::{Candidate, select};
use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;
use crate::region::Region;

/// A flexible server (R03).
#[derive(Clone, Debug, PartialEq)]
pub struct PostgresServer {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `location`; the display name (`West Europe`) in most answers.
    pub location: Fact<Region>,
    /// `properties.version`, such as `13`; older api-versions say `12.1`.
    pub version: Fact<String>,
    /// `properties.minorVersion`: `22`, in some answers `13.22`; missing while a server is made.
    pub minor_version: Fact<String>,
    /// `properties.state`: `Ready`, `Stopped`, `Updating`, …
    pub state: Fact<String>,
    /// `properties.cluster.clusterSize`; left out, or 0, unless it is an elastic cluster.
    pub cluster_size: Fact<i64>,
    /// `properties.sourceServerResourceId`; left out unless it was made from another server.
    pub source_server: Fact<ArmId>,
    /// `properties.replicationRole`, in some answers `properties.replica.role`; absent on servers
    /// that replicate nothing.
    pub replication_role: Fact<String>,
    /// How it is reached.
    pub access: Fact<PostgresAccess>,
    /// `properties.fullyQualifiedDomainName`: the host that clients connect to.
    pub host_name: Fact<String>,
    /// `properties.backup`.
    pub backup: BackupSettings,
    /// `systemData.createdAt`.
    pub created_at: Fact<Timestamp>,
}

/// What a server promises about its backups: `properties.backup`.
#[derive(Clone, Debug, PartialEq)]
pub struct BackupSettings {
    /// `backupRetentionDays`: for how many days backups are kept.
    pub retention_days: Fact<i64>,
    /// `earliestRestoreDate`: how far point-in-time restore reaches back; left out until there is a
    /// first backup.
    pub earliest_restore: Fact<Timestamp>,
    /// Whether `earliestRestoreDate` names no offset, so that it was read as UTC.
    pub assumed_utc: bool,
}

/// How a server is reached: `properties.network` and the private endpoint connections.
#[derive(Clone, Debug, PartialEq)]
pub struct PostgresAccess {
    /// `delegatedSubnetResourceId`; left out, or empty, on a server that is not in a network.
    pub delegated_subnet: Fact<ArmId>,
    /// `privateDnsZoneArmResourceId`; the same.
    pub private_dns_zone: Fact<ArmId>,
    /// `publicNetworkAccess`: `Enabled` or `Disabled`; some servers in networks leave it out.
    pub public_network_access: Fact<String>,
    /// `properties.privateEndpointConnections`; left out when there are none.
    pub private_endpoints: Fact<List<PrivateEndpointConnection>>,
}

/// A private endpoint connection of a server, or of a storage account.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateEndpointConnection {
    /// `privateEndpoint.id`.
    pub endpoint: Fact<ArmId>,
    /// `privateLinkServiceConnectionState.status`: `Approved`, `Pending`, …
    pub status: Fact<String>,
    /// Whether it is for the service that matters: `groupIds` has its group (`postgresqlServer`,
    /// `blob`), or is left out, as in the answers about accounts.
    pub for_group: Fact<bool>,
}

/// A database (R21).
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// Its name; case-sensitive.
    pub name: String,
    /// The whole resource, for evidence.
    pub source: Source,
}

/// A backup (R20).
#[derive(Clone, Debug, PartialEq)]
pub struct PostgresBackup {
    /// Its name, such as `backup_638…`.
    pub name: String,
    /// `properties.completedTime`.
    pub completed: Fact<Timestamp>,
    /// Whether `completedTime` names no offset, so that it was read as UTC.
    pub assumed_utc: bool,
    /// `properties.backupType`: `Full`, `Customer On-Demand`.
    pub backup_type: Fact<String>,
    /// The whole resource, for evidence.
    pub source: Source,
}

impl PostgresBackup {
    /// Whether Azure made it by itself. Types unknown to us are not taken as automatic.
    pub fn is_automatic(&self) -> bool {
        self.backup_type.value().is_some_and(|kind| kind.eq_ignore_ascii_case("Full"))
    }
}

impl PostgresServer {
    /// Reads a server from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let access = properties.at("network").object().map(|network| PostgresAccess {
            delegated_subnet: network.at("delegatedSubnetResourceId").or_none(Node::arm_id),
            private_dns_zone: network.at("privateDnsZoneArmResourceId").or_none(Node::arm_id),
            public_network_access: network.at("publicNetworkAccess").or_none(Node::text),
            private_endpoints: properties
                .at("privateEndpointConnections")
                .items_or_none()
                .map(|list| list.map(|node| PrivateEndpointConnection::read(&node, SERVER_GROUP))),
        });
        Ok(Self {
            id: item_id(node)?,
            source: node.source(),
            location: node.at("location").region(),
            version: properties.at("version").text(),
            minor_version: properties.at("minorVersion").text(),
            state: properties.at("state").text(),
            cluster_size: properties.at("cluster").or_none(|cluster| {
                cluster.object().and_then(|cluster, _| cluster.at("clusterSize").integer())
            }),
            source_server: properties.at("sourceServerResourceId").or_none(Node::arm_id),
            replication_role: replication_role(&properties),
            access,
            host_name: properties.at("fullyQualifiedDomainName").text(),
            backup: BackupSettings::read(&properties.at("backup")),
            created_at: node.at("systemData").at("createdAt").instant(),
        })
    }

    /// Whether the server replicates another one and so has no backups of its own.
    pub fn is_replica(&self) -> bool {
        self.replication_role.value().is_some_and(|role| {
            ["AsyncReplica", "GeoAsyncReplica"].iter().any(|own| role.eq_ignore_ascii_case(own))
        })
    }
}

/// The only group of a server that private endpoints can be made for.
const SERVER_GROUP: &str = "postgresqlServer";

impl BackupSettings {
    fn read(node: &Node<'_>) -> Self {
        let earliest = node.at("earliestRestoreDate");
        Self {
            retention_days: node.at("backupRetentionDays").integer(),
            earliest_restore: earliest.instant(),
            assumed_utc: earliest.lacks_offset(),
        }
    }
}

impl PrivateEndpointConnection {
    /// Reads a connection to one of the services a resource offers.
    pub(super) fn read(node: &Node<'_>, group: &str) -> Self {
        let properties = node.at("properties");
        let for_group = properties.at("groupIds").items_or_none().map(|groups| {
            let is_meant = |own: &Node<'_>| {
                own.text().value().is_some_and(|id| id.eq_ignore_ascii_case(group))
            };
            groups.items.is_empty() || groups.items.iter().any(is_meant)
        });
        let state = properties.at("privateLinkServiceConnectionState");
        Self {
            endpoint: properties.at("privateEndpoint").at("id").arm_id(),
            status: state.at("status").text(),
            for_group,
        }
    }

    /// Whether it is an approved way to the service.
    ///
    /// # Errors
    ///
    /// The gap when that cannot be told: a status that is missing or unknown proves nothing.
    pub fn is_approved(&self) -> Result<bool, Gap> {
        if self.for_group.value() == Some(&false) {
            return Ok(false);
        }
        let status = match &self.status {
            Fact::Known(status, source) => (status.to_ascii_lowercase(), source),
            Fact::Absent(_) => return Ok(false),
            Fact::Unread(gap) => return Err(gap.clone()),
        };
        match (status.0.as_str(), self.for_group.gap()) {
            ("pending" | "rejected" | "disconnected", _) => Ok(false),
            ("approved", None) => Ok(true),
            ("approved", Some(gap)) => Err(gap.clone()),
            (other, _) => {
                let message =
                    format!("the status {other} of a private endpoint is not one vaudit knows");
                Err(Gap::because(Reason::Unrecognised, message).at(&status.1.resource))
            }
        }
    }
}

/// The endpoints of approved connections, sorted by id, with the gap that keeps the rest from being
/// known.
pub(super) fn approved(
    connections: &Fact<List<PrivateEndpointConnection>>,
) -> (Vec<ArmId>, Option<Gap>) {
    let (connections, mut missing) = match connections {
        Fact::Known(list, _) => (list.items.as_slice(), list.missing.clone()),
        Fact::Absent(_) => (&[][..], None),
        Fact::Unread(gap) => (&[][..], Some(gap.clone())),
    };
    let mut approved = Vec::new();
    for connection in connections {
        let endpoint = match connection.is_approved() {
            Ok(false) => continue,
            Ok(true) => match &connection.endpoint {
                Fact::Known(id, _) => Ok(id.clone()),
                Fact::Absent(_) => continue,
                Fact::Unread(gap) => Err(gap.clone()),
            },
            Err(gap) => Err(gap),
        };
        match endpoint {
            Ok(id) => approved.push(id),
            Err(gap) => {
                missing.get_or_insert(gap);
            }
        }
    }
    approved.sort();
    approved.dedup();
    (approved, missing)
}

/// A `null` or empty role beside a `replica` object is the older spelling's way to say nothing.
fn replication_role(properties: &Node<'_>) -> Fact<String> {
    let own = properties.at("replicationRole").or_none(Node::text);
    if own.is_absent() { properties.at("replica").at("role").or_none(Node::text) } else { own }
}

impl Candidate for PostgresServer {
    fn id(&self) -> &ArmId {
        &self.id
    }

    fn is_candidate(&self) -> bool {
        !self.is_replica()
    }
}

impl Estate<'_> {
    /// The flexible servers of the resource group.
    pub fn servers(&self) -> &Fact<List<PostgresServer>> {
        self.servers.get_or_init(|| {
            let list = self.list_in_group(RequestKind::PostgresServers);
            list.map(|list| typed(list, PostgresServer::read))
        })
    }

    /// The flexible servers of the whole subscription. Never proof of absence by itself: a reader
    /// with rights on one resource group may see a part only.
    pub fn subscription_servers(&self) -> Fact<List<PostgresServer>> {
        let scope = self.deployment.subscription_id();
        let request = Request::arm(RequestKind::SubscriptionServers, &scope);
        self.snapshot.list_of_existing(&request).map(|list| typed(list, PostgresServer::read))
    }

    /// The audited server.
    pub fn server(&self) -> &Fact<PostgresServer> {
        self.server.get_or_init(|| {
            let selector = self.deployment.postgres.server.as_ref();
            match self.outside_resource_group(selector) {
                Some(id) => {
                    let request = Request::arm(RequestKind::PostgresServer, id);
                    self.snapshot.resource(&request).and_then(|node, source| {
                        match PostgresServer::read(&node) {
                            Ok(server) => Fact::Known(server, source),
                            Err(gap) => Fact::Unread(gap),
                        }
                    })
                }
                None => select(self.servers(), selector, "PostgreSQL servers", "postgres.server"),
            }
        })
    }

    /// The id of a selector that names a resource outside the deployment's resource group.
    pub fn outside_resource_group<'s>(&self, selector: Option<&'s Selector>) -> Option<&'s ArmId> {
        match selector {
            Some(Selector::Id(id)) if !id.is_within(&self.deployment.resource_group_id()) => {
                Some(id)
            }
            _ => None,
        }
    }

    /// The databases of the audited server.
    pub fn databases(&self) -> Fact<List<Database>> {
        self.children_of_server(RequestKind::PostgresDatabases, |node| {
            Ok(Database { name: own_name(node)?, source: node.source() })
        })
    }

    /// The backups of the audited server, in the order Azure lists them, which means nothing.
    pub fn backups(&self) -> &Fact<List<PostgresBackup>> {
        self.backups.get_or_init(|| {
            self.children_of_server(RequestKind::PostgresBackups, |node| {
                let properties = node.at("properties");
                Ok(PostgresBackup {
                    name: own_name(node)?,
                    completed: properties.at("completedTime").instant(),
                    assumed_utc: properties.at("completedTime").lacks_offset(),
                    backup_type: properties.at("backupType").text(),
                    source: node.source(),
                })
            })
        })
    }

    fn children_of_server<T>(
        &self,
        kind: RequestKind,
        read: impl Fn(&Node<'_>) -> Result<T, Gap>,
    ) -> Fact<List<T>> {
        self.server().as_ref().and_then(|server, _| {
            let list = self.snapshot.list_of_existing(&Request::arm(kind, &server.id));
            list.map(|list| typed(list, read))
        })
    }
}

/// The name of a child resource: `name`, else the last segment of its id.
fn own_name(node: &Node<'_>) -> Result<String, Gap> {
    match node.at("name").text() {
        Fact::Known(name, _) => Ok(name),
        Fact::Absent(_) | Fact::Unread(_) => item_id(node).map(|id| id.name().to_owned()),
    }
}
