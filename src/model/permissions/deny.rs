//! Deny assignments: whom they name, where they reach, and what they take.

use std::fmt;

use super::role::{Permission, PermissionEntry, entries};
use super::{needed, optional_text, reaches};
use crate::arm_id::ArmId;
use crate::fact::{Gap, List, Reason};
use crate::reader::Node;

/// The object id of a user, group or service principal.
///
/// Older api-versions write the ids in deny assignments without dashes (recorded with
/// 2018-07-01-preview), so dashes do not count, and neither does letter case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(String);

impl PrincipalId {
    /// The id of a text, in any of the spellings Azure uses.
    pub fn new(text: &str) -> Self {
        let text = text.trim().chars().filter(|letter| *letter != '-');
        Self(text.collect::<String>().to_ascii_lowercase())
    }

    /// Whether it stands for all principals: nothing but zeros, with the type `SystemDefined` or
    /// `Everyone`. Nobody else has this id, so the type is not asked.
    pub fn is_everyone(&self) -> bool {
        self.0.len() == 32 && self.0.bytes().all(|digit| digit == b'0')
    }
}

impl fmt::Debug for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose permissions are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// Its own object id.
    pub id: PrincipalId,
    /// Every group it is in, nested ones too (G06); incomplete when nobody could look.
    pub groups: List<PrincipalId>,
}

/// Whom a deny assignment names or spares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyPrincipal {
    /// `id`.
    pub id: PrincipalId,
    /// `type`: `User`, `Group`, `ServicePrincipal`, `SystemDefined`, in older api-versions
    /// `Everyone`.
    pub kind: Option<String>,
}

impl DenyPrincipal {
    fn read(node: &Node<'_>) -> Result<Self, Gap> {
        Ok(Self {
            id: PrincipalId::new(&needed(node.at("id").text())?),
            kind: optional_text(&node.at("type"))?,
        })
    }

    /// Whether this is the principal or a group it is in; the gap when it may be a group that
    /// could not be looked into.
    fn is(&self, principal: &Principal) -> Result<bool, Gap> {
        let is_known = self.id.is_everyone()
            || self.id == principal.id
            || principal.groups.items.contains(&self.id);
        let is_single = self.kind.as_deref().is_some_and(|kind| {
            ["User", "ServicePrincipal"].iter().any(|single| kind.eq_ignore_ascii_case(single))
        });
        match &principal.groups.missing {
            Some(gap) if !is_known && !is_single => Err(gap.clone()),
            _ => Ok(is_known),
        }
    }
}

/// A deny assignment (R14). It beats every role assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyAssignment {
    /// Its id.
    pub id: ArmId,
    /// `properties.denyAssignmentName`, else the last segment of its id.
    pub name: String,
    /// `properties.scope`.
    pub scope: ArmId,
    /// `properties.doNotApplyToChildScopes`: it acts at its scope only, and nowhere below.
    pub does_not_apply_to_child_scopes: bool,
    /// `properties.principals`: whom it stops.
    pub principals: Vec<DenyPrincipal>,
    /// `properties.excludePrincipals`: whom it spares of them.
    pub exclude_principals: Vec<DenyPrincipal>,
    /// `properties.permissions`: what it takes, each entry for itself.
    pub permissions: Vec<PermissionEntry>,
    /// `properties.condition`: the expression that narrows it further. It is not evaluated.
    pub condition: Option<String>,
}

/// What a deny assignment does to a permission.
enum Hit {
    /// Nothing.
    Misses,
    /// That cannot be told from what was read.
    Perhaps(Gap),
    /// It takes it.
    Takes,
}

impl DenyAssignment {
    /// Reads a deny assignment from its body.
    ///
    /// # Errors
    ///
    /// The gap when a part that decides what it does cannot be read.
    pub fn read(node: &Node<'_>) -> Result<Self, Gap> {
        let properties = node.at("properties");
        let id = needed(node.at("id").arm_id())?;
        let name = properties.at("denyAssignmentName").text().value().cloned();
        let principals = |field: &str| {
            let list = needed(properties.at(field).items())?;
            list.items.iter().map(DenyPrincipal::read).collect::<Result<Vec<_>, Gap>>()
        };
        Ok(Self {
            name: name.unwrap_or_else(|| id.name().to_owned()),
            scope: needed(properties.at("scope").arm_id())?,
            does_not_apply_to_child_scopes: needed(
                properties.at("doNotApplyToChildScopes").flag(),
            )?,
            principals: principals("principals")?,
            exclude_principals: principals("excludePrincipals")?,
            permissions: entries(&properties)?,
            condition: optional_text(&properties.at("condition"))?,
            id,
        })
    }

    /// Whether it stops the principal: it is named, or a group it is in, and neither is spared.
    ///
    /// # Errors
    ///
    /// The gap when that depends on a group that could not be looked into.
    pub fn stops(&self, principal: &Principal) -> Result<bool, Gap> {
        let named = any(&self.principals, principal);
        let spared = any(&self.exclude_principals, principal);
        match (named, spared) {
            (Ok(false), _) | (_, Ok(true)) => Ok(false),
            (Ok(true), Ok(false)) => Ok(true),
            (Err(gap), _) | (_, Err(gap)) => Err(gap),
        }
    }

    fn hit(&self, principal: &Principal, permission: &Permission, at: &ArmId) -> Hit {
        let mut taking = self.permissions.iter().filter(|entry| entry.takes_all(permission));
        let Some(first) = taking.next() else { return Hit::Misses };
        let is_conditional = self.condition.is_some()
            || first.condition.is_some() && taking.all(|entry| entry.condition.is_some());
        let is_here = match self.does_not_apply_to_child_scopes {
            true => self.scope == *at,
            false => reaches(&self.scope, at),
        };
        let is_below = !is_here && self.scope != *at && reaches(at, &self.scope);
        match self.stops(principal) {
            Ok(true) if is_here && !is_conditional => Hit::Takes,
            Ok(true) if is_here => Hit::Perhaps(self.gap(
                Reason::BeyondReach,
                format!(
                    "the deny assignment {} has a condition, which vaudit does not evaluate",
                    self.name
                ),
            )),
            Ok(true) if is_below => Hit::Perhaps(self.gap(
                Reason::Ambiguous,
                format!("the deny assignment {} stops it at {} only", self.name, self.scope),
            )),
            Err(gap) if is_here || is_below => Hit::Perhaps(gap),
            Ok(_) | Err(_) => Hit::Misses,
        }
    }

    /// Whether nothing of the permission is left to the principal, at the scope and below it.
    pub(super) fn removes(&self, principal: &Principal, wanted: &Permission, at: &ArmId) -> bool {
        !self.does_not_apply_to_child_scopes
            && matches!(self.hit(principal, wanted, at), Hit::Takes)
    }

    fn gap(&self, reason: Reason, message: String) -> Gap {
        Gap::because(reason, message).at(self.id.as_str())
    }
}

fn any(named: &[DenyPrincipal], principal: &Principal) -> Result<bool, Gap> {
    let mut doubt = None;
    for one in named {
        match one.is(principal) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(gap) => doubt = doubt.or(Some(gap)),
        }
    }
    doubt.map_or(Ok(false), Err)
}

/// The data actions by which the application works with its files, as the built-in role Storage
/// Blob Data Contributor grants them.
pub const BLOB_ACTIONS: [&str; 4] = [
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
];

/// A deny assignment that stops a principal, and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial<'a> {
    /// The deny assignment.
    pub deny: &'a DenyAssignment,
    /// Which of the actions that were asked for it takes.
    pub actions: Vec<&'static str>,
}

/// The deny assignments that take any of [`BLOB_ACTIONS`] from the principal (IAM016).
///
/// `at` is the container, or the account while no container is known. One that may or may not
/// do so (a condition, a group nobody could look into, a container of the account that need not be
/// the right one) leaves the list incomplete.
pub fn blob_denials<'a>(
    principal: &Principal,
    denies: &'a List<DenyAssignment>,
    at: &ArmId,
) -> List<Denial<'a>> {
    let mut items = Vec::new();
    let mut missing = None;
    for deny in &denies.items {
        let mut actions = Vec::new();
        for action in BLOB_ACTIONS {
            match deny.hit(principal, &Permission::data(action), at) {
                Hit::Takes => actions.push(action),
                Hit::Perhaps(gap) => missing = missing.or(Some(gap)),
                Hit::Misses => {}
            }
        }
        if !actions.is_empty() {
            items.push(Denial { deny, actions });
        }
    }
    List { items, missing: missing.or_else(|| denies.missing.clone()) }
}

/// The deny assignments that take a permission at a scope, as far as it can be told.
pub(super) fn takers<'a>(
    principal: &Principal,
    denies: &'a List<DenyAssignment>,
    permission: &Permission,
    at: &ArmId,
) -> List<&'a DenyAssignment> {
    let mut list = List { items: Vec::new(), missing: None };
    for deny in &denies.items {
        match deny.hit(principal, permission, at) {
            Hit::Takes => list.items.push(deny),
            Hit::Perhaps(gap) => list.missing = list.missing.or(Some(gap)),
            Hit::Misses => {}
        }
    }
    list.missing = list.missing.or_else(|| denies.missing.clone());
    list
}
