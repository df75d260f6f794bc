//! Where the deployment lies: the one resource group with a PostgreSQL flexible server and an AKS
//! cluster, or the one that is meant.

use std::collections::BTreeMap;

use vaudit_model::shell::inert;
use vaudit_model::{ArmId, Command, Fact, Gap, Request, RequestKind};

use super::Look;
use super::asker::Asker;
use crate::arguments::Init;
use crate::failure::Failure;

const SERVER: &str = "Microsoft.DBforPostgreSQL/flexibleServers";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";

/// Subscriptions in which resources can be read.
const READABLE: [&str; 3] = ["Enabled", "Warned", "PastDue"];

/// A resource group and its subscription.
pub(crate) struct Place {
    /// The subscription's id.
    pub(crate) subscription: String,
    /// Its name, where it was listed.
    pub(crate) subscription_name: Option<String>,
    /// The resource group.
    pub(crate) resource_group: String,
}

/// What a resource group has of a deployment.
#[derive(Default)]
struct Candidate {
    group: String,
    servers: Vec<String>,
    clusters: Vec<String>,
}

impl Candidate {
    fn is_whole(&self) -> bool {
        !self.servers.is_empty() && !self.clusters.is_empty()
    }

    fn shown(&self, subscription: &str) -> String {
        let resources = [&self.servers[..], &self.clusters[..]].concat();
        format!("{} in {subscription}: {}", self.group, resources.join(", "))
    }
}

/// Finds the place.
///
/// # Errors
///
/// When there is none, or several and nobody says which.
pub(super) async fn find(
    look: &mut Look,
    arguments: &Init,
    asker: &mut Asker,
) -> Result<Place, Failure> {
    let wanted = arguments.resource_group.as_deref();
    if let (Some(subscription), Some(group)) = (&arguments.subscription, wanted) {
        let (subscription, resource_group) = (subscription.clone(), group.to_owned());
        return Ok(Place { subscription, subscription_name: None, resource_group });
    }
    let (subscriptions, unlisted) = subscriptions(look, arguments.subscription.as_deref()).await?;
    let (mut found, unread) = candidates(look, subscriptions.keys()).await?;
    let lost = unlisted.or(unread);
    if let Some(wanted) = wanted {
        found.retain(|_, candidate| candidate.group.eq_ignore_ascii_case(wanted));
    }
    if found.values().any(Candidate::is_whole) {
        found.retain(|_, candidate| candidate.is_whole());
    }
    let found: Vec<(String, Candidate)> =
        found.into_iter().map(|((subscription, _), own)| (subscription, own)).collect();
    let shown: Vec<String> = found.iter().map(|(own, candidate)| candidate.shown(own)).collect();
    let index = match found.len() {
        0 => return Err(nothing(wanted, subscriptions.len())),
        1 if lost.is_none() => Some(0),
        1 => asker.choose("This may be the deployment, but not all could be listed.", &shown),
        _ => asker.choose("Several resource groups may hold the deployment.", &shown),
    };
    let Some((subscription, candidate)) = index.and_then(|index| found.get(index)) else {
        return Err(unclear(&found, &shown, lost.as_ref()));
    };
    Ok(Place {
        subscription: subscription.clone(),
        subscription_name: subscriptions.get(subscription).cloned().flatten(),
        resource_group: candidate.group.clone(),
    })
}

/// The subscriptions to look in, with their names, and why there may be more.
async fn subscriptions(
    look: &mut Look,
    wanted: Option<&str>,
) -> Result<(BTreeMap<String, Option<String>>, Option<Gap>), Failure> {
    if let Some(wanted) = wanted {
        return Ok(([(wanted.to_owned(), None)].into(), None));
    }
    look.ask(&[Request::arm(RequestKind::Subscriptions, &ArmId::root())]).await;
    let list = match look.estate().subscriptions() {
        Fact::Known(list, _) => list,
        Fact::Absent(_) => return Err(unlisted("Azure has no list of them")),
        Fact::Unread(gap) => return Err(unlisted(&gap.message)),
    };
    let is_readable = |state: &Fact<String>| match state.value() {
        Some(state) => READABLE.iter().any(|own| own.eq_ignore_ascii_case(state)),
        None => true,
    };
    let readable = list.items.iter().filter(|own| is_readable(&own.state));
    let readable: BTreeMap<_, _> = readable
        .filter_map(|own| Some((own.id.subscription()?.to_owned(), own.name.value().cloned())))
        .collect();
    if readable.is_empty() {
        let identity = &look.snapshot.header.identity;
        let who = identity.object_id.as_deref().unwrap_or("OBJECT-ID");
        let assign = Command::new("az role assignment create --role Reader")
            .arg("--assignee-object-id", who)
            .flag("--scope /subscriptions/SUBSCRIPTION");
        return Err(Failure::new("whoever is signed in sees no subscription")
            .help(format!("give it the role Reader:\n{assign}"))
            .help("or sign in to another tenant: `vaudit doctor` says who is signed in where"));
    }
    Ok((readable, list.missing))
}

/// The resource groups with a server or a cluster, by subscription and name, and why there may be
/// more.
async fn candidates(
    look: &mut Look,
    subscriptions: impl Iterator<Item = &String>,
) -> Result<(BTreeMap<(String, String), Candidate>, Option<Gap>), Failure> {
    let scopes: Vec<ArmId> = subscriptions.map(|own| ArmId::subscription_scope(own)).collect();
    let kinds = [SERVER, CLUSTER];
    let requests: Vec<Request> = scopes
        .iter()
        .flat_map(|scope| kinds.map(|kind| Request::resources_of(scope, kind)))
        .collect();
    look.ask(&requests).await;
    let mut found: BTreeMap<(String, String), Candidate> = BTreeMap::new();
    let mut lost: Option<Gap> = None;
    for scope in &scopes {
        for kind in kinds {
            let resources = match look.estate().resources_of(scope, kind) {
                Fact::Known(list, _) => {
                    lost = lost.or(list.missing);
                    list.items
                }
                Fact::Absent(_) => Vec::new(),
                Fact::Unread(gap) => {
                    lost = Some(gap);
                    Vec::new()
                }
            };
            for id in resources {
                let (Some(subscription), Some(group)) = (id.subscription(), id.resource_group())
                else {
                    continue;
                };
                let key = (subscription.to_owned(), group.to_ascii_lowercase());
                let candidate = found.entry(key).or_default();
                candidate.group = group.to_owned();
                let list =
                    if kind == SERVER { &mut candidate.servers } else { &mut candidate.clusters };
                list.push(id.name().to_owned());
            }
        }
    }
    match lost {
        Some(gap) if found.is_empty() => {
            Err(Failure::new(format!("the resources could not be listed: {}", gap.message))
                .help("name the place: vaudit init --subscription ID --resource-group NAME"))
        }
        lost => Ok((found, lost)),
    }
}

fn unlisted(why: &str) -> Failure {
    Failure::new(format!("the subscriptions could not be listed: {why}"))
        .help("name the place: vaudit init --subscription ID --resource-group NAME")
}

fn nothing(wanted: Option<&str>, subscriptions: usize) -> Failure {
    let whose = match wanted {
        Some(group) => format!("no resource group {} with", inert(group)),
        None => "no resource group with".to_owned(),
    };
    let among = match subscriptions {
        1 => "the subscription".to_owned(),
        many => format!("the {many} subscriptions"),
    };
    Failure::new(format!(
        "{whose} a PostgreSQL flexible server or an AKS cluster was seen in {among}"
    ))
    .help("name the place: vaudit init --subscription ID --resource-group NAME")
    .help("what nobody lets the auditor see is not listed: it needs the role Reader there")
}

/// Several may be meant, or one while others may be out of sight.
fn unclear(found: &[(String, Candidate)], shown: &[String], lost: Option<&Gap>) -> Failure {
    let commands: Vec<String> = found
        .iter()
        .map(|(subscription, candidate)| {
            Command::new("vaudit init")
                .arg("--subscription", subscription)
                .arg("--resource-group", &candidate.group)
                .to_string()
        })
        .collect();
    let shown: Vec<String> = shown.iter().map(|own| inert(own)).collect();
    let which = if shown.len() == 1 { "this resource group" } else { "several resource groups" };
    let message = format!("{which} may hold the deployment:\n{}", shown.join("\n"));
    let failure = Failure::new(message);
    let failure = match lost {
        Some(gap) => failure.help(format!("there may be others: {}", gap.message)),
        None => failure,
    };
    failure.help(format!("say which one is meant:\n{}", commands.join("\n")))
}
