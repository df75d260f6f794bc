//! Is the server's private DNS zone linked to the AKS network?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

use crate::audited;
use crate::controls::{MCSB, NIST_800_53, control};

/// DNS003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS003",
        name: "zone-linked-to-aks",
        title: "Zone is linked to the AKS VNet",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[control(MCSB, &["NS-10"]), control(NIST_800_53, &["SC-20"])],
        reference: "S09, S32, S33: add the link between the private DNS zone and the AKS VNet",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::VirtualNetworkLinks,
    ],
    subject: |estate| estate.zone_subject(),
    page: include_str!("zone_linked_to_aks.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    audited::server(estate)?;
    let zone = estate.zone_id();
    let (zone, zone_source) = zone.required("PG008")?;
    let links = estate.zone_links();
    let (links, links_source) = links.required("PG008")?;
    let vnet = estate.aks_vnet_id();
    let (vnet, _) = vnet.required("PLC003")?;
    match estate.zone_link_to(vnet) {
        Fact::Known(link, source) => {
            let message = format!(
                "The zone {} is linked to {} by {}.",
                zone.name(),
                vnet.name(),
                link.id.name()
            );
            let evidence = Evidence::at(&source).observed(vnet.as_str()).expected(vnet.as_str());
            Ok(vec![Judgement::pass(zone.as_str(), message).with(evidence)])
        }
        Fact::Absent(_) => {
            let mut linked: Vec<&str> = links
                .items
                .iter()
                .filter_map(|link| link.virtual_network.value())
                .map(|id| id.as_str())
                .collect();
            linked.sort_unstable();
            let observed = if linked.is_empty() { "no link".to_owned() } else { linked.join(", ") };
            let message = format!(
                "The zone the server references, {}, has no link to {}: pods cannot resolve the server's name.",
                zone.name(),
                vnet.name()
            );
            let command = Command::new("az network private-dns link vnet create")
                .arg("--resource-group", zone.resource_group().unwrap_or_default())
                .arg("--zone-name", zone.name())
                .flag("--name aks")
                .arg("--virtual-network", vnet.as_str())
                .flag("--registration-enabled true");
            let advice = "Link the zone to the AKS network. A peering does not share DNS, and a link on another zone does not help.";
            let evidence = [
                Evidence::at(links_source).observed(observed).expected(vnet.as_str()),
                Evidence::at(zone_source).observed(zone.as_str()),
            ];
            Ok(vec![
                Judgement::fail(zone.as_str(), message)
                    .with_all(evidence)
                    .fix(advice, vec![command]),
            ])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}
