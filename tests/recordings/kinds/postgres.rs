//! Flexible servers, their backups and databases.

use serde_json::{Value, json};
use vaudit_model::deployment::Selector;
use vaudit_model::estate::{Database, PostgresBackup, PostgresServer};
use vaudit_model::{ArmId, Fact, List, Request, RequestKind};

use super::{key, listed, source_key};
use crate::comparison::{Comparison, Field, by_id};
use crate::naive::Naive::{By, In, May, Must};
use crate::naive::Shape::{Id, Instant, Number, Region, Text};
use crate::naive::{LOST, NONE, look, name};
use crate::shown::show;
use crate::world::World;

/// How a server is reached; nothing is known of one that does not say.
const NETWORK: &str = "properties/network";

const SERVER: &[Field<PostgresServer>] = &[
    Field("location", Must(Region, "location"), |own| show(&own.location)),
    Field("version", Must(Text, "properties/version"), |own| show(&own.version)),
    Field("minor version", Must(Text, "properties/minorVersion"), |own| show(&own.minor_version)),
    Field("state", Must(Text, "properties/state"), |own| show(&own.state)),
    Field("cluster size", By(cluster_size), |own| show(&own.cluster_size)),
    Field("source server", May(Id, "properties/sourceServerResourceId"), |own| {
        show(&own.source_server)
    }),
    Field("replication role", By(replication_role), |own| show(&own.replication_role)),
    Field("subnet", In(NETWORK, &May(Id, "delegatedSubnetResourceId")), |own| {
        show(&own.access.clone().and_then(|access, _| access.delegated_subnet))
    }),
    Field("zone", In(NETWORK, &May(Id, "privateDnsZoneArmResourceId")), |own| {
        show(&own.access.clone().and_then(|access, _| access.private_dns_zone))
    }),
    Field("public access", In(NETWORK, &May(Text, "publicNetworkAccess")), |own| {
        show(&own.access.clone().and_then(|access, _| access.public_network_access))
    }),
    Field("private endpoints", By(connections), |own| {
        let connections = own.access.clone().and_then(|access, _| access.private_endpoints);
        show(
            &connections.map(|list| {
                list.map(|own| format!("{} {}", show(&own.endpoint), show(&own.status)))
            }),
        )
    }),
    Field("host name", Must(Text, "properties/fullyQualifiedDomainName"), |own| {
        show(&own.host_name)
    }),
    Field("retention", Must(Number, "properties/backup/backupRetentionDays"), |own| {
        show(&own.backup.retention_days)
    }),
    Field("earliest restore", Must(Instant, "properties/backup/earliestRestoreDate"), |own| {
        show(&own.backup.earliest_restore)
    }),
    Field("created", Must(Instant, "systemData/createdAt"), |own| show(&own.created_at)),
    Field("is a replica", By(is_replica), |own| own.is_replica().to_string()),
];

const BACKUP: &[Field<PostgresBackup>] = &[
    Field("completed", Must(Instant, "properties/completedTime"), |own| show(&own.completed)),
    Field("type", Must(Text, "properties/backupType"), |own| show(&own.backup_type)),
    Field("backup name", By(name), |own| own.name.clone()),
    Field("is automatic", By(is_automatic), |own| own.is_automatic().to_string()),
];

const DATABASE: &[Field<Database>] = &[Field("database name", By(name), |own| own.name.clone())];

fn replication_role(server: &Value) -> String {
    let old = May(Text, "properties/replicationRole").of(server);
    if old == NONE { May(Text, "properties/replica/role").of(server) } else { old }
}

fn is_replica(server: &Value) -> String {
    let role = replication_role(server).to_lowercase();
    ["asyncreplica", "geoasyncreplica"].contains(&role.as_str()).to_string()
}

fn cluster_size(server: &Value) -> String {
    match look(server, "properties/cluster") {
        Value::Null => NONE.to_owned(),
        cluster => Must(Number, "clusterSize").of(cluster),
    }
}

fn connections(server: &Value) -> String {
    if !look(server, NETWORK).is_object() {
        return LOST.to_owned();
    }
    let all = crate::naive::array(server, "properties/privateEndpointConnections");
    let told = all.into_iter().map(|own| {
        let endpoint = Must(Id, "properties/privateEndpoint/id").of(own);
        let state = Must(Text, "properties/privateLinkServiceConnectionState/status").of(own);
        format!("{endpoint} {state}")
    });
    crate::naive::joined(told.collect())
}

fn is_automatic(backup: &Value) -> String {
    let kind = look(backup, "properties/backupType").as_str().unwrap_or_default();
    kind.eq_ignore_ascii_case("full").to_string()
}

/// A server by its id, a list as that of a subscription.
pub(super) fn servers(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let raw = exchange.items();
    if exchange.body.get("value").is_some() {
        let world = World::around(exchange);
        let request = Request::arm(RequestKind::SubscriptionServers, &world.subscription());
        let world = world.answering(&request);
        let read = world.estate().subscription_servers();
        comparison.list((&raw, &read), (by_id, |own| key(&own.id)), SERVER);
        comparison.completeness(&read, comparison.names_all(by_id), false);
        return;
    }
    let id = exchange.id();
    let mut world =
        World::around(exchange).answering(&Request::arm(RequestKind::PostgresServer, &id));
    world.deployment.postgres.server = Some(Selector::Id(id));
    let estate = world.estate();
    comparison.fact("", &exchange.body, estate.server(), SERVER);
}

/// The world of a list of a server's children.
fn beside_server<'e>(comparison: &Comparison<'e>, kind: RequestKind) -> World<'e> {
    let exchange = comparison.exchange;
    let levels = if exchange.body.get("value").is_some() { 1 } else { 2 };
    let id = ArmId::parse(&exchange.place.parent(levels)).unwrap_or_else(|_| exchange.id());
    World::around(exchange)
        .with_server(&id, &json!({}))
        .answering_with(&Request::arm(kind, &id), &listed(&exchange.body))
}

pub(super) fn backups(comparison: &mut Comparison<'_>) {
    let world = beside_server(comparison, RequestKind::PostgresBackups);
    let read: Fact<List<PostgresBackup>> = world.estate().backups().clone();
    let raw = comparison.exchange.items();
    comparison.list((&raw, &read), (by_id, |own| source_key(&own.source)), BACKUP);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}

pub(super) fn databases(comparison: &mut Comparison<'_>) {
    let world = beside_server(comparison, RequestKind::PostgresDatabases);
    let read = world.estate().databases();
    let raw = comparison.exchange.items();
    comparison.list((&raw, &read), (by_id, |own| source_key(&own.source)), DATABASE);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}
