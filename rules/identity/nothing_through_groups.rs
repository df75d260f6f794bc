//! Does no role reach the service principal through a group?

use vaudit_model::estate::RoleAssignment;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::scopes::Scopes;
use super::wording::{counted, role_and_place, role_and_scope};
use super::{Assignments, assignments};

/// IAM011.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM011",
        name: "nothing-through-groups",
        title: "Nothing comes through groups",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S28: only the role Storage Blob Data Contributor",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal, Need::RoleAssignments, Need::StorageAccount],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("nothing_through_groups.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let assignments = assignments(estate)?;
    if assignments.through_groups.is_empty() {
        assignments.are_complete(estate)?;
        let message = "No role reaches the service principal through a group.";
        let evidence =
            Evidence::at(&assignments.source).observed("no assignment of a group").expected("none");
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let judgement = failed(subject, &assignments);
    let account = estate.storage_account();
    let scopes = account.value().map(|account| Scopes::of(estate, &account.id));
    let is_the_one = |item: &&RoleAssignment| {
        let scope = item.scope.value().zip(scopes.as_ref());
        item.is_blob_data_contributor() && scope.is_some_and(|(own, all)| all.are_narrow(own))
    };
    // The right role in the right place, only not in the reference design's way.
    Ok(vec![match assignments.through_groups.iter().all(is_the_one) {
        true => judgement.severity(Severity::Medium),
        false => judgement,
    }])
}

fn failed(subject: String, assignments: &Assignments<'_>) -> Judgement {
    let through = &assignments.through_groups;
    let listed: Vec<String> = through
        .iter()
        .map(|item| {
            let group = item.principal_id.value().map_or("a group", String::as_str);
            format!("{} through {group}", role_and_place(&item.role, &item.scope))
        })
        .collect();
    let message = format!(
        "{} the service principal through a group: {}.",
        counted(through.len(), "One role reaches", "roles reach"),
        listed.join("; ")
    );
    let evidence = through.iter().map(|item| {
        Evidence::at(&item.source)
            .observed(role_and_scope(&item.role, &item.scope))
            .expected("no assignment of a group")
    });
    let mut groups: Vec<&String> =
        through.iter().filter_map(|item| item.principal_id.value()).collect();
    groups.sort_unstable();
    groups.dedup();
    let commands = groups
        .into_iter()
        .map(|group| {
            Command::new("az ad group member remove")
                .arg("--group", group)
                .arg("--member-id", &assignments.principal)
        })
        .collect();
    let advice = "Take the service principal out of the group, or out of the group that is in it, once it holds the one role itself.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, commands)
}
