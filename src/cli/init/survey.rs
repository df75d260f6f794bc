//! What there is in the resource group, and what is known about it.

use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::estate::ServicePrincipal;
use vaudit_model::{ArmId, Deployment, Estate, Fact, List, Request, RequestKind};

use super::Look;
use super::place::Place;
use crate::failure::Failure;

const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";

/// How many storage accounts outside the resource group are looked at.
const MOST_OTHER_ACCOUNTS: usize = 10;

/// How many principals are looked up in the directory.
const MOST_PRINCIPALS: usize = 20;

/// A list as far as it could be read.
#[derive(Debug)]
pub(super) struct Seen<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// Why there may be more.
    pub(super) lost: Option<String>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { items: Vec::new(), lost: None }
    }
}

impl<T> Seen<T> {
    fn of<U>(fact: Fact<List<U>>, keep: impl FnMut(U) -> Option<T>) -> Self {
        match fact {
            Fact::Known(list, _) => Self {
                items: list.items.into_iter().filter_map(keep).collect(),
                lost: list.missing.map(|gap| gap.message),
            },
            Fact::Absent(_) => Self::default(),
            Fact::Unread(gap) => Self { items: Vec::new(), lost: Some(gap.message) },
        }
    }
}

/// A storage account and what hangs on it.
#[derive(Debug)]
pub(super) struct Account {
    /// Its id.
    pub(super) id: ArmId,
    /// Whether it lies in the resource group.
    pub(super) is_in_group: bool,
    /// The names of its containers.
    pub(super) containers: Seen<String>,
    /// The object ids of the service principals that hold Storage Blob Data Contributor on it or in
    /// it.
    pub(super) writers: Seen<String>,
}

impl Account {
    /// How a manifest names it.
    pub(super) fn selector(&self) -> &str {
        if self.is_in_group { self.id.name() } else { self.id.as_str() }
    }

    /// Whether its name says that it is for backups.
    pub(super) fn is_for_backups(&self) -> bool {
        says_backup(self.id.name())
    }
}

/// Whether a name says that something is for backups.
pub(super) fn says_backup(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["backup", "bkp", "bckp", "bak"].iter().any(|word| name.contains(word))
}

/// A service principal that may write blobs.
#[derive(Debug)]
pub(super) struct Principal {
    /// Its client id, where the directory said so.
    pub(super) client_id: Option<String>,
    /// Whether it is a managed identity; none when the directory did not say.
    pub(super) is_managed: Option<bool>,
    /// Why the directory did not say.
    pub(super) lost: Option<String>,
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The tenant of the subscription.
    pub(super) tenant: Option<String>,
    /// The PostgreSQL flexible servers, replicas left out.
    pub(super) servers: Seen<String>,
    /// The AKS clusters.
    pub(super) clusters: Seen<String>,
    /// The storage accounts: those of the resource group, and those elsewhere whose names speak of
    /// backups.
    pub(super) accounts: Seen<Account>,
    /// Why there may be more accounts elsewhere.
    pub(super) others_lost: Option<String>,
    /// The principals that may write blobs, by object id.
    pub(super) principals: BTreeMap<String, Principal>,
}

/// Reads the resource group.
///
/// # Errors
///
/// When it does not exist, or nothing of it can be read.
pub(super) async fn read(look: &mut Look, place: &Place) -> Result<Survey, Failure> {
    let cloud = look.deployment.cloud.clone();
    look.deployment = Deployment::new("", &place.subscription, &place.resource_group);
    look.deployment.cloud = cloud;
    let group = look.deployment.resource_group_id();
    let subscription = look.deployment.subscription_id();
    look.ask(&[
        Request::arm(RequestKind::Subscription, &subscription),
        Request::arm(RequestKind::ResourceGroup, &group),
        Request::arm(RequestKind::PostgresServers, &group),
        Request::arm(RequestKind::ManagedClusters, &group),
        Request::arm(RequestKind::StorageAccounts, &group),
        Request::resources_of(&subscription, ACCOUNT),
    ])
    .await;
    let is_answered = look.snapshot.documents().any(|document| document.status == Some(200));
    if let Fact::Absent(_) = look.estate().resource_group() {
        let message = format!(
            "there is no resource group {} in subscription {}",
            place.resource_group, place.subscription
        );
        return Err(Failure::new(message));
    }
    if !is_answered {
        let why = look.estate().resource_group().gap().map(|gap| gap.message.clone());
        let why = why.unwrap_or_else(|| "nothing was answered".to_owned());
        return Err(Failure::new(format!("nothing could be read of the deployment: {why}"))
            .help("`vaudit doctor` finds out why"));
    }
    let mut ids: Vec<ArmId> = Vec::new();
    let accounts = Seen::of(look.estate().storage_accounts().clone(), |own| Some(own.id));
    let others = Seen::of(look.estate().resources_of(&subscription, ACCOUNT), |id| {
        (!id.is_within(&group) && says_backup(id.name())).then_some(id)
    });
    let own = accounts.items.len();
    let many =
        format!("more than {MOST_OTHER_ACCOUNTS} accounts elsewhere are called after backups");
    let others_lost = others.lost.or((others.items.len() > MOST_OTHER_ACCOUNTS).then_some(many));
    ids.extend(accounts.items);
    ids.extend(others.items.into_iter().take(MOST_OTHER_ACCOUNTS));
    let requests: Vec<Request> = ids
        .iter()
        .enumerate()
        .flat_map(|(index, id)| {
            let around = Request::arm(RequestKind::RoleAssignmentsAround, id);
            let containers = Request::arm(RequestKind::BlobContainers, id);
            [Some(containers), (index < own).then_some(around)].into_iter().flatten()
        })
        .collect();
    look.ask(&requests).await;
    let estate = look.estate();
    let accounts = Seen {
        items: ids
            .into_iter()
            .enumerate()
            .map(|(index, id)| account(&estate, id, index < own))
            .collect(),
        lost: accounts.lost,
    };
    let mut survey = Survey {
        tenant: estate.subscription().value().and_then(|own| own.tenant.value().cloned()),
        servers: Seen::of(estate.servers().clone(), |server| {
            (!server.is_replica()).then(|| server.id.name().to_owned())
        }),
        clusters: Seen::of(estate.clusters().clone(), |own| Some(own.id.name().to_owned())),
        accounts,
        others_lost,
        principals: BTreeMap::new(),
    };
    survey.principals = principals(look, &survey.accounts.items).await;
    Ok(survey)
}

fn account(estate: &Estate<'_>, id: ArmId, is_in_group: bool) -> Account {
    let containers = Seen::of(estate.containers(&id), |container| {
        let is_deleted = container.deleted.value() == Some(&true);
        (!is_deleted && !container.name.starts_with('$')).then_some(container.name)
    });
    let writers = if is_in_group {
        Seen::of(estate.assignments_around(&id), |assignment| {
            // Users and groups are not the application.
            let kind = assignment.principal_type.value();
            let is_principal =
                kind.is_none_or(|kind| kind.eq_ignore_ascii_case("ServicePrincipal"));
            let is_writer = assignment.is_blob_data_contributor() && is_principal;
            is_writer.then(|| assignment.principal_id.value().cloned()).flatten()
        })
    } else {
        Seen::default()
    };
    Account { id, is_in_group, containers, writers }
}

/// Looks the writers up in the directory.
async fn principals(look: &mut Look, accounts: &[Account]) -> BTreeMap<String, Principal> {
    let mut ids: BTreeSet<String> =
        accounts.iter().flat_map(|account| account.writers.items.iter().cloned()).collect();
    // Whoever looks is not who is looked for.
    if let Some(own) = &look.snapshot.header.identity.object_id {
        ids.remove(&own.to_ascii_lowercase());
    }
    let many = "so many principals may write blobs that it was not looked up";
    let left: Vec<String> = ids.iter().skip(MOST_PRINCIPALS).cloned().collect();
    let ids: Vec<String> = ids.into_iter().take(MOST_PRINCIPALS).collect();
    let request = |id: &String| {
        Request::graph(RequestKind::ServicePrincipal, format!("servicePrincipals/{id}"))
    };
    let requests: Vec<Request> = ids.iter().map(request).collect();
    look.ask(&requests).await;
    ids.into_iter()
        .map(|id| {
            let mut deployment = look.deployment.clone();
            deployment.service_principal.object_id = Some(id.clone());
            let estate = Estate::new(&look.snapshot, &deployment);
            let principal = principal(estate.service_principal());
            (id, principal)
        })
        .chain(left.into_iter().map(|id| (id, Principal::unread(many))))
        .collect()
}

impl Principal {
    /// One of which the directory said nothing.
    fn unread(why: &str) -> Self {
        Self { client_id: None, is_managed: None, lost: Some(why.to_owned()) }
    }
}

fn principal(found: &Fact<ServicePrincipal>) -> Principal {
    match found {
        Fact::Known(found, _) => Principal {
            client_id: found.app_id.value().cloned(),
            is_managed: found.kind.value().map(|kind| kind.eq_ignore_ascii_case("ManagedIdentity")),
            lost: None,
        },
        Fact::Absent(_) => Principal::unread("the directory does not know it"),
        Fact::Unread(gap) => Principal::unread(&gap.message),
    }
}
