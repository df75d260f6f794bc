//! Private DNS zones, their virtual network links and their records (R10, R30, R31).

use azure_mgmt_privatedns::package_2024_06;
use vaudit_model::{ArmId, RequestKind};

use super::{Sdk, client, send, send_first_page};

pub(super) async fn send(sdk: &Sdk, kind: RequestKind, id: &ArmId) -> Option<()> {
    let client = client!(package_2024_06, sdk);
    let subscription = id.subscription()?;
    match kind {
        RequestKind::PrivateDnsZones => {
            send_first_page!(client.private_zones_client().list(subscription))
        }
        RequestKind::VirtualNetworkLinks => {
            send_first_page!(client.virtual_network_links_client().list(
                id.resource_group()?,
                id.name(),
                subscription
            ))
        }
        RequestKind::PrivateDnsZone => {
            send!(client.private_zones_client().get(id.resource_group()?, id.name(), subscription))
        }
        RequestKind::RecordSets => send_first_page!(client.record_sets_client().list(
            id.resource_group()?,
            id.name(),
            subscription
        )),
        _ => None,
    }
}
