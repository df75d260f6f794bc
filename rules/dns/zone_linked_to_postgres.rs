//! Is the server's private DNS zone linked to the network the server lives in?

use vaudit_model::{Estate, Evaluation, Meta, Need, Rule, Severity, Stop, Tier};

use super::zone_link::{self, Wanted};

/// DNS006.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS006",
        name: "zone-linked-to-postgres",
        title: "Zone is linked to the PostgreSQL VNet",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S07, S10: the private DNS zone is created along with the VNet of the instance",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::PrivateEndpoints,
        Need::VirtualNetworks,
        Need::VirtualNetworkLinks,
    ],
    subject: |estate| estate.zone_subject(),
    page: include_str!("zone_linked_to_postgres.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    estate.server().required("PLC002")?;
    let zone = estate.zone_id();
    let (zone, _) = zone.required("PG008")?;
    estate.zone_links().required("PG008")?;
    let subnet = estate.postgres_subnet_id();
    let (subnet, _) = subnet.required("PG004")?;
    let Some(vnet) = subnet.parent() else {
        return Err(Stop::not_applicable("absent: see NET002"));
    };
    let without = format!(
        "The zone {} has no link to {}, the network the server lives in: what runs there cannot resolve the server's name.",
        zone.name(),
        vnet.name()
    );
    zone_link::judge(
        estate,
        Wanted {
            zone,
            vnet: &vnet,
            without,
            beside: None,
            advice: "Link the zone to the server's network. The portal makes this link with the server, but nothing keeps it.",
            flags: ["--name postgres", "--registration-enabled false"],
        },
    )
}
