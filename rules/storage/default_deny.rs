//! Does the storage account deny networks that are not selected?

use vaudit_model::estate::StorageAccount;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

use crate::controls::{CIS_3, CIS_4, CIS_5, CIS_6, ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// STO003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO003",
        name: "storage-default-deny",
        title: "The account denies public networks by default",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(CIS_3, &["4.7"]),
            control(CIS_4, &["10.3.2.3"]),
            control(CIS_5, &["9.3.2.3"]),
            control(CIS_6, &["9.3.2.3"]),
            control(MCSB, &["NS-2"]),
            control(NIST_800_53, &["AC-4", "SC-7"]),
            control(ISO_27001, &["8.20", "8.22"]),
            control(SOC2, &["CC6.6"]),
        ],
        reference: "S20: in the networking part, select the AKS VNet",
        setting: "storage.account",
    },
    needs: &[Need::StorageAccount],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("default_deny.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (account, _) = estate.storage_account().required("PLC004")?;
    let subject = account.id.as_str();
    let evidence = evidence(account);
    if !account.has_public_access()? {
        let open = account.default_action.value().is_some_and(|action| is(action, "Allow"));
        let message = if open {
            "Public network access is disabled, which overrules the default action Allow; set that to Deny as well."
        } else {
            "Public network access is disabled."
        };
        return Ok(vec![Judgement::pass(subject, message).with_all(evidence)]);
    }
    let (action, _) = account.default_action.required("PLC004")?;
    if is(action, "Deny") {
        let message = "Networks that are not selected are denied.";
        return Ok(vec![Judgement::pass(subject, message).with_all(evidence)]);
    }
    if !is(action, "Allow") {
        let message = format!("the default action {action} is not one vaudit knows");
        return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
    }
    let message = "The account is open to all networks: the default action is Allow, and network rules have no effect.";
    let command = Command::new("az storage account update")
        .arg("--resource-group", account.id.resource_group().unwrap_or_default())
        .arg("--name", account.id.name())
        .flag("--default-action Deny");
    let advice = "Add the rule for the AKS subnet first, then set the default action to Deny.";
    Ok(vec![Judgement::fail(subject, message).with_all(evidence).fix(advice, vec![command])])
}

fn is(value: &str, wanted: &str) -> bool {
    value.eq_ignore_ascii_case(wanted)
}

fn evidence(account: &StorageAccount) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    match &account.public_network_access {
        Fact::Known(public, source) => {
            evidence.push(
                Evidence::at(source).observed(public).expected("Disabled, or default action Deny"),
            );
        }
        Fact::Absent(source) => {
            evidence.push(Evidence::at(source).observed("not set (enabled)"));
        }
        Fact::Unread(_) => {}
    }
    if let Fact::Known(action, source) = &account.default_action {
        evidence.push(Evidence::at(source).observed(action).expected("Deny"));
    }
    evidence
}
