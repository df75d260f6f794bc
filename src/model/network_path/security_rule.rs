//! The rules of network security groups, as Azure writes them, and what their service tags mean.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::address::{AddressSet, Prefix};
use super::port::PortTerm;

/// One rule of a network security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityRule {
    /// `name`, by which results cite it.
    pub name: String,
    /// `properties.priority`: 100–4096 for users' rules, 65000 and above for the default ones.
    pub priority: u32,
    /// `properties.direction`.
    pub direction: Direction,
    /// `properties.access`.
    pub access: Access,
    /// `properties.protocol`.
    pub protocol: RuleProtocol,
    /// `sourceAddressPrefix(es)` and `sourceApplicationSecurityGroups`. An empty list was not
    /// understood, and may match anything; so for the other lists.
    pub sources: Vec<AddressTerm>,
    /// `sourcePortRange(s)`.
    pub source_ports: Vec<PortTerm>,
    /// `destinationAddressPrefix(es)` and `destinationApplicationSecurityGroups`.
    pub destinations: Vec<AddressTerm>,
    /// `destinationPortRange(s)`.
    pub destination_ports: Vec<PortTerm>,
}

/// Which way traffic goes, seen from the subnet that has the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the subnet.
    Inbound,
    /// Out of the subnet.
    Outbound,
}

/// What a rule does with what it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Lets it through.
    Allow,
    /// Drops it.
    Deny,
    /// A word that is neither.
    Unrecognised(String),
}

impl Access {
    /// Reads `properties.access`, in any case.
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "allow" => Self::Allow,
            "deny" => Self::Deny,
            _ => Self::Unrecognised(text.to_owned()),
        }
    }
}

/// The protocol of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// The protocol a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleProtocol {
    /// `*`.
    Any,
    /// One that traffic may have.
    One(Protocol),
    /// `Icmp`, `Icmpv6`, `Esp` or `Ah`: neither TCP nor UDP.
    Portless,
    /// A word that is none of these, and may mean any of them.
    Unrecognised(String),
}

impl RuleProtocol {
    /// Reads `properties.protocol`, in any case.
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "*" => Self::Any,
            "tcp" => Self::One(Protocol::Tcp),
            "udp" => Self::One(Protocol::Udp),
            "icmp" | "icmpv6" | "esp" | "ah" => Self::Portless,
            _ => Self::Unrecognised(text.to_owned()),
        }
    }
}

/// One entry of the sources or destinations of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressTerm {
    /// `*`.
    Any,
    /// An address or prefix.
    Prefix(Prefix),
    /// A service tag, such as `VirtualNetwork` or `Storage.WestEurope`.
    ServiceTag(String),
    /// An application security group, by its id: the members are network interfaces.
    ApplicationSecurityGroup(String),
    /// Something else, which might mean any address.
    Unrecognised(String),
}

impl AddressTerm {
    /// Reads one entry of an address field.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Self::Any;
        }
        if let Ok(prefix) = Prefix::parse(text) {
            return Self::Prefix(prefix);
        }
        if super::is_tag_like(text) {
            return Self::ServiceTag(text.to_owned());
        }
        Self::Unrecognised(text.to_owned())
    }

    /// Reads the singular and the plural field of a rule together: Azure means both.
    pub fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        super::entries(texts).map(Self::parse).collect()
    }
}

/// What service tags mean to one subnet.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    virtual_network: Option<AddressSet>,
    others: BTreeMap<String, AddressSet>,
}

impl Tags {
    /// The tags of a subnet whose `VirtualNetwork` is this; `None` when it is not known.
    ///
    /// Azure counts the network's own space, the spaces peered with it, what lies behind its
    /// gateways, and the prefixes of the subnet's own routes: with a route for `0.0.0.0/0` the tag
    /// means every address.
    pub fn of(virtual_network: Option<AddressSet>) -> Self {
        Self { virtual_network, others: BTreeMap::new() }
    }

    /// The same, knowing the addresses of one more tag.
    #[must_use]
    pub fn with(mut self, tag: &str, addresses: AddressSet) -> Self {
        self.others.insert(tag_key(tag), addresses);
        self
    }

    /// The addresses a tag stands for, if they are known.
    pub fn addresses(&self, tag: &str) -> Option<AddressSet> {
        let key = tag_key(tag);
        if let Some(addresses) = self.others.get(&key) {
            return Some(addresses.clone());
        }
        match key.as_str() {
            "virtualnetwork" => self.virtual_network.clone(),
            // To Azure all is Internet that is not the virtual network, but for its own host.
            "internet" => {
                let own = self.virtual_network.as_ref()?.union(&health_probes());
                Some(AddressSet::everything().difference(&own))
            }
            "azureloadbalancer" => Some(health_probes()),
            _ => None,
        }
    }
}

/// The address of the host, which health probes come from: the same in every region.
fn health_probes() -> AddressSet {
    AddressSet::from(Prefix::address(Ipv4Addr::new(168, 63, 129, 16).into()))
}

/// Tags are compared case-blind; the classic spelling was `VIRTUAL_NETWORK`.
pub(super) fn tag_key(tag: &str) -> String {
    tag.trim().replace('_', "").to_ascii_lowercase()
}

/// The rules every group ends with, as portal and documentation list them.
pub(super) fn default_rules() -> Vec<SecurityRule> {
    let rule = |name: &str, priority, direction, access, source: &str, destination: &str| {
        let all_ports = || vec![PortTerm::Range(0, u16::MAX)];
        SecurityRule {
            name: name.to_owned(),
            priority,
            direction,
            access,
            protocol: RuleProtocol::Any,
            sources: vec![AddressTerm::parse(source)],
            source_ports: all_ports(),
            destinations: vec![AddressTerm::parse(destination)],
            destination_ports: all_ports(),
        }
    };
    let (inbound, outbound) = (Direction::Inbound, Direction::Outbound);
    let (vnet, probes) = ("VirtualNetwork", "AzureLoadBalancer");
    vec![
        rule("AllowVnetInBound", 65000, inbound, Access::Allow, vnet, vnet),
        rule("AllowAzureLoadBalancerInBound", 65001, inbound, Access::Allow, probes, "*"),
        rule("DenyAllInBound", 65500, inbound, Access::Deny, "*", "*"),
        rule("AllowVnetOutBound", 65000, outbound, Access::Allow, vnet, vnet),
        rule("AllowInternetOutBound", 65001, outbound, Access::Allow, "*", "Internet"),
        rule("DenyAllOutBound", 65500, outbound, Access::Deny, "*", "*"),
    ]
}
