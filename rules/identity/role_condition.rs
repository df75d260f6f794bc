//! Does no condition on the role assignment block the application?

use vaudit_model::estate::RoleAssignment;
use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Source,
    Stop, Tier,
};

use super::assignments;
use super::condition::holds_in;
use super::scopes::Scopes;

/// IAM014.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM014",
        name: "role-condition",
        title: "The assignment's condition does not block the application",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S15: the service principal has permission to read and write the container",
        setting: "storage.container",
    },
    needs: &[Need::ServicePrincipal, Need::RoleAssignments, Need::StorageAccount],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("role_condition.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let assignments = assignments(estate)?;
    let account = estate.storage_account();
    let (account, _) = account.required("PLC004")?;
    let scopes = Scopes::of(estate, &account.id);
    let reaching: Vec<&RoleAssignment> =
        assignments.with_role().filter(|item| scopes.reach_container(item.scope.value())).collect();
    if reaching.is_empty() {
        assignments.show_every_role(estate)?;
        return Err(Stop::absent("IAM008", &assignments.source));
    }
    // Assignments add up: one that lets everything through is enough.
    if let Some(free) = reaching.iter().find(|item| item.condition.is_absent()) {
        assignments.are_the_principals(estate)?;
        let evidence = Evidence::at(&free.source).observed("no condition").expected("none");
        let message = "The role assignment has no condition.";
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let container = estate.deployment.storage.container.as_deref();
    let conditions = || {
        reaching.iter().filter_map(|item| match &item.condition {
            Fact::Known(condition, source) => Some((*item, condition, source)),
            Fact::Absent(_) | Fact::Unread(_) => None,
        })
    };
    let narrowing = conditions().find(|(_, condition, _)| {
        container.is_some_and(|container| holds_in(condition, container))
    });
    if let (Some((_, condition, source)), Some(container)) = (narrowing, container) {
        assignments.are_the_principals(estate)?;
        let message = format!("The condition only narrows the role to the container {container}.");
        let evidence = Evidence::at(source).observed(condition);
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    if let Some(gap) = reaching.iter().find_map(|item| item.condition.gap()) {
        return Err(gap.clone().into());
    }
    Ok(conditions().take(1).map(|found| unevaluated(&subject, found)).collect())
}

fn unevaluated(
    subject: &str,
    (assignment, condition, source): (&RoleAssignment, &String, &Source),
) -> Judgement {
    let message = format!(
        "the role assignment has a condition, which vaudit does not evaluate and which may block the application: {condition}"
    );
    let gap = Gap::because(Reason::BeyondReach, message).at(assignment.id.as_str());
    let evidence = Evidence::at(source).observed(condition).expected("no condition");
    Judgement::indeterminate(subject, gap).with(evidence)
}
