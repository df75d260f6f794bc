//! JSON as scenario files use it: strict reading, merge patches, and paths that name array elements.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads JSON; the same key twice in one object is an error, not a silent overwrite.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Strict>(text).map(|strict| strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {key:?} stands here twice")));
            }
            let Strict(value) = fields.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// RFC 7396: objects are merged, `null` removes, anything else replaces.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (key, change) in patch {
            if change.is_null() {
                target.remove(key);
            } else {
                merge_patch(target.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

/// What to do at the end of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit<'a> {
    /// Put this value there, whatever was there before.
    Set(&'a Value),
    /// Apply a merge patch.
    Merge(&'a Value),
    /// Take it away.
    Remove,
}

/// Why an edit could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    #[error("the path has to start with /")]
    NoSlash,
    #[error("there is no {0:?} here")]
    Missing(String),
    #[error("no element of the array is called {0:?}")]
    NoElement(String),
    #[error("{0:?} leads into a value that holds nothing")]
    NotAContainer(String),
    #[error("`-` stands for a new element, which only `set` can make")]
    Append,
    #[error("the whole body cannot be taken away by a path")]
    Whole,
}

/// Edits what a path leads to; says how many places that were.
///
/// A path is a JSON pointer (RFC 6901) in which an element of an array is called by its name, and
/// `*` means every field or element. `set` and `merge` make the objects that are missing.
pub(crate) fn edit(root: &mut Value, path: &str, edit: Edit<'_>) -> Result<usize, EditError> {
    if path.is_empty() {
        return walk(root, &[], edit);
    }
    let rest = path.strip_prefix('/').ok_or(EditError::NoSlash)?;
    let unescape = |segment: &str| segment.replace("~1", "/").replace("~0", "~");
    let segments: Vec<String> = rest.split('/').map(unescape).collect();
    walk(root, &segments, edit)
}

fn walk(value: &mut Value, segments: &[String], edit: Edit<'_>) -> Result<usize, EditError> {
    let Some((head, tail)) = segments.split_first() else {
        match edit {
            Edit::Set(new) => *value = new.clone(),
            Edit::Merge(patch) => merge_patch(value, patch),
            Edit::Remove => return Err(EditError::Whole),
        }
        return Ok(1);
    };
    // Below a missing object there is nothing yet; a set or a merge makes the way.
    if value.is_null() && !matches!(edit, Edit::Remove) {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(fields) if head == "*" => {
            fields.values_mut().try_fold(0, |sum, field| Ok(sum + walk(field, tail, edit)?))
        }
        Value::Object(fields) => match edit {
            Edit::Remove if tail.is_empty() => match fields.remove(head) {
                Some(_) => Ok(1),
                None => Err(EditError::Missing(head.clone())),
            },
            Edit::Remove => {
                let field = fields.get_mut(head);
                walk(field.ok_or_else(|| EditError::Missing(head.clone()))?, tail, edit)
            }
            Edit::Set(_) | Edit::Merge(_) => {
                walk(fields.entry(head.clone()).or_insert(Value::Null), tail, edit)
            }
        },
        Value::Array(items) if head == "*" => {
            if tail.is_empty() && matches!(edit, Edit::Remove) {
                return Ok(std::mem::take(items).len());
            }
            items.iter_mut().try_fold(0, |sum, item| Ok(sum + walk(item, tail, edit)?))
        }
        Value::Array(items) if head == "-" => match edit {
            Edit::Set(new) if tail.is_empty() => {
                items.push(new.clone());
                Ok(1)
            }
            _ => Err(EditError::Append),
        },
        Value::Array(items) => {
            let index = position(items, head).ok_or_else(|| EditError::NoElement(head.clone()))?;
            if tail.is_empty() && matches!(edit, Edit::Remove) {
                items.remove(index);
                return Ok(1);
            }
            walk(&mut items[index], tail, edit)
        }
        _ => Err(EditError::NotAContainer(head.clone())),
    }
}

/// The fields that tell the elements of Azure's arrays apart, the usual one first.
const NAMING_FIELDS: [&str; 11] = [
    "name",
    "displayName",
    "id",
    "value",
    "service",
    "category",
    "keyId",
    "principalId",
    "groupId",
    "resourceId",
    "ipv4Address",
];

/// Where the element called `name` stands: by a naming field, by its own text, or by number.
pub(crate) fn position(items: &[Value], name: &str) -> Option<usize> {
    let is_called = |item: &Value| match item {
        Value::String(text) => text.eq_ignore_ascii_case(name),
        Value::Object(fields) => NAMING_FIELDS.iter().any(|naming| {
            let text = fields.get(*naming).and_then(Value::as_str);
            text.is_some_and(|text| {
                let last = text.rsplit('/').next().filter(|_| text.starts_with('/'));
                text.eq_ignore_ascii_case(name)
                    || last.is_some_and(|last| last.eq_ignore_ascii_case(name))
            })
        }),
        _ => false,
    };
    let by_number = || name.parse().ok().filter(|index| *index < items.len());
    items.iter().position(is_called).or_else(by_number)
}

/// Applies a function to every string in a value, keys of objects left alone.
pub(crate) fn for_each_string(value: &mut Value, change: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_string(item, change)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| for_each_string(field, change));
        }
        _ => {}
    }
}

/// Applies a function to every object in a value, the outermost included.
pub(crate) fn for_each_object(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_object(item, change)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| for_each_object(field, change));
            change(fields);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_key_twice_is_an_error() {
        let error = parse("{\"a\": 1,\n \"a\": 2}").unwrap_err();
        assert_eq!(error.to_string(), "the key \"a\" stands here twice at line 2 column 4");
        assert_eq!(parse("[1.5, null, {\"a\": -1}]").unwrap(), json!([1.5, null, {"a": -1}]));
    }

    #[test]
    fn merge_patches_follow_the_rfc() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge_patch(&mut target, &json!({"a": {"b": null, "x": {"y": null}}, "d": 5}));
        assert_eq!(target, json!({"a": {"c": 2, "x": {}}, "d": 5}));
    }

    #[test]
    fn paths_call_elements_by_name() {
        let mut body = json!({"subnets": [{"name": "a", "p": {"nsg": 1}}, {"name": "b"}],
            "secrets": [{"displayName": "helm"}], "ranges": ["10.0.0.0/8"]});
        let set = json!(7);
        assert_eq!(edit(&mut body, "/subnets/B/p/x", Edit::Set(&set)), Ok(1));
        assert_eq!(edit(&mut body, "/subnets/a/p/nsg", Edit::Remove), Ok(1));
        assert_eq!(edit(&mut body, "/subnets/*/count", Edit::Set(&set)), Ok(2));
        assert_eq!(edit(&mut body, "/subnets/-", Edit::Set(&json!({}))), Ok(1));
        assert_eq!(edit(&mut body, "/secrets/helm/end", Edit::Set(&set)), Ok(1));
        assert_eq!(edit(&mut body, "/ranges/10.0.0.0~18", Edit::Set(&json!("x"))), Ok(1));
        let expected = json!({"subnets": [{"name": "a", "p": {}, "count": 7},
            {"name": "b", "p": {"x": 7}, "count": 7}, {}],
            "secrets": [{"displayName": "helm", "end": 7}], "ranges": ["x"]});
        assert_eq!(body, expected);
        assert_eq!(edit(&mut body, "/ranges/0", Edit::Remove), Ok(1));
        assert_eq!(edit(&mut body, "/nope", Edit::Remove), Err(EditError::Missing("nope".into())));
        let missing = Err(EditError::NoElement("c".into()));
        assert_eq!(edit(&mut body, "/subnets/c/x", Edit::Set(&set)), missing);
        assert_eq!(edit(&mut body, "", Edit::Remove), Err(EditError::Whole));
    }
}
