//! Role assignments, their schedules, deny assignments and the caller's own permissions (R14, R16,
//! R37–R39).

use azure_mgmt_authorization::package_2022_04_01;
use url::Url;
use vaudit_model::{ArmId, Request, RequestKind};

use super::{Sdk, client, raw_url, send_first_page};

pub(super) async fn send(sdk: &Sdk, request: &Request, id: &ArmId) -> Option<()> {
    let client = client!(package_2022_04_01, sdk);
    if request.kind == RequestKind::RoleAssignmentsAround {
        let list = client.role_assignments_client();
        return send_first_page!(list.list_for_scope(bare(id)));
    }
    let subscription = id.subscription()?;
    match request.kind {
        RequestKind::RoleAssignments => {
            let list = client.role_assignments_client().list_for_subscription(subscription);
            send_first_page!(list.filter(assigned_to(request)?))
        }
        RequestKind::RoleEligibilities => {
            let list = client.role_eligibility_schedule_instances_client();
            send_first_page!(list.list_for_scope(bare(id)).filter(assigned_to(request)?))
        }
        RequestKind::RoleAssignmentSchedules => {
            let list = client.role_assignment_schedule_instances_client();
            send_first_page!(list.list_for_scope(bare(id)).filter(assigned_to(request)?))
        }
        RequestKind::DenyAssignmentsAbove => {
            let list = client.deny_assignments_client();
            let list = list.list_for_resource_group(subscription, id.resource_group()?);
            send_first_page!(list.filter("atScope()"))
        }
        RequestKind::DenyAssignmentsBelow => {
            let list = client.deny_assignments_client();
            send_first_page!(list.list_for_resource_group(subscription, id.resource_group()?))
        }
        RequestKind::Permissions => {
            let list = client.permissions_client();
            send_first_page!(list.list_for_resource_group(id.resource_group()?, subscription))
        }
        _ => None,
    }
}

/// The caller's own permissions at a scope that is no resource group: the crate has no operation for a
/// subscription, and the one for resources wants their ids in pieces.
pub(super) fn permissions_url(endpoint: &Url, id: &ArmId) -> Option<Url> {
    let group =
        ArmId::resource_group_scope(id.subscription()?, id.resource_group().unwrap_or_default());
    let path = format!("{}/providers/Microsoft.Authorization/permissions", id.as_str());
    (*id != group).then(|| raw_url(endpoint, &path, "2022-04-01"))
}

/// `assignedTo` follows groups; `principalId eq` would miss what comes through them.
fn assigned_to(request: &Request) -> Option<String> {
    let principal = request.filter.as_deref()?;
    Some(format!("assignedTo('{}')", principal.replace('\'', "''")))
}

/// A scope as the SDK wants it: it writes the leading slash itself.
fn bare(scope: &ArmId) -> String {
    scope.as_str().trim_start_matches('/').to_owned()
}
