//! The Activity Log: events that a scenario tells as resources below
//! `{subscription}/providers/Microsoft.Insights/eventtypes/management/values`, filtered by time and
//! resource as Azure does it, newest first.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::arm_errors::error;
use crate::arm_lists::page;
use crate::request::Asked;
use crate::resource_id::key;
use crate::scenario::Scenario;

/// How far back Azure keeps events.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The conditions of a filter that the log understands.
#[derive(Default)]
struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    resource: Option<String>,
}

impl Filter {
    /// Reads `eventTimestamp ge '…' and eventTimestamp le '…' and resourceUri eq '…'`.
    fn parse(text: &str) -> Option<Self> {
        let mut filter = Self::default();
        for condition in text.split(" and ") {
            let mut words = condition.trim().splitn(3, ' ');
            let (field, operator, value) = (words.next()?, words.next()?, words.next()?);
            let value = value.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'");
            let at = || value.parse::<Timestamp>().ok();
            match (field.to_ascii_lowercase().as_str(), operator) {
                ("eventtimestamp", "ge") => filter.since = Some(at()?),
                ("eventtimestamp", "le") => filter.until = Some(at()?),
                ("resourceuri", "eq") => filter.resource = Some(key(&value)),
                _ => return None,
            }
        }
        filter.since.is_some().then_some(filter)
    }

    fn admits(&self, event: &Value) -> bool {
        let text = |field: &str| event.get(field).and_then(Value::as_str);
        let Some(at) = text("eventTimestamp").and_then(|at| at.parse::<Timestamp>().ok()) else {
            return false;
        };
        self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at <= until)
            && self
                .resource
                .as_ref()
                .is_none_or(|own| text("resourceId").map(key).as_ref() == Some(own))
    }
}

/// The events of a subscription.
pub(crate) fn answer(
    scenario: &Scenario,
    asked: &Asked,
    subscription: &str,
    now: Timestamp,
) -> Answer {
    let filter = asked.parameter("$filter").and_then(Filter::parse);
    let Some(filter) = filter else {
        let message = "The filter has to name eventTimestamp ge and may name eventTimestamp le and resourceUri eq.";
        return error(400, "BadRequest", message);
    };
    if filter.since.is_some_and(|since| now.duration_since(since) > KEPT) {
        let message = "The start time cannot be more than 90 days in the past.";
        return error(400, "BadRequest", message);
    }
    let scope = format!(
        "/subscriptions/{subscription}/providers/microsoft.insights/eventtypes/management/values/"
    );
    let below = scenario.estate.resources.range(scope.clone()..);
    let below = below.take_while(|(key, _)| key.starts_with(&scope));
    let mut events: Vec<&Value> =
        below.map(|(_, event)| &event.body).filter(|event| filter.admits(event)).collect();
    events.sort_by(|a, b| b["eventTimestamp"].as_str().cmp(&a["eventTimestamp"].as_str()));
    let fields: Option<Vec<&str>> =
        asked.parameter("$select").map(|fields| fields.split(',').map(str::trim).collect());
    let items = events.into_iter().map(|event| match &fields {
        Some(fields) => Cow::Owned(selected(event, fields)),
        None => Cow::Borrowed(event),
    });
    page(asked, &scenario.pace, &items.collect())
}

fn selected(event: &Value, fields: &[&str]) -> Value {
    let own = event.as_object().into_iter().flatten();
    let chosen =
        own.filter(|(name, _)| fields.iter().any(|field| field.eq_ignore_ascii_case(name)));
    Value::Object(chosen.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}
