//! The JSON of an answer: a tree of values, or the text of one until somebody looks at it.
//!
//! A tree takes many times the memory of its text. So a snapshot that is read from a file keeps the
//! texts, and each becomes a tree when it is first looked at.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A JSON value. It is written as the value it stands for.
#[derive(Clone)]
pub struct JsonBody {
    /// Set as long as there is no value, and kept beside one that nobody changes.
    text: Option<Box<str>>,
    value: OnceLock<Value>,
}

impl JsonBody {
    /// Keeps the text only.
    pub(crate) fn fold(&mut self) {
        if let Some(value) = self.value.take() {
            self.text.get_or_insert_with(|| value.to_string().into());
        }
    }

    fn parsed(&self) -> Value {
        match self.text.as_deref().map(serde_json::from_str) {
            Some(Ok(value)) => value,
            // The text was written from a value that was read with the same limits.
            Some(Err(error)) => unreachable!("a text written from a value is one: {error}"),
            None => unreachable!("a body without a value has a text"),
        }
    }
}

impl From<Value> for JsonBody {
    fn from(value: Value) -> Self {
        Self { text: None, value: OnceLock::from(value) }
    }
}

impl Deref for JsonBody {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value.get_or_init(|| self.parsed())
    }
}

impl DerefMut for JsonBody {
    fn deref_mut(&mut self) -> &mut Value {
        let value = self.value.take().unwrap_or_else(|| self.parsed());
        *self = Self::from(value);
        match self.value.get_mut() {
            Some(value) => value,
            None => unreachable!("it was made of a value"),
        }
    }
}

impl PartialEq for JsonBody {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for JsonBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for JsonBody {
    /// Leaves a text a text: writing a large snapshot must not make trees of all of it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value.get() {
            Some(value) => value.serialize(serializer),
            None => self.parsed().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for JsonBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_the_value_it_was_written_from() {
        let value = json!({"a": [1, -0.0, 1.5e300, "\u{7f}\"", null], "b": {"c": u64::MAX}});
        let kept = JsonBody::from(value.clone());
        let mut folded = kept.clone();
        folded.fold();
        folded.fold();
        assert!(folded.value.get().is_none());
        assert_eq!(serde_json::to_string(&folded).unwrap(), value.to_string());
        assert!(folded.value.get().is_none(), "writing makes no tree");
        assert_eq!(folded, kept);
        assert_eq!(folded["b"]["c"], value["b"]["c"]);
        folded["a"] = json!(2);
        assert_eq!(
            serde_json::to_string(&folded).unwrap(),
            r#"{"a":2,"b":{"c":18446744073709551615}}"#
        );
        folded.fold();
        assert_eq!(folded["a"], 2);
    }
}
