//! Virtual networks, subnets and peerings, and which networks are the deployment's two.

use std::net::{IpAddr, Ipv4Addr};

use super::peerings::PeeringTerms;
use super::postgres::approved;
use super::prefixes::{prefixes, subnet_prefixes};
use super::subnets::{Occupant, occupants};
use super::{Estate, PostgresServer, child_id, item_id, texts, typed};
use crate::arm_id::ArmId;
use crate::deployment::PrivateMode;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::network_path::Prefix;
use crate::reader::Node;

/// A virtual network with its subnets and peerings (R07).
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualNetwork {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `properties.subnets`; left out when there are none.
    pub subnets: Fact<List<Subnet>>,
    /// `properties.virtualNetworkPeerings`; left out when there are none.
    pub peerings: Fact<List<Peering>>,
    /// `properties.dhcpOptions.dnsServers`; left out, or empty, when Azure's own resolver is asked.
    pub dns_servers: Fact<List<String>>,
    /// `properties.addressSpace.addressPrefixes`, sorted.
    pub address_space: Fact<Vec<Prefix>>,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `properties.networkSecurityGroup.id`; left out when there is none.
    pub network_security_group: Fact<ArmId>,
    /// `properties.routeTable.id`; left out when there is none.
    pub route_table: Fact<ArmId>,
    /// `properties.addressPrefix` and `properties.addressPrefixes`, sorted: either may be left out,
    /// not both.
    pub prefixes: Fact<Vec<Prefix>>,
    /// What lives in it.
    pub occupants: Fact<List<Occupant>>,
    /// `properties.delegations[].properties.serviceName`; left out when there are none.
    pub delegations: Fact<List<Fact<String>>>,
    /// `properties.serviceEndpoints`; left out when there are none.
    pub service_endpoints: Fact<List<ServiceEndpoint>>,
}

/// A service endpoint of a subnet.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceEndpoint {
    /// `service`, such as `Microsoft.Storage`.
    pub service: Fact<String>,
    /// `locations`: the regions it reaches, or `*`.
    pub locations: Fact<List<String>>,
    /// `provisioningState`.
    pub state: Fact<String>,
}

/// One side of a peering.
#[derive(Clone, Debug, PartialEq)]
pub struct Peering {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `properties.remoteVirtualNetwork.id`.
    pub remote: Fact<ArmId>,
    /// `properties.peeringState`: `Initiated`, `Connected`, `Disconnected`.
    pub state: Fact<String>,
    /// `properties.provisioningState`.
    pub provisioning_state: Fact<String>,
    /// What it lets through, and to where.
    pub terms: PeeringTerms,
}

impl VirtualNetwork {
    /// Reads a virtual network from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let id = item_id(node)?;
        // What Azure leaves out when there is none may be left out only of a body that has
        // `properties` (`catalogue.md` §0.1 item 4).
        let properties = node.at("properties").object();
        let subnets = properties.as_ref().and_then(|properties, _| {
            let subnets = properties.at("subnets").items_or_none();
            subnets.map(|list| typed(list, |node| Subnet::read(node, &id)))
        });
        let dns_servers = properties.as_ref().and_then(|properties, _| {
            properties.at("dhcpOptions").at("dnsServers").items_or_none().map(texts)
        });
        let peerings = properties.and_then(|properties, _| {
            properties.at("virtualNetworkPeerings").items_or_none().map(|list| {
                typed(list, |node| {
                    let properties = node.at("properties");
                    Ok(Peering {
                        id: child_id(node, &id, "virtualNetworkPeerings")?,
                        source: node.source(),
                        remote: properties.at("remoteVirtualNetwork").at("id").arm_id(),
                        state: properties.at("peeringState").text(),
                        provisioning_state: properties.at("provisioningState").or_none(Node::text),
                        terms: PeeringTerms::read(&properties),
                    })
                })
            })
        });
        let space = node.at("properties").at("addressSpace").at("addressPrefixes");
        let address_space = prefixes(&space);
        Ok(Self { id, source: node.source(), subnets, peerings, dns_servers, address_space })
    }

    /// The peering whose other side is `remote`. A peering whose other side cannot be read may be
    /// the one, so it makes absence unprovable.
    pub fn peering_to(&self, remote: &ArmId) -> Fact<&Peering> {
        self.peerings.as_ref().and_then(|list, source| {
            let found = list.items.iter().find(|peering| peering.remote.value() == Some(remote));
            if let Some(peering) = found {
                return Fact::Known(peering, peering.source.clone());
            }
            let unread = list.items.iter().find_map(|peering| peering.remote.gap());
            match unread.or(list.missing.as_ref()) {
                Some(gap) => Fact::Unread(gap.clone()),
                None => Fact::Absent(source),
            }
        })
    }
}

impl Subnet {
    /// Reads a subnet of a virtual network from its body.
    pub(super) fn read(node: &Node<'_>, vnet: &ArmId) -> Result<Self, Gap> {
        let properties = node.at("properties").object();
        let properties = properties.as_ref();
        let reference = |field: &str| {
            properties.clone().and_then(|own, _| own.at(field).at("id").or_none(Node::arm_id))
        };
        let service_endpoints = properties.clone().and_then(|own, _| {
            let endpoints = own.at("serviceEndpoints").items_or_none();
            endpoints.map(|list| list.map(|node| ServiceEndpoint::read(&node)))
        });
        Ok(Self {
            id: child_id(node, vnet, "subnets")?,
            source: node.source(),
            network_security_group: reference("networkSecurityGroup"),
            route_table: reference("routeTable"),
            prefixes: properties.clone().and_then(|own, _| subnet_prefixes(own)),
            occupants: properties.clone().map(occupants),
            delegations: properties.clone().and_then(|own, _| delegations(own)),
            service_endpoints,
        })
    }

    /// Whether an address lies in the subnet.
    ///
    /// # Errors
    ///
    /// The gap when its prefixes cannot be read or understood.
    pub fn holds(&self, address: Ipv4Addr) -> Result<bool, Gap> {
        match &self.prefixes {
            Fact::Known(list, _) => {
                Ok(list.iter().any(|prefix| prefix.contains(IpAddr::V4(address))))
            }
            Fact::Absent(_) => Ok(false),
            Fact::Unread(gap) => Err(gap.clone()),
        }
    }
}

impl ServiceEndpoint {
    fn read(node: &Node<'_>) -> Self {
        Self {
            service: node.at("service").text(),
            locations: node.at("locations").items().map(texts),
            state: node.at("provisioningState").text(),
        }
    }
}

impl Estate<'_> {
    /// The virtual networks of the subscription. Never proof of absence: a reader with rights on one
    /// resource group may see a part only.
    pub fn virtual_networks(&self) -> Fact<List<VirtualNetwork>> {
        let scope = self.deployment.subscription_id();
        let request = Request::arm(RequestKind::VirtualNetworks, &scope);
        let list = self.snapshot.list_of_existing(&request);
        list.map(|list| typed(list, VirtualNetwork::read))
    }

    /// A virtual network by its id: from the subscription's list, else from a read of its own.
    pub fn virtual_network(&self, id: &ArmId) -> Fact<VirtualNetwork> {
        let kinds = (RequestKind::VirtualNetworks, RequestKind::VirtualNetwork);
        self.listed_or_read(kinds, id, VirtualNetwork::read)
    }

    /// The virtual network of the AKS cluster.
    pub fn aks_vnet(&self) -> &Fact<VirtualNetwork> {
        self.aks_vnet.get_or_init(|| self.aks_vnet_id().and_then(|id, _| self.virtual_network(&id)))
    }

    /// The subnet the PostgreSQL server is reached in: the delegated one, or that of its private
    /// endpoint where the manifest allows this mode. Absent when the server has no private access.
    pub fn postgres_subnet_id(&self) -> Fact<ArmId> {
        self.server().as_ref().and_then(|server, _| {
            let delegated =
                server.access.as_ref().and_then(|access, _| access.delegated_subnet.clone());
            if delegated.is_absent() && self.deployment.postgres.private_mode != PrivateMode::Vnet {
                return self.endpoint_subnet(server);
            }
            delegated.and_then(subnet_only)
        })
    }

    /// The virtual network of the PostgreSQL server. Absent when it, or the server's subnet in it,
    /// does not exist any more.
    pub fn postgres_vnet(&self) -> &Fact<VirtualNetwork> {
        self.postgres_vnet.get_or_init(|| {
            self.postgres_subnet_id().and_then(|subnet, _| match subnet.parent() {
                Some(vnet) => self.virtual_network(&vnet),
                None => Fact::Unread(Gap::because(
                    Reason::Unrecognised,
                    format!("{subnet} is not the id of a subnet"),
                )),
            })
        })
    }

    /// The subnets traffic between cluster and server starts and ends in, as far as they are known.
    pub fn traffic_subnets(&self) -> Vec<Subnet> {
        let ends = self.cluster_subnets();
        let aks = ends.value().map(|list| list.items.clone()).unwrap_or_default();
        let postgres = self.postgres_subnet_id();
        let networks = [self.aks_vnet(), self.postgres_vnet()];
        let known = networks.iter().filter_map(|vnet| vnet.value()?.subnets.value());
        let mut subnets: Vec<Subnet> = known
            .flat_map(|list| &list.items)
            .filter(|subnet| aks.contains(&subnet.id) || postgres.value() == Some(&subnet.id))
            .cloned()
            .collect();
        subnets.sort_by(|a, b| a.id.cmp(&b.id));
        subnets.dedup_by(|a, b| a.id == b.id);
        subnets
    }

    /// Whether the server's subnet still exists: in its network's own list, else by a read of its
    /// own, which alone can prove that it is gone.
    pub fn postgres_subnet(&self) -> Fact<ArmId> {
        self.postgres_subnet_id().and_then(|subnet, source| {
            self.postgres_vnet().as_ref().and_then(|vnet, _| {
                let listed = vnet.subnets.value();
                if listed.is_some_and(|list| list.items.iter().any(|item| item.id == subnet)) {
                    return Fact::Known(subnet.clone(), source);
                }
                let request = Request::arm(RequestKind::Subnet, &subnet);
                self.snapshot.resource(&request).map(|_| subnet)
            })
        })
    }

    /// The server's subnet with what it holds. Absent when it does not exist any more.
    pub fn server_subnet(&self) -> Fact<Subnet> {
        self.postgres_subnet_id().and_then(|id, _| {
            self.postgres_vnet().as_ref().and_then(|vnet, _| {
                let listed = vnet.subnets.value().map_or(&[][..], |list| &list.items);
                if let Some(subnet) = listed.iter().find(|subnet| subnet.id == id) {
                    return Fact::Known(subnet.clone(), subnet.source.clone());
                }
                let own = self.snapshot.resource(&Request::arm(RequestKind::Subnet, &id));
                own.and_then(|node, source| match Subnet::read(&node, &vnet.id) {
                    Ok(subnet) => Fact::Known(subnet, source),
                    Err(gap) => Fact::Unread(gap),
                })
            })
        })
    }

    /// The approved private endpoints of the server, sorted by id, with the gap that keeps the rest
    /// from being known.
    pub fn approved_endpoints(&self) -> (Vec<ArmId>, Option<Gap>) {
        let connections = self.server().as_ref().and_then(|server, _| {
            server.access.as_ref().and_then(|access, _| access.private_endpoints.clone())
        });
        approved(&connections)
    }

    /// The subnet of the server's private endpoint. Endpoints may lie where this auditor cannot see
    /// them, which proves nothing; those it sees in several networks leave open which one is meant.
    fn endpoint_subnet(&self, server: &PostgresServer) -> Fact<ArmId> {
        let (approved, mut missing) = self.approved_endpoints();
        let mut subnets: Vec<(ArmId, Source)> = Vec::new();
        for id in &approved {
            match self.subnet_of_endpoint(id) {
                Fact::Known(subnet, source) => subnets.push((subnet, source)),
                Fact::Absent(_) => {}
                Fact::Unread(gap) => {
                    missing.get_or_insert(gap);
                }
            }
        }
        let Some((subnet, source)) = subnets.first().cloned() else {
            return match missing {
                Some(gap) => Fact::Unread(gap),
                None => Fact::Absent(server.source.clone()),
            };
        };
        if subnets.iter().any(|(other, _)| other.parent() != subnet.parent()) {
            let message = "the server has private endpoints in several virtual networks";
            return Fact::Unread(Gap::because(Reason::Ambiguous, message).at(server.id.as_str()));
        }
        Fact::Known(subnet, source)
    }

    fn subnet_of_endpoint(&self, id: &ArmId) -> Fact<ArmId> {
        self.private_endpoint(id).and_then(|node, _| endpoint_subnet(&node))
    }

    /// A private endpoint by its id: from the subscription's list, else from a read of its own.
    pub(super) fn private_endpoint(&self, id: &ArmId) -> Fact<Node<'_>> {
        let scope = self.deployment.subscription_id();
        let request = Request::arm(RequestKind::PrivateEndpoints, &scope);
        let listed = self.snapshot.list_of_existing(&request);
        let refusal = listed.gap().cloned();
        if let Fact::Known(list, source) = listed {
            let mut items = list.items.into_iter();
            if let Some(node) = items.find(|node| node.at("id").arm_id().value() == Some(id)) {
                return Fact::Known(node, source);
            }
        }
        match (self.snapshot.resource(&Request::arm(RequestKind::PrivateEndpoint, id)), refusal) {
            // Not asked by id yet: what the list said is the better reason.
            (Fact::Unread(gap), Some(refusal)) if gap.is_not_collected() => Fact::Unread(refusal),
            (read, _) => read,
        }
    }
}

/// The subnet a private endpoint lies in.
pub(super) fn endpoint_subnet(endpoint: &Node<'_>) -> Fact<ArmId> {
    endpoint.at("properties").at("subnet").at("id").arm_id().and_then(subnet_only)
}

/// The services a subnet is delegated to.
fn delegations(properties: &Node<'_>) -> Fact<List<Fact<String>>> {
    let list = properties.at("delegations").items_or_none();
    list.map(|list| list.map(|item| item.at("properties").at("serviceName").text()))
}

/// An id that is that of a subnet.
pub(super) fn subnet_only(id: ArmId, source: Source) -> Fact<ArmId> {
    if id.is_type("Microsoft.Network/virtualNetworks/subnets") {
        return Fact::Known(id, source);
    }
    let message = format!("{id} stands where the id of a subnet belongs");
    Fact::Unread(Gap::because(Reason::Unrecognised, message).at(source.resource))
}
