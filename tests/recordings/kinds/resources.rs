//! Subscriptions, resource groups, the inventory, and rows of Resource Graph.

use serde_json::Value;
use vaudit_model::estate::{ResourceGroup, Subscription, TenantAssignment};
use vaudit_model::{ArmId, Fact, Request, RequestKind};

use super::key;
use crate::comparison::{Comparison, Field, by_id, next_link};
use crate::naive::Naive::Must;
use crate::naive::Shape::{Id, Last, Lower, Text};
use crate::naive::{joined, look};
use crate::shown::{Shown, show};
use crate::world::World;

const SUBSCRIPTION: &[Field<Subscription>] = &[
    Field("tenant", Must(Text, "tenantId"), |own| show(&own.tenant)),
    Field("state", Must(Text, "state"), |own| show(&own.state)),
];

const GROUP: &[Field<ResourceGroup>] =
    &[Field("provisioning", Must(Text, "properties/provisioningState"), |own| {
        show(&own.provisioning_state)
    })];

const ROW: &[Field<TenantAssignment>] = &[
    Field("scope", Must(Id, "scope"), |own| show(&own.scope)),
    Field("role", Must(Last, "role"), |own| show(&own.role)),
    Field("principal", Must(Lower, "principal"), |own| show(&own.principal_id)),
];

/// Each subscription as the deployment's; a list also by how many there are.
pub(super) fn subscriptions(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    for (name, raw) in exchange.each() {
        let world = World::around(exchange);
        let request = Request::arm(RequestKind::Subscription, &world.subscription());
        let world = world.answering_with(&request, raw);
        comparison.fact(&name, raw, &world.estate().subscription(), SUBSCRIPTION);
    }
    if exchange.body.get("value").is_some() {
        let request = Request::arm(RequestKind::Subscriptions, &ArmId::root());
        let world = World::around(exchange).answering(&request);
        let visible = world.estate().visible_subscriptions();
        let count = exchange.items().len().to_string();
        let expected = next_link(&exchange.body).map_or(count, |_| "?not-collected".to_owned());
        comparison.says("visible", show(&visible), &expected);
    }
}

/// Each resource group as the deployment's.
pub(super) fn groups(comparison: &mut Comparison<'_>) {
    for (name, raw) in comparison.exchange.each() {
        let world = World::around(comparison.exchange);
        let group = world.deployment.resource_group_id();
        let request = Request::arm(RequestKind::ResourceGroup, &group);
        let world = world.answering_with(&request, raw);
        comparison.fact(&name, raw, &world.estate().resource_group(), GROUP);
    }
}

/// Of the inventory, the databases that are no flexible servers.
pub(super) fn inventory(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let world = World::around(exchange);
    let request = Request::arm(RequestKind::Resources, &world.deployment.resource_group_id());
    let world = world.answering(&request);
    let read = world.estate().other_postgres();
    let is_other = |item: &Value| {
        let kind = look(item, "type").as_str().unwrap_or_default().to_lowercase();
        ["microsoft.dbforpostgresql/servers", "microsoft.dbforpostgresql/servergroupsv2"]
            .contains(&kind.as_str())
    };
    let others = exchange.items().into_iter().filter(|(_, item)| is_other(item));
    let expected = joined(others.filter_map(|(_, item)| by_id(item)).collect());
    match &read {
        Fact::Known(list, _) => {
            comparison.says("other databases", list.items.shown(), &expected);
            comparison.completeness(&read, comparison.names_all(by_id), false);
        }
        other => comparison.fact("", &exchange.body, other, &[]),
    }
}

/// Rows as those of the query for role assignments. A table of columns is none of them.
pub(super) fn rows(comparison: &mut Comparison<'_>) {
    let exchange = comparison.exchange;
    let world = World::around(exchange);
    let request = Request {
        filter: Some("o".to_owned()),
        ..Request::arm(RequestKind::TenantRoleAssignments, &ArmId::root())
    };
    let members = "servicePrincipals(appId='c')/transitiveMemberOf".to_owned();
    let members = Request::graph(RequestKind::Memberships, members);
    let none = serde_json::json!({"value": []});
    let world = world.answering(&request).beside(&members, &none);
    let read = world.estate().tenant_assignments();
    if exchange.succeeded() && !look(&exchange.body, "data").is_array() {
        return comparison.says("rows", show(&read.map(|list| list.items.len())), "?missing-field");
    }
    comparison.list((&exchange.items(), &read), (by_id, |own| key(&own.id)), ROW);
    let truncated = look(&exchange.body, "resultTruncated");
    let is_cut = truncated != "false" && truncated != false;
    comparison.completeness(&read, comparison.names_all(by_id), is_cut);
}
