//! A naive look at raw JSON, independent of the model: what each fact should be, as a text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

/// What kind of value a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Text,
    /// A text whose letter case does not count.
    Lower,
    Flag,
    Number,
    Instant,
    Id,
    Region,
    /// The last segment of an id.
    Last,
}

/// What is expected of a fact.
#[derive(Clone, Copy)]
pub(crate) enum Naive {
    /// The field at this path; unread when it is not there.
    Must(Shape, &'static str),
    /// The field at this path; proven absent when it is not there.
    May(Shape, &'static str),
    /// This of the object at a path, of which nothing is known when it is not there.
    In(&'static str, &'static Naive),
    /// Whatever this says of the resource.
    By(fn(&Value) -> String),
}

/// What stands for a fact that cannot be known, because its field is missing or odd.
pub(crate) const LOST: &str = "?missing-field";

/// What stands for a fact that is proven absent.
pub(crate) const NONE: &str = "none";

impl Naive {
    /// The fact of a resource.
    pub(crate) fn of(self, resource: &Value) -> String {
        match self {
            Self::Must(shape, path) => shape.of(look(resource, path)),
            Self::May(_, path) if is_below_oddity(resource, path) => LOST.to_owned(),
            Self::May(shape, path) => match look(resource, path) {
                Value::Null => NONE.to_owned(),
                Value::String(text) if text.trim().is_empty() => NONE.to_owned(),
                value => shape.of(value),
            },
            Self::In(path, inner) => match look(resource, path) {
                object @ Value::Object(_) => inner.of(object),
                _ => LOST.to_owned(),
            },
            Self::By(say) => say(resource),
        }
    }
}

impl Shape {
    fn of(self, value: &Value) -> String {
        let text = match value {
            Value::String(text) if !text.trim().is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return LOST.to_owned(),
        };
        let is_text = value.is_string();
        let known = match self {
            Self::Text => (!value.is_boolean()).then_some(text),
            Self::Lower => (!value.is_boolean()).then(|| text.to_lowercase()),
            Self::Flag => Some(text.to_lowercase()).filter(|own| own == "true" || own == "false"),
            Self::Number => text.trim().parse::<i64>().ok().map(|number| number.to_string()),
            Self::Instant => is_text.then(|| instant(&text)).flatten(),
            Self::Id => is_text.then(|| id(&text)).flatten(),
            Self::Region => Some(text.to_lowercase().replace(' ', "")),
            Self::Last => text.trim_end_matches('/').rsplit('/').next().map(str::to_lowercase),
        };
        known.unwrap_or_else(|| LOST.to_owned())
    }
}

/// The name of a resource: the one it has, else the last word of its id.
pub(crate) fn name(resource: &Value) -> String {
    match (look(resource, "name").as_str(), look(resource, "id").as_str()) {
        (Some(name), _) if !name.is_empty() => name.to_owned(),
        (_, Some(id)) => id.rsplit('/').next().unwrap_or_default().to_owned(),
        _ => LOST.to_owned(),
    }
}

/// A place in a body; field names in any letter case.
pub(crate) fn look<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('/').filter(|own| !own.is_empty()).fold(value, |value, field| {
        let fields = value.as_object().into_iter().flatten();
        let mut named = fields.filter(|(name, _)| name.eq_ignore_ascii_case(field));
        named.next().map_or(&Value::Null, |(_, value)| value)
    })
}

/// Whether something on the way to a place is neither an object nor missing: then nobody knows what
/// should have been below.
fn is_below_oddity(value: &Value, path: &str) -> bool {
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    let ways = above.match_indices('/').map(|(end, _)| &above[..end]).chain(["", above]);
    ways.map(|way| look(value, way)).any(|own| !own.is_object() && !own.is_null())
}

/// The items of an array; none when it is not there.
pub(crate) fn array<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    look(value, path).as_array().into_iter().flatten().collect()
}

/// An id in one spelling.
pub(crate) fn id(text: &str) -> Option<String> {
    if text == "/" {
        return Some("/".to_owned());
    }
    let text = text.trim().to_ascii_lowercase();
    let segments: Vec<&str> = text.split('/').filter(|own| !own.is_empty()).collect();
    let is_rooted = matches!(segments.first(), Some(&("subscriptions" | "providers")));
    let is_plain = !text.contains(['?', '#', '%', '\\', '\n', '\t', '\r'])
        && !segments.iter().any(|own| [".", ".."].contains(own));
    (is_rooted && is_plain).then(|| format!("/{}", segments.join("/")))
}

/// An instant to the second. Recorded ones are in UTC, and say so or say nothing; the end of all
/// days is what no program reaches.
fn instant(text: &str) -> Option<String> {
    let (seconds, rest) = (text.get(..19)?, &text[19..]);
    let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
        return None;
    }
    match offset {
        "Z" | "z" | "+00:00" if seconds.starts_with("9999-12-31") => {
            return Some("9999-12-30T22:00:00".to_owned());
        }
        "" | "Z" | "z" | "+00:00" => return Some(seconds.replace([' ', 't'], "T")),
        _ => {}
    }
    text.parse::<jiff::Timestamp>().ok().map(|at| at.to_string()[..19].to_owned())
}

/// A list of prefixes, of which there must be one, with the bits after their lengths cleared: Azure
/// keeps `10.0.0.1/16` as it was written.
pub(crate) fn prefixes(texts: &[&str]) -> String {
    let told = texts.iter().filter(|text| !text.trim().is_empty());
    let masked: Option<Vec<String>> = told.map(|text| masked(text)).collect();
    match masked {
        None => "?unrecognised".to_owned(),
        Some(none) if none.is_empty() => LOST.to_owned(),
        Some(masked) => joined(masked),
    }
}

fn masked(prefix: &str) -> Option<String> {
    let (address, length) = prefix.trim().split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let first: IpAddr = match address.parse().ok()? {
        IpAddr::V4(own) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
            Ipv4Addr::from(u32::from(own) & mask).into()
        }
        IpAddr::V6(own) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
            Ipv6Addr::from(u128::from(own) & mask).into()
        }
    };
    Some(format!("{first}/{length}"))
}

/// Texts in order, as one.
pub(crate) fn joined(mut texts: Vec<String>) -> String {
    texts.sort();
    texts.dedup();
    texts.join(", ")
}
