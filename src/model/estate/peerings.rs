//! What a peering lets through, and to where.

use super::network::Peering;
use super::prefixes::{addresses, prefixes};
use super::texts;
use crate::fact::{Fact, List};
use crate::network_path::{AddressSet, Extent, PeeringSide, Prefix, Subnet};
use crate::reader::Node;

/// The terms of one side of a peering, from its `properties`.
#[derive(Clone, Debug, PartialEq)]
pub struct PeeringTerms {
    /// `allowVirtualNetworkAccess`.
    pub allows_access: Fact<bool>,
    /// `peeringSyncLevel`; answers before 2021 leave it out.
    pub sync_level: Fact<String>,
    /// `remoteAddressSpace`: what of the other network is peered.
    pub peered_space: Fact<Vec<Prefix>>,
    /// `remoteVirtualNetworkAddressSpace`: what the other network has now.
    pub current_space: Fact<Vec<Prefix>>,
    /// `peerCompleteVnets`; left out when the whole networks are peered.
    pub complete: Fact<bool>,
    /// `localSubnetNames`; left out when there are none.
    pub local_subnets: Fact<List<String>>,
    /// `remoteSubnetNames`; left out when there are none.
    pub remote_subnets: Fact<List<String>>,
    /// `enableOnlyIPv6Peering`; left out when it is off.
    pub ipv6_only: Fact<bool>,
}

impl PeeringTerms {
    pub(super) fn read(properties: &Node<'_>) -> Self {
        let space = |field: &str| prefixes(&properties.at(field).at("addressPrefixes"));
        let names = |field: &str| properties.at(field).items_or_none().map(texts);
        Self {
            allows_access: properties.at("allowVirtualNetworkAccess").flag(),
            sync_level: properties.at("peeringSyncLevel").or_none(Node::text),
            peered_space: space("remoteAddressSpace"),
            current_space: space("remoteVirtualNetworkAddressSpace"),
            complete: properties.at("peerCompleteVnets").or_none(Node::flag),
            local_subnets: names("localSubnetNames"),
            remote_subnets: names("remoteSubnetNames"),
            ipv6_only: properties.at("enableOnlyIPv6Peering").or_none(Node::flag),
        }
    }

    /// What of the two networks the peering is about.
    pub fn extent(&self) -> Fact<Extent> {
        let names = |list: &Fact<List<String>>| {
            list.clone().and_then(|list, source| match list.missing {
                None => Fact::Known(list.items, source),
                Some(gap) => Fact::Unread(gap),
            })
        };
        match &self.complete {
            Fact::Absent(source) | Fact::Known(true, source) => {
                Fact::Known(Extent::Complete, source.clone())
            }
            Fact::Known(false, source) => names(&self.local_subnets).and_then(|local, _| {
                let both = |remote| Extent::Subnets { local, remote };
                names(&self.remote_subnets)
                    .and_then(|remote, _| Fact::Known(both(remote), source.clone()))
            }),
            Fact::Unread(gap) => Fact::Unread(gap.clone()),
        }
    }

    /// The addresses of the other network that are peered.
    pub fn peered(&self) -> Fact<AddressSet> {
        self.peered_space.as_ref().map(|prefixes| addresses(prefixes))
    }

    /// The addresses the other network has now.
    pub fn current(&self) -> Fact<AddressSet> {
        self.current_space.as_ref().map(|prefixes| addresses(prefixes))
    }
}

impl Peering {
    /// The side as reasoning about what a pair of peerings carries takes it; `subnets` are those of
    /// its own network that the traffic needs.
    pub fn side(&self, subnets: Vec<Subnet>) -> PeeringSide {
        let ipv6_only = match &self.terms.ipv6_only {
            Fact::Known(only, _) => Some(*only),
            Fact::Absent(_) => Some(false),
            Fact::Unread(_) => None,
        };
        PeeringSide {
            name: self.id.name().to_owned(),
            extent: self.terms.extent().value().cloned(),
            ipv6_only,
            remote_space: self.terms.peered().value().cloned(),
            subnets,
        }
    }
}
