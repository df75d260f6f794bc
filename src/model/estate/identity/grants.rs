//! API permissions granted to the service principal (G04, G05).

use super::super::{Estate, typed};
use super::graph_id;
use crate::fact::{Fact, List, Source};
use crate::need::RequestKind;
use crate::reader::Node;

/// An application permission: what the principal may do at an API as itself (G04).
#[derive(Clone, Debug, PartialEq)]
pub struct AppRoleAssignment {
    /// `id`.
    pub id: String,
    /// `appRoleId`, in lower case: which permission.
    pub app_role: Fact<String>,
    /// `resourceDisplayName`: at which API.
    pub api: Fact<String>,
    /// The whole object, for evidence.
    pub source: Source,
}

/// A delegated permission: what the principal may do at an API for somebody signed in (G05).
#[derive(Clone, Debug, PartialEq)]
pub struct DelegatedGrant {
    /// `id`.
    pub id: String,
    /// The words of `scope`, each a permission; none when it is empty.
    pub permissions: Fact<Vec<String>>,
    /// The whole object, for evidence.
    pub source: Source,
}

impl Estate<'_> {
    /// The application permissions granted to the service principal.
    pub fn app_role_assignments(&self) -> Fact<List<AppRoleAssignment>> {
        let kind = RequestKind::AppRoleAssignments;
        self.grants(kind, "appRoleAssignments", |id, node| AppRoleAssignment {
            id,
            app_role: node.at("appRoleId").text().map(|role| role.to_ascii_lowercase()),
            api: node.at("resourceDisplayName").or_none(Node::text),
            source: node.source(),
        })
    }

    /// The delegated permissions granted to the service principal.
    pub fn delegated_grants(&self) -> Fact<List<DelegatedGrant>> {
        let kind = RequestKind::DelegatedGrants;
        self.grants(kind, "oauth2PermissionGrants", |id, node| {
            let scope = node.at("scope");
            let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
            let permissions = match scope.or_none(Node::text) {
                Fact::Absent(source) => Fact::Known(Vec::new(), source),
                read => read.map(words),
            };
            DelegatedGrant { id, permissions, source: node.source() }
        })
    }

    fn grants<T>(
        &self,
        kind: RequestKind,
        collection: &str,
        read: impl Fn(String, Node<'_>) -> T,
    ) -> Fact<List<T>> {
        let request = self.principal_collection_request(kind, &format!("/{collection}"));
        request.and_then(|request, _| {
            self.snapshot.list_of_existing(&request).map(|list| {
                typed(list, |node| {
                    let id = graph_id(node, "a grant")?;
                    let resource = format!("graph:{collection}/{id}");
                    Ok(read(id, node.clone().called(&resource)))
                })
            })
        })
    }
}
