//! How values are compared and shown.

use std::fmt::Display;

use jiff::Timestamp;

use super::Facts;
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Source};
use crate::instant::show;
use crate::network_path::{AddressSet, Prefix};
use crate::reader::Node;
use crate::region::Region;

/// A value in a form that is the same for everything that means the same, and as Azure wrote it.
#[derive(Clone, Debug)]
pub struct Comparable {
    /// What a report shows.
    pub shown: String,
    key: String,
}

impl PartialEq for Comparable {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Comparable {}

impl Comparable {
    fn new(shown: impl Display, key: impl Display) -> Self {
        Self { shown: shown.to_string(), key: key.to_string() }
    }

    /// A text in which case means nothing.
    pub(super) fn text(text: &str) -> Self {
        Self::new(text, text.trim().to_ascii_lowercase())
    }

    fn exact(text: &str) -> Self {
        Self::new(text, text)
    }

    fn id(id: &ArmId) -> Self {
        Self::new(id, id.key())
    }

    /// Several values, in no order, each once.
    pub(super) fn several(values: impl IntoIterator<Item = Self>) -> Self {
        let mut values: Vec<Self> = values.into_iter().collect();
        values.sort_by(|a, b| a.key.cmp(&b.key));
        values.dedup();
        let join = |part: fn(&Self) -> &str| {
            let parts: Vec<&str> = values.iter().map(part).collect();
            if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
        };
        Self { shown: join(|own| &own.shown), key: join(|own| &own.key) }
    }
}

/// A list that was read to its end, as one value: what is on a part of it is no fact about all.
fn whole<T>(
    list: List<T>,
    source: Source,
    value: impl Fn(T) -> Fact<Comparable>,
) -> Fact<Comparable> {
    if let Some(gap) = list.missing {
        return Fact::Unread(gap);
    }
    let mut values = Vec::with_capacity(list.items.len());
    for item in list.items {
        match value(item) {
            Fact::Known(value, _) => values.push(value),
            Fact::Absent(_) => {}
            Fact::Unread(gap) => return Fact::Unread(gap),
        }
    }
    Fact::Known(Comparable::several(values), source)
}

impl Facts<'_> {
    /// A fact in any form.
    pub(super) fn fact(self, name: &'static str, value: Fact<Comparable>) -> Self {
        self.0.facts.insert(name, value);
        self
    }

    /// A text in which case means nothing.
    pub(super) fn text(self, name: &'static str, text: &Fact<String>) -> Self {
        self.fact(name, text.as_ref().map(|text| Comparable::text(text)))
    }

    /// A fact of which nothing is known where an answer leaves it out, as older ones do.
    pub(super) fn if_told<T>(
        self,
        name: &'static str,
        fact: &Fact<T>,
        tell: fn(Self, &'static str, &Fact<T>) -> Self,
    ) -> Self {
        if fact.is_absent() { self } else { tell(self, name, fact) }
    }

    /// A text that says the same as a word when it is left out.
    pub(super) fn text_or(self, name: &'static str, text: &Fact<String>, word: &str) -> Self {
        let told = match text {
            Fact::Absent(source) => Fact::Known(word.to_owned(), source.clone()),
            told => told.clone(),
        };
        self.text(name, &told)
    }

    /// A text in which case counts.
    pub(super) fn exact(self, name: &'static str, text: &Fact<String>) -> Self {
        self.fact(name, text.as_ref().map(|text| Comparable::exact(text)))
    }

    pub(super) fn id(self, name: &'static str, id: &Fact<ArmId>) -> Self {
        self.fact(name, id.as_ref().map(Comparable::id))
    }

    pub(super) fn region(self, name: &'static str, region: &Fact<Region>) -> Self {
        let named = region.as_ref().map(|region| Comparable::exact(&region.programmatic_name()));
        self.fact(name, named)
    }

    pub(super) fn flag(self, name: &'static str, flag: &Fact<bool>) -> Self {
        self.fact(name, flag.as_ref().map(|flag| Comparable::new(flag, flag)))
    }

    pub(super) fn number(self, name: &'static str, number: &Fact<i64>) -> Self {
        self.fact(name, number.as_ref().map(|number| Comparable::new(number, number)))
    }

    pub(super) fn instant(self, name: &'static str, instant: &Fact<Timestamp>) -> Self {
        let told = instant.as_ref().map(|at| Comparable::new(show(*at), at.as_nanosecond()));
        self.fact(name, told)
    }

    /// Addresses: prefixes that cover the same ones are the same.
    pub(super) fn addresses(self, name: &'static str, prefixes: &Fact<Vec<Prefix>>) -> Self {
        let told = prefixes.as_ref().map(|prefixes| {
            let shown: Vec<String> = prefixes.iter().map(Prefix::to_string).collect();
            Comparable::new(shown.join(", "), AddressSet::from_iter(prefixes.iter().copied()))
        });
        self.fact(name, told)
    }

    /// Several texts in which case means nothing.
    pub(super) fn texts(self, name: &'static str, list: &Fact<List<String>>) -> Self {
        let told = list.clone().and_then(|list, source| {
            whole(list, source.clone(), |text| Fact::Known(Comparable::text(&text), source.clone()))
        });
        self.fact(name, told)
    }

    /// One text of each of several things.
    pub(super) fn each<T>(
        self,
        name: &'static str,
        list: &Fact<List<T>>,
        text: impl Fn(&T) -> Fact<String>,
    ) -> Self {
        let told = list.as_ref().and_then(|list, source| {
            let texts = list.items.iter().map(text).collect();
            let texts = List { items: texts, missing: list.missing.clone() };
            whole(texts, source, |text| text.map(|text| Comparable::text(&text)))
        });
        self.fact(name, told)
    }

    /// A setting that no rule reads in full, as Azure wrote it: a word, a number, or several of them
    /// with commas between.
    pub(super) fn setting(self, name: &'static str, node: &Node<'_>) -> Self {
        // What an answer does not show is not known to be unset: it may be another api-version's.
        let told = node.text();
        let told = if told.gap().is_some() {
            node.flag().map(|flag| Comparable::new(flag, flag))
        } else {
            told.map(|text| match text.contains(',') {
                true => {
                    Comparable::several(text.split(',').map(|part| Comparable::text(part.trim())))
                }
                false => Comparable::text(&text),
            })
        };
        self.fact(name, told)
    }

    /// A setting that is a list, which Azure leaves out when it is empty: of each item the text, or
    /// that of one of its fields.
    pub(super) fn settings(self, name: &'static str, node: &Node<'_>, field: Option<&str>) -> Self {
        let list = node.items_or_none();
        self.each(name, &list, |item| match field {
            Some(field) => item.at(field).text(),
            None => item.text(),
        })
    }
}

/// The gap of the first fact that has one.
pub(super) fn first_gap<'g>(gaps: impl IntoIterator<Item = Option<&'g Gap>>) -> Option<Gap> {
    gaps.into_iter().flatten().next().cloned()
}
