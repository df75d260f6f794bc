//! The simulated estate: Azure resources by id, the directory, and the blobs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::blob_store::BlobDrafts;
use crate::directory::Directory;
use crate::fill;
use crate::json::{for_each_string, position};
use crate::resource_id::{self, ProviderId, is_within, key};
use crate::types::{self, Inline};

/// Everything the services answer from.
#[derive(Debug, Default)]
pub(crate) struct Estate {
    /// Resources by their id in comparable form.
    pub(crate) resources: BTreeMap<String, Resource>,
    /// Microsoft Graph.
    pub(crate) directory: Directory,
    /// The blobs while the scenario is put together; what is served is made of them at the end.
    pub(crate) blobs: BlobDrafts,
}

/// One resource as it is served.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// The id it was written under.
    pub(crate) id: String,
    /// The full type in lower case; empty for subscriptions and resource groups.
    pub(crate) kind: String,
    /// The body, `id` and all.
    pub(crate) body: Value,
}

/// Why a resource cannot be put into the estate, or found in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EstateError {
    #[error("{0:?} is not an ARM id: it has to start with /subscriptions/ or /providers/")]
    NotAnId(String),
    #[error("the body of {0} has to be an object")]
    NotAnObject(String),
    #[error("{0} is there already")]
    Exists(String),
    #[error("there is no {0}")]
    Missing(String),
    #[error("{0} hangs on {1}, which is not in the scenario")]
    Orphan(String, String),
}

impl Estate {
    /// The resource with this id, whatever its spelling.
    pub(crate) fn get(&self, id: &str) -> Option<&Resource> {
        self.resources.get(&key(id))
    }

    /// Adds a resource, completing its body.
    pub(crate) fn insert(&mut self, id: &str, body: Value) -> Result<(), EstateError> {
        let key = key(id);
        if !key.starts_with("/subscriptions/") && !key.starts_with("/providers/") {
            return Err(EstateError::NotAnId(id.to_owned()));
        }
        let Value::Object(mut body) = body else {
            return Err(EstateError::NotAnObject(id.to_owned()));
        };
        if self.resources.contains_key(&key) {
            return Err(EstateError::Exists(id.to_owned()));
        }
        fill::resource(id, &mut body);
        let kind = kind(id);
        self.resources.insert(key, Resource { id: id.to_owned(), kind, body: Value::Object(body) });
        Ok(())
    }

    /// Adds a child inside its parent's body.
    pub(crate) fn insert_inline(
        &mut self,
        child: &InlineId<'_>,
        body: Value,
    ) -> Result<(), EstateError> {
        let Value::Object(mut body) = body else {
            return Err(EstateError::NotAnObject(child.id.to_owned()));
        };
        body.entry("name").or_insert_with(|| child.name.into());
        let parent = self.resources.get_mut(&child.parent);
        let parent = parent.ok_or_else(|| EstateError::Missing(child.parent.clone()))?;
        fill::inline_child(&parent.id, child.inline, &mut body);
        let items = inline_items(&mut parent.body, child.inline);
        let items = items.ok_or_else(|| EstateError::NotAnObject(parent.id.clone()))?;
        if position(items, child.name).is_some() {
            return Err(EstateError::Exists(child.id.to_owned()));
        }
        items.push(Value::Object(body));
        Ok(())
    }

    /// Removes a resource with all that hangs on it; says how many that were.
    pub(crate) fn remove(&mut self, id: &str) -> usize {
        let scope = key(id);
        let before = self.resources.len();
        self.resources.retain(|key, _| !is_within(key, &scope));
        before - self.resources.len()
    }

    /// The inline child an id names, when its parent is there.
    pub(crate) fn inline_id<'a>(&self, id: &'a str) -> Option<InlineId<'a>> {
        let provider = ProviderId::parse(id).filter(ProviderId::is_item)?;
        let [.., child, name] = provider.segments.as_slice() else {
            return None;
        };
        let parent = key(&provider.parent());
        let inline = types::inline(&self.resources.get(&parent)?.kind, child)?;
        Some(InlineId { id, parent, inline, name })
    }

    /// The inline children of a kind, as their parent shows them.
    pub(crate) fn inline_children(&self, parent: &str, inline: Inline) -> &[Value] {
        let items = self
            .resources
            .get(parent)
            .and_then(|parent| parent.body.get("properties")?.get(inline.array)?.as_array());
        items.map(Vec::as_slice).unwrap_or_default()
    }

    /// Replaces an id, and every id below it, wherever a body mentions it.
    pub(crate) fn rewrite_references(&mut self, from: &str, to: &str) {
        let from = key(from);
        for resource in self.resources.values_mut() {
            rewrite_references(&mut resource.body, &from, to);
        }
    }

    /// Checks that everything hangs on something.
    pub(crate) fn check_parents(&self) -> Result<(), EstateError> {
        for resource in self.resources.values() {
            let parent = match ProviderId::parse(&resource.id) {
                Some(provider) => provider.parent(),
                None => match resource_id::resource_group(&resource.id) {
                    Some(_) => format!(
                        "/subscriptions/{}",
                        resource_id::subscription(&resource.id).unwrap_or_default()
                    ),
                    None => continue,
                },
            };
            let tenant_level = parent.is_empty() || key(&parent).starts_with("/providers/");
            let document = ProviderId::parse(&resource.id).is_some_and(|id| !id.is_item());
            let is_there = || self.get(&parent).is_some() || self.inline_id(&parent).is_some();
            if !tenant_level && !document && !is_there() {
                return Err(EstateError::Orphan(resource.id.clone(), parent));
            }
        }
        Ok(())
    }
}

/// Replaces an id, given as a key, and every id below it in one body.
pub(crate) fn rewrite_references(body: &mut Value, from: &str, to: &str) {
    for_each_string(body, &mut |text| {
        let is_same = text.get(..from.len()).is_some_and(|head| head.eq_ignore_ascii_case(from));
        if is_same && matches!(text.as_bytes().get(from.len()), None | Some(b'/')) {
            text.replace_range(..from.len(), to);
        }
    });
}

/// A child that lives in its parent's body.
#[derive(Clone, Debug)]
pub(crate) struct InlineId<'a> {
    /// The child's id as it was asked for.
    pub(crate) id: &'a str,
    /// The parent's key.
    pub(crate) parent: String,
    /// Where the parent keeps it.
    pub(crate) inline: Inline,
    /// Its name.
    pub(crate) name: &'a str,
}

/// The array of inline children in a parent's body, made when it is missing.
pub(crate) fn inline_items(body: &mut Value, inline: Inline) -> Option<&mut Vec<Value>> {
    let body = body.as_object_mut()?;
    let properties = body.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    let items = properties.as_object_mut()?.entry(inline.array);
    items.or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
}

/// The full type an id names, in lower case.
pub(crate) fn kind(id: &str) -> String {
    ProviderId::parse(id).map(|id| id.full_type().to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/g";

    fn estate() -> Estate {
        let mut estate = Estate::default();
        estate.insert("/subscriptions/s", json!({})).unwrap();
        estate.insert(GROUP, json!({})).unwrap();
        let vnet = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/v");
        estate.insert(&vnet, json!({"properties": {"subnets": [{"name": "n"}]}})).unwrap();
        let peer =
            json!({"properties": {"x": format!("{vnet}/subnets/n"), "y": format!("{vnet}2")}});
        let other = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/w");
        estate.insert(&other, peer).unwrap();
        estate
    }

    #[test]
    fn ids_are_found_in_any_spelling_and_only_once() {
        let mut estate = estate();
        assert!(estate.get("/SUBSCRIPTIONS/S/resourcegroups/G/").is_some());
        let again = estate.insert("/subscriptions/S", json!({})).unwrap_err();
        assert_eq!(again, EstateError::Exists("/subscriptions/S".into()));
        assert!(matches!(estate.insert("x", json!({})), Err(EstateError::NotAnId(_))));
        assert_eq!(estate.check_parents(), Ok(()));
        assert_eq!(estate.remove(GROUP), 3);
        let orphan = format!("{GROUP}/providers/Microsoft.Compute/disks/d");
        estate.insert(&orphan, json!({})).unwrap();
        assert_eq!(estate.check_parents(), Err(EstateError::Orphan(orphan, GROUP.into())));
    }

    #[test]
    fn references_follow_a_rename() {
        let mut estate = estate();
        let vnet = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/v");
        estate.rewrite_references(&vnet.to_uppercase(), "/new");
        let other = estate.get(&format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/w"));
        let properties = &other.unwrap().body["properties"];
        assert_eq!(properties["x"], "/new/subnets/n");
        assert_eq!(properties["y"], format!("{vnet}2"));
    }

    #[test]
    fn inline_children_live_in_their_parent() {
        let mut estate = estate();
        let id = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/V/subnets/m");
        let child = estate.inline_id(&id).unwrap();
        estate.insert_inline(&child, json!({"properties": {}})).unwrap();
        assert!(matches!(estate.insert_inline(&child, json!({})), Err(EstateError::Exists(_))));
        let subnets = estate.inline_children(&child.parent, child.inline);
        assert_eq!(subnets[1]["type"], "Microsoft.Network/virtualNetworks/subnets");
        assert!(estate.inline_id(&format!("{GROUP}/providers/x/y/z/subnets/m")).is_none());
    }
}
