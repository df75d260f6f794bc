//! Resource Graph: `POST /providers/Microsoft.ResourceGraph/resources`.
//!
//! What a row holds, and how much of an answer fits into one, follows recorded answers. Rows the
//! caller may not read are left out without a word, as Azure leaves them out.

use azure_core::base64;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::arm_errors::error;
use crate::authorization::Sight;
use crate::clock::seven_digits;
use crate::estate::{Estate, Resource};
use crate::kql::{ParserFailure, Query, Row};
use crate::request::Asked;
use crate::resource_id::{self, key};
use crate::scenario::Scenario;
use crate::tokens::Claims;
use crate::types;

/// The most rows of one answer.
const MOST_ROWS: usize = 1_000;

/// The columns every table has.
const COLUMNS: [&str; 16] = [
    "extendedLocation",
    "id",
    "identity",
    "kind",
    "location",
    "managedBy",
    "name",
    "plan",
    "properties",
    "resourceGroup",
    "sku",
    "subscriptionId",
    "tags",
    "tenantId",
    "type",
    "zones",
];

#[derive(Deserialize)]
struct Body {
    query: String,
    subscriptions: Option<Vec<String>>,
    options: Option<Options>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    #[serde(rename = "$top")]
    top: Option<usize>,
    #[serde(rename = "$skip")]
    skip: Option<usize>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
    result_format: Option<String>,
    authorization_scope_filter: Option<String>,
}

/// Where the next page begins, in Azure's own notation.
#[derive(Deserialize)]
struct Token {
    #[serde(rename = "RowsToSkip")]
    rows_to_skip: usize,
}

/// Which role assignments are meant, seen from the subscriptions that are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Levels {
    above: bool,
    below: bool,
}

impl Levels {
    const DEFAULT: Self = Self { above: false, below: true };

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "atscopeandbelow" => Some(Self::DEFAULT),
            "atscopeandabove" => Some(Self { above: true, below: false }),
            "atscopeaboveandbelow" => Some(Self { above: true, below: true }),
            "atscopeexact" => Some(Self { above: false, below: false }),
            _ => None,
        }
    }
}

/// Whether a request is a query.
pub(crate) fn is_query(asked: &Asked) -> bool {
    let is = |index: usize, text: &str| {
        asked.segments.get(index).is_some_and(|own| own.eq_ignore_ascii_case(text))
    };
    let is_here = is(0, "providers") && is(1, "Microsoft.ResourceGraph") && is(2, "resources");
    asked.method == "POST" && is_here && asked.segments.len() == 3
}

/// Answers a query.
pub(crate) fn answer(scenario: &Scenario, asked: &Asked, caller: &Claims) -> Answer {
    let body: Body = match serde_json::from_slice(&asked.body) {
        Ok(body) => body,
        Err(_) => {
            return refusal(
                scenario,
                asked,
                &[detail("InvalidRequestBody", "The request body is invalid.")],
            );
        }
    };
    let options = body.options.unwrap_or_default();
    let version = asked.parameter("api-version").unwrap_or_default();
    let format = options.result_format.as_deref().unwrap_or(match version < "2020" {
        true => "table",
        false => "objectArray",
    });
    if !format.eq_ignore_ascii_case("objectArray") {
        // Rows without names in an answer for objects would claim that nothing is there.
        let message = "The simulator answers Resource Graph queries as objectArray only.";
        return error(501, "NotImplemented", message);
    }
    let query = match Query::parse(&body.query, &COLUMNS) {
        Ok(query) => query,
        Err(failure) => {
            return refusal(scenario, asked, &[invalid_query(), parser_failure(&failure)]);
        }
    };
    let sight = Sight::of(&scenario.estate, caller);
    let Ok(subscriptions) = subscriptions(&scenario.estate, &sight, body.subscriptions.as_deref())
    else {
        let given = body.subscriptions.unwrap_or_default().join(",");
        let message = format!(
            "There must be at least one subscription that is eligible to contain resources. Given: \
             '{given}'."
        );
        return refusal(scenario, asked, &[detail("NoValidSubscriptionsInQueryRequest", &message)]);
    };
    // Older api-versions do not know the option, and Azure overlooks what it does not know.
    let levels = match options.authorization_scope_filter.as_deref() {
        Some(text) if version >= "2021-06-01" => Levels::parse(text),
        _ => Some(Levels::DEFAULT),
    };
    let Some(levels) = levels else {
        let message = "The value of 'authorizationScopeFilter' is invalid.";
        return refusal(scenario, asked, &[detail("InvalidAuthorizationScopeFilter", message)]);
    };
    let table = Table { estate: &scenario.estate, sight, subscriptions, levels, caller };
    let rows = match query.table.as_str() {
        "resources" => table.rows(|resource| table.has_resource(resource)),
        "authorizationresources" => table.rows(|resource| table.has_authorization(resource)),
        other => {
            let message = format!("Table {other} is invalid, unsupported or disallowed.");
            return refusal(
                scenario,
                asked,
                &[invalid_query(), detail("DisallowedLogicalTableName", &message)],
            );
        }
    };
    let most = scenario.pace.page_size.map_or(MOST_ROWS, |size| MOST_ROWS.min(size.get()));
    match page(&query, query.run(rows), &options, most) {
        Some(page) => Answer::json(200, &page),
        None => {
            refusal(scenario, asked, &[detail("InvalidSkipToken", "The skip token is invalid.")])
        }
    }
}

/// One page; `None` when the token was not made here.
///
/// `resultTruncated` is a text, and says `false` of a page that has a successor (recorded). It says
/// `true` when rows are lost for good, because without ids there is no going on.
fn page(query: &Query, rows: Vec<Row>, options: &Options, most: usize) -> Option<Value> {
    let start = match &options.skip_token {
        Some(token) => {
            let bytes = base64::decode(token).ok()?;
            serde_json::from_slice::<Token>(&bytes).ok()?.rows_to_skip
        }
        None => options.skip.unwrap_or_default(),
    };
    let total = rows.len();
    let size = options.top.filter(|top| *top > 0).map_or(most, |top| top.min(most));
    let data: Vec<Row> = rows.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(data.len());
    let has_more = end < total;
    let can_go_on = query.shows("id");
    let mut page = json!({
        "totalRecords": total,
        "count": data.len(),
        "data": data,
        "facets": [],
        "resultTruncated": if has_more && !can_go_on { "true" } else { "false" },
    });
    if has_more && can_go_on {
        let token = json!({"$id": "1", "MaxRows": size, "RowsToSkip": end}).to_string();
        page["$skipToken"] = base64::encode(token).into();
    }
    Some(page)
}

/// None of the subscriptions that were asked about can be seen.
struct NoneVisible;

/// The subscriptions a query is about, as keys: those named, else all, as far as they can be seen.
fn subscriptions(
    estate: &Estate,
    sight: &Sight,
    named: Option<&[String]>,
) -> Result<Vec<String>, NoneVisible> {
    let all = estate
        .resources
        .keys()
        .filter(|key| key.strip_prefix("/subscriptions/").is_some_and(|rest| !rest.contains('/')));
    let visible = all.filter(|key| sight.may("Microsoft.Resources/subscriptions/read", key));
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Ok(visible.cloned().collect());
    };
    let named: Vec<String> = named.iter().map(|id| key(&format!("/subscriptions/{id}"))).collect();
    let found: Vec<String> = visible.filter(|key| named.contains(key)).cloned().collect();
    if found.is_empty() { Err(NoneVisible) } else { Ok(found) }
}

struct Table<'a> {
    estate: &'a Estate,
    sight: Sight,
    subscriptions: Vec<String>,
    levels: Levels,
    caller: &'a Claims,
}

impl Table<'_> {
    fn rows(&self, has: impl Fn(&Resource) -> bool) -> Vec<Row> {
        let resources = self.estate.resources.values();
        resources.filter(|resource| has(resource)).map(|resource| self.row(resource)).collect()
    }

    /// The tracked resources of the subscriptions.
    fn has_resource(&self, resource: &Resource) -> bool {
        !resource.kind.is_empty()
            && !types::is_extension(&resource.kind)
            && resource.body.get("location").is_some_and(|location| !location.is_null())
            && self.subscription_of(resource).is_some()
            && self.sight.may(&format!("{}/read", resource.kind), &key(&resource.id))
    }

    /// Role assignments and definitions; neither deny assignments nor anything of PIM.
    fn has_authorization(&self, resource: &Resource) -> bool {
        let is_assignment = resource.kind == "microsoft.authorization/roleassignments";
        if !is_assignment && resource.kind != "microsoft.authorization/roledefinitions" {
            return false;
        }
        let action = format!("{}/read", resource.kind);
        if resource_id::subscription(&resource.id).is_none() {
            // What is inherited shows in every subscription below.
            let is_meant = !is_assignment || self.levels.above;
            return is_meant && self.subscriptions.iter().any(|own| self.sight.may(&action, own));
        }
        let Some(subscription) = self.subscription_of(resource) else { return false };
        let scope = resource_id::ProviderId::parse(&resource.id).map(|id| key(id.scope));
        let is_here = scope.as_deref() == Some(subscription);
        (!is_assignment || is_here || self.levels.below)
            && self.sight.may(&action, &key(&resource.id))
    }

    fn subscription_of(&self, resource: &Resource) -> Option<&str> {
        let subscription = resource_id::subscription(&resource.id)?;
        let own = key(&format!("/subscriptions/{subscription}"));
        self.subscriptions.iter().map(String::as_str).find(|known| *known == own)
    }

    /// A row: the columns Azure fills for everything, types in lower case, what is not there null.
    fn row(&self, resource: &Resource) -> Row {
        let group =
            resource_id::resource_group(&resource.id).map(|(group, _)| group.to_lowercase());
        let subscription = resource_id::subscription(&resource.id).unwrap_or_default();
        let column = |name: &&str| {
            let own = || resource.body.get(*name).cloned();
            let value = match *name {
                "type" => resource.kind.clone().into(),
                "resourceGroup" => group.clone().unwrap_or_default().into(),
                "subscriptionId" => subscription.into(),
                "tenantId" => self.caller.tid.clone().into(),
                "kind" | "location" | "managedBy" => {
                    own().filter(|value| !value.is_null()).unwrap_or_else(|| "".into())
                }
                _ => own().unwrap_or_default(),
            };
            ((*name).to_owned(), value)
        };
        COLUMNS.iter().map(column).collect()
    }
}

fn detail(code: &str, message: &str) -> Value {
    json!({"code": code, "message": message})
}

fn invalid_query() -> Value {
    let message = "Query is invalid. Please refer to the documentation for the Azure Resource Graph \
                   service and fix the error before retrying.";
    detail("InvalidQuery", message)
}

fn parser_failure(failure: &ParserFailure) -> Value {
    json!({
        "code": "ParserFailure",
        "message": "ParserFailure",
        "line": failure.line,
        "characterPositionInLine": failure.position,
        "token": failure.token
    })
}

/// A refusal as Resource Graph writes it: what is wrong stands in the details.
fn refusal(scenario: &Scenario, asked: &Asked, details: &[Value]) -> Answer {
    let correlation = asked
        .header("x-ms-correlation-request-id")
        .unwrap_or("00000000-0000-0000-0000-000000000000");
    let message = format!(
        "Please provide below info when asking for support: timestamp = {}, correlationId = \
         {correlation}.",
        seven_digits(scenario.clock.served())
    );
    let error = json!({"code": "BadRequest", "message": message, "details": details});
    Answer::json(400, &json!({"error": error}))
}
