//! Does the PostgreSQL server have its virtual network to itself?

use vaudit_model::estate::{Occupant, PostgresServer, Subnet};
use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use crate::controls::{ISO_27001, MCSB, control};

/// NET003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET003",
        name: "postgres-vnet-dedicated",
        title: "The PostgreSQL VNet is dedicated",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[control(MCSB, &["NS-1"]), control(ISO_27001, &["8.22"])],
        reference: "S06: a dedicated VNet for the PostgreSQL instance",
        setting: "postgres.server",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::SubscriptionServers,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.postgres_vnet_subject(),
    page: include_str!("dedicated_vnet.md"),
    evaluate,
};

/// How many guests of a subnet are named; the rest is counted.
const NAMED: usize = 3;

const ADVICE: &str = "Move the guest to another network. Where the server is the guest, create a server in a network of its own and dump and restore into it: a server cannot change its network.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = estate.server().required("PLC002")?;
    let home = estate.postgres_subnet_id();
    let (home, at) = home.required("PG004")?;
    let (vnet, _) = estate.postgres_vnet().required("NET002")?;
    let subject = vnet.id.as_str();
    let fails = |message: String, evidence: Vec<Evidence>| {
        let create = Command::new("az network vnet create")
            .arg("--resource-group", vnet.id.resource_group().unwrap_or_default())
            .flag("--name <new-vnet> --address-prefixes <prefix>");
        Judgement::fail(subject, message).with_all(evidence).fix(ADVICE, vec![create])
    };
    let aks = estate.aks_vnet_id();
    if let Fact::Known(aks, source) = &aks
        && *aks == vnet.id
    {
        let message =
            format!("The cluster and the server share the virtual network {}.", vnet.id.name());
        let evidence = [
            Evidence::at(source).observed(aks.as_str()).expected("another network"),
            Evidence::at(at).observed(home.as_str()),
        ];
        return Ok(vec![fails(message, evidence.to_vec())]);
    }
    let (subnets, source) = vnet.subnets.required("NET002")?;
    let mut missing = subnets.missing.clone();
    let mut found = Vec::new();
    for subnet in subnets.items.iter().filter(|subnet| subnet.id != *home) {
        let guests = match &subnet.occupants {
            Fact::Known(list, _) => {
                missing = missing.or_else(|| list.missing.clone());
                list.items.as_slice()
            }
            Fact::Absent(_) => &[],
            Fact::Unread(gap) => {
                missing.get_or_insert_with(|| gap.clone());
                &[]
            }
        };
        if !guests.is_empty() {
            found.push(guests_in(subnet, guests));
        }
    }
    match other_servers(estate, server, home) {
        Ok(servers) => found.extend(servers.into_iter().map(|other| {
            let message = format!("{} lives in {} as well", other.id.name(), home.name());
            let observed = Evidence::at(&other.source).observed(home.as_str());
            (message, vec![observed.expected("another subnet")])
        })),
        Err(gap) => {
            missing.get_or_insert(gap);
        }
    }
    if !found.is_empty() {
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (messages, evidence): (Vec<String>, Vec<Vec<Evidence>>) = found.into_iter().unzip();
        let message = format!(
            "The virtual network {} is not the server's alone: {}.",
            vnet.id.name(),
            messages.join("; ")
        );
        return Ok(vec![fails(message, evidence.concat())]);
    }
    if let Some(gap) = missing.or_else(|| aks.gap().cloned()) {
        return Err(Stop::Indeterminate(gap));
    }
    let message = format!("Nothing but the server lives in {}.", vnet.id.name());
    let evidence = Evidence::at(source).observed("no guests").expected("no guests");
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

/// What to say of the guests of a subnet, and where they were seen.
fn guests_in(subnet: &Subnet, guests: &[Occupant]) -> (String, Vec<Evidence>) {
    let mut names: Vec<String> =
        guests.iter().map(|guest| format!("{} {}", guest.kind, guest.name)).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let message = format!("{} holds {}", subnet.id.name(), names.join(", "));
    let evidence = Evidence::at(&subnet.source).observed(names.join(", ")).expected("empty");
    (message, vec![evidence])
}

/// The other servers in the server's subnet, but for its replicas and the one it replicates.
fn other_servers(
    estate: &Estate<'_>,
    server: &PostgresServer,
    home: &ArmId,
) -> Result<Vec<PostgresServer>, Gap> {
    let listed = [estate.subscription_servers(), estate.servers().clone()];
    let mut others: Vec<PostgresServer> = Vec::new();
    let mut missing = None;
    for list in listed {
        match list {
            Fact::Known(list, _) => {
                others.extend(list.items);
                missing = missing.or(list.missing);
            }
            Fact::Absent(_) => {}
            Fact::Unread(gap) => missing = missing.or(Some(gap)),
        }
    }
    others.sort_by(|a, b| a.id.cmp(&b.id));
    others.dedup_by(|a, b| a.id == b.id);
    let mut guests = Vec::new();
    for other in others {
        if other.id == server.id || server.source_server.value() == Some(&other.id) {
            continue;
        }
        let subnet = other.access.as_ref().and_then(|access, _| access.delegated_subnet.clone());
        match (subnet, &other.source_server) {
            (Fact::Unread(gap), _) => missing = missing.or(Some(gap)),
            (Fact::Known(subnet, _), source) if subnet == *home => match source {
                Fact::Known(id, _) if *id == server.id => {}
                Fact::Absent(_) if other.is_replica() => {
                    let message = format!("{} does not say what it replicates", other.id.name());
                    let gap = Gap::because(Reason::MissingField, message);
                    missing = missing.or(Some(gap.at(other.id.as_str())));
                }
                Fact::Unread(gap) => missing = missing.or(Some(gap.clone())),
                Fact::Known(..) | Fact::Absent(_) => guests.push(other),
            },
            _ => {}
        }
    }
    match missing {
        Some(gap) if guests.is_empty() => Err(gap),
        _ => Ok(guests),
    }
}
