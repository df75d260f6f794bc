//! Where traffic to a private address is sent (`catalogue.md`, NET013 and NET014).
//!
//! The longest prefix wins; of equal ones a user's route beats that of a peering, and this the
//! system's. So a route for `0.0.0.0/0` does not beat a peering, and one for half of a subnet
//! diverts just that half. Routes learnt by BGP are in no answer, but do not beat those of networks
//! and peerings either, even where they are more specific.

use std::fmt;
use std::net::IpAddr;

use super::address::{AddressSet, Prefix};
use super::is_tag_like;
use super::reach::State;

/// A route of a route table, or one that Azure adds by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `name`, by which results cite it.
    pub name: String,
    /// `properties.addressPrefix`.
    pub target: RouteTarget,
    /// `properties.nextHopType` and `nextHopIpAddress`.
    pub next_hop: NextHop,
    /// Who made it.
    pub origin: RouteOrigin,
}

/// What a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// A prefix.
    Prefix(Prefix),
    /// The public addresses of a service, such as `AzureActiveDirectory`; they are in no answer.
    ServiceTag(String),
    /// Something else, which might mean any address.
    Unrecognised(String),
}

impl RouteTarget {
    /// Reads `properties.addressPrefix`.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match Prefix::parse(text) {
            Ok(prefix) => Self::Prefix(prefix),
            Err(_) if is_tag_like(text) => Self::ServiceTag(text.to_owned()),
            Err(_) => Self::Unrecognised(text.to_owned()),
        }
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::ServiceTag(text) | Self::Unrecognised(text) => f.write_str(text),
        }
    }
}

/// Where a route sends traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// Straight on within the own network.
    VnetLocal,
    /// Into a peered network: only Azure makes such routes.
    Peering,
    /// To the Internet.
    Internet,
    /// Nowhere.
    None,
    /// To a virtual machine or firewall, by its address where that was read.
    VirtualAppliance(Option<IpAddr>),
    /// To the VPN or ExpressRoute gateway.
    VirtualNetworkGateway,
    /// A word that is none of these.
    Unknown(String),
}

impl NextHop {
    /// Reads `nextHopType`, in any case, and `nextHopIpAddress`.
    pub fn parse(kind: &str, address: Option<&str>) -> Self {
        match kind.trim().to_ascii_lowercase().as_str() {
            "vnetlocal" => Self::VnetLocal,
            "internet" => Self::Internet,
            "none" => Self::None,
            "virtualappliance" => {
                Self::VirtualAppliance(address.and_then(|text| text.trim().parse().ok()))
            }
            "virtualnetworkgateway" => Self::VirtualNetworkGateway,
            _ => Self::Unknown(kind.to_owned()),
        }
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VnetLocal => f.write_str("VnetLocal"),
            Self::Peering => f.write_str("the peering"),
            Self::Internet => f.write_str("Internet"),
            Self::None => f.write_str("None"),
            Self::VirtualAppliance(None) => f.write_str("VirtualAppliance"),
            Self::VirtualAppliance(Some(address)) => write!(f, "VirtualAppliance {address}"),
            Self::VirtualNetworkGateway => f.write_str("VirtualNetworkGateway"),
            Self::Unknown(text) => write!(f, "{text:?}"),
        }
    }
}

/// Who made a route; of equal prefixes the first in this order wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteOrigin {
    /// A user, in the subnet's route table.
    User,
    /// Azure, for a peering.
    Peering,
    /// Azure, for every subnet.
    System,
}

/// Whether a route keeps private traffic on its way; worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// It is dropped, or leaves to where the address is not.
    Lost,
    /// The next hop is not understood, or another route may win.
    Unknown,
    /// It goes to an appliance or a gateway, which may or may not pass it on.
    HandedOver,
    /// It goes straight to the network that has the address.
    Direct,
}

/// A part of a destination that one route decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePart<'a> {
    /// Which part.
    pub destinations: AddressSet,
    /// The route that wins there; `None` where no route is for it.
    pub route: Option<&'a Route>,
    /// A route that may win instead and send it elsewhere, because what it is for is not known.
    pub perhaps: Option<&'a Route>,
    /// What becomes of the traffic.
    pub course: Course,
}

/// The routes Azure adds to every subnet of a network: into the network itself, into the networks
/// peered with it, nowhere for private addresses that are in neither, and else to the Internet.
///
/// `own` is the network's `addressSpace`, `peered` the `remoteAddressSpace` of its peerings. Azure
/// makes one route of each prefix, and ranks by its length, so they are given as they are written.
pub fn system_routes(own: &[Prefix], peered: &[Prefix]) -> Vec<Route> {
    let route = |target: Prefix, next_hop, origin| Route {
        name: target.to_string(),
        target: RouteTarget::Prefix(target),
        next_hop,
        origin,
    };
    let fixed = [
        ("0.0.0.0/0", NextHop::Internet),
        ("::/0", NextHop::Internet),
        ("10.0.0.0/8", NextHop::None),
        ("172.16.0.0/12", NextHop::None),
        ("192.168.0.0/16", NextHop::None),
        ("100.64.0.0/10", NextHop::None),
    ];
    let fixed = fixed.into_iter().filter_map(|(text, next_hop)| {
        let target = Prefix::parse(text).ok()?;
        // A network that has such a block as a whole gets the route into itself instead.
        (!own.contains(&target)).then(|| route(target, next_hop, RouteOrigin::System))
    });
    let local = own.iter().map(|prefix| route(*prefix, NextHop::VnetLocal, RouteOrigin::System));
    let peering =
        peered.iter().map(|prefix| route(*prefix, NextHop::Peering, RouteOrigin::Peering));
    local.chain(peering).chain(fixed).collect()
}

/// Which of these routes carries traffic to each part of a destination in a virtual network; worst
/// part first. The parts are disjoint and are all of it.
pub fn effective_routes<'a>(routes: &'a [Route], destination: &AddressSet) -> Vec<RoutePart<'a>> {
    let own: AddressSet = routes
        .iter()
        .filter(|route| route.origin == RouteOrigin::System && route.next_hop == NextHop::VnetLocal)
        .filter_map(prefix_of)
        .collect();
    let mut ranked: Vec<(Prefix, &Route)> =
        routes.iter().filter_map(|route| Some((prefix_of(route)?, route))).collect();
    // Azure refuses two routes of one table for one prefix; names keep the result stable.
    ranked.sort_by(|(a, first), (b, second)| {
        (b.length(), first.origin, &first.name).cmp(&(a.length(), second.origin, &second.name))
    });
    let mut rest = destination.clone();
    let mut parts = Vec::new();
    let mut decide = |route: Option<&'a Route>, won: AddressSet| {
        let at_home = won.intersection(&own);
        let abroad = won.difference(&own);
        for (destinations, local) in [(at_home, true), (abroad, false)] {
            let course = route.map_or(Course::Lost, |route| course(route, local));
            doubted(routes, route, course, local, destinations, &mut parts);
        }
    };
    for (prefix, route) in ranked {
        let prefix = AddressSet::from(prefix);
        decide(Some(route), rest.intersection(&prefix));
        rest = rest.difference(&prefix);
    }
    decide(None, rest);
    joined(parts)
}

fn prefix_of(route: &Route) -> Option<Prefix> {
    match &route.target {
        RouteTarget::Prefix(prefix) => Some(*prefix),
        RouteTarget::ServiceTag(_) | RouteTarget::Unrecognised(_) => None,
    }
}

/// What a route does to traffic for an address that is the network's own, or is not.
fn course(route: &Route, local: bool) -> Course {
    match &route.next_hop {
        NextHop::Peering => Course::Direct,
        // In a route for another network it drops the traffic (NET013).
        NextHop::VnetLocal if local => Course::Direct,
        NextHop::VnetLocal | NextHop::Internet | NextHop::None => Course::Lost,
        NextHop::VirtualAppliance(_) | NextHop::VirtualNetworkGateway => Course::HandedOver,
        NextHop::Unknown(_) => Course::Unknown,
    }
}

/// Adds a part, split by whether a route for something unknown may win there and do otherwise.
fn doubted<'a>(
    routes: &'a [Route],
    route: Option<&'a Route>,
    certain: Course,
    local: bool,
    destinations: AddressSet,
    parts: &mut Vec<RoutePart<'a>>,
) {
    let elsewhere = |reach: fn(&RouteTarget) -> bool| {
        routes.iter().find(|other| reach(&other.target) && course(other, local) != certain)
    };
    let unrecognised = elsewhere(|target| matches!(target, RouteTarget::Unrecognised(_)));
    let tagged = elsewhere(|target| matches!(target, RouteTarget::ServiceTag(_)));
    // Services have public addresses: Microsoft itself wants a tag's route on the server's subnet.
    let private = private_addresses();
    for (destinations, perhaps) in [
        (destinations.intersection(&private), unrecognised),
        (destinations.difference(&private), unrecognised.or(tagged)),
    ] {
        if !destinations.is_empty() {
            let course = if perhaps.is_some() { Course::Unknown } else { certain };
            parts.push(RoutePart { destinations, route, perhaps, course });
        }
    }
}

/// What no service of Azure has: RFC 1918, RFC 6598 and RFC 4193.
fn private_addresses() -> AddressSet {
    let blocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
    blocks.into_iter().filter_map(|text| Prefix::parse(text).ok()).collect()
}

/// Joins parts that fare alike, and sorts them: worst first, then by address.
fn joined(parts: Vec<RoutePart<'_>>) -> Vec<RoutePart<'_>> {
    let mut joined: Vec<RoutePart<'_>> = Vec::new();
    for part in parts {
        let alike = joined.iter_mut().find(|other| {
            (other.route, other.perhaps, other.course) == (part.route, part.perhaps, part.course)
        });
        match alike {
            Some(other) => other.destinations = other.destinations.union(&part.destinations),
            None => joined.push(part),
        }
    }
    joined.sort_by(|a, b| (a.course, &a.destinations).cmp(&(b.course, &b.destinations)));
    joined
}

impl RoutePart<'_> {
    /// The part as a hop of a path; appliances and gateways are trusted to pass traffic on when
    /// `network.allow_virtual_appliance` says so.
    pub fn state(&self, allow_virtual_appliance: bool) -> State {
        let to = &self.destinations;
        let why = match (self.perhaps, self.route) {
            (Some(perhaps), _) => {
                format!("route `{}` for {} may apply to {to}", perhaps.name, perhaps.target)
            }
            (None, Some(route)) => format!(
                "route `{}` for {} sends {to} to {}",
                route.name, route.target, route.next_hop
            ),
            (None, None) => format!("no route is for {to}"),
        };
        match self.course {
            Course::Direct => State::Open,
            Course::HandedOver if allow_virtual_appliance => State::Open,
            Course::HandedOver | Course::Unknown => State::Unknown(why),
            Course::Lost => State::Broken(why),
        }
    }
}

/// The parts together as a hop of a path.
pub fn route_state(parts: &[RoutePart<'_>], allow_virtual_appliance: bool) -> State {
    State::all(parts.iter().map(|part| part.state(allow_virtual_appliance)))
}

/// Whether a route table of the server's subnet that sends everything to an appliance keeps what
/// Microsoft requires then: a route for `AzureActiveDirectory` to the Internet, and one for the
/// subnet's own range within the network (NET014).
pub fn postgres_platform_routes(routes: &[Route], subnet: &AddressSet) -> State {
    let users: Vec<&Route> =
        routes.iter().filter(|route| route.origin == RouteOrigin::User).collect();
    let default = |route: &&&Route| prefix_of(route).is_some_and(|prefix| prefix.length() == 0);
    let mut taken = State::Open;
    for route in users.iter().filter(default) {
        match &route.next_hop {
            NextHop::VirtualAppliance(_) => {
                let required = [entra_route(&users), own_range_route(&users, subnet)];
                return State::all(required);
            }
            NextHop::Unknown(text) => {
                let why = format!("route `{}` has the next hop {text:?}", route.name);
                taken = taken.and(State::Unknown(why));
            }
            _ => {}
        }
    }
    taken
}

fn entra_route(users: &[&Route]) -> State {
    let for_entra = |route: &&&Route| {
        let tag = "AzureActiveDirectory";
        matches!(&route.target, RouteTarget::ServiceTag(own) if own.eq_ignore_ascii_case(tag))
    };
    let found = users.iter().filter(for_entra).map(|route| match &route.next_hop {
        NextHop::Internet => State::Open,
        NextHop::Unknown(text) => {
            State::Unknown(format!("route `{}` has the next hop {text:?}", route.name))
        }
        other => {
            State::Broken(format!("route `{}` sends AzureActiveDirectory to {other}", route.name))
        }
    });
    let none = || State::Broken("no route sends AzureActiveDirectory to Internet".to_owned());
    found.reduce(State::and).unwrap_or_else(none)
}

fn own_range_route(users: &[&Route], subnet: &AddressSet) -> State {
    if subnet.is_empty() {
        return State::Unknown("the subnet's own range is not known".to_owned());
    }
    let covered = |wanted: fn(&NextHop) -> bool| -> AddressSet {
        let routes = users.iter().filter(|route| wanted(&route.next_hop));
        routes.filter_map(|route| prefix_of(route)).collect()
    };
    let local = covered(|next_hop| *next_hop == NextHop::VnetLocal);
    let missing = subnet.difference(&local);
    if missing.is_empty() {
        return State::Open;
    }
    if covered(|next_hop| matches!(next_hop, NextHop::Unknown(_))).contains_all(&missing) {
        return State::Unknown(format!(
            "the next hop of the route for {missing} is not understood"
        ));
    }
    State::Broken(format!("no route keeps the subnet's own range {missing} in the network"))
}

#[cfg(test)]
mod tests {
    use super::super::address::tests::{addresses, prefix};
    use super::*;

    /// Routes of the subnet of the nodes: those of users, and Azure's in the reference design.
    fn aks(users: &[(&str, &str)]) -> Vec<Route> {
        let mut routes = system_routes(&[prefix("10.1.0.0/16")], &[prefix("10.2.0.0/24")]);
        routes.extend(users.iter().map(|(target, next_hop)| Route {
            name: format!("to-{target}"),
            target: RouteTarget::parse(target),
            next_hop: NextHop::parse(next_hop, Some("10.9.0.4")),
            origin: RouteOrigin::User,
        }));
        routes
    }

    /// Checks the parts of the way to the server's subnet: where to, by which route, and how.
    fn check(users: &[(&str, &str)], to: &str, expected: &[(&str, &str, Course)]) {
        let routes = aks(users);
        let parts = effective_routes(&routes, &addresses(&[to]));
        let shown: Vec<(String, &str, Course)> = parts
            .iter()
            .map(|part| (part.destinations.to_string(), &*part.route.unwrap().name, part.course))
            .collect();
        let expected: Vec<(String, &str, Course)> =
            expected.iter().map(|(to, name, course)| ((*to).to_owned(), *name, *course)).collect();
        assert_eq!(shown, expected, "{users:?}");
    }

    const SERVER: &str = "10.2.0.0/28";
    const PEERING: (&str, &str, Course) = (SERVER, "10.2.0.0/24", Course::Direct);

    #[test]
    fn without_own_routes_the_peering_carries() {
        check(&[], SERVER, &[PEERING]);
    }

    #[test]
    fn a_default_route_does_not_beat_the_peering() {
        check(&[("0.0.0.0/0", "VirtualAppliance")], SERVER, &[PEERING]);
        check(&[("10.0.0.0/8", "None"), ("10.2.0.0/16", "Internet")], SERVER, &[PEERING]);
    }

    #[test]
    fn pod_routes_of_kubenet_do_not_matter() {
        let pods = [("10.244.0.0/24", "VirtualAppliance"), ("10.244.1.0/24", "VirtualAppliance")];
        check(&pods, SERVER, &[PEERING]);
    }

    #[test]
    fn at_equal_length_the_users_route_wins() {
        for (next_hop, course) in [
            ("none", Course::Lost),
            ("Internet", Course::Lost),
            ("VNETLOCAL", Course::Lost),
            ("VirtualAppliance", Course::HandedOver),
            ("VirtualNetworkGateway", Course::HandedOver),
            ("HyperNetGateway", Course::Unknown),
        ] {
            check(&[("10.2.0.0/24", next_hop)], SERVER, &[(SERVER, "to-10.2.0.0/24", course)]);
        }
    }

    #[test]
    fn a_more_specific_route_diverts_its_part() {
        let users = [("10.2.0.8/29", "Internet"), ("10.2.0.4", "VirtualAppliance")];
        check(
            &users,
            SERVER,
            &[
                ("10.2.0.8/29", "to-10.2.0.8/29", Course::Lost),
                ("10.2.0.4/32", "to-10.2.0.4", Course::HandedOver),
                ("10.2.0.0/30, 10.2.0.5/32, 10.2.0.6/31", "10.2.0.0/24", Course::Direct),
            ],
        );
    }

    #[test]
    fn vnet_local_is_right_for_the_own_network_only() {
        check(
            &[("10.0.0.0/14", "VnetLocal"), ("10.1.0.0/16", "VnetLocal")],
            "10.1.4.0/24",
            &[("10.1.4.0/24", "to-10.1.0.0/16", Course::Direct)],
        );
        check(&[], "10.3.0.0/24", &[("10.3.0.0/24", "10.0.0.0/8", Course::Lost)]);
    }

    #[test]
    fn a_tags_route_may_matter_to_public_addresses_only() {
        let tag = [("AzureActiveDirectory", "Internet")];
        check(&tag, SERVER, &[PEERING]);
        let mut routes = aks(&tag);
        routes.extend(system_routes(&[], &[prefix("20.0.0.0/24")]));
        let parts = effective_routes(&routes, &addresses(&["20.0.0.0/28"]));
        assert_eq!(parts[0].course, Course::Unknown);
        assert_eq!(
            route_state(&parts, true),
            State::Unknown(
                "route `to-AzureActiveDirectory` for AzureActiveDirectory may apply to 20.0.0.0/28"
                    .to_owned()
            )
        );
        // What is not understood may be for any address, and matters where it changes something.
        let odd = [("10.2.0.0/99", "None")];
        check(&odd, SERVER, &[(SERVER, "10.2.0.0/24", Course::Unknown)]);
        let both = [("10.2.0.0/99", "None"), ("10.2.0.0/24", "None")];
        check(&both, SERVER, &[(SERVER, "to-10.2.0.0/24", Course::Lost)]);
    }

    #[test]
    fn parts_make_a_hop() {
        let state = |users: &[(&str, &str)], allow| {
            route_state(&effective_routes(&aks(users), &addresses(&[SERVER])), allow)
        };
        assert_eq!(state(&[], false), State::Open);
        let lost = "route `to-10.2.0.0/28` for 10.2.0.0/28 sends 10.2.0.0/28 to None";
        assert_eq!(state(&[(SERVER, "None")], true), State::Broken(lost.to_owned()));
        let handed = "route `to-10.2.0.0/28` for 10.2.0.0/28 sends 10.2.0.0/28 to \
                      VirtualAppliance 10.9.0.4";
        let appliance = [(SERVER, "VirtualAppliance")];
        assert_eq!(state(&appliance, false), State::Unknown(handed.to_owned()));
        assert_eq!(state(&appliance, true), State::Open);
        assert!(matches!(route_state(&[], true), State::Unknown(_)));
    }

    #[test]
    fn beside_an_appliance_the_platform_keeps_its_routes() {
        let default = ("0.0.0.0/0", "VirtualAppliance");
        let entra = ("azureactivedirectory", "Internet");
        let own = ("10.2.0.0/24", "VnetLocal");
        let state =
            |users: &[(&str, &str)]| postgres_platform_routes(&aks(users), &addresses(&[SERVER]));
        assert_eq!(state(&[]), State::Open);
        assert_eq!(state(&[("0.0.0.0/0", "Internet")]), State::Open);
        assert_eq!(state(&[default, entra, own]), State::Open);
        assert!(matches!(state(&[default, own]), State::Broken(_)));
        assert!(matches!(state(&[default, entra]), State::Broken(_)));
        assert!(matches!(
            state(&[default, ("AzureActiveDirectory", "None"), own]),
            State::Broken(_)
        ));
        assert!(matches!(state(&[("0.0.0.0/0", "Elsewhere")]), State::Unknown(_)));
        assert!(matches!(state(&[default, entra, (SERVER, "Elsewhere")]), State::Unknown(_)));
    }
}
