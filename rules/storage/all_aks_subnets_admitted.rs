//! Is every subnet of nodes and pods admitted, not just one of them?

use vaudit_model::deployment::AccessMode;
use vaudit_model::estate::Admission;
use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::access::{REPLACES, account, admit, evidence, names, private_endpoint, subnets};

/// STO007.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO007",
        name: "all-aks-subnets-admitted",
        title: "Every AKS node/pod subnet is admitted",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S20: in the networking part, select the AKS VNet",
        setting: "storage.access_mode",
    },
    needs: &[
        Need::ManagedCluster,
        Need::StorageAccount,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("all_aks_subnets_admitted.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let account = account(estate)?;
    let subject = account.id.as_str();
    let is_public = account.has_public_access()?;
    let by_rule = is_public && estate.deployment.storage.access_mode != AccessMode::PrivateEndpoint;
    let subnets = subnets(estate)?;
    let mut missing = subnets.missing;
    let (mut reached, mut cut_off): (Vec<Admission>, Vec<Admission>) = Default::default();
    for own in subnets.admitted.into_iter().chain(subnets.left_out) {
        match (&own.rule, &own.service_endpoint) {
            (Fact::Known(..), Fact::Known(..)) if by_rule => reached.push(own),
            (Fact::Known(..), Fact::Unread(gap)) if by_rule => {
                missing.get_or_insert_with(|| gap.clone());
            }
            _ => cut_off.push(own),
        }
    }
    if cut_off.is_empty() && missing.is_none() {
        let message = format!("Every subnet of the cluster is admitted: {}.", names(&reached));
        let wanted: Vec<_> = reached.iter().collect();
        let found = evidence(account, &wanted);
        return Ok(vec![Judgement::pass(subject, message).with_all(found)]);
    }
    match private_endpoint(estate, account) {
        Fact::Known(endpoint, source) => {
            let message = format!(
                "Every subnet of the cluster's network reaches the private endpoint {}.",
                endpoint.name()
            );
            let found = Evidence::at(&source).observed(endpoint.as_str());
            return Ok(vec![Judgement::pass(subject, message).with(found)]);
        }
        Fact::Absent(_) => {}
        Fact::Unread(gap) => return Err(gap.into()),
    }
    if let (true, Some(gap)) = (cut_off.is_empty(), missing) {
        return Err(gap.into());
    }
    cut_off.sort_by(|a, b| a.subnet.cmp(&b.subnet));
    let message = format!("The account does not admit the cluster's {}.", names(&cut_off));
    let wanted: Vec<_> = cut_off.iter().collect();
    let found = evidence(account, &wanted);
    let endpoints = wanted.iter().filter_map(|own| {
        let source = own.service_endpoint.source()?;
        own.service_endpoint.is_absent().then(|| {
            Evidence::at(source)
                .observed("no service endpoint for storage")
                .expected("Microsoft.Storage")
        })
    });
    let found = found.into_iter().chain(endpoints);
    let commands = wanted.iter().flat_map(|own| admit(account, &own.subnet)).collect();
    let advice = format!(
        "Give each subnet the service endpoint for storage, then add its network rule; where access is by private endpoint, see STO004. {REPLACES}"
    );
    Ok(vec![Judgement::fail(subject, message).with_all(found).fix(advice, commands)])
}
