//! Whether traffic gets from the cluster to the database, hop by hop (`catalogue.md` §3.4, §3.5).
//!
//! Works on small plain types and knows nothing of the estate: whoever reads the answers fills them
//! in. Everything is three-valued, and a set of addresses may fare differently in its parts, so
//! results name the part.

mod address;
#[cfg(test)]
mod brute_force;
mod nsg;
mod peering;
mod port;
mod ranges;
mod reach;
mod route;
mod security_rule;
mod told;

pub use address::{AddressSet, Prefix, PrefixError};
pub use nsg::{Decision, Doubt, Outcome, Part, SecurityRules, Space, Traffic};
pub use peering::{Extent, PeeringSide, PeeringSync, Subnet, peering_carries, peering_sync};
pub use port::{PortSet, PortTerm};
pub use reach::{Hop, Path, Reach, Stage, State, asks_azure_dns};
pub use route::{
    Course, NextHop, Route, RouteOrigin, RoutePart, RouteTarget, effective_routes,
    postgres_platform_routes, route_state, system_routes,
};
pub use security_rule::{
    Access, AddressTerm, Direction, Protocol, RuleProtocol, SecurityRule, Tags,
};

/// The entries of the singular and the plural field of a rule. Old clients write a list with commas
/// into the singular one, and a field that is not used may be there and empty.
fn entries<'a>(texts: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    texts
        .into_iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// Whether a text could be a service tag, such as `Storage.WestEurope`.
fn is_tag_like(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}
