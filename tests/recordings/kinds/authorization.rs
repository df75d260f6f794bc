//! Role assignments and definitions, deny assignments, and the instances of Privileged Identity
//! Management.

use serde_json::{Value, json};
use vaudit_model::estate::{Permission, RoleAssignment, ScheduleInstance};
use vaudit_model::permissions::{
    ActionPattern, DenyAssignment, DenyPrincipal, PermissionEntry, RoleDefinition,
};
use vaudit_model::{Fact, Request, RequestKind};

use super::{key, listed};
use crate::comparison::{Comparison, Field, by_id};
use crate::naive::Naive::{By, May, Must};
use crate::naive::Shape::{Flag, Id, Instant, Last, Lower, Text};
use crate::naive::{LOST, array, look};
use crate::shown::show;
use crate::world::World;

const ASSIGNMENT: &[Field<RoleAssignment>] = &[
    Field("principal", Must(Lower, "properties/principalId"), |own| show(&own.principal_id)),
    Field("principal type", May(Text, "properties/principalType"), |own| show(&own.principal_type)),
    Field("role", Must(Last, "properties/roleDefinitionId"), |own| show(&own.role)),
    Field("scope", Must(Id, "properties/scope"), |own| show(&own.scope)),
    Field("created", Must(Instant, "properties/createdOn"), |own| show(&own.created_on)),
    Field("condition", May(Text, "properties/condition"), |own| show(&own.condition)),
];

const INSTANCE: &[Field<ScheduleInstance>] = &[
    Field("principal", Must(Lower, "properties/principalId"), |own| show(&own.principal_id)),
    Field("role", Must(Last, "properties/roleDefinitionId"), |own| show(&own.role)),
    Field("scope", Must(Id, "properties/scope"), |own| show(&own.scope)),
    Field("ends", May(Instant, "properties/endDateTime"), |own| show(&own.ends)),
];

const DEFINITION: &[Field<RoleDefinition>] = &[
    Field("GUID", Must(Last, "id"), |own| own.guid.clone()),
    Field("role name", Must(Text, "properties/roleName"), |own| own.name.clone()),
    Field("entries", By(raw_entries), |own| entries(&own.entries)),
];

const DENY: &[Field<DenyAssignment>] = &[
    Field("deny name", By(deny_name), |own| own.name.clone()),
    Field("scope", Must(Id, "properties/scope"), |own| own.scope.key().to_owned()),
    Field("not below", Must(Flag, "properties/doNotApplyToChildScopes"), |own| {
        own.does_not_apply_to_child_scopes.to_string()
    }),
    Field("principals", By(|own| raw_principals(own, "properties/principals")), |own| {
        principals(&own.principals)
    }),
    Field("excluded", By(|own| raw_principals(own, "properties/excludePrincipals")), |own| {
        principals(&own.exclude_principals)
    }),
    Field("entries", By(raw_entries), |own| entries(&own.permissions)),
];

const OWN: &[Field<Permission>] = &[
    Field("actions", By(|own| raw_texts(own, "actions")), |own| own.actions.join(" ")),
    Field("not actions", By(|own| raw_texts(own, "notActions")), |own| own.not_actions.join(" ")),
];

fn raw_texts(entry: &Value, field: &str) -> String {
    let all = array(entry, field);
    all.iter().filter_map(|own| own.as_str()).collect::<Vec<_>>().join(" ")
}

const LISTS: [&str; 4] = ["actions", "notActions", "dataActions", "notDataActions"];

fn raw_entries(resource: &Value) -> String {
    let told = array(resource, "properties/permissions").into_iter().map(|entry| {
        let lists = LISTS.map(|list| format!("[{}]", raw_texts(entry, list)));
        lists.join("") + &condition(look(entry, "condition").as_str())
    });
    told.collect::<Vec<_>>().join("; ")
}

fn entries(entries: &[PermissionEntry]) -> String {
    let texts = |list: &[ActionPattern]| {
        format!("[{}]", list.iter().map(ActionPattern::as_str).collect::<Vec<_>>().join(" "))
    };
    let told = entries.iter().map(|own| {
        let lists = [&own.actions, &own.not_actions, &own.data_actions, &own.not_data_actions];
        lists.map(|list| texts(list)).join("") + &condition(own.condition.as_deref())
    });
    told.collect::<Vec<_>>().join("; ")
}

fn condition(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).map_or(String::new(), |text| format!(" if {text}"))
}

fn deny_name(deny: &Value) -> String {
    match look(deny, "properties/denyAssignmentName").as_str() {
        Some(name) if !name.trim().is_empty() => name.to_owned(),
        _ => crate::naive::name(&serde_json::json!({"id": look(deny, "id")})),
    }
}

/// Whom a deny assignment names: ids without dashes are ids.
fn raw_principals(deny: &Value, path: &str) -> String {
    let told = array(deny, path).into_iter().map(|own| {
        let id = look(own, "id").as_str().map_or(LOST.to_owned(), |id| id.replace('-', ""));
        format!("{} {}", id.to_lowercase(), May(Text, "type").of(own))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn principals(principals: &[DenyPrincipal]) -> String {
    let told = principals
        .iter()
        .map(|own| format!("{:?} {}", own.id, own.kind.as_deref().unwrap_or(crate::naive::NONE)));
    told.collect::<Vec<_>>().join(", ")
}

pub(super) fn role_assignments(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let world = World::around(exchange);
    let request = Request::role_assignments(&world.subscription(), "o");
    let world = world.answering_with(&request, &listed(&exchange.body));
    let estate = world.estate();
    let read = estate.role_assignments();
    comparison.list((&exchange.items(), read), (by_id, |own| key(&own.id)), ASSIGNMENT);
    comparison.completeness(read, comparison.names_all(by_id), false);
}

/// No run asks for role definitions yet; their reader stands ready.
pub(super) fn role_definitions(comparison: &mut Comparison<'_>) {
    for (name, raw) in comparison.exchange.each() {
        let request = Request::arm(RequestKind::Resources, &comparison.exchange.id());
        let world = World::around(comparison.exchange).answering_with(&request, raw);
        let node = world.snapshot().resource(&request);
        let read = node.and_then(|node, source| match RoleDefinition::read(&node) {
            Ok(own) => Fact::Known(own, source),
            Err(gap) => Fact::Unread(gap),
        });
        if has_all_lists(raw) || !comparison.exchange.succeeded() {
            comparison.fact(&name, raw, &read, DEFINITION);
        } else {
            comparison.says(&format!("{name}readable"), show(&read.map(|own| own.guid)), LOST);
        }
    }
}

/// Half an entry is none: the four lists are always sent, the empty ones too.
fn has_all_lists(definition: &Value) -> bool {
    let entries = look(definition, "properties/permissions").as_array();
    entries.is_some_and(|all| {
        all.iter().all(|entry| LISTS.iter().all(|list| look(entry, list).is_array()))
    })
}

pub(super) fn permissions(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let world = World::around(exchange);
    let request = Request::arm(RequestKind::Permissions, &world.deployment.resource_group_id());
    let world = world.answering(&request);
    let read = world.estate().permissions();
    let Fact::Known(list, _) = &read else {
        return comparison.fact("", &exchange.body, &read, &[]);
    };
    comparison.completeness(&read, true, false);
    for ((name, raw), own) in exchange.items().into_iter().zip(&list.items) {
        comparison.resource(&name, raw, own, OWN);
    }
}

pub(super) fn deny_assignments(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let world = World::around(exchange);
    let group = world.deployment.resource_group_id();
    let above = Request::arm(RequestKind::DenyAssignmentsAbove, &group);
    let below = Request::arm(RequestKind::DenyAssignmentsBelow, &group);
    let mut world = world.answering_with(&above, &listed(&exchange.body));
    if exchange.succeeded() {
        world = world.beside(&below, &json!({"value": []}));
    }
    let read = world.estate().deny_assignments();
    comparison.list((&exchange.items(), &read), (by_id, |own| key(&own.id)), DENY);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}

fn instances(comparison: &mut Comparison<'_>, kind: RequestKind) {
    let exchange = comparison.exchange;
    let world = World::around(exchange);
    let request = Request::assigned_to(kind, &world.subscription(), "o");
    let world = world.answering_with(&request, &listed(&exchange.body));
    let estate = world.estate();
    let read = match kind {
        RequestKind::RoleEligibilities => estate.eligible_roles(),
        _ => estate.active_roles(),
    };
    comparison.list((&exchange.items(), &read), (by_id, |own| key(&own.id)), INSTANCE);
    comparison.completeness(&read, comparison.names_all(by_id), false);
}

pub(super) fn eligibilities(comparison: &mut Comparison<'_>) {
    instances(comparison, RequestKind::RoleEligibilities);
}

pub(super) fn schedules(comparison: &mut Comparison<'_>) {
    instances(comparison, RequestKind::RoleAssignmentSchedules);
}
