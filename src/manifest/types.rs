//! The types of TOML values in words, and how a value of one type is spelled as another.

use toml::de::DeValue;

/// The type that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// An integer.
    Number,
    /// A boolean.
    Flag,
    /// A local date.
    Date,
    /// An array.
    Array,
    /// A table, or several.
    Table,
}

/// A value longer than this is not repeated in a suggestion.
const LONGEST: usize = 60;

/// The type of a value, in words that follow "found".
pub(crate) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(moment) if moment.date.is_none() => "a time",
        DeValue::Datetime(moment) if moment.time.is_none() => "a date",
        DeValue::Datetime(_) => "a date with a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// How the same value is spelled in the wanted type, when only the spelling is wrong.
pub(crate) fn other_spelling(
    value: &DeValue<'_>,
    source: &str,
    wanted: Shape,
) -> Option<(&'static str, String)> {
    if source.len() > LONGEST || source.contains(char::is_control) {
        return None;
    }
    match (wanted, value) {
        (_, DeValue::Array(_) | DeValue::Table(_)) | (Shape::Table, _) => None,
        (Shape::Array, _) => Some(("in brackets", format!("[{source}]"))),
        (Shape::Text, DeValue::String(_)) => None,
        (Shape::Text, _) => Some(("in quotes", format!("\"{source}\""))),
        (_, DeValue::String(text)) => {
            let bare = DeValue::parse(text).ok()?;
            let fits = match bare.get_ref() {
                DeValue::Integer(_) => wanted == Shape::Number,
                DeValue::Boolean(_) => wanted == Shape::Flag,
                DeValue::Datetime(moment) => wanted == Shape::Date && moment.time.is_none(),
                _ => false,
            };
            fits.then(|| ("without quotes", text.to_string()))
        }
        _ => None,
    }
}
