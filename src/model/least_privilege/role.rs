//! The roles that give an auditor what it needs, in the form `az role definition create` reads.

use serde::Serialize;

use super::{GRAPH_APP_ID, Given, Requirement, app_role_id};

/// The condition that leaves of the storage role nothing but listing, in version 2.0 of the language.
pub const LISTING_CONDITION: &str = "(!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'} AND NOT SubOperationMatches{'Blob.List'}))";

/// A custom role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomRole {
    /// What it is called, once in a tenant.
    pub name: &'static str,
    /// Always.
    pub is_custom: bool,
    /// What it is for.
    pub description: &'static str,
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
    /// What it allows on resources, sorted.
    pub actions: Vec<&'static str>,
    /// Nothing is taken away again.
    pub not_actions: Vec<&'static str>,
    /// What it allows on what is in them, sorted.
    pub data_actions: Vec<&'static str>,
    /// Nothing is taken away again.
    pub not_data_actions: Vec<&'static str>,
}

impl CustomRole {
    /// As the file that `az` reads.
    pub fn as_file(&self) -> String {
        as_file(self)
    }
}

/// Texts and lists of them are always JSON.
fn as_file(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The role for Resource Manager, to be assigned on the subscriptions; none when nothing is read
/// there.
pub fn control_role(requirements: &[Requirement], scopes: Vec<String>) -> Option<CustomRole> {
    let actions = permissions(requirements, Given::Subscription);
    (!actions.is_empty()).then(|| CustomRole {
        name: "Vectice Auditor (vaudit, control plane)",
        is_custom: true,
        description: "Read-only facts for vaudit. No secrets, no keys, no data.",
        assignable_scopes: scopes,
        actions,
        not_actions: Vec::new(),
        data_actions: Vec::new(),
        not_data_actions: Vec::new(),
    })
}

/// The role for the Blob service, to be assigned on the containers under [`LISTING_CONDITION`]; none
/// when no blobs are listed.
pub fn storage_role(requirements: &[Requirement], scopes: Vec<String>) -> Option<CustomRole> {
    let data_actions = permissions(requirements, Given::Containers);
    (!data_actions.is_empty()).then(|| CustomRole {
        name: "Vectice Auditor (vaudit, blob names)",
        is_custom: true,
        description: "List blobs; combine with the condition so that contents stay unreadable.",
        assignable_scopes: scopes,
        actions: Vec::new(),
        not_actions: Vec::new(),
        data_actions,
        not_data_actions: Vec::new(),
    })
}

fn permissions(requirements: &[Requirement], given: Given) -> Vec<&'static str> {
    requirements.iter().filter(|own| own.given == given).map(|own| own.permission).collect()
}

/// What an app registration asks for of one API, in the form `az ad app update
/// --required-resource-accesses` reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAccess {
    resource_app_id: &'static str,
    resource_access: Vec<AppRole>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AppRole {
    id: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl ResourceAccess {
    /// The application permissions of Graph; none when nothing is read there.
    pub fn of_graph(requirements: &[Requirement]) -> Option<Self> {
        let names = permissions(requirements, Given::Graph);
        let ids = names.into_iter().filter_map(app_role_id);
        let resource_access: Vec<AppRole> = ids.map(|id| AppRole { id, kind: "Role" }).collect();
        let access = Self { resource_app_id: GRAPH_APP_ID, resource_access };
        (!access.resource_access.is_empty()).then_some(access)
    }

    /// As the file that `az` reads: a list of APIs.
    pub fn as_file(&self) -> String {
        as_file(&[self])
    }

    /// The ids of the app roles, as `az ad app permission add --api-permissions` takes them.
    pub fn words(&self) -> Vec<String> {
        self.resource_access.iter().map(|role| format!("{}={}", role.id, role.kind)).collect()
    }
}
