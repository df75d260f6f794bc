//! Exchanges that show a quirk, and exactly what has to be read of them.
//!
//! `known.json` names ours by their URLs, and recorded ones by a digest of it, as their names are
//! other people's. One URL may have answered in several ways, so a digest of the body tells which
//! answer is meant. Whatever is not known is held to the general rules alone.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::comparison::Comparison;
use crate::support::root;

/// What is known of an exchange.
pub(crate) struct Known {
    /// Which quirk it shows.
    pub(crate) quirk: String,
    key: String,
    body: String,
    facts: BTreeMap<String, String>,
}

/// The table.
pub(crate) fn table() -> Vec<Known> {
    let path = root().join("tests/recordings/known.json");
    let rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let known = rows.iter().map(|row| Known {
        quirk: row["quirk"].as_str().expect("a row says its quirk").to_owned(),
        key: row["url"].as_str().expect("a row names its URL").to_owned(),
        body: row["body"].as_str().expect("a row has the digest of a body").to_owned(),
        facts: serde_json::from_value(row["facts"].clone()).expect("a row has facts"),
    });
    known.collect()
}

impl Known {
    /// The URL of an exchange of ours; none for what was recorded.
    pub(crate) fn own_url(&self) -> Option<&str> {
        Some(self.key.as_str()).filter(|key| key.starts_with("https://"))
    }

    /// Whether the row is about this exchange.
    pub(crate) fn is_of(&self, comparison: &Comparison<'_>) -> bool {
        let [url, body] = comparison.exchange.digests();
        self.body == body && (self.key == url || self.key == comparison.exchange.url)
    }

    /// Compares the facts that were read.
    pub(crate) fn compare(&self, comparison: &mut Comparison<'_>) -> usize {
        for (name, expected) in &self.facts {
            let read = comparison.facts.get(name).map_or("nothing", String::as_str);
            if read != expected {
                let why = format!(
                    "{name} was read as {read:?}, and is known as {expected:?} ({})",
                    self.quirk
                );
                comparison.wrong.push(why);
            }
        }
        self.facts.len()
    }
}
