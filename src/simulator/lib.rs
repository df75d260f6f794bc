//! An embedded Azure on loopback: token endpoint, ARM, Microsoft Graph and blob listing, telling a
//! scenario.
//!
//! A [`Scenario`] says what there is, who may look and what goes wrong; `SCENARIOS.md` explains the
//! files. A [`Simulator`] serves it on 127.0.0.1, or for Azure's own host names behind a proxy. It
//! answers reads only, in the shapes and with the quirks of the real services.

mod activity_log;
mod answer;
mod arm;
mod arm_errors;
mod arm_lists;
mod assertion;
mod authorization;
mod blob;
mod blob_pages;
mod blob_store;
mod blob_xml;
mod change_blobs;
mod change_resources;
mod changes;
mod clock;
mod clouds;
mod directory;
mod dispatch;
mod enforcement;
mod estate;
mod expand;
mod faults;
mod fill;
mod graph;
mod graph_query;
mod json;
mod kql;
mod log;
mod meter;
mod percent;
mod pipelines;
mod request;
mod resource_graph;
mod resource_id;
mod scenario;
mod server;
mod sign_in;
mod tls;
mod tokens;
mod types;

pub use log::LoggedRequest;
pub use scenario::{Scenario, ScenarioError};
pub use server::{Options, ServeError, Simulator, Tls};
pub use tls::TlsError;

/// Someone who may sign in to a simulated tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The tenant's id.
    pub tenant: &'static str,
    /// The client id.
    pub client_id: &'static str,
    /// The client secret; it opens nothing but the simulator.
    pub client_secret: &'static str,
    /// The object id of the service principal.
    pub object_id: &'static str,
}

/// The auditor of the demo, and of every scenario that names none.
pub const DEMO_AUDITOR: Credentials = Credentials {
    tenant: "11111111-1111-1111-1111-111111111111",
    client_id: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
    client_secret: "simulated-and-not-a-secret",
    object_id: "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb",
};

/// The `vaudit.toml` of the demo: it fits the scenarios `compliant` and `drifted`.
pub fn demo_manifest() -> &'static str {
    include_str!("scenarios/demo.toml")
}
