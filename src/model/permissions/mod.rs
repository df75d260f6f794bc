//! Effective permissions: what role assignments grant a principal at a scope, after deny
//! assignments have taken their part.
//!
//! The semantics are those of `catalogue.md` §3.7. A role definition is a list of entries, each
//! with its own exceptions; an entry's `notActions` take nothing from another entry or assignment.
//! What cannot be decided from what was read (a condition, an unread definition, a group nobody
//! could look into) is never taken for granted and never taken for refused: there are two readings,
//! one for what would be dangerous and one for what is required, see [`Effective`].

mod dangerous;
mod deny;
mod effective;
mod pattern;
mod role;

pub use dangerous::{DANGEROUS, Dangerous};
pub use deny::{
    BLOB_ACTIONS, Denial, DenyAssignment, DenyPrincipal, Principal, PrincipalId, blob_denials,
};
pub use effective::{Answer, Assignment, Effective, Grant, Held};
pub use pattern::ActionPattern;
pub use role::{Permission, PermissionEntry, Plane, RoleDefinition};

use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, Reason};
use crate::reader::Node;

/// Whether what is assigned at `scope` reaches `target`.
///
/// A management group is taken to be above every subscription: its assignments are only listed
/// below it (`catalogue.md` §3.7, R37), so one that was read lies above what was asked for.
fn reaches(scope: &ArmId, target: &ArmId) -> bool {
    target.is_within(scope)
        || target.subscription().is_some() && scope.is_type("Microsoft.Management/managementGroups")
}

/// A field without which the body says nothing.
fn needed<T>(fact: Fact<T>) -> Result<T, Gap> {
    match fact {
        Fact::Known(value, _) => Ok(value),
        Fact::Unread(gap) => Err(gap),
        Fact::Absent(source) => {
            Err(Gap::because(Reason::MissingField, format!("{} is empty", source.pointer))
                .at(source.resource))
        }
    }
}

/// A text Azure leaves out, or writes as null or empty, when there is none.
fn optional_text(node: &Node<'_>) -> Result<Option<String>, Gap> {
    if node.is_blank() { Ok(None) } else { needed(node.text()).map(Some) }
}
