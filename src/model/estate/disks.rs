//! The disks beside the cluster's nodes, and which of them are volumes of Kubernetes.

use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::fact::{Fact, List, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

/// A disk of the node resource group (R36). Of its tags only those of the volume drivers are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Disk {
    /// Its id.
    pub id: ArmId,
    /// Where its tags stand, for evidence.
    pub tags: Source,
    /// The tag `kubernetes.io-created-for-pvc-name`: the claim it was made for.
    pub claim: Fact<String>,
    /// The tag `kubernetes.io-created-for-pvc-namespace`: the namespace of that claim.
    pub namespace: Fact<String>,
    /// The tag `kubernetes.io-created-for-pv-name`: the volume.
    pub volume: Fact<String>,
    /// The tag `k8s-azure-created-by`: the driver that made it.
    pub driver: Fact<String>,
}

impl Disk {
    /// Whether a volume driver of Kubernetes made it.
    pub fn is_volume(&self) -> bool {
        [&self.claim, &self.volume, &self.driver].iter().any(|tag| !tag.is_absent())
    }
}

impl Estate<'_> {
    /// The disks of the cluster's node resource group, which exists as long as the cluster does.
    pub fn disks(&self) -> Fact<List<Disk>> {
        self.node_resource_group_id().and_then(|group, _| {
            let list = self.snapshot.list_of_existing(&Request::arm(RequestKind::Disks, &group));
            list.map(|list| {
                typed(list, |node| {
                    let tags = node.at("tags");
                    let tag = |name: &str| tags.at(name).or_none(Node::text);
                    Ok(Disk {
                        id: item_id(node)?,
                        tags: tags.source(),
                        claim: tag("kubernetes.io-created-for-pvc-name"),
                        namespace: tag("kubernetes.io-created-for-pvc-namespace"),
                        volume: tag("kubernetes.io-created-for-pv-name"),
                        driver: tag("k8s-azure-created-by"),
                    })
                })
            })
        })
    }
}
