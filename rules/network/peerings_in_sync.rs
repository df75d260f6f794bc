//! Do the peerings know the address spaces that the two networks have now?

use vaudit_model::network_path::{AddressSet, PeeringSync, peering_sync};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::peering::{Half, both_halves};

/// NET007.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET007",
        name: "peerings-in-sync",
        title: "Peerings are in sync",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S08: peering between the AKS VNet and the PostgreSQL VNet",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("peerings_in_sync.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let halves = both_halves(estate)?;
    let needed = [server_addresses(estate), cluster_addresses(estate)];
    // Only where both directions are known to be peered the traffic is known to be unharmed.
    let unaffected = halves.iter().zip(&needed).all(|(half, needed)| {
        let peered = half.peering.as_ref().and_then(|peering, _| peering.terms.peered());
        !needed.is_empty() && peered.value().is_some_and(|peered| peered.contains_all(needed))
    });
    let commands: Vec<Command> = halves.iter().filter_map(sync).collect();
    let judged = halves.iter().zip(&needed).map(|(half, needed)| {
        judge(half, needed, unaffected, &commands)
            .unwrap_or_else(|stop| Judgement::stopped(half.subject(), stop))
    });
    Ok(judged.collect())
}

fn judge(
    half: &Half<'_>,
    needed: &AddressSet,
    unaffected: bool,
    commands: &[Command],
) -> Result<Judgement, Stop> {
    let (peering, _) = half.peering.required(half.owner)?;
    let terms = &peering.terms;
    let name = peering.id.name();
    let level = terms.sync_level.read()?;
    let (peered, current) = (terms.peered(), terms.current());
    let word = level.map(|(level, _)| level.as_str());
    let mut evidence = Vec::new();
    if let Some((level, source)) = level {
        evidence.push(Evidence::at(source).observed(level).expected("FullyInSync"));
    }
    if let Fact::Known(peered, source) = &peered {
        let own = Evidence::at(source).observed(peered.to_string());
        evidence.push(match current.value() {
            Some(current) => own.expected(current.to_string()),
            None => own,
        });
    }
    let judgement = match peering_sync(word, peered.value(), current.value(), needed) {
        PeeringSync::InSync => {
            let message = format!("{name} knows the whole address space of {}.", half.other.name());
            Judgement::pass(half.subject(), message)
        }
        PeeringSync::OutOfSync { not_peered, .. } => {
            let mut message = match not_peered.filter(|space| !space.is_empty()) {
                Some(space) => format!(
                    "{name} does not know the whole address space of {}: {space} is not peered.",
                    half.other.name()
                ),
                None => format!(
                    "{name} is not in sync ({}): an address space changed after the peering.",
                    word.unwrap_or("the spaces differ")
                ),
            };
            if unaffected {
                message.push_str(" The traffic of this deployment is not affected: its subnets lie in what is peered.");
            }
            let advice = "Sync the peering on each side; that interrupts nothing.";
            let failed = Judgement::fail(half.subject(), message).fix(advice, commands.to_vec());
            if unaffected { failed.severity(Severity::Low) } else { failed }
        }
        PeeringSync::Unknown(why) => {
            let unread = peered.gap().or(current.gap()).filter(|_| word.is_none());
            let unrecognised =
                || Gap::because(Reason::Unrecognised, format!("{name}: {why}")).at(half.subject());
            return Err(unread.cloned().unwrap_or_else(unrecognised).into());
        }
    };
    Ok(judgement.with_all(evidence))
}

fn sync(half: &Half<'_>) -> Option<Command> {
    let peering = half.peering.value()?;
    Some(
        Command::new("az network vnet peering sync")
            .arg("--resource-group", half.own.resource_group().unwrap_or_default())
            .arg("--vnet-name", half.own.name())
            .arg("--name", peering.id.name()),
    )
}

/// The addresses of the server's subnet; none unless all are known.
fn server_addresses(estate: &Estate<'_>) -> AddressSet {
    let subnet = estate.server_subnet();
    let addresses = subnet.and_then(|subnet, _| subnet.addresses());
    addresses.value().cloned().unwrap_or_default()
}

/// The addresses the cluster's traffic comes from; none unless all are known.
fn cluster_addresses(estate: &Estate<'_>) -> AddressSet {
    let ends = estate.ends();
    let whole = ends.value().filter(|ends| ends.missing.is_none());
    whole.map(|ends| ends.source_addresses.clone()).unwrap_or_default()
}
