//! One table of the manifest under examination.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::homes;
use crate::keys::{Absent, Key, Top};
use crate::nearest::{listed, nearest};
use crate::problem::quote;
use crate::types::Shape;
use crate::values::{Item, Reader};

/// A table, and how to call it.
pub(crate) struct Room<'a> {
    pub(crate) table: &'a DeTable<'a>,
    /// Its full key, such as `deployment.postgres`; empty for the whole file.
    pub(crate) key: String,
    /// Its header as it is written, for messages.
    pub(crate) heading: String,
    /// Where its header is.
    pub(crate) span: Range<usize>,
}

impl<'a> Room<'a> {
    /// Reads the keys that are there, in the order of the key table.
    pub(crate) fn read<T: 'static>(
        &self,
        keys: impl IntoIterator<Item = &'static Key<T>>,
        target: &mut T,
        reader: &mut Reader<'_>,
    ) {
        for key in keys {
            if let Some(value) = self.table.get(key.name) {
                let path = self.path(key.name);
                key.kind.read(Item::new(&path, key.name, value), target, reader);
            }
        }
    }

    /// Reports every key that is not one of the known.
    pub(crate) fn report_unknown(
        &self,
        known: impl IntoIterator<Item = &'static str>,
        reader: &mut Reader<'_>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        for (key, value) in self.table {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let what = if is_table(value) { "table" } else { "key" };
            let message = format!("unknown {what} {} in {}", quote(name), self.heading);
            let help = homes::of(name, &self.key)
                .or_else(|| Some(format!("did you mean `{}`?", nearest(name, known.clone())?)))
                .unwrap_or_else(|| format!("known here: {}", listed(known.clone())));
            reader.problems.add(key.span(), &self.path(name), message).help(help);
        }
    }

    /// Whether part of this table is not TOML, so that what seems to be missing may be there.
    pub(crate) fn may_hide_keys(&self, reader: &Reader<'_>) -> bool {
        let name = self.key.split('.').next().unwrap_or_default();
        reader.problems.may_hide_keys_of(Some(self.span.start), name)
    }

    /// Reports every required key that is not there. Silent when part of the table is not TOML: the
    /// key may stand in that part.
    pub(crate) fn report_missing<T>(
        &self,
        keys: &'static [Key<T>],
        is_elsewhere: impl Fn(&str) -> bool,
        reader: &mut Reader<'_>,
    ) {
        if self.may_hide_keys(reader) {
            return;
        }
        for key in keys {
            let Absent::Mistake(example) = key.absent else { continue };
            if self.table.contains_key(key.name) || is_elsewhere(key.name) {
                continue;
            }
            let message = format!("`{}` is missing from {}", key.name, self.heading);
            let help = format!("add {}, such as `{} = {example}`", key.about, key.name);
            reader.problems.add(self.span.clone(), &self.path(key.name), message).help(help);
        }
    }

    /// The table below this one, when it is there.
    pub(crate) fn below(&self, top: &Top, name: &str, reader: &mut Reader<'_>) -> Option<Room<'a>> {
        let (key, value) = self.table.get_key_value(name)?;
        let path = self.path(name);
        let heading = top.heading_of(name);
        match value.get_ref() {
            DeValue::Table(table) => {
                let span = header(key.span(), value, reader);
                Some(Room { table, key: path, heading: format!("`{heading}`"), span })
            }
            other => {
                let wants = format!("a table, written as `{heading}`");
                reader.wrong_type(Item::new(&path, name, value), &wants, Shape::Table);
                let table = first_table(other)?;
                Some(Room { table, key: path, heading: format!("`{heading}`"), span: value.span() })
            }
        }
    }

    /// The full key of something in this table.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) }
    }
}

/// The one table at the top of the file with this name.
pub(crate) fn single<'a>(file: &Room<'a>, top: &Top, reader: &mut Reader<'_>) -> Option<Room<'a>> {
    let (key, value) = file.table.get_key_value(top.name)?;
    if let DeValue::Table(table) = value.get_ref() {
        return Some(room(table, top, header(key.span(), value, reader)));
    }
    let wants = format!("one table, written as `{}`", top.heading());
    reader.wrong_type(Item::new(top.name, top.name, value), &wants, Shape::Table);
    first_table(value.get_ref()).map(|table| room(table, top, value.span()))
}

/// All tables at the top of the file with this name.
pub(crate) fn several<'a>(file: &Room<'a>, top: &Top, reader: &mut Reader<'_>) -> Vec<Room<'a>> {
    let Some((key, value)) = file.table.get_key_value(top.name) else {
        return Vec::new();
    };
    let wants = format!("an array of tables, each written as `{}`", top.heading());
    let item = Item::new(top.name, top.name, value);
    match value.get_ref() {
        DeValue::Array(tables) => {
            let mut rooms = Vec::new();
            for value in tables {
                match value.get_ref() {
                    DeValue::Table(table) => rooms.push(room(table, top, value.span())),
                    _ => {
                        let item = Item::new(top.name, top.name, value);
                        reader.wrong_type(item, &wants, Shape::Table);
                    }
                }
            }
            rooms
        }
        // Single brackets where double ones belong: what is below can still be examined.
        DeValue::Table(table) => {
            let span = header(key.span(), value, reader);
            let is_written = reader.problems.places.slice(value.span()).starts_with(['[', '{']);
            // A table that only a damaged header made one is no further mistake.
            if is_written || !reader.problems.are_damaged() {
                reader.wrong_type(item, &wants, Shape::Table);
            }
            vec![room(table, top, span)]
        }
        _ => {
            reader.wrong_type(item, &wants, Shape::Table);
            Vec::new()
        }
    }
}

fn room<'a>(table: &'a DeTable<'a>, top: &Top, span: Range<usize>) -> Room<'a> {
    Room { table, key: top.name.to_owned(), heading: format!("`{}`", top.heading()), span }
}

/// The first of several tables where one was wanted: what is in it can still be examined.
fn first_table<'a>(value: &'a DeValue<'a>) -> Option<&'a DeTable<'a>> {
    value.as_array()?.iter().find_map(|item| item.get_ref().as_table())
}

/// Where a table begins: its header, or for an inline table its key.
fn header(key: Range<usize>, value: &Spanned<DeValue<'_>>, reader: &Reader<'_>) -> Range<usize> {
    let span = value.span();
    if reader.problems.places.slice(span.clone()).starts_with('{') { key } else { span }
}

fn is_table(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::Table(_) => true,
        DeValue::Array(items) => {
            !items.is_empty() && items.iter().all(|item| item.get_ref().is_table())
        }
        _ => false,
    }
}
