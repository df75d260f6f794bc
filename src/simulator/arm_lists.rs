//! ARM's lists: what is on them, page by page.

use std::borrow::Cow;

use azure_core::base64;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::arm_errors::error;
use crate::estate::{Estate, Resource};
use crate::request::{Asked, Origin};
use crate::resource_id::{ProviderId, is_within, key};
use crate::scenario::Pace;
use crate::types;

/// The items of a list; most are served as they are stored.
pub(crate) type Items<'a> = Vec<Cow<'a, Value>>;

#[derive(Serialize)]
struct Page<'a> {
    value: &'a [Cow<'a, Value>],
    #[serde(rename = "nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
}

/// One page of a list, with an absolute link to the next.
pub(crate) fn page(asked: &Asked, pace: &Pace, items: &Items<'_>) -> Answer {
    let (range, next) = match portion(asked, pace, items.len()) {
        Ok(portion) => portion,
        Err(InvalidToken) => return error(400, "InvalidSkipToken", "The skip token is invalid."),
    };
    let next_link = next.map(|token| {
        format!("{}{}", asked.origin.arm(), asked.path_with(&[("$skiptoken", &token)]))
    });
    Answer::json(200, &Page { value: &items[range], next_link })
}

/// A continuation token that was not made here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidToken;

/// Which of `count` items belong on the page that is asked for, and the token of the next.
pub(crate) fn portion(
    asked: &Asked,
    pace: &Pace,
    count: usize,
) -> Result<(std::ops::Range<usize>, Option<String>), InvalidToken> {
    let token = |start: usize| base64::encode_url_safe(format!("from:{start}"));
    let start = match asked.parameter("$skiptoken") {
        None if pace.empty_first_page && count > 0 => return Ok((0..0, Some(token(0)))),
        None => 0,
        Some(token) => {
            let text = base64::decode_url_safe(token).ok();
            let text = text.and_then(|text| String::from_utf8(text).ok());
            let start = text.as_deref().and_then(|text| text.strip_prefix("from:"));
            start.and_then(|start| start.parse().ok()).ok_or(InvalidToken)?
        }
    };
    let start = start.min(count);
    let asked_size = asked.parameter("$top").and_then(|top| top.parse().ok());
    let sizes = [pace.page_size.map(usize::from), asked_size.filter(|size| *size > 0)];
    let size = sizes.into_iter().flatten().min().unwrap_or(usize::MAX);
    let end = start.saturating_add(size).min(count);
    Ok((start..end, (end < count).then(|| token(end))))
}

/// The resources of a type below a scope, or the children of a parent.
pub(crate) fn resources<'a>(estate: &'a Estate, id: &ProviderId<'_>, origin: &Origin) -> Items<'a> {
    let parent = key(&id.parent());
    let segment = id.segments.last().copied().unwrap_or_default();
    if let Some(derived) = derived_children(estate, &parent, segment, origin) {
        return derived;
    }
    let kind = id.full_type().to_ascii_lowercase();
    let is_listed = |key: &str, resource: &Resource| {
        resource.kind == kind && is_within(key, &parent) && key.len() > parent.len()
    };
    let listed = estate.resources.iter().filter(|(key, resource)| is_listed(key, resource));
    listed.map(|(_, resource)| served(resource, origin)).collect()
}

/// Children that are kept elsewhere than below their own path.
fn derived_children<'a>(
    estate: &'a Estate,
    parent: &str,
    segment: &str,
    origin: &Origin,
) -> Option<Items<'a>> {
    let resource = estate.resources.get(parent)?;
    if let Some(inline) = types::inline(&resource.kind, segment) {
        let children = estate.inline_children(parent, inline);
        return Some(children.iter().map(|child| inline_child(resource, inline, child)).collect());
    }
    let in_zone = |(key, record): &(&String, &Resource)| {
        is_within(key, parent)
            && record.kind.matches('/').count() == 2
            && !record.kind.ends_with("/virtualnetworklinks")
            && record.kind.starts_with("microsoft.network/privatednszones/")
    };
    match (resource.kind.as_str(), segment.to_ascii_lowercase().as_str()) {
        ("microsoft.network/privatednszones", "all") => {
            let records = estate.resources.iter().filter(in_zone);
            Some(records.map(|(_, record)| served(record, origin)).collect())
        }
        ("microsoft.dbforpostgresql/flexibleservers", "replicas") => {
            let is_replica = |server: &&Resource| {
                let source = server.body.pointer("/properties/sourceServerResourceId");
                server.kind == resource.kind
                    && source.and_then(Value::as_str).is_some_and(|source| key(source) == parent)
            };
            let replicas = estate.resources.values().filter(is_replica);
            Some(replicas.map(|replica| Cow::Owned(replica_entry(&replica.body))).collect())
        }
        _ => None,
    }
}

/// An inline child as its own path shows it: agent pools have another shape there.
pub(crate) fn inline_child<'a>(
    parent: &Resource,
    inline: types::Inline,
    child: &'a Value,
) -> Cow<'a, Value> {
    if inline.child != "agentPools" {
        return Cow::Borrowed(child);
    }
    let mut properties = child.clone();
    let name = properties.as_object_mut().and_then(|fields| fields.remove("name"));
    let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
    let id = parent.body.get("id").and_then(Value::as_str).unwrap_or(&parent.id);
    Cow::Owned(json!({
        "id": format!("{id}/agentPools/{name}"),
        "name": name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": properties
    }))
}

/// A replica in its primary's list: a much poorer shape than its own GET shows.
fn replica_entry(server: &Value) -> Value {
    let mut entry = server.clone();
    if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
        for absent in [
            "version",
            "minorVersion",
            "fullyQualifiedDomainName",
            "highAvailability",
            "authConfig",
        ] {
            properties.remove(absent);
        }
        properties.insert("network".to_owned(), json!({"publicNetworkAccess": "Disabled"}));
        properties
            .insert("storage".to_owned(), json!({"autoGrow": "Disabled", "storageSizeGB": 0}));
    }
    if let Some(location) = server.get("location").and_then(Value::as_str) {
        entry["location"] = location.to_ascii_lowercase().replace(' ', "").into();
    }
    entry["sku"] = json!({"name": ""});
    entry
}

/// The inventory of a subscription or a group: what has a location, in few words.
pub(crate) fn inventory<'a>(
    estate: &'a Estate,
    scope: &str,
    filter: Option<&str>,
) -> Option<Items<'a>> {
    let wanted = match filter.filter(|filter| !filter.is_empty()) {
        None => None,
        Some(filter) => {
            let (field, value) = filter.split_once(" eq ")?;
            field.trim().eq_ignore_ascii_case("resourceType").then_some(())?;
            Some(value.trim().trim_matches('\'').to_ascii_lowercase())
        }
    };
    let scope = key(scope);
    let is_listed = |(key, resource): &(&String, &Resource)| {
        is_within(key, &scope)
            && !resource.kind.is_empty()
            && !types::is_extension(&resource.kind)
            && resource.body.get("location").is_some_and(|location| !location.is_null())
            && wanted.as_ref().is_none_or(|wanted| *wanted == resource.kind)
    };
    let entry = |resource: &Resource| {
        let fields = resource.body.as_object().into_iter().flatten();
        let is_shown = |field: &str| {
            matches!(
                field,
                "id" | "name"
                    | "type"
                    | "kind"
                    | "location"
                    | "sku"
                    | "tags"
                    | "identity"
                    | "managedBy"
            )
        };
        let shown = fields.filter(|(field, _)| is_shown(field));
        Value::Object(shown.map(|(field, value)| (field.clone(), value.clone())).collect())
    };
    let listed = estate.resources.iter().filter(is_listed);
    Some(listed.map(|(_, resource)| Cow::Owned(entry(resource))).collect())
}

/// A resource's body for a client that came by some name: on loopback the blob endpoint is there.
pub(crate) fn served<'a>(resource: &'a Resource, origin: &Origin) -> Cow<'a, Value> {
    let is_account = resource.kind == "microsoft.storage/storageaccounts";
    let endpoint = resource.body.pointer("/properties/primaryEndpoints/blob");
    match (origin, endpoint) {
        (Origin::Loopback { .. }, Some(Value::String(url))) if is_account => {
            let host = url.split_once("://").map_or("", |(_, rest)| rest);
            let Some(account) = host.split('.').next().filter(|account| !account.is_empty()) else {
                return Cow::Borrowed(&resource.body);
            };
            let mut body = resource.body.clone();
            if let Some(endpoint) = body.pointer_mut("/properties/primaryEndpoints/blob") {
                *endpoint = format!("{}/", origin.blob(account)).into();
            }
            Cow::Owned(body)
        }
        _ => Cow::Borrowed(&resource.body),
    }
}
