//! Which virtual network does the cluster live in?

use vaudit_model::{Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier};

/// NET001. It can pass or be indeterminate, never fail: the network rules build on its answer.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET001",
        name: "aks-vnet-determined",
        title: "The AKS VNet is determined",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S20, S34: the AKS VNet",
        setting: "kubernetes.cluster",
    },
    needs: &[Need::ManagedCluster, Need::VirtualNetworks],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("aks_vnet.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (cluster, _) = estate.cluster().required("PLC003")?;
    let vnet = estate.aks_vnet_id();
    let (vnet, source) = vnet.required("PLC003")?;
    let message = format!("The cluster lives in the virtual network {}.", vnet.name());
    let evidence = Evidence::at(source).observed(vnet.as_str());
    Ok(vec![Judgement::pass(cluster.id.as_str(), message).with(evidence)])
}
