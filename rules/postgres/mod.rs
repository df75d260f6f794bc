//! The PostgreSQL server (PG).

mod database;
pub(crate) mod delegated_subnet;
pub(crate) mod flexible_server;
pub(crate) mod keycloak_database;
pub(crate) mod major_version;
pub(crate) mod minor_version;
pub(crate) mod private_access;
pub(crate) mod private_dns_zone;
pub(crate) mod public_network_access;
pub(crate) mod read_replica;
pub(crate) mod server_ready;
pub(crate) mod vectice_database;
