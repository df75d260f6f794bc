//! Are both halves of the peering connected?

use vaudit_model::estate::Peering;
use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::peering::{create, networks};

/// NET006.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET006",
        name: "peerings-connected",
        title: "Both peerings are Connected",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[],
        reference: "S08, S34: proceed to the peering of the two VNets",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("peerings_connected.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (aks, postgres) = networks(estate)?;
    let halves = [
        (estate.aks_vnet(), &aks, &postgres, "NET004"),
        (estate.postgres_vnet(), &postgres, &aks, "NET005"),
    ];
    let mut judgements = Vec::new();
    for (vnet, own, other, owner) in halves {
        let peering = vnet.as_ref().and_then(|vnet, _| vnet.peering_to(other));
        judgements.push(
            match peering.required(owner).and_then(|(peering, _)| judge(peering, own, other)) {
                Ok(judgement) => judgement,
                Err(stop) => Judgement::stopped(own.as_str(), stop),
            },
        );
    }
    Ok(judgements)
}

fn judge(peering: &Peering, own: &ArmId, other: &ArmId) -> Result<Judgement, Stop> {
    let subject = peering.id.as_str();
    let (state, source) = peering.state.required("NET004")?;
    let evidence = Evidence::at(source).observed(state).expected("Connected");
    let mended = |message: String| {
        let delete = Command::new("az network vnet peering delete").arg("--ids", subject);
        let advice = "Delete what is left of the peering on both sides and create it anew; neither half recovers by itself.";
        Judgement::fail(subject, message)
            .with(evidence.clone())
            .fix(advice, vec![delete, create(own, other), create(other, own)])
    };
    match state.to_ascii_lowercase().as_str() {
        "connected" => {}
        "initiated" => {
            return Ok(mended(format!(
                "{} is Initiated: the other side is missing.",
                peering.id.name()
            )));
        }
        "disconnected" => {
            return Ok(mended(format!(
                "{} is Disconnected: the other side was deleted.",
                peering.id.name()
            )));
        }
        _ => {
            let message = format!("the peering state {state} is not one vaudit knows");
            return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
        }
    }
    let connected = || {
        let message = format!("{} is Connected.", peering.id.name());
        Judgement::pass(subject, message).with(evidence.clone())
    };
    let Some((provisioning, source)) = peering.provisioning_state.read()? else {
        // The state itself says Connected, and no change is said to be under way.
        return Ok(connected());
    };
    match provisioning.to_ascii_lowercase().as_str() {
        "succeeded" => Ok(connected()),
        "failed" => {
            let failed = Evidence::at(source).observed(provisioning).expected("Succeeded");
            Ok(mended(format!("The last change of {} failed.", peering.id.name())).with(failed))
        }
        "updating" | "creating" | "deleting" => {
            let message = format!("{} is being changed ({provisioning})", peering.id.name());
            Err(Gap::because(Reason::InProgress, message).at(subject).into())
        }
        _ => {
            let message = format!(
                "the state {provisioning} of {} is not one vaudit knows",
                peering.id.name()
            );
            Err(Gap::because(Reason::Unrecognised, message).at(subject).into())
        }
    }
}
