//! Is the server's private DNS zone linked to the AKS network?

use vaudit_model::{Estate, Evaluation, Evidence, Meta, Need, Rule, Severity, Tier};

use super::zone_link::{self, Wanted};
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
    estate.zone_links().required("PG008")?;
    let vnet = estate.aks_vnet_id();
    let (vnet, _) = vnet.required("PLC003")?;
    let without = format!(
        "The zone the server references, {}, has no link to {}: pods cannot resolve the server's name.",
        zone.name(),
        vnet.name()
    );
    zone_link::judge(
        estate,
        Wanted {
            zone,
            vnet,
            without,
            beside: Some(Evidence::at(zone_source).observed(zone.as_str())),
            advice: "Link the zone to the AKS network. A peering does not share DNS, and a link on another zone does not help.",
            flags: ["--name aks", "--registration-enabled true"],
        },
    )
}
