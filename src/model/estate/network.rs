//! Virtual networks, subnets and peerings, and which networks are the deployment's two.

use super::{Estate, PostgresServer, child_id, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::PrivateMode;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
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
}

/// A subnet.
#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
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
            properties.at("subnets").items_or_none().map(|list| {
                typed(list, |node| {
                    Ok(Subnet { id: child_id(node, &id, "subnets")?, source: node.source() })
                })
            })
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
                        provisioning_state: properties.at("provisioningState").text(),
                    })
                })
            })
        });
        Ok(Self { id, source: node.source(), subnets, peerings })
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

impl Estate<'_> {
    /// The virtual networks of the subscription. Never proof of absence: a reader with rights on one
    /// resource group may see a part only.
    pub fn virtual_networks(&self) -> Fact<List<VirtualNetwork>> {
        let scope = self.deployment.subscription_id();
        let list = self.snapshot.list(&Request::arm(RequestKind::VirtualNetworks, &scope));
        list.map(|list| typed(list, VirtualNetwork::read))
    }

    /// A virtual network by its id: from the subscription's list, else from a read of its own.
    pub fn virtual_network(&self, id: &ArmId) -> Fact<VirtualNetwork> {
        let scope = self.deployment.subscription_id();
        let listed = self.snapshot.list(&Request::arm(RequestKind::VirtualNetworks, &scope));
        if let Fact::Known(list, _) = &listed {
            let found = list.items.iter().find(|node| node.at("id").arm_id().value() == Some(id));
            if let Some(Ok(vnet)) = found.map(VirtualNetwork::read) {
                let source = vnet.source.clone();
                return Fact::Known(vnet, source);
            }
        }
        let read = self.snapshot.resource(&Request::arm(RequestKind::VirtualNetwork, id));
        let own = read.and_then(|node, source| match VirtualNetwork::read(&node) {
            Ok(vnet) => Fact::Known(vnet, source),
            Err(gap) => Fact::Unread(gap),
        });
        match (own.gap(), listed.gap()) {
            // Not asked by id yet: what the list said is the better reason.
            (Some(gap), Some(refusal)) if gap.is_not_collected() => Fact::Unread(refusal.clone()),
            _ => own,
        }
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
            delegated
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

    /// The subnet of an approved private endpoint of the server. The endpoint may lie where this
    /// auditor cannot see it, which proves nothing.
    fn endpoint_subnet(&self, server: &PostgresServer) -> Fact<ArmId> {
        let connections =
            server.access.as_ref().and_then(|access, _| access.private_endpoints.as_ref());
        connections.and_then(|connections, source| {
            let approved = connections.items.iter().find(|connection| connection.is_approved());
            let Some(connection) = approved else {
                return match &connections.missing {
                    Some(gap) => Fact::Unread(gap.clone()),
                    None => Fact::Absent(source),
                };
            };
            connection.endpoint.clone().and_then(|id, _| self.subnet_of_endpoint(&id))
        })
    }

    fn subnet_of_endpoint(&self, id: &ArmId) -> Fact<ArmId> {
        let scope = self.deployment.subscription_id();
        let list = self.snapshot.list(&Request::arm(RequestKind::PrivateEndpoints, &scope));
        list.and_then(|list, _| {
            let found = list.items.iter().find(|node| node.at("id").arm_id().value() == Some(id));
            match (found, list.missing) {
                (Some(node), _) => node.at("properties").at("subnet").at("id").arm_id(),
                (None, Some(gap)) => Fact::Unread(gap),
                (None, None) => {
                    let message = format!("the private endpoint {} is not visible here", id.name());
                    Fact::Unread(Gap::because(Reason::BeyondReach, message).at(id.as_str()))
                }
            }
        })
    }
}
