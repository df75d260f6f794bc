//! Is the cluster provisioned and running?

use vaudit_model::estate::ManagedCluster;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Reason, Rule, Severity,
    Tier,
};

use super::{Provisioning, open};

/// AKS001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AKS001",
        name: "cluster-running",
        title: "Cluster is provisioned and running",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S13, S31: the creation of cluster, control plane, node pool and nodes",
        setting: "kubernetes.cluster",
    },
    needs: &[Need::ManagedCluster],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("cluster_running.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (cluster, _) = estate.cluster().required("PLC003")?;
    let (subject, name) = (cluster.id.as_str(), cluster.id.name());
    if let Fact::Known(power, source) = &cluster.power_state
        && power.eq_ignore_ascii_case("Stopped")
    {
        let evidence = Evidence::at(source).observed(power).expected("Running");
        let message = format!("The cluster {name} is stopped: nothing of the application runs.");
        return Ok(vec![
            Judgement::fail(subject, message)
                .with(evidence)
                .fix("Start the cluster.", vec![on(cluster, Command::new("az aks start"))]),
        ]);
    }
    let (provisioning, provisioning_source) = cluster.provisioning_state.required("PLC003")?;
    let provisioned =
        Evidence::at(provisioning_source).observed(provisioning).expected("Succeeded");
    match Provisioning::of(provisioning) {
        Provisioning::Succeeded => {}
        Provisioning::Broken => {
            let message =
                format!("The provisioning state of the cluster {name} is {provisioning}.");
            let advice = "Find the reason in the activity log, then bring the cluster to the state it should have; an update without changes repeats what failed. A cluster that is being deleted has to be created anew.";
            return Ok(vec![
                Judgement::fail(subject, message)
                    .with(provisioned)
                    .fix(advice, vec![on(cluster, Command::new("az aks update"))]),
            ]);
        }
        Provisioning::Open(reason) => {
            return Err(open(reason, &format!("the cluster {name}"), provisioning)
                .at(subject)
                .into());
        }
    }
    let (power, source) = cluster.power_state.required("PLC003")?;
    if !power.eq_ignore_ascii_case("Running") {
        return Err(open(Reason::Unrecognised, &format!("the cluster {name}"), power)
            .at(subject)
            .into());
    }
    let running = Evidence::at(source).observed(power).expected("Running");
    let message = format!("The cluster {name} is provisioned and running.");
    Ok(vec![Judgement::pass(subject, message).with_all([provisioned, running])])
}

fn on(cluster: &ManagedCluster, command: Command) -> Command {
    command
        .arg("--resource-group", cluster.id.resource_group().unwrap_or_default())
        .arg("--name", cluster.id.name())
}
