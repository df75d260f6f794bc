//! Subscriptions, resource groups and what lies in them (R01, R02, R04).

use azure_mgmt_resources::{package_resources_2021_04, package_subscriptions_2021_01};
use vaudit_model::{ArmId, Request, RequestKind};

use super::{Sdk, client, send, send_first_page};

/// The subscriptions in which the auditor has any role.
pub(super) async fn send_subscriptions(sdk: &Sdk) -> Option<()> {
    let client = client!(package_subscriptions_2021_01, sdk);
    send_first_page!(client.subscriptions_client().list())
}

/// The resources of one type in a subscription, which shows the caller what it may see.
pub(super) async fn send_of_type(sdk: &Sdk, request: &Request, id: &ArmId) -> Option<()> {
    let resource_type = request.filter.as_deref()?.replace('\'', "''");
    let client = client!(package_resources_2021_04, sdk);
    let list = client.resources_client().list(id.subscription()?);
    send_first_page!(list.filter(format!("resourceType eq '{resource_type}'")))
}

pub(super) async fn send(sdk: &Sdk, kind: RequestKind, id: &ArmId) -> Option<()> {
    let subscription = id.subscription()?;
    match kind {
        RequestKind::Subscription => {
            let client = client!(package_subscriptions_2021_01, sdk);
            send!(client.subscriptions_client().get(subscription))
        }
        RequestKind::ResourceGroup => {
            let client = client!(package_resources_2021_04, sdk);
            send!(client.resource_groups_client().get(id.resource_group()?, subscription))
        }
        RequestKind::Resources => {
            let client = client!(package_resources_2021_04, sdk);
            let list = client.resources_client();
            send_first_page!(list.list_by_resource_group(id.resource_group()?, subscription))
        }
        _ => None,
    }
}
