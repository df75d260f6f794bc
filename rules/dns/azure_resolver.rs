//! Do the cluster's nodes ask Azure DNS, which alone knows private zones?

use std::net::Ipv4Addr;

use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Tier,
};

/// DNS008. It can pass or be indeterminate, never fail: a forwarder may know the zone.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS008",
        name: "aks-asks-azure-dns",
        title: "AKS nodes ask Azure DNS",
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
        Need::VirtualNetworkLinks,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("azure_resolver.md"),
    evaluate,
};

/// Azure's resolver, the same in every virtual network.
const AZURE_DNS: &str = "168.63.129.16";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    estate.cluster().required("PLC003")?;
    let (vnet, _) = estate.aks_vnet().required("NET004")?;
    let (servers, source) = vnet.dns_servers.required("NET004")?;
    let others: Vec<&str> =
        servers.items.iter().map(|own| own.trim()).filter(|own| *own != AZURE_DNS).collect();
    if !others.is_empty() {
        let mut message = format!(
            "the network {} asks its own DNS servers ({}); the zone's link counts only if they forward to {AZURE_DNS} from a linked network",
            vnet.id.name(),
            others.join(", ")
        );
        if let Some(linked) = others.iter().find_map(|server| linked_network(estate, server)) {
            message.push_str(&format!(
                ", which is plausible, as one of them lies in {linked}, which is linked"
            ));
        }
        return Err(Gap::because(Reason::BeyondReach, message).at(vnet.id.as_str()).into());
    }
    servers.all_read()?;
    let observed = if servers.items.is_empty() { "Azure's default" } else { AZURE_DNS };
    let message = format!("The network {} asks Azure DNS.", vnet.id.name());
    let evidence = Evidence::at(source).observed(observed).expected(AZURE_DNS);
    Ok(vec![Judgement::pass(vnet.id.as_str(), message).with(evidence)])
}

/// The name of the network a DNS server lies in, when the server's zone is linked to it.
fn linked_network(estate: &Estate<'_>, server: &str) -> Option<String> {
    let address: Ipv4Addr = server.parse().ok()?;
    let links = estate.zone_links();
    let networks = estate.virtual_networks();
    let mut linked = links.value()?.items.iter().filter_map(|link| link.virtual_network.value());
    let home = networks.value()?.items.iter().find(|vnet| {
        let subnets = vnet.subnets.value().map_or(&[][..], |list| &list.items);
        subnets.iter().any(|subnet| subnet.holds(address) == Ok(true))
    })?;
    linked.any(|id| *id == home.id).then(|| home.id.name().to_owned())
}
