//! Does the cluster have node pools, and do they have nodes?

use vaudit_model::estate::{AgentPool, ManagedCluster};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::{Provisioning, open};

/// AKS002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AKS002",
        name: "node-pools-have-nodes",
        title: "Node pools exist and have nodes",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S31: the creation of cluster, control plane, node pool and nodes",
        setting: "kubernetes.cluster",
    },
    needs: &[Need::ManagedCluster],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("node_pools.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (cluster, _) = estate.cluster().required("PLC003")?;
    let (list, source) = cluster.agent_pools.required("PLC003")?;
    let mut pools: Vec<&AgentPool> = list.items.iter().collect();
    pools.sort_by_key(|pool| name(pool));
    let listed: Vec<String> = pools.iter().map(|pool| describe(pool)).collect();
    let observed = if listed.is_empty() { "no pool".to_owned() } else { listed.join("; ") };
    let evidence = Evidence::at(source)
        .observed(observed)
        .expected("a System pool with nodes, every pool Succeeded");
    let subject = cluster.id.as_str();
    let faults = faults(&pools);
    if !faults.is_empty() {
        let message = faults.join(" ");
        return Ok(vec![
            Judgement::fail(subject, message).with(evidence).fix(ADVICE, vec![scale(cluster)]),
        ]);
    }
    for pool in &pools {
        pool.mode.required("PLC003")?;
        pool.count.required("PLC003")?;
        is_settled(pool, subject)?;
    }
    let stopped: Vec<&str> = pools
        .iter()
        .filter(|pool| is(&pool.power_state, "Stopped"))
        .map(|pool| name(pool))
        .collect();
    let nodes: i64 = pools.iter().filter_map(|pool| pool.count.value()).sum();
    let mut message = format!("The cluster has {nodes} nodes in {} node pools.", pools.len());
    if !stopped.is_empty() {
        message
            .push_str(&format!(" Stopped, and so without a running node: {}.", stopped.join(", ")));
    }
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

const ADVICE: &str = "Give the cluster a System pool with at least one node, better three, and start or repair the pool that is named. Why a pool failed stands in the activity log, most often a quota or a subnet without free addresses.";

/// What is known to be wrong, one sentence each.
fn faults(pools: &[&AgentPool]) -> Vec<String> {
    let mut faults = Vec::new();
    let may_be_system = |pool: &&&AgentPool| {
        pool.mode.value().is_none_or(|mode| mode.eq_ignore_ascii_case("System"))
    };
    let may_have_nodes = |pool: &&AgentPool| pool.count.value().is_none_or(|count| *count > 0);
    let systems: Vec<&AgentPool> = pools.iter().filter(may_be_system).copied().collect();
    if systems.is_empty() {
        faults.push("The cluster has no System node pool.".to_owned());
    } else if !pools.iter().any(may_have_nodes) {
        faults.push("No node pool of the cluster has a node.".to_owned());
    } else if !systems.iter().any(may_have_nodes) {
        faults.push("No System node pool of the cluster has a node.".to_owned());
    }
    for pool in pools {
        if is(&pool.mode, "System") && is(&pool.power_state, "Stopped") {
            faults.push(format!("The System node pool {} is stopped.", name(pool)));
        }
        if let Some(state) = pool.provisioning_state.value()
            && matches!(Provisioning::of(state), Provisioning::Broken)
        {
            let sentence =
                format!("The provisioning state of the node pool {} is {state}.", name(pool));
            faults.push(sentence);
        }
    }
    faults
}

/// Ends the question while a pool is being changed, or does not say how it is.
fn is_settled(pool: &AgentPool, subject: &str) -> Result<(), Stop> {
    let what = format!("the node pool {}", name(pool));
    let (state, _) = pool.provisioning_state.required("PLC003")?;
    if let Provisioning::Open(reason) = Provisioning::of(state) {
        return Err(open(reason, &what, state).at(subject).into());
    }
    let (mode, _) = pool.mode.required("PLC003")?;
    if mode.eq_ignore_ascii_case("User") {
        return Ok(());
    }
    let (power, _) = pool.power_state.required("PLC003")?;
    if mode.eq_ignore_ascii_case("System") && power.eq_ignore_ascii_case("Running") {
        return Ok(());
    }
    let message = format!("{what} is a {mode} pool and {power}, which vaudit does not know");
    Err(Gap::because(Reason::Unrecognised, message).at(subject).into())
}

fn name(pool: &AgentPool) -> &str {
    pool.name.value().map_or("without a name", String::as_str)
}

fn is(fact: &Fact<String>, wanted: &str) -> bool {
    fact.value().is_some_and(|own| own.eq_ignore_ascii_case(wanted))
}

fn describe(pool: &AgentPool) -> String {
    let text = |fact: &Fact<String>| fact.value().cloned().unwrap_or_else(|| "unread".to_owned());
    let count = pool.count.value().map_or_else(|| "unread".to_owned(), ToString::to_string);
    let (mode, state) = (text(&pool.mode), text(&pool.provisioning_state));
    format!("{}: {mode}, {count} nodes, {state}, {}", name(pool), text(&pool.power_state))
}

fn scale(cluster: &ManagedCluster) -> Command {
    Command::new("az aks nodepool scale")
        .arg("--resource-group", cluster.id.resource_group().unwrap_or_default())
        .arg("--cluster-name", cluster.id.name())
        .flag("--name <pool> --node-count 3")
}
