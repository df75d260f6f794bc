//! Writes documents with a long list in them: the items are made and written on every core, those of a
//! few deployments at a time, since those of all would take gigabytes.

use std::borrow::Cow;

use rayon::prelude::*;
use serde::Serialize;

use crate::inert_json::{new_line, shallow, text, write};

/// How many parts of a list are made before they join the document.
const AT_ONCE: usize = 32;

/// A list of a document, and how the document is written.
#[derive(Clone, Copy)]
pub(crate) struct List {
    /// Its key; none where the list is the document. An object that stands before the list and as deep
    /// must not have an empty list of the same key.
    pub(crate) key: Option<&'static str>,
    /// How many arrays and objects its items stand in.
    pub(crate) depth: usize,
    /// How many levels of the document have lines of their own: no fewer than `depth`.
    pub(crate) levels: usize,
}

impl List {
    /// Writes a document that has nothing in this list, and in its place what became of the parts.
    pub(crate) fn document<'a, T: Sync>(
        self,
        document: &impl Serialize,
        parts: &[T],
        write: impl Fn(&T, &mut Items<'a>) + Sync,
    ) -> String {
        let mut all = shallow(document, self.levels);
        let place = self.opened(all.as_bytes());
        let after = all.split_off(place);
        let mut is_filled = false;
        let mut append = |made: &[Part<'_>]| {
            for part in made.iter().filter(|part| !part.text.is_empty()) {
                if is_filled {
                    all.push(',');
                }
                part.append_to(&mut all);
                is_filled = true;
            }
        };
        let make = |part: &T| {
            let mut items = self.items();
            write(part, &mut items);
            Part { text: text(items.text), inserted: items.inserted }
        };
        let mut made = Vec::new();
        for some in parts.chunks(AT_ONCE) {
            // Those before join while these are made: copying takes a while, too.
            let (next, ()) = rayon::join(|| some.par_iter().map(make).collect(), || append(&made));
            made = next;
        }
        append(&made);
        if is_filled {
            all += &self.before_the_end();
        }
        all + &after
    }

    /// No items yet.
    pub(crate) fn items<'a>(self) -> Items<'a> {
        Items { list: self, text: Vec::new(), inserted: Vec::new() }
    }

    fn before_the_end(self) -> String {
        new_line(self.depth - 1)
    }

    /// Where the items belong. No text of others can look like the list: there is no line break in it.
    fn opened(self, text: &[u8]) -> usize {
        let opening = match self.key {
            Some(key) => format!("{}\"{key}\": [", self.before_the_end()),
            None => "[".to_owned(),
        };
        let list = format!("{opening}]");
        match text.windows(list.len()).position(|own| own == list.as_bytes()) {
            Some(place) if self.key.is_some() || place == 0 => place + opening.len(),
            _ => unreachable!("the document has an empty list {:?}", self.key),
        }
    }
}

/// Items of a list, as they stand in the document.
pub(crate) struct Items<'a> {
    list: List,
    text: Vec<u8>,
    /// What others have as well, and where in the text it belongs.
    inserted: Vec<(usize, Cow<'a, str>)>,
}

impl<'a> Items<'a> {
    /// Adds an item.
    pub(crate) fn push(&mut self, item: &impl Serialize) {
        if !self.text.is_empty() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(new_line(self.list.depth).as_bytes());
        write(&mut self.text, item, self.list.levels, self.list.depth);
    }

    /// Adds an item that has nothing in some lists, and in their places what belongs there. The lists
    /// are in their order.
    pub(crate) fn push_with<const N: usize>(
        &mut self,
        item: &impl Serialize,
        lists: [(List, Cow<'a, str>); N],
    ) {
        let mut place = self.text.len();
        self.push(item);
        for (list, content) in lists.into_iter().filter(|(_, content)| !content.is_empty()) {
            place += list.opened(&self.text[place..]);
            self.inserted.push((place, content));
        }
    }

    /// All that stands between the brackets of the list. Nothing may have been put into an item.
    pub(crate) fn content(mut self) -> String {
        if !self.text.is_empty() {
            self.text.extend_from_slice(self.list.before_the_end().as_bytes());
        }
        text(self.text)
    }
}

/// Items that are ready.
struct Part<'a> {
    text: String,
    inserted: Vec<(usize, Cow<'a, str>)>,
}

impl Part<'_> {
    fn append_to(&self, document: &mut String) {
        let mut written = 0;
        for (place, content) in &self.inserted {
            document.push_str(&self.text[written..*place]);
            document.push_str(content);
            written = *place;
        }
        document.push_str(&self.text[written..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inert_json::EVERY_LEVEL;
    use serde_json::{Value, json};

    #[test]
    fn a_list_in_parts_is_the_list_as_a_whole() {
        let items = |part: usize| (0..part % 3).map(move |item| json!({"item": [part, item]}));
        for parts in [0, 1, 2, AT_ONCE, 3 * AT_ONCE + 1] {
            let parts: Vec<usize> = (0..parts).collect();
            let all: Vec<Value> = parts.iter().copied().flat_map(items).collect();
            for levels in [2, 3, EVERY_LEVEL] {
                let write = |part: &usize, own: &mut Items<'_>| {
                    items(*part).for_each(|item| own.push(&item));
                };
                let within = |list: &[Value]| json!({"a": "\n  \"list\": []", "deep": {"list": []}, "list": list, "z": []});
                let list = List { key: Some("list"), depth: 2, levels };
                let text = list.document(&within(&[]), &parts, write);
                assert_eq!(text, shallow(&within(&all), levels));
                let list = List { key: None, depth: 1, levels };
                assert_eq!(list.document(&[(); 0], &parts, write), shallow(&all, levels));
            }
        }
    }

    #[test]
    fn what_many_items_have_is_written_once() {
        let outer = List { key: Some("outer"), depth: 2, levels: EVERY_LEVEL };
        let inner = List { key: Some("inner"), depth: 4, levels: EVERY_LEVEL };
        for shared in [json!([]), json!([{"a": 1}, 2])] {
            let mut content = inner.items();
            shared.as_array().unwrap().iter().for_each(|item| content.push(item));
            let content = content.content();
            let item = |name: &str, list: &Value| json!({"a": name, "inner": list, "name": name});
            let text = outer.document(&json!({"outer": []}), &["x", "y"], |name, own| {
                for _ in 0..2 {
                    own.push_with(&item(name, &json!([])), [(inner, Cow::from(&content))]);
                }
            });
            let (x, y) = (item("x", &shared), item("y", &shared));
            assert_eq!(text, format!("{:#}\n", json!({"outer": [x, x, y, y]})));
        }
    }
}
