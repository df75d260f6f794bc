//! Short names and dates in a scenario's strings: `{vnet-aks}`, `{now-5h50m}`, `{now|%F}`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::clock::{parse_duration, ticks};

/// The short names of a scenario, resolved, and the moment its dates count from.
#[derive(Debug)]
pub(crate) struct Names {
    now: Timestamp,
    resolved: BTreeMap<String, String>,
}

/// Why a string cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpandError {
    #[error("unknown short name {{{0}}}")]
    UnknownName(String),
    #[error("the short name {{{0}}} is defined by itself")]
    Cycle(String),
    #[error("the short name {0:?} is reserved for dates")]
    Reserved(String),
    #[error("{{{0}}} is not a date: write {{now-5h50m}} or {{now-7h|%Y-%m-%d}}")]
    Date(String),
    #[error("a brace without its partner: write {{{{ or }}}} for a literal one")]
    Brace,
    #[error("{0:?} stands here twice once the short names are expanded")]
    SameKey(String),
}

/// An [`ExpandError`] and the JSON path of the string it is in.
pub(crate) type PathError = (String, ExpandError);

impl Names {
    /// Resolves the short names, which may use each other.
    pub(crate) fn new(raw: &BTreeMap<String, String>, now: Timestamp) -> Result<Self, PathError> {
        let mut names = Self { now, resolved: BTreeMap::new() };
        for name in raw.keys() {
            let at = |error| (format!("names.{name}"), error);
            if is_date(name) {
                return Err(at(ExpandError::Reserved(name.clone())));
            }
            names.resolve(name, raw, &mut Vec::new()).map_err(at)?;
        }
        Ok(names)
    }

    fn resolve(
        &mut self,
        name: &str,
        raw: &BTreeMap<String, String>,
        open: &mut Vec<String>,
    ) -> Result<String, ExpandError> {
        if let Some(done) = self.resolved.get(name) {
            return Ok(done.clone());
        }
        let Some(text) = raw.get(name) else {
            return Err(ExpandError::UnknownName(name.to_owned()));
        };
        if open.iter().any(|other| other == name) {
            return Err(ExpandError::Cycle(name.to_owned()));
        }
        open.push(name.to_owned());
        let now = self.now;
        let value = expand(text, now, &mut |inner| self.resolve(inner, raw, open))?;
        open.pop();
        self.resolved.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    /// Expands one string.
    pub(crate) fn text(&self, text: &str) -> Result<String, ExpandError> {
        expand(text, self.now, &mut |name| {
            let value = self.resolved.get(name);
            value.cloned().ok_or_else(|| ExpandError::UnknownName(name.to_owned()))
        })
    }

    /// Expands all strings of a JSON value, keys included; `path` is where the value stands.
    pub(crate) fn value(&self, value: &Value, path: &str) -> Result<Value, PathError> {
        self.below(value).map_err(|(below, error)| (format!("{path}{below}"), error))
    }

    /// The path of a mistake is put together on the way out, for most values hold none.
    fn below(&self, value: &Value) -> Result<Value, PathError> {
        let here = |error| (String::new(), error);
        Ok(match value {
            Value::String(text) => Value::String(self.text(text).map_err(here)?),
            Value::Array(items) => {
                let expand = |(index, item)| {
                    self.below(item).map_err(|(path, error)| (format!("[{index}]{path}"), error))
                };
                Value::Array(items.iter().enumerate().map(expand).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let mut expanded = Map::new();
                for (key, field) in fields {
                    let at = |(path, error)| (format!(".{key}{path}"), error);
                    let name = self.text(key).map_err(here).map_err(at)?;
                    let field = self.below(field).map_err(at)?;
                    if expanded.contains_key(&name) {
                        return Err(at(here(ExpandError::SameKey(name))));
                    }
                    expanded.insert(name, field);
                }
                Value::Object(expanded)
            }
            plain => plain.clone(),
        })
    }
}

fn expand(
    text: &str,
    now: Timestamp,
    lookup: &mut dyn FnMut(&str) -> Result<String, ExpandError>,
) -> Result<String, ExpandError> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        expanded.push_str(&rest[..at]);
        let brace = &rest[at..at + 1];
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix(brace) {
            expanded.push_str(brace);
            rest = tail;
            continue;
        }
        if brace == "}" {
            return Err(ExpandError::Brace);
        }
        let (inner, tail) = rest.split_once('}').ok_or(ExpandError::Brace)?;
        expanded.push_str(&if is_date(inner) { date(inner, now)? } else { lookup(inner)? });
        rest = tail;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn is_date(expression: &str) -> bool {
    let tail = expression.strip_prefix("now");
    tail.is_some_and(|tail| tail.is_empty() || tail.starts_with(['+', '-', '|']))
}

/// `now`, any number of signed durations, and an optional `strftime` format or `ticks`.
fn date(expression: &str, now: Timestamp) -> Result<String, ExpandError> {
    let wrong = || ExpandError::Date(expression.to_owned());
    let (moment, format) = match expression.split_once('|') {
        Some((moment, format)) => (moment, Some(format)),
        None => (expression, None),
    };
    let mut time = now;
    let mut rest = moment.strip_prefix("now").ok_or_else(wrong)?;
    while !rest.is_empty() {
        let end = rest[1..].find(['+', '-']).map_or(rest.len(), |at| at + 1);
        let shift = parse_duration(&rest[..end]).ok_or_else(wrong)?;
        time = time.checked_add(shift).map_err(|_| wrong())?;
        rest = &rest[end..];
    }
    match format {
        None => Ok(time.to_string()),
        Some("ticks") => Ok(ticks(time).to_string()),
        Some(format) => {
            // `to_string` of a bad format panics; `format` reports it.
            jiff::fmt::strtime::format(format, time).map_err(|_| wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(pairs: &[(&str, &str)]) -> Result<Names, PathError> {
        let raw = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Names::new(&raw, "2026-11-22T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn names_may_use_each_other_and_dates() {
        let names = names(&[("a", "{b}/x"), ("b", "/sub"), ("f", "{now-7h|%Y-%m-%dT%H%M%SZ}")]);
        let names = names.unwrap();
        let value = json!({"{a}/y": ["{now}", "{now-5h50m}", "{{literal}}", "{f}"], "n": 1});
        assert_eq!(
            names.value(&value, "").unwrap(),
            json!({
                "/sub/x/y": ["2026-11-22T09:00:00Z", "2026-11-22T03:10:00Z", "{literal}", "2026-11-22T020000Z"],
                "n": 1
            })
        );
        assert_eq!(names.text("{now-1d+2h|%F %H}").unwrap(), "2026-11-21 11");
        assert_eq!(names.text("{now|ticks}").unwrap(), "639309348000000000");
    }

    #[test]
    fn mistakes_are_named_with_their_path() {
        let error = |pairs: &[(&str, &str)]| names(pairs).unwrap_err();
        assert_eq!(error(&[("a", "{a}")]).1, ExpandError::Cycle("a".into()));
        assert_eq!(error(&[("now-x", "")]).1, ExpandError::Reserved("now-x".into()));
        let names = names(&[]).unwrap();
        let (path, error) = names.value(&json!({"a": [{"b": "{c}"}]}), "resources").unwrap_err();
        assert_eq!(
            (path.as_str(), error.to_string().as_str()),
            ("resources.a[0].b", "unknown short name {c}")
        );
        for wrong in ["{now-5x}", "{now-}", "{now|%!}", "{", "}", "a}b", "{now-5h"] {
            assert!(names.text(wrong).is_err(), "{wrong}");
        }
    }
}
