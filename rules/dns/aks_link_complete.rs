//! Does the link between the zone and the AKS network work already, or still?

use vaudit_model::estate::VirtualNetworkLink;
use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Stop,
    Tier,
};

/// DNS004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS004",
        name: "aks-link-complete",
        title: "The AKS link is complete",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S09: create a virtual network link from the private DNS zone to the AKS VNet",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::VirtualNetworkLinks,
    ],
    subject: |estate| estate.zone_subject(),
    page: include_str!("aks_link_complete.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let link = super::aks_link(estate)?;
    judge(&link).map(|judgement| vec![judgement])
}

fn judge(link: &VirtualNetworkLink) -> Result<Judgement, Stop> {
    let subject = link.id.as_str();
    let link_state = link.state.value().map(|state| State::of_link(state));
    let change = link.provisioning_state.value().map(|state| State::of_change(state));
    let states =
        [(&link.state, "Completed", link_state), (&link.provisioning_state, "Succeeded", change)];
    let mut evidence = Vec::new();
    for (fact, expected, _) in states {
        if let Fact::Known(state, source) = fact {
            evidence.push(Evidence::at(source).observed(state).expected(expected));
        }
    }
    // A failure is one, whatever the other state says or does not say.
    if let Some((fact, ..)) = states.iter().find(|(.., state)| *state == Some(State::Failed)) {
        let (state, _) = fact.required("DNS003")?;
        let message = format!("The link {} is {state}.", link.id.name());
        let advice = "Delete the link and create it anew.";
        return Ok(Judgement::fail(subject, message).with_all(evidence).fix(advice, Vec::new()));
    }
    for (fact, _, amounts_to) in states {
        let (state, _) = fact.required("DNS003")?;
        if amounts_to == Some(State::Complete) {
            continue;
        }
        let (reason, message) = if amounts_to == Some(State::Moving) {
            let message = format!("the link {} is still being made ({state})", link.id.name());
            (Reason::InProgress, message)
        } else {
            let message = format!("the link's state {state} is not one vaudit knows");
            (Reason::Unrecognised, message)
        };
        return Err(Gap::because(reason, message).at(subject).into());
    }
    let message = format!("The link {} is complete.", link.id.name());
    Ok(Judgement::pass(subject, message).with_all(evidence))
}

/// What a state amounts to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Complete,
    Moving,
    Failed,
    Unknown,
}

impl State {
    /// `virtualNetworkLinkState`: the enum says `Completed`, its documentation `Done`.
    fn of_link(state: &str) -> Self {
        match state.to_ascii_lowercase().as_str() {
            "completed" | "done" => Self::Complete,
            "inprogress" => Self::Moving,
            "failed" | "canceled" => Self::Failed,
            _ => Self::Unknown,
        }
    }

    /// `provisioningState`.
    fn of_change(state: &str) -> Self {
        match state.to_ascii_lowercase().as_str() {
            "succeeded" => Self::Complete,
            "creating" | "updating" | "deleting" => Self::Moving,
            "failed" | "canceled" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}
