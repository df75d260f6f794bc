//! Storage accounts, their containers and private endpoint connections.

use serde_json::{Value, json};
use vaudit_model::deployment::Selector;
use vaudit_model::estate::{BlobContainer, PrivateEndpointConnection, StorageAccount};
use vaudit_model::{ArmId, Request, RequestKind};

use super::{key, listed, source_key};
use crate::comparison::{Comparison, Field, by_id};
use crate::naive::Naive::{By, In, May, Must};
use crate::naive::Shape::{Flag, Id, Region, Text};
use crate::naive::{LOST, array, joined, look, name};
use crate::shown::show;
use crate::world::World;

/// The firewall; nothing is known of an account that does not say.
const ACLS: &str = "properties/networkAcls";

const ACCOUNT: &[Field<StorageAccount>] = &[
    Field("location", Must(Region, "location"), |own| show(&own.location)),
    Field("primary location", May(Region, "properties/primaryLocation"), |own| {
        show(&own.primary_location)
    }),
    Field("public access", May(Text, "properties/publicNetworkAccess"), |own| {
        show(&own.public_network_access)
    }),
    Field("default action", In(ACLS, &Must(Text, "defaultAction")), |own| {
        show(&own.default_action)
    }),
    Field("network rules", In(ACLS, &By(network_rules)), |own| {
        show(&own.network_rules.clone().map(|list| {
            list.map(|own| {
                format!("{} {} {}", show(&own.subnet), show(&own.action), show(&own.state))
            })
        }))
    }),
    Field("blob endpoint", May(Text, "properties/primaryEndpoints/blob"), |own| {
        show(&own.blob_endpoint)
    }),
    Field("kind", Must(Text, "kind"), |own| show(&own.kind)),
    Field("provisioning", Must(Text, "properties/provisioningState"), |own| {
        show(&own.provisioning_state)
    }),
    Field("status", Must(Text, "properties/statusOfPrimary"), |own| show(&own.status_of_primary)),
    Field("migrates", May(Flag, "properties/accountMigrationInProgress"), |own| {
        show(&own.migration_in_progress)
    }),
    Field("private endpoints", By(connections_of), |own| {
        show(&own.private_endpoints.clone().map(|list| list.map(|own| told(&own))))
    }),
];

const CONTAINER: &[Field<BlobContainer>] = &[
    Field("container name", By(name), |own| own.name.clone()),
    Field("deleted", By(deleted), |own| show(&own.deleted)),
];

const CONNECTION: &[Field<PrivateEndpointConnection>] = &[
    Field("endpoint", Must(Id, "properties/privateEndpoint/id"), |own| show(&own.endpoint)),
    Field("status", Must(Text, STATUS), |own| show(&own.status)),
];

const STATUS: &str = "properties/privateLinkServiceConnectionState/status";

fn network_rules(acls: &Value) -> String {
    let rules = array(acls, "virtualNetworkRules").into_iter().map(|own| {
        let fields = [Must(Id, "id"), Must(Text, "action"), Must(Text, "state")];
        fields.map(|field| field.of(own)).join(" ")
    });
    joined(rules.collect())
}

fn connections_of(account: &Value) -> String {
    if !look(account, "properties/privateEndpointConnections").is_array() {
        return LOST.to_owned();
    }
    let all = array(account, "properties/privateEndpointConnections").into_iter();
    let fields = [Must(Id, "properties/privateEndpoint/id"), Must(Text, STATUS)];
    joined(all.map(|own| fields.map(|field| field.of(own)).join(" ")).collect())
}

fn told(connection: &PrivateEndpointConnection) -> String {
    format!("{} {}", show(&connection.endpoint), show(&connection.status))
}

fn deleted(container: &Value) -> String {
    match look(container, "properties/deleted") {
        Value::Null => "false".to_owned(),
        other => Must(Flag, "deleted").of(&json!({"deleted": other})),
    }
}

pub(super) fn accounts(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    if exchange.body.get("value").is_some() {
        let world = World::around(exchange);
        let group = world.deployment.resource_group_id();
        let world = world.answering(&Request::arm(RequestKind::StorageAccounts, &group));
        let estate = world.estate();
        let read = estate.storage_accounts();
        comparison.list((&exchange.items(), read), (by_id, |own| key(&own.id)), ACCOUNT);
        comparison.completeness(read, comparison.names_all(by_id), false);
        return;
    }
    let id = exchange.id();
    let mut world =
        World::around(exchange).answering(&Request::arm(RequestKind::StorageAccount, &id));
    world.deployment.storage.account = Some(Selector::Id(id));
    comparison.fact("", &exchange.body, world.estate().storage_account(), ACCOUNT);
}

/// A world in which the application's account is this one.
fn beside_account<'e>(comparison: &Comparison<'e>, id: &ArmId, properties: &Value) -> World<'e> {
    let body = json!({"id": id.as_str(), "properties": properties});
    let mut world = World::around(comparison.exchange)
        .beside(&Request::arm(RequestKind::StorageAccount, id), &body);
    world.deployment.storage.account = Some(Selector::Id(id.clone()));
    world
}

/// The account above a resource or a list, which lies so many segments below it.
fn account_of(comparison: &Comparison<'_>, below: usize) -> ArmId {
    let exchange = comparison.exchange;
    let levels = if exchange.body.get("value").is_some() { below - 1 } else { below };
    ArmId::parse(&exchange.place.parent(levels)).unwrap_or_else(|_| exchange.id())
}

pub(super) fn containers(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let account = account_of(comparison, 4);
    let world = beside_account(comparison, &account, &json!({})).answering_with(
        &Request::arm(RequestKind::BlobContainers, &account),
        &listed(&exchange.body),
    );
    let read = world.estate().application_containers();
    comparison.list((&exchange.items(), &read), (by_id, |own| source_key(&own.source)), CONTAINER);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}

/// Connections are shown inside their account, where a run meets them.
pub(super) fn connections(comparison: &mut Comparison<'_>) {
    let account = account_of(comparison, 2);
    for (name, raw) in comparison.exchange.items() {
        let inside = json!({"privateEndpointConnections": [raw]});
        let world = beside_account(comparison, &account, &inside);
        let estate = world.estate();
        let read =
            estate.storage_account().as_ref().and_then(|own, _| own.private_endpoints.clone());
        let read = read.map(|mut list| list.items.remove(0));
        comparison.fact(&name, raw, &read, CONNECTION);
    }
}
