//! The subscription and the resource group.

use super::Estate;
use crate::fact::Fact;
use crate::need::{Request, RequestKind};

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
}
