//! Does the service principal hold no other role in the subscription?

use vaudit_model::estate::{RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR, role_name};
use vaudit_model::{Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier};

use super::assignments;
use super::wording::{counted, delete_assignment, role_and_place, role_and_scope};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// IAM010.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM010",
        name: "no-other-role",
        title: "The SP has no other direct role assignment in the subscription",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PA-7"]),
            control(NIST_800_53, &["AC-6"]),
            control(ISO_27001, &["8.2"]),
            control(SOC2, &["CC6.3"]),
        ],
        reference: "S28: only the role Storage Blob Data Contributor",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal, Need::RoleAssignments],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("no_other_role.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let assignments = assignments(estate)?;
    let others: Vec<&RoleAssignment> = assignments
        .direct
        .iter()
        .copied()
        .filter(|item| item.role.value().is_some_and(|role| role != STORAGE_BLOB_DATA_CONTRIBUTOR))
        .collect();
    if !others.is_empty() {
        let listed: Vec<String> =
            others.iter().map(|item| role_and_place(&item.role, &item.scope)).collect();
        let message = format!(
            "The service principal holds {} beside the one it should: {}.",
            counted(others.len(), "a role", "roles"),
            listed.join("; ")
        );
        let evidence = others.iter().map(|item| {
            Evidence::at(&item.source)
                .observed(role_and_scope(&item.role, &item.scope))
                .expected(role_name(STORAGE_BLOB_DATA_CONTRIBUTOR))
        });
        let commands = others.iter().map(|item| delete_assignment(&item.id)).collect();
        let advice = "Find out who needed the role and for what, then delete the assignment: the application does not need it.";
        return Ok(vec![
            Judgement::fail(subject, message).with_all(evidence).fix(advice, commands),
        ]);
    }
    if let Some(gap) = assignments.direct.iter().find_map(|item| item.role.gap()) {
        return Err(gap.clone().into());
    }
    assignments.are_complete(estate)?;
    let held = assignments.direct.len();
    let message = match held {
        0 => "The service principal holds no role in the subscription.".to_owned(),
        1 => "The service principal holds the one role and no other.".to_owned(),
        _ => format!("The service principal holds the one role, on {held} scopes, and no other."),
    };
    let evidence = Evidence::at(&assignments.source)
        .observed(format!("{held} direct role assignments, none of another role"));
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}
