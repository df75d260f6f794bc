//! Is the AKS cluster in the PostgreSQL server's region?

use vaudit_model::{Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier};

use crate::audited;

/// PLC006.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC006",
        name: "cluster-in-server-region",
        title: "AKS cluster is in the PostgreSQL server's region",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S19: in the same region",
        setting: "kubernetes.cluster",
    },
    needs: &[Need::PostgresServer, Need::ManagedCluster],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("cluster_region.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (cluster, _) = estate.cluster().required("PLC003")?;
    let (server, _) = audited::server(estate)?;
    let (own, own_source) = cluster.location.required("PLC003")?;
    let (servers, server_source) = server.location.required("PLC002")?;
    let evidence = [
        Evidence::at(own_source).observed(own.to_string()).expected(servers.to_string()),
        Evidence::at(server_source).observed(servers.to_string()),
    ];
    let (name, other) = (cluster.id.name(), server.id.name());
    if own == servers {
        let message = format!("The cluster {name} and the server {other} are both in {own}.");
        return Ok(vec![Judgement::pass(cluster.id.as_str(), message).with_all(evidence)]);
    }
    let message = format!("The cluster {name} is in {own}, the server {other} in {servers}.");
    let advice = "Neither can change its region: create a cluster in the server's region, deploy the application there, and remove the old one.";
    Ok(vec![
        Judgement::fail(cluster.id.as_str(), message).with_all(evidence).fix(advice, Vec::new()),
    ])
}
