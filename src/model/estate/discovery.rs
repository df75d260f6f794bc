//! What `vaudit init` looks at: whatever there is, before anybody has said what is meant.

use super::{BlobContainer, Estate, RoleAssignment, item_id, typed};
use crate::arm_id::ArmId;
use crate::fact::{Fact, List};
use crate::need::{Request, RequestKind};

/// A subscription on the list of those that can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedSubscription {
    /// Its id, as a scope.
    pub id: ArmId,
    /// `displayName`.
    pub name: Fact<String>,
    /// `state`: `Enabled`, `Warned`, `PastDue`, `Disabled` or `Deleted`.
    pub state: Fact<String>,
}

impl Estate<'_> {
    /// The subscriptions the auditor can see, sorted by id.
    pub fn subscriptions(&self) -> Fact<List<ListedSubscription>> {
        let request = Request::arm(RequestKind::Subscriptions, &ArmId::root());
        self.snapshot.list(&request).map(|list| {
            let mut subscriptions = typed(list, |node| {
                let (name, state) = (node.at("displayName").text(), node.at("state").text());
                Ok(ListedSubscription { id: item_id(node)?, name, state })
            });
            subscriptions.items.sort_by(|a, b| a.id.cmp(&b.id));
            subscriptions
        })
    }

    /// The resources of one type in a subscription, as far as the auditor may see them, sorted.
    pub fn resources_of(&self, subscription: &ArmId, resource_type: &str) -> Fact<List<ArmId>> {
        let request = Request::resources_of(subscription, resource_type);
        self.snapshot.list(&request).map(|list| {
            let mut resources = typed(list, item_id);
            resources.items.retain(|id| id.is_type(resource_type));
            resources.items.sort();
            resources
        })
    }

    /// The role assignments at, above and below a resource, whoever holds them.
    pub fn assignments_around(&self, resource: &ArmId) -> Fact<List<RoleAssignment>> {
        let request = Request::arm(RequestKind::RoleAssignmentsAround, resource);
        let list = self.snapshot.list_of_existing(&request);
        list.map(|list| typed(list, RoleAssignment::read))
    }

    /// The containers of a storage account.
    pub fn containers(&self, account: &ArmId) -> Fact<List<BlobContainer>> {
        let request = Request::arm(RequestKind::BlobContainers, account);
        let list = self.snapshot.list_of_existing(&request);
        list.map(|list| typed(list, BlobContainer::read))
    }
}
