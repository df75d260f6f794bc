//! Role definitions: what an entry grants, and what it holds back.

use super::pattern::ActionPattern;
use super::{needed, optional_text};
use crate::estate::role_name;
use crate::fact::Gap;
use crate::reader::Node;

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plane {
    /// Resources, through Azure Resource Manager: `actions` and `notActions`.
    Control,
    /// What is in them, through their own endpoints: `dataActions` and `notDataActions`.
    Data,
}

/// An action, or a pattern of actions, on one of the planes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Where it is done.
    pub plane: Plane,
    /// What is done.
    pub pattern: ActionPattern,
}

impl Permission {
    /// Something done to resources.
    pub fn control(action: &str) -> Self {
        Self { plane: Plane::Control, pattern: ActionPattern::new(action) }
    }

    /// Something done to what is in them.
    pub fn data(action: &str) -> Self {
        Self { plane: Plane::Data, pattern: ActionPattern::new(action) }
    }
}

/// One entry of `permissions`, of a role definition or of a deny assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionEntry {
    /// `actions`: what is granted (or denied) on the control plane.
    pub actions: Vec<ActionPattern>,
    /// `notActions`: what this entry leaves out of its `actions`.
    pub not_actions: Vec<ActionPattern>,
    /// `dataActions`: what is granted (or denied) on the data plane.
    pub data_actions: Vec<ActionPattern>,
    /// `notDataActions`: what this entry leaves out of its `dataActions`.
    pub not_data_actions: Vec<ActionPattern>,
    /// `condition`: the expression that narrows the entry further. It is not evaluated.
    pub condition: Option<String>,
}

impl PermissionEntry {
    /// Reads an entry from its body.
    ///
    /// All four lists must be there: Azure writes the empty ones too (each of the 199 recorded
    /// entries has them), so a missing one is a body that was not understood.
    ///
    /// # Errors
    ///
    /// The gap when a list is missing or holds something else than texts.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        Ok(Self {
            actions: patterns(&node.at("actions"))?,
            not_actions: patterns(&node.at("notActions"))?,
            data_actions: patterns(&node.at("dataActions"))?,
            not_data_actions: patterns(&node.at("notDataActions"))?,
            condition: optional_text(&node.at("condition"))?,
        })
    }

    /// The pattern by which the entry grants the permission, whatever its condition says: the
    /// permission's own pattern or a wider one, unless the entry leaves all of it out again.
    ///
    /// For a plain action this is the whole truth. For a pattern (`*/write`) the answer holds while
    /// any of it may be left; see [`Self::takes_all`] for the whole of it.
    pub fn grants(&self, permission: &Permission) -> Option<&ActionPattern> {
        let (given, left_out) = self.on(permission.plane);
        if left_out.iter().any(|pattern| pattern.covers(&permission.pattern)) {
            return None;
        }
        given.iter().find(|pattern| pattern.covers(&permission.pattern))
    }

    /// Whether every action of the permission is the entry's, none of them left out again: what a
    /// deny assignment must do to take a permission away.
    pub fn takes_all(&self, permission: &Permission) -> bool {
        let (given, left_out) = self.on(permission.plane);
        given.iter().any(|pattern| pattern.covers(&permission.pattern))
            && !left_out.iter().any(|pattern| pattern.intersects(&permission.pattern))
    }

    fn on(&self, plane: Plane) -> (&[ActionPattern], &[ActionPattern]) {
        match plane {
            Plane::Control => (&self.actions, &self.not_actions),
            Plane::Data => (&self.data_actions, &self.not_data_actions),
        }
    }
}

/// A role definition (R12, R51).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDefinition {
    /// The last segment of its id, in lower case: the only part that is the same everywhere.
    pub guid: String,
    /// `properties.roleName`, which can be changed; else the known name of a built-in role, else
    /// the GUID.
    pub name: String,
    /// `properties.permissions`: each entry grants for itself.
    pub entries: Vec<PermissionEntry>,
}

impl RoleDefinition {
    /// Reads a role definition from its body.
    ///
    /// # Errors
    ///
    /// The gap when the id or any part of the permissions cannot be read: half a definition would
    /// show half a role.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let guid = needed(node.at("id").arm_id())?.name().to_ascii_lowercase();
        let name = properties.at("roleName").text().value().cloned();
        Ok(Self {
            name: name.unwrap_or_else(|| role_name(&guid).to_owned()),
            entries: entries(&properties)?,
            guid,
        })
    }

    /// The entries that grant the permission, each with the pattern it does so by.
    pub fn grants(
        &self,
        permission: &Permission,
    ) -> impl Iterator<Item = (&PermissionEntry, &ActionPattern)> {
        let granting = |entry| PermissionEntry::grants(entry, permission).map(|by| (entry, by));
        self.entries.iter().filter_map(granting)
    }
}

/// The `permissions` of a body's properties.
pub(super) fn entries(properties: &Node<'_>) -> Result<Vec<PermissionEntry>, Gap> {
    let list = needed(properties.at("permissions").items())?;
    list.items.iter().map(PermissionEntry::read).collect()
}

fn patterns(node: &Node<'_>) -> Result<Vec<ActionPattern>, Gap> {
    let list = needed(node.items())?;
    list.items.iter().map(|item| needed(item.text()).map(ActionPattern::new)).collect()
}
