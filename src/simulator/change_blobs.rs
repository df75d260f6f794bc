//! Changes to containers, folders and single blobs.

use serde_json::{Value, json};

use crate::blob_store::{BlobDrafts, BlobError, ContainerName, CopyFile, container_name};
use crate::changes::ChangeError;
use crate::json::{Edit, merge_patch};

/// `account/container`, `account/container/folder/`, `account/container/prefix*` or one blob.
#[derive(Clone, Debug)]
pub(crate) struct BlobTarget {
    text: String,
    container: ContainerName,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Container,
    Prefix(String),
    Blob(String),
}

impl BlobTarget {
    /// Reads a target, without its `blob:`.
    pub(crate) fn parse(text: &str) -> Result<Self, BlobError> {
        let mut parts = text.splitn(3, '/');
        let (account, container) = (parts.next(), parts.next());
        let name = format!("{}/{}", account.unwrap_or_default(), container.unwrap_or_default());
        let place = match parts.next() {
            None | Some("") => Place::Container,
            Some(path) => match path.strip_suffix('*') {
                Some(prefix) => Place::Prefix(prefix.to_owned()),
                None if path.ends_with('/') => Place::Prefix(path.to_owned()),
                None => Place::Blob(path.to_owned()),
            },
        };
        Ok(Self { text: text.to_owned(), container: container_name(&name)?, place })
    }

    fn no_container(&self) -> BlobError {
        BlobError::NoContainer(format!("{}/{}", self.container.0, self.container.1))
    }

    /// The names of the blobs the target means.
    fn names(&self, drafts: &BlobDrafts) -> Result<Vec<String>, ChangeError> {
        let blobs = drafts.containers.get(&self.container).ok_or_else(|| self.no_container())?;
        let is_meant = |name: &&String| match &self.place {
            Place::Container => true,
            Place::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Place::Blob(own) => *name == own,
        };
        let names: Vec<String> = blobs.keys().filter(is_meant).cloned().collect();
        match &self.place {
            Place::Blob(own) if names.is_empty() => Err(BlobError::NoBlob(own.clone()).into()),
            Place::Prefix(_) if names.is_empty() => Err(ChangeError::NoMatch(self.text.clone())),
            _ => Ok(names),
        }
    }

    /// Merges into every blob the target means.
    pub(crate) fn edit(&self, drafts: &mut BlobDrafts, edit: Edit<'_>) -> Result<(), ChangeError> {
        let Edit::Merge(patch) = edit else {
            return Err(ChangeError::NotOnBlobs("set"));
        };
        let names = self.names(drafts)?;
        let blobs = drafts.containers.get_mut(&self.container);
        let blobs = blobs.ok_or_else(|| self.no_container())?;
        for name in names {
            if let Some(blob) = blobs.get_mut(&name) {
                merge_patch(blob, patch);
            }
        }
        Ok(())
    }

    /// Removes the container, or the blobs the target means.
    pub(crate) fn remove(&self, drafts: &mut BlobDrafts) -> Result<(), ChangeError> {
        let names = self.names(drafts)?;
        if matches!(self.place, Place::Container) {
            drafts.containers.remove(&self.container);
        } else if let Some(blobs) = drafts.containers.get_mut(&self.container) {
            blobs.retain(|name, _| !names.contains(name));
        }
        Ok(())
    }

    /// Adds an empty container or a blob.
    pub(crate) fn add(&self, drafts: &mut BlobDrafts, mut body: Value) -> Result<(), ChangeError> {
        match &self.place {
            Place::Container => {
                drafts.containers.entry(self.container.clone()).or_default();
            }
            Place::Blob(name) => {
                merge_patch(&mut body, &json!({"name": name}));
                drafts.insert(&self.container, body)?;
            }
            Place::Prefix(_) => return Err(ChangeError::NotOnBlobs("add … folder/")),
        }
        Ok(())
    }

    /// Makes a folder here that is a copy of a container.
    pub(crate) fn copy_into(
        &self,
        drafts: &mut BlobDrafts,
        mut copy: CopyFile,
    ) -> Result<(), ChangeError> {
        copy.folder = match &self.place {
            Place::Prefix(folder) | Place::Blob(folder) => folder.clone(),
            Place::Container => return Err(BlobError::NoName.into()),
        };
        Ok(drafts.copy(&self.container, &copy)?)
    }

    /// Moves or clones a container, a folder or a blob.
    pub(crate) fn relocate(
        &self,
        drafts: &mut BlobDrafts,
        to: &Self,
        take_away: bool,
    ) -> Result<(), ChangeError> {
        let renamed = |name: &str| match (&self.place, &to.place) {
            (Place::Container, Place::Container) => Some(name.to_owned()),
            (Place::Container, Place::Prefix(new)) => Some(format!("{new}{name}")),
            (Place::Prefix(old), Place::Prefix(new)) => {
                name.strip_prefix(old.as_str()).map(|rest| format!("{new}{rest}"))
            }
            (Place::Prefix(old), Place::Container) => {
                name.strip_prefix(old.as_str()).map(str::to_owned)
            }
            (Place::Blob(_), Place::Blob(new)) => Some(new.clone()),
            _ => None,
        };
        let mut made = Vec::new();
        for name in self.names(drafts)? {
            let kinds = || ChangeError::Kinds(self.text.clone(), to.text.clone());
            let new = renamed(&name).ok_or_else(kinds)?;
            let blobs = drafts.containers.get(&self.container);
            let blob = blobs.and_then(|blobs| blobs.get(&name)).cloned();
            made.extend(blob.map(|blob| (new, blob)));
        }
        if take_away {
            self.remove(drafts)?;
        }
        let blobs = drafts.containers.entry(to.container.clone()).or_default();
        for (name, blob) in made {
            if blobs.insert(name.clone(), blob).is_some() {
                return Err(BlobError::Exists(name).into());
            }
        }
        Ok(())
    }
}
