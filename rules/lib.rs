//! The catalogue: one file a rule beside its page, one folder a module.
//!
//! A rule is a question to the estate. It sees facts that are known, proven absent or unread, and
//! answers with verdicts and evidence. What it needs to be read it declares; tests hold it to that.

mod audit;
mod backup;
mod controls;
mod dns;
mod identity;
mod network;
mod placement;
mod postgres;
mod storage;

use vaudit_model::Rule;

/// Every rule, sorted by id. A test reads the folders to prove that none is missing.
pub static CATALOGUE: &[&Rule] = &[
    &audit::subscription_and_tenant::RULE,
    &audit::unambiguous_resources::RULE,
    &backup::recent_postgres_backup::RULE,
    &backup::backup_container::RULE,
    &backup::timestamped_folders::RULE,
    &backup::recent_complete_folder::RULE,
    &backup::newest_folder_complete::RULE,
    &dns::zone_linked_to_aks::RULE,
    &dns::aks_link_complete::RULE,
    &dns::auto_registration::RULE,
    &identity::service_principal::RULE,
    &identity::blob_data_contributor::RULE,
    &identity::no_other_role::RULE,
    &network::aks_vnet::RULE,
    &network::postgres_vnet::RULE,
    &network::dedicated_vnet::RULE,
    &network::peering_from_aks::RULE,
    &network::peering_from_postgres::RULE,
    &network::peerings_connected::RULE,
    &network::peerings_in_sync::RULE,
    &network::peerings_allow_access::RULE,
    &network::peered_subnets::RULE,
    &network::address_spaces::RULE,
    &network::inbound_rules::RULE,
    &network::outbound_rules::RULE,
    &network::aks_routes::RULE,
    &postgres::major_version::RULE,
    &postgres::private_access::RULE,
    &postgres::public_network_access::RULE,
    &postgres::vectice_database::RULE,
    &placement::resource_group::RULE,
    &placement::server_in_resource_group::RULE,
    &placement::storage_region::RULE,
    &storage::default_deny::RULE,
];

/// The rule of an id or name, case-blind.
pub fn find(name: &str) -> Option<&'static Rule> {
    CATALOGUE.iter().copied().find(|rule| {
        rule.meta.id.eq_ignore_ascii_case(name) || rule.meta.name.eq_ignore_ascii_case(name)
    })
}
