//! Graph's keys in paths and the part of `$filter` that auditors use.

use serde_json::Value;

/// A key in parentheses: `('id')` or `(appId='…')`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The alternate key's property.
    pub(crate) property: Option<String>,
    /// The value.
    pub(crate) value: String,
}

/// Takes a path segment apart: `servicePrincipals(appId='…')` or just the collection.
pub(crate) fn key(segment: &str) -> (&str, Option<Key>) {
    let parts = segment.strip_suffix(')').and_then(|segment| segment.split_once('('));
    let Some((collection, inner)) = parts else {
        return (segment, None);
    };
    let (property, value) = match inner.split_once('=') {
        Some((property, value)) => (Some(property.trim().to_owned()), value),
        None => (None, inner),
    };
    let value = value.trim().trim_matches('\'').to_owned();
    (collection, Some(Key { property, value }))
}

/// Terms that must all hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Predicate(Vec<Term>);

#[derive(Debug, PartialEq, Eq)]
enum Term {
    /// `property eq 'value'`.
    Equal(String, String),
    /// `startswith(property,'value')`.
    StartsWith(String, String),
    /// `list/any(c:c eq 'value')`.
    Any(String, String),
}

/// A filter that is not understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsupported;

impl Predicate {
    /// Reads a `$filter`.
    pub(crate) fn parse(text: &str) -> Result<Self, Unsupported> {
        text.split(" and ").map(term).collect::<Option<_>>().map(Self).ok_or(Unsupported)
    }

    /// Whether an object fulfils the filter. Graph compares texts case-blind.
    pub(crate) fn holds(&self, object: &Value) -> bool {
        let text = |value: &Value| match value {
            Value::String(text) => text.to_lowercase(),
            other => other.to_string(),
        };
        self.0.iter().all(|term| match term {
            Term::Equal(property, value) => {
                object.get(property).is_some_and(|own| text(own) == value.to_lowercase())
            }
            Term::StartsWith(property, value) => {
                object.get(property).is_some_and(|own| text(own).starts_with(&value.to_lowercase()))
            }
            Term::Any(property, value) => {
                let items = object.get(property).and_then(Value::as_array);
                items.into_iter().flatten().any(|own| text(own) == value.to_lowercase())
            }
        })
    }
}

fn term(text: &str) -> Option<Term> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("startswith(").and_then(|rest| rest.strip_suffix(')')) {
        let (property, value) = inner.split_once(',')?;
        return Some(Term::StartsWith(name(property)?, literal(value)?));
    }
    if let Some((property, inner)) = text.split_once("/any(") {
        let (_, condition) = inner.strip_suffix(')')?.split_once(':')?;
        let (_, value) = condition.split_once(" eq ")?;
        return Some(Term::Any(name(property)?, literal(value)?));
    }
    let (property, value) = text.split_once(" eq ")?;
    Some(Term::Equal(name(property)?, literal(value)?))
}

fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    is_name.then(|| text.to_owned())
}

fn literal(text: &str) -> Option<String> {
    let text = text.trim();
    if matches!(text, "true" | "false" | "null") {
        return Some(text.to_owned());
    }
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys() {
        let app = Key { property: Some("appId".into()), value: "x".into() };
        assert_eq!(key("servicePrincipals(appId='x')"), ("servicePrincipals", Some(app)));
        assert_eq!(key("groups"), ("groups", None));
        let plain = Key { property: None, value: "x".into() };
        assert_eq!(key("groups('x')"), ("groups", Some(plain)));
    }

    #[test]
    fn filters() {
        let object =
            json!({"appId": "ABC", "on": true, "names": ["n"], "displayName": "Vectice prod"});
        for (filter, holds) in [
            ("appId eq 'abc'", true),
            ("appId eq 'abc' and on eq true", true),
            ("appId eq 'abc' and on eq false", false),
            ("startswith(displayName,'vectice')", true),
            ("names/any(c:c eq 'n')", true),
            ("names/any(c:c eq 'm')", false),
            ("missing eq 'x'", false),
        ] {
            assert_eq!(Predicate::parse(filter).unwrap().holds(&object), holds, "{filter}");
        }
        for wrong in ["", "appId", "appId ne 'x'", "appId eq x", "a b eq 'x'"] {
            assert_eq!(Predicate::parse(wrong), Err(Unsupported), "{wrong}");
        }
    }
}
