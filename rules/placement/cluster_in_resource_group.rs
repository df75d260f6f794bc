//! Is the AKS cluster in the deployment's resource group?

use vaudit_model::{Estate, Evaluation, Meta, Need, Rule, Severity, Tier};

use super::in_group::{self, Member};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PLC003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC003",
        name: "cluster-in-resource-group",
        title: "AKS cluster is in the deployment resource group",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["GS-2"]),
            control(NIST_800_53, &["CM-2"]),
            control(ISO_27001, &["8.9"]),
        ],
        reference: "S03, S13, S18: the resource group which will also include the AKS cluster",
        setting: "kubernetes.cluster",
    },
    needs: &[Need::ManagedCluster],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("cluster_in_resource_group.md"),
    evaluate,
};

const ADVICE: &str = "A cluster cannot be moved to another resource group: create one in the deployment's group, deploy the application there, and remove the old one. If the manifest names the wrong cluster or group, correct the manifest.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    in_group::judge(
        estate,
        Member {
            what: "AKS cluster",
            a: "an AKS cluster",
            subject: estate.cluster_subject(),
            selector: estate.deployment.kubernetes.cluster.as_ref(),
            listed: estate.clusters(),
            found: estate.cluster(),
            identity: |cluster| (&cluster.id, &cluster.source),
            advice: ADVICE,
            bring: |_, _| Vec::new(),
        },
    )
}
