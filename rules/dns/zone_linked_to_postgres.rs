//! Is the server's private DNS zone linked to the network the server lives in?

use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity,
    Stop, Tier,
};

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
    let links = estate.zone_links();
    let (links, links_source) = links.required("PG008")?;
    let subnet = estate.postgres_subnet_id();
    let (subnet, _) = subnet.required("PG004")?;
    let Some(vnet) = subnet.parent() else {
        return Err(Stop::not_applicable("absent: see NET002"));
    };
    match estate.zone_link_to(&vnet) {
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
            let linked = links.items.iter().filter_map(|link| link.virtual_network.value());
            let mut linked: Vec<&str> = linked.map(ArmId::as_str).collect();
            linked.sort_unstable();
            let observed = if linked.is_empty() { "no link".to_owned() } else { linked.join(", ") };
            let message = format!(
                "The zone {} has no link to {}, the network the server lives in: what runs there cannot resolve the server's name.",
                zone.name(),
                vnet.name()
            );
            let command = Command::new("az network private-dns link vnet create")
                .arg("--resource-group", zone.resource_group().unwrap_or_default())
                .arg("--zone-name", zone.name())
                .flag("--name postgres")
                .arg("--virtual-network", vnet.as_str())
                .flag("--registration-enabled false");
            let advice = "Link the zone to the server's network. The portal makes this link with the server, but nothing keeps it.";
            let evidence = Evidence::at(links_source).observed(observed).expected(vnet.as_str());
            let failed = Judgement::fail(zone.as_str(), message).with(evidence);
            Ok(vec![failed.fix(advice, vec![command])])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}
