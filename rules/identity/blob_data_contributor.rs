//! Does the service principal hold Storage Blob Data Contributor on the container?

use vaudit_model::estate::{RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR, role_name};
use vaudit_model::{
    ArmId, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule, Severity,
    Stop, Tier,
};

use super::scopes::Scopes;
use super::wording::create_assignment;
use super::{Assignments, assignments};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// IAM008.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM008",
        name: "blob-data-contributor",
        title: "The SP has Storage Blob Data Contributor on the container",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PA-7"]),
            control(NIST_800_53, &["AC-3", "AC-6"]),
            control(ISO_27001, &["5.15", "8.3"]),
            control(SOC2, &["CC6.1", "CC6.3"]),
        ],
        reference: "S15, S28–S30: set the role Storage Blob Data Contributor and select the service principal",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal, Need::RoleAssignments, Need::StorageAccount],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("blob_data_contributor.md"),
    evaluate,
};

/// An assignment younger than this may not act yet.
const SETTLING_MINUTES: i64 = 30;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let assignments = assignments(estate)?;
    let account = estate.storage_account();
    let (account, _) = account.required("PLC004")?;
    let scopes = Scopes::of(estate, &account.id);
    let covering = assignments.with_role().find(|item| scopes.reach_container(item.scope.value()));
    if let Some(found) = covering {
        assignments.are_the_principals(estate)?;
        return passed(&subject, found).map(|judgement| vec![judgement]);
    }
    // From here on something is missing, which only a complete list can say.
    assignments.show_every_role(estate)?;
    let is_below = |item: &RoleAssignment| scopes.below_account(item.scope.value());
    if scopes.container.is_none() && assignments.with_role().any(is_below) {
        return Err(Gap::not_configured("storage.container").into());
    }
    Ok(vec![failed(subject, &assignments, &scopes)])
}

fn passed(subject: &str, found: &RoleAssignment) -> Result<Judgement, Stop> {
    if let Some((kind, source)) = found.principal_type.read()?
        && !kind.eq_ignore_ascii_case("ServicePrincipal")
    {
        let message =
            format!("the assignment {} is made for a principal of type {kind}", found.id.name());
        return Err(Gap::because(Reason::Unrecognised, message).at(&source.resource).into());
    }
    let (scope, source) = found.scope.required("IAM008")?;
    let mut message = format!("The role is assigned on {}.", scope.name());
    let now = found.source.origin.now();
    if let (Some(created), Some(now)) = (found.created_on.value(), now)
        && now.as_second() - created.as_second() < SETTLING_MINUTES * 60
    {
        message.push_str(" It is so new that it may not act yet.");
    }
    let evidence = [
        Evidence::at(&found.source).observed(role_name(STORAGE_BLOB_DATA_CONTRIBUTOR)),
        Evidence::at(source).observed(scope.as_str()),
    ];
    Ok(Judgement::pass(subject, message).with_all(evidence))
}

fn failed(subject: String, assignments: &Assignments<'_>, scopes: &Scopes) -> Judgement {
    let through_group =
        assignments.through_groups.iter().find(|item| item.is_blob_data_contributor());
    let elsewhere = assignments.with_role().next();
    let message = match (elsewhere, through_group) {
        (Some(item), _) => {
            let scope = item.scope.value().map_or("another scope", ArmId::name);
            format!("The role is assigned on {scope}, which does not cover the container.")
        }
        (None, Some(_)) => "The role comes only through a group; the reference design assigns the service principal itself.".to_owned(),
        (None, None) => match other_roles(assignments).as_slice() {
            [] => "The service principal has no role assignment at all.".to_owned(),
            roles => format!("The service principal has other roles ({}), but not this one.", roles.join(", ")),
        },
    };
    let role = STORAGE_BLOB_DATA_CONTRIBUTOR;
    let command = create_assignment(&assignments.principal, role, scopes.wanted());
    let observed = match other_roles(assignments).as_slice() {
        [] => "no role assignment".to_owned(),
        roles => roles.join(", "),
    };
    let evidence = Evidence::at(&assignments.source)
        .observed(observed)
        .expected(role_name(STORAGE_BLOB_DATA_CONTRIBUTOR));
    let advice = "Assign the role to the service principal's object id. A new assignment may take up to 30 minutes to act.";
    Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])
}

/// The principal's own roles by name, sorted.
fn other_roles(assignments: &Assignments<'_>) -> Vec<String> {
    let mut roles: Vec<String> = assignments
        .direct
        .iter()
        .map(|item| match &item.role {
            Fact::Known(role, _) => role_name(role).to_owned(),
            Fact::Absent(_) | Fact::Unread(_) => "an unread role".to_owned(),
        })
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}
