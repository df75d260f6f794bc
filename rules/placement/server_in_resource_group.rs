//! Is the PostgreSQL server in the deployment's resource group?

use vaudit_model::{Estate, Evaluation, Meta, Need, Rule, Severity, Tier};

use super::in_group::{self, Member};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PLC002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC002",
        name: "server-in-resource-group",
        title: "PostgreSQL server is in the deployment resource group",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["GS-2"]),
            control(NIST_800_53, &["CM-2"]),
            control(ISO_27001, &["8.9"]),
        ],
        reference: "S03, S18: the same resource group as the AKS cluster and the PostgreSQL instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("server_in_resource_group.md"),
    evaluate,
};

const ADVICE: &str = "A server that is injected into a virtual network cannot be moved to another resource group: create a new server in the deployment's group, restore a backup or dump into it, and point the application at it. If the manifest names the wrong server or group, correct the manifest.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    in_group::judge(
        estate,
        Member {
            what: "PostgreSQL flexible server",
            a: "a PostgreSQL flexible server",
            subject: estate.server_subject(),
            selector: estate.deployment.postgres.server.as_ref(),
            listed: estate.servers(),
            found: estate.server(),
            identity: |server| (&server.id, &server.source),
            advice: ADVICE,
            bring: |_, _| Vec::new(),
        },
    )
}
