//! AKS clusters, their node pools and the disks of their node resource groups.

use serde_json::{Value, json};
use vaudit_model::deployment::Selector;
use vaudit_model::estate::{AgentPool, Disk, ManagedCluster};
use vaudit_model::{ArmId, Fact, List, Request, RequestKind};

use super::{key, listed};
use crate::comparison::{Comparison, Field, by_id};
use crate::naive::Naive::{By, In, May, Must};
use crate::naive::Shape::{Id, Number, Region, Text};
use crate::naive::{LOST, NONE, array, joined, look, prefixes};
use crate::shown::show;
use crate::world::World;

/// How pods get addresses; nothing is known of a cluster that does not say.
const PROFILE: &str = "properties/networkProfile";

const CLUSTER: &[Field<ManagedCluster>] = &[
    Field("location", Must(Region, "location"), |own| show(&own.location)),
    Field("node group", Must(Text, "properties/nodeResourceGroup"), |own| {
        show(&own.node_resource_group)
    }),
    Field("provisioning", Must(Text, "properties/provisioningState"), |own| {
        show(&own.provisioning_state)
    }),
    Field("power", Must(Text, "properties/powerState/code"), |own| show(&own.power_state)),
    Field("plugin", Must(Text, "properties/networkProfile/networkPlugin"), |own| {
        show(&own.network_plugin)
    }),
    Field("plugin mode", In(PROFILE, &May(Text, "networkPluginMode")), |own| {
        show(&own.network.clone().and_then(|network, _| network.plugin_mode))
    }),
    Field("pod ranges", In(PROFILE, &By(|own| ranges(own, ["podCidr", "podCidrs"]))), |own| {
        show(&own.network.clone().and_then(|network, _| network.pod_ranges))
    }),
    Field(
        "service ranges",
        In(PROFILE, &By(|own| ranges(own, ["serviceCidr", "serviceCidrs"]))),
        |own| show(&own.network.clone().and_then(|network, _| network.service_ranges)),
    ),
    Field("pools", By(pools), |own| {
        show(&own.agent_pools.clone().map(|list| list.map(|pool| show(&pool.name))))
    }),
];

const POOL: &[Field<AgentPool>] = &[
    Field("mode", Must(Text, "mode"), |own| show(&own.mode)),
    Field("count", Must(Number, "count"), |own| show(&own.count)),
    Field("power", Must(Text, "powerState/code"), |own| show(&own.power_state)),
    Field("provisioning", Must(Text, "provisioningState"), |own| show(&own.provisioning_state)),
    Field("node subnet", May(Id, "vnetSubnetID"), |own| show(&own.node_subnet)),
    Field("pod subnet", May(Id, "podSubnetID"), |own| show(&own.pod_subnet)),
];

const DISK: &[Field<Disk>] = &[
    Field("claim", May(Text, "tags/kubernetes.io-created-for-pvc-name"), |own| show(&own.claim)),
    Field("volume", May(Text, "tags/kubernetes.io-created-for-pv-name"), |own| show(&own.volume)),
];

fn ranges(profile: &Value, [one, several]: [&'static str; 2]) -> String {
    let mut all: Vec<&Value> = array(profile, several);
    all.push(look(profile, one));
    let texts = all.into_iter().filter_map(Value::as_str);
    let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
    if texts.is_empty() { NONE.to_owned() } else { prefixes(&texts) }
}

fn pools(cluster: &Value) -> String {
    match look(cluster, "properties/agentPoolProfiles") {
        Value::Array(pools) => joined(pools.iter().map(|own| Must(Text, "name").of(own)).collect()),
        _ => LOST.to_owned(),
    }
}

/// A pool's name, which is all that tells it from the others.
fn by_name(pool: &Value) -> Option<String> {
    Some(Must(Text, "name").of(pool))
}

fn pools_of(comparison: &mut Comparison<'_>, name: &str, raw: &Value, cluster: &ManagedCluster) {
    let pools = array(raw, "properties/agentPoolProfiles").into_iter().enumerate();
    let pools: Vec<(String, &Value)> =
        pools.map(|(index, own)| (format!("{name}pools/{index}/"), own)).collect();
    if !pools.is_empty() {
        let by = (by_name as fn(&Value) -> _, (|own| show(&own.name)) as fn(&AgentPool) -> String);
        comparison.list((&pools, &cluster.agent_pools), by, POOL);
    }
}

pub(super) fn clusters(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let raw = exchange.items();
    let is_list = exchange.body.get("value").is_some();
    let id = exchange.id();
    let mut world = World::around(exchange);
    let read = if is_list {
        let group = world.deployment.resource_group_id();
        world = world.answering(&Request::arm(RequestKind::ManagedClusters, &group));
        world.estate().clusters().clone()
    } else {
        world = world.answering(&Request::arm(RequestKind::ManagedCluster, &id));
        world.deployment.kubernetes.cluster = Some(Selector::Id(id));
        world.estate().cluster().clone().map(|own| List::complete(vec![own]))
    };
    for (name, raw, own) in comparison.list((&raw, &read), (by_id, |own| key(&own.id)), CLUSTER) {
        pools_of(comparison, &name, raw, own);
    }
    comparison.completeness(&read, comparison.names_all(by_id), false);
}

/// A pool's own answer has its fields in `properties`; in its cluster they stand beside its name.
pub(super) fn agent_pools(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let flat = exchange.items().into_iter().map(|(_, own)| {
        let mut pool = look(own, "properties").clone();
        if let Value::Object(fields) = &mut pool {
            fields.insert("name".to_owned(), look(own, "name").clone());
        }
        pool
    });
    let levels = if exchange.body.get("value").is_some() { 1 } else { 2 };
    let id = ArmId::parse(&exchange.place.parent(levels)).unwrap_or_else(|_| exchange.id());
    let properties = json!({"agentPoolProfiles": flat.collect::<Vec<_>>()});
    let cluster = json!({"id": id.as_str(), "properties": properties});
    let mut world = World::around(exchange)
        .answering_with(&Request::arm(RequestKind::ManagedCluster, &id), &cluster);
    world.deployment.kubernetes.cluster = Some(Selector::Id(id));
    let estate = world.estate();
    match estate.cluster() {
        Fact::Known(own, _) if exchange.succeeded() => pools_of(comparison, "", &cluster, own),
        other => comparison.fact("", &cluster, other, &[]),
    }
}

/// Disks are those of the cluster's node resource group.
pub(super) fn disks(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let cluster = ArmId::resource_group_scope("s", "g")
        .resource("Microsoft.ContainerService/managedClusters", "cluster");
    let body = json!({"id": cluster.as_str(), "properties": {"nodeResourceGroup": "nodes"}});
    let nodes = ArmId::resource_group_scope("s", "nodes");
    let mut world = World::around(exchange)
        .beside(&Request::arm(RequestKind::ManagedCluster, &cluster), &body)
        .answering_with(&Request::arm(RequestKind::Disks, &nodes), &listed(&exchange.body));
    world.deployment.kubernetes.cluster = Some(Selector::Id(cluster));
    let read = world.estate().disks();
    comparison.list((&exchange.items(), &read), (by_id, |own| key(&own.id)), DISK);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}
