//! Changes to ARM resources: finding what an id or a pattern names, adding, removing, moving.

use serde_json::Value;

use crate::changes::{ChangeError, References};
use crate::estate::{Estate, EstateError, Resource, inline_items, kind, rewrite_references};
use crate::faults::glob;
use crate::json::{EditError, position};
use crate::resource_id::{ProviderId, is_within, key};
use crate::types;

/// Calls a function with the body of each resource an id or a pattern with `*` names. The function
/// says how many places it found.
pub(crate) fn each_body(
    estate: &mut Estate,
    id: &str,
    mut change: impl FnMut(&mut Value) -> Result<usize, ChangeError>,
) -> Result<(), ChangeError> {
    let mut places = 0;
    if id.contains('*') {
        let pattern = key(id);
        for (_, resource) in estate.resources.iter_mut().filter(|(key, _)| glob(&pattern, key)) {
            places += change(&mut resource.body)?;
        }
    } else if let Some(resource) = estate.resources.get_mut(&key(id)) {
        places = change(&mut resource.body)?;
    } else if let Some(child) = estate.inline_id(id) {
        let parent = estate.resources.get_mut(&child.parent);
        let items = parent.and_then(|parent| inline_items(&mut parent.body, child.inline));
        let missing = || EstateError::Missing(id.to_owned());
        let items = items.ok_or_else(missing)?;
        let index = position(items, child.name).ok_or_else(missing)?;
        places = change(&mut items[index])?;
    } else {
        return Err(EstateError::Missing(id.to_owned()).into());
    }
    if places == 0 { Err(ChangeError::NoMatch(id.to_owned())) } else { Ok(()) }
}

/// Adds a resource, or a child inside its parent's body.
pub(crate) fn add(estate: &mut Estate, id: &str, body: Value) -> Result<(), ChangeError> {
    match estate.inline_id(id) {
        Some(child) => estate.insert_inline(&child, body)?,
        None => estate.insert(id, body)?,
    }
    Ok(())
}

/// Removes resources with all that hangs on them, or a child from its parent's body.
pub(crate) fn remove(estate: &mut Estate, id: &str) -> Result<(), ChangeError> {
    if id.contains('*') {
        let pattern = key(id);
        let named = |key: &&String| glob(&pattern, key);
        let keys: Vec<String> = estate.resources.keys().filter(named).cloned().collect();
        let removed: usize = keys.iter().map(|key| estate.remove(key)).sum();
        return if removed == 0 { Err(ChangeError::NoMatch(id.to_owned())) } else { Ok(()) };
    }
    let missing = || EstateError::Missing(id.to_owned());
    if let Some(child) = estate.inline_id(id) {
        let parent = estate.resources.get_mut(&child.parent).ok_or_else(missing)?;
        let items = inline_items(&mut parent.body, child.inline).ok_or_else(missing)?;
        items.remove(position(items, child.name).ok_or_else(missing)?);
        // What hangs on the child (a role assignment on a subnet) goes with it.
        estate.remove(id);
        return Ok(());
    }
    if estate.remove(id) == 0 { Err(missing().into()) } else { Ok(()) }
}

/// Moves a resource with all that hangs on it, or clones it when nothing is said about references.
pub(crate) fn relocate(
    estate: &mut Estate,
    from: &str,
    to: &str,
    references: Option<References>,
) -> Result<(), ChangeError> {
    if let Some(child) = estate.inline_id(from) {
        return relocate_inline(estate, from, to, &child.parent, child.inline, references);
    }
    let scope = key(from);
    let named = |key: &&String| is_within(key, &scope);
    let keys: Vec<String> = estate.resources.keys().filter(named).cloned().collect();
    if !keys.contains(&scope) {
        return Err(EstateError::Missing(from.to_owned()).into());
    }
    // The same place in another spelling is a rename, not a clash.
    if key(to) != scope && estate.get(to).is_some() {
        return Err(EstateError::Exists(to.to_owned()).into());
    }
    let mut moved: Vec<(String, Resource)> = Vec::with_capacity(keys.len());
    for old in keys {
        let resource = match references {
            Some(_) => estate.resources.remove(&old),
            None => estate.resources.get(&old).cloned(),
        };
        moved.extend(resource.map(|resource| (old, resource)));
    }
    let target_scope = ProviderId::parse(to).map(|id| id.scope.to_owned());
    let source_scope = ProviderId::parse(from).map(|id| key(id.scope));
    for (old, mut resource) in moved {
        // The tail of the id keeps its own spelling.
        let tail: String = tail(&resource.id, old[scope.len()..].len());
        let id = format!("{}{tail}", to.trim_end_matches('/'));
        rewrite_references(&mut resource.body, &scope, to.trim_end_matches('/'));
        rename(&mut resource, &id, old == scope);
        if let (true, Some(new), Some(source)) = (old == scope, &target_scope, &source_scope) {
            follow_scope(&mut resource.body, source, new);
        }
        estate.resources.insert(key(&id), resource);
    }
    if references == Some(References::Follow) {
        estate.rewrite_references(from, to.trim_end_matches('/'));
    }
    Ok(())
}

/// The end of an id that makes up the last `length` bytes of its key.
fn tail(id: &str, length: usize) -> String {
    let segments = id.split('/').filter(|segment| !segment.is_empty());
    let plain: String = segments.flat_map(|segment| ["/", segment]).collect();
    plain[plain.len() - length..].to_owned()
}

/// Gives a resource another id, and the name and type that go with it.
fn rename(resource: &mut Resource, id: &str, is_top: bool) {
    id.clone_into(&mut resource.id);
    resource.kind = kind(id);
    if let Some(body) = resource.body.as_object_mut().filter(|body| body.contains_key("id")) {
        body.insert("id".to_owned(), id.into());
        if let (true, Some(provider)) = (is_top, ProviderId::parse(id)) {
            body.insert("name".to_owned(), provider.name().into());
            let old = body.get("type").and_then(Value::as_str).unwrap_or_default();
            if !old.eq_ignore_ascii_case(&provider.full_type()) {
                body.insert("type".to_owned(), provider.full_type().into());
            }
        }
    }
}

/// An assignment or a lock that moves to another scope says so in its body.
fn follow_scope(body: &mut Value, source: &str, target: &str) {
    if let Some(scope) = body.get_mut("properties").and_then(|p| p.get_mut("scope"))
        && scope.as_str().is_some_and(|own| key(own) == source)
    {
        *scope = if target.is_empty() { "/".into() } else { target.into() };
    }
}

fn relocate_inline(
    estate: &mut Estate,
    from: &str,
    to: &str,
    parent: &str,
    inline: types::Inline,
    references: Option<References>,
) -> Result<(), ChangeError> {
    let missing = || EstateError::Missing(from.to_owned());
    let name = ProviderId::parse(from).ok_or_else(missing)?.name().to_owned();
    let new = ProviderId::parse(to).ok_or_else(|| EstateError::NotAnId(to.to_owned()))?;
    let target = estate.inline_id(to).ok_or_else(|| EstateError::Missing(new.parent()))?;
    if target.inline.child != inline.child {
        return Err(ChangeError::Kinds(from.to_owned(), to.to_owned()));
    }
    let source = estate.resources.get_mut(parent).ok_or_else(missing)?;
    let items = inline_items(&mut source.body, inline).ok_or_else(missing)?;
    let index = position(items, &name).ok_or_else(missing)?;
    let mut child = match references {
        Some(_) => items.remove(index),
        None => items[index].clone(),
    };
    let Some(fields) = child.as_object_mut() else {
        return Err(ChangeError::Edit(from.to_owned(), EditError::NotAContainer(name)));
    };
    fields.insert("name".to_owned(), target.name.into());
    // Filled in again from the new place.
    fields.remove("id");
    estate.insert_inline(&target, child)?;
    if references == Some(References::Follow) {
        estate.rewrite_references(from, to.trim_end_matches('/'));
    }
    Ok(())
}
