//! The role assignments that reach the service principal (R37).

use jiff::Timestamp;

use super::super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List, Source};
use crate::need::Request;
use crate::reader::Node;

/// The role definition of Storage Blob Data Contributor. Display names can change, the GUID cannot.
pub const STORAGE_BLOB_DATA_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

/// The names of the built-in roles a reviewer most likely meets, by GUID.
const BUILT_IN_ROLES: &[(&str, &str)] = &[
    ("17d1049b-9a84-46fb-8f53-869881c3d3ab", "Storage Account Contributor"),
    ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"),
    ("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader"),
    ("81a9662b-bebf-436f-a333-f67b29880f12", "Storage Account Key Operator Service Role"),
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"),
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
    ("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner"),
    (STORAGE_BLOB_DATA_CONTRIBUTOR, "Storage Blob Data Contributor"),
    ("c12c1c16-33a1-487b-954d-41c89c60f349", "Reader and Data Access"),
    ("f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"),
];

/// The name of a built-in role, else the GUID.
pub fn role_name(guid: &str) -> &str {
    let known = BUILT_IN_ROLES.iter().find(|(id, _)| id.eq_ignore_ascii_case(guid));
    known.map_or(guid, |(_, name)| name)
}

/// A role assignment (R37).
#[derive(Clone, Debug, PartialEq)]
pub struct RoleAssignment {
    /// Its id; an inherited one starts at `/providers/…`.
    pub id: ArmId,
    /// The whole resource, for evidence.
    pub source: Source,
    /// `properties.principalId`, in lower case.
    pub principal_id: Fact<String>,
    /// `properties.principalType`; left out by old api-versions.
    pub principal_type: Fact<String>,
    /// The GUID of `properties.roleDefinitionId`: its last segment, in lower case.
    pub role: Fact<String>,
    /// `properties.scope`.
    pub scope: Fact<ArmId>,
    /// `properties.createdOn`.
    pub created_on: Fact<Timestamp>,
    /// `properties.condition`: the expression that narrows it; null or left out when there is none.
    pub condition: Fact<String>,
}

impl RoleAssignment {
    /// Reads a role assignment from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        Ok(Self {
            id: item_id(node)?,
            source: node.source(),
            principal_id: properties.at("principalId").text().map(|id| id.to_ascii_lowercase()),
            principal_type: properties.at("principalType").or_none(Node::text),
            role: properties.at("roleDefinitionId").text().map(|id| last_segment(&id)),
            scope: properties.at("scope").arm_id(),
            created_on: properties.at("createdOn").instant(),
            condition: properties.at("condition").or_none(Node::text),
        })
    }

    /// Whether it carries the one role of the reference design.
    pub fn is_blob_data_contributor(&self) -> bool {
        self.role.value().is_some_and(|role| role == STORAGE_BLOB_DATA_CONTRIBUTOR)
    }
}

/// The GUID of a role definition's id, the only part that is the same in every spelling of it.
pub(super) fn last_segment(id: &str) -> String {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

impl Estate<'_> {
    /// The role assignments that reach the service principal: its own and those of its groups, at,
    /// above and below the subscription.
    pub fn role_assignments(&self) -> &Fact<List<RoleAssignment>> {
        self.role_assignments.get_or_init(|| {
            self.principal_id().and_then(|principal, _| {
                self.over_scopes(
                    |scope| {
                        let request = Request::role_assignments(scope, &principal);
                        let list = self.snapshot.list_of_existing(&request);
                        list.map(|list| typed(list, RoleAssignment::read))
                    },
                    |assignment| &assignment.id,
                )
            })
        })
    }

    /// What is assigned in the subscriptions that count, as one list.
    pub(super) fn over_scopes<T>(
        &self,
        read: impl Fn(&ArmId) -> Fact<List<T>>,
        id: impl Fn(&T) -> &ArmId,
    ) -> Fact<List<T>> {
        let scopes = self.assignment_scopes();
        let lists = scopes.iter().map(read);
        lists
            .reduce(|own, other| joined(own, other, &id))
            .unwrap_or_else(|| Fact::Unread(Gap::not_configured("subscription")))
    }

    /// The subscriptions whose assignments count: the deployment's, and that of a storage account
    /// the manifest names by an id elsewhere.
    pub fn assignment_scopes(&self) -> Vec<ArmId> {
        let own = self.deployment.subscription_id();
        let mut scopes = vec![own];
        if let Some(Selector::Id(account)) = &self.deployment.storage.account
            && let Some(subscription) = account.subscription()
        {
            let other = ArmId::subscription_scope(subscription);
            if other != scopes[0] {
                scopes.push(other);
            }
        }
        scopes
    }
}

/// Two lists as one; what is on both counts once.
pub(super) fn joined<T>(
    own: Fact<List<T>>,
    other: Fact<List<T>>,
    id: &impl Fn(&T) -> &ArmId,
) -> Fact<List<T>> {
    own.and_then(|mut list, source| {
        match other {
            Fact::Known(other, _) => {
                for item in other.items {
                    if !list.items.iter().any(|known| id(known) == id(&item)) {
                        list.items.push(item);
                    }
                }
                list.missing = list.missing.or(other.missing);
            }
            Fact::Absent(_) => {}
            Fact::Unread(gap) => {
                list.missing.get_or_insert(gap);
            }
        }
        Fact::Known(list, source)
    })
}
