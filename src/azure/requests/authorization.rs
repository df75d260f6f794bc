//! Role assignments (R37).

use azure_mgmt_authorization::package_2022_04_01;
use vaudit_model::{ArmId, Request};

use super::{Sdk, client, send_first_page};

pub(super) async fn send(sdk: &Sdk, request: &Request, id: &ArmId) -> Option<()> {
    let client = client!(package_2022_04_01, sdk);
    let principal = request.filter.as_deref()?;
    // `assignedTo` follows groups; `principalId eq` would miss what comes through them.
    let filter = format!("assignedTo('{}')", principal.replace('\'', "''"));
    let request = client.role_assignments_client().list_for_subscription(id.subscription()?);
    send_first_page!(request.filter(filter))
}
