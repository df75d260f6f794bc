//! Do the peerings carry the subnets that the traffic starts and ends in?

use vaudit_model::estate::Peering;
use vaudit_model::network_path::{Extent, PeeringSide, State, peering_carries};
use vaudit_model::rule::sentence;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

use super::peering::{Half, both_halves, create};

/// NET009.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET009",
        name: "peerings-carry-subnets",
        title: "Peerings carry the needed subnets",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S10: for the pods to communicate with the SQL instance",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("peered_subnets.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let halves = both_halves(estate)?;
    let [out, back] = &halves;
    let sides = [side(out, estate.named_sources()), side(back, estate.named_target())];
    let subject = estate.aks_vnet_subject();
    let evidence =
        halves.iter().filter_map(|half| half.peering.value()).flat_map(|own| evidence_of(own));
    let judgement = match peering_carries(&sides[0], &sides[1]) {
        State::Open => {
            let message = "Both peerings carry the subnets of the cluster and of the server.";
            Judgement::pass(subject, message)
        }
        State::Broken(why) => {
            let (advice, commands) = mended(&halves, &sides);
            Judgement::fail(subject, sentence(&why)).fix(advice, commands)
        }
        State::Unknown(why) => {
            let unread = gaps(estate, &halves).into_iter().next();
            return Err(unread.unwrap_or_else(|| Gap::because(Reason::Unrecognised, why)).into());
        }
    };
    Ok(vec![judgement.with_all(evidence)])
}

/// A half as the reasoning takes it; one that was not read has nothing but its subnets.
fn side(half: &Half<'_>, subnets: Vec<vaudit_model::network_path::Subnet>) -> PeeringSide {
    match half.peering.value() {
        Some(peering) => peering.side(subnets),
        None => PeeringSide {
            name: format!("the peering of {}", half.own.name()),
            extent: None,
            ipv6_only: None,
            remote_space: None,
            subnets,
        },
    }
}

/// What the answer rests on, as far as it was read.
fn evidence_of(peering: &Peering) -> Vec<Evidence> {
    let terms = &peering.terms;
    let mut evidence = Vec::new();
    if let Fact::Known(space, source) = terms.peered() {
        evidence.push(Evidence::at(&source).observed(space.to_string()));
    }
    if let Fact::Known(complete, source) = &terms.complete {
        evidence.push(Evidence::at(source).observed(complete.to_string()).expected("true"));
    }
    if let Fact::Known(only, source) = &terms.ipv6_only {
        evidence.push(Evidence::at(source).observed(only.to_string()).expected("false"));
    }
    if terms.complete.value() == Some(&false) {
        for list in [&terms.local_subnets, &terms.remote_subnets] {
            if let Fact::Known(names, source) = list {
                let mut names = names.items.clone();
                names.sort();
                evidence.push(Evidence::at(source).observed(names.join(", ")));
            }
        }
    }
    evidence
}

/// Every gap that may have kept the answer from being known, the most telling first.
fn gaps(estate: &Estate<'_>, halves: &[Half<'_>; 2]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for half in halves {
        gaps.extend(half.peering.gap().cloned());
        let Some(peering) = half.peering.value() else { continue };
        gaps.extend(peering.terms.extent().gap().cloned());
        gaps.extend(peering.terms.ipv6_only.gap().cloned());
        gaps.extend(peering.terms.peered_space.gap().cloned());
    }
    let ends = estate.ends();
    gaps.extend(ends.gap().cloned());
    gaps.extend(ends.value().and_then(|ends| ends.missing.clone()));
    let subnet = estate.server_subnet();
    gaps.extend(subnet.gap().cloned());
    gaps.extend(subnet.value().and_then(|subnet| subnet.prefixes.gap().cloned()));
    gaps
}

/// A peering of subnets, or of IPv6, cannot be widened in place; a stale one can be synced.
fn mended(halves: &[Half<'_>; 2], sides: &[PeeringSide; 2]) -> (&'static str, Vec<Command>) {
    let narrow = |side: &PeeringSide| {
        matches!(side.extent, Some(Extent::Subnets { .. })) || side.ipv6_only == Some(true)
    };
    let known = || halves.iter().filter_map(|half| Some((half, half.peering.value()?)));
    if sides.iter().any(narrow) {
        let delete = known().map(|(_, peering)| {
            Command::new("az network vnet peering delete").arg("--ids", peering.id.as_str())
        });
        let create = halves.iter().map(|half| create(&half.own, &half.other));
        let advice = "Delete both halves and peer the whole networks anew: a peering of subnets, or of IPv6 only, cannot be widened in place.";
        return (advice, delete.chain(create).collect());
    }
    let sync = known().map(|(half, peering)| {
        Command::new("az network vnet peering sync")
            .arg("--resource-group", half.own.resource_group().unwrap_or_default())
            .arg("--vnet-name", half.own.name())
            .arg("--name", peering.id.name())
    });
    (
        "Sync the peering on each side, so that it knows the prefixes the networks have now.",
        sync.collect(),
    )
}
