//! Holds the reasoning about sets against one that takes each address by itself.
//!
//! The universe is small: 64 addresses, of which rules name blocks. The evaluators here know no
//! sets, only the one address, port or packet they are asked about.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;

use super::address::tests::prefix;
use super::{
    Access, AddressSet, AddressTerm, Course, Decision, Direction, NextHop, Outcome, PortSet,
    PortTerm, Prefix, Protocol, Route, RouteOrigin, RouteTarget, RuleProtocol, SecurityRule,
    SecurityRules, Tags, Traffic, effective_routes,
};

/// The universe of addresses: 64 of them, from this one on.
#[derive(Clone, Copy, Debug)]
struct Universe(&'static str);

/// One in the midst of IPv4, and those where arithmetic ends.
const UNIVERSES: [Universe; 5] = [
    Universe("10.0.0.0"),
    Universe("0.0.0.0"),
    Universe("255.255.255.192"),
    Universe("::"),
    Universe("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffc0"),
];

const TEN: Universe = Universe("10.0.0.0");

impl Universe {
    fn address(self, at: u8) -> IpAddr {
        match self.0.parse().unwrap() {
            IpAddr::V4(first) => IpAddr::V4((first.to_bits() + u32::from(at)).into()),
            IpAddr::V6(first) => IpAddr::V6((first.to_bits() + u128::from(at)).into()),
        }
    }

    /// The block as text, so that reading is held to account too.
    fn text(self, block: Block) -> String {
        let address = self.address(block.at);
        let width = if address.is_ipv4() { 32 } else { 128 };
        format!("{address}/{}", width - block.host_bits)
    }

    fn set(self, blocks: &[Block]) -> AddressSet {
        blocks.iter().map(|block| prefix(&self.text(*block))).collect()
    }
}

/// The addresses of the universe that agree with `at` but for the last bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    at: u8,
    host_bits: u8,
}

impl Block {
    fn has(self, at: u8) -> bool {
        self.at >> self.host_bits == at >> self.host_bits
    }
}

fn block() -> impl Strategy<Value = Block> {
    (0_u8..64, 0_u8..=6).prop_map(|(at, host_bits)| Block { at, host_bits })
}

fn small_block() -> impl Strategy<Value = Block> {
    (0_u8..64, 0_u8..=3).prop_map(|(at, host_bits)| Block { at, host_bits })
}

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    prop::collection::vec(block(), 0..4)
}

fn members(blocks: &[Block]) -> BTreeSet<u8> {
    (0..64).filter(|at| blocks.iter().any(|block| block.has(*at))).collect()
}

/// How few prefixes can hold a set of the universe.
fn fewest(members: &BTreeSet<u8>, block: Block) -> usize {
    let inside = members.iter().filter(|at| block.has(**at)).count();
    if inside == 0 || inside == 1 << block.host_bits {
        return usize::from(inside > 0);
    }
    let host_bits = block.host_bits - 1;
    let halves = [block.at, block.at | 1 << host_bits];
    halves.into_iter().map(|at| fewest(members, Block { at, host_bits })).sum()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn address_sets_are_sets(
        universe in select(UNIVERSES.to_vec()),
        one in blocks(),
        other in blocks(),
        third in blocks(),
    ) {
        let (a, b) = (universe.set(&one), universe.set(&other));
        let (left, right) = (members(&one), members(&other));
        let minus_both = a.difference(&b).difference(&universe.set(&third));
        for (set, expected) in [
            (a.clone(), left.clone()),
            (a.union(&b), &left | &right),
            (a.intersection(&b), &left & &right),
            (a.difference(&b), &left - &right),
            (minus_both, &(&left - &right) - &members(&third)),
        ] {
            for at in 0..64 {
                prop_assert_eq!(set.contains(universe.address(at)), expected.contains(&at));
            }
            prop_assert_eq!(set.is_empty(), expected.is_empty());
            let prefixes = set.prefixes();
            prop_assert_eq!(prefixes.len(), fewest(&expected, Block { at: 0, host_bits: 6 }));
            prop_assert_eq!(prefixes.into_iter().collect::<AddressSet>(), set);
        }
        prop_assert_eq!(a.contains_all(&b), right.is_subset(&left));
        prop_assert_eq!(a.intersects(&b), !left.is_disjoint(&right));
        prop_assert_eq!(a == b, left == right, "equal sets are equal values");
        let rest = AddressSet::everything().difference(&a);
        prop_assert!(!rest.intersects(&a));
        prop_assert_eq!(rest.union(&a), AddressSet::everything());
    }

    #[test]
    fn prefixes_are_sets_too(universe in select(UNIVERSES.to_vec()), a in block(), b in block()) {
        let (one, other) = (prefix(&universe.text(a)), prefix(&universe.text(b)));
        let common = one.intersection(&other).map(AddressSet::from).unwrap_or_default();
        prop_assert_eq!(common, AddressSet::from(one).intersection(&other.into()));
        let within = members(&[b]).is_subset(&members(&[a]));
        prop_assert_eq!(one.contains_prefix(&other), within);
        for at in 0..64 {
            prop_assert_eq!(one.contains(universe.address(at)), a.has(at));
        }
    }

    #[test]
    fn any_text_is_a_prefix_or_none(text in "[0-9a-f:./ +*-]{0,24}") {
        if let Ok(prefix) = Prefix::parse(&text) {
            prop_assert_eq!(Prefix::parse(&prefix.to_string()), Ok(prefix));
            prop_assert!(prefix.contains(prefix.first()) && prefix.contains(prefix.last()));
        }
        AddressTerm::parse(&text);
        PortTerm::parse(&text);
    }

    #[test]
    fn ports_are_read_and_kept(first in any::<u16>(), last in any::<u16>(), port in any::<u16>()) {
        let inside = (first..=last).contains(&port);
        prop_assert_eq!(PortSet::range(first, last).contains(port), inside);
        let expected = if first <= last {
            PortTerm::Range(first, last)
        } else {
            PortTerm::Unrecognised(format!("{first}-{last}"))
        };
        prop_assert_eq!(PortTerm::parse(&format!("{first}-{last}")), expected);
    }
}

/// A term of a rule, with what is not known by number.
#[derive(Clone, Copy, Debug)]
enum Term {
    Any,
    Block(Block),
    VirtualNetwork,
    Internet,
    Tag,
    Group,
    Nonsense,
}

/// What the terms that are not known hold, for one address or port.
#[derive(Clone, Copy, Debug)]
struct Unknowns {
    tag: bool,
    group: bool,
    nonsense: bool,
}

impl Unknowns {
    fn all() -> impl Iterator<Item = Self> {
        (0_u8..8).map(|bits| Self {
            tag: bits & 1 != 0,
            group: bits & 2 != 0,
            nonsense: bits & 4 != 0,
        })
    }
}

impl Term {
    fn is_known(self) -> bool {
        !matches!(self, Self::Tag | Self::Group | Self::Nonsense)
    }

    fn term(self) -> AddressTerm {
        match self {
            Self::Any => AddressTerm::parse("*"),
            Self::Block(block) => AddressTerm::parse(&TEN.text(block)),
            Self::VirtualNetwork => AddressTerm::parse("VirtualNetwork"),
            Self::Internet => AddressTerm::parse("INTERNET"),
            Self::Tag => AddressTerm::parse("AzureCloud"),
            Self::Group => AddressTerm::ApplicationSecurityGroup("asg".to_owned()),
            Self::Nonsense => AddressTerm::parse("10.0.0.0/64"),
        }
    }

    fn has(self, at: u8, network: &[Block], unknowns: Unknowns) -> bool {
        match self {
            Self::Any => true,
            Self::Block(block) => block.has(at),
            Self::VirtualNetwork => network.iter().any(|block| block.has(at)),
            Self::Internet => !network.iter().any(|block| block.has(at)),
            Self::Tag => unknowns.tag,
            Self::Group => unknowns.group,
            Self::Nonsense => unknowns.nonsense,
        }
    }
}

/// A rule as the evaluator of single packets reads it.
#[derive(Clone, Debug)]
struct PlainRule {
    allows: bool,
    protocol: &'static str,
    sources: Vec<Term>,
    source_port: &'static str,
    destinations: Vec<Term>,
    ports: Vec<&'static str>,
}

/// One packet to port 5432 over TCP.
#[derive(Clone, Copy, Debug)]
struct Packet {
    from: u8,
    to: u8,
    source_port: u16,
}

/// All that is not known about one packet.
#[derive(Clone, Copy, Debug)]
struct World {
    from: Unknowns,
    to: Unknowns,
    /// Whether the port `postgres` is 5432.
    port: bool,
    /// Whether the protocol `6` is TCP.
    protocol: bool,
}

impl PlainRule {
    fn rule(&self, at: usize) -> SecurityRule {
        let terms = |terms: &[Term]| terms.iter().map(|term| term.term()).collect();
        SecurityRule {
            name: at.to_string(),
            priority: 100 + u32::try_from(at).unwrap(),
            direction: Direction::Inbound,
            access: if self.allows { Access::Allow } else { Access::Deny },
            protocol: RuleProtocol::parse(self.protocol),
            sources: terms(&self.sources),
            source_ports: PortTerm::list([self.source_port]),
            destinations: terms(&self.destinations),
            destination_ports: PortTerm::list(self.ports.iter().copied()),
        }
    }

    fn matches(&self, packet: Packet, network: &[Block], world: World) -> bool {
        let protocol = match self.protocol {
            "6" => world.protocol,
            name => name == "*" || name == "tcp",
        };
        let source_port = self.source_port == "*" || (1000..=2000).contains(&packet.source_port);
        let port = self.ports.iter().any(|port| match *port {
            "*" | "5432" | "5000-6000" => true,
            "postgres" => world.port,
            _ => false,
        });
        let from = self.sources.iter().any(|term| term.has(packet.from, network, world.from));
        let to = self.destinations.iter().any(|term| term.has(packet.to, network, world.to));
        protocol && source_port && port && from && to
    }
}

/// The first match, and after all the default rules.
fn first_match(rules: &[PlainRule], packet: Packet, network: &[Block], world: World) -> bool {
    let inside = |at| network.iter().any(|block| block.has(at));
    let matched = rules.iter().find(|rule| rule.matches(packet, network, world));
    matched.map_or(inside(packet.from) && inside(packet.to), |rule| rule.allows)
}

fn known_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        1 => Just(Term::Any),
        5 => block().prop_map(Term::Block),
        1 => Just(Term::VirtualNetwork),
        1 => Just(Term::Internet),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    let unknown = select(vec![Term::Tag, Term::Group, Term::Nonsense]);
    prop_oneof![3 => known_term(), 1 => unknown]
}

/// Rules of such sources and destinations, with protocols and ports that may not be understood
/// when `odd`.
fn rules<T>(
    sources: impl Fn() -> T,
    destinations: impl Strategy<Value = Term>,
    odd: bool,
) -> impl Strategy<Value = Vec<PlainRule>>
where
    T: Strategy<Value = Term>,
{
    let (known_protocols, known_ports) = (3, 5);
    let protocols = ["*", "tcp", "udp", "6"];
    let ports = ["*", "5432", "5000-6000", "5432", "443", "postgres"];
    let protocols = protocols[..if odd { 4 } else { known_protocols }].to_vec();
    let ports = ports[..if odd { 6 } else { known_ports }].to_vec();
    let rule = (
        any::<bool>(),
        prop_oneof![3 => Just("tcp"), 1 => select(protocols)],
        prop::collection::vec(sources(), 1..4),
        select(vec!["*", "*", "*", "1000-2000"]),
        prop::collection::vec(destinations, 1..4),
        prop::collection::vec(select(ports), 1..3),
    );
    let rule = rule.prop_map(|(allows, protocol, sources, source_port, destinations, ports)| {
        PlainRule { allows, protocol, sources, source_port, destinations, ports }
    });
    prop::collection::vec(rule, 0..7)
}

/// How the packets of a part may fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fates {
    allowed: bool,
    denied: bool,
}

/// Compares the decision on blocks with the first match of each packet, in all worlds.
///
/// `exact` asks also that a doubt is one: that worlds exist in which the packet fares otherwise.
fn compare(
    rules: &[PlainRule],
    network: &[Block],
    sources: &[Block],
    destinations: &[Block],
    exact: bool,
) -> Result<(), TestCaseError> {
    let traffic = Traffic {
        direction: Direction::Inbound,
        protocol: Protocol::Tcp,
        sources: TEN.set(sources),
        destinations: TEN.set(destinations),
        destination_port: 5432,
    };
    let tags = Tags::of(Some(TEN.set(network)));
    let asked: Vec<SecurityRule> =
        rules.iter().enumerate().rev().map(|(at, rule)| rule.rule(at)).collect();
    let asked = SecurityRules::new(asked);
    let parts = asked.parts(&traffic, &tags);
    let (mut some_denied, mut all_denied, mut all_allowed) = (false, true, true);
    for from in members(sources) {
        for to in members(destinations) {
            for source_port in [0, 999, 1000, 2000, 2001, u16::MAX] {
                let packet = Packet { from, to, source_port };
                let fates = fates(rules, packet, network);
                let mut holding = parts.iter().filter(|part| {
                    part.space.sources.contains(TEN.address(from))
                        && part.space.destinations.contains(TEN.address(to))
                        && part.space.source_ports.contains(source_port)
                });
                let part = holding.next();
                prop_assert!(holding.next().is_none(), "{packet:?} is in two parts");
                let outcome = &part.expect("each packet is in a part").outcome;
                match outcome {
                    Outcome::Allowed { .. } => prop_assert!(!fates.denied, "{packet:?}"),
                    Outcome::Denied { .. } => prop_assert!(!fates.allowed, "{packet:?}"),
                    Outcome::Undecided(_) if exact => {
                        prop_assert!(fates.allowed && fates.denied, "{packet:?}");
                    }
                    Outcome::Undecided(_) => {}
                }
                some_denied |= matches!(outcome, Outcome::Denied { .. });
                all_denied &= matches!(outcome, Outcome::Denied { .. });
                all_allowed &= matches!(outcome, Outcome::Allowed { .. });
            }
        }
    }
    let decision = asked.decide(&traffic, &tags);
    match decision {
        Decision::Allowed { by } => prop_assert!(all_allowed && !by.is_empty()),
        Decision::Denied { entirely, .. } => {
            prop_assert!(some_denied);
            prop_assert_eq!(entirely, all_denied);
        }
        Decision::Undecided(_) => prop_assert!(!some_denied && !all_allowed),
    }
    Ok(())
}

fn fates(rules: &[PlainRule], packet: Packet, network: &[Block]) -> Fates {
    let uncertain = |terms: fn(&PlainRule) -> &[Term]| {
        rules.iter().any(|rule| terms(rule).iter().any(|term| !term.is_known()))
    };
    // Where nothing is unknown, one world is as good as eight.
    let worlds = |vary: bool| Unknowns::all().take(if vary { 8 } else { 1 });
    let odd = rules.iter().any(|rule| rule.protocol == "6" || rule.ports.contains(&"postgres"));
    let mut fates = Fates { allowed: false, denied: false };
    for from in worlds(uncertain(|rule| &rule.sources)) {
        for to in worlds(uncertain(|rule| &rule.destinations)) {
            for bits in 0..if odd { 4 } else { 1 } {
                let world = World { from, to, port: bits & 1 != 0, protocol: bits & 2 != 0 };
                match first_match(rules, packet, network, world) {
                    true => fates.allowed = true,
                    false => fates.denied = true,
                }
                if fates.allowed && fates.denied {
                    return fates;
                }
            }
        }
    }
    fates
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn known_rules_decide_as_the_first_match(
        rules in rules(known_term, known_term(), false),
        network in blocks(),
        sources in prop::collection::vec(block(), 1..3),
        destinations in prop::collection::vec(small_block(), 1..3),
    ) {
        compare(&rules, &network, &sources, &destinations, true)?;
    }

    #[test]
    fn unknowns_of_one_side_are_doubted_where_they_matter(
        rules in rules(term, known_term(), false),
        network in blocks(),
        sources in prop::collection::vec(small_block(), 1..3),
        destinations in prop::collection::vec(small_block(), 1..2),
    ) {
        compare(&rules, &network, &sources, &destinations, true)?;
    }

    #[test]
    fn no_unknown_makes_a_decision_wrong(
        rules in rules(term, term(), true),
        network in blocks(),
        sources in prop::collection::vec(small_block(), 1..2),
        destinations in prop::collection::vec(small_block(), 1..2),
    ) {
        compare(&rules, &network, &sources, &destinations, false)?;
    }
}

/// A route as the evaluator of single addresses reads it.
#[derive(Clone, Debug)]
struct PlainRoute {
    block: Block,
    /// `0.0.0.0/0` instead of the block.
    default: bool,
    next_hop: NextHop,
    origin: RouteOrigin,
}

impl PlainRoute {
    fn length(&self) -> u8 {
        if self.default { 0 } else { 32 - self.block.host_bits }
    }

    fn has(&self, at: u8) -> bool {
        self.default || self.block.has(at)
    }
}

fn routes() -> impl Strategy<Value = Vec<PlainRoute>> {
    let user = select(vec![
        NextHop::VnetLocal,
        NextHop::Internet,
        NextHop::None,
        NextHop::VirtualAppliance(None),
        NextHop::VirtualNetworkGateway,
        NextHop::Unknown("Elsewhere".to_owned()),
    ]);
    let made = prop_oneof![
        4 => user.prop_map(|next_hop| (next_hop, RouteOrigin::User)),
        1 => Just((NextHop::Peering, RouteOrigin::Peering)),
        1 => select(vec![NextHop::VnetLocal, NextHop::Internet, NextHop::None])
            .prop_map(|next_hop| (next_hop, RouteOrigin::System)),
    ];
    let route = (block(), prop::bool::weighted(0.2), made).prop_map(
        |(block, default, (next_hop, origin))| PlainRoute { block, default, next_hop, origin },
    );
    prop::collection::vec(route, 0..9)
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn routes_are_chosen_as_for_each_address(
        mut plain in routes(),
        to in prop::collection::vec(block(), 1..3),
    ) {
        // No table has two routes for one prefix.
        let mut seen = BTreeSet::new();
        plain.retain(|route| {
            let block = route.block.at >> route.block.host_bits;
            seen.insert((route.length(), if route.default { 0 } else { block }, route.origin))
        });
        let routes: Vec<Route> = plain
            .iter()
            .enumerate()
            .map(|(at, route)| Route {
                name: at.to_string(),
                target: RouteTarget::parse(&match route.default {
                    true => "0.0.0.0/0".to_owned(),
                    false => TEN.text(route.block),
                }),
                next_hop: route.next_hop.clone(),
                origin: route.origin,
            })
            .collect();
        let parts = effective_routes(&routes, &TEN.set(&to));
        prop_assert!(parts.is_sorted_by_key(|part| part.course), "worst first");
        let destinations = parts.iter().map(|part| &part.destinations);
        let all = destinations.fold(AddressSet::default(), |all, part| all.union(part));
        prop_assert_eq!(all, TEN.set(&to));
        for at in members(&to) {
            let holding: Vec<_> =
                parts.iter().filter(|part| part.destinations.contains(TEN.address(at))).collect();
            prop_assert_eq!(holding.len(), 1);
            let winner = (0..plain.len()).filter(|route| plain[*route].has(at)).max_by_key(|route| {
                (plain[*route].length(), std::cmp::Reverse(plain[*route].origin))
            });
            prop_assert_eq!(holding[0].route, winner.map(|winner| &routes[winner]));
            let home = plain.iter().any(|route| {
                let local = route.next_hop == NextHop::VnetLocal;
                local && route.origin == RouteOrigin::System && route.has(at)
            });
            let course = match winner.map(|winner| &plain[winner].next_hop) {
                Some(NextHop::Peering) => Course::Direct,
                Some(NextHop::VnetLocal) if home => Course::Direct,
                Some(NextHop::VirtualAppliance(_) | NextHop::VirtualNetworkGateway) => {
                    Course::HandedOver
                }
                Some(NextHop::Unknown(_)) => Course::Unknown,
                _ => Course::Lost,
            };
            prop_assert_eq!(holding[0].course, course);
        }
    }
}
