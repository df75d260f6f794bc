//! The Vectice service principal and the role assignments that reach it.

use jiff::Timestamp;

use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List, Source};
use crate::need::{Request, RequestKind};
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

/// A service principal (G01).
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePrincipal {
    /// `id`: the object id, the only one role assignments know.
    pub object_id: Fact<String>,
    /// `appId`: the client id of its application.
    pub app_id: Fact<String>,
    /// The whole object, for evidence.
    pub source: Source,
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
}

impl RoleAssignment {
    /// Reads a role assignment from its body.
    ///
    /// # Errors
    ///
    /// The gap when the body has no id.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let last_segment = |id: String| {
            id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
        };
        Ok(Self {
            id: item_id(node)?,
            source: node.source(),
            principal_id: properties.at("principalId").text().map(|id| id.to_ascii_lowercase()),
            principal_type: properties.at("principalType").or_none(Node::text),
            role: properties.at("roleDefinitionId").text().map(last_segment),
            scope: properties.at("scope").arm_id(),
            created_on: properties.at("createdOn").instant(),
        })
    }

    /// Whether it carries the one role of the reference design.
    pub fn is_blob_data_contributor(&self) -> bool {
        self.role.value().is_some_and(|role| role == STORAGE_BLOB_DATA_CONTRIBUTOR)
    }
}

impl Estate<'_> {
    /// The request that looks the service principal up: by client id, else by object id.
    pub fn service_principal_request(&self) -> Option<Request> {
        let policy = &self.deployment.service_principal;
        let path = match (&policy.client_id, &policy.object_id) {
            (Some(client_id), _) => {
                format!("servicePrincipals(appId='{}')", client_id.to_ascii_lowercase())
            }
            (None, Some(object_id)) => {
                format!("servicePrincipals/{}", object_id.to_ascii_lowercase())
            }
            (None, None) => return None,
        };
        Some(Request::graph(RequestKind::ServicePrincipal, path))
    }

    /// The Vectice service principal.
    pub fn service_principal(&self) -> &Fact<ServicePrincipal> {
        self.service_principal.get_or_init(|| {
            let Some(request) = self.service_principal_request() else {
                return Fact::Unread(Gap::not_configured("service_principal.client_id"));
            };
            self.snapshot.resource(&request).map(|node| {
                let object_id = node.at("id").text().map(|id| id.to_ascii_lowercase());
                // Evidence names the object, not the alternate key it was looked up by.
                let resource = match object_id.value() {
                    Some(id) => format!("graph:servicePrincipals/{id}"),
                    None => format!("graph:{}", request.target),
                };
                ServicePrincipal {
                    object_id,
                    app_id: node.at("appId").text(),
                    source: Source { resource, ..node.source() },
                }
            })
        })
    }

    /// What the service principal is called before, or without, a look into the directory.
    pub fn service_principal_subject(&self) -> String {
        let policy = &self.deployment.service_principal;
        match (self.service_principal(), &policy.object_id, &policy.client_id) {
            (Fact::Known(principal, _), ..) => principal.source.resource.clone(),
            (_, Some(object_id), _) => {
                format!("graph:servicePrincipals/{}", object_id.to_ascii_lowercase())
            }
            (_, None, Some(client_id)) => {
                format!("graph:servicePrincipals(appId='{}')", client_id.to_ascii_lowercase())
            }
            (_, None, None) => self.resource_group_subject(),
        }
    }

    /// The object id that role assignments are made for: the directory's, else the configured one
    /// when the directory cannot be read.
    pub fn principal_id(&self) -> Fact<String> {
        match (self.service_principal(), &self.deployment.service_principal.object_id) {
            (Fact::Known(principal, _), _) => principal.object_id.clone(),
            (Fact::Unread(_), Some(configured)) => {
                let id = configured.to_ascii_lowercase();
                let source = Source {
                    resource: format!("graph:servicePrincipals/{id}"),
                    pointer: String::new(),
                    origin: Default::default(),
                };
                Fact::Known(id, source)
            }
            (Fact::Absent(source), _) => Fact::Absent(source.clone()),
            (Fact::Unread(gap), None) => Fact::Unread(gap.clone()),
        }
    }

    /// The role assignments that reach the service principal: its own and those of its groups, at,
    /// above and below the subscription.
    pub fn role_assignments(&self) -> &Fact<List<RoleAssignment>> {
        self.role_assignments.get_or_init(|| {
            self.principal_id().and_then(|principal, _| {
                let lists = self.assignment_scopes().into_iter().map(|scope| {
                    let request = Request::role_assignments(&scope, &principal);
                    self.snapshot
                        .list_of_existing(&request)
                        .map(|list| typed(list, RoleAssignment::read))
                });
                lists
                    .reduce(joined)
                    .unwrap_or_else(|| Fact::Unread(Gap::not_configured("subscription")))
            })
        })
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

    /// Whether the configured object id is proven to be the service principal's: the directory says
    /// so, or an assignment names it as a service principal. Asking for the assignments of another
    /// kind of id gives an empty list, which must not read as "no roles".
    pub fn principal_is_proven(&self, principal: &str, assignments: &[RoleAssignment]) -> bool {
        self.service_principal().value().is_some()
            || assignments.iter().any(|assignment| {
                assignment.principal_id.value().is_some_and(|id| id == principal)
                    && assignment
                        .principal_type
                        .value()
                        .is_some_and(|kind| kind.eq_ignore_ascii_case("ServicePrincipal"))
            })
    }
}

/// Two subscriptions' lists as one; what is above both is on both.
fn joined(
    own: Fact<List<RoleAssignment>>,
    other: Fact<List<RoleAssignment>>,
) -> Fact<List<RoleAssignment>> {
    own.and_then(|mut list, source| {
        match other {
            Fact::Known(other, _) => {
                for item in other.items {
                    if !list.items.iter().any(|known| known.id == item.id) {
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
