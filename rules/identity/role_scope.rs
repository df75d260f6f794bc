//! Is the one role assigned on the account or the container, and nowhere wider?

use vaudit_model::estate::{RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR};
use vaudit_model::{
    Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

use super::scopes::Scopes;
use super::wording::{create_assignment, delete_assignment, place};
use super::{Assignments, assignments};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// IAM009.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM009",
        name: "role-scope",
        title: "That role is scoped to the account or the container",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PA-7"]),
            control(NIST_800_53, &["AC-6"]),
            control(ISO_27001, &["8.2"]),
            control(SOC2, &["CC6.3"]),
        ],
        reference: "S27: grant the access in the storage account's Access Control (IAM)",
        setting: "identity.role_scope",
    },
    needs: &[Need::ServicePrincipal, Need::RoleAssignments, Need::StorageAccount],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("role_scope.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let assignments = assignments(estate)?;
    let account = estate.storage_account();
    let (account, _) = account.required("PLC004")?;
    let scopes = Scopes::of(estate, &account.id);
    let is_wide =
        |item: &&RoleAssignment| item.scope.value().is_some_and(|scope| !scopes.are_narrow(scope));
    let wide: Vec<&RoleAssignment> = assignments.with_role().filter(is_wide).collect();
    if !wide.is_empty() {
        return Ok(vec![failed(subject, &assignments, &wide, &scopes)]);
    }
    assignments.show_every_role(estate)?;
    let held: Vec<&RoleAssignment> = assignments.with_role().collect();
    if held.is_empty() {
        return Err(Stop::absent("IAM008", &assignments.source));
    }
    let places: Vec<&str> =
        held.iter().filter_map(|item| Some(item.scope.value()?.name())).collect();
    let message = format!("The role is assigned on {} only.", places.join(" and "));
    let evidence = held.iter().filter_map(|item| {
        let (scope, source) = item.scope.required("IAM008").ok()?;
        Some(Evidence::at(source).observed(scope.as_str()).expected(scopes.expected()))
    });
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}

fn failed(
    subject: String,
    assignments: &Assignments<'_>,
    wide: &[&RoleAssignment],
    scopes: &Scopes,
) -> Judgement {
    let places: Vec<String> =
        wide.iter().filter_map(|item| item.scope.value()).map(place).collect();
    let message =
        format!("The role is assigned on {}, not on {}.", places.join("; "), scopes.expected());
    let evidence = wide.iter().filter_map(|item| {
        let (scope, source) = item.scope.required("IAM008").ok()?;
        Some(Evidence::at(source).observed(scope.as_str()).expected(scopes.expected()))
    });
    // The narrow assignment first, or the application stands still in between.
    let narrow =
        |item: &RoleAssignment| item.scope.value().is_some_and(|scope| scopes.are_narrow(scope));
    let mut commands = Vec::new();
    if !assignments.with_role().any(narrow) {
        let role = STORAGE_BLOB_DATA_CONTRIBUTOR;
        commands.push(create_assignment(&assignments.principal, role, scopes.wanted()));
    }
    commands.extend(wide.iter().map(|item| delete_assignment(&item.id)));
    let advice = "Assign the role where it is needed, wait until it acts (up to 30 minutes), then delete the wider assignment.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, commands)
}
