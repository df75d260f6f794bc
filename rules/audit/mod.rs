//! Is the audit itself sound (AUD).

pub(crate) mod auditor_clock;
pub(crate) mod auditor_permissions;
pub(crate) mod subscription_and_tenant;
pub(crate) mod unambiguous_resources;
