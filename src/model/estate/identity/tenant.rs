//! The role assignments of the service principal in the whole tenant (A01, R17).

use super::super::{Estate, item_id, typed};
use super::assignments::last_segment;
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

/// A role assignment as Resource Graph shows it (A01).
#[derive(Clone, Debug, PartialEq)]
pub struct TenantAssignment {
    /// Its id.
    pub id: ArmId,
    /// The scope it is made at.
    pub scope: Fact<ArmId>,
    /// The GUID of its role definition, in lower case.
    pub role: Fact<String>,
    /// The principal it is made for, in lower case: the service principal or a group.
    pub principal_id: Fact<String>,
    /// The row, for evidence.
    pub source: Source,
}

impl TenantAssignment {
    fn read(node: &Node<'_>) -> Result<Self, Gap> {
        Ok(Self {
            id: item_id(node)?,
            scope: node.at("scope").arm_id(),
            role: node.at("role").text().map(|id| last_segment(&id)),
            principal_id: node.at("principal").text().map(|id| id.to_ascii_lowercase()),
            source: node.source(),
        })
    }
}

impl Estate<'_> {
    /// The role assignments of the service principal and its groups, in every subscription that can
    /// be seen and above.
    ///
    /// Complete only when the groups are: what comes through one that is not known was not asked
    /// for.
    pub fn tenant_assignments(&self) -> Fact<List<TenantAssignment>> {
        self.tenant_assignments_request().and_then(|request, _| {
            self.snapshot.list_of_existing(&request).map(|list| {
                let mut list = typed(list, TenantAssignment::read);
                let unknown = match self.memberships() {
                    Fact::Known(groups, _) => groups.missing,
                    Fact::Absent(_) => None,
                    Fact::Unread(gap) => Some(gap),
                };
                list.missing = list.missing.or(unknown);
                list
            })
        })
    }

    /// How many subscriptions the auditor can see.
    pub fn visible_subscriptions(&self) -> Fact<usize> {
        let request = Request::arm(RequestKind::Subscriptions, &ArmId::root());
        self.snapshot.list(&request).and_then(|list, source| match list.missing {
            None => Fact::Known(list.items.len(), source),
            Some(gap) => Fact::Unread(gap),
        })
    }

    /// Whether the tenant's root management group can be read, below which everything lies.
    pub fn root_management_group(&self) -> Fact<ArmId> {
        self.root_management_group_id().and_then(|id, _| {
            let request = Request::arm(RequestKind::ManagementGroup, &id);
            self.snapshot.resource(&request).map(|_| id)
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
        self.tenant().and_then(|tenant, source| match named(&tenant) {
            Some(id) => Fact::Known(id, source),
            None => Fact::Unread(Gap::because(
                Reason::Unrecognised,
                format!("{tenant} is not the id of a tenant"),
            )),
        })
    }
}
