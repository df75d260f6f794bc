//! Reachability (NET).

pub(crate) mod address_spaces;
pub(crate) mod aks_routes;
mod aks_sources;
pub(crate) mod aks_vnet;
pub(crate) mod dedicated_vnet;
mod filter;
pub(crate) mod inbound_rules;
pub(crate) mod outbound_rules;
pub(crate) mod peered_subnets;
mod peering;
pub(crate) mod peering_from_aks;
pub(crate) mod peering_from_postgres;
pub(crate) mod peerings_allow_access;
pub(crate) mod peerings_connected;
pub(crate) mod peerings_in_sync;
pub(crate) mod postgres_vnet;
