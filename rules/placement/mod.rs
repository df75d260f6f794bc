//! Placement (PLC).

pub(crate) mod resource_group;
pub(crate) mod server_in_resource_group;
pub(crate) mod storage_region;
