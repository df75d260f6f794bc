//! Do the cluster's subnets have the service endpoint without which a network rule matches nothing?

use vaudit_model::estate::Admission;
use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::access::{
    REPLACES, account, enable_endpoint, is_pass, names, needs_rules, subnets, unless_by_endpoint,
};

/// STO006.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO006",
        name: "aks-storage-service-endpoint",
        title: "AKS subnets have the storage service endpoint",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S20: in the networking part, select the AKS VNet",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::StorageAccount,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("aks_service_endpoint.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let account = account(estate)?;
    needs_rules(estate)?;
    let is_public = account.has_public_access()?;
    let subnets = subnets(estate)?;
    // Subnets without a rule are the finding of STO007; without any rule all are looked at.
    let by_rule = is_public && !subnets.admitted.is_empty();
    let judged = if by_rule {
        judge(estate, subnets.admitted, subnets.missing)
    } else {
        let all = subnets.admitted.into_iter().chain(subnets.left_out).collect();
        judge(estate, all, subnets.missing)
    };
    if by_rule && is_pass(&judged) { judged } else { unless_by_endpoint(estate, account, judged) }
}

fn judge(estate: &Estate<'_>, subnets: Vec<Admission>, mut missing: Option<Gap>) -> Evaluation {
    let subject = estate.aks_vnet_subject();
    let mut evidence = Vec::new();
    let mut without = Vec::new();
    for own in &subnets {
        match &own.service_endpoint {
            Fact::Known(endpoint, source) => {
                let service = endpoint.service.value().map_or("", String::as_str);
                evidence.push(Evidence::at(source).observed(service).expected("Microsoft.Storage"));
            }
            Fact::Absent(source) => {
                let observed = "no service endpoint for storage in the account's region";
                evidence
                    .push(Evidence::at(source).observed(observed).expected("Microsoft.Storage"));
                without.push(own);
            }
            Fact::Unread(gap) => {
                missing.get_or_insert_with(|| gap.clone());
            }
        }
    }
    if !without.is_empty() {
        let message = format!(
            "{} has no service endpoint that reaches storage in the account's region, so a network rule for it matches nothing.",
            names(without.iter().copied())
        );
        let commands = without.iter().map(|own| enable_endpoint(&own.subnet)).collect();
        let advice = format!(
            "Give the subnet the service endpoint Microsoft.Storage; an account in another region than the subnet's pair needs Microsoft.Storage.Global. {REPLACES}"
        );
        return Ok(vec![
            Judgement::fail(subject, message).with_all(evidence).fix(advice, commands),
        ]);
    }
    if let Some(gap) = missing {
        return Err(gap.into());
    }
    let message = format!("{} reaches storage through its service endpoint.", names(&subnets));
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}
