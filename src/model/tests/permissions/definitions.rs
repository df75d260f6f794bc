//! Role and deny assignments of our own making, in the shapes Azure answers with.

use std::sync::Arc;

use serde_json::{Value, json};
use vaudit_model::permissions::{
    Assignment, DenyAssignment, Effective, Principal, PrincipalId, RoleDefinition,
};
use vaudit_model::reader::Node;
use vaudit_model::{ArmId, Fact, Gap, List, Reason, Source};

pub(crate) const SUBSCRIPTION: &str = "/subscriptions/0f6a3c52-8f3e-4c6e-9a0e-4f1d7d1b2c11";
pub(crate) const ME: &str = "6d9c1f0a-52c4-4b39-8a0a-7d1f3a9b2e01";
pub(crate) const TEAM: &str = "b1f0c2d4-9d1c-4e57-8f1a-0c2b3d4e5f60";
pub(crate) const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// The built-in role of the reference design, with what newer Azure added to it.
pub(crate) fn blob_contributor() -> Value {
    role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        json!([{
            "actions": [
                "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
                "Microsoft.Storage/storageAccounts/blobServices/containers/read",
                "Microsoft.Storage/storageAccounts/blobServices/containers/write",
                "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
            ],
            "notActions": [],
            "dataActions": [
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action",
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action"
            ],
            "notDataActions": []
        }]),
    )
}

/// Everything but access, written as Contributor is.
pub(crate) fn operator() -> Value {
    role(
        "7f0d2c11-0000-4000-8000-000000000001",
        "Platform operator",
        json!([{
            "actions": ["*"],
            "notActions": [
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action"
            ],
            "dataActions": [],
            "notDataActions": []
        }]),
    )
}

/// Two entries: the second grants what the first leaves out.
pub(crate) fn two_entries() -> Value {
    role(
        "7f0d2c11-0000-4000-8000-000000000002",
        "Storage helper",
        json!([
            {
                "actions": ["Microsoft.Storage/*"],
                "notActions": ["Microsoft.Storage/storageAccounts/listKeys/*"],
                "dataActions": [],
                "notDataActions": []
            },
            {
                "actions": ["microsoft.storage/storageaccounts/LISTKEYS/action"],
                "notActions": [],
                "dataActions": [],
                "notDataActions": [],
                "condition": null,
                "conditionVersion": null
            }
        ]),
    )
}

/// An entry with a condition beside one without, as the built-in access administrators have.
pub(crate) fn conditional_entry() -> Value {
    role(
        "7f0d2c11-0000-4000-8000-000000000003",
        "Delegated administrator",
        json!([
            {
                "actions": ["Microsoft.Authorization/roleAssignments/write"],
                "notActions": [],
                "dataActions": [],
                "notDataActions": [],
                "condition": "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) \
                    OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
                    ForAnyOfAnyValues:GuidEquals {ba92f5b4-2d11-453d-a403-e96b0029c9fe}))",
                "conditionVersion": "2.0"
            },
            {
                "actions": ["*/read"],
                "notActions": [],
                "dataActions": [],
                "notDataActions": []
            }
        ]),
    )
}

/// Reads names of secrets, not secrets; and identities, in the spelling of built-in roles.
pub(crate) fn identity_operator() -> Value {
    role(
        "7f0d2c11-0000-4000-8000-000000000004",
        "Identity operator",
        json!([{
            "actions": [
                "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
                "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"
            ],
            "notActions": [],
            "dataActions": ["Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
            "notDataActions": []
        }]),
    )
}

/// A role with one entry of `actions` and `notActions`.
pub(crate) fn custom(actions: &[&str], not_actions: &[&str]) -> Value {
    let entry = json!({
        "actions": actions, "notActions": not_actions, "dataActions": [], "notDataActions": []
    });
    role("7f0d2c11-0000-4000-8000-00000000000a", "Custom", json!([entry]))
}

fn role(guid: &str, name: &str, permissions: Value) -> Value {
    json!({
        "id": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"),
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "CustomRole",
            "description": null,
            "assignableScopes": ["/"],
            "permissions": permissions,
            "createdBy": null,
            "createdOn": "2025-02-02T21:55:09.8806423Z"
        }
    })
}

/// A deny assignment at a scope; `principals` and `spared` are pairs of id and type.
pub(crate) fn deny(
    scope: &ArmId,
    principals: &[(&str, &str)],
    spared: &[(&str, &str)],
    entry: Value,
) -> Value {
    let named = |list: &[(&str, &str)]| -> Vec<Value> {
        list.iter().map(|(id, kind)| json!({"id": id, "type": kind})).collect()
    };
    let name = "c00e47f5-b5e6-4586-a2bb-77b0eb59a0f2";
    json!({
        "id": scope.resource("Microsoft.Authorization/denyAssignments", name).as_str(),
        "name": name,
        "type": "Microsoft.Authorization/denyAssignments",
        "properties": {
            "denyAssignmentName": "Managed by a deployment stack",
            "description": "",
            "permissions": [entry],
            "scope": scope.as_str(),
            "doNotApplyToChildScopes": false,
            "principals": named(principals),
            "excludePrincipals": named(spared),
            "isSystemProtected": true,
            "condition": null,
            "createdBy": null
        }
    })
}

/// An entry that holds these on both planes.
pub(crate) fn entry(actions: &[&str], data_actions: &[&str]) -> Value {
    json!({
        "actions": actions, "notActions": [],
        "dataActions": data_actions, "notDataActions": []
    })
}

pub(crate) fn id(text: &str) -> ArmId {
    ArmId::parse(text).unwrap()
}

pub(crate) fn subscription() -> ArmId {
    id(SUBSCRIPTION)
}

pub(crate) fn account() -> ArmId {
    id(&format!("{SUBSCRIPTION}/resourceGroups/rg"))
        .resource("Microsoft.Storage/storageAccounts", "st")
}

pub(crate) fn container() -> ArmId {
    account().child("blobServices", "default").child("containers", "vectice")
}

/// The principal asked about, in no group.
pub(crate) fn me() -> Principal {
    Principal { id: PrincipalId::new(ME), groups: List::complete(Vec::new()) }
}

/// The principal asked about, whose groups nobody could read.
pub(crate) fn me_unseen() -> Principal {
    Principal { groups: List { items: Vec::new(), missing: Some(refusal()) }, ..me() }
}

pub(crate) fn refusal() -> Gap {
    Gap::because(Reason::Forbidden, "the groups could not be read")
}

pub(crate) fn read_role(body: &Value) -> RoleDefinition {
    RoleDefinition::read(&Node::root(body, "", Arc::default())).unwrap()
}

pub(crate) fn read_deny(body: &Value) -> DenyAssignment {
    DenyAssignment::read(&Node::root(body, "", Arc::default())).unwrap()
}

/// An assignment of a role to [`ME`].
pub(crate) fn assigned(role: &Value, scope: &ArmId) -> Assignment {
    let definition = Fact::Known(read_role(role), source());
    Assignment {
        id: scope.resource("Microsoft.Authorization/roleAssignments", "a1"),
        principal: PrincipalId::new(ME),
        scope: scope.clone(),
        condition: None,
        definition,
    }
}

/// The same assignment, its role unread.
pub(crate) fn of_unread_role(scope: &ArmId) -> Assignment {
    let gap = Gap::because(Reason::Forbidden, "the role definition could not be read");
    Assignment { definition: Fact::Unread(gap), ..assigned(&operator(), scope) }
}

pub(crate) fn source() -> Source {
    Source { resource: SUBSCRIPTION.into(), pointer: String::new(), origin: Arc::default() }
}

/// What a test asks, with nothing but these assignments and deny assignments.
pub(crate) fn ask<T>(
    assignments: Vec<Assignment>,
    denies: Vec<DenyAssignment>,
    question: impl FnOnce(&Effective<'_>) -> T,
) -> T {
    let (assignments, denies) = (List::complete(assignments), List::complete(denies));
    question(&Effective::new(&me(), &assignments, &denies))
}
