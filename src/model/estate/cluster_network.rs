//! How a cluster's pods get their addresses.

use super::prefixes::one_or_several;
use crate::fact::{Fact, Gap, Reason};
use crate::network_path::Prefix;
use crate::reader::Node;

/// `properties.networkProfile` of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterNetwork {
    /// `networkPlugin`: `azure`, `kubenet` or `none`.
    pub plugin: Fact<String>,
    /// `networkPluginMode`: `overlay`; left out otherwise.
    pub plugin_mode: Fact<String>,
    /// `podCidr` and `podCidrs`; left out where pods have addresses of the virtual network.
    pub pod_ranges: Fact<Vec<Prefix>>,
    /// `serviceCidr` and `serviceCidrs`.
    pub service_ranges: Fact<Vec<Prefix>>,
}

impl ClusterNetwork {
    /// Reads the profile from its object.
    pub(super) fn read(profile: &Node<'_>) -> Self {
        let ranges = |one, several| one_or_several(&profile.at(one), &profile.at(several));
        Self {
            plugin: profile.at("networkPlugin").text(),
            plugin_mode: profile.at("networkPluginMode").or_none(Node::text),
            pod_ranges: ranges("podCidr", "podCidrs"),
            service_ranges: ranges("serviceCidr", "serviceCidrs"),
        }
    }

    /// Whether pods have addresses of the virtual network (Azure CNI). With kubenet and overlay what
    /// leaves the cluster comes from the nodes' addresses.
    pub fn pods_are_in_the_network(&self) -> Fact<bool> {
        self.plugin.clone().and_then(|plugin, source| {
            let unread = |reason, message: String| {
                Fact::Unread(Gap::because(reason, message).at(source.resource.as_str()))
            };
            match plugin.to_ascii_lowercase().as_str() {
                "kubenet" => Fact::Known(false, source),
                "azure" => match &self.plugin_mode {
                    Fact::Absent(_) => Fact::Known(true, source),
                    Fact::Known(mode, _) if mode.eq_ignore_ascii_case("overlay") => {
                        Fact::Known(false, source)
                    }
                    Fact::Known(mode, _) => unread(
                        Reason::Unrecognised,
                        format!("the network plugin mode {mode} is not one vaudit knows"),
                    ),
                    Fact::Unread(gap) => Fact::Unread(gap.clone()),
                },
                "none" => unread(
                    Reason::BeyondReach,
                    "the cluster brings its own network plugin, which Azure says nothing about"
                        .to_owned(),
                ),
                other => unread(
                    Reason::Unrecognised,
                    format!("the network plugin {other} is not one vaudit knows"),
                ),
            }
        })
    }
}
