//! Does the service principal hold no other role in the subscription?

use vaudit_model::estate::{RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR, role_name};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::assignments;
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
    let mut others: Vec<&RoleAssignment> = assignments
        .direct
        .iter()
        .copied()
        .filter(|item| item.role.value().is_some_and(|role| role != STORAGE_BLOB_DATA_CONTRIBUTOR))
        .collect();
    others.sort_by(|a, b| a.id.cmp(&b.id));
    if !others.is_empty() {
        let listed: Vec<String> = others.iter().map(|item| role_and_place(item)).collect();
        let message = format!(
            "The service principal holds {} beside the one it should: {}.",
            if others.len() == 1 { "a role".to_owned() } else { format!("{} roles", others.len()) },
            listed.join("; ")
        );
        let evidence = others.iter().map(|item| {
            Evidence::at(&item.source)
                .observed(role_and_scope(item))
                .expected(role_name(STORAGE_BLOB_DATA_CONTRIBUTOR))
        });
        let commands = others
            .iter()
            .map(|item| Command::new("az role assignment delete").arg("--ids", item.id.as_str()))
            .collect();
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

/// The role and where, as one would say it; the full scope stands in the evidence.
fn role_and_place(assignment: &RoleAssignment) -> String {
    let role = assignment.role.value().map_or("a role", |role| role_name(role));
    let Some(scope) = assignment.scope.value() else { return format!("{role} on an unread scope") };
    let place = match (scope.resource_type(), scope.resource_group(), scope.subscription()) {
        _ if scope.is_root() => "the whole tenant".to_owned(),
        (Some(_), ..) => scope.name().to_owned(),
        (None, Some(group), _) => format!("resource group {group}"),
        (None, None, Some(_)) => "the subscription".to_owned(),
        (None, None, None) => scope.to_string(),
    };
    format!("{role} on {place}")
}

fn role_and_scope(assignment: &RoleAssignment) -> String {
    let role = assignment.role.value().map_or("a role", |role| role_name(role));
    match &assignment.scope {
        Fact::Known(scope, _) => format!("{role} on {scope}"),
        Fact::Absent(_) | Fact::Unread(_) => format!("{role} on an unread scope"),
    }
}
