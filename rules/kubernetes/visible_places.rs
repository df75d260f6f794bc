//! Is every place where nodes and pods can live visible to an auditor?

use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Tier,
};

/// AKS010. It can pass or be indeterminate, never fail: it guards what other rules may conclude.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AKS010",
        name: "node-places-visible",
        title: "Every place nodes and pods can live is visible",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S10, S20: what can be accessed from the AKS cluster, of which all subnets have to be known",
        setting: "kubernetes.cluster",
    },
    needs: &[Need::ManagedCluster],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("visible_places.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (cluster, _) = estate.cluster().required("PLC003")?;
    let subject = cluster.id.as_str();
    let hidden = |message: &str| Gap::because(Reason::BeyondReach, message).at(subject);
    let unknown = |what: &str, value: &str| {
        let message = format!("{what} {value} is not one vaudit knows");
        Gap::because(Reason::Unrecognised, message).at(subject)
    };
    let mut evidence = Vec::new();
    if let Some((mode, source)) = cluster.node_provisioning_mode.read()? {
        match mode.to_ascii_lowercase().as_str() {
            "manual" => evidence.push(Evidence::at(source).observed(mode).expected("Manual")),
            "auto" => {
                let message = "nodes are provisioned automatically: objects inside the cluster (AKSNodeClass) can put them into subnets that Azure Resource Manager does not show";
                return Err(hidden(message).into());
            }
            _ => return Err(unknown("the node provisioning mode", mode).into()),
        }
    }
    let (plugin, source) = cluster.network_plugin.required("PLC003")?;
    match plugin.to_ascii_lowercase().as_str() {
        "azure" | "kubenet" => evidence.push(Evidence::at(source).observed(plugin)),
        "none" => {
            let message = "the cluster brings its own network plug-in, and where that puts pods Azure Resource Manager does not show";
            return Err(hidden(message).into());
        }
        _ => return Err(unknown("the network plug-in", plugin).into()),
    }
    let subnets = estate.aks_subnets();
    let (subnets, source) = subnets.required("PLC003")?;
    subnets.all_read()?;
    let names: Vec<&str> = subnets.items.iter().map(|id| id.name()).collect();
    let message = match names.as_slice() {
        [] => "Nodes and pods live in the network that AKS made for the cluster.".to_owned(),
        names => {
            format!("Nodes and pods live in the subnets the node pools name: {}.", names.join(", "))
        }
    };
    let ids: Vec<&str> = subnets.items.iter().map(|id| id.as_str()).collect();
    evidence.push(Evidence::at(source).observed(if ids.is_empty() {
        "no subnet".to_owned()
    } else {
        ids.join(", ")
    }));
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}
