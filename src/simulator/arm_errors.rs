//! ARM's errors, in ARM's words.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::seven_digits;
use crate::estate::Estate;
use crate::request::Asked;
use crate::resource_id::{self, ProviderId, key};
use crate::tokens::{Claims, TokenProblem};
use crate::types;

/// An error in the usual shape.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message}}))
}

/// The answer to a missing or unsuitable token.
pub(crate) fn unauthenticated(problem: &TokenProblem, now: jiff::Timestamp) -> Answer {
    let us = |time: jiff::Timestamp| time.strftime("%-m/%-d/%Y %-I:%M:%S %p").to_string();
    let (code, message) = match problem {
        TokenProblem::Missing => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.".to_owned(),
        ),
        TokenProblem::Garbage => {
            ("InvalidAuthenticationToken", "The access token is invalid.".to_owned())
        }
        TokenProblem::Expired(claims) => {
            let end = jiff::Timestamp::from_second(claims.exp).unwrap_or(now);
            let message = format!(
                "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                us(end),
                us(now)
            );
            ("ExpiredAuthenticationToken", message)
        }
        TokenProblem::Audience(claims) => {
            let message = format!(
                "The access token has been obtained for wrong audience or resource '{}'. It should \
                 exactly match with one of the allowed audiences \
                 'https://management.core.windows.net/','https://management.azure.com/'.",
                claims.aud
            );
            ("InvalidAuthenticationTokenAudience", message)
        }
    };
    let challenge = format!(
        "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
         error_description=\"{message}\""
    );
    error(401, code, &message).with("www-authenticate", &challenge)
}

/// A refusal in Azure's own sentence, with the action and scope that the path asks for.
pub(crate) fn forbidden(asked: &Asked, caller: &Claims) -> Answer {
    let (action, scope) = action_and_scope(&asked.segments);
    let message = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action \
         '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, \
         please refresh your credentials.",
        caller.appid, caller.oid
    );
    error(403, "AuthorizationFailed", &message)
}

/// What a read needs permission for, and over what.
pub(crate) fn action_and_scope(segments: &[String]) -> (String, String) {
    let path = format!("/{}", segments.join("/"));
    if let Some(id) = ProviderId::parse(&path) {
        let action = format!("{}/read", id.full_type());
        let list_scope = || path.rsplit_once('/').map_or("", |(scope, _)| scope).to_owned();
        return (action, if id.is_item() { path.clone() } else { list_scope() });
    }
    let parts: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let kind = match parts.as_slice() {
        ["subscriptions", _, "resourcegroups", _, "resources"] => {
            "Microsoft.Resources/subscriptions/resourceGroups/resources"
        }
        ["subscriptions", _, "resources"] => "Microsoft.Resources/subscriptions/resources",
        ["subscriptions", _, "resourcegroups", ..] => {
            "Microsoft.Resources/subscriptions/resourcegroups"
        }
        ["tenants"] => "Microsoft.Resources/tenants",
        _ => "Microsoft.Resources/subscriptions",
    };
    let is_list = matches!(parts.last(), Some(&"resources" | &"resourcegroups"));
    let scope = if is_list { path.rsplit_once('/').map_or("", |(scope, _)| scope) } else { &path };
    (format!("{kind}/read"), scope.to_owned())
}

/// The usual wording of an error that a fault asks for by status alone.
pub(crate) fn usual(asked: &Asked, status: u16) -> (&'static str, String) {
    let path = format!("/{}", asked.segments.join("/"));
    let namespace = ProviderId::parse(&path).map_or("Microsoft.Resources", |id| id.namespace);
    let subscription = resource_id::subscription(&path).unwrap_or_default();
    match status {
        400 => ("BadRequest", "The request is invalid.".to_owned()),
        401 => ("InvalidAuthenticationToken", "The access token is invalid.".to_owned()),
        404 => ("ResourceNotFound", format!("The Resource '{path}' was not found.")),
        409 => ("Conflict", "The resource is busy with another operation.".to_owned()),
        429 => (
            "SubscriptionRequestsThrottled",
            format!(
                "Number of 'read' requests for subscription '{subscription}' exceeded the limit. \
                 Please try again after '12' seconds."
            ),
        ),
        502 => (
            "BadGatewayConnection",
            format!(
                "The network connectivity issue encountered for '{namespace}'; cannot fulfill the \
                 request."
            ),
        ),
        503 => (
            "ServiceUnavailable",
            "The service is unavailable now. Please retry the request later.".to_owned(),
        ),
        504 => (
            "GatewayTimeout",
            format!(
                "The gateway did not receive a response from '{namespace}' within the specified \
                 time period."
            ),
        ),
        _ => ("InternalServerError", "The server encountered an internal error.".to_owned()),
    }
}

/// Why nothing is at a path: the first of subscription, group, type and parent that is missing.
pub(crate) fn missing_above(estate: &Estate, path: &str) -> Option<Answer> {
    if let Some(subscription) = resource_id::subscription(path)
        && estate.get(&format!("/subscriptions/{subscription}")).is_none()
    {
        let message = format!("The subscription '{subscription}' could not be found.");
        return Some(error(404, "SubscriptionNotFound", &message));
    }
    let provider = ProviderId::parse(path);
    if let Some(unknown) = provider.as_ref().and_then(|id| unknown_type(estate, id)) {
        return Some(unknown);
    }
    if let Some((group, id)) = resource_id::resource_group(path)
        && estate.get(&id).is_none()
    {
        let message = format!("Resource group '{group}' could not be found.");
        return Some(error(404, "ResourceGroupNotFound", &message));
    }
    let provider = provider?;
    let parent = provider.parent();
    let parent_key = key(&parent);
    // A type that is listed over a subscription or the tenant has no parent to miss.
    let is_resource = ProviderId::parse(&parent).is_some();
    let is_there = estate.resources.contains_key(&parent_key)
        || estate.inline_id(&parent).is_some_and(|child| {
            let items = estate.inline_children(&child.parent, child.inline);
            crate::json::position(items, child.name).is_some()
        });
    if !is_resource || is_there || parent_key.starts_with("/providers/") {
        return None;
    }
    if types::is_extension(&provider.full_type()) {
        return Some(not_found(&ProviderId::parse(&parent)?, &parent));
    }
    let full_type = provider.full_type();
    let short_type = full_type.split_once('/').map_or(full_type.as_str(), |(_, short)| short);
    let message = format!(
        "Failed to perform 'read' on resource(s) of type '{short_type}', because the parent \
         resource '{parent}' could not be found."
    );
    Some(error(404, "ParentResourceNotFound", &message))
}

fn unknown_type(estate: &Estate, id: &ProviderId<'_>) -> Option<Answer> {
    let full_type = id.full_type();
    let lower = full_type.to_ascii_lowercase();
    let in_estate = |kind: &str| kind == lower;
    if types::spelling(&full_type).is_some()
        || estate.resources.values().any(|resource| in_estate(&resource.kind))
    {
        return None;
    }
    if !types::is_namespace(id.namespace) {
        let message = format!("The resource namespace '{}' is invalid.", id.namespace);
        return Some(error(404, "InvalidResourceNamespace", &message));
    }
    let short_type = full_type.split_once('/').map_or("", |(_, short)| short);
    let message = format!(
        "The resource type '{short_type}' could not be found in the namespace '{}'.",
        id.namespace
    );
    Some(error(404, "InvalidResourceType", &message))
}

/// The answer to a GET of something that is not there; each provider has its own.
pub(crate) fn not_found(id: &ProviderId<'_>, path: &str) -> Answer {
    let (full_type, name) = (id.full_type(), id.name());
    let is_child = id.segments.len() > 2;
    match full_type.as_str() {
        "Microsoft.Storage/storageAccounts/managementPolicies" => {
            let account = id.segments.get(1).copied().unwrap_or_default();
            let message = format!("No ManagementPolicy found for account {account}");
            error(404, "ManagementPolicyNotFound", &message)
        }
        "Microsoft.Storage/storageAccounts/blobServices/containers" => error(
            404,
            "ContainerNotFound",
            &format!(
                "The specified container does not exist.\nRequestId:{}\nTime:{}",
                crate::fill::stable_guid(path),
                seven_digits(jiff::Timestamp::now())
            ),
        ),
        "Microsoft.Authorization/roleAssignments" => error(
            404,
            "RoleAssignmentNotFound",
            &format!("The role assignment '{name}' is not found."),
        ),
        "Microsoft.Authorization/roleDefinitions" => error(
            404,
            "RoleDefinitionDoesNotExist",
            &format!("The specified role definition with ID '{name}' does not exist."),
        ),
        "Microsoft.Insights/diagnosticSettings" => Answer::json(
            404,
            &json!({"code": "ResourceNotFound",
                "message": format!("The diagnostic setting '{name}' doesn't exist.")}),
        ),
        kind if kind.starts_with("Microsoft.Network/") && is_child => Answer::json(
            404,
            &json!({"error": {"code": "NotFound", "message": format!("Resource {path} not found."),
                "details": Value::Array(Vec::new())}}),
        ),
        kind if kind.starts_with("Microsoft.DBforPostgreSQL/") && is_child => error(
            404,
            "ResourceNotFound",
            &format!("The requested resource of type '{kind}' with name '{name}' was not found."),
        ),
        kind => {
            let group = resource_id::resource_group(path).map_or("<null>", |(group, _)| group);
            let message = format!(
                "The Resource '{kind}/{name}' under resource group '{group}' was not found. For \
                 more details please go to https://aka.ms/ARMResourceNotFoundFix"
            );
            error(404, "ResourceNotFound", &message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> (String, String) {
        let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        action_and_scope(&segments)
    }

    #[test]
    fn a_refusal_names_action_and_scope() {
        for (path, action, scope) in [
            ("/subscriptions/s", "Microsoft.Resources/subscriptions/read", "/subscriptions/s"),
            (
                "/subscriptions/s/resourceGroups/g",
                "Microsoft.Resources/subscriptions/resourcegroups/read",
                "/subscriptions/s/resourceGroups/g",
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/microsoft.network/virtualnetworks",
                "Microsoft.Network/virtualNetworks/read",
                "/subscriptions/s/resourceGroups/g/providers/microsoft.network",
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/p/backups",
                "Microsoft.DBforPostgreSQL/flexibleServers/backups/read",
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/p",
            ),
            (
                "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments",
                "Microsoft.Authorization/roleAssignments/read",
                "/subscriptions/s/providers/Microsoft.Authorization",
            ),
            (
                "/subscriptions/s/resourceGroups/g/resources",
                "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
                "/subscriptions/s/resourceGroups/g",
            ),
        ] {
            assert_eq!(of(path), (action.to_owned(), scope.to_owned()), "{path}");
        }
    }
}
