//! Bodies: every text goes but for those whose shape, or whose field and shape, say that they name
//! nobody.

use serde_json::{Map, Value};

use super::fields::{NAMES, OPAQUE, OTHER, REGIONS, WORDS};
use super::text::{Texts, is_arm, is_guid, is_value, is_word};
use super::vocabulary::{ATTRIBUTES, CONDITION_WORDS, GRAPH_SCOPES, holds};

impl Texts {
    /// A body with everything replaced that names somebody.
    pub(super) fn body(&self, body: &Value) -> Value {
        self.value(body, Place { parent: "", field: "" })
    }

    fn value(&self, value: &Value, place: Place<'_>) -> Value {
        match value {
            Value::Object(fields) => {
                let below = |(name, own): (&String, &Value)| {
                    let place = Place { parent: place.field, field: name };
                    (self.field(name), self.value(own, place))
                };
                Value::Object(fields.iter().map(below).collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item, place)).collect())
            }
            Value::String(text) => Value::String(self.text(text, place)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The name of a field; in some objects these are names of resources.
    fn field(&self, name: &str) -> String {
        if !self.hides_names() {
            return self.ids(name);
        }
        if [WORDS, NAMES, OPAQUE, OTHER].iter().any(|known| holds(known, name)) {
            return name.to_owned();
        }
        if is_arm(name) { self.arm(name) } else { self.segment(name) }
    }

    fn text(&self, text: &str, place: Place<'_>) -> String {
        let field = place.field;
        if holds(OPAQUE, field) {
            // Ids may be encoded in them, and names in those that go on to another page.
            let goes_on = ["link", "skiptoken"].iter().any(|end| is_of_end(field, end));
            return if self.hides_ids() || goes_on { self.opaque(text) } else { text.to_owned() };
        }
        if !self.hides_names() {
            return self.ids(text);
        }
        let is_of = |name: &str| field.eq_ignore_ascii_case(name);
        if text.trim().is_empty() {
            text.to_owned()
        } else if is_of("condition") {
            self.condition(text)
        } else if is_of("message") {
            self.message(text)
        } else if is_of("description") {
            self.opaque(text)
        } else if is_of("scope") && !text.contains('/') {
            self.scopes(text)
        } else if is_of("name") && place.is_of_sku() || holds(WORDS, field) {
            self.vocabulary(text, field)
        } else if holds(NAMES, field) && !is_arm(text) && text != "*" && !text.contains("://") {
            self.segment(text)
        } else {
            self.unknown(text)
        }
    }

    /// A text that should be a word of Azure.
    fn vocabulary(&self, text: &str, field: &str) -> String {
        let may_have_blanks = holds(REGIONS, field);
        let looks_so = is_word(text)
            && (may_have_blanks || !text.contains(' '))
            && !is_arm(text)
            && !text.contains("://")
            && !is_guid(text);
        if looks_so { self.ids(text) } else { self.unknown(text) }
    }

    /// What vaudit keeps of an error's message: the action and scope of a refusal, or api-versions.
    fn message(&self, text: &str) -> String {
        let refusal = "does not have authorization to perform action '";
        let over = "' over scope '";
        if let Some(rest) = text.strip_prefix(refusal) {
            let action = |own: &str| is_word(own) && !own.contains(' ');
            if let Some((own, scope)) = rest.split_once(over).filter(|(own, _)| action(own)) {
                let scope = scope.trim_end_matches('\'');
                return format!("{refusal}{own}{over}{}'", self.unknown(scope));
            }
            if rest.strip_suffix('\'').is_some_and(action) {
                return text.to_owned();
            }
        }
        let versions = text.strip_prefix("the supported api-versions are '");
        let is_version = |c: char| c.is_ascii_digit() || "-, 'preview".contains(c);
        match versions {
            Some(list) if list.chars().all(is_version) => text.to_owned(),
            _ => self.opaque(text),
        }
    }

    /// The permissions of a delegated grant: those of Microsoft Graph stay.
    fn scopes(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let stem = word.split('.').next().unwrap_or_default();
            if word.is_empty() || holds(GRAPH_SCOPES, stem) && is_word(word) {
                word.to_owned()
            } else {
                self.opaque(word)
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// A condition on a role assignment: what it compares stays, what it compares with goes.
    fn condition(&self, text: &str) -> String {
        let parts: Vec<&str> = text.split('\'').collect();
        if parts.len().is_multiple_of(2) {
            // A quotation that does not end: nobody understands it, and nobody has to.
            return self.opaque(text) + "'";
        }
        let redacted = parts.iter().enumerate().map(|(index, part)| match index % 2 {
            0 => self.comparison(part),
            _ if is_value(part) || is_action(part) => (*part).to_owned(),
            _ if part.contains('/') => self.blob_path(part),
            _ => self.segment(part),
        });
        redacted.collect::<Vec<_>>().join("'")
    }

    /// What of a condition stands outside of quotes.
    fn comparison(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_of_word = |c: char| c.is_alphanumeric() || "@:._-/$".contains(c);
            let end = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
            if end == 0 {
                let length = first.len_utf8();
                redacted.push_str(&rest[..length]);
                rest = &rest[length..];
            } else {
                redacted.push_str(&self.condition_word(&rest[..end]));
                rest = &rest[end..];
            }
        }
        redacted
    }

    fn condition_word(&self, word: &str) -> String {
        if let Some((before, attribute)) = word.rsplit_once(':')
            && is_action(before)
        {
            let is_known = holds(ATTRIBUTES, attribute);
            let own = if is_known { attribute.to_owned() } else { self.segment(attribute) };
            return format!("{before}:{own}");
        }
        let plain = word.trim_start_matches('@');
        let is_comparison = ["Equals", "EqualsIgnoreCase", "Like", "Matches", "LikeIgnoreCase"]
            .iter()
            .any(|own| plain.ends_with(own))
            && plain.bytes().all(|c| c.is_ascii_alphanumeric() || c == b':');
        let is_source = ["Resource", "Request", "Principal", "Environment"].contains(&plain);
        let is_known = is_comparison
            || is_source
            || holds(CONDITION_WORDS, plain)
            || holds(ATTRIBUTES, plain)
            || is_value(plain)
            || is_action(plain);
        if is_known { word.to_owned() } else { self.segment(word) }
    }
}

/// Where a text stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The field above its own.
    parent: &'a str,
    /// Its field; that of the list it is in.
    field: &'a str,
}

impl Place<'_> {
    fn is_of_sku(&self) -> bool {
        self.parent.eq_ignore_ascii_case("sku")
    }
}

fn is_of_end(field: &str, end: &str) -> bool {
    field.to_ascii_lowercase().ends_with(end)
}

/// Whether a text is an action or a type of a resource provider of Microsoft's.
fn is_action(text: &str) -> bool {
    let rest = text.strip_prefix("Microsoft.").or_else(|| text.strip_prefix("microsoft."));
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || "./*_".contains(c)))
}
