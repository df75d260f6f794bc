//! Does the account admit the cluster's network, by a network rule or by a private endpoint?

use vaudit_model::deployment::AccessMode;
use vaudit_model::estate::StorageAccount;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::access::{REPLACES, account, admit, evidence, names, private_endpoint, subnets};
use crate::controls::{CIS_3, CIS_4, CIS_5, CIS_6, MCSB, control};

/// STO004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO004",
        name: "aks-network-admitted",
        title: "The AKS cluster's network is admitted",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(CIS_3, &["4.9"]),
            control(CIS_4, &["10.3.2.1"]),
            control(CIS_5, &["9.3.2.1"]),
            control(CIS_6, &["9.3.2.1"]),
            control(MCSB, &["NS-2"]),
        ],
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
    page: include_str!("aks_network_admitted.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let account = account(estate)?;
    let subject = account.id.as_str();
    let is_public = account.has_public_access()?;
    let mode = estate.deployment.storage.access_mode;
    let by_rule = is_public && mode != AccessMode::PrivateEndpoint;
    let subnets = if by_rule { Some(subnets(estate)?) } else { None };
    if let Some(subnets) = subnets.as_ref().filter(|subnets| !subnets.admitted.is_empty()) {
        let message = format!("A network rule admits the cluster's {}.", names(&subnets.admitted));
        let wanted: Vec<_> = subnets.admitted.iter().collect();
        let found = evidence(account, &wanted);
        return Ok(vec![Judgement::pass(subject, message).with_all(found)]);
    }
    match private_endpoint(estate, account) {
        Fact::Known(endpoint, source) => {
            let message = format!(
                "The cluster reaches the account through the private endpoint {}.",
                endpoint.name()
            );
            let found = Evidence::at(&source).observed(endpoint.as_str());
            return Ok(vec![Judgement::pass(subject, message).with(found)]);
        }
        Fact::Absent(_) => {}
        Fact::Unread(gap) => return Err(gap.into()),
    }
    if let Some(gap) = subnets.as_ref().and_then(|subnets| subnets.missing.clone()) {
        return Err(gap.into());
    }
    let failed = match &subnets {
        Some(subnets) => {
            let message = format!(
                "No network rule of the account admits the cluster's {}{}.",
                names(&subnets.left_out),
                no_endpoint(mode)
            );
            let wanted: Vec<_> = subnets.left_out.iter().collect();
            let commands = wanted.iter().flat_map(|own| admit(account, &own.subnet)).collect();
            let advice = format!(
                "Give the subnets the service endpoint for storage, then add the network rules. {REPLACES}"
            );
            let found = evidence(account, &wanted);
            Judgement::fail(subject, message).with_all(found).fix(advice, commands)
        }
        None => without_rules(account, mode),
    };
    Ok(vec![failed.with_all(connections(account))])
}

fn no_endpoint(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::ServiceEndpoint => "",
        AccessMode::PrivateEndpoint | AccessMode::Either => {
            ", and no approved private endpoint for blobs lies in its network or in one peered with it"
        }
    }
}

/// Only a private endpoint would do, and there is none.
fn without_rules(account: &StorageAccount, mode: AccessMode) -> Judgement {
    let start = match mode {
        AccessMode::PrivateEndpoint => "The manifest asks for a private endpoint",
        AccessMode::ServiceEndpoint | AccessMode::Either => {
            "Public network access is disabled, so that network rules count for nothing"
        }
    };
    let message = match mode {
        AccessMode::ServiceEndpoint => {
            format!("{start}, while the manifest asks for service endpoints.")
        }
        AccessMode::PrivateEndpoint | AccessMode::Either => {
            format!("{start}{}.", no_endpoint(mode))
        }
    };
    let command = Command::new("az network private-endpoint create")
        .arg("--resource-group", account.id.resource_group().unwrap_or_default())
        .flag("--name <endpoint> --connection-name <connection> --group-id blob --subnet <subnet>")
        .arg("--private-connection-resource-id", account.id.as_str());
    let advice = "Create a private endpoint for blobs in the cluster's network, or allow public access from selected networks and add the rule for the AKS subnet.";
    Judgement::fail(account.id.as_str(), message)
        .with_all(evidence(account, &[]))
        .fix(advice, vec![command])
}

/// The private endpoint connections, as the account shows them.
fn connections(account: &StorageAccount) -> Option<Evidence> {
    let Fact::Known(list, source) = &account.private_endpoints else { return None };
    let mut seen: Vec<String> = list
        .items
        .iter()
        .map(|own| {
            let name = own.endpoint.value().map_or("unknown", |id| id.name());
            format!("{name} ({})", own.status.value().map_or("unknown", String::as_str))
        })
        .collect();
    seen.sort_unstable();
    let observed = if seen.is_empty() { "none".to_owned() } else { seen.join(", ") };
    Some(Evidence::at(source).observed(observed))
}
