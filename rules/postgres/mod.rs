//! The PostgreSQL server (PG).

pub(crate) mod major_version;
pub(crate) mod private_access;
pub(crate) mod public_network_access;
pub(crate) mod vectice_database;
