//! What has changed between two sets of facts, before anybody asks whether it matters.

use std::collections::BTreeSet;

use vaudit_model::ArmId;
use vaudit_model::drift::{Class, Difference, Lost, PRESENT, Side, is_loss_of_sight};
use vaudit_model::estate::{Comparable, EstateFacts, ResourceFacts};
use vaudit_model::fact::{Fact, Gap, Source};

/// Everything that is not the same, and what could not be compared.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) found: Vec<Found>,
    pub(super) lost: Vec<Lost>,
}

/// A change, with the places it was read at.
pub(super) struct Found {
    pub(super) difference: Difference,
    /// The key of its resource.
    pub(super) resource: String,
    /// Where the two sides were read: keys of resources, and pointers into them.
    pub(super) places: Vec<(String, String)>,
}

/// The key of whatever evidence calls a resource: the same in every spelling of an id.
pub(super) fn key_of(resource: &str) -> String {
    match ArmId::parse(resource) {
        Ok(id) => id.key().to_owned(),
        Err(_) => resource.trim_end_matches('/').to_ascii_lowercase(),
    }
}

/// The last part of an id or URL.
pub(super) fn last_segment(resource: &str) -> &str {
    resource.trim_end_matches('/').rsplit('/').next().unwrap_or(resource)
}

pub(super) fn between(before: &EstateFacts, after: &EstateFacts) -> Changes {
    let mut changes = Changes::default();
    changes.lose_lists(before, after);
    let keys: BTreeSet<&String> = before.resources.keys().chain(after.resources.keys()).collect();
    for key in keys {
        match (before.resources.get(key), after.resources.get(key)) {
            (Some(own), Some(other)) => changes.compare(own, other),
            (None, Some(own)) if may_be_hidden(before, after, key, own) => {}
            (None, Some(own)) => changes.found.push(appeared(own)),
            (Some(own), None) if may_be_hidden(after, before, key, own) => {}
            (Some(own), None) => changes.found.push(vanished(own)),
            (None, None) => {}
        }
    }
    changes
}

/// Whether a resource of `there` may be in `side` all the same, in a list that was not read to its
/// end: only a complete list proves absence. Where there is no such list, it depends on the resource
/// around it.
fn may_be_hidden(side: &EstateFacts, there: &EstateFacts, key: &str, own: &ResourceFacts) -> bool {
    if let Some(missing) = side.lists.get(&own.list) {
        return missing.is_some();
    }
    let around = key.match_indices('/').rev().find_map(|(end, _)| {
        let key = &key[..end];
        there.resources.get(key).map(|own| (key, own))
    });
    around.is_some_and(|(key, own)| {
        !side.resources.contains_key(key) && may_be_hidden(side, there, key, own)
    })
}

impl Changes {
    /// The lists that could not be read, on either side.
    fn lose_lists(&mut self, before: &EstateFacts, after: &EstateFacts) {
        for (side, facts) in [(Side::Baseline, before), (Side::Now, after)] {
            for gap in facts.lists.values().flatten() {
                self.lose(gap, side);
            }
        }
    }

    fn lose(&mut self, gap: &Gap, side: Side) {
        if !is_loss_of_sight(gap.reason) {
            return;
        }
        match self.lost.iter_mut().find(|own| own.gap == *gap) {
            Some(own) => own.side = own.side.and(side),
            None => self.lost.push(Lost { gap: gap.clone(), side }),
        }
    }

    fn compare(&mut self, before: &ResourceFacts, after: &ResourceFacts) {
        let names: BTreeSet<&'static str> =
            before.facts.keys().chain(after.facts.keys()).copied().collect();
        for name in names {
            let (Some(own), Some(other)) = (before.facts.get(name), after.facts.get(name)) else {
                continue;
            };
            for (side, fact) in [(Side::Baseline, own), (Side::Now, other)] {
                if let Some(gap) = fact.gap() {
                    self.lose(gap, side);
                }
            }
            if own.gap().is_some() || other.gap().is_some() || own.value() == other.value() {
                continue;
            }
            let shown = |fact: &Fact<Comparable>| fact.value().map(|value| value.shown.clone());
            let sources = [own, other].into_iter().filter_map(Fact::source);
            self.found.push(Found {
                difference: Difference {
                    fact: Some(name.to_owned()),
                    before: shown(own),
                    after: shown(other),
                    ..about(after, Class::AllowedChange)
                },
                resource: key_of(&after.source.resource),
                places: sources.map(place).collect(),
            });
        }
    }
}

fn place(source: &Source) -> (String, String) {
    (key_of(&source.resource), source.pointer.clone())
}

fn appeared(own: &ResourceFacts) -> Found {
    found(own, Difference { after: Some(summary(own)), ..about(own, Class::New) })
}

fn vanished(own: &ResourceFacts) -> Found {
    found(own, Difference { before: Some(summary(own)), ..about(own, Class::Gone) })
}

fn found(own: &ResourceFacts, difference: Difference) -> Found {
    Found { difference, resource: key_of(&own.source.resource), places: vec![place(&own.source)] }
}

/// A resource in a line: what is known of it.
fn summary(own: &ResourceFacts) -> String {
    let facts = own.facts.iter().filter_map(|(name, fact)| {
        let shown = &fact.value()?.shown;
        (shown != "none").then(|| format!("{name} {shown}"))
    });
    let facts: Vec<String> = facts.collect();
    if facts.is_empty() { PRESENT.to_owned() } else { facts.join(", ") }
}

fn about(own: &ResourceFacts, class: Class) -> Difference {
    Difference {
        class,
        resource: own.source.resource.clone(),
        kind: own.kind.to_owned(),
        name: own.name.clone(),
        fact: None,
        before: None,
        after: None,
        rules: Vec::new(),
        lost: None,
        activity: Vec::new(),
    }
}
