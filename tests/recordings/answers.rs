//! What an answer proves, by its status and its error: the rule that every exchange is held to.

use serde_json::Value;
use vaudit_model::document::{Answer, ErrorBody};
use vaudit_model::{Audience, Request, RequestKind};

use crate::comparison::Comparison;
use crate::naive::look;

/// The 404s that prove absence.
const PROOFS: &[&str] = &[
    "ContainerNotFound",
    "ManagementPolicyNotFound",
    "NotFound",
    "ParentResourceNotFound",
    "Request_ResourceNotFound",
    "ResourceGroupNotFound",
    "ResourceNotFound",
    "RoleAssignmentNotFound",
    "RoleDefinitionDoesNotExist",
];

/// The error code of a body, wherever Azure's services put it.
fn code(body: &Value) -> String {
    let holder = if body["error"].is_object() { &body["error"] } else { body };
    let code = ["code", "errorCode"].iter().map(|field| look(holder, field));
    let mut texts = code.filter_map(|code| match code {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    // What is no word may repeat what was sent, and is not kept.
    let is_word = |text: &String| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    texts.next().filter(is_word).unwrap_or_default()
}

/// What the answer proves, in the words of the report.
fn expected(comparison: &Comparison<'_>, asked: RequestKind, code: &str) -> &'static str {
    let exchange = comparison.exchange;
    let is_child = matches!(asked, RequestKind::PostgresBackups | RequestKind::PostgresDatabases);
    match exchange.status {
        200 if exchange.succeeded() => "read",
        200 if !exchange.body.is_object() => "unrecognised",
        200 if is_child || code.to_lowercase().contains("busy") => "server-state",
        200 => "transport",
        400 if ["NoRegisteredProviderFound", "InvalidApiVersionParameter"].contains(&code) => {
            "unrecognised"
        }
        400 | 409 if is_child => "server-state",
        400..=499 if is_child && is_about_the_server(code) => "server-state",
        401 => "sign-in",
        403 => "forbidden",
        404 if PROOFS.contains(&code) => "absent",
        404 if code == "SubscriptionNotFound" => "beyond-reach",
        429 => "throttled",
        300..=399 => "untrusted-next-link",
        408 | 500..=599 => "transport",
        _ => "unrecognised",
    }
}

fn is_about_the_server(code: &str) -> bool {
    let code = code.to_lowercase();
    let states = ["stopped", "busy", "state"];
    code.contains("server") && states.iter().any(|state| code.contains(state))
}

/// Holds an exchange to the rule.
pub(crate) fn compare(comparison: &mut Comparison<'_>, asked: RequestKind) {
    let exchange = comparison.exchange;
    let request = match asked.audience() {
        Audience::ResourceManager => Request::arm(asked, &exchange.id()),
        Audience::Graph | Audience::Storage => Request::graph(asked, exchange.place.path.clone()),
    };
    let document = exchange.document(&request);
    let code = if exchange.succeeded() { String::new() } else { code(&exchange.body) };
    let proves = match document.answer() {
        Answer::Read(_) => "read",
        Answer::Absent => "absent",
        Answer::Unread(gap) => {
            comparison.says(
                "status",
                format!("{:?}", gap.status),
                &format!("{:?}", Some(exchange.status)),
            );
            let is_named = code.is_empty() || gap.message.contains(&format!(" {code})"));
            comparison.says("code is said", is_named.to_string(), "true");
            gap.reason.code()
        }
    };
    let expected = expected(comparison, asked, &code);
    comparison.says("answer", proves.to_owned(), expected);
    if expected != "read" {
        comparison.says("code", ErrorBody::of(&document.body).code, &code);
    }
}
