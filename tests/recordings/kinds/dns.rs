//! Private DNS zones, their virtual network links and records.

use serde_json::{Value, json};
use vaudit_model::ArmId;
use vaudit_model::estate::{AddressRecord, PrivateDnsZone, VirtualNetworkLink};
use vaudit_model::{Request, RequestKind};

use super::{key, listed};
use crate::comparison::{Comparison, Field, by_id};
use crate::naive::Naive::{By, Must};
use crate::naive::Shape::{Flag, Id, Text};
use crate::naive::{array, joined, look, name};
use crate::shown::show;
use crate::world::World;

const ZONE: &[Field<PrivateDnsZone>] = &[
    Field("zone name", By(name), |own| own.name.clone()),
    Field("provisioning", Must(Text, "properties/provisioningState"), |own| {
        show(&own.provisioning_state)
    }),
];

const LINK: &[Field<VirtualNetworkLink>] = &[
    Field("network", Must(Id, "properties/virtualNetwork/id"), |own| show(&own.virtual_network)),
    Field("registers", Must(Flag, "properties/registrationEnabled"), |own| {
        show(&own.registration_enabled)
    }),
    Field("state", Must(Text, "properties/virtualNetworkLinkState"), |own| show(&own.state)),
    Field("provisioning", Must(Text, "properties/provisioningState"), |own| {
        show(&own.provisioning_state)
    }),
];

const RECORD: &[Field<AddressRecord>] = &[
    Field("registered", Must(Flag, "properties/isAutoRegistered"), |own| {
        show(&own.auto_registered)
    }),
    Field("addresses", By(addresses), |own| {
        show(&own.addresses.clone().map(|list| list.map(|address| address.to_string())))
    }),
];

fn addresses(record: &Value) -> String {
    let all = array(record, "properties/aRecords");
    joined(all.iter().map(|own| Must(Text, "ipv4Address").of(own)).collect())
}

/// A world in which the server's zone is this one.
fn beside_zone<'e>(comparison: &Comparison<'e>, zone: &ArmId) -> World<'e> {
    let server = ArmId::resource_group_scope("s", "g")
        .resource("Microsoft.DBforPostgreSQL/flexibleServers", "server");
    let network = json!({"network": {"privateDnsZoneArmResourceId": zone.as_str()}});
    World::around(comparison.exchange).with_server(&server, &network)
}

pub(super) fn zones(comparison: &mut Comparison<'_>) {
    for (name, raw) in comparison.exchange.each() {
        let told = look(raw, "id").as_str().and_then(|id| ArmId::parse(id).ok());
        let id = told.unwrap_or_else(|| comparison.exchange.id());
        let request = Request::arm(RequestKind::PrivateDnsZone, &id);
        let world = beside_zone(comparison, &id).answering_with(&request, raw);
        comparison.fact(&name, raw, &world.estate().server_zone(), ZONE);
    }
}

/// The zone above a list of its children, or above one of them.
fn zone_of(comparison: &Comparison<'_>) -> ArmId {
    let exchange = comparison.exchange;
    let levels = if exchange.body.get("value").is_some() { 1 } else { 2 };
    ArmId::parse(&exchange.place.parent(levels)).unwrap_or_else(|_| exchange.id())
}

pub(super) fn links(comparison: &mut Comparison<'_>) {
    let zone = zone_of(comparison);
    let request = Request::arm(RequestKind::VirtualNetworkLinks, &zone);
    let body = listed(&comparison.exchange.body);
    let world = beside_zone(comparison, &zone).answering_with(&request, &body);
    let read = world.estate().zone_links().clone();
    let raw = comparison.exchange.items();
    comparison.list((&raw, &read), (by_id, |own| key(&own.id)), LINK);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}

/// Only records of addresses count; the others are passed over.
pub(super) fn records(comparison: &mut Comparison<'_>) {
    let zone = zone_of(comparison);
    let request = Request::arm(RequestKind::RecordSets, &zone);
    let body = listed(&comparison.exchange.body);
    let world = beside_zone(comparison, &zone).answering_with(&request, &body);
    let read = world.estate().address_records();
    let mut raw = comparison.exchange.items();
    raw.retain(|(_, own)| !look(own, "properties/aRecords").is_null());
    comparison.list((&raw, &read), (by_id, |own| key(&own.id)), RECORD);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}
