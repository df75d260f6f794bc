//! Where what is read lies, as far as the manifest tells.

use std::collections::BTreeSet;

use super::{Container, Given, Requirement};
use crate::arm_id::ArmId;
use crate::deployment::{Deployment, Selector};
use crate::need::RequestKind;

/// The scopes that are asked which permissions the caller has: those at which it needs some, as far as
/// the manifest names them, and the resource groups of those outside the deployment's.
pub fn asked_scopes(requirements: &[Requirement], deployment: &Deployment) -> BTreeSet<ArmId> {
    let mut scopes = BTreeSet::from([deployment.subscription_id(), deployment.resource_group_id()]);
    for requirement in requirements {
        for scope in needed_at(requirement, deployment) {
            scopes.extend(group_of(&scope));
            scopes.insert(scope);
        }
    }
    scopes
}

/// The subscriptions in which a permission is needed: the deployment's first, then those of what the
/// manifest names elsewhere.
pub fn subscriptions(
    requirements: &[Requirement],
    deployment: &Deployment,
    given: Given,
) -> Vec<ArmId> {
    let mut found = vec![deployment.subscription_id()];
    let of_kind = requirements.iter().filter(|own| own.given == given);
    for scope in of_kind.flat_map(|own| needed_at(own, deployment)) {
        let own = subscription_of(&scope, deployment);
        if !found.contains(&own) {
            found.push(own);
        }
    }
    found
}

/// The scopes at which a permission is needed, as far as the manifest names them. Networks, zones and
/// the like may lie in any subscription; of those the manifest tells nothing.
pub(super) fn needed_at(requirement: &Requirement, deployment: &Deployment) -> BTreeSet<ArmId> {
    let kinds = requirement.reads.iter().copied();
    match requirement.given {
        Given::Subscription => {
            let scopes = kinds.flat_map(|kind| sent_to(kind, deployment));
            let scopes: BTreeSet<ArmId> = scopes.collect();
            match scopes.is_empty() {
                true => BTreeSet::from([deployment.subscription_id()]),
                false => scopes,
            }
        }
        Given::Containers => {
            let listed =
                |kind| Container::ALL.into_iter().filter(move |own| own.is_listed_by(kind));
            kinds.flat_map(listed).filter_map(|own| own.id(deployment)).collect()
        }
        Given::RootManagementGroup | Given::Graph => BTreeSet::new(),
    }
}

/// The scopes that a request of a kind is sent to.
fn sent_to(kind: RequestKind, deployment: &Deployment) -> Vec<ArmId> {
    use RequestKind as Kind;
    let group = || deployment.resource_group_id();
    let subscription = || deployment.subscription_id();
    let server = || outside_group(deployment.postgres.server.as_ref(), deployment);
    let cluster = || outside_group(deployment.kubernetes.cluster.as_ref(), deployment);
    let account = || outside_group(deployment.storage.account.as_ref(), deployment);
    let backup = || {
        let own = deployment.backup.account.as_ref();
        outside_group(own.or(deployment.storage.account.as_ref()), deployment)
    };
    match kind {
        Kind::ResourceGroup
        | Kind::PostgresServers
        | Kind::ManagedClusters
        | Kind::StorageAccounts
        | Kind::Permissions
        | Kind::Resources => vec![group()],
        Kind::PostgresServer => server().into_iter().collect(),
        Kind::ManagedCluster => cluster().into_iter().collect(),
        Kind::StorageAccount => account().into_iter().chain(backup()).collect(),
        Kind::PostgresDatabases | Kind::PostgresBackups => vec![server().unwrap_or_else(group)],
        Kind::BlobContainers => {
            vec![account().unwrap_or_else(group), backup().unwrap_or_else(group)]
        }
        // The resource group of the nodes is in the cluster's subscription; AKS names it.
        Kind::Disks => vec![subscription_of(&cluster().unwrap_or_else(group), deployment)],
        Kind::RoleAssignments | Kind::RoleEligibilities | Kind::RoleAssignmentSchedules => {
            let elsewhere = account().map(|account| subscription_of(&account, deployment));
            [subscription()].into_iter().chain(elsewhere).collect()
        }
        Kind::DenyAssignmentsAbove | Kind::DenyAssignmentsBelow => {
            let elsewhere = account().and_then(|account| group_of(&account));
            [group()].into_iter().chain(elsewhere).collect()
        }
        _ => vec![subscription()],
    }
}

/// The id of a resource outside the deployment's resource group.
fn outside_group(selector: Option<&Selector>, deployment: &Deployment) -> Option<ArmId> {
    match selector? {
        Selector::Id(id) if !id.is_within(&deployment.resource_group_id()) => Some(id.clone()),
        Selector::Id(_) | Selector::Name(_) => None,
    }
}

fn group_of(scope: &ArmId) -> Option<ArmId> {
    Some(ArmId::resource_group_scope(scope.subscription()?, scope.resource_group()?))
}

fn subscription_of(scope: &ArmId, deployment: &Deployment) -> ArmId {
    scope.subscription().map_or_else(|| deployment.subscription_id(), ArmId::subscription_scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELSEWHERE: &str = "/subscriptions/t/resourceGroups/far/providers";

    fn deployment() -> Deployment {
        let by_id =
            |name: &str| Some(Selector::Id(ArmId::parse(&format!("{ELSEWHERE}/{name}")).unwrap()));
        let mut deployment = Deployment::new("p", "s", "rg");
        deployment.postgres.server = by_id("Microsoft.DBforPostgreSQL/flexibleServers/pg");
        deployment.kubernetes.cluster = by_id("Microsoft.ContainerService/managedClusters/aks");
        deployment.storage.account = by_id("Microsoft.Storage/storageAccounts/st");
        deployment
    }

    #[test]
    fn what_the_manifest_names_by_id_is_read_there() {
        let there = deployment();
        let here = Deployment::new("p", "s", "rg");
        for (kind, at_home, elsewhere) in [
            (RequestKind::PostgresServers, "/subscriptions/s/resourceGroups/rg", "same"),
            (
                RequestKind::PostgresBackups,
                "/subscriptions/s/resourceGroups/rg",
                "/subscriptions/t/resourceGroups/far/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg",
            ),
            (
                RequestKind::BlobContainers,
                "/subscriptions/s/resourceGroups/rg",
                "/subscriptions/t/resourceGroups/far/providers/Microsoft.Storage/storageAccounts/st",
            ),
            (
                RequestKind::ManagedCluster,
                "",
                "/subscriptions/t/resourceGroups/far/providers/Microsoft.ContainerService/managedClusters/aks",
            ),
            (RequestKind::Disks, "/subscriptions/s", "/subscriptions/t"),
            (RequestKind::RoleAssignments, "/subscriptions/s", "/subscriptions/s /subscriptions/t"),
            (
                RequestKind::DenyAssignmentsBelow,
                "/subscriptions/s/resourceGroups/rg",
                "/subscriptions/s/resourceGroups/rg /subscriptions/t/resourceGroups/far",
            ),
            (RequestKind::VirtualNetworks, "/subscriptions/s", "same"),
        ] {
            let of = |deployment: &Deployment| {
                let scopes: BTreeSet<ArmId> = sent_to(kind, deployment).into_iter().collect();
                let scopes: Vec<&str> = scopes.iter().map(ArmId::as_str).collect();
                scopes.join(" ")
            };
            assert_eq!(of(&here), at_home, "{kind:?}");
            let elsewhere = if elsewhere == "same" { at_home } else { elsewhere };
            assert_eq!(of(&there), elsewhere, "{kind:?}");
        }
    }

    /// The planner sends what it sends by id where `outside_resource_group` says so.
    #[test]
    fn an_id_in_the_resource_group_is_no_other_place() {
        let mut deployment = Deployment::new("p", "s", "rg");
        let own =
            deployment.resource_group_id().resource("Microsoft.Storage/storageAccounts", "st");
        deployment.storage.account = Some(Selector::Id(own));
        assert_eq!(sent_to(RequestKind::StorageAccount, &deployment), []);
        let group = deployment.resource_group_id();
        assert_eq!(sent_to(RequestKind::BlobContainers, &deployment), [group.clone(), group]);
    }

    #[test]
    fn only_the_subscriptions_that_are_needed_are_named() {
        let deployment = deployment();
        let requirement = |kind: RequestKind| {
            let given = Given::by(kind);
            Requirement { given, permission: kind.permission(), reads: vec![kind], rules: vec![] }
        };
        let of = |kind: RequestKind| {
            let found = subscriptions(&[requirement(kind)], &deployment, Given::by(kind));
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(RequestKind::VirtualNetworks), ["/subscriptions/s"]);
        assert_eq!(of(RequestKind::Disks), ["/subscriptions/s", "/subscriptions/t"]);
        assert_eq!(of(RequestKind::SourceBlobs), ["/subscriptions/s"], "no container is named");
    }
}
