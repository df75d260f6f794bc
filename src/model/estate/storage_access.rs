//! How the cluster reaches the storage account: through service endpoints and network rules, or
//! through a private endpoint.

use super::network::endpoint_subnet;
use super::postgres::approved;
use super::{Estate, ServiceEndpoint, StorageAccount, texts};
use crate::arm_id::ArmId;
use crate::deployment::AccessMode;
use crate::fact::{Fact, Gap, List, Reason};
use crate::reader::Node;
use crate::region::Region;

/// A virtual network rule of the account's firewall. Its `id` is that of a subnet.
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualNetworkRule {
    /// `id`: the subnet.
    pub subnet: Fact<ArmId>,
    /// `action`: `Allow`, the only one there is.
    pub action: Fact<String>,
    /// `state`: `Succeeded`, `NetworkSourceDeleted`, …
    pub state: Fact<String>,
}

/// A subnet of the cluster, and what lets it reach the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// The subnet.
    pub subnet: ArmId,
    /// The account's rule that allows it.
    pub rule: Fact<VirtualNetworkRule>,
    /// The subnet's service endpoint for storage in the account's region.
    pub service_endpoint: Fact<ServiceEndpoint>,
}

impl VirtualNetworkRule {
    pub(super) fn read(node: &Node<'_>) -> Self {
        Self {
            subnet: node.at("id").arm_id(),
            action: node.at("action").text(),
            state: node.at("state").text(),
        }
    }

    fn allows(&self, subnet: &ArmId) -> Result<bool, Gap> {
        if known(self.subnet.clone())?.as_ref() != Some(subnet) {
            return Ok(false);
        }
        match known(self.action.clone())? {
            Some(action) if action.eq_ignore_ascii_case("Allow") => Ok(true),
            action => {
                let action = action.unwrap_or_default();
                let message = format!("a network rule's action {action} is not one vaudit knows");
                Err(Gap::because(Reason::Unrecognised, message))
            }
        }
    }
}

impl ServiceEndpoint {
    /// Whether it leads to storage accounts of a region.
    fn reaches_storage(&self, region: &Region) -> Result<bool, Gap> {
        let services = ["Microsoft.Storage", "Microsoft.Storage.Global"];
        let service = known(self.service.clone())?.unwrap_or_default();
        if !services.iter().any(|own| own.eq_ignore_ascii_case(&service)) {
            return Ok(false);
        }
        let locations = known(self.locations.clone())?.unwrap_or(List::complete(Vec::new()));
        if !locations.items.iter().any(|own| own == "*" || Region::from_name(own) == *region) {
            return locations.missing.map_or(Ok(false), Err);
        }
        let state = known(self.state.clone())?.unwrap_or_default();
        let reason = match state.to_ascii_lowercase().as_str() {
            "succeeded" => return Ok(true),
            "failed" => return Ok(false),
            "updating" | "deleting" | "creating" => Reason::InProgress,
            _ => Reason::Unrecognised,
        };
        Err(Gap::because(reason, format!("the service endpoint {service} is {state}")))
    }
}

impl Admission {
    /// Whether the subnet reaches the account, as far as rule and service endpoint go.
    fn is_in_effect(&self) -> bool {
        let state = self.rule.value().and_then(|rule| rule.state.value());
        state.is_some_and(|state| state.eq_ignore_ascii_case("Succeeded"))
            && self.service_endpoint.value().is_some()
    }
}

impl StorageAccount {
    fn rule_for(&self, subnet: &ArmId) -> Fact<VirtualNetworkRule> {
        self.network_rules.clone().and_then(|list, source| {
            let allows = |rule: &VirtualNetworkRule| rule.allows(subnet);
            let none = Fact::Absent(source.clone());
            first(list, allows).map_or_else(Fact::Unread, |found| {
                found.map_or(none, |rule| Fact::Known(rule, source))
            })
        })
    }
}

impl Estate<'_> {
    /// The cluster's subnets with what lets each of them reach the account.
    pub fn subnet_admissions(&self) -> Fact<List<Admission>> {
        self.storage_account().as_ref().and_then(|account, _| {
            self.cluster_subnets().map(|subnets| {
                subnets.map(|subnet| Admission {
                    rule: account.rule_for(&subnet),
                    service_endpoint: self.storage_service_endpoint(&subnet, account),
                    subnet,
                })
            })
        })
    }

    fn storage_service_endpoint(
        &self,
        subnet: &ArmId,
        account: &StorageAccount,
    ) -> Fact<ServiceEndpoint> {
        let vnet = match self.aks_vnet() {
            Fact::Known(vnet, _) => vnet,
            Fact::Unread(gap) => return Fact::Unread(gap.clone()),
            Fact::Absent(_) => return Fact::Unread(not_shown(subnet)),
        };
        let subnets = vnet.subnets.as_ref();
        let own = subnets.and_then(|list, source| list.find(&source, |own| own.id == *subnet));
        if own.is_absent() {
            return Fact::Unread(not_shown(subnet));
        }
        let endpoints = own.and_then(|own, _| own.service_endpoints.clone());
        endpoints.and_then(|list, source| {
            account.location.clone().and_then(|region, _| {
                match first(list, |endpoint: &ServiceEndpoint| endpoint.reaches_storage(&region)) {
                    Ok(Some(endpoint)) => Fact::Known(endpoint, source),
                    Ok(None) => Fact::Absent(source),
                    Err(gap) => Fact::Unread(gap.at(subnet.as_str())),
                }
            })
        })
    }

    /// The private endpoints whose bodies decide how the cluster reaches the account. None while it
    /// is not known yet whether network rules and service endpoints do without them.
    pub fn deciding_blob_endpoints(&self) -> Vec<ArmId> {
        let Fact::Known(account, _) = self.storage_account() else { return Vec::new() };
        let (endpoints, _) = approved(&account.private_endpoints);
        let are_moot = match self.deployment.storage.access_mode {
            AccessMode::ServiceEndpoint => true,
            AccessMode::PrivateEndpoint => false,
            AccessMode::Either => match self.subnet_admissions() {
                Fact::Known(list, _) => {
                    let is_open = |own: &Admission| {
                        own.service_endpoint.gap().is_some_and(Gap::is_not_collected)
                    };
                    list.items.iter().any(is_open)
                        || (account.has_public_access() == Ok(true)
                            && list.is_complete()
                            && list.items.iter().all(Admission::is_in_effect))
                }
                Fact::Absent(_) => true,
                Fact::Unread(gap) => gap.is_not_collected(),
            },
        };
        if are_moot { Vec::new() } else { endpoints }
    }

    /// The approved private endpoint for blobs that the cluster can reach: in its network, or in one
    /// that is peered with it and connected. Absent when there is provably none.
    pub fn blob_endpoint(&self) -> Fact<ArmId> {
        self.storage_account().as_ref().and_then(|account, own| {
            let source = account.private_endpoints.source().cloned().unwrap_or(own);
            let (endpoints, missing) = approved(&account.private_endpoints);
            let list = List { items: endpoints, missing };
            match first(list, |id| self.serves_cluster(id, account)) {
                Ok(Some(endpoint)) => Fact::Known(endpoint, source),
                Ok(None) => Fact::Absent(source),
                Err(gap) => Fact::Unread(gap),
            }
        })
    }

    fn serves_cluster(&self, endpoint: &ArmId, account: &StorageAccount) -> Result<bool, Gap> {
        let Some(node) = known(self.private_endpoint(endpoint))? else { return Ok(false) };
        if !is_for_blobs(&node, &account.id)? {
            return Ok(false);
        }
        let subnet = known(endpoint_subnet(&node))?;
        let (Some(vnet), Some(own)) =
            (subnet.as_ref().and_then(ArmId::parent), known(self.aks_vnet_id())?)
        else {
            return Ok(false);
        };
        if vnet == own {
            return Ok(true);
        }
        let peering = self.aks_vnet().as_ref().and_then(|own, _| own.peering_to(&vnet));
        let state = known(peering.and_then(|peering, _| peering.state.clone()))?;
        Ok(state.is_some_and(|state| state.eq_ignore_ascii_case("Connected")))
    }
}

/// Whether a private endpoint leads to the blobs of an account: the account's own answer does not
/// name the group.
fn is_for_blobs(endpoint: &Node<'_>, account: &ArmId) -> Result<bool, Gap> {
    let Some(properties) = known(endpoint.at("properties").object())? else { return Ok(false) };
    for field in ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"] {
        let connections = known(properties.at(field).items_or_none())?;
        for connection in connections.map_or(Vec::new(), |list| list.items) {
            let connection = connection.at("properties");
            if known(connection.at("privateLinkServiceId").arm_id())?.as_ref() != Some(account) {
                continue;
            }
            let groups = known(connection.at("groupIds").items().map(texts))?;
            let groups = groups.unwrap_or(List::complete(Vec::new()));
            if groups.items.iter().any(|group| group.eq_ignore_ascii_case("blob")) {
                return Ok(true);
            }
            if let Some(gap) = groups.missing {
                return Err(gap);
            }
        }
    }
    Ok(false)
}

/// The first item that is wanted; none only when that is known of every item.
fn first<T>(list: List<T>, wanted: impl Fn(&T) -> Result<bool, Gap>) -> Result<Option<T>, Gap> {
    let mut missing = list.missing;
    for item in list.items {
        match wanted(&item) {
            Ok(true) => return Ok(Some(item)),
            Ok(false) => {}
            Err(gap) => {
                missing.get_or_insert(gap);
            }
        }
    }
    missing.map_or(Ok(None), Err)
}

fn known<T>(fact: Fact<T>) -> Result<Option<T>, Gap> {
    match fact {
        Fact::Known(value, _) => Ok(Some(value)),
        Fact::Absent(_) => Ok(None),
        Fact::Unread(gap) => Err(gap),
    }
}

fn not_shown(subnet: &ArmId) -> Gap {
    let message = format!("the cluster names the subnet {subnet}, which its network does not show");
    Gap::because(Reason::Unrecognised, message).at(subnet.as_str())
}
