//! Is there a peering from the PostgreSQL network back to the AKS network?

use vaudit_model::{Estate, Evaluation, Meta, Need, Rule, Severity, Tier};

use super::peering::{Side, exists};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// NET005.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET005",
        name: "peering-postgres-to-aks",
        title: "Peering PostgreSQL VNet → AKS VNet exists",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["NS-1", "NS-2"]),
            control(NIST_800_53, &["AC-4", "SC-7"]),
            control(ISO_27001, &["8.20", "8.22"]),
        ],
        reference: "S08, S34: create the peering between the PostgreSQL VNet and the AKS VNet",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
    ],
    subject: |estate| estate.postgres_vnet_subject(),
    page: include_str!("peering_from_postgres.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    exists(estate, Side::Postgres)
}
