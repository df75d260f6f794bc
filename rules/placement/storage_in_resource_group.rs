//! Is the storage account in the deployment's resource group?

use vaudit_model::{Command, Estate, Evaluation, Meta, Need, Rule, Severity, Tier};

use super::in_group::{self, Member};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PLC004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC004",
        name: "storage-in-resource-group",
        title: "Storage account is in the deployment resource group",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["GS-2"]),
            control(NIST_800_53, &["CM-2"]),
            control(ISO_27001, &["8.9"]),
        ],
        reference: "S03, S18: in the same resource group as the AKS cluster and the PostgreSQL instance",
        setting: "storage.account",
    },
    needs: &[Need::StorageAccount],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("storage_in_resource_group.md"),
    evaluate,
};

const ADVICE: &str = "An account can be moved to another resource group without a copy of its content. Locks may have to be lifted for that, and roles that were assigned on the account itself have to be assigned again. If the manifest names the wrong account or group, correct the manifest.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    in_group::judge(
        estate,
        Member {
            what: "storage account",
            a: "a storage account",
            subject: estate.storage_account_subject(),
            selector: estate.deployment.storage.account.as_ref(),
            listed: estate.storage_accounts(),
            found: estate.storage_account(),
            identity: |account| (&account.id, &account.source),
            advice: ADVICE,
            bring: |account, group| {
                vec![
                    Command::new("az resource move")
                        .arg("--destination-group", group)
                        .arg("--ids", account.as_str()),
                ]
            },
        },
    )
}
