//! When the service principal's roles begin and end, and which ones it is only eligible for: the
//! instances of Privileged Identity Management (R38, R39).

use jiff::Timestamp;

use super::super::{Estate, item_id, typed};
use super::assignments::{STORAGE_BLOB_DATA_CONTRIBUTOR, last_segment};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Source};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

/// An active or eligible role of Privileged Identity Management.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleInstance {
    /// Its id; a subscription's starts at `/providers/Microsoft.Subscription/subscriptions/…`.
    pub id: ArmId,
    /// `properties.principalId`, in lower case: the service principal or a group.
    pub principal_id: Fact<String>,
    /// The GUID of `properties.roleDefinitionId`, in lower case.
    pub role: Fact<String>,
    /// `properties.scope`.
    pub scope: Fact<ArmId>,
    /// `properties.endDateTime`; left out when it is permanent.
    pub ends: Fact<Timestamp>,
    /// The whole resource, for evidence.
    pub source: Source,
}

impl ScheduleInstance {
    fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        Ok(Self {
            id: item_id(node)?,
            principal_id: properties.at("principalId").text().map(|id| id.to_ascii_lowercase()),
            role: properties.at("roleDefinitionId").text().map(|id| last_segment(&id)),
            scope: properties.at("scope").arm_id(),
            ends: properties.at("endDateTime").or_none(Node::instant),
            source: node.source(),
        })
    }

    /// Whether it carries the one role of the reference design.
    pub fn is_blob_data_contributor(&self) -> bool {
        self.role.value().is_some_and(|role| role == STORAGE_BLOB_DATA_CONTRIBUTOR)
    }
}

impl Estate<'_> {
    /// The roles the service principal and its groups are eligible for, and hold only once somebody
    /// activates them.
    pub fn eligible_roles(&self) -> Fact<List<ScheduleInstance>> {
        self.schedule_instances(RequestKind::RoleEligibilities)
    }

    /// The roles that are active, with when they end.
    pub fn active_roles(&self) -> Fact<List<ScheduleInstance>> {
        self.schedule_instances(RequestKind::RoleAssignmentSchedules)
    }

    fn schedule_instances(&self, kind: RequestKind) -> Fact<List<ScheduleInstance>> {
        self.principal_id().and_then(|principal, _| {
            self.over_scopes(
                |scope| {
                    let request = Request::assigned_to(kind, scope, &principal);
                    let list = self.snapshot.list_of_existing(&request);
                    list.map(|list| typed(list, ScheduleInstance::read))
                },
                |instance| &instance.id,
            )
        })
    }

    /// Whether the tenant has no licence for Privileged Identity Management: what one of the two
    /// lists was refused for.
    pub fn has_no_pim_licence(&self) -> bool {
        let kinds = [RequestKind::RoleEligibilities, RequestKind::RoleAssignmentSchedules];
        let principal = self.principal_id();
        let Some(principal) = principal.value() else { return false };
        self.assignment_scopes().iter().any(|scope| {
            kinds.into_iter().any(|kind| {
                let request = Request::assigned_to(kind, scope, principal);
                // `AadPremiumLicenseRequired`, with 400 or 403.
                let document = self.snapshot.document(&request);
                document.is_some_and(|own| matches!(own.status, Some(400 | 403)))
                    && self.snapshot.error_code(&request).to_ascii_lowercase().contains("license")
            })
        })
    }
}
