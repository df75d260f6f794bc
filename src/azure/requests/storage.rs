//! Storage accounts and their containers, on the control plane (R06, R33).

use azure_mgmt_storage::package_2023_05;
use vaudit_model::{ArmId, RequestKind};

use super::{Sdk, client, send, send_first_page};

pub(super) async fn send(sdk: &Sdk, kind: RequestKind, id: &ArmId) -> Option<()> {
    let client = client!(package_2023_05, sdk);
    let (subscription, group) = (id.subscription()?, id.resource_group()?);
    match kind {
        RequestKind::StorageAccounts => send_first_page!(
            client.storage_accounts_client().list_by_resource_group(group, subscription)
        ),
        RequestKind::StorageAccount => {
            send!(client.storage_accounts_client().get_properties(group, id.name(), subscription))
        }
        RequestKind::BlobContainers => {
            send_first_page!(client.blob_containers_client().list(group, id.name(), subscription))
        }
        _ => None,
    }
}
