//! What STO004 to STO007 have in common: which subnets of the cluster the account admits, and
//! whether the cluster reaches it through a private endpoint instead.

use vaudit_model::deployment::AccessMode;
use vaudit_model::estate::{Admission, StorageAccount};
use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Stop, Verdict,
};

/// The cluster's subnets, by what the account's network rules say of them.
pub(super) struct Subnets {
    /// Those a rule allows.
    pub(super) admitted: Vec<Admission>,
    /// Those no rule allows.
    pub(super) left_out: Vec<Admission>,
    /// Why nothing is known of others.
    pub(super) missing: Option<Gap>,
}

/// The account and the cluster, both of which have to be there.
pub(super) fn account<'e>(estate: &'e Estate<'_>) -> Result<&'e StorageAccount, Stop> {
    let (account, _) = estate.storage_account().required("PLC004")?;
    estate.cluster().required("PLC003")?;
    Ok(account)
}

/// The cluster's subnets.
pub(super) fn subnets(estate: &Estate<'_>) -> Result<Subnets, Stop> {
    let list = match estate.subnet_admissions() {
        Fact::Known(list, _) => list,
        Fact::Absent(source) => return Err(Stop::absent("PLC003", &source)),
        // A private endpoint may settle the question all the same.
        Fact::Unread(gap) => List { items: Vec::new(), missing: Some(gap) },
    };
    let mut subnets = Subnets { admitted: Vec::new(), left_out: Vec::new(), missing: list.missing };
    for admission in list.items {
        match &admission.rule {
            Fact::Known(..) => subnets.admitted.push(admission),
            Fact::Absent(_) => subnets.left_out.push(admission),
            Fact::Unread(gap) => {
                subnets.missing.get_or_insert_with(|| gap.clone());
            }
        }
    }
    Ok(subnets)
}

/// The private endpoint the cluster reaches the account through, where the manifest allows one.
pub(super) fn private_endpoint(estate: &Estate<'_>, account: &StorageAccount) -> Fact<ArmId> {
    match estate.deployment.storage.access_mode {
        AccessMode::ServiceEndpoint => Fact::Absent(account.source.clone()),
        AccessMode::PrivateEndpoint | AccessMode::Either => estate.blob_endpoint(),
    }
}

/// Where the manifest asks for a private endpoint, nothing else is.
pub(super) fn needs_rules(estate: &Estate<'_>) -> Result<(), Stop> {
    if estate.deployment.storage.access_mode == AccessMode::PrivateEndpoint {
        return Err(Stop::not_applicable("`storage.access_mode` is `private_endpoint`"));
    }
    Ok(())
}

/// What is amiss with rules and service endpoints is moot when a private endpoint does their work.
pub(super) fn unless_by_endpoint(
    estate: &Estate<'_>,
    account: &StorageAccount,
    finding: Evaluation,
) -> Evaluation {
    match private_endpoint(estate, account) {
        Fact::Known(endpoint, source) => Err(Stop::NotApplicable {
            reason: "the cluster reaches the account through a private endpoint".to_owned(),
            evidence: vec![Evidence::at(&source).observed(endpoint.as_str())],
        }),
        Fact::Absent(_) => finding,
        Fact::Unread(gap) => Err(gap.into()),
    }
}

/// Whether an evaluation is one pass.
pub(super) fn is_pass(evaluation: &Evaluation) -> bool {
    let judgements = evaluation.as_deref().unwrap_or_default();
    judgements.iter().any(|own: &Judgement| own.verdict == Verdict::Pass)
}

/// What the account says of networks, as evidence for a judgement about these subnets.
pub(super) fn evidence(account: &StorageAccount, wanted: &[&Admission]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if let Fact::Known(public, source) = &account.public_network_access {
        evidence.push(Evidence::at(source).observed(public));
    }
    if let Fact::Known(rules, source) = &account.network_rules {
        let subnets = rules.items.iter().filter_map(|rule| rule.subnet.value());
        let mut subnets: Vec<String> = subnets.map(ToString::to_string).collect();
        subnets.sort_unstable();
        let observed = if subnets.is_empty() { "no rule".to_owned() } else { subnets.join(", ") };
        let wanted: Vec<&str> = wanted.iter().map(|own| own.subnet.as_str()).collect();
        let own = Evidence::at(source).observed(observed);
        evidence.push(if wanted.is_empty() { own } else { own.expected(wanted.join(", ")) });
    }
    evidence
}

/// The names of subnets, as a sentence has them.
pub(super) fn names<'a>(subnets: impl IntoIterator<Item = &'a Admission>) -> String {
    let names: Vec<&str> = subnets.into_iter().map(|own| own.subnet.name()).collect();
    names.join(", ")
}

/// The commands that open the account to a subnet.
pub(super) fn admit(account: &StorageAccount, subnet: &ArmId) -> [Command; 2] {
    [
        enable_endpoint(subnet),
        Command::new("az storage account network-rule add")
            .arg("--resource-group", account.id.resource_group().unwrap_or_default())
            .arg("--account-name", account.id.name())
            .arg("--subnet", subnet.as_str()),
    ]
}

/// The command that gives a subnet its service endpoint.
pub(super) fn enable_endpoint(subnet: &ArmId) -> Command {
    Command::new("az network vnet subnet update")
        .arg("--ids", subnet.as_str())
        .flag("--service-endpoints Microsoft.Storage")
}

/// A caution about [`enable_endpoint`].
pub(super) const REPLACES: &str = "The command replaces the subnet's list of service endpoints: name those that are to stay as well.";
