//! Do the network rules for the cluster's subnets still work?

use vaudit_model::estate::Admission;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::access::{
    account, is_pass, names, needs_rules, private_endpoint, subnets, unless_by_endpoint,
};

/// STO005.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO005",
        name: "aks-network-rule-in-effect",
        title: "The network rule is in effect",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S20: in the networking part, select the AKS VNet",
        setting: "storage.account",
    },
    needs: &[
        Need::ManagedCluster,
        Need::StorageAccount,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("network_rule_in_effect.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let account = account(estate)?;
    needs_rules(estate)?;
    let is_public = account.has_public_access()?;
    let subnets = subnets(estate)?;
    if !is_public || (subnets.admitted.is_empty() && subnets.missing.is_none()) {
        // Whether there is another way in changes the reason, not the verdict.
        let none = match private_endpoint(estate, account) {
            Fact::Known(..) => Err(Stop::not_applicable(
                "the cluster reaches the account through a private endpoint",
            )),
            Fact::Absent(_) | Fact::Unread(_) => Err(Stop::absent("STO004", &account.source)),
        };
        return none;
    }
    let judged = judge(estate, &subnets.admitted, subnets.missing);
    if is_pass(&judged) { judged } else { unless_by_endpoint(estate, account, judged) }
}

fn judge(estate: &Estate<'_>, admitted: &[Admission], mut missing: Option<Gap>) -> Evaluation {
    let account = account(estate)?;
    let mut dead = Vec::new();
    let mut states = Vec::new();
    for own in admitted {
        let state = own.rule.as_ref().and_then(|rule, _| rule.state.clone());
        let name = own.subnet.name();
        let gap = match state {
            Fact::Known(state, _) => {
                states.push(format!("{name}: {state}"));
                match state.to_ascii_lowercase().as_str() {
                    "succeeded" => continue,
                    "networksourcedeleted" | "failed" | "deprovisioning" => {
                        dead.push((own, state));
                        continue;
                    }
                    "provisioning" => {
                        let message = format!("the network rule for {name} is being made");
                        Gap::because(Reason::InProgress, message).at(account.id.as_str())
                    }
                    _ => {
                        let message = format!(
                            "the state {state} of the network rule for {name} is not one vaudit knows"
                        );
                        Gap::because(Reason::Unrecognised, message).at(account.id.as_str())
                    }
                }
            }
            Fact::Absent(_) => continue,
            Fact::Unread(gap) => gap,
        };
        missing.get_or_insert(gap);
    }
    let seen = account.network_rules.source();
    let evidence =
        seen.map(|source| Evidence::at(source).observed(states.join(", ")).expected("Succeeded"));
    let subject = account.id.as_str();
    if !dead.is_empty() {
        let rules: Vec<String> =
            dead.iter().map(|(own, state)| format!("{} ({state})", own.subnet.name())).collect();
        let message = format!("A network rule admits nobody any more: {}.", rules.join(", "));
        let commands = dead.iter().flat_map(|(own, _)| {
            let rule = |words| {
                Command::new(words)
                    .arg("--resource-group", account.id.resource_group().unwrap_or_default())
                    .arg("--account-name", account.id.name())
                    .arg("--subnet", own.subnet.as_str())
            };
            [
                rule("az storage account network-rule remove"),
                rule("az storage account network-rule add"),
            ]
        });
        let advice = "Remove the rule and add it anew. A subnet that was deleted and made again under its old name does not get its access back by itself.";
        let commands = commands.collect();
        return Ok(vec![
            Judgement::fail(subject, message).with_all(evidence).fix(advice, commands),
        ]);
    }
    if let Some(gap) = missing {
        return Err(gap.into());
    }
    let message = format!("The network rule for {} is in effect.", names(admitted));
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}
