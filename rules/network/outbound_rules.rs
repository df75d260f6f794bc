//! Do the network security groups of the cluster's subnets let traffic out to the server?

use vaudit_model::network_path::{AddressSet, Direction};
use vaudit_model::{
    Estate, Evaluation, Judgement, Meta, Need, Rule, Severity, Stop, Tier, estate::Subnet,
};

use super::aks_sources::each_aks_subnet;
use super::filter::{Question, judge};

/// NET012.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET012",
        name: "nsg-releases-aks",
        title: "NSGs on AKS subnets let traffic leave to PostgreSQL 5432",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S10: for the pods to communicate with the SQL instance",
        setting: "network.database_ports",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
        Need::NetworkSecurityGroups,
        Need::RouteTables,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("outbound_rules.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    each_aks_subnet(estate, out_of)
}

fn out_of(
    estate: &Estate<'_>,
    subnet: &Subnet,
    destinations: &AddressSet,
) -> Result<Judgement, Stop> {
    let addresses = subnet.addresses();
    let (sources, _) = addresses.required("NET001")?;
    let question =
        Question { subnet, direction: Direction::Outbound, sources, destinations, missing: None };
    judge(estate, question)
}
