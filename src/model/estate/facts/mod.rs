//! What a snapshot says about a deployment, fact by fact, so that two snapshots can be compared.
//!
//! Facts, not text: what is compared is what the readers make of an answer, so casing, order,
//! spellings of one id, fields nobody reads and notations of a date are the same fact. What always
//! moves is left out: backups and their ages, the nodes that come and go, whether something is being
//! updated right now. The rules judge that; here it would be noise every night.

mod cluster;
mod dns;
mod identity;
mod network;
mod postgres;
mod storage;
mod value;

use std::collections::BTreeMap;

pub use value::Comparable;

use super::Estate;
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Source};

/// The facts of one deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EstateFacts {
    /// The lists its resources stand in, by name, each with why it may not show all of them.
    pub lists: BTreeMap<String, Option<Gap>>,
    /// The resources, by a key that is the same in every spelling.
    pub resources: BTreeMap<String, ResourceFacts>,
}

/// The facts of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceFacts {
    /// What it is, as a person would say it: `subnet`.
    pub kind: &'static str,
    /// Its own name.
    pub name: String,
    /// The list it stands in, a key of [`EstateFacts::lists`].
    pub list: String,
    /// Where it was read; the resource is the id Azure gave it.
    pub source: Source,
    /// Its facts by name: the path of the field without `properties`, as the Azure CLI shows it.
    pub facts: BTreeMap<&'static str, Fact<Comparable>>,
}

impl Estate<'_> {
    /// Everything that is compared of this deployment.
    pub fn facts(&self) -> EstateFacts {
        let mut facts = EstateFacts::default();
        facts.subscription(self);
        facts.servers(self);
        facts.clusters(self);
        facts.networks(self);
        facts.zone(self);
        facts.storage(self);
        facts.identity(self);
        facts
    }
}

impl EstateFacts {
    fn subscription(&mut self, estate: &Estate<'_>) {
        let deployment = estate.deployment;
        let subscription = self.one("the subscription", estate.subscription());
        if let Some((own, source)) = subscription {
            self.arm("subscription", "the subscription", &deployment.subscription_id(), &source)
                .text("state", &own.state)
                .text("tenantId", &own.tenant);
        }
        if let Some((_, source)) = self.one("the resource group", estate.resource_group()) {
            let id = deployment.resource_group_id();
            self.arm("resource group", "the resource group", &id, &source);
        }
    }

    /// Notes a list and hands its items over.
    fn list<T>(&mut self, name: &str, list: Fact<List<T>>) -> Vec<T> {
        let (items, missing) = match list {
            Fact::Known(list, _) => (list.items, list.missing),
            Fact::Absent(_) => (Vec::new(), None),
            Fact::Unread(gap) => (Vec::new(), Some(gap)),
        };
        self.note(name, missing);
        items
    }

    /// Notes something there is one of at most, and hands it over.
    fn one<T>(&mut self, name: &str, fact: Fact<T>) -> Option<(T, Source)> {
        let (found, missing) = match fact {
            Fact::Known(value, source) => (Some((value, source)), None),
            Fact::Absent(_) => (None, None),
            Fact::Unread(gap) => (None, Some(gap)),
        };
        self.note(name, missing);
        found
    }

    /// Notes why a list may not show everything; the first reason stays.
    fn note(&mut self, name: &str, missing: Option<Gap>) {
        let noted = self.lists.entry(name.to_owned()).or_default();
        if noted.is_none() {
            *noted = missing;
        }
    }

    /// An item that can be told from the others. One that cannot may be any of them, so its list
    /// proves nothing about what is not on it.
    fn readable<T>(&mut self, list: &str, item: Result<T, Gap>) -> Option<T> {
        item.map_err(|gap| self.note(list, Some(gap))).ok()
    }

    /// What tells an item from the others where it has no id that lasts; absent parts are blank.
    fn told_apart<const N: usize>(
        &mut self,
        list: &str,
        parts: [Fact<String>; N],
    ) -> Option<[String; N]> {
        let lost = parts.iter().find_map(Fact::gap).cloned();
        if let Some(gap) = lost {
            return self.readable(list, Err(gap));
        }
        Some(parts.map(|part| part.value().cloned().unwrap_or_default()))
    }

    /// A resource of Resource Manager. One that is there already keeps its list.
    fn arm(&mut self, kind: &'static str, list: &str, id: &ArmId, source: &Source) -> Facts<'_> {
        let source = Source { resource: id.as_str().to_owned(), ..source.clone() };
        self.resource(kind, list, id.key().to_owned(), id.name().to_owned(), source)
    }

    fn resource(
        &mut self,
        kind: &'static str,
        list: &str,
        key: String,
        name: String,
        source: Source,
    ) -> Facts<'_> {
        let resource = self.resources.entry(key).or_insert_with(|| ResourceFacts {
            kind,
            name,
            list: list.to_owned(),
            source,
            facts: BTreeMap::new(),
        });
        Facts(resource)
    }
}

/// A resource whose facts are being told.
struct Facts<'a>(&'a mut ResourceFacts);
