//! Route tables, and where they send the traffic between the cluster and the server.

use super::prefixes::addresses;
use super::{Estate, Subnet, item_id};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::RequestKind;
use crate::network_path::{
    AddressSet, Course, NextHop, Prefix, Route, RouteOrigin, RoutePart, RouteTarget, State,
    effective_routes, system_routes,
};
use crate::reader::Node;

/// A route table (R09).
#[derive(Clone, Debug, PartialEq)]
pub struct RouteTable {
    /// Its id.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `properties.routes`; left out when there are none.
    pub routes: Fact<Vec<UserRoute>>,
}

/// A route with where it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRoute {
    /// The route.
    pub route: Route,
    /// Where it was read.
    pub source: Source,
}

/// A part of the traffic that a user's route decides, or may decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Detour {
    /// Where the route was read.
    pub source: Source,
    /// Where the route sends it: its next hop.
    pub next_hop: NextHop,
    /// What becomes of the traffic.
    pub course: Course,
    /// The same as a hop of a path.
    pub state: State,
}

impl RouteTable {
    /// Reads a table from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let routes = node.at("properties").object().and_then(|properties, _| {
            properties.at("routes").items_or_none().and_then(|list, source| match list {
                List { items, missing: None } => {
                    Fact::Known(items.iter().map(user_route).collect(), source)
                }
                List { missing: Some(gap), .. } => Fact::Unread(gap),
            })
        });
        Ok(Self { id: item_id(node)?, source: node.source(), routes })
    }
}

/// A route of which something cannot be read is a route all the same: it may be for anything, or
/// lead anywhere.
fn user_route(node: &Node<'_>) -> UserRoute {
    let properties = node.at("properties");
    let text = |field: &str| properties.at(field).text().value().cloned();
    let target = match text("addressPrefix") {
        Some(prefix) => RouteTarget::parse(&prefix),
        None => RouteTarget::Unrecognised("a prefix that could not be read".to_owned()),
    };
    let address = text("nextHopIpAddress");
    let kind = text("nextHopType").unwrap_or_default();
    let named = node.at("name").text().value().cloned();
    let name = named.or_else(|| Some(item_id(node).ok()?.name().to_owned()));
    let route = Route {
        name: name.unwrap_or_else(|| "without a name".to_owned()),
        target,
        next_hop: NextHop::parse(&kind, address.as_deref()),
        origin: RouteOrigin::User,
    };
    UserRoute { route, source: node.source() }
}

impl Estate<'_> {
    /// A route table by its id: from the subscription's list, else from a read of its own. A subnet
    /// names none that does not exist, so one that is not found is not understood.
    pub fn route_table(&self, id: &ArmId) -> Fact<RouteTable> {
        let kinds = (RequestKind::RouteTables, RequestKind::RouteTable);
        match self.listed_or_read(kinds, id, RouteTable::read) {
            Fact::Absent(_) => Fact::Unread(
                Gap::because(Reason::Unrecognised, format!("{} is not found", id.name()))
                    .at(id.as_str()),
            ),
            table => table,
        }
    }

    /// The parts of a destination that routes of the subnet's own table decide; absent without a
    /// table. `own` is the address space of the subnet's network, `peered` what is peered with it.
    ///
    /// What Azure's own routes decide is not among them: whether the networks are peered is the
    /// question of others (NET004–NET009).
    pub(super) fn detours(
        &self,
        subnet: &Subnet,
        own: &Fact<Vec<Prefix>>,
        peered: &Fact<Vec<Prefix>>,
        destinations: &AddressSet,
    ) -> Fact<Vec<Detour>> {
        let table = subnet.route_table.as_ref().and_then(|id, _| self.route_table(id));
        table.and_then(|table, source| {
            table.routes.and_then(|users, _| {
                let spaces = match (own, peered) {
                    (Fact::Known(own, _), Fact::Known(peered, _)) => Ok((own, peered)),
                    (Fact::Unread(gap), _) | (_, Fact::Unread(gap)) => Err(gap),
                    // A network without an address space has nothing to be diverted.
                    _ => return Fact::Known(Vec::new(), source),
                };
                match spaces {
                    Ok((own, peered)) => {
                        let allowed = self.deployment.network.allow_virtual_appliance;
                        let system = system_routes(own, peered);
                        Fact::Known(diverted(&users, system, destinations, allowed), source)
                    }
                    // Which routes win is not known, but none can that is for something else.
                    Err(_) if users.iter().all(|own| is_elsewhere(own, destinations)) => {
                        Fact::Known(Vec::new(), source)
                    }
                    Err(gap) => Fact::Unread(gap.clone()),
                }
            })
        })
    }
}

fn is_elsewhere(user: &UserRoute, destinations: &AddressSet) -> bool {
    match &user.route.target {
        RouteTarget::Prefix(prefix) => !addresses(&[*prefix]).intersects(destinations),
        // Services have public addresses, the two networks private ones.
        RouteTarget::ServiceTag(_) => true,
        RouteTarget::Unrecognised(_) => false,
    }
}

/// The parts that users' routes decide, worst first.
fn diverted(
    users: &[UserRoute],
    system: Vec<Route>,
    destinations: &AddressSet,
    allowed: bool,
) -> Vec<Detour> {
    let routes: Vec<Route> = users.iter().map(|user| user.route.clone()).chain(system).collect();
    let parts = effective_routes(&routes, destinations);
    let detour = |part: &RoutePart<'_>| {
        let blamed = part.perhaps.or(part.route)?;
        let user = users.iter().find(|user| user.route == *blamed)?;
        Some(Detour {
            source: user.source.clone(),
            next_hop: blamed.next_hop.clone(),
            course: part.course,
            state: part.state(allowed),
        })
    };
    parts.iter().filter_map(detour).collect()
}
