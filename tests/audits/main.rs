//! Whole audits, seen from outside: of another cloud, of several deployments, from snapshots and blob
//! listings, and as SARIF. One program, because linking each on its own takes longer than running it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../support/mod.rs"]
mod support;

mod blob_listing;
mod foreign_azure;
mod replay;
mod sarif;
mod several_deployments;
mod snapshot_file;
