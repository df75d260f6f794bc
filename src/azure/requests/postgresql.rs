//! PostgreSQL flexible servers and their children (R03, R20, R21).

use azure_mgmt_postgresql::package_flexibleserver_2024_08_01;
use vaudit_model::{ArmId, RequestKind};

use super::{Sdk, client, send, send_first_page};

pub(super) async fn send(sdk: &Sdk, kind: RequestKind, id: &ArmId) -> Option<()> {
    let client = client!(package_flexibleserver_2024_08_01, sdk);
    let subscription = id.subscription()?;
    if kind == RequestKind::SubscriptionServers {
        return send_first_page!(client.servers_client().list(subscription));
    }
    let group = id.resource_group()?;
    match kind {
        RequestKind::PostgresServers => {
            send_first_page!(client.servers_client().list_by_resource_group(subscription, group))
        }
        RequestKind::PostgresServer => {
            send!(client.servers_client().get(subscription, group, id.name()))
        }
        RequestKind::PostgresDatabases => send_first_page!(
            client.databases_client().list_by_server(subscription, group, id.name())
        ),
        RequestKind::PostgresBackups => {
            send_first_page!(client.backups_client().list_by_server(subscription, group, id.name()))
        }
        _ => None,
    }
}
