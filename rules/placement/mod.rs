//! Placement (PLC).

pub(crate) mod cluster_in_resource_group;
pub(crate) mod cluster_region;
mod in_group;
pub(crate) mod resource_group;
pub(crate) mod server_in_resource_group;
pub(crate) mod storage_in_resource_group;
pub(crate) mod storage_region;
