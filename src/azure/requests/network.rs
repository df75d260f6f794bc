//! Virtual networks, subnets, private endpoints, network security groups and route tables (R07–R09,
//! R11, R35, R50).

use azure_mgmt_network::package_2024_03;
use vaudit_model::{ArmId, RequestKind};

use super::{Sdk, client, send, send_first_page};

pub(super) async fn send(sdk: &Sdk, kind: RequestKind, id: &ArmId) -> Option<()> {
    let client = client!(package_2024_03, sdk);
    let subscription = id.subscription()?;
    match kind {
        RequestKind::VirtualNetworks => {
            send_first_page!(client.virtual_networks_client().list_all(subscription))
        }
        RequestKind::VirtualNetwork => send!(client.virtual_networks_client().get(
            id.resource_group()?,
            id.name(),
            subscription
        )),
        RequestKind::Subnet => send!(client.subnets_client().get(
            id.resource_group()?,
            id.parent()?.name(),
            id.name(),
            subscription
        )),
        RequestKind::PrivateEndpoint => send!(client.private_endpoints_client().get(
            id.resource_group()?,
            id.name(),
            subscription
        )),
        RequestKind::PrivateEndpoints => {
            send_first_page!(client.private_endpoints_client().list_by_subscription(subscription))
        }
        RequestKind::NetworkSecurityGroups => {
            send_first_page!(client.network_security_groups_client().list_all(subscription))
        }
        RequestKind::NetworkSecurityGroup => send!(client.network_security_groups_client().get(
            id.resource_group()?,
            id.name(),
            subscription
        )),
        RequestKind::RouteTables => {
            send_first_page!(client.route_tables_client().list_all(subscription))
        }
        RequestKind::RouteTable => {
            send!(client.route_tables_client().get(id.resource_group()?, id.name(), subscription))
        }
        _ => None,
    }
}
