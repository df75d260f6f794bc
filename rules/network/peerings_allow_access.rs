//! Do both halves of the peering let traffic between the networks through?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

use super::peering::{Half, both_halves};

/// NET008.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET008",
        name: "peerings-allow-access",
        title: "Peerings allow VNet access",
        severity: Severity::Critical,
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
    page: include_str!("peerings_allow_access.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let halves = both_halves(estate)?;
    let judged = halves
        .iter()
        .map(|half| judge(half).unwrap_or_else(|stop| Judgement::stopped(half.subject(), stop)));
    Ok(judged.collect())
}

fn judge(half: &Half<'_>) -> Result<Judgement, Stop> {
    let (peering, _) = half.peering.required(half.owner)?;
    let (allowed, source) = peering.terms.allows_access.required(half.owner)?;
    let name = peering.id.name();
    let evidence = Evidence::at(source).observed(allowed.to_string()).expected("true");
    if *allowed {
        let message = format!(
            "{name} lets traffic between {} and {} through.",
            half.own.name(),
            half.other.name()
        );
        return Ok(Judgement::pass(half.subject(), message).with(evidence));
    }
    let message = format!(
        "{name} is there, but it does not let traffic between {} and {} through.",
        half.own.name(),
        half.other.name()
    );
    let update = Command::new("az network vnet peering update")
        .arg("--resource-group", half.own.resource_group().unwrap_or_default())
        .arg("--vnet-name", half.own.name())
        .arg("--name", name)
        .flag("--set allowVirtualNetworkAccess=true");
    let advice = "Allow access on this half; the other half keeps its own switch.";
    Ok(Judgement::fail(half.subject(), message).with(evidence).fix(advice, vec![update]))
}
