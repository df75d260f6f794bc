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
    /// `properties.networkProfile`.
    pub network: Fact<ClusterNetwork>,
}

/// A node pool.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentPool {
    /// `name`.
    pub name: Fact<String>,
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
            network: properties.at("networkProfile").object().map(|own| ClusterNetwork::read(&own)),
        })
    }
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
