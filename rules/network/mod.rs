//! Reachability (NET).

pub(crate) mod aks_vnet;
mod peering;
pub(crate) mod peering_from_aks;
pub(crate) mod peering_from_postgres;
pub(crate) mod peerings_connected;
pub(crate) mod postgres_vnet;
