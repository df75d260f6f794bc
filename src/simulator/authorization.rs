//! What hangs on any scope: role assignments and definitions, locks, deny assignments, PIM.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::arm_lists::Items;
use crate::estate::{Estate, Resource};
use crate::faults::glob;
use crate::fill::stable_guid;
use crate::resource_id::{self, ProviderId, is_within, key};
use crate::tokens::Claims;

/// A `$filter` that is understood.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    /// At the scope and above, not below.
    at_scope: bool,
    /// This principal and the groups it is in.
    assigned_to: Option<String>,
    /// This principal only.
    principal: Option<String>,
    /// A role definition of this name.
    role_name: Option<String>,
    /// A role definition of this kind.
    role_type: Option<String>,
    /// An assignment of this role.
    role: Option<String>,
}

/// A `$filter` that Azure would not understand either.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadFilter;

impl Filter {
    fn parse(text: Option<&str>) -> Result<Self, BadFilter> {
        let mut filter = Self::default();
        for term in text.unwrap_or_default().split(" and ").map(str::trim) {
            if term.is_empty() {
                continue;
            }
            let call = term.strip_suffix(')').and_then(|term| term.split_once('('));
            if let Some((function, argument)) = call {
                match function.to_ascii_lowercase().as_str() {
                    "atscope" | "atscopeandbelow" => {
                        filter.at_scope = function.eq_ignore_ascii_case("atScope");
                    }
                    "assignedto" => filter.assigned_to = Some(unquoted(argument)?),
                    _ => return Err(BadFilter),
                }
                continue;
            }
            let (field, value) = term.split_once(" eq ").ok_or(BadFilter)?;
            let value = Some(unquoted(value)?);
            match field.trim().to_ascii_lowercase().as_str() {
                "principalid" => filter.principal = value,
                "rolename" => filter.role_name = value,
                "type" => filter.role_type = value,
                "roledefinitionid" => filter.role = value,
                _ => return Err(BadFilter),
            }
        }
        Ok(filter)
    }

    /// The principals that the filter means; none when it means all.
    fn principals(&self, estate: &Estate) -> Option<BTreeSet<String>> {
        if let Some(principal) = &self.assigned_to {
            let mut principals = estate.directory.groups_of(principal);
            principals.insert(principal.clone());
            return Some(principals);
        }
        self.principal.clone().map(|principal| BTreeSet::from([principal]))
    }
}

/// Azure takes ids with or without quotes.
fn unquoted(text: &str) -> Result<String, BadFilter> {
    let text = text.trim();
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
    if inner.is_empty() || inner.contains('\'') {
        return Err(BadFilter);
    }
    Ok(inner.to_ascii_lowercase())
}

/// The list of an extension type at a scope; `None` for types that are not lists of resources.
pub(crate) fn list<'a>(
    estate: &'a Estate,
    id: &ProviderId<'_>,
    filter: Option<&str>,
    caller: &Claims,
) -> Result<Items<'a>, BadFilter> {
    let scope = key(id.scope);
    let filter = Filter::parse(filter)?;
    let full_type = id.full_type();
    match full_type.as_str() {
        "Microsoft.Authorization/permissions" => Ok(permissions(estate, &scope, caller)),
        "Microsoft.Authorization/roleDefinitions" => Ok(role_definitions(estate, &scope, &filter)),
        "Microsoft.Authorization/roleAssignmentScheduleInstances" => {
            let mut items = at_scopes(estate, &full_type, &scope, &filter);
            items.extend(active_instances(estate, &scope, &filter));
            Ok(items)
        }
        "Microsoft.Insights/diagnosticSettings" => Ok(exactly_at(estate, &full_type, &scope)),
        _ => Ok(at_scopes(estate, &full_type, &scope, &filter)),
    }
}

/// Resources of a type that hang on one scope only.
fn exactly_at<'a>(estate: &'a Estate, full_type: &str, scope: &str) -> Items<'a> {
    let of_type = of_type(estate, full_type);
    of_type.filter(|(own, _)| own == scope).map(|(_, body)| Cow::Borrowed(body)).collect()
}

/// Resources of a type with the scope they hang on, as a key.
fn of_type<'a>(
    estate: &'a Estate,
    full_type: &str,
) -> impl Iterator<Item = (String, &'a Value)> + use<'a> {
    let kind = full_type.to_ascii_lowercase();
    let of_type = estate.resources.values().filter(move |resource| resource.kind == kind);
    of_type.filter_map(|resource| Some((scope_of(resource)?, &resource.body)))
}

fn scope_of(resource: &Resource) -> Option<String> {
    ProviderId::parse(&resource.id).map(|id| key(id.scope))
}

/// Whether something that hangs on `own` shows in a list at `asked`.
///
/// Above a subscription everything counts: the tenant root, and every management group, for the
/// scenario's subscriptions are in all of them. At a management group nothing below it shows.
fn shows(own: &str, asked: &str, filter: &Filter) -> bool {
    let is_management_group = own.starts_with("/providers/microsoft.management/");
    let above =
        is_within(asked, own) || (is_management_group && asked.starts_with("/subscriptions/"));
    let below = asked.starts_with("/subscriptions/") && is_within(own, asked);
    above || (below && !filter.at_scope)
}

fn at_scopes<'a>(estate: &'a Estate, full_type: &str, scope: &str, filter: &Filter) -> Items<'a> {
    let principals = filter.principals(estate);
    let is_meant = |body: &Value| {
        principals
            .as_ref()
            .is_none_or(|principals| principals_of(body).any(|id| principals.contains(&id)))
            && filter.role.as_ref().is_none_or(|role| *role == text(body, "roleDefinitionId"))
    };
    of_type(estate, full_type)
        .filter(|(own, body)| shows(own, scope, filter) && is_meant(body))
        .map(|(_, body)| Cow::Borrowed(body))
        .collect()
}

/// Whom an assignment is about: one principal, or several for a deny assignment.
fn principals_of(body: &Value) -> impl Iterator<Item = String> + '_ {
    let single = Some(text(body, "principalId")).filter(|id| !id.is_empty());
    let several = body.pointer("/properties/principals").and_then(Value::as_array);
    let ids = several.into_iter().flatten().filter_map(|principal| principal.get("id")?.as_str());
    single.into_iter().chain(ids.map(str::to_ascii_lowercase))
}

fn text(body: &Value, property: &str) -> String {
    let value = body.get("properties").and_then(|properties| properties.get(property));
    value.and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
}

/// The roles that can be assigned at a scope.
fn role_definitions<'a>(estate: &'a Estate, scope: &str, filter: &Filter) -> Items<'a> {
    let is_assignable = |body: &Value| {
        let scopes = body.pointer("/properties/assignableScopes").and_then(Value::as_array);
        scopes.into_iter().flatten().filter_map(Value::as_str).any(|own| {
            let own = key(own);
            is_within(scope, &own) || is_within(&own, scope)
        })
    };
    let is_meant = |body: &Value| {
        filter.role_name.as_ref().is_none_or(|name| *name == text(body, "roleName"))
            && filter.role_type.as_ref().is_none_or(|kind| *kind == text(body, "type"))
    };
    of_type(estate, "Microsoft.Authorization/roleDefinitions")
        .filter(|(_, body)| is_assignable(body) && is_meant(body))
        .map(|(_, body)| in_subscription(body, scope))
        .collect()
}

/// A role definition by its id at any scope: built-in ones are at home everywhere.
pub(crate) fn role_definition<'a>(
    estate: &'a Estate,
    id: &ProviderId<'_>,
) -> Option<Cow<'a, Value>> {
    let name = id.name();
    let mut found =
        of_type(estate, "Microsoft.Authorization/roleDefinitions").filter(|(_, body)| {
            body.get("name")
                .and_then(Value::as_str)
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
    found.next().map(|(_, body)| in_subscription(body, &key(id.scope)))
}

/// A built-in definition has the id of the subscription it is asked for in.
fn in_subscription<'a>(body: &'a Value, scope: &str) -> Cow<'a, Value> {
    let id = body.get("id").and_then(Value::as_str).unwrap_or_default();
    match resource_id::subscription(scope) {
        Some(subscription) if id.starts_with("/providers/") => {
            let mut body = body.clone();
            body["id"] = format!("/subscriptions/{subscription}{id}").into();
            Cow::Owned(body)
        }
        _ => Cow::Borrowed(body),
    }
}

/// What the caller may do at a scope: the permissions of its roles at and above it.
fn permissions(estate: &Estate, scope: &str, caller: &Claims) -> Items<'static> {
    let own = Filter {
        at_scope: true,
        assigned_to: Some(caller.oid.to_ascii_lowercase()),
        ..Filter::default()
    };
    let assignments = at_scopes(estate, "Microsoft.Authorization/roleAssignments", scope, &own);
    // An assignment's condition narrows what its role gives.
    let narrowing = |body: &Value| {
        ["condition", "conditionVersion"].map(|field| {
            let own = body.get("properties").and_then(|properties| properties.get(field));
            own.and_then(Value::as_str).map(str::to_owned)
        })
    };
    let roles: BTreeSet<(String, [Option<String>; 2])> =
        assignments.iter().map(|body| (text(body, "roleDefinitionId"), narrowing(body))).collect();
    let mut items = Vec::new();
    for (role, [condition, version]) in roles {
        for mut entry in role_permissions(estate, &role) {
            if let Some(condition) = &condition {
                entry["condition"] = condition.as_str().into();
                entry["conditionVersion"] = version.clone().into();
            }
            items.push(Cow::Owned(entry));
        }
    }
    items
}

/// The `permissions` of the role an id names.
fn role_permissions(estate: &Estate, role: &str) -> Vec<Value> {
    let definition =
        ProviderId::parse(role).and_then(|id| role_definition(estate, &id).map(Cow::into_owned));
    let permissions = definition.as_ref().and_then(|body| body.pointer("/properties/permissions"));
    permissions.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// What a caller may read, where a service shows no more than that.
pub(crate) struct Sight {
    /// The scope of each of its role assignments, as a key, with the role's permissions.
    grants: Vec<(String, Vec<Value>)>,
}

impl Sight {
    /// By the caller's role assignments and those of its groups.
    pub(crate) fn of(estate: &Estate, caller: &Claims) -> Self {
        let caller = caller.oid.to_ascii_lowercase();
        let mut principals = estate.directory.groups_of(&caller);
        principals.insert(caller);
        let own = of_type(estate, "Microsoft.Authorization/roleAssignments")
            .filter(|(_, body)| principals.contains(&text(body, "principalId")));
        let grants = own.map(|(scope, body)| {
            (scope, role_permissions(estate, &text(body, "roleDefinitionId")))
        });
        Self { grants: grants.collect() }
    }

    /// Whether an action on the control plane is allowed at a scope, given as a key.
    pub(crate) fn may(&self, action: &str, scope: &str) -> bool {
        self.allows(["actions", "notActions"], action, scope)
    }

    /// Whether an action on the data plane is allowed at a scope, given as a key. Conditions are not
    /// looked at.
    pub(crate) fn may_data(&self, action: &str, scope: &str) -> bool {
        self.allows(["dataActions", "notDataActions"], action, scope)
    }

    fn allows(&self, [given, left_out]: [&str; 2], action: &str, scope: &str) -> bool {
        let at_scope = Filter { at_scope: true, ..Filter::default() };
        let names = |permission: &Value, list: &str| {
            let patterns = permission.get(list).and_then(Value::as_array).into_iter().flatten();
            let mut patterns = patterns.filter_map(Value::as_str).map(str::to_ascii_lowercase);
            patterns.any(|pattern| glob(&pattern, &action.to_ascii_lowercase()))
        };
        self.grants.iter().filter(|(own, _)| shows(own, scope, &at_scope)).any(
            |(_, permissions)| {
                permissions.iter().any(|entry| names(entry, given) && !names(entry, left_out))
            },
        )
    }
}

/// PIM shows every standing assignment as an active instance, unless the scenario tells its own
/// story about it.
fn active_instances<'a>(estate: &'a Estate, scope: &str, filter: &Filter) -> Items<'a> {
    const INSTANCES: &str = "Microsoft.Authorization/roleAssignmentScheduleInstances";
    let told: BTreeSet<String> =
        of_type(estate, INSTANCES).map(|(_, body)| text(body, "originRoleAssignmentId")).collect();
    let assignments = at_scopes(estate, "Microsoft.Authorization/roleAssignments", scope, filter);
    let untold = assignments.into_iter().filter(|body| {
        let id = body.get("id").and_then(Value::as_str).unwrap_or_default();
        !told.contains(&id.to_ascii_lowercase())
    });
    untold.map(|body| Cow::Owned(active_instance(&body))).collect()
}

fn active_instance(assignment: &Value) -> Value {
    let of = |field: &str| assignment.pointer(&format!("/properties/{field}")).cloned();
    let name = assignment.get("name").and_then(Value::as_str).unwrap_or_default();
    let scope = of("scope").unwrap_or_default();
    // PIM's ids put a subscription below a provider of their own.
    let prefix = match scope.as_str() {
        Some(scope) if scope.starts_with("/subscriptions/") => {
            format!("/providers/Microsoft.Subscription{scope}")
        }
        Some("/") | None => String::new(),
        Some(scope) => scope.to_owned(),
    };
    let authorization = format!("{prefix}/providers/Microsoft.Authorization");
    let schedule = stable_guid(&format!("schedule of {name}"));
    let instance = json!({
        "id": format!("{authorization}/roleAssignmentScheduleInstances/{name}"),
        "name": name,
        "type": "Microsoft.Authorization/roleAssignmentScheduleInstances",
        "properties": {
            "assignmentType": "Assigned",
            "createdOn": of("createdOn"),
            "memberType": "Direct",
            "originRoleAssignmentId": assignment.get("id"),
            "principalId": of("principalId"),
            "principalType": of("principalType"),
            "roleAssignmentScheduleId": format!("{authorization}/roleAssignmentSchedules/{schedule}"),
            "roleDefinitionId": of("roleDefinitionId"),
            "scope": scope,
            "startDateTime": of("createdOn"),
            "status": "Provisioned"
        }
    });
    instance
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/g";

    fn estate() -> Estate {
        let mut estate = Estate::default();
        for id in ["/subscriptions/s", GROUP] {
            estate.insert(id, json!({})).unwrap();
        }
        let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/a");
        estate.insert(&account, json!({})).unwrap();
        let group = "/providers/Microsoft.Management/managementGroups/root";
        for (name, scope, principal) in [
            ("root", "", "admin"),
            ("managed", group, "team"),
            ("sub", "/subscriptions/s", "sp"),
            ("group", GROUP, "team"),
            ("account", &account, "sp"),
        ] {
            let role = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/R";
            let body = json!({"properties": {"principalId": principal, "roleDefinitionId": role}});
            let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
            estate.insert(&id, body).unwrap();
        }
        let file = json!({"groups": {"team": {"members": ["sp"]}}});
        estate.directory.load(serde_json::from_value(file).unwrap()).unwrap();
        let role = json!({"properties": {"assignableScopes": ["/"], "roleName": "Reader",
            "type": "BuiltInRole", "permissions": [{"actions": ["*/read"]}]}});
        estate.insert("/providers/Microsoft.Authorization/roleDefinitions/R", role).unwrap();
        estate
    }

    fn caller() -> Claims {
        Claims {
            aud: String::new(),
            iss: String::new(),
            nbf: 0,
            exp: 0,
            appid: String::new(),
            oid: "sp".to_owned(),
            tid: String::new(),
        }
    }

    fn names(scope: &str, kind: &str, filter: &str) -> Vec<String> {
        let estate = estate();
        let path = format!("{scope}/providers/Microsoft.Authorization/{kind}");
        let id = ProviderId::parse(&path).unwrap();
        let items = list(&estate, &id, Some(filter), &caller()).unwrap();
        let names = items.iter().map(|item| item["name"].as_str().unwrap_or("?").to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn assignments_are_found_at_above_and_below() {
        let at = |scope: &str, filter: &str| names(scope, "roleAssignments", filter);
        assert_eq!(at("/subscriptions/s", "").len(), 5);
        let group = at(GROUP, "atScope()");
        assert_eq!(group, ["group", "managed", "root", "sub"]);
        let assigned = at("/subscriptions/s", "assignedTo('SP')");
        assert_eq!(assigned, ["account", "group", "managed", "sub"]);
        assert_eq!(at("/subscriptions/s", "principalId eq 'sp'"), ["account", "sub"]);
        assert_eq!(at("/subscriptions/s", "principalId eq sp and atScope()"), ["sub"]);
        assert!(at("/subscriptions/s", "assignedTo('nobody')").is_empty());
    }

    #[test]
    fn a_filter_nobody_knows_is_refused() {
        for filter in
            ["nonsense", "foo()", "displayName eq 'x'", "assignedTo('')", "principalId eq 'a'b'"]
        {
            assert_eq!(Filter::parse(Some(filter)), Err(BadFilter), "{filter}");
        }
    }

    #[test]
    fn an_assignments_condition_narrows_its_permissions() {
        let mut estate = estate();
        let role = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/R";
        let body = json!({"properties": {"principalId": "sp", "roleDefinitionId": role,
            "condition": "Spelt As It Was", "conditionVersion": "2.0"}});
        let id = format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments/narrow");
        estate.insert(&id, body).unwrap();
        let conditions = |scope: &str| {
            let items = permissions(&estate, &key(scope), &caller());
            items.iter().map(|own| own["condition"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(conditions("/subscriptions/s"), [Value::Null]);
        assert_eq!(conditions(GROUP), [Value::Null, "Spelt As It Was".into()]);
    }

    #[test]
    fn definitions_permissions_and_instances_follow() {
        let roles = names(GROUP, "roleDefinitions", "roleName eq 'Reader'");
        assert_eq!(roles, ["R"]);
        assert_eq!(names(GROUP, "permissions", "").len(), 1);
        let instances =
            names("/subscriptions/s", "roleAssignmentScheduleInstances", "assignedTo('sp')");
        assert_eq!(instances.len(), 4);
        let estate = estate();
        let path = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r";
        let role = role_definition(&estate, &ProviderId::parse(path).unwrap()).unwrap();
        assert_eq!(
            role["id"],
            "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/R"
        );
    }
}
