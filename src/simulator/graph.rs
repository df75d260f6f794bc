//! Microsoft Graph v1.0: principals, applications, groups and directory roles.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::arm_lists::portion;
use crate::clock::seven_digits;
use crate::directory::{Directory, NAVIGATION, holds};
use crate::graph_query::{self, Predicate};
use crate::request::Asked;
use crate::scenario::Scenario;
use crate::tokens::{Claims, TokenProblem};

/// Graph's media type.
const ODATA_JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Answers requests to Graph whose token was good.
pub(crate) struct Graph<'a> {
    /// What there is.
    pub(crate) scenario: &'a Scenario,
    /// What was asked.
    pub(crate) asked: &'a Asked,
    /// Who asked.
    pub(crate) caller: &'a Claims,
    /// The id of the request.
    pub(crate) request_id: &'a str,
}

/// The error of a path that leads nowhere.
struct Unknown(String);

impl Graph<'_> {
    /// Answers the request.
    pub(crate) fn answer(&self) -> Answer {
        let asked = self.asked;
        let segments: Vec<&str> = asked.segments.iter().skip(1).map(String::as_str).collect();
        if asked.method == "POST" && segments == ["$batch"] {
            return self.error(501, "NotImplemented", "The simulator does not answer batches.");
        }
        if asked.method != "GET" {
            let message = "Specified HTTP method is not allowed for the request target.";
            return self.error(405, "Request_BadRequest", message);
        }
        if asked.segments.first().is_some_and(|version| version != "v1.0") {
            return self.error(400, "BadRequest", "The simulator knows version v1.0 only.");
        }
        match self.route(&segments) {
            Ok(answer) => answer,
            Err(Unknown(id)) => self.not_found(&id),
        }
    }

    fn directory(&self) -> &Directory {
        &self.scenario.estate.directory
    }

    fn route(&self, segments: &[&str]) -> Result<Answer, Unknown> {
        match segments {
            ["organization"] => Ok(self.organization()),
            [
                "roleManagement",
                "directory",
                collection @ ("roleAssignments" | "roleDefinitions"),
            ] => Ok(self.collection(collection, &format!("roleManagement/directory/{collection}"))),
            ["directory", "deletedItems", rest @ ..] => self.deleted(rest),
            ["directoryObjects", id] => {
                let (kind, object) = self.directory().find(id).ok_or_else(|| unknown(id))?;
                Ok(self.entity("directoryObjects", &typed(kind, object)))
            }
            [first, rest @ ..] => {
                let (collection, key) = graph_query::key(first);
                let name =
                    ["servicePrincipals", "applications", "groups", "users", "directoryRoles"]
                        .into_iter()
                        .find(|name| name.eq_ignore_ascii_case(collection))
                        .ok_or_else(|| unknown(first))?;
                match (key, rest) {
                    (None, []) => Ok(self.collection(name, name)),
                    (Some(key), rest) => {
                        let object = self.by_key(name, &key).ok_or_else(|| unknown(&key.value))?;
                        self.below(name, object, rest)
                    }
                    (None, [id, rest @ ..]) => {
                        let object = self.directory().get(name, id).ok_or_else(|| unknown(id))?;
                        self.below(name, object, rest)
                    }
                }
            }
            [] => Err(unknown("v1.0")),
        }
    }

    fn by_key(&self, collection: &str, key: &graph_query::Key) -> Option<&Value> {
        match key.property.as_deref() {
            None => self.directory().get(collection, &key.value),
            Some(name) if name.eq_ignore_ascii_case("appId") => {
                self.directory().by_app_id(collection, &key.value)
            }
            Some(name) => self.directory().all(collection).find(|object| {
                object.get(name).and_then(Value::as_str).is_some_and(|own| own == key.value)
            }),
        }
    }

    /// An object itself, or one of its navigation properties.
    fn below(&self, collection: &str, object: &Value, rest: &[&str]) -> Result<Answer, Unknown> {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        let (property, cast) = match rest {
            [] => return Ok(self.entity(collection, &entity(object))),
            [property] => (property, None),
            [property, cast] if cast.starts_with("microsoft.graph.") => (property, Some(cast)),
            [.., last] => return Err(unknown(last)),
        };
        let context = format!("{collection}('{id}')/{property}");
        let objects = || "directoryObjects".to_owned();
        let (context, items) = match (collection, *property) {
            ("servicePrincipals", "appRoleAssignments" | "oauth2PermissionGrants")
            | ("applications", "federatedIdentityCredentials") => {
                let items = object.get(*property).and_then(Value::as_array).cloned();
                (context, items.unwrap_or_default())
            }
            (_, "owners" | "members") => {
                let ids = object.get(*property).and_then(Value::as_array);
                let ids = ids.into_iter().flatten().filter_map(Value::as_str);
                (objects(), ids.map(|id| self.reference(id)).collect())
            }
            ("servicePrincipals" | "users", "ownedObjects") => (objects(), self.owned(id)),
            (_, "transitiveMemberOf") => (objects(), self.memberships(id, true)),
            (_, "memberOf") => (objects(), self.memberships(id, false)),
            _ => return Err(unknown(property)),
        };
        let is_kind = |item: &Value| {
            let kind = item.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
            cast.is_none_or(|cast| kind.trim_start_matches('#') == *cast)
        };
        Ok(self.list(&context, items.into_iter().filter(is_kind).collect()))
    }

    /// An object as lists of directory objects show it; of unknown ones only the id.
    fn reference(&self, id: &str) -> Value {
        match self.directory().find(id) {
            Some((kind, object)) => typed(kind, object),
            None => json!({"@odata.type": "#microsoft.graph.directoryObject", "id": id}),
        }
    }

    fn owned(&self, owner: &str) -> Vec<Value> {
        let kinds = [
            ("applications", "#microsoft.graph.application"),
            ("servicePrincipals", "#microsoft.graph.servicePrincipal"),
            ("groups", "#microsoft.graph.group"),
        ];
        let of_kind = |(collection, kind)| {
            let owned =
                self.directory().all(collection).filter(|object| holds(object, "owners", owner));
            owned.map(move |object| typed(kind, object)).collect::<Vec<Value>>()
        };
        kinds.into_iter().flat_map(of_kind).collect()
    }

    fn memberships(&self, member: &str, transitive: bool) -> Vec<Value> {
        let groups = self.directory().groups_of(member);
        let groups = groups.iter().filter_map(|id| self.directory().get("groups", id));
        let groups = groups.filter(|group| transitive || holds(group, "members", member));
        let roles = self.directory().roles_of(member).into_iter();
        groups
            .map(|group| typed("#microsoft.graph.group", group))
            .chain(roles.map(|role| typed("#microsoft.graph.directoryRole", role)))
            .collect()
    }

    fn collection(&self, collection: &str, context: &str) -> Answer {
        let filter = self.asked.parameter("$filter").map(Predicate::parse).transpose();
        let Ok(filter) = filter else {
            return self.error(
                400,
                "Request_UnsupportedQuery",
                "Unsupported or invalid query filter clause.",
            );
        };
        let is_meant = |object: &&Value| filter.as_ref().is_none_or(|filter| filter.holds(object));
        let items = self.directory().all(collection).filter(is_meant).map(entity);
        self.list(context, items.map(Cow::into_owned).collect())
    }

    fn deleted(&self, rest: &[&str]) -> Result<Answer, Unknown> {
        let of_kind = |kind: &str| {
            let wanted = format!("#{kind}");
            let all = self.directory().all("deletedItems");
            all.filter(move |object| {
                object.get("@odata.type").and_then(Value::as_str) == Some(wanted.as_str())
            })
        };
        match rest {
            [kind] if kind.starts_with("microsoft.graph.") => {
                Ok(self.list("directoryObjects", of_kind(kind).cloned().collect()))
            }
            [id] | [_, id] => {
                let object = self.directory().get("deletedItems", id).ok_or_else(|| unknown(id))?;
                Ok(self.entity("directoryObjects", &Cow::Borrowed(object)))
            }
            _ => Err(unknown("deletedItems")),
        }
    }

    fn organization(&self) -> Answer {
        let tenant = &self.caller.tid;
        self.list("organization", vec![json!({"id": tenant, "displayName": "Simulated tenant"})])
    }

    fn entity(&self, collection: &str, object: &Value) -> Answer {
        let base = self.asked.origin.graph();
        let context = format!("{base}/v1.0/$metadata#{collection}/$entity");
        let mut body = Map::from_iter([("@odata.context".to_owned(), context.into())]);
        body.extend(self.selected(object).as_object().cloned().unwrap_or_default());
        self.finish(Answer::text(200, ODATA_JSON, Value::Object(body).to_string()))
    }

    fn list(&self, context: &str, items: Vec<Value>) -> Answer {
        let base = self.asked.origin.graph();
        let Ok((range, next)) = portion(self.asked, &self.scenario.pace, items.len()) else {
            return self.error(
                400,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired.",
            );
        };
        let value: Vec<Value> = items[range].iter().map(|item| self.selected(item)).collect();
        let mut body = json!({"@odata.context": format!("{base}/v1.0/$metadata#{context}")});
        if let Some(token) = next {
            let path = self.asked.path_with(&[("$skiptoken", &token)]);
            body["@odata.nextLink"] = format!("{base}{path}").into();
        }
        body["value"] = Value::Array(value);
        self.finish(Answer::text(200, ODATA_JSON, body.to_string()))
    }

    /// The properties that `$select` names, or all.
    fn selected(&self, object: &Value) -> Value {
        let Some(select) = self.asked.parameter("$select") else {
            return object.clone();
        };
        let names: Vec<&str> = select.split(',').map(str::trim).collect();
        let fields = object.as_object().into_iter().flatten();
        let is_kept = |name: &str| name.starts_with('@') || names.contains(&name);
        fields
            .filter(|(name, _)| is_kept(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn finish(&self, answer: Answer) -> Answer {
        answer.with("odata-version", "4.0")
    }

    fn not_found(&self, id: &str) -> Answer {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are \
             not present."
        );
        self.error(404, "Request_ResourceNotFound", &message)
    }

    fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        error(status, code, message, self.request_id, self.scenario)
    }
}

fn unknown(id: &str) -> Unknown {
    Unknown(id.to_owned())
}

/// An object without its navigation properties.
fn entity(object: &Value) -> Cow<'_, Value> {
    let fields = object.as_object();
    if !fields.is_some_and(|fields| NAVIGATION.iter().any(|name| fields.contains_key(*name))) {
        return Cow::Borrowed(object);
    }
    let fields = fields.into_iter().flatten();
    let shown = fields.filter(|(name, _)| !NAVIGATION.contains(&name.as_str()));
    Cow::Owned(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// An object in a list of mixed kinds.
fn typed(kind: &str, object: &Value) -> Value {
    let mut fields = Map::from_iter([("@odata.type".to_owned(), kind.into())]);
    fields.extend(entity(object).as_object().cloned().unwrap_or_default());
    Value::Object(fields)
}

/// An error in Graph's shape.
pub(crate) fn error(
    status: u16,
    code: &str,
    message: &str,
    request_id: &str,
    scenario: &Scenario,
) -> Answer {
    let date = seven_digits(scenario.clock.served());
    let date = date.split('.').next().unwrap_or_default();
    let body = json!({"error": {"code": code, "message": message, "innerError": {
        "date": date, "request-id": request_id, "client-request-id": request_id}}});
    Answer::text(status, "application/json", body.to_string())
}

/// The answer to a missing or unsuitable token.
pub(crate) fn unauthenticated(problem: &TokenProblem, id: &str, scenario: &Scenario) -> Answer {
    let message = match problem {
        TokenProblem::Missing => "Access token is empty.",
        TokenProblem::Garbage => "CompactToken parsing failed with error code: 80049217",
        TokenProblem::Expired(_) => "Lifetime validation failed, the token is expired.",
        TokenProblem::Audience(_) => "Access token validation failure. Invalid audience.",
    };
    let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"";
    error(401, "InvalidAuthenticationToken", message, id, scenario)
        .with("www-authenticate", challenge)
}

/// The usual wording of an error that a fault asks for by status alone.
pub(crate) fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("Request_BadRequest", "Invalid request."),
        401 => {
            ("InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217")
        }
        403 => {
            ("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        }
        404 => ("Request_ResourceNotFound", "Resource does not exist."),
        429 => ("TooManyRequests", "Too many requests."),
        503 => ("serviceNotAvailable", "The service is temporarily unavailable."),
        504 => ("UnknownError", "The gateway timed out."),
        _ => ("InternalServerError", "Internal server error."),
    }
}
