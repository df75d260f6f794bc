//! Can the AKS network register its machines in the server's zone, or does another zone have them?

use vaudit_model::deployment::AutoRegistration;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

/// DNS012.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS012",
        name: "aks-registration-possible",
        title: "Auto-registration is possible on the AKS VNet",
        severity: Severity::Low,
        tier: Tier::S,
        controls: &[],
        reference: "S33: enable auto-registration",
        setting: "dns.auto_registration",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::VirtualNetworkLinks,
        Need::RegistrationZones,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("registration_possible.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    if estate.deployment.dns.auto_registration != AutoRegistration::Required {
        return Err(Stop::not_applicable("`dns.auto_registration` does not ask for it"));
    }
    let own = super::aks_link(estate)?;
    let (enabled, source) = own.registration_enabled.required("DNS003")?;
    let observed = Evidence::at(source).observed(enabled.to_string());
    if *enabled {
        return Err(Stop::NotApplicable {
            reason: "auto-registration is on: see DNS005".to_owned(),
            evidence: vec![observed],
        });
    }
    let vnet = estate.aks_vnet_id();
    let (vnet, _) = vnet.required("PLC003")?;
    match estate.other_registration(vnet) {
        Fact::Known(link, source) => {
            let zone = link.id.parent();
            let zone_name = zone.as_ref().map_or("", |zone| zone.name());
            let message = format!(
                "{} registers its machines in the zone {zone_name} already, so Azure would refuse auto-registration on {}.",
                vnet.name(),
                own.id.name()
            );
            let command = Command::new("az network private-dns link vnet update")
                .arg("--resource-group", link.id.resource_group().unwrap_or_default())
                .arg("--zone-name", zone_name)
                .arg("--name", link.id.name())
                .flag("--registration-enabled false");
            let advice = "Decide which zone is to have the machines: set auto-registration off in the other one, or accept the finding of DNS005.";
            let evidence =
                Evidence::at(&source).observed(link.id.as_str()).expected("no other zone");
            let failed = Judgement::fail(vnet.as_str(), message).with(evidence).with(observed);
            Ok(vec![failed.fix(advice, vec![command])])
        }
        Fact::Absent(source) => {
            let message = format!(
                "No other zone of the subscription registers the machines of {}.",
                vnet.name()
            );
            let evidence =
                Evidence::at(&source).observed("no other zone").expected("no other zone");
            Ok(vec![Judgement::pass(vnet.as_str(), message).with(evidence)])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}
