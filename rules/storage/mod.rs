//! Storage (STO).

mod access;
pub(crate) mod account_usable;
pub(crate) mod aks_network_admitted;
pub(crate) mod aks_service_endpoint;
pub(crate) mod all_aks_subnets_admitted;
pub(crate) mod application_container;
pub(crate) mod default_deny;
pub(crate) mod network_rule_in_effect;
