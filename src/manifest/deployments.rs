//! Reads `[defaults]` and every `[[deployment]]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeValue;
use vaudit_model::deployment::Location;
use vaudit_model::{Cloud, Deployment};

use crate::keys::deployment::{KEYS, NAME, TABLES};
use crate::keys::{DEFAULTS, DEPLOYMENT, Key, Top, names};
use crate::problem::quote;
use crate::room::{Room, several, single};
use crate::values::Reader;

/// All deployments of the file.
pub(crate) fn read(file: &Room<'_>, cloud: Cloud, reader: &mut Reader<'_>) -> Vec<Deployment> {
    // Defaults are applied once, to the deployment all others are copied from, so that a mistake in
    // them is reported once.
    let mut base = Deployment::new("", "", "");
    base.cloud = Arc::new(cloud);
    let defaults = single(file, &DEFAULTS, reader);
    if let Some(defaults) = &defaults {
        read_into(&mut base, defaults, &DEFAULTS, reader);
    }
    let may_be_in_defaults = match &defaults {
        Some(defaults) => defaults.may_hide_keys(reader),
        // Without its header the table would stand above all others.
        None => reader.problems.may_hide_keys_of(None, DEFAULTS.name),
    };
    let in_defaults = |name: &str| {
        may_be_in_defaults
            || defaults.as_ref().is_some_and(|defaults| defaults.table.contains_key(name))
    };

    let rooms = several(file, &DEPLOYMENT, reader);
    let mut deployments = Vec::new();
    for room in &rooms {
        let mut deployment = base.clone();
        read_into(&mut deployment, room, &DEPLOYMENT, reader);
        room.report_missing(&KEYS, |name| name != NAME && in_defaults(name), reader);
        deployments.push(deployment);
    }
    report_repeated_names(&rooms, reader);
    report_none(file, &rooms, reader);
    deployments
}

/// The names the deployments of the file go by, whether they are good names or not.
pub(crate) fn written_names<'a>(file: &Room<'a>) -> Vec<&'a str> {
    let tables = file.table.get(DEPLOYMENT.name).and_then(|value| value.get_ref().as_array());
    let tables = tables.into_iter().flatten().filter_map(|table| table.get_ref().as_table());
    tables.filter_map(|table| table.get(NAME)?.get_ref().as_str()).collect()
}

/// Reads a deployment or the defaults, and notes what is where.
fn read_into(target: &mut Deployment, room: &Room<'_>, top: &Top, reader: &mut Reader<'_>) {
    // Every deployment has a name of its own.
    let is_known = |name: &str| top.name != DEFAULTS.name || name != NAME;
    let keys = || KEYS.iter().filter(|key| is_known(key.name));
    room.read(keys(), target, reader);
    let tables = TABLES.iter().map(|table| table.name);
    room.report_unknown(keys().map(|key| key.name).chain(tables), reader);
    if top.name == DEPLOYMENT.name {
        note(target, "", room.span.start, room.key.clone(), reader);
    }
    note_keys(target, "", room, keys(), reader);
    for table in &TABLES {
        let Some(below) = room.below(top, table.name, reader) else { continue };
        below.read(table.keys, target, reader);
        below.report_unknown(names(table.keys), reader);
        note(target, table.name, below.span.start, below.key.clone(), reader);
        note_keys(target, table.name, &below, table.keys, reader);
    }
}

fn note_keys(
    target: &mut Deployment,
    table: &str,
    room: &Room<'_>,
    keys: impl IntoIterator<Item = &'static Key<Deployment>>,
    reader: &Reader<'_>,
) {
    for key in keys {
        let Some((written, _)) = room.table.get_key_value(key.name) else { continue };
        let path = match table {
            "" => key.name.to_owned(),
            table => format!("{table}.{}", key.name),
        };
        note(target, &path, written.span().start, room.path(key.name), reader);
    }
}

fn note(target: &mut Deployment, path: &str, offset: usize, key: String, reader: &Reader<'_>) {
    let (line, column) = reader.problems.places.of(offset);
    target.locations.insert(path, Location { line, column, key });
}

fn report_repeated_names(rooms: &[Room<'_>], reader: &mut Reader<'_>) {
    let mut seen = BTreeMap::new();
    for room in rooms {
        let Some(value) = room.table.get(NAME) else { continue };
        let Some(name) = value.get_ref().as_str() else { continue };
        if let Some(first) = seen.get(name) {
            let message = format!("a deployment {} is already described", quote(name));
            let problem = reader.problems.add(value.span(), &room.path(NAME), message);
            problem.help("give every deployment a name of its own");
            reader.problems.note_last(Clone::clone(first), "the first one");
        } else {
            seen.insert(name, value.span());
        }
    }
}

/// Reports a file that describes no deployment, unless a mistake that hides one is reported anyway.
fn report_none(file: &Room<'_>, rooms: &[Room<'_>], reader: &mut Reader<'_>) {
    let has_other_mistake =
        file.table.get(DEPLOYMENT.name).is_some_and(|value| !is_empty_array(value.get_ref()));
    if !rooms.is_empty() || has_other_mistake || reader.problems.are_damaged() {
        return;
    }
    let heading = DEPLOYMENT.heading();
    let message = format!("no deployment is described: there is no `{heading}`");
    let required = r#"name = "production", subscription = "…", resource_group = "…""#;
    reader
        .problems
        .add(0..0, DEPLOYMENT.name, message)
        .help(format!("add `{heading}` with {required}"));
}

fn is_empty_array(value: &DeValue<'_>) -> bool {
    value.as_array().is_some_and(|array| array.is_empty())
}
