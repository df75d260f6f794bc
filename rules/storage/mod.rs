//! Storage (STO).

pub(crate) mod default_deny;
