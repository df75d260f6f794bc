//! Private DNS (DNS).

use vaudit_model::estate::VirtualNetworkLink;
use vaudit_model::{Estate, Stop};

use crate::audited;

pub(crate) mod address_record;
pub(crate) mod aks_link_complete;
pub(crate) mod auto_registration;
pub(crate) mod azure_resolver;
pub(crate) mod dedicated_zone;
pub(crate) mod registration_possible;
mod zone_link;
pub(crate) mod zone_linked_to_aks;
pub(crate) mod zone_linked_to_postgres;
pub(crate) mod zone_name;

/// The link between the server's zone and the AKS network, whose absence DNS003 reports.
fn aks_link(estate: &Estate<'_>) -> Result<VirtualNetworkLink, Stop> {
    audited::server(estate)?;
    estate.zone_id().required("PG008")?;
    estate.zone_links().required("PG008")?;
    let vnet = estate.aks_vnet_id();
    let (vnet, _) = vnet.required("PLC003")?;
    let link = estate.zone_link_to(vnet);
    link.required("DNS003").map(|(link, _)| link.clone())
}
