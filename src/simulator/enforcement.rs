//! What the services refuse a caller without the permission, where a scenario asks for that.

use crate::arm_errors::action_and_scope;
use crate::authorization::Sight;
use crate::directory::Directory;
use crate::request::{Asked, Service};
use crate::resource_graph;
use crate::resource_id::key;
use crate::scenario::Scenario;
use crate::tokens::Claims;

/// The application permissions of Graph that the scenarios know, by the id of their app role.
const APP_ROLES: [(&str, &str); 6] = [
    ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All"),
    ("81b4724a-58aa-41c1-8a55-84ef97466587", "DelegatedPermissionGrant.Read.All"),
    ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All"),
    ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All"),
    ("483bed4a-2ad3-4361-a73b-c83ccdbdc53c", "RoleManagement.Read.Directory"),
    ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All"),
];

/// The data action of listing blobs.
const LIST_BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";

/// The application permissions a service principal was granted, as its Graph token names them.
pub(crate) fn application_roles(directory: &Directory, principal: &str) -> Vec<String> {
    let grants = directory.get("servicePrincipals", principal);
    let grants = grants.and_then(|own| own.get("appRoleAssignments")?.as_array());
    let ids = grants.into_iter().flatten().filter_map(|grant| grant.get("appRoleId")?.as_str());
    ids.filter_map(|id| APP_ROLES.iter().find(|(own, _)| own.eq_ignore_ascii_case(id)))
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// Whether the caller lacks the permission for what it asks.
pub(crate) fn refuses(scenario: &Scenario, asked: &Asked, caller: &Claims) -> bool {
    if !scenario.enforces_permissions {
        return false;
    }
    let sight = || Sight::of(&scenario.estate, caller);
    match asked.service {
        // A query shows what the caller may read, and so does the list of subscriptions.
        Service::Arm if resource_graph::is_query(asked) || asked.segments.len() == 1 => false,
        Service::Arm => {
            let (action, scope) = action_and_scope(&asked.segments);
            !sight().may(&action, &key(&scope))
        }
        Service::Graph => {
            let granted = application_roles(&scenario.estate.directory, &caller.oid);
            let wanted = graph_permission(asked);
            !granted.iter().any(|own| own == wanted || own.starts_with("Directory.Read"))
        }
        Service::Blob => {
            let [account, container, ..] = asked.segments.as_slice() else { return false };
            let accounts = scenario.estate.resources.iter().filter(|(id, resource)| {
                resource.kind == "microsoft.storage/storageaccounts"
                    && id.ends_with(&format!("/{}", account.to_ascii_lowercase()))
            });
            let scope =
                |id: &str| key(&format!("{id}/blobServices/default/containers/{container}"));
            let sight = sight();
            !accounts.into_iter().any(|(id, _)| sight.may_data(LIST_BLOBS, &scope(id)))
        }
        Service::SignIn | Service::Metadata | Service::Pipelines => false,
    }
}

/// The application permission that what is asked of Graph takes.
fn graph_permission(asked: &Asked) -> &'static str {
    let has = |name: &str| asked.segments.iter().any(|own| own.eq_ignore_ascii_case(name));
    if has("roleManagement") {
        "RoleManagement.Read.Directory"
    } else if has("oauth2PermissionGrants") {
        "DelegatedPermissionGrant.Read.All"
    } else {
        "Application.Read.All"
    }
}
