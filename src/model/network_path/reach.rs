//! The way from the pods to the database as a chain of hops, and where it breaks.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::told::ToldHop;

/// Whether something lets the traffic of the deployment through. Ordered worst first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It does not, at least for a part; a sentence fragment says what stands in the way.
    Broken(String),
    /// It could not be found out; a sentence fragment says why.
    Unknown(String),
    /// It does.
    Open,
}

impl State {
    /// Both together: the worse of the two, with its reasons; reasons of equal rank are joined.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let join = |a: String, b: String| if a == b { a } else { format!("{a}; {b}") };
        match (self, other) {
            (Self::Broken(a), Self::Broken(b)) => Self::Broken(join(a, b)),
            (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(join(a, b)),
            (a, b) => a.min(b),
        }
    }

    /// All together, by [`State::and`]; unknown when there is nothing, because nothing looked at
    /// proves nothing.
    pub fn all(states: impl IntoIterator<Item = Self>) -> Self {
        let none = || Self::Unknown("nothing was looked at".to_owned());
        states.into_iter().reduce(Self::and).unwrap_or_else(none)
    }
}

/// The stages of the way, in the order of a packet, and then those of the name it starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The subnets of the cluster's nodes and pods are known (NET001).
    AksSubnets,
    /// Their network security groups let the traffic out (NET012).
    OutboundRules,
    /// Their route tables leave it on its way (NET013).
    Routes,
    /// The two networks are peered and the peerings carry the subnets (NET004–NET009).
    Peering,
    /// The network security group of the server's subnet lets it in (NET011).
    InboundRules,
    /// The server's subnet is there (NET002, PG007).
    PostgresSubnet,
    /// Its route table lets the answers back (NET014).
    ReturnRoutes,
    /// The zone of the server's name is there and holds its address (DNS001, DNS007).
    DnsZone,
    /// The zone is linked to the cluster's network (DNS003, DNS004).
    DnsLink,
    /// The nodes ask the resolver that looks at the link (DNS008).
    Resolver,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Self; 10] = [
        Self::AksSubnets,
        Self::OutboundRules,
        Self::Routes,
        Self::Peering,
        Self::InboundRules,
        Self::PostgresSubnet,
        Self::ReturnRoutes,
        Self::DnsZone,
        Self::DnsLink,
        Self::Resolver,
    ];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AksSubnets => "AKS subnets",
            Self::OutboundRules => "NSG of the AKS subnets",
            Self::Routes => "routes of the AKS subnets",
            Self::Peering => "peering",
            Self::InboundRules => "NSG of the PostgreSQL subnet",
            Self::PostgresSubnet => "PostgreSQL subnet",
            Self::ReturnRoutes => "routes of the PostgreSQL subnet",
            Self::DnsZone => "private DNS zone",
            Self::DnsLink => "link of the zone to the AKS network",
            Self::Resolver => "resolver of the AKS nodes",
        })
    }
}

/// One hop of the way, judged by itself, whatever became of those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "ToldHop", try_from = "ToldHop")]
pub struct Hop {
    /// Which.
    pub stage: Stage,
    /// Whether it lets the traffic through.
    pub state: State,
}

/// The way from the cluster to the database. A stage of which nothing was said is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    states: BTreeMap<Stage, State>,
}

/// How far the traffic gets on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All hops are open.
    Reached,
    /// It does not arrive: the first hop known to be broken.
    Broken {
        /// The broken hop.
        at: Hop,
        /// Hops before it that are unknown, so that the way may already end there.
        unknown_before: Vec<Stage>,
    },
    /// It may arrive: no hop is known to be broken, and this is the first that is unknown.
    Unknown {
        /// The unknown hop.
        at: Hop,
    },
}

impl Path {
    /// The same way, with what is known of a stage. Said twice of one stage, as of each of several
    /// subnets or of the two sides of a peering, both count.
    #[must_use]
    pub fn with(mut self, stage: Stage, state: State) -> Self {
        let state = match self.states.remove(&stage) {
            Some(before) => before.and(state),
            None => state,
        };
        self.states.insert(stage, state);
        self
    }

    /// The hops in their order, each by itself.
    pub fn hops(&self) -> Vec<Hop> {
        let unseen = || State::Unknown("it was not looked at".to_owned());
        let hop =
            |stage| Hop { stage, state: self.states.get(&stage).cloned().unwrap_or_else(unseen) };
        Stage::ALL.into_iter().map(hop).collect()
    }

    /// The hops as the traffic meets them: behind one that is unknown, none is better than unknown.
    pub fn walked(&self) -> Vec<Hop> {
        let mut unknown = None;
        let mut hops = self.hops();
        for hop in &mut hops {
            match (&hop.state, unknown) {
                (State::Unknown(_), None) => unknown = Some(hop.stage),
                (State::Open, Some(stage)) => {
                    let why = format!("whether traffic gets here depends on the {stage}");
                    hop.state = State::Unknown(why);
                }
                _ => {}
            }
        }
        hops
    }

    /// The first hop that is known to be broken.
    pub fn first_broken(&self) -> Option<Hop> {
        self.hops().into_iter().find(|hop| matches!(hop.state, State::Broken(_)))
    }

    /// How far the traffic gets. A broken hop breaks the way whatever is not known of those before
    /// it; only that it is the *first* that breaks it is then not known.
    pub fn reach(&self) -> Reach {
        let unknown = self.hops().into_iter().filter(|hop| matches!(hop.state, State::Unknown(_)));
        let mut unknown = unknown.peekable();
        if let Some(at) = self.first_broken() {
            let before = unknown.map(|hop| hop.stage).take_while(|stage| *stage < at.stage);
            return Reach::Broken { unknown_before: before.collect(), at };
        }
        match unknown.next() {
            Some(at) => Reach::Unknown { at },
            None => Reach::Reached,
        }
    }
}

/// Azure's own resolver, the one that looks at the links of private DNS zones.
const AZURE_DNS: &str = "168.63.129.16";

/// Whether a network with these `dhcpOptions.dnsServers` asks Azure's resolver (DNS008). With others
/// it is not known: they may forward to it, from a network that is linked to the zone.
pub fn asks_azure_dns<'a>(servers: impl IntoIterator<Item = &'a str>) -> State {
    let mut own: Vec<&str> =
        servers.into_iter().map(str::trim).filter(|server| *server != AZURE_DNS).collect();
    own.sort_unstable();
    own.dedup();
    if own.is_empty() {
        return State::Open;
    }
    let servers = own.join(", ");
    State::Unknown(format!(
        "the network asks {servers}, which may or may not forward to Azure's DNS"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> State {
        State::Broken("no".to_owned())
    }

    fn unknown() -> State {
        State::Unknown("hidden".to_owned())
    }

    fn open_path() -> Path {
        Stage::ALL.into_iter().fold(Path::default(), |path, stage| path.with(stage, State::Open))
    }

    #[test]
    fn stages_are_listed_in_their_order() {
        assert!(Stage::ALL.is_sorted());
    }

    #[test]
    fn all_hops_open_is_reached() {
        assert_eq!(open_path().reach(), Reach::Reached);
        assert_eq!(open_path().first_broken(), None);
    }

    #[test]
    fn a_stage_nobody_spoke_of_is_unknown() {
        let Reach::Unknown { at } = Path::default().with(Stage::AksSubnets, State::Open).reach()
        else {
            unreachable!("nothing is broken")
        };
        assert_eq!(at.stage, Stage::OutboundRules);
    }

    #[test]
    fn the_first_broken_hop_is_named() {
        let path = open_path().with(Stage::DnsLink, broken()).with(Stage::Peering, broken());
        let at = Hop { stage: Stage::Peering, state: broken() };
        assert_eq!(path.first_broken(), Some(at.clone()));
        assert_eq!(path.reach(), Reach::Broken { at, unknown_before: vec![] });
    }

    #[test]
    fn behind_an_unknown_hop_nothing_is_better_than_unknown() {
        let path = open_path().with(Stage::Routes, unknown()).with(Stage::DnsZone, broken());
        let walked = path.walked();
        assert_eq!(walked[1].state, State::Open);
        assert_eq!(walked[2].state, unknown());
        assert!(matches!(walked[3].state, State::Unknown(_)));
        assert_eq!(walked[7].state, broken());
        let at = Hop { stage: Stage::DnsZone, state: broken() };
        assert_eq!(path.reach(), Reach::Broken { at, unknown_before: vec![Stage::Routes] });
        let path = open_path().with(Stage::Routes, unknown());
        assert_eq!(
            path.reach(),
            Reach::Unknown { at: Hop { stage: Stage::Routes, state: unknown() } }
        );
    }

    #[test]
    fn both_sides_of_a_stage_count() {
        let path = open_path().with(Stage::Peering, broken()).with(Stage::Peering, unknown());
        assert_eq!(path.hops()[3].state, broken());
        assert_eq!(State::all([]), State::Unknown("nothing was looked at".to_owned()));
        assert_eq!(State::all([State::Open, unknown(), unknown()]), unknown());
    }

    #[test]
    fn only_azure_dns_is_sure_to_see_the_link() {
        assert_eq!(asks_azure_dns([]), State::Open);
        assert_eq!(asks_azure_dns(["168.63.129.16"]), State::Open);
        assert!(matches!(asks_azure_dns(["10.2.5.4", "168.63.129.16"]), State::Unknown(_)));
    }
}
