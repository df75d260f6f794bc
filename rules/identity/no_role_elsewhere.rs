//! Does the service principal hold no role in other subscriptions or at tenant level?

use vaudit_model::deployment::OtherSubscriptions;
use vaudit_model::estate::TenantAssignment;
use vaudit_model::{
    ArmId, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::principal_is_proven;
use super::wording::{counted, delete_assignment, role_and_place, role_and_scope};

/// IAM012.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM012",
        name: "no-role-elsewhere",
        title: "No assignments in other subscriptions or at tenant level",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S28: only the role Storage Blob Data Contributor",
        setting: "identity.other_subscriptions",
    },
    needs: &[
        Need::ServicePrincipal,
        Need::RoleAssignments,
        Need::Memberships,
        Need::TenantRoleAssignments,
    ],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("no_role_elsewhere.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let reach = estate.deployment.identity.other_subscriptions;
    if reach == OtherSubscriptions::Off {
        let reason = "the manifest looks at no other subscription (`identity.other_subscriptions`)";
        return Err(Stop::not_applicable(reason));
    }
    let principal = estate.principal_id();
    let (principal, _) = principal.required("IAM001")?;
    let assignments = estate.tenant_assignments();
    let (list, source) = assignments.required("IAM001")?;
    let own = estate.assignment_scopes();
    let is_elsewhere = |scope: &ArmId| !own.iter().any(|own| scope.is_within(own));
    let mut elsewhere: Vec<&TenantAssignment> =
        list.items.iter().filter(|item| item.scope.value().is_some_and(is_elsewhere)).collect();
    if !elsewhere.is_empty() {
        elsewhere.sort_by(|a, b| a.id.cmp(&b.id));
        return Ok(vec![failed(subject, principal, &elsewhere)]);
    }
    if let Some(gap) = list.items.iter().find_map(|item| item.scope.gap()) {
        return Err(gap.clone().into());
    }
    list.all_read()?;
    principal_is_proven(estate, principal)?;
    shows_what_is_known(estate, list)?;
    if reach == OtherSubscriptions::Tenant {
        whole_tenant(estate)?;
    }
    let visible = estate.visible_subscriptions();
    let where_to = match (reach, visible.value()) {
        (OtherSubscriptions::Tenant, Some(count)) => {
            format!("the whole tenant ({})", counted(*count, "1 subscription", "subscriptions"))
        }
        (OtherSubscriptions::Tenant, None) => "the whole tenant".to_owned(),
        (_, Some(1)) => "the one subscription this identity can see".to_owned(),
        (_, Some(count)) => format!("the {count} subscriptions this identity can see"),
        (_, None) => "the subscriptions this identity can see".to_owned(),
    };
    let message = format!(
        "In {where_to}, the service principal holds no role outside the deployment's own subscription, nor above it."
    );
    let evidence = Evidence::at(source)
        .observed(format!("{} role assignments, none elsewhere", list.items.len()))
        .expected("none elsewhere");
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

/// Resource Graph leaves out what the auditor may not see, without a word. It has to show at least
/// one of the assignments that Resource Manager shows, or its silence about others means nothing.
fn shows_what_is_known(estate: &Estate<'_>, list: &List<TenantAssignment>) -> Result<(), Stop> {
    let (known, source) = match estate.role_assignments() {
        Fact::Known(known, source) => (known, source),
        // What both would show cannot be told, and an empty answer may be one that hides everything.
        Fact::Unread(gap) if list.items.is_empty() => return Err(gap.clone().into()),
        Fact::Absent(_) | Fact::Unread(_) => return Ok(()),
    };
    let is_shown = |id: &ArmId| list.items.iter().any(|item| item.id == *id);
    if known.items.is_empty() || known.items.iter().any(|item| is_shown(&item.id)) {
        return Ok(());
    }
    let message = "Resource Graph shows none of the role assignments that Resource Manager shows: it lags behind or hides them, so it may hide others";
    Err(Gap::because(Reason::BeyondReach, message).at(&source.resource).into())
}

/// Whoever can read the root management group can see every subscription below it.
fn whole_tenant(estate: &Estate<'_>) -> Result<(), Stop> {
    let why = match estate.root_management_group() {
        Fact::Known(..) => return Ok(()),
        Fact::Absent(_) => "it is not visible".to_owned(),
        Fact::Unread(gap) => gap.message,
    };
    let message = format!(
        "the manifest asks for the whole tenant, but the root management group does not open it, so subscriptions may be hidden: {why}"
    );
    Err(Gap::because(Reason::BeyondReach, message).into())
}

fn failed(subject: String, principal: &str, elsewhere: &[&TenantAssignment]) -> Judgement {
    let listed: Vec<String> = elsewhere
        .iter()
        .map(|item| {
            let what = role_and_place(&item.role, &item.scope);
            let subscription = item.scope.value().and_then(ArmId::subscription);
            let whose = match item.principal_id.value().filter(|own| *own != principal) {
                Some(group) => format!(" through {group}"),
                None => String::new(),
            };
            match subscription {
                Some(other) => format!("{what} ({other}){whose}"),
                None => format!("{what}{whose}"),
            }
        })
        .collect();
    let message = format!(
        "The service principal holds {} outside the deployment's own subscription: {}.",
        counted(elsewhere.len(), "a role", "roles"),
        listed.join("; ")
    );
    let evidence = elsewhere.iter().map(|item| {
        Evidence::at(&item.source)
            .observed(role_and_scope(&item.role, &item.scope))
            .expected("no role elsewhere")
    });
    let commands = elsewhere.iter().map(|item| delete_assignment(&item.id)).collect();
    let advice = "Resource Graph may lag behind: look whether the assignment is still there, find out who needs it, then delete it. One that comes through a group is ended by leaving the group.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, commands)
}
