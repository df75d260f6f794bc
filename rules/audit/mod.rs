//! Is the audit itself sound (AUD).

pub(crate) mod subscription_and_tenant;
pub(crate) mod unambiguous_resources;
