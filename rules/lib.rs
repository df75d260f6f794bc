//! The catalogue: one file a rule beside its page, one folder a module.
//!
//! A rule is a question to the estate. It sees facts that are known, proven absent or unread, and
//! answers with verdicts and evidence. What it needs to be read it declares; tests hold it to that.

mod audit;
mod audited;
mod backup;
mod controls;
mod dns;
mod identity;
mod kubernetes;
mod network;
mod placement;
mod postgres;
mod storage;

use vaudit_model::Rule;

/// Every rule, sorted by id. A test reads the folders to prove that none is missing.
pub static CATALOGUE: &[&Rule] = &[
    &kubernetes::cluster_running::RULE,
    &kubernetes::node_pools::RULE,
    &kubernetes::persistent_volumes::RULE,
    &kubernetes::visible_places::RULE,
    &audit::auditor_permissions::RULE,
    &audit::auditor_clock::RULE,
    &audit::subscription_and_tenant::RULE,
    &audit::unambiguous_resources::RULE,
    &backup::recent_postgres_backup::RULE,
    &backup::daily_postgres_backups::RULE,
    &backup::retention::RULE,
    &backup::point_in_time_restore::RULE,
    &backup::server_state::RULE,
    &backup::backup_container::RULE,
    &backup::timestamped_folders::RULE,
    &backup::recent_complete_folder::RULE,
    &backup::newest_folder_complete::RULE,
    &backup::copies_succeeded::RULE,
    &backup::daily_folders::RULE,
    &backup::truthful_folder_names::RULE,
    &backup::separate_container::RULE,
    &backup::application_container::RULE,
    &dns::zone_name::RULE,
    &dns::dedicated_zone::RULE,
    &dns::zone_linked_to_aks::RULE,
    &dns::aks_link_complete::RULE,
    &dns::auto_registration::RULE,
    &dns::zone_linked_to_postgres::RULE,
    &dns::address_record::RULE,
    &dns::azure_resolver::RULE,
    &dns::registration_possible::RULE,
    &identity::service_principal::RULE,
    &identity::app_registration::RULE,
    &identity::service_principal_enabled::RULE,
    &identity::valid_secret::RULE,
    &identity::blob_data_contributor::RULE,
    &identity::role_scope::RULE,
    &identity::no_other_role::RULE,
    &identity::nothing_through_groups::RULE,
    &identity::no_role_elsewhere::RULE,
    &identity::role_condition::RULE,
    &identity::permanent_role::RULE,
    &identity::no_deny_assignment::RULE,
    &identity::no_directory_role::RULE,
    &identity::no_api_permission::RULE,
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
    &postgres::minor_version::RULE,
    &postgres::private_access::RULE,
    &postgres::public_network_access::RULE,
    &postgres::delegated_subnet::RULE,
    &postgres::private_dns_zone::RULE,
    &postgres::flexible_server::RULE,
    &postgres::vectice_database::RULE,
    &postgres::keycloak_database::RULE,
    &postgres::server_ready::RULE,
    &postgres::read_replica::RULE,
    &placement::resource_group::RULE,
    &placement::server_in_resource_group::RULE,
    &placement::cluster_in_resource_group::RULE,
    &placement::storage_in_resource_group::RULE,
    &placement::storage_region::RULE,
    &placement::cluster_region::RULE,
    &storage::account_usable::RULE,
    &storage::application_container::RULE,
    &storage::default_deny::RULE,
    &storage::aks_network_admitted::RULE,
    &storage::network_rule_in_effect::RULE,
    &storage::aks_service_endpoint::RULE,
    &storage::all_aks_subnets_admitted::RULE,
];

/// The rule of an id or name, case-blind.
pub fn find(name: &str) -> Option<&'static Rule> {
    CATALOGUE.iter().copied().find(|rule| {
        rule.meta.id.eq_ignore_ascii_case(name) || rule.meta.name.eq_ignore_ascii_case(name)
    })
}
