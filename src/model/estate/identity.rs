//! The Vectice service principal and the role assignments that reach it.

use jiff::Timestamp;

use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List, Reason, Source};
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

/// A group or directory role the service principal is a member of (G06).
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// `id`, in lower case.
    pub id: String,
    /// `@odata.type`: `#microsoft.graph.group`, `#microsoft.graph.directoryRole`, …
    pub kind: Fact<String>,
    /// `displayName`; null where the auditor may read ids only.
    pub display_name: Fact<String>,
    /// `isAssignableToRole` of a group; null where the auditor may read ids only.
    pub is_assignable_to_role: Fact<bool>,
    /// Where it stands, for evidence.
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

    /// The client id: the manifest's, else the directory's.
    pub fn client_id(&self) -> Fact<String> {
        match &self.deployment.service_principal.client_id {
            Some(client_id) => Fact::Known(
                client_id.to_ascii_lowercase(),
                Source {
                    resource: format!("graph:applications(appId='{client_id}')"),
                    pointer: String::new(),
                    origin: Default::default(),
                },
            ),
            None => self.service_principal().as_ref().and_then(|principal, _| {
                principal.app_id.clone().map(|app_id| app_id.to_ascii_lowercase())
            }),
        }
    }

    /// The request for the app registration, or for a collection of it.
    pub fn application_request(&self, kind: RequestKind, collection: &str) -> Fact<Request> {
        self.client_id().map(|client_id| {
            Request::graph(kind, format!("applications(appId='{client_id}'){collection}"))
        })
    }

    /// The request for a collection of the service principal, such as `/transitiveMemberOf`: by the
    /// key it was looked up with, and by its object id where Graph refuses that key there.
    pub fn principal_collection_request(
        &self,
        kind: RequestKind,
        collection: &str,
    ) -> Fact<Request> {
        let Some(principal) = self.service_principal_request() else {
            return Fact::Unread(Gap::not_configured("service_principal.client_id"));
        };
        let by_key = Request::graph(kind, format!("{}{collection}", principal.target));
        let refused = self
            .snapshot
            .document(&by_key)
            .is_some_and(|document| matches!(document.status, Some(400 | 405 | 501)));
        match (refused, self.principal_id()) {
            (true, Fact::Known(id, source)) => {
                let path = format!("servicePrincipals/{id}{collection}");
                Fact::Known(Request::graph(kind, path), source)
            }
            _ => Fact::Known(
                by_key,
                Source {
                    resource: format!("graph:{}", principal.target),
                    pointer: String::new(),
                    origin: Default::default(),
                },
            ),
        }
    }

    /// The groups and directory roles the service principal is a member of, directly or through
    /// other groups.
    pub fn memberships(&self) -> Fact<List<Membership>> {
        let request =
            self.principal_collection_request(RequestKind::Memberships, "/transitiveMemberOf");
        request.and_then(|request, _| {
            self.snapshot.list(&request).map(|list| {
                typed(list, |node| {
                    let id = match node.at("id").text() {
                        Fact::Known(id, _) => id.to_ascii_lowercase(),
                        Fact::Absent(source) => {
                            let message = "a membership has no id";
                            return Err(
                                Gap::because(Reason::MissingField, message).at(source.resource)
                            );
                        }
                        Fact::Unread(gap) => return Err(gap),
                    };
                    Ok(Membership {
                        kind: node.at("@odata.type").text(),
                        display_name: node.at("displayName").or_none(Node::text),
                        is_assignable_to_role: node.at("isAssignableToRole").or_none(Node::flag),
                        source: Source { resource: format!("graph:{id}"), ..node.source() },
                        id,
                    })
                })
            })
        })
    }

    /// The groups among the memberships.
    pub fn group_ids(&self) -> Vec<String> {
        let memberships = self.memberships();
        let groups = memberships.value().into_iter().flat_map(|list| &list.items).filter(|item| {
            let kind = item.kind.value();
            kind.is_none_or(|kind| kind.to_ascii_lowercase().ends_with("graph.group"))
        });
        let mut ids: Vec<String> = groups.map(|item| item.id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// The principals whose directory roles reach the service principal: itself, and groups that
    /// may hold roles. A group that does not say whether it may is asked for too.
    pub fn directory_role_principals(&self) -> Fact<Vec<String>> {
        self.principal_id().map(|id| {
            let memberships = self.memberships();
            let may_hold = |item: &&Membership| item.is_assignable_to_role.value() != Some(&false);
            let holders = memberships.value().into_iter().flat_map(|list| &list.items);
            let groups = self.group_ids();
            let held = holders.filter(may_hold).map(|item| item.id.clone());
            std::iter::once(id).chain(held.filter(|id| groups.contains(id))).collect()
        })
    }

    /// The Resource Graph query for the role assignments of the service principal and its groups.
    /// Not before the memberships are known, or known to be out of reach.
    pub fn tenant_assignments_request(&self) -> Fact<Request> {
        if let Fact::Unread(gap) = self.memberships()
            && gap.is_not_collected()
        {
            return Fact::Unread(gap);
        }
        self.principal_id().map(|id| {
            let principals: Vec<String> = std::iter::once(id).chain(self.group_ids()).collect();
            Request {
                filter: Some(principals.join(",")),
                ..Request::arm(RequestKind::TenantRoleAssignments, &ArmId::root())
            }
        })
    }

    /// The id of the tenant's root management group: it is named like the tenant.
    pub fn root_management_group_id(&self) -> Fact<ArmId> {
        let named = |tenant: &str| {
            let id = format!("/providers/Microsoft.Management/managementGroups/{tenant}");
            ArmId::parse(&id).ok()
        };
        if let Some(id) = self.deployment.tenant.as_deref().and_then(named) {
            let source = Source {
                resource: id.to_string(),
                pointer: String::new(),
                origin: Default::default(),
            };
            return Fact::Known(id, source);
        }
        self.subscription().and_then(|subscription, _| {
            subscription.tenant.and_then(|tenant, source| match named(&tenant) {
                Some(id) => Fact::Known(id, source),
                None => Fact::Unread(Gap::because(
                    Reason::Unrecognised,
                    format!("{tenant} is not the id of a tenant"),
                )),
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
