//! Does the service principal hold no Entra directory role?

use std::collections::BTreeSet;

use vaudit_model::estate::{DirectoryRole, Membership};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::principal_is_proven;
use super::wording::counted;
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// IAM017.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM017",
        name: "no-directory-role",
        title: "No Entra directory role",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PA-1"]),
            control(NIST_800_53, &["AC-6(5)"]),
            control(ISO_27001, &["8.2"]),
        ],
        reference: "S28: only the role Storage Blob Data Contributor",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal, Need::Memberships, Need::DirectoryRoles],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("no_directory_role.md"),
    evaluate,
};

/// The roles by which a directory is taken, by template id; others are told by their id.
const ROLES: &[(&str, &str)] = &[
    ("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"),
    ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator"),
    ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
    ("9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers"),
    ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"),
    ("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"),
    ("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
    ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"),
];

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let principal = estate.principal_id();
    let (principal, _) = principal.required("IAM001")?;
    let memberships = estate.memberships();
    let assigned = estate.directory_roles();
    let mut found: Vec<&DirectoryRole> =
        assigned.value().into_iter().flat_map(|list| &list.items).collect();
    found.sort_by(|a, b| (&a.id, a.role.value()).cmp(&(&b.id, b.role.value())));
    let named: BTreeSet<&String> = found.iter().filter_map(|role| role.role.value()).collect();
    let is_told =
        |own: &Membership| own.role_template_id.value().is_some_and(|id| named.contains(id));
    let mut member: Vec<&Membership> = memberships
        .value()
        .into_iter()
        .flat_map(|list| &list.items)
        .filter(|own| own.is("directoryRole") && !is_told(own))
        .collect();
    member.sort_by(|a, b| a.id.cmp(&b.id));
    if !found.is_empty() || !member.is_empty() {
        return Ok(vec![failed(estate, subject, principal, &found, &member)]);
    }
    let (list, _) = memberships.required("IAM001")?;
    list.all_read()?;
    if let Some(gap) = list.items.iter().find_map(|own| own.kind.gap()) {
        return Err(gap.clone().into());
    }
    let (assigned, _) = assigned.required("IAM001")?;
    assigned.all_read()?;
    principal_is_proven(estate, principal)?;
    let source = memberships.required("IAM001").map(|(_, source)| source.clone())?;
    let evidence = Evidence::at(&source).observed("no directory role").expected("none");
    let message =
        "The service principal holds no directory role, neither itself nor through a group.";
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

fn failed(
    estate: &Estate<'_>,
    subject: String,
    principal: &str,
    found: &[&DirectoryRole],
    member: &[&Membership],
) -> Judgement {
    let mut roles: Vec<String> = found.iter().map(|role| assigned_role(role, principal)).collect();
    roles.extend(member.iter().map(|own| {
        let template = own.role_template_id.value().map(|id| role_name(id));
        let name = own.display_name.value().map(String::as_str).or(template);
        name.unwrap_or(&own.id).to_owned()
    }));
    let message = format!(
        "The service principal holds {}: {}.",
        counted(roles.len(), "a directory role", "directory roles"),
        roles.join("; ")
    );
    let sources = found.iter().map(|role| &role.source).chain(member.iter().map(|own| &own.source));
    let evidence = sources
        .zip(&roles)
        .map(|(source, role)| Evidence::at(source).observed(role).expected("no directory role"));
    let graph = estate.deployment.cloud.graph.trim_end_matches('/');
    let remove = |role: &&&DirectoryRole| {
        let own = role.principal_id.value();
        match own.filter(|own| *own != principal) {
            Some(group) => Command::new("az ad group member remove")
                .arg("--group", group)
                .arg("--member-id", principal),
            None => Command::new("az rest --method delete").arg(
                "--url",
                &format!("{graph}/v1.0/roleManagement/directory/roleAssignments/{}", role.id),
            ),
        }
    };
    let commands = found.iter().map(|role| remove(&role)).collect();
    let advice = "Find out who gave it and for what, then take it away: the application only reads and writes blobs.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, commands)
}

fn assigned_role(role: &DirectoryRole, principal: &str) -> String {
    let name = match &role.role {
        Fact::Known(id, _) => role_name(id),
        Fact::Absent(_) | Fact::Unread(_) => "an unread role",
    };
    match role.principal_id.value().filter(|own| *own != principal) {
        Some(group) => format!("{name} through {group}"),
        None => name.to_owned(),
    }
}

fn role_name(id: &str) -> &str {
    ROLES.iter().find(|(own, _)| *own == id).map_or(id, |(_, name)| name)
}
