//! Were no API permissions granted to the service principal?

use vaudit_model::estate::{AppRoleAssignment, DelegatedGrant};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

use super::wording::counted;
use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// IAM018.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM018",
        name: "no-api-permission",
        title: "No API permissions granted",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PA-7"]),
            control(NIST_800_53, &["AC-6"]),
            control(ISO_27001, &["8.3"]),
            control(SOC2, &["CC6.3"]),
        ],
        reference: "S28: only the role Storage Blob Data Contributor",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal, Need::ApiGrants, Need::Application],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("no_api_permission.md"),
    evaluate,
};

/// What the portal grants by itself, and what only names the person who signs in.
const HARMLESS: [&str; 5] = ["User.Read", "openid", "profile", "email", "offline_access"];

/// The application permissions of Microsoft Graph a reviewer most likely meets.
const APP_ROLES: &[(&str, &str)] = &[
    ("06b708a9-e830-4db3-a914-8e69da51d44f", "AppRoleAssignment.ReadWrite.All"),
    ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All"),
    ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All"),
    ("62a82d76-70ea-41e2-9197-370581804d09", "Group.ReadWrite.All"),
    ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All"),
    ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All"),
    ("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "RoleManagement.ReadWrite.Directory"),
    ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All"),
];

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    if let Fact::Absent(source) = estate.service_principal() {
        return Err(Stop::absent("IAM001", source));
    }
    let own = estate.app_role_assignments();
    let delegated = estate.delegated_grants();
    let mut apps: Vec<&AppRoleAssignment> =
        own.value().into_iter().flat_map(|list| &list.items).collect();
    apps.sort_by(|a, b| a.id.cmp(&b.id));
    let mut grants: Vec<&DelegatedGrant> = delegated
        .value()
        .into_iter()
        .flat_map(|list| &list.items)
        .filter(|grant| !beyond_default(grant).is_empty())
        .collect();
    grants.sort_by(|a, b| a.id.cmp(&b.id));
    if !apps.is_empty() || !grants.is_empty() {
        return Ok(vec![failed(estate, subject, &apps, &grants)]);
    }
    let (own, source) = own.required("IAM001")?;
    own.all_read()?;
    let (delegated, _) = delegated.required("IAM001")?;
    delegated.all_read()?;
    if let Some(gap) = delegated.items.iter().find_map(|grant| grant.permissions.gap()) {
        return Err(gap.clone().into());
    }
    let mut message = "No API permission was granted.".to_owned();
    if delegated
        .items
        .iter()
        .any(|grant| grant.permissions.value().is_some_and(|own| !own.is_empty()))
    {
        message = "Only the portal's default permissions were granted, for people who sign in; the application needs none.".to_owned();
    }
    let application = estate.application();
    let requested = application.value().and_then(|own| own.requested_permissions.value());
    if let Some(count) = requested.filter(|count| **count > 0) {
        message.push_str(&format!(
            " The registration asks for {}, which is a wish and no grant.",
            counted(*count, "a permission", "permissions")
        ));
    }
    let evidence = Evidence::at(source).observed("no application permission").expected("none");
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

/// The delegated permissions of a grant that are not the portal's default.
fn beyond_default(grant: &DelegatedGrant) -> Vec<&str> {
    let is_harmless = |own: &str| HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(own));
    let words = grant.permissions.value().into_iter().flatten().map(String::as_str);
    words.filter(|own| !is_harmless(own)).collect()
}

fn failed(
    estate: &Estate<'_>,
    subject: String,
    apps: &[&AppRoleAssignment],
    grants: &[&DelegatedGrant],
) -> Judgement {
    let mut listed: Vec<String> = apps.iter().map(|own| application_permission(own)).collect();
    listed.extend(
        grants
            .iter()
            .map(|own| format!("{} for people who sign in", beyond_default(own).join(" "))),
    );
    let message = format!("API permissions were granted: {}.", listed.join("; "));
    let sources = apps.iter().map(|own| &own.source).chain(grants.iter().map(|own| &own.source));
    let evidence = sources
        .zip(&listed)
        .map(|(source, what)| Evidence::at(source).observed(what).expected("no API permission"));
    let graph = estate.deployment.cloud.graph.trim_end_matches('/');
    let delete = |path: String| {
        Command::new("az rest --method delete").arg("--url", &format!("{graph}/v1.0/{path}"))
    };
    let principal = estate.principal_id();
    let of_app = |own: &&AppRoleAssignment| {
        let principal = principal.value()?;
        Some(delete(format!("servicePrincipals/{principal}/appRoleAssignments/{}", own.id)))
    };
    let of_grant = |own: &&DelegatedGrant| delete(format!("oauth2PermissionGrants/{}", own.id));
    let commands = apps.iter().filter_map(of_app).chain(grants.iter().map(of_grant)).collect();
    let advice = "Find out who granted it and for what, then take it away and remove the wish from the registration: the application only reads and writes blobs.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, commands)
}

fn application_permission(own: &AppRoleAssignment) -> String {
    let role = match &own.app_role {
        Fact::Known(id, _) => {
            APP_ROLES.iter().find(|(known, _)| known == id).map_or(id.as_str(), |(_, name)| name)
        }
        Fact::Absent(_) | Fact::Unread(_) => "an unread permission",
    };
    let api = own.api.value().map_or("an API", String::as_str);
    format!("{role} of {api}")
}
