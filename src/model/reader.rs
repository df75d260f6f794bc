//! Small tolerant readers: from raw JSON to three-valued facts.
//!
//! The SDK's models are not used to decide: they drop a whole list for one odd element and turn
//! missing arrays into empty ones (`catalogue.md` §0.4). A [`Node`] reads one field at a time, and
//! says of each whether it is there.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Origin, Reason, Source};
use crate::instant::parse_rfc3339;
use crate::region::Region;

/// A place in a JSON body, which may be missing.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    /// Whether a place above holds something else than an object. What lies below is not missing
    /// then: nobody knows what is there.
    is_below_oddity: bool,
    resource: Arc<str>,
    pointer: String,
    origin: Arc<Origin>,
}

impl<'a> Node<'a> {
    /// The root of a resource's body.
    pub fn root(value: &'a Value, resource: &str, origin: Arc<Origin>) -> Self {
        let resource = value.get("id").and_then(Value::as_str).unwrap_or(resource);
        Self {
            value: Some(value),
            is_below_oddity: false,
            resource: resource.into(),
            pointer: String::new(),
            origin,
        }
    }

    /// The same place under another name of its resource: Graph's objects call themselves by bare
    /// GUIDs, which say nothing in evidence.
    #[must_use]
    pub fn called(self, resource: &str) -> Self {
        Self { resource: resource.into(), ..self }
    }

    /// The body as a resource of its own when it carries an id (an item of a list, an inline
    /// child), else as part of the resource it lies in.
    fn as_item(&self, value: &'a Value, pointer: String) -> Self {
        match value.get("id").and_then(Value::as_str) {
            Some(id) => Node::root(value, id, Arc::clone(&self.origin)),
            None => self.part(Some(value), pointer),
        }
    }

    /// A field; missing when this node is missing or has no such field, and unread whatever is asked
    /// of it when this node is no object. A `null` is a missing field. Names are matched as Azure
    /// documents them, then case-blind.
    #[must_use]
    pub fn at(&self, field: &str) -> Self {
        let fields = self.value.and_then(Value::as_object);
        let found = fields.and_then(|fields| {
            fields.get(field).or_else(|| {
                fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, v)| v)
            })
        });
        let is_below_oddity = self.is_below_oddity || self.value.is_some() && fields.is_none();
        let found = found.filter(|value| !value.is_null());
        Self { is_below_oddity, ..self.part(found, self.pointer_to(field)) }
    }

    /// Another place in the same resource.
    fn part(&self, value: Option<&'a Value>, pointer: String) -> Self {
        let (resource, origin) = (Arc::clone(&self.resource), Arc::clone(&self.origin));
        Self { value, is_below_oddity: false, resource, pointer, origin }
    }

    /// Where a field is. Every field that is read comes by here, so it is spelled without `format!`.
    fn pointer_to(&self, field: &str) -> String {
        let mut pointer = String::with_capacity(self.pointer.len() + 1 + field.len());
        pointer.push_str(&self.pointer);
        pointer.push('/');
        pointer.push_str(field);
        pointer
    }

    /// Whether there is nothing here (`null` is nothing).
    pub fn is_missing(&self) -> bool {
        self.value.is_none() && !self.is_below_oddity
    }

    /// Whether there is nothing here, an empty text included: Azure writes both for "none".
    pub fn is_blank(&self) -> bool {
        let text = self.value.and_then(Value::as_str);
        self.is_missing() || text.is_some_and(|text| text.trim().is_empty())
    }

    /// Where this node is.
    pub fn source(&self) -> Source {
        Source {
            resource: self.resource.to_string(),
            pointer: self.pointer.clone(),
            origin: Arc::clone(&self.origin),
        }
    }

    /// The resource the node lies in.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// A non-empty text. Numbers are taken as their digits (`13` for `"13"`).
    pub fn text(&self) -> Fact<String> {
        self.read("a text", |value| match value {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// A boolean; the texts `true` and `false` are taken too.
    pub fn flag(&self) -> Fact<bool> {
        self.read("a boolean", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// A whole number; a text of digits is taken too.
    pub fn integer(&self) -> Fact<i64> {
        self.read("a whole number", |value| match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// An instant in RFC 3339.
    pub fn instant(&self) -> Fact<Timestamp> {
        self.read("an instant", |value| Some(parse_rfc3339(value.as_str()?)?.instant))
    }

    /// Whether an instant is here that names no offset: [`Self::instant`] reads it as UTC, and who
    /// rests a verdict on it has to say so (`catalogue.md` §0.3).
    pub fn lacks_offset(&self) -> bool {
        let read = self.value.and_then(Value::as_str).and_then(parse_rfc3339);
        read.is_some_and(|read| read.assumed_utc)
    }

    /// An ARM id.
    pub fn arm_id(&self) -> Fact<ArmId> {
        self.read("an ARM id", |value| ArmId::parse(value.as_str()?).ok())
    }

    /// A region.
    pub fn region(&self) -> Fact<Region> {
        self.text().map(|name| Region::from_name(&name))
    }

    /// A field Azure leaves out when there is none (`catalogue.md` §0.1 item 4): blank is absent,
    /// anything else is read.
    pub fn or_none<T>(&self, read: impl FnOnce(&Self) -> Fact<T>) -> Fact<T> {
        if self.is_blank() { Fact::Absent(self.source()) } else { read(self) }
    }

    /// The object here, or the gap that it is not there.
    pub fn object(&self) -> Fact<Self> {
        self.read("an object", |value| value.is_object().then(|| self.clone()))
    }

    /// The items of an array that must be there.
    pub fn items(&self) -> Fact<List<Self>> {
        self.read("an array", |value| Some(List::complete(self.children(value.as_array()?))))
    }

    /// The items of an array Azure leaves out when it is empty.
    pub fn items_or_none(&self) -> Fact<List<Self>> {
        if self.is_missing() {
            return Fact::Known(List::complete(Vec::new()), self.source());
        }
        self.items()
    }

    fn children(&self, items: &'a [Value]) -> Vec<Self> {
        let indexed = items.iter().enumerate();
        indexed
            .map(|(index, item)| self.as_item(item, self.pointer_to(&index.to_string())))
            .collect()
    }

    fn read<T>(&self, wanted: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Fact<T> {
        let Some(value) = self.value else {
            return Fact::Unread(self.missing(format!("{} has no {}", self.owner(), self.pointer)));
        };
        match read(value) {
            Some(known) => Fact::Known(known, self.source()),
            None => Fact::Unread(self.missing(format!(
                "{} of {} is not {wanted}",
                self.pointer,
                self.owner()
            ))),
        }
    }

    fn missing(&self, message: String) -> Gap {
        Gap::because(Reason::MissingField, message).at(&*self.resource)
    }

    fn owner(&self) -> &str {
        self.resource.rsplit('/').find(|segment| !segment.is_empty()).unwrap_or("the answer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reason<T: std::fmt::Debug>(fact: Fact<T>) -> Reason {
        match fact {
            Fact::Unread(gap) => gap.reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn missing_null_and_wrong_type_are_unread_never_zero() {
        let body = json!({"id": "/subscriptions/s/x", "a": null, "b": {}, "c": ["x"], "d": ""});
        let node = Node::root(&body, "", Arc::default());
        for field in ["a", "b", "c", "d", "e"] {
            assert_eq!(reason(node.at(field).text()), Reason::MissingField, "{field}");
            assert_eq!(reason(node.at(field).flag()), Reason::MissingField, "{field}");
            assert_eq!(reason(node.at(field).integer()), Reason::MissingField, "{field}");
        }
        assert_eq!(reason(node.at("e").items()), Reason::MissingField);
        assert!(node.at("e").items_or_none().value().unwrap().items.is_empty());
        assert!(node.at("d").or_none(Node::text).is_absent());
        assert_eq!(reason(node.at("b").or_none(Node::text)), Reason::MissingField);
    }

    #[test]
    fn what_should_be_an_object_and_is_none_hides_what_is_below() {
        let body = json!({"a": [true], "b": "", "c": null});
        let node = Node::root(&body, "", Arc::default());
        for field in ["a", "b"] {
            let below = node.at(field).at("x").at("y");
            assert!(!below.is_missing() && !below.is_blank(), "{field}");
            assert_eq!(reason(below.or_none(Node::text)), Reason::MissingField, "{field}");
            assert_eq!(reason(below.items_or_none()), Reason::MissingField, "{field}");
        }
        assert!(node.at("c").at("x").is_missing());
    }

    #[test]
    fn numbers_and_booleans_may_come_as_texts() {
        let body = json!({"n": "14", "b": "True", "v": 13});
        let node = Node::root(&body, "r", Arc::default());
        assert_eq!(node.at("n").integer().value(), Some(&14));
        assert_eq!(node.at("b").flag().value(), Some(&true));
        assert_eq!(node.at("v").text().value().map(String::as_str), Some("13"));
    }

    #[test]
    fn an_instant_without_an_offset_is_read_and_can_be_told() {
        let body = json!({"a": "2026-11-22T03:10:00.5", "b": "2026-11-22T03:10:00Z", "c": "soon"});
        let node = Node::root(&body, "r", Arc::default());
        let told =
            |field| (node.at(field).instant().value().is_some(), node.at(field).lacks_offset());
        assert_eq!(
            ["a", "b", "c", "d"].map(told),
            [(true, true), (true, false), (false, false), (false, false)]
        );
    }

    #[test]
    fn pointers_are_inside_the_resource_itself() {
        let body =
            json!({"value": [{"id": "/subscriptions/s/x", "properties": {"version": "13"}}]});
        let list = Node::root(&body, "list", Arc::default()).at("value").items();
        let item = &list.value().unwrap().items[0];
        let version = item.at("properties").at("version").text();
        assert_eq!(version.source().unwrap().pointer, "/properties/version");
        assert_eq!(version.source().unwrap().resource, "/subscriptions/s/x");
    }

    #[test]
    fn field_names_are_found_in_other_casing() {
        let body = json!({"vnetSubnetId": "/subscriptions/s/x"});
        let node = Node::root(&body, "", Arc::default());
        assert!(node.at("vnetSubnetID").arm_id().value().is_some());
    }
}
