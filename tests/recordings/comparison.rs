//! What was read of an exchange, held against what was expected of it.

use std::collections::BTreeMap;

use serde_json::Value;
use vaudit_model::{Fact, List};

use crate::exchange::Exchange;
use crate::naive::{self, Naive, look};

/// A fact of a resource: its name, what is expected of it, and how the model tells it.
pub(crate) struct Field<T>(pub(crate) &'static str, pub(crate) Naive, pub(crate) fn(&T) -> String);

/// What tells a raw item and a read one, in one spelling.
type Keys<T> = (fn(&Value) -> Option<String>, fn(&T) -> String);

/// What was read of an exchange, and what of it is not as expected.
pub(crate) struct Comparison<'e> {
    /// The exchange.
    pub(crate) exchange: &'e Exchange,
    /// Every fact that was read, by name.
    pub(crate) facts: BTreeMap<String, String>,
    /// What is wrong.
    pub(crate) wrong: Vec<String>,
}

impl<'e> Comparison<'e> {
    /// Of an exchange of which nothing was read yet.
    pub(crate) fn of(exchange: &'e Exchange) -> Self {
        Self { exchange, facts: BTreeMap::new(), wrong: Vec::new() }
    }

    /// Takes a fact down.
    pub(crate) fn says(&mut self, name: &str, read: String, expected: &str) {
        if read != expected {
            self.wrong.push(format!("{name} was read as {read:?}, and is {expected:?}"));
        }
        self.facts.insert(name.to_owned(), read);
    }

    /// Compares a resource.
    pub(crate) fn resource<T>(&mut self, name: &str, raw: &Value, read: &T, fields: &[Field<T>]) {
        for Field(field, expected, tell) in fields {
            self.says(&format!("{name}{field}"), tell(read), &expected.of(raw));
        }
    }

    /// Compares a resource that stands for itself: known when the answer is a success, and never
    /// known when it is none.
    pub(crate) fn fact<T>(&mut self, name: &str, raw: &Value, read: &Fact<T>, fields: &[Field<T>]) {
        match read {
            Fact::Known(read, _) if self.exchange.succeeded() => {
                self.resource(name, raw, read, fields);
            }
            other => self.reads_only_successes(name, raw, other),
        }
    }

    /// Compares a list, and gives the pairs of its items. Their order may be another; each is told
    /// by its key.
    pub(crate) fn list<'v, 't, T>(
        &mut self,
        (raw, read): (&[(String, &'v Value)], &'t Fact<List<T>>),
        (raw_key, key): Keys<T>,
        fields: &[Field<T>],
    ) -> Vec<(String, &'v Value, &'t T)> {
        let list = match read {
            Fact::Known(list, _) if self.exchange.succeeded() => list,
            other => {
                self.reads_only_successes("", &self.exchange.body, other);
                return Vec::new();
            }
        };
        let mut open: Vec<&T> = list.items.iter().collect();
        let mut pairs = Vec::new();
        for (name, raw) in raw {
            let wanted = raw_key(raw);
            let at = open.iter().position(|item| Some(key(item)) == wanted);
            match at.map(|at| open.remove(at)) {
                Some(item) => pairs.push((name.clone(), *raw, item)),
                None if wanted.is_none() => {}
                None => self.says(&format!("{name}item"), "lost".to_owned(), "read"),
            }
        }
        let nameless = raw.iter().filter(|(_, raw)| raw_key(raw).is_none()).count();
        let surplus = open.len().saturating_sub(nameless);
        self.says("items that nobody sent", surplus.to_string(), "0");
        for (name, raw, item) in &pairs {
            self.resource(name, raw, *item, fields);
        }
        pairs
    }

    /// Whether every item of the answer has a key, so that none is lost.
    pub(crate) fn names_all(&self, key: fn(&Value) -> Option<String>) -> bool {
        self.exchange.items().iter().all(|(_, item)| key(item).is_some())
    }

    /// Compares whether a list whose items all have keys is complete: it has no next page, and was
    /// not cut off.
    pub(crate) fn completeness<T>(&mut self, read: &Fact<List<T>>, names_all: bool, is_cut: bool) {
        if let (Fact::Known(list, _), true) = (read, names_all && self.exchange.succeeded()) {
            let expected = !is_cut && next_link(&self.exchange.body).is_none();
            self.says("complete", list.is_complete().to_string(), &expected.to_string());
        }
    }

    /// What is no success is never read. What is one is, unless it is no resource and no list.
    fn reads_only_successes<T>(&mut self, name: &str, raw: &Value, read: &Fact<T>) {
        let is_anything = ["id", "value", "data"].iter().any(|field| !look(raw, field).is_null());
        let is_readable = self.exchange.succeeded() && is_anything;
        match read {
            Fact::Known(..) => self.says(&format!("{name}readable"), "yes".to_owned(), "no"),
            Fact::Absent(_) if is_readable => {
                self.says(&format!("{name}readable"), "absent".to_owned(), "yes");
            }
            Fact::Unread(gap) if is_readable => {
                self.says(&format!("{name}readable"), format!("no: {}", gap.message), "yes");
            }
            Fact::Absent(_) | Fact::Unread(_) => {}
        }
    }
}

/// The id of a raw item, in one spelling.
pub(crate) fn by_id(item: &Value) -> Option<String> {
    naive::id(look(item, "id").as_str()?)
}

/// Where a raw list goes on, if it does.
pub(crate) fn next_link(body: &Value) -> Option<&str> {
    let links = ["nextLink", "@odata.nextLink", "$skipToken"];
    links.iter().find_map(|field| look(body, field).as_str()).filter(|link| !link.is_empty())
}
