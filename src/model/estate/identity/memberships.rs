//! The groups and directory roles the service principal is a member of (G06), and the directory
//! roles assigned to it and its groups (G10).

use super::super::{Estate, typed};
use super::graph_id;
use crate::fact::{Fact, Gap, List, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

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
    /// `roleTemplateId` of a directory role, in lower case.
    pub role_template_id: Fact<String>,
    /// Where it stands, for evidence.
    pub source: Source,
}

impl Membership {
    /// Whether it is of a kind, such as `group`. One that does not say is of no kind.
    pub fn is(&self, kind: &str) -> bool {
        let own = self.kind.value().and_then(|own| own.rsplit('.').next());
        own.is_some_and(|own| own.eq_ignore_ascii_case(kind))
    }
}

/// A directory role assigned to the service principal or a group it is in (G10).
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryRole {
    /// `id` of the assignment.
    pub id: String,
    /// `principalId`, in lower case: itself, or a group.
    pub principal_id: Fact<String>,
    /// `roleDefinitionId`, in lower case: of a built-in role its template.
    pub role: Fact<String>,
    /// The whole object, for evidence.
    pub source: Source,
}

impl Estate<'_> {
    /// The groups and directory roles the service principal is a member of, directly or through
    /// other groups.
    pub fn memberships(&self) -> Fact<List<Membership>> {
        let request =
            self.principal_collection_request(RequestKind::Memberships, "/transitiveMemberOf");
        request.and_then(|request, _| {
            self.snapshot.list_of_existing(&request).map(|list| {
                typed(list, |node| {
                    let id = graph_id(node, "a membership")?.to_ascii_lowercase();
                    Ok(Membership {
                        kind: node.at("@odata.type").text(),
                        display_name: node.at("displayName").or_none(Node::text),
                        is_assignable_to_role: node.at("isAssignableToRole").or_none(Node::flag),
                        role_template_id: node
                            .at("roleTemplateId")
                            .or_none(Node::text)
                            .map(|template| template.to_ascii_lowercase()),
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

    /// The request for the directory roles of a principal.
    pub fn directory_roles_request(&self, principal: &str) -> Request {
        let path = "roleManagement/directory/roleAssignments".to_owned();
        Request {
            filter: Some(principal.to_owned()),
            ..Request::graph(RequestKind::DirectoryRoleAssignments, path)
        }
    }

    /// The directory roles assigned to the service principal and to its groups that may hold any.
    pub fn directory_roles(&self) -> Fact<List<DirectoryRole>> {
        self.directory_role_principals().and_then(|principals, source| {
            let mut all = List::complete(Vec::new());
            for principal in &principals {
                let request = self.directory_roles_request(principal);
                match self.snapshot.list_of_existing(&request) {
                    Fact::Known(list, _) => {
                        let list = typed(list, directory_role);
                        all.items.extend(list.items);
                        all.missing = all.missing.or(list.missing);
                    }
                    Fact::Absent(_) => {}
                    Fact::Unread(gap) => {
                        all.missing.get_or_insert(gap);
                    }
                }
            }
            Fact::Known(all, source)
        })
    }
}

fn directory_role(node: &Node<'_>) -> Result<DirectoryRole, Gap> {
    let id = graph_id(node, "a directory role assignment")?;
    let resource = format!("graph:roleManagement/directory/roleAssignments/{id}");
    let node = node.clone().called(&resource);
    let lower = |id: String| id.to_ascii_lowercase();
    Ok(DirectoryRole {
        id,
        principal_id: node.at("principalId").text().map(lower),
        role: node.at("roleDefinitionId").text().map(lower),
        source: node.source(),
    })
}
