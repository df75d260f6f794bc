//! The blobs of the scenario: as a scenario file writes them, and as the Blob service lists them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::fill::{blob_etag, stable_guid};

/// A container, as account and name.
pub(crate) type ContainerName = (String, String);

/// The blobs while a scenario is being put together: by container and name, still as JSON.
#[derive(Debug, Default)]
pub(crate) struct BlobDrafts {
    /// The containers.
    pub(crate) containers: BTreeMap<ContainerName, BTreeMap<String, Value>>,
}

/// The blobs as they are served.
#[derive(Debug, Default)]
pub(crate) struct BlobStore {
    containers: BTreeMap<ContainerName, BTreeMap<String, Blob>>,
}

/// One blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    /// Bytes.
    pub(crate) size: u64,
    /// The MD5 in base 64, when the uploader sent one.
    pub(crate) md5: Option<String>,
    /// Creation time.
    pub(crate) created: Timestamp,
    /// Last write.
    pub(crate) modified: Timestamp,
    /// Everything the service only passes on.
    pub(crate) file: BlobFile,
}

/// A blob in a scenario file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BlobFile {
    name: Option<String>,
    size: u64,
    md5: Option<String>,
    created: Option<String>,
    modified: Option<String>,
    /// The media type; `application/octet-stream` when left out.
    pub(crate) content_type: Option<String>,
    /// The access tier; `Hot` when left out.
    pub(crate) tier: Option<String>,
    /// The server-side copy that made the blob, if one did.
    pub(crate) copy: Option<CopyState>,
    /// Whether this is a directory of an account with a hierarchical namespace.
    pub(crate) directory: bool,
    /// User metadata.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Elements of `Properties` that are left out of the listing (`Creation-Time` …).
    pub(crate) omit: Vec<String>,
    repeat: Option<u32>,
}

/// How a server-side copy went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CopyState {
    /// The copy's id.
    pub(crate) id: Option<String>,
    /// `success`, `pending`, `failed` or `aborted`.
    pub(crate) status: String,
    /// Where it was copied from.
    pub(crate) source: Option<String>,
    /// When it ended.
    pub(crate) completed: Option<String>,
    /// Why it failed.
    pub(crate) description: Option<String>,
}

/// A folder that is a copy of a container, in a scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyFile {
    /// The folder that is made.
    pub(crate) folder: String,
    /// `account/container` that is copied.
    pub(crate) from: String,
    /// When the copying began.
    pub(crate) at: String,
    /// A folder below `folder` that the blobs are put into.
    #[serde(default)]
    pub(crate) below: Option<String>,
    /// The copy status of the blobs; none is shown when left out.
    #[serde(default)]
    pub(crate) status: Option<String>,
    /// Blobs that came out otherwise: a merge patch, or null for missing.
    #[serde(default)]
    pub(crate) except: BTreeMap<String, Value>,
}

/// Why blobs are not as they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BlobError {
    #[error("{0:?} is not an account and a container with a slash between")]
    ContainerName(String),
    #[error("there is no container {0}")]
    NoContainer(String),
    #[error("there is no blob {0:?}")]
    NoBlob(String),
    #[error("the blob {0:?} is there already")]
    Exists(String),
    #[error("{0} is not a date and time")]
    Date(String),
    #[error("the blob {0:?}: {1}")]
    Shape(String, String),
    #[error("a blob without a name")]
    NoName,
}

/// Takes `account/container` apart.
pub(crate) fn container_name(text: &str) -> Result<ContainerName, BlobError> {
    match text.split_once('/') {
        Some((account, container))
            if !account.is_empty() && !container.is_empty() && !container.contains('/') =>
        {
            Ok((account.to_ascii_lowercase(), container.to_owned()))
        }
        _ => Err(BlobError::ContainerName(text.to_owned())),
    }
}

impl BlobDrafts {
    /// Adds a container with its blobs.
    pub(crate) fn load(&mut self, container: &str, blobs: Vec<Value>) -> Result<(), BlobError> {
        let name = container_name(container)?;
        self.containers.entry(name.clone()).or_default();
        blobs.into_iter().try_for_each(|blob| self.insert(&name, blob))
    }

    /// Adds a blob, or many when it says `repeat`.
    pub(crate) fn insert(
        &mut self,
        container: &ContainerName,
        blob: Value,
    ) -> Result<(), BlobError> {
        let name = blob.get("name").and_then(Value::as_str).ok_or(BlobError::NoName)?.to_owned();
        let repeat = blob.get("repeat").and_then(Value::as_u64);
        let blobs = self.containers.entry(container.clone()).or_default();
        let names = match repeat {
            None => vec![name],
            Some(count) => (1..=count).map(|number| format!("{name}{number:06}")).collect(),
        };
        for name in names {
            if blobs.insert(name.clone(), blob.clone()).is_some() {
                return Err(BlobError::Exists(name));
            }
        }
        Ok(())
    }

    /// Makes a folder that is a copy of a container as it was.
    pub(crate) fn copy(&mut self, to: &ContainerName, copy: &CopyFile) -> Result<(), BlobError> {
        let from = container_name(&copy.from)?;
        let at = timestamp(&copy.at)?;
        let source = self.containers.get(&from);
        let source = source.ok_or_else(|| BlobError::NoContainer(copy.from.clone()))?;
        if let Some(unknown) = copy.except.keys().find(|name| !source.contains_key(*name)) {
            return Err(BlobError::NoBlob(unknown.clone()));
        }
        let folder = copy.folder.trim_end_matches('/');
        let below = copy.below.as_deref().map(|below| format!("{}/", below.trim_matches('/')));
        let mut made = Vec::new();
        for (index, (name, blob)) in source.iter().enumerate() {
            let existed = time_of(blob, "created")?.is_none_or(|created| created <= at);
            if !existed || copy.except.get(name).is_some_and(Value::is_null) {
                continue;
            }
            // A copy of everything takes a minute, whatever the number of blobs.
            let delay = i64::try_from(index * 60 / source.len()).unwrap_or_default();
            let time = at.saturating_add(SignedDuration::from_secs(delay)).unwrap_or(at);
            let mut blob = copied(blob, time, at, copy, name)?;
            if let Some(patch) = copy.except.get(name) {
                crate::json::merge_patch(&mut blob, patch);
            }
            made.push((format!("{folder}/{}{name}", below.as_deref().unwrap_or_default()), blob));
        }
        let target = self.containers.entry(to.clone()).or_default();
        for (name, blob) in made {
            if target.insert(name.clone(), blob).is_some() {
                return Err(BlobError::Exists(name));
            }
        }
        Ok(())
    }

    /// Checks every blob and makes the store that is served.
    pub(crate) fn finish(&self) -> Result<BlobStore, BlobError> {
        let mut store = BlobStore::default();
        for (container, drafts) in &self.containers {
            let mut blobs = BTreeMap::new();
            for (name, draft) in drafts {
                let shape = |error: &dyn std::fmt::Display| {
                    BlobError::Shape(name.clone(), error.to_string())
                };
                let file = BlobFile::deserialize(draft).map_err(|error| shape(&error))?;
                let created = time_of(draft, "created")?.ok_or_else(|| shape(&"no `created`"))?;
                let modified = time_of(draft, "modified")?.unwrap_or(created);
                let blob = Blob { size: file.size, md5: file.md5.clone(), created, modified, file };
                blobs.insert(name.clone(), blob);
            }
            store.containers.insert(container.clone(), blobs);
        }
        Ok(store)
    }
}

/// The JSON of a copied blob.
fn copied(
    blob: &Value,
    time: Timestamp,
    at: Timestamp,
    copy: &CopyFile,
    name: &str,
) -> Result<Value, BlobError> {
    let mut made = blob.as_object().cloned().unwrap_or_else(Map::new);
    let changed_since = time_of(blob, "modified")?.is_some_and(|modified| modified > at);
    if changed_since {
        // The folder holds the older content, whose MD5 the scenario does not know.
        made.remove("md5");
    }
    made.remove("copy");
    made.insert("created".to_owned(), time.to_string().into());
    made.insert("modified".to_owned(), time.to_string().into());
    if let Some(status) = &copy.status {
        let size = made.get("size").and_then(Value::as_u64).unwrap_or_default();
        let id = stable_guid(&format!("{}/{name}/{size}", copy.folder));
        let mut state =
            json!({"id": id, "status": status, "source": format!("{}/{name}", copy.from)});
        if status != "pending" {
            state["completed"] = time.to_string().into();
        }
        made.insert("copy".to_owned(), state);
    }
    Ok(Value::Object(made))
}

fn time_of(blob: &Value, field: &str) -> Result<Option<Timestamp>, BlobError> {
    blob.get(field).and_then(Value::as_str).map(timestamp).transpose()
}

/// Reads a date and time with its offset.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, BlobError> {
    text.parse().map_err(|_| BlobError::Date(format!("{text:?}")))
}

impl BlobStore {
    /// The blobs of a container, by name.
    pub(crate) fn container(&self, name: &ContainerName) -> Option<&BTreeMap<String, Blob>> {
        self.containers.get(name)
    }

    /// The names of an account's containers.
    pub(crate) fn containers_of(&self, account: &str) -> impl Iterator<Item = &str> {
        self.containers.keys().filter(move |(own, _)| own == account).map(|(_, name)| name.as_str())
    }
}

impl Blob {
    /// The blob's etag, another one after every write.
    pub(crate) fn etag(&self, name: &str) -> String {
        blob_etag(&format!("{name}@{}", self.modified))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts() -> BlobDrafts {
        let mut drafts = BlobDrafts::default();
        let old =
            json!({"name": "a/old", "size": 3, "md5": "x", "created": "2026-01-01T00:00:00Z"});
        let changed = json!({"name": "changed", "size": 4, "md5": "y",
            "created": "2026-01-01T00:00:00Z", "modified": "2026-06-01T00:00:00Z"});
        let new = json!({"name": "new", "size": 5, "created": "2026-06-01T00:00:00Z"});
        drafts.load("Acc/src", vec![old, changed, new]).unwrap();
        drafts
    }

    fn copy(extra: Value) -> CopyFile {
        let mut file = json!({"folder": "f/", "from": "acc/src", "at": "2026-03-01T00:00:00Z"});
        crate::json::merge_patch(&mut file, &extra);
        serde_json::from_value(file).unwrap()
    }

    #[test]
    fn a_copy_is_the_container_as_it_was() {
        let mut drafts = drafts();
        let to = container_name("bkp/c").unwrap();
        drafts.copy(&to, &copy(json!({"status": "success"}))).unwrap();
        let store = drafts.finish().unwrap();
        let blobs = store.container(&to).unwrap();
        let names: Vec<&str> = blobs.keys().map(String::as_str).collect();
        assert_eq!(names, ["f/a/old", "f/changed"]);
        assert_eq!(blobs["f/a/old"].md5.as_deref(), Some("x"));
        assert_eq!(blobs["f/changed"].md5, None);
        assert_eq!(blobs["f/a/old"].file.copy.as_ref().unwrap().status, "success");
        assert_eq!(blobs["f/a/old"].created.to_string(), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn exceptions_are_missing_or_altered() {
        let mut drafts = drafts();
        let to = container_name("bkp/c").unwrap();
        let except = json!({"below": "src", "except": {"changed": {"size": 9}}});
        drafts.copy(&to, &copy(except)).unwrap();
        let mut missing = copy(json!({"folder": "g"}));
        missing.except.insert("a/old".to_owned(), Value::Null);
        drafts.copy(&to, &missing).unwrap();
        let store = drafts.finish().unwrap();
        let blobs = store.container(&to).unwrap();
        assert_eq!(blobs["f/src/changed"].size, 9);
        assert!(!blobs.contains_key("g/a/old") && blobs.contains_key("g/changed"));
        let unknown = copy(json!({"except": {"nope": {}}}));
        assert_eq!(drafts.copy(&to, &unknown), Err(BlobError::NoBlob("nope".into())));
    }

    #[test]
    fn many_blobs_are_one_line() {
        let mut drafts = BlobDrafts::default();
        let blob =
            json!({"name": "bulk/", "size": 1, "created": "2026-01-01T00:00:00Z", "repeat": 3});
        drafts.load("acc/c", vec![blob]).unwrap();
        let store = drafts.finish().unwrap();
        let blobs = store.container(&container_name("acc/c").unwrap()).unwrap();
        assert_eq!(blobs.keys().last().map(String::as_str), Some("bulk/000003"));
        assert_eq!(store.containers_of("acc").collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn mistakes_are_named() {
        let mut drafts = BlobDrafts::default();
        assert_eq!(drafts.load("acc", vec![]), Err(BlobError::ContainerName("acc".into())));
        drafts.load("acc/c", vec![json!({"name": "b", "sise": 1})]).unwrap();
        let error = drafts.finish().unwrap_err().to_string();
        assert!(error.starts_with("the blob \"b\": unknown field `sise`"), "{error}");
    }
}
