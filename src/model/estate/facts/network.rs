//! Facts of the two virtual networks, their subnets, peerings, security groups and routes.

use super::value::{Comparable, first_gap};
use super::{EstateFacts, Facts};
use crate::arm_id::ArmId;
use crate::estate::{Estate, Peering, SecurityGroup, Subnet, VirtualNetwork};
use crate::fact::{Fact, List};
use crate::network_path::{
    Access, AddressSet, AddressTerm, Direction, PortSet, PortTerm, Protocol, RuleProtocol,
};

const NETWORKS: [&str; 2] = ["the AKS network", "the PostgreSQL network"];
const GROUPS: &str = "the security groups";
const TABLES: &str = "the route tables";
/// From this priority on the rules are Azure's own, the same in every group.
const FIRST_DEFAULT: u32 = 65_000;
/// What is asked when a network names no resolver.
const AZURE_RESOLVER: &str = "168.63.129.16";

impl EstateFacts {
    pub(super) fn networks(&mut self, estate: &Estate<'_>) {
        let own = [estate.aks_vnet(), estate.postgres_vnet()];
        for (name, vnet) in NETWORKS.into_iter().zip(own) {
            if let Some((vnet, _)) = self.one(name, vnet.clone()) {
                self.network(name, &vnet);
            }
        }
        // Groups and tables are found through the subnets.
        let lost = first_gap(
            own.into_iter()
                .flat_map(|vnet| [vnet.gap(), vnet.value().and_then(|vnet| vnet.subnets.gap())]),
        );
        self.note(GROUPS, lost.clone());
        self.note(TABLES, lost);
        let subnets = estate.traffic_subnets();
        for id in referenced(&subnets, |subnet| &subnet.network_security_group) {
            if let Some((group, _)) = self.one(GROUPS, estate.security_group(&id)) {
                self.security_group(&group);
            }
        }
        for id in referenced(&subnets, |subnet| &subnet.route_table) {
            let Some((table, _)) = self.one(TABLES, estate.route_table(&id)) else { continue };
            self.arm("route table", TABLES, &table.id, &table.source);
            let list = format!("the routes of {}", table.id.name());
            let routes = match &table.routes {
                Fact::Known(routes, _) => routes.clone(),
                Fact::Absent(_) => Vec::new(),
                Fact::Unread(gap) => {
                    self.note(&list, Some(gap.clone()));
                    continue;
                }
            };
            self.note(&list, None);
            for own in routes {
                let id = table.id.child("routes", &own.route.name);
                let value = |text: String| Fact::Known(Comparable::text(&text), own.source.clone());
                self.resource(
                    "route",
                    &list,
                    id.key().to_owned(),
                    own.route.name,
                    own.source.clone(),
                )
                .fact("addressPrefix", value(own.route.target.to_string()))
                .fact("nextHopType", value(own.route.next_hop.to_string()));
            }
        }
    }

    fn network(&mut self, name: &str, vnet: &VirtualNetwork) {
        let resolvers = match &vnet.dns_servers {
            Fact::Absent(source) => Fact::Known(List::complete(Vec::new()), source.clone()),
            told => told.clone(),
        };
        let resolvers = resolvers.map(|list| match list.items.as_slice() {
            [] => List { items: vec![AZURE_RESOLVER.to_owned()], missing: list.missing },
            _ => list,
        });
        self.arm("virtual network", name, &vnet.id, &vnet.source)
            .addresses("addressSpace.addressPrefixes", &vnet.address_space)
            .texts("dhcpOptions.dnsServers", &resolvers);
        let list = format!("the subnets of {}", vnet.id.name());
        for subnet in self.list(&list, vnet.subnets.clone()) {
            self.subnet(&list, &subnet);
        }
        let list = format!("the peerings of {}", vnet.id.name());
        for peering in self.list(&list, vnet.peerings.clone()) {
            self.peering(&list, &peering);
        }
    }

    fn subnet(&mut self, list: &str, subnet: &Subnet) {
        self.arm("subnet", list, &subnet.id, &subnet.source)
            .addresses("addressPrefix", &subnet.prefixes)
            .id("networkSecurityGroup", &subnet.network_security_group)
            .id("routeTable", &subnet.route_table)
            .each("delegations", &subnet.delegations, Clone::clone)
            .each("serviceEndpoints", &subnet.service_endpoints, |own| own.service.clone());
    }

    fn peering(&mut self, list: &str, peering: &Peering) {
        let terms = &peering.terms;
        self.arm("peering", list, &peering.id, &peering.source)
            .id("remoteVirtualNetwork", &peering.remote)
            .text("peeringState", &peering.state)
            .if_told("peeringSyncLevel", &terms.sync_level, Facts::text)
            .flag("allowVirtualNetworkAccess", &terms.allows_access)
            .if_told("peerCompleteVnets", &terms.complete, Facts::flag)
            .flag("enableOnlyIPv6Peering", &terms.ipv6_only)
            .addresses("remoteAddressSpace", &terms.peered_space)
            .addresses("remoteVirtualNetworkAddressSpace", &terms.current_space)
            .texts("localSubnetNames", &terms.local_subnets)
            .texts("remoteSubnetNames", &terms.remote_subnets);
    }

    fn security_group(&mut self, group: &SecurityGroup) {
        self.arm("security group", GROUPS, &group.id, &group.source);
        let list = format!("the rules of {}", group.id.name());
        let rules = match &group.rules {
            Fact::Known(rules, _) => rules.as_slice(),
            Fact::Absent(_) => &[],
            Fact::Unread(gap) => {
                self.note(&list, Some(gap.clone()));
                return;
            }
        };
        self.note(&list, None);
        for (rule, source) in rules.iter().filter(|(rule, _)| rule.priority < FIRST_DEFAULT) {
            let id = group.id.child("securityRules", &rule.name);
            let value = |told: Comparable| Fact::Known(told, source.clone());
            let word = |text: &str| value(Comparable::text(text));
            self.resource(
                "security rule",
                &list,
                id.key().to_owned(),
                rule.name.clone(),
                source.clone(),
            )
            .fact("priority", word(&rule.priority.to_string()))
            .fact("direction", word(direction(rule.direction)))
            .fact("access", word(access(&rule.access)))
            .fact("protocol", word(protocol(&rule.protocol)))
            .fact("sourceAddressPrefixes", value(addresses(&rule.sources)))
            .fact("sourcePortRanges", value(ports(&rule.source_ports)))
            .fact("destinationAddressPrefixes", value(addresses(&rule.destinations)))
            .fact("destinationPortRanges", value(ports(&rule.destination_ports)));
        }
    }
}

fn referenced(subnets: &[Subnet], of: fn(&Subnet) -> &Fact<ArmId>) -> Vec<ArmId> {
    let mut ids: Vec<ArmId> =
        subnets.iter().filter_map(|subnet| of(subnet).value().cloned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
    }
}

fn access(access: &Access) -> &str {
    match access {
        Access::Allow => "Allow",
        Access::Deny => "Deny",
        Access::Unrecognised(text) => text,
    }
}

fn protocol(protocol: &RuleProtocol) -> &str {
    match protocol {
        RuleProtocol::Any => "*",
        RuleProtocol::One(Protocol::Tcp) => "Tcp",
        RuleProtocol::One(Protocol::Udp) => "Udp",
        RuleProtocol::Portless => "neither Tcp nor Udp",
        RuleProtocol::Unrecognised(text) => text,
    }
}

/// The addresses of a rule: prefixes as the set they make, the rest by name.
fn addresses(terms: &[AddressTerm]) -> Comparable {
    let prefixes = terms.iter().filter_map(|term| match term {
        AddressTerm::Prefix(prefix) => Some(*prefix),
        _ => None,
    });
    let set = AddressSet::from_iter(prefixes);
    let named = terms.iter().filter_map(|term| match term {
        AddressTerm::Any => Some("*"),
        AddressTerm::Prefix(_) => None,
        AddressTerm::ServiceTag(text)
        | AddressTerm::ApplicationSecurityGroup(text)
        | AddressTerm::Unrecognised(text) => Some(text.as_str()),
    });
    let set = (!set.is_empty()).then(|| Comparable::text(&set.to_string()));
    Comparable::several(named.map(Comparable::text).chain(set))
}

/// The ports of a rule, in the same way.
fn ports(terms: &[PortTerm]) -> Comparable {
    let ranges = terms.iter().filter_map(|term| match term {
        PortTerm::Range(first, last) => Some(PortSet::range(*first, *last)),
        PortTerm::Unrecognised(_) => None,
    });
    let set = ranges.reduce(|own, other| own.union(&other));
    let named = terms.iter().filter_map(|term| match term {
        PortTerm::Range(..) => None,
        PortTerm::Unrecognised(text) => Some(text.as_str()),
    });
    let set = set.map(|set| Comparable::text(&set.to_string()));
    Comparable::several(named.map(Comparable::text).chain(set))
}
