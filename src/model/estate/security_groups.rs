//! Network security groups, and what they do with the traffic from the cluster to the server.

use super::{Estate, Subnet, item_id};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::RequestKind;
use crate::network_path::{
    Access, AddressSet, AddressTerm, Decision, Direction, PortTerm, Protocol, RuleProtocol,
    SecurityRule, SecurityRules, State, Tags, Traffic,
};
use crate::reader::Node;

/// A network security group (R08).
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// Its rules with where each was read. One that cannot be placed among the others, because its
    /// priority or direction was not read, makes them all unread.
    pub rules: Fact<Vec<(SecurityRule, Source)>>,
}

/// What stands between a subnet and the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// No security group: everything passes.
    None(Source),
    /// A group, and what it does with the traffic on each port.
    Group(SecurityGroup, Vec<(u16, Decision)>),
}

impl SecurityGroup {
    /// Reads a group from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let rules = node.at("properties").object().and_then(|properties, source| {
            let mut rules = Vec::new();
            for field in ["securityRules", "defaultSecurityRules"] {
                let list = match properties.at(field).items_or_none() {
                    Fact::Known(List { items, missing: None }, _) => items,
                    Fact::Known(List { missing: Some(gap), .. }, _) | Fact::Unread(gap) => {
                        return Fact::Unread(gap);
                    }
                    Fact::Absent(_) => Vec::new(),
                };
                for node in list {
                    match security_rule(&node) {
                        Ok(rule) => rules.push((rule, node.source())),
                        Err(gap) => return Fact::Unread(gap),
                    }
                }
            }
            Fact::Known(rules, source)
        });
        Ok(Self { id: item_id(node)?, source: node.source(), rules })
    }

    /// Where a rule was read; a default rule that the answer left out stands for the group.
    pub fn rule_source(&self, name: &str) -> &Source {
        let rules = self.rules.value().into_iter().flatten();
        let mut own = rules.filter(|(rule, _)| rule.name == name);
        own.next().map_or(&self.source, |(_, source)| source)
    }
}

/// One rule. What it matches may stay unknown, its place among the others may not.
fn security_rule(node: &Node<'_>) -> Result<SecurityRule, Gap> {
    let properties = node.at("properties");
    let known = |fact: Fact<String>| fact.value().cloned().unwrap_or_default();
    let direction = match read(properties.at("direction").text())?.to_ascii_lowercase().as_str() {
        "inbound" => Direction::Inbound,
        "outbound" => Direction::Outbound,
        other => {
            let message = format!("the direction {other} of a security rule is not understood");
            return Err(Gap::because(Reason::Unrecognised, message).at(node.resource()));
        }
    };
    let priority = u32::try_from(read(properties.at("priority").integer())?).map_err(|_| {
        let message = "the priority of a security rule is not understood";
        Gap::because(Reason::Unrecognised, message).at(node.resource())
    })?;
    let named = node.at("name").text();
    let name = named.value().cloned().or_else(|| Some(item_id(node).ok()?.name().to_owned()));
    let addresses = |side: &str| {
        let (mut texts, lost) = entries(
            &properties.at(&format!("{side}AddressPrefix")),
            &properties.at(&format!("{side}AddressPrefixes")),
        );
        texts.sort();
        let mut terms = AddressTerm::list(texts.iter().map(String::as_str));
        terms.extend(lost.map(AddressTerm::Unrecognised));
        terms.extend(groups(&properties.at(&format!("{side}ApplicationSecurityGroups"))));
        terms
    };
    let ports = |side: &str| {
        let (mut texts, lost) = entries(
            &properties.at(&format!("{side}PortRange")),
            &properties.at(&format!("{side}PortRanges")),
        );
        texts.sort();
        let mut terms = PortTerm::list(texts.iter().map(String::as_str));
        terms.extend(lost.map(PortTerm::Unrecognised));
        terms
    };
    Ok(SecurityRule {
        name: name.unwrap_or_else(|| format!("the rule of priority {priority}")),
        priority,
        direction,
        access: Access::parse(&known(properties.at("access").text())),
        protocol: RuleProtocol::parse(&known(properties.at("protocol").text())),
        sources: addresses("source"),
        source_ports: ports("source"),
        destinations: addresses("destination"),
        destination_ports: ports("destination"),
    })
}

fn read<T>(fact: Fact<T>) -> Result<T, Gap> {
    match fact {
        Fact::Known(value, _) => Ok(value),
        Fact::Absent(source) => {
            let message = "a security rule lacks its place among the others";
            Err(Gap::because(Reason::MissingField, message).at(source.resource))
        }
        Fact::Unread(gap) => Err(gap),
    }
}

/// The texts of the singular and the plural field, and what stands for those that were not read.
fn entries(one: &Node<'_>, several: &Node<'_>) -> (Vec<String>, Option<String>) {
    let mut texts = Vec::new();
    let mut lost = None;
    let mut take = |fact: Fact<String>| match fact {
        Fact::Known(text, _) => texts.push(text),
        Fact::Absent(_) => {}
        Fact::Unread(gap) => lost = Some(gap.message),
    };
    take(one.or_none(Node::text));
    match several.items_or_none() {
        Fact::Known(list, _) => list.items.iter().for_each(|node| take(node.text())),
        Fact::Absent(_) => {}
        Fact::Unread(gap) => take(Fact::Unread(gap)),
    }
    (texts, lost)
}

/// The application security groups of a side: their members are not known.
fn groups(node: &Node<'_>) -> Vec<AddressTerm> {
    let mut terms: Vec<AddressTerm> = match node.items_or_none() {
        Fact::Known(list, _) => {
            let term = |own: &Node<'_>| match own.at("id").text() {
                Fact::Known(id, _) => AddressTerm::ApplicationSecurityGroup(id),
                Fact::Absent(_) | Fact::Unread(_) => {
                    AddressTerm::Unrecognised("a group without an id".to_owned())
                }
            };
            list.items.iter().map(term).collect()
        }
        Fact::Absent(_) => Vec::new(),
        Fact::Unread(gap) => vec![AddressTerm::Unrecognised(gap.message)],
    };
    terms.sort_by_key(|term| format!("{term:?}"));
    terms
}

impl Estate<'_> {
    /// A network security group by its id: from the subscription's list, else from a read of its
    /// own. A subnet names none that does not exist, so one that is not found is not understood.
    pub fn security_group(&self, id: &ArmId) -> Fact<SecurityGroup> {
        let kinds = (RequestKind::NetworkSecurityGroups, RequestKind::NetworkSecurityGroup);
        match self.listed_or_read(kinds, id, SecurityGroup::read) {
            Fact::Absent(_) => Fact::Unread(
                Gap::because(Reason::Unrecognised, format!("{} is not found", id.name()))
                    .at(id.as_str()),
            ),
            group => group,
        }
    }

    /// What the security group of a subnet does with TCP traffic to the database's ports.
    ///
    /// `VirtualNetwork` is taken to hold both ends: each lies in one of the two networks, and
    /// whether these are peered is the question of others (NET004–NET008).
    pub fn filter(
        &self,
        subnet: &Subnet,
        direction: Direction,
        sources: &AddressSet,
        destinations: &AddressSet,
    ) -> Fact<Filter> {
        let group = match &subnet.network_security_group {
            Fact::Known(id, _) => self.security_group(id),
            Fact::Absent(source) => {
                return Fact::Known(Filter::None(source.clone()), source.clone());
            }
            Fact::Unread(gap) => return Fact::Unread(gap.clone()),
        };
        group.and_then(|group, source| {
            let rules = match &group.rules {
                Fact::Known(rules, _) => rules.iter().map(|(rule, _)| rule.clone()).collect(),
                Fact::Absent(_) => Vec::new(),
                Fact::Unread(gap) => return Fact::Unread(gap.clone()),
            };
            let rules = SecurityRules::new(rules);
            let tags = Tags::of(Some(sources.union(destinations)));
            let decide = |port: &u16| {
                let traffic = Traffic {
                    direction,
                    protocol: Protocol::Tcp,
                    sources: sources.clone(),
                    destinations: destinations.clone(),
                    destination_port: *port,
                };
                (*port, rules.decide(&traffic, &tags))
            };
            let decisions = self.deployment.network.database_ports.iter().map(decide).collect();
            Fact::Known(Filter::Group(group, decisions), source)
        })
    }
}

impl Filter {
    /// The filter as a hop of a path.
    pub fn state(&self) -> State {
        match self {
            Self::None(_) => State::Open,
            Self::Group(_, decisions) => State::all(decisions.iter().map(|(_, own)| own.state())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    fn group(rule: Value) -> SecurityGroup {
        let body = json!({"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/networkSecurityGroups/n", "properties": {"securityRules": [{"name": "own", "properties": rule}]}});
        SecurityGroup::read(&Node::root(&body, "", Arc::default())).unwrap()
    }

    #[test]
    fn a_rule_out_of_place_makes_the_group_unread() {
        for rule in [
            json!({"direction": "Inbound"}),
            json!({"priority": 100}),
            json!({"priority": -1, "direction": "Inbound"}),
            json!({"priority": 100, "direction": "Sideways"}),
        ] {
            assert!(group(rule.clone()).rules.gap().is_some(), "{rule}");
        }
    }

    #[test]
    fn both_spellings_of_a_field_count() {
        let group = group(json!({
            "priority": 100, "direction": "inbound", "access": "Allow", "protocol": "tcp",
            "sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.0.0/24", "10.1.0.0/24"],
            "sourcePortRange": "*", "destinationPortRange": "5432", "destinationPortRanges": ["80"],
            "destinationAddressPrefix": 5,
        }));
        let (rule, _) = &group.rules.value().unwrap()[0];
        assert_eq!(rule.sources, AddressTerm::list(["10.0.0.0/24", "10.1.0.0/24"]));
        assert_eq!(rule.destination_ports, PortTerm::list(["5432", "80"]));
        assert_eq!(rule.destinations, [AddressTerm::Unrecognised("5".to_owned())]);
    }

    #[test]
    fn what_a_rule_does_not_say_is_not_known() {
        let group = group(
            json!({"priority": 100, "direction": "Inbound", "sourceApplicationSecurityGroups": [{"id": "/asg"}], "sourceAddressPrefixes": {}}),
        );
        let (rule, _) = &group.rules.value().unwrap()[0];
        assert!(matches!(rule.access, Access::Unrecognised(_)));
        assert!(matches!(rule.protocol, RuleProtocol::Unrecognised(_)));
        assert_eq!(rule.sources.len(), 2);
        assert!(rule.destinations.is_empty());
    }
}
