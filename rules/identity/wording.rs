//! How roles, places and numbers of them are said.

use vaudit_model::estate::role_name;
use vaudit_model::{ArmId, Command, Fact};

/// The role and where, as one would say it; the full scope stands in the evidence.
pub(super) fn role_and_place(role: &Fact<String>, scope: &Fact<ArmId>) -> String {
    let role = role.value().map_or("a role", |role| role_name(role));
    match scope.value() {
        Some(scope) => format!("{role} on {}", place(scope)),
        None => format!("{role} on an unread scope"),
    }
}

/// A scope as one would say it.
pub(super) fn place(scope: &ArmId) -> String {
    match (scope.resource_type(), scope.resource_group(), scope.subscription()) {
        _ if scope.is_root() => "the whole tenant".to_owned(),
        _ if scope.is_type("Microsoft.Management/managementGroups") => {
            format!("management group {}", scope.name())
        }
        (Some(_), ..) => scope.name().to_owned(),
        (None, Some(group), _) => format!("resource group {group}"),
        (None, None, Some(_)) => "the subscription".to_owned(),
        (None, None, None) => scope.to_string(),
    }
}

/// The role and its full scope, for evidence.
pub(super) fn role_and_scope(role: &Fact<String>, scope: &Fact<ArmId>) -> String {
    let role = role.value().map_or("a role", |role| role_name(role));
    match scope {
        Fact::Known(scope, _) => format!("{role} on {scope}"),
        Fact::Absent(_) | Fact::Unread(_) => format!("{role} on an unread scope"),
    }
}

/// One of something, or how many.
pub(super) fn counted(count: usize, one: &str, several: &str) -> String {
    if count == 1 { one.to_owned() } else { format!("{count} {several}") }
}

/// The command that takes an assignment away.
pub(super) fn delete_assignment(id: &ArmId) -> Command {
    Command::new("az role assignment delete").arg("--ids", id.as_str())
}

/// The command that gives the one role to the principal at a scope.
pub(super) fn create_assignment(principal: &str, role: &str, scope: &ArmId) -> Command {
    Command::new("az role assignment create")
        .arg("--assignee-object-id", principal)
        .flag("--assignee-principal-type ServicePrincipal")
        .arg("--role", role)
        .arg("--scope", scope.as_str())
}
