//! Changes to an estate, one story line each: `{ "merge": "{pg}", "with": { … } }`.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value};

use crate::blob_store::{BlobError, CopyFile};
use crate::change_blobs::BlobTarget;
use crate::change_resources;
use crate::directory::DirectoryError;
use crate::estate::{Estate, EstateError};
use crate::json::{Edit, EditError, edit, for_each_object, for_each_string};

/// One change. The first field of each is the key that names the change in a scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
enum Op {
    Merge {
        target: String,
        with: Value,
    },
    Set {
        target: String,
        to: Value,
    },
    Remove {
        target: String,
    },
    Add {
        target: String,
        #[serde(default)]
        body: Map<String, Value>,
    },
    Move {
        target: String,
        to: String,
        #[serde(default)]
        references: References,
    },
    Clone {
        target: String,
        to: String,
    },
    Copy {
        target: String,
        to: String,
        at: String,
        below: Option<String>,
        status: Option<String>,
        #[serde(default)]
        except: std::collections::BTreeMap<String, Value>,
    },
    Replace {
        target: String,
        with: String,
        r#in: Option<String>,
        #[serde(default)]
        whole: bool,
    },
    Ids {
        target: Casing,
    },
    Everywhere {
        target: Map<String, Value>,
    },
}

/// Whether a move takes the references to what is moved along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum References {
    /// Bodies that mention the old id mention the new one.
    #[default]
    Follow,
    /// They go on mentioning the old one, which is gone.
    Keep,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Casing {
    Lower,
    Upper,
}

/// A change as it stands in a scenario file.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    op: Op,
}

const OPS: [&str; 10] =
    ["add", "clone", "copy", "everywhere", "ids", "merge", "move", "remove", "replace", "set"];

impl<'de> Deserialize<'de> for Change {
    /// The change's name is a key beside its arguments, so that a line reads like a sentence; an
    /// optional `why` tells its story.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        if let Some(why) = fields.remove("why") {
            why.as_str().ok_or_else(|| D::Error::custom("`why` has to be a text"))?;
        }
        let mut named = OPS.iter().copied().filter(|op| fields.contains_key(*op));
        let (op, other) = (named.next(), named.next());
        let (Some(op), None) = (op, other) else {
            return Err(D::Error::custom(format!(
                "a change has exactly one of {}",
                OPS.join(", ")
            )));
        };
        let target = fields.remove(op).unwrap_or_default();
        fields.insert("op".to_owned(), op.into());
        fields.insert("target".to_owned(), target);
        // `from_value` would accept a missing `to` as null.
        if matches!(op, "set" | "move" | "clone" | "copy") && !fields.contains_key("to") {
            return Err(D::Error::custom(format!("`{op}` needs `to`")));
        }
        let op = Op::deserialize(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(Self { op })
    }
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error(transparent)]
    Estate(#[from] EstateError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("{0}: {1}")]
    Edit(String, EditError),
    #[error("{0:?} matches nothing")]
    NoMatch(String),
    #[error("{0:?} names a place inside a body; `{1}` takes a whole object")]
    Inside(String, &'static str),
    #[error("{0:?} and {1:?} are not of the same kind")]
    Kinds(String, String),
    #[error("{0:?}: write graph:collection/id")]
    GraphTarget(String),
    #[error("`{0}` does not work on blobs")]
    NotOnBlobs(&'static str),
    #[error("{0:?} does not occur")]
    NoOccurrence(String),
}

/// What a change is about.
#[derive(Clone, Debug)]
enum Target {
    /// A resource or inline child; `*` stands for any run of characters.
    Resource { id: String, path: String },
    /// An object of the directory.
    Graph { collection: String, id: String, path: String },
    /// A container, a folder or a blob.
    Blob(BlobTarget),
}

impl Target {
    fn parse(text: &str) -> Result<Self, ChangeError> {
        if let Some(rest) = text.strip_prefix("blob:") {
            return Ok(Self::Blob(BlobTarget::parse(rest)?));
        }
        let (object, path) = match text.split_once('#') {
            Some((object, path)) => (object, path.to_owned()),
            None => (text, String::new()),
        };
        let Some(rest) = object.strip_prefix("graph:") else {
            return Ok(Self::Resource { id: object.to_owned(), path });
        };
        let (collection, id) =
            rest.split_once('/').ok_or_else(|| ChangeError::GraphTarget(text.to_owned()))?;
        Ok(Self::Graph { collection: collection.to_owned(), id: id.to_owned(), path })
    }

    /// The target of an operation on whole objects.
    fn whole(text: &str, op: &'static str) -> Result<Self, ChangeError> {
        let target = Self::parse(text)?;
        match &target {
            Self::Resource { path, .. } | Self::Graph { path, .. } if !path.is_empty() => {
                Err(ChangeError::Inside(text.to_owned(), op))
            }
            _ => Ok(target),
        }
    }
}

impl Change {
    /// Makes the change.
    pub(crate) fn apply(&self, estate: &mut Estate) -> Result<(), ChangeError> {
        match &self.op {
            Op::Merge { target, with } => edit_at(estate, target, Edit::Merge(with)),
            Op::Set { target, to } => edit_at(estate, target, Edit::Set(to)),
            Op::Remove { target } => remove(estate, target),
            Op::Add { target, body } => add(estate, target, body),
            Op::Move { target, to, references } => relocate(estate, target, to, Some(*references)),
            Op::Clone { target, to } => relocate(estate, target, to, None),
            Op::Copy { target, to, at, below, status, except } => {
                let copy = CopyFile {
                    folder: String::new(),
                    from: target.strip_prefix("blob:").unwrap_or(target).to_owned(),
                    at: at.clone(),
                    below: below.clone(),
                    status: status.clone(),
                    except: except.clone(),
                };
                BlobTarget::parse(to.strip_prefix("blob:").unwrap_or(to))?
                    .copy_into(&mut estate.blobs, copy)
            }
            Op::Replace { target, with, r#in, whole } => {
                replace(estate, target, with, r#in.as_deref(), *whole)
            }
            Op::Ids { target } => {
                respell(estate, *target);
                Ok(())
            }
            Op::Everywhere { target } => {
                for resource in estate.resources.values_mut() {
                    for_each_object(&mut resource.body, &mut |object| {
                        for (key, value) in target {
                            object.entry(key.clone()).or_insert_with(|| value.clone());
                        }
                    });
                }
                Ok(())
            }
        }
    }
}

fn edit_at(estate: &mut Estate, target: &str, change: Edit<'_>) -> Result<(), ChangeError> {
    let failed = |error| ChangeError::Edit(target.to_owned(), error);
    match Target::parse(target)? {
        Target::Resource { id, path } => change_resources::each_body(estate, &id, |body| {
            edit(body, &path, change).map_err(failed)
        }),
        Target::Graph { collection, id, path } => {
            let object = estate.directory.get_mut(&collection, &id)?;
            edit(object, &path, change).map_err(failed).map(drop)
        }
        Target::Blob(blob) => blob.edit(&mut estate.blobs, change),
    }
}

fn remove(estate: &mut Estate, target: &str) -> Result<(), ChangeError> {
    match Target::parse(target)? {
        Target::Resource { id, path } if path.is_empty() => change_resources::remove(estate, &id),
        Target::Graph { collection, id, path } if path.is_empty() => {
            estate.directory.take(&collection, &id)?;
            Ok(())
        }
        Target::Blob(blob) => blob.remove(&mut estate.blobs),
        _ => edit_at(estate, target, Edit::Remove),
    }
}

fn add(estate: &mut Estate, target: &str, body: &Map<String, Value>) -> Result<(), ChangeError> {
    let body = Value::Object(body.clone());
    match Target::whole(target, "add")? {
        Target::Resource { id, .. } => change_resources::add(estate, &id, body),
        Target::Graph { collection, id, .. } => {
            Ok(estate.directory.insert(&collection, &id, body)?)
        }
        Target::Blob(blob) => blob.add(&mut estate.blobs, body),
    }
}

/// A move, or a clone when no word is said about references.
fn relocate(
    estate: &mut Estate,
    from: &str,
    to: &str,
    references: Option<References>,
) -> Result<(), ChangeError> {
    let op = if references.is_some() { "move" } else { "clone" };
    match (Target::whole(from, op)?, Target::whole(to, op)?) {
        (Target::Resource { id: from, .. }, Target::Resource { id: to, .. }) => {
            change_resources::relocate(estate, &from, &to, references)
        }
        (
            Target::Graph { collection, id, .. },
            Target::Graph { collection: new_collection, id: new_id, .. },
        ) => {
            let directory = &mut estate.directory;
            let mut object = match references {
                Some(_) => directory.take(&collection, &id)?,
                None => directory.get_mut(&collection, &id)?.clone(),
            };
            object["id"] = new_id.as_str().into();
            Ok(directory.insert(&new_collection, &new_id, object)?)
        }
        (Target::Blob(from), Target::Blob(to)) => {
            from.relocate(&mut estate.blobs, &to, references.is_some())
        }
        _ => Err(ChangeError::Kinds(from.to_owned(), to.to_owned())),
    }
}

/// Replaces a text in the bodies of resources, or whole strings only.
fn replace(
    estate: &mut Estate,
    old: &str,
    new: &str,
    within: Option<&str>,
    whole: bool,
) -> Result<(), ChangeError> {
    let mut hits = 0;
    let mut change = |text: &mut String| {
        if whole && text == old {
            new.clone_into(text);
            hits += 1;
        } else if !whole && text.contains(old) {
            *text = text.replace(old, new);
            hits += 1;
        }
    };
    match within {
        Some(id) => change_resources::each_body(estate, id, |body| {
            for_each_string(body, &mut change);
            Ok(1)
        })?,
        None => {
            for resource in estate.resources.values_mut() {
                for_each_string(&mut resource.body, &mut change);
            }
        }
    }
    if hits == 0 { Err(ChangeError::NoOccurrence(old.to_owned())) } else { Ok(()) }
}

/// Spells every ARM id in every body in lower or upper case.
fn respell(estate: &mut Estate, casing: Casing) {
    for resource in estate.resources.values_mut() {
        for_each_string(&mut resource.body, &mut |text| {
            if text.starts_with("/subscriptions/") || text.starts_with("/providers/") {
                *text = match casing {
                    Casing::Lower => text.to_lowercase(),
                    Casing::Upper => text.to_uppercase(),
                };
            }
        });
    }
}
