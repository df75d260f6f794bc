//! Does the network security group of the server's subnet let the cluster in?

use vaudit_model::network_path::Direction;
use vaudit_model::{Estate, Evaluation, Meta, Need, Rule, Severity, Tier};

use super::filter::{Question, judge, server_subnet_subject};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// NET011.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET011",
        name: "nsg-admits-aks",
        title: "NSG on the delegated subnet lets AKS reach port 5432",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["NS-1"]),
            control(NIST_800_53, &["AC-4", "SC-7"]),
            control(ISO_27001, &["8.22"]),
        ],
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
    subject: server_subnet_subject,
    page: include_str!("inbound_rules.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    estate.cluster().required("PLC003")?;
    estate.server().required("PLC002")?;
    estate.postgres_subnet_id().required("PG004")?;
    let subnet = estate.server_subnet();
    let (subnet, _) = subnet.required("NET002")?;
    let destinations = subnet.addresses();
    let (destinations, _) = destinations.required("NET002")?;
    let ends = estate.ends();
    let (ends, _) = ends.required("PLC003")?;
    let question = Question {
        subnet,
        direction: Direction::Inbound,
        sources: &ends.source_addresses,
        destinations,
        missing: ends.missing.clone(),
    };
    Ok(vec![judge(estate, question)?])
}
