//! Virtual networks with their subnets and peerings, security groups, route tables and private
//! endpoints.

use serde_json::{Value, json};
use vaudit_model::estate::{Peering, RouteTable, SecurityGroup, Subnet, VirtualNetwork};
use vaudit_model::network_path::Extent;
use vaudit_model::{ArmId, Fact, List, Request, RequestKind};

use super::key;
use crate::comparison::{Comparison, Field, by_id};
use crate::naive::Naive::{By, In, May, Must};
use crate::naive::Shape::{Flag, Id, Text};
use crate::naive::{LOST, array, joined, look, prefixes};
use crate::shown::show;
use crate::world::World;

const NETWORK: &[Field<VirtualNetwork>] = &[
    Field(
        "address space",
        By(|own| space(look(own, "properties/addressSpace/addressPrefixes"))),
        |own| show(&own.address_space),
    ),
    Field(
        "DNS servers",
        In("properties", &By(|own| texts(array(own, "dhcpOptions/dnsServers")))),
        |own| show(&own.dns_servers),
    ),
    Field("subnets", In("properties", &By(|own| array(own, "subnets").len().to_string())), |own| {
        show(&own.subnets.clone().map(|list| list.items.len()))
    }),
    Field(
        "peerings",
        In("properties", &By(|own| array(own, "virtualNetworkPeerings").len().to_string())),
        |own| show(&own.peerings.clone().map(|list| list.items.len())),
    ),
];

const SUBNET: &[Field<Subnet>] = &[
    Field("prefixes", In("properties", &By(subnet_prefixes)), |own| show(&own.prefixes)),
    Field("security group", In("properties", &May(Id, "networkSecurityGroup/id")), |own| {
        show(&own.network_security_group)
    }),
    Field("route table", In("properties", &May(Id, "routeTable/id")), |own| show(&own.route_table)),
    Field("delegations", In("properties", &By(delegations)), |own| show(&own.delegations)),
    Field("service endpoints", In("properties", &By(service_endpoints)), |own| {
        show(&own.service_endpoints.clone().map(|list| {
            list.map(|own| {
                let locations = show(&own.locations);
                format!("{} in {locations} is {}", show(&own.service), show(&own.state))
            })
        }))
    }),
    Field("occupants", In("properties", &By(occupants)), |own| {
        show(&own.occupants.clone().map(|list| list.items.len()))
    }),
];

const PEERING: &[Field<Peering>] = &[
    Field("remote", Must(Id, "properties/remoteVirtualNetwork/id"), |own| show(&own.remote)),
    Field("state", Must(Text, "properties/peeringState"), |own| show(&own.state)),
    Field("provisioning", May(Text, "properties/provisioningState"), |own| {
        show(&own.provisioning_state)
    }),
    Field("allows access", Must(Flag, "properties/allowVirtualNetworkAccess"), |own| {
        show(&own.terms.allows_access)
    }),
    Field("sync level", May(Text, "properties/peeringSyncLevel"), |own| {
        show(&own.terms.sync_level)
    }),
    Field(
        "peered space",
        By(|own| space(look(own, "properties/remoteAddressSpace/addressPrefixes"))),
        |own| show(&own.terms.peered_space),
    ),
    Field(
        "current space",
        By(|own| space(look(own, "properties/remoteVirtualNetworkAddressSpace/addressPrefixes"))),
        |own| show(&own.terms.current_space),
    ),
    Field("is complete", By(is_complete), |own| {
        (own.terms.extent().value() == Some(&Extent::Complete)).to_string()
    }),
    Field("IPv6 only", May(Flag, "properties/enableOnlyIPv6Peering"), |own| {
        show(&own.terms.ipv6_only)
    }),
];

const GROUP: &[Field<SecurityGroup>] = &[Field("rules", By(rules), |own| {
    show(&own.rules.clone().map(|rules| {
        rules.iter().map(|(rule, _)| format!("{} {}", rule.priority, rule.name)).collect::<Vec<_>>()
    }))
})];

const TABLE: &[Field<RouteTable>] =
    &[Field("routes", By(|own| names(own, "properties/routes")), |own| {
        show(
            &own.routes
                .clone()
                .map(|routes| routes.iter().map(|own| own.route.name.clone()).collect::<Vec<_>>()),
        )
    })];

/// The prefixes of an address space.
fn space(list: &Value) -> String {
    let texts: Vec<&str> =
        list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    prefixes(&texts)
}

fn subnet_prefixes(subnet: &Value) -> String {
    let mut all = array(subnet, "addressPrefixes");
    all.push(look(subnet, "addressPrefix"));
    let texts: Vec<&str> = all.into_iter().filter_map(Value::as_str).collect();
    prefixes(&texts)
}

fn texts(list: Vec<&Value>) -> String {
    joined(list.iter().filter_map(|own| Some(own.as_str()?.to_owned())).collect())
}

fn names(resource: &Value, path: &str) -> String {
    let all = array(resource, path);
    joined(all.iter().filter_map(|own| Some(look(own, "name").as_str()?.to_owned())).collect())
}

fn delegations(subnet: &Value) -> String {
    let all = array(subnet, "delegations");
    joined(all.iter().map(|own| Must(Text, "properties/serviceName").of(own)).collect())
}

fn service_endpoints(subnet: &Value) -> String {
    let told = array(subnet, "serviceEndpoints").into_iter().map(|own| {
        let locations = match look(own, "locations") {
            Value::Array(_) => texts(array(own, "locations")),
            _ => LOST.to_owned(),
        };
        let (service, state) =
            (Must(Text, "service").of(own), Must(Text, "provisioningState").of(own));
        format!("{service} in {locations} is {state}")
    });
    joined(told.collect())
}

fn occupants(subnet: &Value) -> String {
    let lists = ["ipConfigurations", "privateEndpoints", "delegations", "serviceAssociationLinks"];
    let count = |list: &&str| array(subnet, list).len();
    lists.iter().map(count).sum::<usize>().to_string()
}

fn is_complete(peering: &Value) -> String {
    (look(peering, "properties/peerCompleteVnets") != false).to_string()
}

fn rules(group: &Value) -> String {
    let lists = ["properties/securityRules", "properties/defaultSecurityRules"];
    let all = lists.iter().flat_map(|list| array(group, list));
    let told = all
        .map(|own| format!("{} {}", look(own, "properties/priority"), Must(Text, "name").of(own)));
    joined(told.collect())
}

/// The networks of an answer, and what lies in them.
fn networks(
    comparison: &mut Comparison<'_>,
    raw: &[(String, &Value)],
    read: &Fact<List<VirtualNetwork>>,
) {
    let pairs = comparison.list((raw, read), (by_id, |own| key(&own.id)), NETWORK);
    for (name, raw, own) in pairs {
        children(
            comparison,
            &format!("{name}subnets/"),
            array(raw, "properties/subnets"),
            &own.subnets,
            |own| key(&own.id),
            SUBNET,
        );
        let listed = array(raw, "properties/virtualNetworkPeerings");
        children(
            comparison,
            &format!("{name}peerings/"),
            listed,
            &own.peerings,
            |own| key(&own.id),
            PEERING,
        );
    }
}

fn children<T>(
    comparison: &mut Comparison<'_>,
    name: &str,
    raw: Vec<&Value>,
    read: &Fact<List<T>>,
    key: fn(&T) -> String,
    fields: &[Field<T>],
) {
    let raw: Vec<(String, &Value)> =
        raw.into_iter().enumerate().map(|(index, own)| (format!("{name}{index}/"), own)).collect();
    if !raw.is_empty() {
        comparison.list((&raw, read), (by_id, key), fields);
    }
}

pub(super) fn virtual_networks(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let raw = exchange.items();
    if exchange.body.get("value").is_some() {
        let world = World::around(exchange);
        let request = Request::arm(RequestKind::VirtualNetworks, &world.subscription());
        let world = world.answering(&request);
        let read = world.estate().virtual_networks();
        networks(comparison, &raw, &read);
        comparison.completeness(&read, comparison.names_all(by_id), false);
        return;
    }
    let id = exchange.id();
    let world = World::around(exchange).answering(&Request::arm(RequestKind::VirtualNetwork, &id));
    let read = world.estate().virtual_network(&id).map(|own| List::complete(vec![own]));
    networks(comparison, &raw, &read);
}

/// The network that holds what the exchange shows of its children.
fn network_around(comparison: &Comparison<'_>, field: &str) -> Value {
    let exchange = comparison.exchange;
    let levels = if exchange.body.get("value").is_some() { 1 } else { 2 };
    let children: Vec<&Value> = exchange.items().into_iter().map(|(_, own)| own).collect();
    json!({"id": exchange.place.parent(levels), "properties": {field: children}})
}

/// Children are shown inside their network, where a run meets them.
fn inside<T>(
    comparison: &mut Comparison<'_>,
    field: &str,
    of: fn(VirtualNetwork) -> Fact<List<T>>,
    key: fn(&T) -> String,
    fields: &[Field<T>],
) {
    let exchange = comparison.exchange;
    let network = network_around(comparison, field);
    let world = World::around(exchange);
    let request = Request::arm(RequestKind::VirtualNetworks, &world.subscription());
    let world = world.answering_with(&request, &json!({"value": [network]}));
    let read = world.estate().virtual_networks().and_then(|mut list, _| of(list.items.remove(0)));
    comparison.list((&exchange.items(), &read), (by_id, key), fields);
}

pub(super) fn subnets(comparison: &mut Comparison<'_>) {
    inside(comparison, "subnets", |own| own.subnets, |own| key(&own.id), SUBNET);
}

pub(super) fn peerings(comparison: &mut Comparison<'_>) {
    inside(comparison, "virtualNetworkPeerings", |own| own.peerings, |own| key(&own.id), PEERING);
}

pub(super) fn security_groups(comparison: &mut Comparison<'_>) {
    for (name, raw) in comparison.exchange.each() {
        let id = comparison.exchange.id();
        let request = Request::arm(RequestKind::NetworkSecurityGroup, &id);
        let world = World::around(comparison.exchange).answering_with(&request, raw);
        let node = world.snapshot().resource(&request);
        let read = node.and_then(|node, source| match SecurityGroup::read(&node) {
            Ok(own) => Fact::Known(own, source),
            Err(gap) => Fact::Unread(gap),
        });
        comparison.fact(&name, raw, &read, GROUP);
    }
}

pub(super) fn route_tables(comparison: &mut Comparison<'_>) {
    for (name, raw) in comparison.exchange.each() {
        let id = comparison.exchange.id();
        let request = Request::arm(RequestKind::RouteTable, &id);
        let world = World::around(comparison.exchange).answering_with(&request, raw);
        let node = world.snapshot().resource(&request);
        let read = node.and_then(|node, source| match RouteTable::read(&node) {
            Ok(own) => Fact::Known(own, source),
            Err(gap) => Fact::Unread(gap),
        });
        comparison.fact(&name, raw, &read, TABLE);
    }
}

/// A private endpoint as that of a server: what matters is the subnet it lies in.
pub(super) fn private_endpoints(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    for (name, raw) in exchange.each() {
        let id = look(raw, "id").as_str().and_then(|id| ArmId::parse(id).ok());
        let id = id.unwrap_or_else(|| exchange.id());
        let server = ArmId::resource_group_scope("s", "g")
            .resource("Microsoft.DBforPostgreSQL/flexibleServers", "server");
        let connection = json!({
            "privateEndpoint": {"id": id.as_str()},
            "privateLinkServiceConnectionState": {"status": "Approved"},
        });
        let properties =
            json!({"network": {}, "privateEndpointConnections": [{"properties": connection}]});
        let world = World::around(exchange)
            .with_server(&server, &properties)
            .answering_with(&Request::arm(RequestKind::PrivateEndpoint, &id), raw);
        let read = world.estate().postgres_subnet_id();
        comparison.fact(&name, raw, &read, ENDPOINT);
    }
}

const ENDPOINT: &[Field<ArmId>] =
    &[Field("subnet", Must(Id, "properties/subnet/id"), |own| own.key().to_owned())];
