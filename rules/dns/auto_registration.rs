//! Does the link to the AKS network register machines as the manifest wants it?

use vaudit_model::deployment::AutoRegistration;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

/// DNS005.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS005",
        name: "aks-link-auto-registration",
        title: "The AKS link has auto-registration",
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
    ],
    subject: |estate| estate.zone_subject(),
    page: include_str!("auto_registration.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let wanted = match estate.deployment.dns.auto_registration {
        AutoRegistration::Required => true,
        AutoRegistration::Forbidden => false,
        AutoRegistration::Ignore => {
            return Err(Stop::not_applicable("`dns.auto_registration` is `ignore`"));
        }
    };
    let link = super::aks_link(estate)?;
    let (enabled, source) = link.registration_enabled.required("DNS003")?;
    let evidence = Evidence::at(source).observed(enabled.to_string()).expected(wanted.to_string());
    let on_or_off = |flag: bool| if flag { "on" } else { "off" };
    let subject = link.id.as_str();
    if *enabled == wanted {
        let message = format!("Auto-registration on {} is {}.", link.id.name(), on_or_off(wanted));
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let message = format!(
        "Auto-registration on {} is {}, where {} is expected. Resolving the server does not need it: PostgreSQL writes its own record.",
        link.id.name(),
        on_or_off(*enabled),
        on_or_off(wanted)
    );
    let zone = link.id.parent();
    let command = Command::new("az network private-dns link vnet update")
        .arg("--resource-group", link.id.resource_group().unwrap_or_default())
        .arg("--zone-name", zone.as_ref().map(|zone| zone.name()).unwrap_or_default())
        .arg("--name", link.id.name())
        .arg("--registration-enabled", if wanted { "true" } else { "false" });
    let advice = "Set auto-registration on the link. A virtual network registers in one zone only: where another zone has it already, Azure refuses.";
    Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
}
