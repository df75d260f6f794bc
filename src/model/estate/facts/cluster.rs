//! Facts of the AKS clusters of the resource group and their node pools.

use super::EstateFacts;
use super::value::Comparable;
use crate::estate::{AgentPool, Estate, ManagedCluster};
use crate::fact::Fact;
use crate::need::{Request, RequestKind};
use crate::reader::Node;

const CLUSTERS: &str = "the AKS clusters";

impl EstateFacts {
    pub(super) fn clusters(&mut self, estate: &Estate<'_>) {
        for node in self.list(CLUSTERS, estate.list_in_group(RequestKind::ManagedClusters)) {
            self.cluster(&node);
        }
        let selector = estate.deployment.kubernetes.cluster.as_ref();
        if let Some(id) = estate.outside_resource_group(selector) {
            let request = Request::arm(RequestKind::ManagedCluster, id);
            if let Some((node, _)) = self.one(CLUSTERS, estate.snapshot.resource(&request)) {
                self.cluster(&node);
            }
        }
    }

    fn cluster(&mut self, node: &Node<'_>) {
        let Some(cluster) = self.readable(CLUSTERS, ManagedCluster::read(node)) else { return };
        let properties = node.at("properties");
        let network = properties.at("networkProfile");
        let ranges = properties.at("apiServerAccessProfile").at("authorizedIPRanges");
        self.arm("AKS cluster", CLUSTERS, &cluster.id, &cluster.source)
            .region("location", &cluster.location)
            .text("nodeResourceGroup", &cluster.node_resource_group)
            .text("powerState.code", &cluster.power_state)
            .text_or("nodeProvisioningProfile.mode", &cluster.node_provisioning_mode, "Manual")
            .text("networkProfile.networkPlugin", &cluster.network_plugin)
            .text(
                "networkProfile.networkPluginMode",
                &network.at("networkPluginMode").or_none(Node::text),
            )
            .setting("networkProfile.networkPolicy", &network.at("networkPolicy"))
            .setting("networkProfile.networkDataplane", &network.at("networkDataplane"))
            .setting("networkProfile.outboundType", &network.at("outboundType"))
            .setting("networkProfile.podCidr", &network.at("podCidr"))
            .setting("networkProfile.serviceCidr", &network.at("serviceCidr"))
            .setting("kubernetesVersion", &properties.at("kubernetesVersion"))
            .setting("disableLocalAccounts", &properties.at("disableLocalAccounts"))
            .settings("apiServerAccessProfile.authorizedIPRanges", &ranges, None);
        let list = format!("the node pools of {}", cluster.id.name());
        for pool in self.list(&list, cluster.agent_pools.clone()) {
            let Some([name]) = self.told_apart(&list, [pool.name.clone()]) else { continue };
            let id = cluster.id.child("agentPools", &name);
            let source = cluster.agent_pools.source().unwrap_or(&cluster.source).clone();
            self.arm("node pool", &list, &id, &source)
                .text("mode", &pool.mode)
                .text_or("powerState.code", &pool.power_state, "Running")
                .fact("count", nodes(&pool))
                .id("vnetSubnetID", &pool.node_subnet)
                .id("podSubnetID", &pool.pod_subnet);
        }
    }
}

/// Whether a pool has nodes: how many is up to the autoscaler.
fn nodes(pool: &AgentPool) -> Fact<Comparable> {
    let count = pool.count.as_ref();
    count.map(|count| Comparable::text(if *count > 0 { "at least one node" } else { "no node" }))
}
