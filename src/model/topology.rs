//! How the resources of a deployment hang together, as far as it was seen: what reports draw.
//!
//! Plain texts, which a JSON report holds and gives back. The comments are the descriptions of its
//! schema.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::{Fact, Gap, List, Reason};
use crate::network_path::Hop;
use crate::shell::inert;

/// What is known of one thing: `{"known": …}`, `"absent"` where it was proven not to exist,
/// `{"unread": …}`, or `"not-asked"` where nothing that was judged needed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Seen_{T}")]
pub enum Seen<T> {
    /// It was read.
    Known(T),
    /// It was proven not to exist.
    Absent,
    /// It could not be read or understood.
    Unread(Loss),
    /// Nothing that was judged needed it, which says nothing about it.
    #[default]
    NotAsked,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// The reason code.
    pub reason: Reason,
    /// What could not be read, as a sentence fragment.
    pub why: String,
}

/// Several things, perhaps not all there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Several_{T}")]
pub struct Several<T> {
    /// Those that were read.
    pub items: Vec<T>,
    /// Why there may be more; null when these are all.
    pub missing: Option<Loss>,
}

/// How the resources hang together, as far as the rules that were judged needed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Topology {
    /// The way from the cluster to the database through the networks, in the order of a packet.
    pub path: Vec<Hop>,
    /// The AKS cluster.
    #[serde(default)]
    pub cluster: Seen<Cluster>,
    /// The virtual network of its nodes.
    #[serde(default)]
    pub aks_network: Seen<Network>,
    /// The PostgreSQL server.
    #[serde(default)]
    pub server: Seen<Server>,
    /// The subnet the server is reached in; absent when it is in none.
    #[serde(default)]
    pub server_subnet: Seen<ServerSubnet>,
    /// The virtual network of that subnet.
    #[serde(default)]
    pub postgres_network: Seen<Network>,
    /// The peering between the two networks, as seen from the AKS network. Absent as well where both
    /// are one.
    #[serde(default)]
    pub peering_from_aks: Seen<PeeringSide>,
    /// The same, as seen from the PostgreSQL network.
    #[serde(default)]
    pub peering_from_postgres: Seen<PeeringSide>,
    /// Other networks that one of the two is peered with, or that a zone is linked to.
    #[serde(default)]
    pub further_networks: Vec<FurtherNetwork>,
    /// The private DNS zone the server's name is in.
    #[serde(default)]
    pub zone: Seen<Zone>,
    /// Other private DNS zones that are linked to one of the two networks.
    #[serde(default)]
    pub further_zones: Vec<Zone>,
    /// The application's storage account.
    #[serde(default)]
    pub storage: Seen<Account>,
    /// The application's container.
    #[serde(default)]
    pub container: Seen<Container>,
    /// The storage account of the blob copies; the application's own unless another one is named.
    #[serde(default)]
    pub backup_storage: Seen<Account>,
    /// The container of the blob copies.
    #[serde(default)]
    pub backup_container: Seen<Container>,
    /// The service principal of the application.
    #[serde(default)]
    pub service_principal: Seen<Principal>,
    /// The roles that reach it.
    #[serde(default)]
    pub roles: Seen<Several<Role>>,
    /// The newest automatic backup of the server.
    #[serde(default)]
    pub postgres_backup: Seen<PostgresPoint>,
    /// The newest dated folder of the container of the blob copies.
    #[serde(default)]
    pub blob_backup: Seen<BlobPoint>,
}

/// The AKS cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyCluster")]
pub struct Cluster {
    /// Its ARM id.
    pub id: String,
    /// The region it is in.
    pub region: Seen<String>,
    /// `powerState.code`: whether it runs.
    pub power_state: Seen<String>,
    /// `provisioningState`: how the last change ended.
    pub provisioning_state: Seen<String>,
    /// The ids of the subnets its nodes and pods are in.
    pub subnets: Seen<Several<String>>,
}

/// A virtual network of the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyNetwork")]
pub struct Network {
    /// Its ARM id.
    pub id: String,
    /// Its address prefixes.
    pub address_space: Seen<Vec<String>>,
    /// Its subnets.
    pub subnets: Seen<Several<Subnet>>,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologySubnet")]
pub struct Subnet {
    /// Its ARM id.
    pub id: String,
    /// Its address prefixes.
    pub prefixes: Seen<Vec<String>>,
    /// The id of its network security group.
    pub security_group: Seen<String>,
    /// The id of its route table.
    pub route_table: Seen<String>,
    /// The services it has service endpoints for.
    pub service_endpoints: Seen<Several<String>>,
    /// The services it is delegated to.
    pub delegations: Seen<Several<String>>,
}

/// The subnet the server is reached in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerSubnet {
    /// Its ARM id, as the server or its private endpoint names it.
    pub id: String,
    /// Whether it is still there.
    pub exists: Seen<bool>,
}

/// The PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyServer")]
pub struct Server {
    /// Its ARM id.
    pub id: String,
    /// The region it is in.
    pub region: Seen<String>,
    /// The major version.
    pub version: Seen<String>,
    /// The minor version.
    pub minor_version: Seen<String>,
    /// `Ready`, `Stopped`, …
    pub state: Seen<String>,
    /// `publicNetworkAccess`.
    pub public_access: Seen<String>,
}

/// One side of a peering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeeringSide {
    /// Its ARM id.
    pub id: String,
    /// `Connected`, `Initiated`, `Disconnected`.
    pub state: Seen<String>,
    /// `FullyInSync`, `RemoteNotInSync`, …
    pub sync_level: Seen<String>,
    /// `allowVirtualNetworkAccess`.
    pub allows_access: Seen<bool>,
    /// `peerCompleteVnets`: false where only named subnets are peered; left out when all are.
    pub whole_network: Seen<bool>,
    /// `enableOnlyIPv6Peering`; left out when it is off.
    pub ipv6_only: Seen<bool>,
}

/// A network beside the two of the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FurtherNetwork {
    /// Its ARM id.
    pub id: String,
    /// The peering the AKS network has with it; null when none was seen.
    pub peering_from_aks: Option<PeeringSide>,
    /// The peering the PostgreSQL network has with it; null when none was seen.
    pub peering_from_postgres: Option<PeeringSide>,
}

/// A private DNS zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyZone")]
pub struct Zone {
    /// Its ARM id.
    pub id: String,
    /// `provisioningState`; absent when the zone is not there, though something names it.
    pub state: Seen<String>,
    /// Its links to virtual networks.
    pub links: Seen<Several<ZoneLink>>,
}

/// A link of a private DNS zone to a virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZoneLink {
    /// Its ARM id.
    pub id: String,
    /// The id of the network.
    pub network: Seen<String>,
    /// Whether machines of the network are registered in the zone.
    pub registration: Seen<bool>,
    /// `virtualNetworkLinkState`: `Completed`, `InProgress`.
    pub state: Seen<String>,
}

/// A storage account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyAccount")]
pub struct Account {
    /// Its ARM id.
    pub id: String,
    /// The region it is in.
    pub region: Seen<String>,
    /// `publicNetworkAccess`; left out when it was never set, which means enabled.
    pub public_access: Seen<String>,
    /// `networkAcls.defaultAction`: `Deny` or `Allow`.
    pub default_action: Seen<String>,
    /// The subnets its firewall names.
    pub network_rules: Seen<Several<NetworkRule>>,
    /// The addresses its firewall names.
    pub ip_rules: Seen<Several<String>>,
    /// Its private endpoint connections.
    pub private_endpoints: Seen<Several<EndpointConnection>>,
}

/// A subnet that the firewall of an account names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkRule {
    /// The id of the subnet.
    pub subnet: Seen<String>,
    /// `Succeeded`, `NetworkSourceDeleted`, …
    pub state: Seen<String>,
}

/// A private endpoint connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointConnection {
    /// The id of the endpoint.
    pub endpoint: Seen<String>,
    /// `Approved`, `Pending`, …
    pub status: Seen<String>,
}

/// A blob container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyContainer")]
pub struct Container {
    /// Its name, as the manifest has it.
    pub name: String,
    /// Its ARM id; not asked while its account is not known.
    pub id: Seen<String>,
    /// Whether it is there and not deleted.
    pub exists: Seen<bool>,
}

/// The service principal of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TopologyPrincipal")]
pub struct Principal {
    /// `graph:servicePrincipals/<object id>`.
    pub id: String,
    /// The client id of its application.
    pub client_id: Seen<String>,
    /// Whether it may sign in.
    pub enabled: Seen<bool>,
}

/// A role that reaches the service principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// The ARM id of the assignment.
    pub id: String,
    /// The name of a well-known role, else the GUID of its definition.
    pub role: Seen<String>,
    /// The id of the scope it is assigned at.
    pub scope: Seen<String>,
    /// Whether it is assigned to the principal itself, and not to a group it is in.
    pub direct: Seen<bool>,
    /// The condition that narrows it.
    pub condition: Seen<String>,
}

/// A backup of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostgresPoint {
    /// Its name.
    pub name: String,
    /// When it was made: RFC 3339, UTC.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub instant: Timestamp,
}

/// A dated folder of blob copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobPoint {
    /// The name of the folder.
    pub folder: String,
    /// When it was made: RFC 3339, UTC.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub instant: Timestamp,
    /// Whether it is complete; null when that is not known.
    pub complete: Option<bool>,
}

impl Loss {
    /// The loss of a gap, in words that cannot act.
    pub fn of(gap: &Gap) -> Self {
        Self { reason: gap.reason, why: inert(&gap.message) }
    }
}

impl<T> Seen<T> {
    /// The value, if it was read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unread(_) | Self::NotAsked => None,
        }
    }

    /// The same without the value.
    #[must_use]
    pub fn state(&self) -> Seen<()> {
        match self {
            Self::Known(_) => Seen::Known(()),
            Self::Absent => Seen::Absent,
            Self::Unread(loss) => Seen::Unread(loss.clone()),
            Self::NotAsked => Seen::NotAsked,
        }
    }

    /// Whether it was proven not to exist.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether it could not be read.
    pub fn is_unread(&self) -> bool {
        matches!(self, Self::Unread(_))
    }
}

impl<T> Seen<Several<T>> {
    /// The items that were read; none where there is nothing.
    pub fn items(&self) -> &[T] {
        self.known().map_or(&[], |several| &several.items)
    }
}

impl<T> From<Fact<T>> for Seen<T> {
    fn from(fact: Fact<T>) -> Self {
        match fact {
            Fact::Known(value, _) => Self::Known(value),
            Fact::Absent(_) => Self::Absent,
            Fact::Unread(gap) if gap.is_not_collected() => Self::NotAsked,
            Fact::Unread(gap) => Self::Unread(Loss::of(&gap)),
        }
    }
}

impl<T> From<List<T>> for Several<T> {
    fn from(list: List<T>) -> Self {
        Self { items: list.items, missing: list.missing.as_ref().map(Loss::of) }
    }
}

impl Topology {
    /// Whether cluster and server share one network.
    pub fn is_one_network(&self) -> bool {
        match (self.aks_network.known(), self.postgres_network.known()) {
            (Some(aks), Some(postgres)) => aks.id.eq_ignore_ascii_case(&postgres.id),
            _ => false,
        }
    }

    /// Whether there are two networks that a peering has to join.
    pub fn needs_peering(&self) -> bool {
        !self.is_one_network() && !self.server_subnet.is_absent()
    }

    /// Whether the blob copies lie in another account than the application's.
    pub fn has_backup_account(&self) -> bool {
        match (self.storage.known(), self.backup_storage.known()) {
            (Some(own), Some(backup)) => !own.id.eq_ignore_ascii_case(&backup.id),
            _ => self.storage != self.backup_storage,
        }
    }

    /// The same with sentences that cannot act, wherever they came from.
    #[must_use]
    pub fn inert(mut self) -> Self {
        self.path = self.path.into_iter().map(Hop::inert).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::network_path::{Stage, State};

    /// Every kind of knowledge, and names that try to get out.
    fn topology() -> Topology {
        let hostile = "evil\u{1b}[31m\r\n<b>&\"'\u{202e}##[x]".to_owned();
        let loss = Loss { reason: Reason::UntrustedNextLink, why: hostile.clone() };
        let hop = |stage, state| Hop { stage, state };
        Topology {
            path: vec![
                hop(Stage::AksSubnets, State::Open),
                hop(Stage::Peering, State::Broken(hostile.clone())),
                hop(Stage::Resolver, State::Unknown(String::new())),
            ],
            cluster: Seen::Unread(loss.clone()),
            aks_network: Seen::Known(Network {
                id: hostile.clone(),
                address_space: Seen::Known(Vec::new()),
                subnets: Seen::Known(Several { items: Vec::new(), missing: Some(loss) }),
            }),
            server: Seen::Absent,
            further_networks: vec![FurtherNetwork {
                id: hostile.clone(),
                peering_from_aks: None,
                peering_from_postgres: Some(PeeringSide {
                    id: hostile.clone(),
                    state: Seen::Known(hostile.clone()),
                    sync_level: Seen::Absent,
                    allows_access: Seen::Known(false),
                    whole_network: Seen::NotAsked,
                    ipv6_only: Seen::Absent,
                }),
            }],
            blob_backup: Seen::Known(BlobPoint {
                folder: hostile,
                instant: "2026-11-22T02:00:00.5Z".parse().unwrap(),
                complete: None,
            }),
            ..Topology::default()
        }
    }

    fn read(value: Value) -> Result<Topology, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        for topology in [Topology::default(), topology(), topology().inert()] {
            let value = serde_json::to_value(&topology).unwrap();
            assert_eq!(read(value).unwrap(), topology);
        }
        for stage in Stage::ALL {
            let hop = Hop { stage, state: State::Open };
            let value = serde_json::to_value(&hop).unwrap();
            assert_eq!(serde_json::from_value::<Hop>(value).unwrap(), hop);
        }
    }

    #[test]
    fn a_report_of_before_has_a_path_and_nothing_else() {
        let hop = json!({"hop": "peering", "state": "broken", "why": "it is cut"});
        let old = read(json!({"path": [hop]})).unwrap();
        let state = State::Broken("it is cut".to_owned());
        assert_eq!(old.path, [Hop { stage: Stage::Peering, state }]);
        assert_eq!(Topology { path: Vec::new(), ..old }, Topology::default());
        let odd = json!({"hop": "a ferry\u{1b}", "state": "open", "why": null});
        let error = read(json!({"path": [odd]})).unwrap_err().to_string();
        assert_eq!(error, "`a ferry\u{fffd}` is no hop of the way to the database");
    }

    #[test]
    fn a_fact_keeps_its_value_and_what_nobody_asked_is_no_loss() {
        let gap = |reason| Gap::because(reason, "a\u{1b}b");
        let seen = |gap| Seen::<u8>::from(Fact::Unread(gap));
        assert_eq!(seen(gap(Reason::NotCollected)), Seen::NotAsked);
        let loss = Loss { reason: Reason::Forbidden, why: "a\u{fffd}b".to_owned() };
        assert_eq!(seen(gap(Reason::Forbidden)), Seen::Unread(loss));
        assert_eq!(serde_json::to_value(Seen::Known(1)).unwrap(), json!({"known": 1}));
        assert_eq!(serde_json::to_value(Seen::<u8>::NotAsked).unwrap(), json!("not-asked"));
    }
}
