//! The Vectice service principal: itself, what it may do and what it belongs to.

mod application;
mod assignments;
mod denials;
mod grants;
mod memberships;
mod schedules;
mod tenant;

pub use application::{Application, Credential, FederatedCredential, Validity};
pub use assignments::{RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR, role_name};
pub use grants::{AppRoleAssignment, DelegatedGrant};
pub use memberships::{DirectoryRole, Membership};
pub use schedules::ScheduleInstance;
pub use tenant::TenantAssignment;

use super::Estate;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

/// A service principal (G01).
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePrincipal {
    /// `id`: the object id, the only one role assignments know.
    pub object_id: Fact<String>,
    /// `appId`: the client id of its application.
    pub app_id: Fact<String>,
    /// `servicePrincipalType`: `Application`, `ManagedIdentity`, `Legacy`, `SocialIdp`, …
    pub kind: Fact<String>,
    /// `appOwnerOrganizationId`: the tenant its application is registered in, in lower case; null
    /// for a managed identity, which has none.
    pub owner_tenant: Fact<String>,
    /// `accountEnabled`.
    pub enabled: Fact<bool>,
    /// `disabledByMicrosoftStatus`; null when Microsoft has not touched it.
    pub disabled_by_microsoft: Fact<String>,
    /// `passwordCredentials`: secrets on the principal itself rather than its application.
    pub secrets: Fact<List<Credential>>,
    /// The whole object, for evidence.
    pub source: Source,
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
                let node = node.called(&resource);
                let lower = |id: String| id.to_ascii_lowercase();
                ServicePrincipal {
                    object_id: node.at("id").text().map(lower),
                    app_id: node.at("appId").text(),
                    kind: node.at("servicePrincipalType").text(),
                    owner_tenant: node.at("appOwnerOrganizationId").text().map(lower),
                    enabled: node.at("accountEnabled").flag(),
                    disabled_by_microsoft: node.at("disabledByMicrosoftStatus").or_none(Node::text),
                    secrets: credentials(&node.at("passwordCredentials")),
                    source: node.source(),
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

    /// The tenant the deployment belongs to, in lower case: the manifest's, else the subscription's.
    pub fn tenant(&self) -> Fact<String> {
        match &self.deployment.tenant {
            Some(tenant) => {
                let source = Source {
                    resource: self.deployment.subscription_id().to_string(),
                    pointer: "/tenantId".to_owned(),
                    origin: Default::default(),
                };
                Fact::Known(tenant.to_ascii_lowercase(), source)
            }
            None => self.subscription().and_then(|subscription, _| {
                subscription.tenant.map(|tenant| tenant.to_ascii_lowercase())
            }),
        }
    }

    /// Whether the configured object id is proven to be the service principal's: the directory says
    /// so, or an assignment names it as a service principal. Asking for the assignments of another
    /// kind of id gives an empty list, which must not read as "no roles".
    pub fn principal_is_proven(&self, principal: &str) -> bool {
        let listed = self.role_assignments().value();
        self.service_principal().value().is_some()
            || listed.into_iter().flat_map(|list| &list.items).any(|assignment| {
                assignment.principal_id.value().is_some_and(|id| id == principal)
                    && assignment
                        .principal_type
                        .value()
                        .is_some_and(|kind| kind.eq_ignore_ascii_case("ServicePrincipal"))
            })
    }
}

/// The secrets or certificates of a Graph object.
fn credentials(node: &Node<'_>) -> Fact<List<Credential>> {
    node.items().map(|list| list.map(|item| Credential::read(&item)))
}

/// An id in a Graph list. An item without one is lost to the list.
fn graph_id(node: &Node<'_>, what: &str) -> Result<String, Gap> {
    match node.at("id").text() {
        Fact::Known(id, _) => Ok(id),
        Fact::Absent(source) => {
            let message = format!("{what} has no id");
            Err(Gap::because(Reason::MissingField, message).at(source.resource))
        }
        Fact::Unread(gap) => Err(gap),
    }
}
