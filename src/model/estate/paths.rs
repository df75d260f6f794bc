//! The way from the cluster's pods to the database, from its facts.

use super::{Detour, Estate, Filter, Peering, Subnet, VirtualNetwork};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::network_path::{
    AddressSet, Direction, Path, Prefix, Stage, State, Subnet as NamedSubnet, peering_carries,
};

/// The ends of the traffic from the cluster to the server, as far as they are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Ends {
    /// The subnets it comes from.
    pub sources: Vec<Subnet>,
    /// Their addresses.
    pub source_addresses: AddressSet,
    /// What keeps the rest of the sources from being known.
    pub missing: Option<Gap>,
}

impl Estate<'_> {
    /// The subnets whose addresses the server sees when a pod calls it: those of the nodes for
    /// kubenet and overlay, which hide the pods behind them, and those of nodes and pods for
    /// Azure CNI (NET001).
    pub fn aks_sources(&self) -> Fact<List<Subnet>> {
        self.cluster_subnets().and_then(|ids, source| {
            self.aks_vnet()
                .as_ref()
                .and_then(|vnet, _| {
                    vnet.subnets.as_ref().map(|listed| {
                        let mut sources = List { items: Vec::new(), missing: ids.missing.clone() };
                        for id in &ids.items {
                            match self.is_source(id) {
                                Fact::Known(true, _) => {}
                                Fact::Known(false, _) | Fact::Absent(_) => continue,
                                Fact::Unread(gap) => {
                                    sources.missing.get_or_insert(gap);
                                    continue;
                                }
                            }
                            match listed.items.iter().find(|subnet| subnet.id == *id) {
                                Some(subnet) => sources.items.push(subnet.clone()),
                                None => {
                                    let gap = listed.missing.clone();
                                    sources
                                        .missing
                                        .get_or_insert(gap.unwrap_or_else(|| unlisted(vnet, id)));
                                }
                            }
                        }
                        sources
                    })
                })
                .and_then(|list, _| Fact::Known(list, source))
        })
    }

    /// Whether traffic comes from the addresses of a subnet of the cluster.
    fn is_source(&self, id: &ArmId) -> Fact<bool> {
        self.cluster().as_ref().and_then(|cluster, source| {
            let pools = cluster.agent_pools.value().map_or(&[][..], |pools| &pools.items);
            let for_pods = pools.iter().any(|pool| pool.pod_subnet.value() == Some(id));
            let for_nodes = pools.iter().any(|pool| pool.node_subnet.value() == Some(id));
            if for_nodes || !for_pods {
                return Fact::Known(true, source);
            }
            cluster.network.clone().and_then(|network, _| network.pods_are_in_the_network())
        })
    }

    /// Where the traffic comes from.
    pub fn ends(&self) -> Fact<Ends> {
        self.aks_sources().map(|list| {
            let mut ends = Ends {
                sources: list.items,
                source_addresses: AddressSet::default(),
                missing: list.missing,
            };
            for subnet in &ends.sources {
                match subnet.addresses() {
                    Fact::Known(own, _) => {
                        ends.source_addresses = ends.source_addresses.union(&own);
                    }
                    Fact::Absent(_) => {}
                    Fact::Unread(gap) => {
                        ends.missing.get_or_insert(gap);
                    }
                }
            }
            ends
        })
    }

    /// The way from the cluster to the server, as far as networks go. What names resolve to is not
    /// looked at here.
    pub fn way_to_server(&self) -> Path {
        let ends = self.ends();
        let target = self.server_subnet();
        let mut path = Path::default()
            .with(Stage::AksSubnets, state_of(&ends, "there is no cluster", known_whole))
            .with(Stage::PostgresSubnet, state_of(&target, "it does not exist", |_| State::Open))
            .with(Stage::Peering, self.peering_state());
        let both = ends.and_then(|ends, source| {
            let to = target.and_then(|target, _| {
                target.addresses().and_then(|to, source| Fact::Known((target, to), source))
            });
            to.and_then(|(target, to), _| Fact::Known((ends, target, to), source))
        });
        let Fact::Known((ends, target, to), _) = &both else { return path };
        let incomplete = ends.missing.iter().map(|gap| State::Unknown(gap.message.clone()));
        for state in incomplete {
            path = path.with(Stage::OutboundRules, state.clone()).with(Stage::Routes, state);
        }
        for subnet in &ends.sources {
            let out = subnet
                .addresses()
                .and_then(|from, _| self.filter(subnet, Direction::Outbound, &from, to));
            path = path
                .with(Stage::OutboundRules, state_of(&out, "", Filter::state))
                .with(Stage::Routes, self.route_state(subnet, to));
        }
        let from = &ends.source_addresses;
        let inbound = self.filter(target, Direction::Inbound, from, to);
        path.with(Stage::InboundRules, state_of(&inbound, "", Filter::state))
            .with(Stage::ReturnRoutes, self.route_state(target, from))
    }

    /// What the route table of an end does with the traffic to the other one, as a hop.
    fn route_state(&self, subnet: &Subnet, destinations: &AddressSet) -> State {
        match self.detours_of(subnet, destinations) {
            Fact::Absent(_) => State::Open,
            detours => state_of(&detours, "", |detours| {
                let states = detours.iter().map(|detour| detour.state.clone());
                states.reduce(State::and).unwrap_or(State::Open)
            }),
        }
    }

    /// What the route table of an end decides about the traffic to the other one; absent without a
    /// table.
    pub fn detours_of(&self, subnet: &Subnet, destinations: &AddressSet) -> Fact<Vec<Detour>> {
        let (aks, postgres) = (self.aks_vnet(), self.postgres_vnet());
        let vnet = subnet.id.parent();
        let is_own = |own: &Fact<VirtualNetwork>| own.value().map(|own| &own.id) == vnet.as_ref();
        let (own, other, other_id) = if is_own(aks) {
            (aks, postgres, self.postgres_subnet_id().and_then(parent))
        } else {
            (postgres, aks, self.aks_vnet_id())
        };
        own.as_ref().and_then(|own, _| {
            let peered = other_id.and_then(|id, _| peered_prefixes(own, &id, other));
            self.detours(subnet, &own.address_space, &peered, destinations)
        })
    }

    /// Both halves of the peering as one hop.
    fn peering_state(&self) -> State {
        let ids = self.aks_vnet_id().and_then(|aks, source| {
            let postgres = self.postgres_subnet_id().and_then(parent);
            postgres.and_then(|postgres, _| Fact::Known((aks, postgres), source))
        });
        state_of(&ids, "one of the two networks does not exist", |(aks, postgres)| {
            if aks == postgres {
                return State::Open;
            }
            let half = |own: &Fact<VirtualNetwork>, other| {
                own.as_ref().and_then(|own, _| own.peering_to(other).map(Clone::clone))
            };
            let out = half(self.aks_vnet(), postgres);
            let back = half(self.postgres_vnet(), aks);
            let missing = |from: &ArmId, to: &ArmId| {
                format!("{} has no peering to {}", from.name(), to.name())
            };
            let halves = state_of(&out, &missing(aks, postgres), carries_traffic).and(state_of(
                &back,
                &missing(postgres, aks),
                carries_traffic,
            ));
            let (Some(out), Some(back)) = (out.value(), back.value()) else { return halves };
            let (from, to) = (self.named_sources(), self.named_target());
            halves.and(peering_carries(&out.side(from), &back.side(to)))
        })
    }

    /// The subnets of the cluster as reasoning about peerings takes them; empty unless all are known.
    pub fn named_sources(&self) -> Vec<NamedSubnet> {
        let sources = self.aks_sources();
        let complete = sources.value().filter(|list| list.is_complete());
        complete.map_or(Vec::new(), |list| list.items.iter().map(named).collect())
    }

    /// The server's subnet in the same form.
    pub fn named_target(&self) -> Vec<NamedSubnet> {
        self.server_subnet().value().map(named).into_iter().collect()
    }
}

/// A subnet whose prefixes are not known has none here, which reasoning takes for unknown.
fn named(subnet: &Subnet) -> NamedSubnet {
    let addresses = subnet.addresses().value().cloned().unwrap_or_default();
    NamedSubnet { name: subnet.id.name().to_owned(), addresses }
}

fn known_whole(ends: &Ends) -> State {
    match &ends.missing {
        None => State::Open,
        Some(gap) => State::Unknown(gap.message.clone()),
    }
}

fn carries_traffic(peering: &Peering) -> State {
    let name = peering.id.name();
    let connected =
        state_of(&peering.state, "", |state| match state.to_ascii_lowercase().as_str() {
            "connected" => State::Open,
            "initiated" | "disconnected" => State::Broken(format!("{name} is {state}")),
            _ => State::Unknown(format!("{name} is {state}")),
        });
    connected.and(state_of(&peering.terms.allows_access, "", |allowed| {
        if *allowed { State::Open } else { State::Broken(format!("{name} forbids access")) }
    }))
}

/// A fact as a hop: unknown where it is unread, broken where it is proven absent.
fn state_of<T>(fact: &Fact<T>, absent: &str, known: impl FnOnce(&T) -> State) -> State {
    match fact {
        Fact::Known(value, _) => known(value),
        Fact::Absent(_) => State::Broken(absent.to_owned()),
        Fact::Unread(gap) => State::Unknown(gap.message.clone()),
    }
}

fn parent(subnet: ArmId, source: Source) -> Fact<ArmId> {
    match subnet.parent() {
        Some(vnet) => Fact::Known(vnet, source),
        None => Fact::Absent(source),
    }
}

/// What of the other network the routes of one know, as if the two were peered and in sync: its
/// `remoteAddressSpace` and the other one's own space. Nothing where both ends share a network.
fn peered_prefixes(
    own: &VirtualNetwork,
    other_id: &ArmId,
    other: &Fact<VirtualNetwork>,
) -> Fact<Vec<Prefix>> {
    if own.id == *other_id {
        return Fact::Known(Vec::new(), own.source.clone());
    }
    let peered = own.peering_to(other_id).and_then(|peering, _| peering.terms.peered_space.clone());
    let space = other.as_ref().and_then(|other, _| other.address_space.clone());
    match (peered, space) {
        (Fact::Known(mut peered, source), Fact::Known(space, _)) => {
            peered.extend(space);
            peered.sort_unstable();
            peered.dedup();
            Fact::Known(peered, source)
        }
        (known @ Fact::Known(..), _) | (_, known @ Fact::Known(..)) => known,
        (unread @ Fact::Unread(_), _) | (_, unread) => unread,
    }
}

fn unlisted(vnet: &VirtualNetwork, id: &ArmId) -> Gap {
    let message = format!("{} does not list the subnet {}", vnet.id.name(), id.name());
    Gap::because(Reason::Unrecognised, message).at(vnet.id.as_str())
}
