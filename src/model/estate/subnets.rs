//! What lives in a subnet, and which addresses it has.

use super::network::Subnet;
use super::prefixes::addresses;
use crate::fact::{Fact, List, Source};
use crate::network_path::AddressSet;
use crate::reader::Node;

/// Something that lives in a subnet or has a claim on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupant {
    /// What it is: `network interface`, `private endpoint`, `delegation`, `service association`.
    pub kind: &'static str,
    /// Its name; of a delegation or association the service.
    pub name: String,
    /// Where it is listed.
    pub source: Source,
}

/// The four lists a subnet tells its occupants by; each is left out when it is empty.
pub(super) fn occupants(properties: &Node<'_>) -> List<Occupant> {
    let mut list = List::complete(Vec::new());
    for (field, kind) in [
        ("ipConfigurations", "network interface"),
        ("privateEndpoints", "private endpoint"),
        ("delegations", "delegation"),
        ("serviceAssociationLinks", "service association"),
    ] {
        match properties.at(field).items_or_none() {
            Fact::Known(found, _) => {
                list.items.extend(found.items.iter().map(|node| Occupant {
                    kind,
                    name: name(node),
                    source: node.source(),
                }));
                list.missing = list.missing.or(found.missing);
            }
            Fact::Absent(_) => {}
            Fact::Unread(gap) => list.missing = list.missing.or(Some(gap)),
        }
    }
    list
}

/// What an occupant is called: an item that names nothing is an occupant all the same.
fn name(node: &Node<'_>) -> String {
    let properties = node.at("properties");
    let service = ["serviceName", "linkedResourceType"]
        .into_iter()
        .find_map(|field| properties.at(field).text().value().cloned());
    let id = node.at("id").arm_id();
    // An interface is told by its own name, not by that of one of its configurations.
    let own = id.value().map(|id| match id.parent() {
        Some(interface) if id.is_type("Microsoft.Network/networkInterfaces/ipConfigurations") => {
            interface.name().to_owned()
        }
        _ => id.name().to_owned(),
    });
    let given = || node.at("name").text().value().cloned();
    service.or(own).or_else(given).unwrap_or_else(|| "one without a name".to_owned())
}

impl Subnet {
    /// Its IPv4 addresses; the server speaks no other.
    pub fn addresses(&self) -> Fact<AddressSet> {
        self.prefixes.as_ref().map(|prefixes| addresses(prefixes).ipv4())
    }
}
