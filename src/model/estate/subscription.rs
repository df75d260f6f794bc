//! The subscription and the resource group.

use super::Estate;
use crate::fact::{Fact, Gap, List, Reason};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

/// A subscription (R01).
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    /// `tenantId`: the tenant it belongs to.
    pub tenant: Fact<String>,
    /// `state`: `Enabled`, `Warned`, `PastDue`, `Disabled` or `Deleted`.
    pub state: Fact<String>,
}

/// A resource group (R02).
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceGroup {
    /// `properties.provisioningState`.
    pub provisioning_state: Fact<String>,
}

impl Estate<'_> {
    /// The deployment's subscription.
    pub fn subscription(&self) -> Fact<Subscription> {
        let id = self.deployment.subscription_id();
        self.snapshot.resource(&Request::arm(RequestKind::Subscription, &id)).map(|node| {
            Subscription { tenant: node.at("tenantId").text(), state: node.at("state").text() }
        })
    }

    /// The deployment's resource group.
    pub fn resource_group(&self) -> Fact<ResourceGroup> {
        let id = self.deployment.resource_group_id();
        self.snapshot.resource(&Request::arm(RequestKind::ResourceGroup, &id)).map(|node| {
            let provisioning_state = node.at("properties").at("provisioningState").text();
            ResourceGroup { provisioning_state }
        })
    }

    /// A list of the resource group: absent when the group is, which its own read says, else the
    /// list's own error code.
    pub(super) fn list_in_group(&self, kind: RequestKind) -> Fact<List<Node<'_>>> {
        let request = Request::arm(kind, &self.deployment.resource_group_id());
        let list = self.snapshot.list(&request);
        let Fact::Absent(source) = &list else { return list };
        match self.resource_group() {
            Fact::Absent(_) => list,
            Fact::Known(..) => Fact::Unread(self.snapshot.contradiction(&request, source)),
            Fact::Unread(gap) if gap.is_not_collected() => {
                if self.snapshot.error_code(&request) == "ResourceGroupNotFound" {
                    return list;
                }
                Fact::Unread(self.snapshot.contradiction(&request, source))
            }
            Fact::Unread(_) => {
                let message = format!(
                    "Azure answers that {} do not exist, but the resource group itself could not be read",
                    kind.title()
                );
                Fact::Unread(Gap::because(Reason::BeyondReach, message).at(&request.target))
            }
        }
    }
}
