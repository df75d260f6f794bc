//! Azure Resource Manager: reads by id, lists, and the errors in between.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::activity_log;
use crate::answer::Answer;
use crate::arm_errors::{error, missing_above, not_found};
use crate::arm_lists::{self, Items, inline_child, page, served};
use crate::authorization;
use crate::json::position;
use crate::request::Asked;
use crate::resource_graph;
use crate::resource_id::ProviderId;
use crate::scenario::Scenario;
use crate::tokens::Claims;
use crate::types;

/// Answers a request to ARM whose token was good.
pub(crate) fn answer(scenario: &Scenario, asked: &Asked, caller: &Claims) -> Answer {
    let path = format!("/{}", asked.segments.join("/"));
    if let Some(refusal) = refuse(asked) {
        return refusal;
    }
    if resource_graph::is_query(asked) {
        return resource_graph::answer(scenario, asked, caller);
    }
    let found = find(scenario, asked, &path, caller);
    if asked.method != "HEAD" {
        return found;
    }
    // ARM answers "is it there" with 204 or 404 and no body.
    Answer::empty(if found.status == 200 { 204 } else { found.status })
}

fn refuse(asked: &Asked) -> Option<Answer> {
    if asked.method != "GET" && asked.method != "HEAD" && !resource_graph::is_query(asked) {
        let message =
            format!("The requested resource does not support http method '{}'.", asked.method);
        return Some(Answer::json(405, &json!({"Message": message})).with("allow", "GET, HEAD"));
    }
    match asked.parameter("api-version") {
        None | Some("") => Some(error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )),
        Some(version) if !is_api_version(version) => Some(error(
            400,
            "InvalidApiVersionParameter",
            &format!("The api-version '{version}' is invalid."),
        )),
        Some(_) => None,
    }
}

/// `2024-03-01` or `2021-05-01-preview`.
fn is_api_version(version: &str) -> bool {
    let (date, rest) = version.split_at_checked(10).unwrap_or((version, "?"));
    date.parse::<jiff::civil::Date>().is_ok() && (rest.is_empty() || rest == "-preview")
}

fn find(scenario: &Scenario, asked: &Asked, path: &str, caller: &Claims) -> Answer {
    let estate = &scenario.estate;
    if let Some(resource) = estate.get(path) {
        return item(&served(resource, &asked.origin));
    }
    let lower: Vec<String> =
        asked.segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match lower.as_slice() {
        ["tenants"] => return page(asked, &scenario.pace, &tenants(scenario)),
        ["subscriptions"] => {
            return page(asked, &scenario.pace, &of_depth(scenario, "/subscriptions", 2));
        }
        [
            "subscriptions",
            subscription,
            "providers",
            "microsoft.insights",
            "eventtypes",
            "management",
            "values",
        ] => return activity_log::answer(scenario, asked, subscription, scenario.clock.now()),
        _ => {}
    }
    if let Some(missing) = missing_above(estate, path) {
        return missing;
    }
    match lower.as_slice() {
        ["subscriptions", subscription, "resourcegroups"] => {
            let scope = format!("/subscriptions/{subscription}/resourcegroups");
            return page(asked, &scenario.pace, &of_depth(scenario, &scope, 4));
        }
        ["subscriptions", _, "resources"]
        | ["subscriptions", _, "resourcegroups", _, "resources"] => {
            let scope = path.rsplit_once('/').map_or(path, |(scope, _)| scope);
            return match arm_lists::inventory(estate, scope, asked.parameter("$filter")) {
                Some(items) => page(asked, &scenario.pace, &items),
                None => bad_filter(),
            };
        }
        _ => {}
    }
    let Some(id) = ProviderId::parse(path) else {
        return error(404, "NotFound", "The requested path does not exist.");
    };
    if id.is_item() { by_id(scenario, &id, path) } else { list(scenario, asked, &id, caller) }
}

fn by_id(scenario: &Scenario, id: &ProviderId<'_>, path: &str) -> Answer {
    let estate = &scenario.estate;
    if id.full_type() == "Microsoft.Authorization/roleDefinitions" {
        return match authorization::role_definition(estate, id) {
            Some(definition) => item(&definition),
            None => not_found(id, path),
        };
    }
    let child = estate.inline_id(path).and_then(|child| {
        let items = estate.inline_children(&child.parent, child.inline);
        let body = &items[position(items, child.name)?];
        Some(inline_child(estate.resources.get(&child.parent)?, child.inline, body))
    });
    match child {
        Some(body) => item(&body),
        None => not_found(id, path),
    }
}

fn list(scenario: &Scenario, asked: &Asked, id: &ProviderId<'_>, caller: &Claims) -> Answer {
    let full_type = id.full_type();
    if !types::is_extension(&full_type) || id.segments.len() > 1 {
        let items = arm_lists::resources(&scenario.estate, id, &asked.origin);
        return page(asked, &scenario.pace, &items);
    }
    match authorization::list(&scenario.estate, id, asked.parameter("$filter"), caller) {
        Ok(items) => page(asked, &scenario.pace, &items),
        Err(authorization::BadFilter) => bad_filter(),
    }
}

fn bad_filter() -> Answer {
    error(400, "InvalidFilterInQueryString", "Invalid $filter in the query string of the request.")
}

/// A resource, with its etag as a header too.
fn item(body: &Value) -> Answer {
    let answer = Answer::json(200, body);
    match body.get("etag").and_then(Value::as_str) {
        Some(etag) => answer.with("etag", etag),
        None => answer,
    }
}

/// The subscriptions, or the groups of one: by the number of segments in their ids.
fn of_depth<'a>(scenario: &'a Scenario, scope: &str, depth: usize) -> Items<'a> {
    let below = scenario.estate.resources.range(format!("{scope}/")..);
    let below = below.take_while(|(key, _)| key.starts_with(&format!("{scope}/")));
    let fitting = below.filter(|(key, _)| key.matches('/').count() == depth);
    fitting.map(|(_, resource)| Cow::Borrowed(&resource.body)).collect()
}

/// The tenants of the subscriptions.
fn tenants(scenario: &Scenario) -> Items<'static> {
    let subscriptions = of_depth(scenario, "/subscriptions", 2);
    let ids: std::collections::BTreeSet<&str> =
        subscriptions.iter().filter_map(|body| body.get("tenantId")?.as_str()).collect();
    ids.into_iter()
        .map(|id| {
            Cow::Owned(
                json!({"id": format!("/tenants/{id}"), "tenantId": id, "tenantCategory": "Home"}),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_api_version;

    #[test]
    fn api_versions() {
        assert!(is_api_version("2024-03-01") && is_api_version("2021-05-01-preview"));
        for wrong in ["2024", "latest", "2024-13-01", "2024-03-01x", "ä024-03-01"] {
            assert!(!is_api_version(wrong), "{wrong}");
        }
    }
}
