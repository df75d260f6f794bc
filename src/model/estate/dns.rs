//! The private DNS zone of the server and its virtual network links.

use std::net::Ipv4Addr;

use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::PrivateMode;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

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

/// A private DNS zone (R10).
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateDnsZone {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// Its name, without a trailing dot.
    pub name: String,
    /// `properties.provisioningState`.
    pub provisioning_state: Fact<String>,
}

/// An address record set of a private DNS zone (R31).
#[derive(Clone, Debug, PartialEq)]
pub struct AddressRecord {
    /// Its id; the name is relative to the zone.
    pub id: ArmId,
    /// `properties.isAutoRegistered`: whether a machine of a linked network is behind it.
    pub auto_registered: Fact<bool>,
    /// `properties.aRecords[].ipv4Address`.
    pub addresses: Fact<List<Ipv4Addr>>,
}

impl AddressRecord {
    fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let addresses = properties.at("aRecords").items_or_none();
        Ok(Self {
            id: item_id(node)?,
            auto_registered: properties.at("isAutoRegistered").flag(),
            addresses: addresses.map(|list| typed(list, address)),
        })
    }
}

fn address(record: &Node<'_>) -> Result<Ipv4Addr, Gap> {
    let field = record.at("ipv4Address");
    let gap = || {
        let message = "an address record names no IPv4 address";
        Gap::because(Reason::MissingField, message).at(field.resource())
    };
    field.text().value().and_then(|text| text.trim().parse().ok()).ok_or_else(gap)
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

    /// Whether the AKS network registers its machines in the server's zone; none as long as that
    /// was not asked. Where it does not, the question is where else.
    pub fn registers_in_server_zone(&self) -> Option<bool> {
        let link = self.aks_vnet_id().and_then(|vnet, _| self.zone_link_to(&vnet));
        match &link {
            Fact::Known(link, _) => Some(link.registration_enabled.value() == Some(&true)),
            Fact::Absent(_) => Some(false),
            Fact::Unread(gap) => (!gap.is_not_collected()).then_some(false),
        }
    }

    /// The private DNS zones of the subscription.
    pub(super) fn private_dns_zones(&self) -> Fact<List<ArmId>> {
        let scope = self.deployment.subscription_id();
        let request = Request::arm(RequestKind::PrivateDnsZones, &scope);
        self.snapshot.list_of_existing(&request).map(|list| typed(list, item_id))
    }

    /// The zones of the subscription that a private endpoint of the server can be registered in: the
    /// name is fixed, but several resource groups may have a zone of it.
    pub fn private_link_zones(&self) -> Fact<List<ArmId>> {
        let name = format!("privatelink.{}", self.deployment.cloud.postgres_suffix);
        self.private_dns_zones().map(|mut zones| {
            zones.items.retain(|id| id.name().eq_ignore_ascii_case(&name));
            zones.items.sort();
            zones
        })
    }

    /// The private-link zone: the only one, or of several the one that the AKS network is linked to.
    /// None in sight proves nothing, as it may be in another subscription.
    fn private_link_zone(&self) -> Fact<ArmId> {
        self.private_link_zones().and_then(|zones, source| {
            let unread = |reason, message: String| Fact::Unread(Gap::because(reason, message));
            match (zones.items.as_slice(), zones.missing) {
                (_, Some(gap)) => Fact::Unread(gap),
                ([], None) => unread(
                    Reason::BeyondReach,
                    "no private-link zone of PostgreSQL is in the subscription; it may be in another one".to_owned(),
                ),
                ([only], None) => Fact::Known(only.clone(), source),
                (several, None) => {
                    let vnet = match self.aks_vnet_id() {
                        Fact::Known(vnet, _) => vnet,
                        Fact::Absent(source) => return Fact::Absent(source),
                        Fact::Unread(gap) => return Fact::Unread(gap),
                    };
                    let linked: Vec<&ArmId> = several
                        .iter()
                        .filter(|zone| link_to(&vnet, &self.links_of(zone)).value().is_some())
                        .collect();
                    match linked.as_slice() {
                        [only] => Fact::Known((*only).clone(), source),
                        found => unread(
                            Reason::Ambiguous,
                            format!(
                                "{} zones are named {}, and {} of them are linked to the AKS network",
                                several.len(),
                                several[0].name(),
                                found.len(),
                            ),
                        ),
                    }
                }
            }
        })
    }

    /// The server's zone itself. Absent when it was deleted under the reference.
    pub fn server_zone(&self) -> Fact<PrivateDnsZone> {
        self.zone_id().and_then(|id, _| {
            let zone = self.snapshot.resource(&Request::arm(RequestKind::PrivateDnsZone, &id));
            zone.map(|node| PrivateDnsZone {
                source: node.source(),
                name: id.name().trim_end_matches('.').to_owned(),
                provisioning_state: node.at("properties").at("provisioningState").text(),
                id,
            })
        })
    }

    /// The address records of the server's zone. Absent when the zone itself is.
    pub fn address_records(&self) -> Fact<List<AddressRecord>> {
        self.zone_id().and_then(|zone, _| {
            let records = self.list_in_zone(RequestKind::RecordSets, &zone);
            records.map(|mut list| {
                list.items.retain(|node| !node.at("properties").at("aRecords").is_missing());
                let mut records = typed(list, AddressRecord::read);
                records.items.sort_by(|a, b| a.id.cmp(&b.id));
                records
            })
        })
    }

    /// The link by which another zone than the server's registers the machines of a network. A list
    /// of zones that lacks the server's own is filtered, so it proves nothing.
    pub fn other_registration(&self, vnet: &ArmId) -> Fact<VirtualNetworkLink> {
        let scope = self.deployment.subscription_id();
        let listed = self.private_dns_zones();
        self.zone_id().and_then(|own, _| {
            listed.and_then(|mut zones, source| {
                let is_filtered = own.is_within(&scope) && !zones.items.contains(&own);
                let mut missing = zones.missing.or_else(|| {
                    let message = "the list of private DNS zones does not show the server's own, so it shows a part only";
                    is_filtered.then(|| Gap::because(Reason::BeyondReach, message).at(scope.as_str()))
                });
                zones.items.retain(|zone| *zone != own);
                zones.items.sort();
                for zone in &zones.items {
                    let link = link_to(vnet, &self.links_of(zone));
                    let registers = link.as_ref().and_then(|link, _| link.registration_enabled.clone());
                    match registers {
                        Fact::Known(true, _) => return link,
                        Fact::Known(false, _) | Fact::Absent(_) => {}
                        Fact::Unread(gap) => {
                            missing.get_or_insert(gap);
                        }
                    }
                }
                missing.map_or(Fact::Absent(source), Fact::Unread)
            })
        })
    }

    /// The links of the server's zone. Absent when the zone itself is.
    pub fn zone_links(&self) -> &Fact<List<VirtualNetworkLink>> {
        self.zone_links.get_or_init(|| self.zone_id().and_then(|zone, _| self.links_of(&zone)))
    }

    pub(super) fn links_of(&self, zone: &ArmId) -> Fact<List<VirtualNetworkLink>> {
        self.list_in_zone(RequestKind::VirtualNetworkLinks, zone).map(|list| {
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
    }

    /// A list below a zone. Absent when the zone is; if that was read, a 404 contradicts it.
    fn list_in_zone(&self, kind: RequestKind, zone: &ArmId) -> Fact<List<Node<'_>>> {
        let request = Request::arm(kind, zone);
        let own = self.snapshot.resource(&Request::arm(RequestKind::PrivateDnsZone, zone));
        if own.is_absent() {
            self.snapshot.list(&request)
        } else {
            self.snapshot.list_of_existing(&request)
        }
    }

    /// The link of the server's zone to a virtual network.
    pub fn zone_link_to(&self, vnet: &ArmId) -> Fact<VirtualNetworkLink> {
        link_to(vnet, self.zone_links())
    }
}

/// The link of a zone to a virtual network; a zone has at most one for each. A link whose network
/// cannot be read may be the one, so it makes absence unprovable.
fn link_to(vnet: &ArmId, links: &Fact<List<VirtualNetworkLink>>) -> Fact<VirtualNetworkLink> {
    links.as_ref().and_then(|links, source| {
        let found = links.items.iter().find(|link| link.virtual_network.value() == Some(vnet));
        if let Some(link) = found {
            return Fact::Known(link.clone(), link.source.clone());
        }
        let unread = links.items.iter().find_map(|link| link.virtual_network.gap());
        match unread.or(links.missing.as_ref()) {
            Some(gap) => Fact::Unread(gap.clone()),
            None => Fact::Absent(source),
        }
    })
}
