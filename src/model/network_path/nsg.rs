//! What a network security group does with traffic (`catalogue.md`, NET011, NET012, NET015, NET018).
//!
//! The first rule by ascending priority that matches decides, and different parts of the traffic may
//! be decided by different rules. What a rule matches may not be known: the addresses of most
//! service tags and the members of application security groups are in no answer. Such a rule leaves
//! a part undecided only where what follows it would decide otherwise.
//!
//! Security admin rules of Virtual Network Manager run before all this and are invisible here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::address::AddressSet;
use super::port::{PortSet, PortTerm};
use super::reach::State;
use super::security_rule::{
    Access, AddressTerm, Direction, Protocol, RuleProtocol, SecurityRule, Tags, default_rules,
    tag_key,
};

/// How many denied parts a hop names; the rest is counted.
const NAMED_PARTS: usize = 4;

/// The traffic that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Which way it goes, seen from the subnet that has the group.
    pub direction: Direction,
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it comes from.
    pub sources: AddressSet,
    /// Where it goes.
    pub destinations: AddressSet,
    /// The port it goes to. Its source ports are all ports.
    pub destination_port: u16,
}

/// A block of traffic: each of the sources to each of the destinations from each of the ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Space {
    /// Where it comes from.
    pub sources: AddressSet,
    /// Where it goes.
    pub destinations: AddressSet,
    /// The ports it comes from.
    pub source_ports: PortSet,
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.sources, self.destinations)?;
        if self.source_ports == PortSet::all() {
            return Ok(());
        }
        write!(f, " from port {}", self.source_ports)
    }
}

/// A part of the traffic that fares alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which part.
    pub space: Space,
    /// How it fares.
    pub outcome: Outcome,
}

/// How a part of the traffic fares; worst first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is dropped by one of these rules, in their order: several only where it is not known
    /// which of them matches first.
    Denied {
        /// The names of the rules.
        by: Vec<String>,
    },
    /// It is not known.
    Undecided(Doubt),
    /// It is let through by one of these rules.
    Allowed {
        /// The names of the rules.
        by: Vec<String>,
    },
}

/// Why it is not known what becomes of traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// The first rule that may or may not decide it, against what follows.
    pub rule: Option<String>,
    /// What is not known, a sentence fragment.
    pub why: String,
}

/// What becomes of all of the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// All of it is let through, by these rules in their order.
    Allowed {
        /// The names of the rules.
        by: Vec<String>,
    },
    /// Some of it is dropped, whatever becomes of the rest.
    Denied {
        /// What is dropped, with the rules that drop it.
        parts: Vec<(Space, Vec<String>)>,
        /// Whether that is all of the traffic.
        entirely: bool,
    },
    /// None of it is certainly dropped, but some may be.
    Undecided(Doubt),
}

impl Decision {
    /// The decision as a hop of a path.
    pub fn state(&self) -> State {
        match self {
            Self::Allowed { .. } => State::Open,
            Self::Denied { parts, .. } => {
                let named = parts.iter().take(NAMED_PARTS);
                let mut named: Vec<String> =
                    named.map(|(space, by)| format!("{} denies {space}", in_words(by))).collect();
                if let more @ 1.. = parts.len().saturating_sub(NAMED_PARTS) {
                    named.push(format!("{more} more parts are denied"));
                }
                State::Broken(named.join("; "))
            }
            Self::Undecided(doubt) => State::Unknown(doubt.why.clone()),
        }
    }
}

fn in_words(rules: &[String]) -> String {
    let quoted: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
    quoted.join(" or ")
}

/// The rules of a network security group, in the order they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityRules(Vec<SecurityRule>);

impl SecurityRules {
    /// Takes `securityRules` and `defaultSecurityRules` together, in any order. Default rules that
    /// are missing are supplied: every group has them, not every answer shows them.
    pub fn new(mut rules: Vec<SecurityRule>) -> Self {
        for default in default_rules() {
            let there = |rule: &SecurityRule| {
                rule.direction == default.direction && rule.priority == default.priority
            };
            if !rules.iter().any(there) {
                rules.push(default);
            }
        }
        // Azure refuses two rules of one direction and priority; names keep the result stable.
        rules.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        Self(rules)
    }

    /// What becomes of the traffic as a whole: a part that is dropped outweighs one that is in
    /// doubt, and this one that is let through.
    pub fn decide(&self, traffic: &Traffic, tags: &Tags) -> Decision {
        let parts = self.parts(traffic, tags);
        let entirely = parts.iter().all(|part| matches!(part.outcome, Outcome::Denied { .. }));
        let mut denied = Vec::new();
        let mut allowing = BTreeSet::new();
        let mut doubt = None;
        for Part { space, outcome } in parts {
            match outcome {
                Outcome::Denied { by } => denied.push((space, by)),
                Outcome::Allowed { by } => allowing.extend(by),
                Outcome::Undecided(reason) => {
                    doubt.get_or_insert(reason);
                }
            }
        }
        if !denied.is_empty() {
            return Decision::Denied { parts: denied, entirely };
        }
        if let Some(doubt) = doubt {
            return Decision::Undecided(doubt);
        }
        if allowing.is_empty() {
            // Nothing asked is nothing allowed.
            let why = "there is no address to judge".to_owned();
            return Decision::Undecided(Doubt { rule: None, why });
        }
        let names = self.0.iter().map(|rule| rule.name.clone());
        Decision::Allowed { by: names.filter(|name| allowing.contains(name)).collect() }
    }

    /// How each part of the traffic fares, worst first. The parts are disjoint and are all of it.
    pub fn parts(&self, traffic: &Traffic, tags: &Tags) -> Vec<Part> {
        let space = Space {
            sources: traffic.sources.clone(),
            destinations: traffic.destinations.clone(),
            source_ports: PortSet::all(),
        };
        let mut judged = Vec::new();
        let mut open = vec![Open { space, ruled_out: BTreeSet::new(), doubts: Vec::new() }];
        open.retain(|part| !part.space.sources.is_empty() && !part.space.destinations.is_empty());
        for rule in self.0.iter().filter(|rule| rule.direction == traffic.direction) {
            if open.is_empty() {
                break;
            }
            let matcher = Matcher::of(rule, traffic, tags);
            open = open.into_iter().flat_map(|part| matcher.apply(part, &mut judged)).collect();
        }
        judged.extend(open.into_iter().map(|part| {
            // Only where the answer's own last rule is one that is not understood.
            let why = "no rule is known to decide it".to_owned();
            (part.space, Outcome::Undecided(Doubt { rule: None, why }))
        }));
        joined(judged)
    }
}

/// A thing that is not known and that may make rules match: whether the source is in a group, say.
/// It is one thing in all rules that name it, so that a rule it failed to match rules it out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unknown {
    /// Where it stands: `the source`.
    place: &'static str,
    /// The term in lower case.
    key: String,
    /// What is said of the place, in the rule's own spelling.
    says: String,
}

/// Traffic no rule has decided for certain yet.
struct Open {
    space: Space,
    /// What cannot be so, or a rule before would have decided.
    ruled_out: BTreeSet<(&'static str, String)>,
    /// The rules that may have decided it, in their order.
    doubts: Vec<(Candidate, Unknown)>,
}

/// A rule as far as outcomes cite it.
#[derive(Clone)]
struct Candidate {
    name: String,
    access: Access,
}

/// What one side of a rule matches: a set for certain, and beyond it whatever the unknowns hold.
struct Side<S> {
    certain: S,
    unknown: Vec<Unknown>,
}

/// What a rule matches of the traffic of one protocol and destination port.
struct Matcher {
    rule: Candidate,
    /// Whether the rule is about the protocol and the port at all; else nothing else counts.
    concerns: bool,
    /// What of protocol and destination port is not known to match: each list needs one that holds.
    preconditions: Vec<Vec<Unknown>>,
    sources: Side<AddressSet>,
    destinations: Side<AddressSet>,
    source_ports: Side<PortSet>,
}

/// How far a piece of one side is matched.
enum Match {
    Yes,
    No,
    /// Where one of these holds.
    Perhaps(Vec<Unknown>),
}

impl Matcher {
    fn of(rule: &SecurityRule, traffic: &Traffic, tags: &Tags) -> Self {
        let mut preconditions = Vec::new();
        let mut concerns = match &rule.protocol {
            RuleProtocol::Any => true,
            RuleProtocol::One(protocol) => *protocol == traffic.protocol,
            RuleProtocol::Portless => false,
            RuleProtocol::Unrecognised(text) => {
                preconditions.push(vec![Unknown::text("the protocol", text)]);
                true
            }
        };
        let to = ports(rule, "the destination port", &rule.destination_ports);
        if !to.certain.contains(traffic.destination_port) {
            concerns &= !to.unknown.is_empty();
            preconditions.push(to.unknown);
        }
        Self {
            rule: Candidate { name: rule.name.clone(), access: rule.access.clone() },
            concerns,
            preconditions,
            sources: addresses(rule, "the source", &rule.sources, tags),
            destinations: addresses(rule, "the destination", &rule.destinations, tags),
            source_ports: ports(rule, "the source port", &rule.source_ports),
        }
    }

    /// Judges what of a part the rule certainly matches, and returns the rest.
    fn apply(&self, part: Open, judged: &mut Vec<(Space, Outcome)>) -> Vec<Open> {
        let still = |unknown: &[Unknown]| -> Vec<Unknown> {
            unknown
                .iter()
                .filter(|unknown| !part.ruled_out.contains(&unknown.id()))
                .cloned()
                .collect()
        };
        let mut preconditions = Vec::new();
        for unknown in &self.preconditions {
            preconditions.push(still(unknown));
        }
        let Space { sources, destinations, source_ports } = &part.space;
        let inside = |set: &AddressSet, side: &Side<AddressSet>| {
            pieces(
                set.intersection(&side.certain),
                set.difference(&side.certain),
                AddressSet::is_empty,
                still(&side.unknown),
            )
        };
        let sources = inside(sources, &self.sources);
        let destinations = inside(destinations, &self.destinations);
        let source_ports = pieces(
            source_ports.intersection(&self.source_ports.certain),
            source_ports.difference(&self.source_ports.certain),
            PortSet::is_empty,
            still(&self.source_ports.unknown),
        );
        let untouched = !self.concerns
            || preconditions.iter().any(Vec::is_empty)
            || all_missed(&sources)
            || all_missed(&destinations)
            || all_missed(&source_ports);
        if untouched {
            return vec![part];
        }
        let mut rest = Vec::new();
        for (sources, source_match) in &sources {
            for (destinations, destination_match) in &destinations {
                for (source_ports, port_match) in &source_ports {
                    let space = Space {
                        sources: sources.clone(),
                        destinations: destinations.clone(),
                        source_ports: source_ports.clone(),
                    };
                    let matches = [source_match, destination_match, port_match];
                    let piece = part.narrowed(space);
                    rest.extend(self.judge(piece, &preconditions, matches, judged));
                }
            }
        }
        rest
    }

    /// Judges a piece that the rule matches all alike; returned where it stays open.
    fn judge(
        &self,
        mut piece: Open,
        preconditions: &[Vec<Unknown>],
        matches: [&Match; 3],
        judged: &mut Vec<(Space, Outcome)>,
    ) -> Option<Open> {
        let mut conditions: Vec<&[Unknown]> = preconditions.iter().map(Vec::as_slice).collect();
        for side in matches {
            match side {
                Match::Yes => {}
                Match::No => return Some(piece),
                Match::Perhaps(unknown) => conditions.push(unknown),
            }
        }
        let Some(unknown) = conditions.first().and_then(|condition| condition.first()) else {
            let outcome = piece.decided_by(&self.rule);
            judged.push((piece.space, outcome));
            return None;
        };
        piece.doubts.push((self.rule.clone(), unknown.clone()));
        // Only for lack of this one condition does the rule not match, so what follows is asked only
        // where all of it is untrue.
        if let [condition] = conditions.as_slice() {
            piece.ruled_out.extend(condition.iter().map(Unknown::id));
        }
        Some(piece)
    }
}

impl Open {
    fn narrowed(&self, space: Space) -> Self {
        Self { space, ruled_out: self.ruled_out.clone(), doubts: self.doubts.clone() }
    }

    /// The outcome when this rule decides whatever the doubtful ones before it did not.
    fn decided_by(&self, last: &Candidate) -> Outcome {
        let against = self.doubts.iter().find(|(rule, _)| rule.access != last.access);
        if let Some((rule, unknown)) = against {
            let why = format!("`{}` may match: {unknown}", rule.name);
            return Outcome::Undecided(Doubt { rule: Some(rule.name.clone()), why });
        }
        let doubtful = self.doubts.iter().map(|(rule, _)| rule.name.clone());
        let by = doubtful.chain([last.name.clone()]).collect();
        match &last.access {
            Access::Allow => Outcome::Allowed { by },
            Access::Deny => Outcome::Denied { by },
            Access::Unrecognised(text) => {
                let why = format!("`{}` has the access {text:?}", last.name);
                Outcome::Undecided(Doubt { rule: Some(last.name.clone()), why })
            }
        }
    }
}

impl Unknown {
    fn new(place: &'static str, key: &str, says: String) -> Self {
        Self { place, key: key.trim().to_ascii_lowercase(), says }
    }

    fn text(place: &'static str, text: &str) -> Self {
        Self::new(place, text, format!("{text:?}, which is not understood"))
    }

    /// An empty list: what should stand there was not understood, and may be anything.
    fn missing(place: &'static str, rule: &SecurityRule) -> Self {
        // A key no term has, of this rule alone.
        Self::new(place, &format!("\n{}", rule.name), "missing".to_owned())
    }

    fn id(&self) -> (&'static str, String) {
        (self.place, self.key.clone())
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.place, self.says)
    }
}

fn addresses(
    rule: &SecurityRule,
    place: &'static str,
    terms: &[AddressTerm],
    tags: &Tags,
) -> Side<AddressSet> {
    let mut side = Side { certain: AddressSet::default(), unknown: Vec::new() };
    for term in terms {
        let known = match term {
            AddressTerm::Any => Ok(AddressSet::everything()),
            AddressTerm::Prefix(prefix) => Ok(AddressSet::from(*prefix)),
            AddressTerm::ServiceTag(tag) => tags.addresses(tag).ok_or_else(|| {
                let says = format!("the service tag {tag}, whose addresses are not known");
                Unknown::new(place, &format!("tag {}", tag_key(tag)), says)
            }),
            AddressTerm::ApplicationSecurityGroup(id) => {
                let says =
                    format!("the application security group {id}, whose members are not known");
                Err(Unknown::new(place, &format!("group {id}"), says))
            }
            AddressTerm::Unrecognised(text) => Err(Unknown::text(place, text)),
        };
        match known {
            Ok(addresses) => side.certain = side.certain.union(&addresses),
            Err(unknown) => side.unknown.push(unknown),
        }
    }
    if terms.is_empty() {
        side.unknown.push(Unknown::missing(place, rule));
    }
    side
}

fn ports(rule: &SecurityRule, place: &'static str, terms: &[PortTerm]) -> Side<PortSet> {
    let mut side = Side { certain: PortSet::default(), unknown: Vec::new() };
    for term in terms {
        match term {
            PortTerm::Range(first, last) => {
                side.certain = side.certain.union(&PortSet::range(*first, *last));
            }
            PortTerm::Unrecognised(text) => side.unknown.push(Unknown::text(place, text)),
        }
    }
    if terms.is_empty() {
        side.unknown.push(Unknown::missing(place, rule));
    }
    side
}

/// The pieces of one side: what is certainly inside, and what is outside unless an unknown holds.
fn pieces<S>(
    inside: S,
    outside: S,
    is_empty: fn(&S) -> bool,
    unknown: Vec<Unknown>,
) -> Vec<(S, Match)> {
    let beyond = if unknown.is_empty() { Match::No } else { Match::Perhaps(unknown) };
    let both = [(inside, Match::Yes), (outside, beyond)];
    both.into_iter().filter(|(set, _)| !is_empty(set)).collect()
}

fn all_missed<S>(pieces: &[(S, Match)]) -> bool {
    pieces.iter().all(|(_, matched)| matches!(matched, Match::No))
}

/// Joins pieces that fare alike and differ on one side only, and sorts them, worst first.
fn joined(pieces: Vec<(Space, Outcome)>) -> Vec<Part> {
    let mut by_sources: BTreeMap<(Outcome, AddressSet, PortSet), AddressSet> = BTreeMap::new();
    for (space, outcome) in pieces {
        let sources = by_sources.entry((outcome, space.destinations, space.source_ports));
        let sources = sources.or_default();
        *sources = sources.union(&space.sources);
    }
    let mut by_destinations: BTreeMap<(Outcome, AddressSet, PortSet), AddressSet> = BTreeMap::new();
    for ((outcome, to, ports), sources) in by_sources {
        let destinations = by_destinations.entry((outcome, sources, ports)).or_default();
        *destinations = destinations.union(&to);
    }
    let mut by_ports: BTreeMap<(Outcome, AddressSet, AddressSet), PortSet> = BTreeMap::new();
    for ((outcome, sources, ports), destinations) in by_destinations {
        let source_ports = by_ports.entry((outcome, sources, destinations)).or_default();
        *source_ports = source_ports.union(&ports);
    }
    let part = |((outcome, sources, destinations), source_ports)| Part {
        space: Space { sources, destinations, source_ports },
        outcome,
    };
    by_ports.into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::super::address::tests::addresses;
    use super::*;

    const SERVER: &str = "10.2.0.0/28";

    /// An inbound rule as `priority access protocol sources destination-ports`, named `rPRIORITY`.
    fn rule(text: &str) -> SecurityRule {
        let [priority, access, protocol, sources, to] =
            text.split(' ').collect::<Vec<_>>().try_into().unwrap();
        SecurityRule {
            name: format!("r{priority}"),
            priority: priority.parse().unwrap(),
            direction: Direction::Inbound,
            access: Access::parse(access),
            protocol: RuleProtocol::parse(protocol),
            sources: match sources.strip_prefix("asg:") {
                Some(id) => vec![AddressTerm::ApplicationSecurityGroup(id.to_owned())],
                None => AddressTerm::list([sources]),
            },
            source_ports: PortTerm::list(["*"]),
            destinations: AddressTerm::list(["*"]),
            destination_ports: PortTerm::list([to]),
        }
    }

    fn from(source: &str) -> Traffic {
        Traffic {
            direction: Direction::Inbound,
            protocol: Protocol::Tcp,
            sources: addresses(&[source]),
            destinations: addresses(&[SERVER]),
            destination_port: 5432,
        }
    }

    /// The tags of the server's subnet in the reference design.
    fn tags() -> Tags {
        Tags::of(Some(addresses(&["10.1.0.0/16", "10.2.0.0/24"])))
    }

    fn decide(rules: &[&str], source: &str) -> Decision {
        let rules = rules.iter().map(|text| rule(text)).collect();
        SecurityRules::new(rules).decide(&from(source), &tags())
    }

    fn check_allowed(rules: &[&str], by: &str) {
        let allowed = Decision::Allowed { by: vec![by.to_owned()] };
        assert_eq!(decide(rules, "10.1.0.0/20"), allowed, "{rules:?}");
    }

    /// Checks the dropped parts, each as `sources: rules`.
    fn check_denied(rules: &[&str], dropped: &[&str], all: bool) {
        let Decision::Denied { parts, entirely } = decide(rules, "10.1.0.0/20") else {
            unreachable!("{rules:?} deny something")
        };
        let shown: Vec<String> = parts
            .iter()
            .map(|(space, by)| format!("{}: {}", space.sources, by.join(" ")))
            .collect();
        assert_eq!(shown, dropped, "{rules:?}");
        assert_eq!(entirely, all, "{rules:?}");
    }

    fn check_undecided(rules: &[&str], rule: &str) {
        let Decision::Undecided(doubt) = decide(rules, "10.1.0.0/20") else {
            unreachable!("{rules:?} decide nothing")
        };
        assert_eq!(doubt.rule.as_deref(), Some(rule), "{rules:?}: {}", doubt.why);
    }

    #[test]
    fn the_first_match_by_priority_decides() {
        let both = ["200 Deny * VirtualNetwork *", "100 Allow Tcp 10.1.0.0/20 5432"];
        check_allowed(&both, "r100");
        check_denied(&["90 Deny Tcp * 5432", both[1]], &["10.1.0.0/20: r90"], true);
    }

    #[test]
    fn default_rules_are_supplied_once() {
        check_allowed(&[], "AllowVnetInBound");
        let own = SecurityRules::new(vec![rule("65000 Allow * VirtualNetwork *")]);
        assert_eq!(own.0.len(), 6);
        let decision = own.decide(&from("10.1.0.0/20"), &tags());
        assert_eq!(decision, Decision::Allowed { by: vec!["r65000".to_owned()] });
        assert!(matches!(decide(&[], "10.3.0.0/24"), Decision::Denied { entirely: true, .. }));
        let probe = Decision::Allowed { by: vec!["AllowAzureLoadBalancerInBound".to_owned()] };
        assert_eq!(decide(&[], "168.63.129.16"), probe);
    }

    #[test]
    fn outbound_traffic_has_its_own_rules() {
        let traffic = Traffic { direction: Direction::Outbound, ..from("10.1.0.0/20") };
        let rules = SecurityRules::new(vec![rule("100 Deny * * *")]);
        let vnet = Decision::Allowed { by: vec!["AllowVnetOutBound".to_owned()] };
        assert_eq!(rules.decide(&traffic, &tags()), vnet);
        let elsewhere = Traffic { destinations: addresses(&["20.0.0.0/24"]), ..traffic };
        let internet = Decision::Allowed { by: vec!["AllowInternetOutBound".to_owned()] };
        assert_eq!(rules.decide(&elsewhere, &tags()), internet);
    }

    /// M058 of the catalogue.
    #[test]
    fn a_part_that_is_denied_is_denied() {
        let rules = ["80 Deny * 10.1.4.0/24 5000-6000", "100 Allow Tcp 10.1.0.0/20 5432"];
        check_denied(&rules, &["10.1.4.0/24: r80"], false);
        let state = decide(&rules, "10.1.0.0/20").state();
        assert_eq!(state, State::Broken("`r80` denies 10.1.4.0/24 → 10.2.0.0/28".to_owned()));
    }

    #[test]
    fn ports_and_protocols_must_match() {
        let deny = |protocol: &str, port: &str| format!("80 Deny {protocol} * {port}");
        for (protocol, port) in
            [("Tcp", "443"), ("Udp", "*"), ("ICMP", "*"), ("esp", "*"), ("*", "80,6000-7000")]
        {
            check_allowed(&[&deny(protocol, port)], "AllowVnetInBound");
        }
        for (protocol, port) in [("TCP", "5432"), ("*", "*"), ("tcp", "80,5000-6000")] {
            check_denied(&[&deny(protocol, port)], &["10.1.0.0/20: r80"], true);
        }
    }

    #[test]
    fn a_rule_for_some_source_ports_decides_those() {
        let mut some = rule("80 deny tcp 10.1.0.0/24 5432");
        some.source_ports = PortTerm::list(["1000-2000"]);
        let rules = SecurityRules::new(vec![some]);
        let Decision::Denied { parts, entirely } = rules.decide(&from("10.1.0.0/20"), &tags())
        else {
            unreachable!("some ports are denied")
        };
        assert_eq!(parts[0].0.to_string(), "10.1.0.0/24 → 10.2.0.0/28 from port 1000-2000");
        assert!(!entirely && parts.len() == 1);
    }

    #[test]
    fn the_tag_includes_the_peered_space_and_any_spelling() {
        for tag in ["VirtualNetwork", "virtualnetwork", "VIRTUAL_NETWORK"] {
            check_denied(&[&format!("80 Deny * {tag} *")], &["10.1.0.0/20: r80"], true);
        }
        check_allowed(&["80 Deny * Internet *"], "AllowVnetInBound");
        check_allowed(&["80 Deny * AzureLoadBalancer *"], "AllowVnetInBound");
    }

    #[test]
    fn unknown_tags_matter_only_where_they_change_something() {
        let allow = "200 Allow * 10.1.0.0/16 5432";
        check_undecided(&["100 Deny * AzureCloud *", allow], "r100");
        check_undecided(&["100 Deny * asg:/subscriptions/s/asg *", allow], "r100");
        check_undecided(&["100 Allow * AzureCloud *", "200 Deny * * *"], "r100");
        check_undecided(&["100 Deny * 10.1.0.0/99 *", allow], "r100");
        check_undecided(&["100 Deny 6 * *", allow], "r100");
        check_undecided(&["100 Deny Tcp * postgres", allow], "r100");
        check_undecided(&["100 Permit Tcp * *", allow], "r100");
        // What follows decides alike, or what comes before has decided.
        check_allowed(&["90 Allow * 10.0.0.0/8 *", "100 Deny * AzureCloud *"], "r90");
        check_denied(
            &["100 Deny * AzureCloud *", "200 Deny * * *"],
            &["10.1.0.0/20: r100 r200"],
            true,
        );
        let Decision::Allowed { by } = decide(&["100 Allow * AzureCloud *", allow], "10.1.0.0/20")
        else {
            unreachable!("both rules allow")
        };
        assert_eq!(by, ["r100", "r200"]);
        // The other port is none of its business.
        check_allowed(&["100 Deny * AzureCloud 443", allow], "r200");
        // A part that is certainly denied outweighs the doubt about the rest.
        let rules = ["90 Deny * 10.1.0.0/24 *", "100 Deny * AzureCloud *", allow];
        check_denied(&rules, &["10.1.0.0/24: r90"], false);
    }

    #[test]
    fn an_unknown_tag_is_the_same_in_every_rule() {
        // What reaches the second rule is not in the tag.
        let rules = [
            "100 Allow * Storage.WestEurope *",
            "150 Deny * STORAGE.westeurope *",
            "200 Allow * * *",
        ];
        let Decision::Allowed { by } = decide(&rules, "10.1.0.0/20") else {
            unreachable!("{rules:?} allow all")
        };
        assert_eq!(by, ["r100", "r200"]);
    }

    #[test]
    fn a_tag_the_caller_knows_is_known() {
        let rules = SecurityRules::new(vec![rule("100 Deny * AzureCloud *")]);
        let tags = tags().with("azurecloud", addresses(&["20.0.0.0/8"]));
        let allowed = Decision::Allowed { by: vec!["AllowVnetInBound".to_owned()] };
        assert_eq!(rules.decide(&from("10.1.0.0/20"), &tags), allowed);
    }

    #[test]
    fn what_was_not_understood_never_allows() {
        let mut odd = rule("100 Deny Tcp * 5432");
        odd.sources.clear();
        let allow = rule("200 Allow Tcp * 5432");
        let rules = SecurityRules::new(vec![odd, allow]);
        let decision = rules.decide(&from("10.1.0.0/20"), &tags());
        let why = "`r100` may match: the source is missing".to_owned();
        assert_eq!(decision.state(), State::Unknown(why));
        // Neither is the network's own space, nor what is asked.
        let none = SecurityRules::new(vec![]);
        let decision = none.decide(&from("10.1.0.0/20"), &Tags::of(None));
        assert!(matches!(decision, Decision::Undecided(_)));
        let nobody = Traffic { sources: AddressSet::default(), ..from("10.1.0.0/20") };
        assert!(matches!(none.decide(&nobody, &tags()), Decision::Undecided(_)));
    }

    /// NET018, with the group of the compliant estate and with M066 of the catalogue.
    #[test]
    fn the_internet_is_kept_out_or_let_in() {
        let compliant = ["100 Allow Tcp 10.1.0.0/20 5432", "200 Deny Tcp VirtualNetwork 5432"];
        let internet =
            Traffic { sources: tags().addresses("Internet").unwrap(), ..from("10.1.0.0/20") };
        let decide = |rules: &[&str]| {
            let rules = rules.iter().map(|text| rule(text)).collect();
            SecurityRules::new(rules).parts(&internet, &tags())
        };
        let lets_in = |rules: &[&str]| -> Vec<String> {
            let allowed = decide(rules).into_iter().filter_map(|part| match part.outcome {
                Outcome::Allowed { by } => Some(by.join(" ")),
                _ => None,
            });
            allowed.collect()
        };
        assert!(lets_in(&compliant).is_empty());
        for wide in ["Internet", "*", "0.0.0.0/0"] {
            let rule = format!("95 Allow Tcp {wide} 5432");
            assert_eq!(lets_in(&[&rule, compliant[0]]), ["r95"], "{wide}");
        }
    }
}
