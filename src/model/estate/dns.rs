//! The private DNS zone of the server and its virtual network links.

use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::PrivateMode;
use crate::fact::{Fact, List, Source};
use crate::need::{Request, RequestKind};

/// A virtual network link of a private DNS zone (R30).
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualNetworkLink {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `properties.virtualNetwork.id`.
    pub virtual_network: Fact<ArmId>,
    /// `properties.registrationEnabled`.
    pub registration_enabled: Fact<bool>,
    /// `properties.virtualNetworkLinkState`: `InProgress`, `Completed` (or `Done`).
    pub state: Fact<String>,
    /// `properties.provisioningState`.
    pub provisioning_state: Fact<String>,
}

impl Estate<'_> {
    /// The zone the server references: not any zone with a similar name. A server reached through a
    /// private endpoint references none; its zone is the private-link zone of the subscription.
    pub fn zone_id(&self) -> Fact<ArmId> {
        self.server().as_ref().and_then(|server, _| {
            let access = server.access.as_ref();
            let zone = access.clone().and_then(|access, _| access.private_dns_zone.clone());
            let injected = access.and_then(|access, _| access.delegated_subnet.clone());
            if zone.is_absent()
                && injected.is_absent()
                && self.deployment.postgres.private_mode != PrivateMode::Vnet
            {
                return self.private_link_zone();
            }
            zone
        })
    }

    fn private_link_zone(&self) -> Fact<ArmId> {
        let name = format!("privatelink.{}", self.deployment.cloud.postgres_suffix);
        let scope = self.deployment.subscription_id();
        let list = self.snapshot.list(&Request::arm(RequestKind::PrivateDnsZones, &scope));
        list.and_then(|list, source| {
            let zones = typed(list, item_id);
            zones.find(&source, |id| id.name().eq_ignore_ascii_case(&name)).map(Clone::clone)
        })
    }

    /// The links of the server's zone. Absent when the zone itself is.
    pub fn zone_links(&self) -> Fact<List<VirtualNetworkLink>> {
        self.zone_id().and_then(|zone, _| {
            let list = self.snapshot.list(&Request::arm(RequestKind::VirtualNetworkLinks, &zone));
            list.map(|list| {
                typed(list, |node| {
                    let properties = node.at("properties");
                    Ok(VirtualNetworkLink {
                        id: item_id(node)?,
                        source: node.source(),
                        virtual_network: properties.at("virtualNetwork").at("id").arm_id(),
                        registration_enabled: properties.at("registrationEnabled").flag(),
                        state: properties.at("virtualNetworkLinkState").text(),
                        provisioning_state: properties.at("provisioningState").text(),
                    })
                })
            })
        })
    }

    /// The link of the zone to a virtual network; a zone has at most one for each. A link whose
    /// network cannot be read may be the one, so it makes absence unprovable.
    pub fn zone_link_to(&self, vnet: &ArmId) -> Fact<VirtualNetworkLink> {
        self.zone_links().and_then(|links, source| {
            let found = links.items.iter().find(|link| link.virtual_network.value() == Some(vnet));
            if let Some(link) = found {
                return Fact::Known(link.clone(), link.source.clone());
            }
            let unread = links.items.iter().find_map(|link| link.virtual_network.gap().cloned());
            match unread.or(links.missing) {
                Some(gap) => Fact::Unread(gap),
                None => Fact::Absent(source),
            }
        })
    }
}
