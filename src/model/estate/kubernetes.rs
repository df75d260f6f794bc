//! AKS clusters and the virtual network their nodes live in.

use super::cluster_network::ClusterNetwork;
use super::network::subnet_only;
use super::selection::{Candidate, select};
use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;
use crate::region::Region;

/// An AKS cluster (R05). Its own id always says `resourcegroups`.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedCluster {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `location`.
    pub location: Fact<Region>,
    /// `properties.nodeResourceGroup`; the name can be configured, so it is never guessed.
    pub node_resource_group: Fact<String>,
    /// `properties.agentPoolProfiles`.
    pub agent_pools: Fact<List<AgentPool>>,
    /// `properties.provisioningState`: how the last change ended, or that one is under way.
    pub provisioning_state: Fact<String>,
    /// `properties.powerState.code`: `Running` or `Stopped`.
    pub power_state: Fact<String>,
    /// `properties.nodeProvisioningProfile.mode`: `Auto` or `Manual`; absent when it was never set,
    /// which means `Manual`.
    pub node_provisioning_mode: Fact<String>,
    /// `properties.networkProfile.networkPlugin`: `azure`, `kubenet` or `none`.
    pub network_plugin: Fact<String>,
    /// `properties.networkProfile`.
    pub network: Fact<ClusterNetwork>,
}

/// A node pool.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentPool {
    /// `name`.
    pub name: Fact<String>,
    /// `mode`: `System` or `User`.
    pub mode: Fact<String>,
    /// `count`: how many nodes there are now.
    pub count: Fact<i64>,
    /// `powerState.code`: `Running` or `Stopped`.
    pub power_state: Fact<String>,
    /// `provisioningState`.
    pub provisioning_state: Fact<String>,
    /// `vnetSubnetID`; left out when AKS made its own virtual network.
    pub node_subnet: Fact<ArmId>,
    /// `podSubnetID`; left out unless pods have a subnet of their own.
    pub pod_subnet: Fact<ArmId>,
}

impl ManagedCluster {
    /// Reads a cluster from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let agent_pools = properties.at("agentPoolProfiles").items().map(|list| {
            list.map(|pool| AgentPool {
                name: pool.at("name").text(),
                mode: pool.at("mode").text(),
                count: pool.at("count").integer(),
                power_state: pool.at("powerState").at("code").text(),
                provisioning_state: pool.at("provisioningState").text(),
                node_subnet: pool.at("vnetSubnetID").or_none(Node::arm_id).and_then(subnet_only),
                pod_subnet: pool.at("podSubnetID").or_none(Node::arm_id).and_then(subnet_only),
            })
        });
        Ok(Self {
            id: item_id(node)?,
            source: node.source(),
            location: node.at("location").region(),
            node_resource_group: properties.at("nodeResourceGroup").text(),
            agent_pools,
            provisioning_state: properties.at("provisioningState").text(),
            power_state: properties.at("powerState").at("code").text(),
            node_provisioning_mode: node_provisioning_mode(&properties),
            network_plugin: properties.at("networkProfile").at("networkPlugin").text(),
            network: properties.at("networkProfile").object().map(|own| ClusterNetwork::read(&own)),
        })
    }
}

/// The oldest interface of AKS whose answers were seen to tell how nodes are provisioned.
const TELLS_NODE_PROVISIONING: &str = "2025-08-01";

/// Left out of an answer of an older version, which a cloud may fall back to, the mode is not
/// "never set" but not told.
fn node_provisioning_mode(properties: &Node<'_>) -> Fact<String> {
    let profile = properties.at("nodeProvisioningProfile");
    let mode = match profile.or_none(Node::object) {
        Fact::Known(profile, _) => profile.at("mode").or_none(Node::text),
        Fact::Absent(source) => Fact::Absent(source),
        Fact::Unread(gap) => Fact::Unread(gap),
    };
    let Fact::Absent(source) = &mode else { return mode };
    let version = source.origin.api_version.as_deref().unwrap_or_default();
    if version >= TELLS_NODE_PROVISIONING {
        return mode;
    }
    let message = "this cloud answers in a version that does not tell whether nodes are provisioned automatically";
    Fact::Unread(Gap::because(Reason::BeyondReach, message).at(&source.resource))
}

impl Candidate for ManagedCluster {
    fn id(&self) -> &ArmId {
        &self.id
    }
}

impl Estate<'_> {
    /// The AKS clusters of the resource group.
    pub fn clusters(&self) -> &Fact<List<ManagedCluster>> {
        self.clusters.get_or_init(|| {
            let list = self.list_in_group(RequestKind::ManagedClusters);
            list.map(|list| typed(list, ManagedCluster::read))
        })
    }

    /// The audited cluster.
    pub fn cluster(&self) -> &Fact<ManagedCluster> {
        self.cluster.get_or_init(|| {
            let selector = self.deployment.kubernetes.cluster.as_ref();
            match self.outside_resource_group(selector) {
                Some(id) => {
                    let request = Request::arm(RequestKind::ManagedCluster, id);
                    self.snapshot.resource(&request).and_then(|node, source| {
                        match ManagedCluster::read(&node) {
                            Ok(cluster) => Fact::Known(cluster, source),
                            Err(gap) => Fact::Unread(gap),
                        }
                    })
                }
                None => select(self.clusters(), selector, "AKS clusters", "kubernetes.cluster"),
            }
        })
    }

    /// The subnets of the cluster's nodes and pods, each once; empty when AKS made its own network.
    pub fn aks_subnets(&self) -> Fact<List<ArmId>> {
        self.cluster().as_ref().and_then(|cluster, _| {
            cluster.agent_pools.as_ref().map(|pools| {
                let mut missing = pools.missing.clone();
                let mut items: Vec<ArmId> = Vec::new();
                for pool in &pools.items {
                    for subnet in [&pool.node_subnet, &pool.pod_subnet] {
                        match subnet {
                            Fact::Known(id, _) if !items.contains(id) => items.push(id.clone()),
                            Fact::Unread(gap) => {
                                missing.get_or_insert_with(|| gap.clone());
                            }
                            Fact::Known(..) | Fact::Absent(_) => {}
                        }
                    }
                }
                items.sort();
                List { items, missing }
            })
        })
    }

    /// The subnets the cluster's traffic comes from: those its node pools name, else the only subnet
    /// of the network AKS made for it.
    pub fn cluster_subnets(&self) -> Fact<List<ArmId>> {
        self.aks_subnets().and_then(|named, source| {
            if !named.items.is_empty() || !named.is_complete() {
                return Fact::Known(named, source);
            }
            self.aks_vnet().as_ref().and_then(|vnet, _| {
                vnet.subnets.as_ref().and_then(|list, source| match list.items.as_slice() {
                    [only] if list.is_complete() => {
                        Fact::Known(List::complete(vec![only.id.clone()]), source)
                    }
                    several => Fact::Unread(list.missing.clone().unwrap_or_else(|| {
                        let message = format!(
                            "the cluster names no subnet, and its network {} has {} of them",
                            vnet.id.name(),
                            several.len(),
                        );
                        Gap::because(Reason::Ambiguous, message).at(vnet.id.as_str())
                    })),
                })
            })
        })
    }

    /// The id of the virtual network the cluster lives in: the parent of its subnets, else the only
    /// network of the node resource group (`catalogue.md`, NET001).
    pub fn aks_vnet_id(&self) -> Fact<ArmId> {
        self.aks_subnets().and_then(|subnets, source| {
            if let Some(gap) = subnets.missing {
                return Fact::Unread(gap);
            }
            if subnets.items.is_empty() {
                return self.only_vnet_of_node_resource_group();
            }
            let mut vnets: Vec<ArmId> = subnets.items.iter().filter_map(ArmId::parent).collect();
            vnets.dedup();
            match vnets.as_slice() {
                [only] => Fact::Known(only.clone(), source),
                several => {
                    let names: Vec<&str> = several.iter().map(ArmId::name).collect();
                    let message = format!(
                        "the cluster's node pools name {} virtual networks ({}), where all share one",
                        names.len(),
                        names.join(", "),
                    );
                    Fact::Unread(Gap::because(Reason::Ambiguous, message))
                }
            }
        })
    }

    /// The resource group AKS keeps the cluster's nodes in: always in the cluster's own subscription,
    /// its name configurable, so it is never guessed.
    pub fn node_resource_group_id(&self) -> Fact<ArmId> {
        self.cluster().as_ref().and_then(|cluster, _| {
            cluster.node_resource_group.clone().map(|group| {
                let own = cluster.id.subscription().unwrap_or(&self.deployment.subscription);
                ArmId::resource_group_scope(own, &group)
            })
        })
    }

    fn only_vnet_of_node_resource_group(&self) -> Fact<ArmId> {
        self.node_resource_group_id().and_then(|scope, _| {
            let group = scope.name().to_owned();
            self.virtual_networks().and_then(|list, source| {
                let inside: Vec<ArmId> = list
                    .items
                    .iter()
                    .filter(|vnet| vnet.id.is_within(&scope))
                    .map(|vnet| vnet.id.clone())
                    .collect();
                match (inside.as_slice(), list.missing) {
                    (_, Some(gap)) => Fact::Unread(gap),
                    ([only], None) => Fact::Known(only.clone(), source),
                    (found, None) => {
                        let message = format!(
                            "the cluster names no subnet, and its node resource group {group} shows {} virtual networks where one is expected",
                            found.len(),
                        );
                        let none = found.is_empty();
                        let reason = if none { Reason::BeyondReach } else { Reason::Ambiguous };
                        Fact::Unread(Gap::because(reason, message).at(scope.to_string()))
                    }
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fact::Origin;
    use serde_json::{Value, json};

    fn mode(properties: Value, api_version: &str) -> Fact<String> {
        let origin = Origin { api_version: Some(api_version.to_owned()), ..Origin::default() };
        node_provisioning_mode(&Node::root(&properties, "cluster", Arc::new(origin)))
    }

    #[test]
    fn a_mode_left_out_was_never_set_only_where_it_would_be_told() {
        assert!(mode(json!({}), "2025-08-01").is_absent());
        assert!(mode(json!({"nodeProvisioningProfile": null}), "2026-01-02-preview").is_absent());
        assert!(mode(json!({"nodeProvisioningProfile": {}}), "2025-08-01").is_absent());
        let untold = mode(json!({}), "2024-09-01");
        assert_eq!(untold.gap().unwrap().reason, Reason::BeyondReach);
        let told = mode(json!({"nodeProvisioningProfile": {"mode": "Auto"}}), "2024-09-01");
        assert_eq!(told.value().unwrap(), "Auto");
        let odd = mode(json!({"nodeProvisioningProfile": "Auto"}), "2025-08-01");
        assert_eq!(odd.gap().unwrap().reason, Reason::MissingField);
    }
}
