//! Do the addresses of the server's network belong to nobody else on the way?

use vaudit_model::network_path::{AddressSet, Prefix};
use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

use super::peering::networks;

/// NET010.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET010",
        name: "address-spaces-disjoint",
        title: "Address spaces do not overlap",
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
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.postgres_vnet_subject(),
    page: include_str!("address_spaces.md"),
    evaluate,
};

const ADVICE: &str = "Create the smaller of the two anew with a range of its own: address spaces that overlap cannot be peered properly, and a cluster's pod and service ranges are fixed when it is created.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (_, postgres) = networks(estate)?;
    let (vnet, _) = estate.postgres_vnet().required("NET002")?;
    let (own, source) = vnet.address_space.required("NET002")?;
    let own = addresses(own);
    let mut missing: Option<Gap> = None;
    let mut overlaps = Vec::new();
    let mut evidence = vec![Evidence::at(source).observed(own.to_string())];
    for (what, range) in others(estate) {
        match &range {
            Fact::Known(prefixes, source) => {
                let range = addresses(prefixes);
                let shared = range.intersection(&own);
                let seen = Evidence::at(source).observed(range.to_string());
                if shared.is_empty() {
                    evidence.push(seen);
                } else {
                    overlaps.push(format!("{shared} belongs to {what} as well"));
                    evidence.push(seen.expected(format!("nothing of {own}")));
                }
            }
            Fact::Absent(_) => {}
            Fact::Unread(gap) => {
                missing.get_or_insert_with(|| gap.clone());
            }
        }
    }
    let subject = postgres.as_str();
    if !overlaps.is_empty() {
        let message =
            format!("Addresses of {} are not its own: {}.", postgres.name(), overlaps.join("; "));
        let failed = Judgement::fail(subject, message).with_all(evidence);
        return Ok(vec![failed.fix(ADVICE, Vec::new())]);
    }
    if let Some(gap) = missing {
        return Err(Stop::Indeterminate(gap));
    }
    let message = format!(
        "The addresses of {} belong neither to the cluster's network nor to its pods or services.",
        postgres.name()
    );
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}

/// The ranges that must be others': those of the cluster's network, its pods and its services.
fn others(estate: &Estate<'_>) -> Vec<(&'static str, Fact<Vec<Prefix>>)> {
    let aks = estate.aks_vnet().as_ref().and_then(|vnet, _| vnet.address_space.clone());
    let network = estate.cluster().as_ref().and_then(|cluster, _| cluster.network.clone());
    let pods = network.clone().and_then(|network, _| match network.pod_ranges.clone() {
        // Pods with addresses of the virtual network have no range of their own.
        Fact::Absent(own) => network.pods_are_in_the_network().and_then(|inside, _| {
            if inside {
                return Fact::Absent(own);
            }
            let message = "the cluster does not say which range its pods have";
            let reason = vaudit_model::Reason::MissingField;
            Fact::Unread(Gap::because(reason, message).at(own.resource))
        }),
        ranges => ranges,
    });
    let services = network.and_then(|network, _| match network.service_ranges {
        Fact::Absent(own) => {
            let message = "the cluster does not say which range its services have";
            let reason = vaudit_model::Reason::MissingField;
            Fact::Unread(Gap::because(reason, message).at(own.resource))
        }
        ranges => ranges,
    });
    vec![
        ("the network of the cluster", aks),
        ("the cluster's pods", pods),
        ("the cluster's services", services),
    ]
}

fn addresses(prefixes: &[Prefix]) -> AddressSet {
    prefixes.iter().copied().collect()
}
