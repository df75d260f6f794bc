//! The union of what role assignments grant, less what deny assignments take.

use super::dangerous::{DANGEROUS, Dangerous};
use super::deny::{DenyAssignment, Principal, PrincipalId, takers};
use super::pattern::ActionPattern;
use super::reaches;
use super::role::{Permission, PermissionEntry, RoleDefinition};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Reason};

/// A role assignment with its role, as far as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Its id.
    pub id: ArmId,
    /// `properties.principalId`: the principal, or a group it is in.
    pub principal: PrincipalId,
    /// `properties.scope`: it acts here and below.
    pub scope: ArmId,
    /// `properties.condition`: the expression that narrows it. It is not evaluated.
    pub condition: Option<String>,
    /// What the role grants.
    pub definition: Fact<RoleDefinition>,
}

impl Assignment {
    /// Why its role is not known.
    fn unread(&self) -> Gap {
        match &self.definition {
            Fact::Unread(gap) => gap.clone(),
            // A role that is assigned cannot be deleted, so somebody looked in the wrong place.
            Fact::Known(..) | Fact::Absent(_) => Gap::because(
                Reason::Unrecognised,
                format!("the role of the assignment {} was not found", self.id.name()),
            )
            .at(self.id.as_str()),
        }
    }

    fn grants<'a>(
        &'a self,
        definition: &'a RoleDefinition,
        permission: &Permission,
    ) -> impl Iterator<Item = (&'a PermissionEntry, Grant<'a>)> {
        definition.grants(permission).map(|(entry, pattern)| {
            let condition = self.condition.as_deref().or(entry.condition.as_deref());
            (entry, Grant { assignment: self, pattern, condition })
        })
    }
}

/// How a permission is granted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grant<'a> {
    /// By which assignment.
    pub assignment: &'a Assignment,
    /// By which pattern of its role.
    pub pattern: &'a ActionPattern,
    /// Under which condition, of the assignment or of the role's entry.
    pub condition: Option<&'a str>,
}

/// Whether a principal has a permission.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<'a> {
    /// It has, by each of these.
    Granted(Vec<Grant<'a>>),
    /// It has not; these deny assignments stop it, if any must.
    Refused(Vec<&'a DenyAssignment>),
    /// That cannot be told from what was read.
    Unread(Gap),
}

/// A dangerous permission that is granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Held<'a> {
    /// Which.
    pub permission: &'static Dangerous,
    /// By which assignments.
    pub by: Vec<Grant<'a>>,
}

/// What a dangerous question asks for: one of `wholes` must be granted, and of it one of `parts`
/// neither left out by the same entry nor denied.
pub(super) struct Wanted {
    /// The permission, in each of its spellings.
    pub(super) wholes: Vec<Permission>,
    /// What makes it worth having.
    pub(super) parts: Vec<Permission>,
}

/// The effective permissions of a principal.
///
/// Questions have two readings (`catalogue.md` §3.7). *Dangerous* ones take a condition for
/// granted and a deny assignment in doubt for ineffective. *Required* ones take a condition for
/// unread, and so a deny assignment in doubt. In both an unread role is unread unless another
/// assignment grants already.
#[derive(Clone, Debug)]
pub struct Effective<'a> {
    principal: Principal,
    assignments: &'a List<Assignment>,
    denies: &'a List<DenyAssignment>,
}

impl<'a> Effective<'a> {
    /// The permissions that `assignments` give a principal.
    ///
    /// They are taken to be those that reach it, as R37's `assignedTo` lists them: its own and
    /// those of its groups. Nothing is selected here, because the groups need not be readable
    /// for ARM to know them; a principal an assignment names is one of the groups.
    pub fn new(
        principal: &Principal,
        assignments: &'a List<Assignment>,
        denies: &'a List<DenyAssignment>,
    ) -> Self {
        let mut principal = principal.clone();
        for assignment in &assignments.items {
            let named = &assignment.principal;
            if *named != principal.id && !principal.groups.items.contains(named) {
                principal.groups.items.push(named.clone());
            }
        }
        Self { principal, assignments, denies }
    }

    /// Whether the principal surely has what it needs at a scope: a plain action.
    pub fn required(&self, action: &Permission, at: &ArmId) -> Answer<'a> {
        let denies = takers(&self.principal, self.denies, action, at);
        if !denies.items.is_empty() {
            return Answer::Refused(denies.items);
        }
        let mut granted = Vec::new();
        let mut doubt = None;
        for assignment in self.assignments.items.iter().filter(|a| reaches(&a.scope, at)) {
            let Fact::Known(definition, _) = &assignment.definition else {
                doubt = doubt.or_else(|| Some(assignment.unread()));
                continue;
            };
            for (entry, grant) in assignment.grants(definition, action) {
                if grant.condition.is_some() {
                    doubt = doubt.or_else(|| Some(unevaluated(assignment)));
                } else if entry.takes_all(action) {
                    granted.push(grant);
                }
            }
        }
        let doubt = doubt.or_else(|| self.assignments.missing.clone());
        match (granted.is_empty(), doubt, denies.missing) {
            (false, _, None) => Answer::Granted(granted),
            (true, None, _) => Answer::Refused(Vec::new()),
            (false, _, Some(gap)) | (true, Some(gap), _) => Answer::Unread(gap),
        }
    }

    /// Whether the principal may have what it should not have, at a scope or anywhere below it.
    pub fn possible(&self, permission: &Permission, at: &ArmId) -> Answer<'a> {
        let wanted = Wanted { wholes: vec![permission.clone()], parts: vec![permission.clone()] };
        self.search(&wanted, Some(at))
    }

    /// The dangerous permissions that reach a scope (IAM013).
    pub fn dangerous_at(&self, scope: &ArmId) -> List<Held<'a>> {
        self.held(Some(scope))
    }

    /// The dangerous permissions that any of the assignments gives, wherever it acts (IAM013).
    pub fn dangerous(&self) -> List<Held<'a>> {
        self.held(None)
    }

    fn held(&self, at: Option<&ArmId>) -> List<Held<'a>> {
        let mut list = List::complete(Vec::new());
        for permission in DANGEROUS {
            match self.search(&permission.wanted(), at) {
                Answer::Granted(by) => list.items.push(Held { permission, by }),
                Answer::Refused(_) => {}
                Answer::Unread(gap) => list.missing = list.missing.or(Some(gap)),
            }
        }
        list
    }

    /// The dangerous reading; without a scope, each assignment is asked at its own.
    fn search(&self, wanted: &Wanted, at: Option<&ArmId>) -> Answer<'a> {
        if let Some(scope) = at
            && self.left(wanted, scope).is_empty()
        {
            return Answer::Refused(self.removers(wanted, scope));
        }
        let mut granted = Vec::new();
        let mut doubt = None;
        for assignment in &self.assignments.items {
            let place = at.unwrap_or(&assignment.scope);
            if !reaches(&assignment.scope, place) {
                continue;
            }
            let left = self.left(wanted, place);
            match &assignment.definition {
                Fact::Known(definition, _) => {
                    granted.extend(wanted.granted(&left, assignment, definition));
                }
                Fact::Absent(_) | Fact::Unread(_) if left.is_empty() => {}
                Fact::Absent(_) | Fact::Unread(_) => {
                    doubt = doubt.or_else(|| Some(assignment.unread()));
                }
            }
        }
        let doubt = doubt.or_else(|| self.assignments.missing.clone());
        match (granted.is_empty(), doubt) {
            (false, _) => Answer::Granted(granted),
            (true, None) => Answer::Refused(Vec::new()),
            (true, Some(gap)) => Answer::Unread(gap),
        }
    }

    /// What no deny assignment takes.
    fn left<'w>(&self, wanted: &'w Wanted, at: &ArmId) -> Vec<&'w Permission> {
        let is_left = |part: &&Permission| {
            !self.denies.items.iter().any(|deny| deny.removes(&self.principal, part, at))
        };
        wanted.parts.iter().filter(is_left).collect()
    }

    fn removers(&self, wanted: &Wanted, at: &ArmId) -> Vec<&'a DenyAssignment> {
        let removes = |deny: &&DenyAssignment| {
            wanted.parts.iter().any(|part| deny.removes(&self.principal, part, at))
        };
        self.denies.items.iter().filter(removes).collect()
    }
}

impl Wanted {
    /// How an assignment grants what is `left` of it: once, and rather without a condition.
    fn granted<'a>(
        &self,
        left: &[&Permission],
        assignment: &'a Assignment,
        definition: &'a RoleDefinition,
    ) -> Option<Grant<'a>> {
        self.wholes
            .iter()
            .flat_map(|whole| assignment.grants(definition, whole))
            .filter(|(entry, _)| left.iter().any(|part| entry.grants(part).is_some()))
            .map(|(_, grant)| grant)
            .min_by_key(|grant| grant.condition.is_some())
    }
}

fn unevaluated(assignment: &Assignment) -> Gap {
    let name = assignment.id.name();
    Gap::because(
        Reason::BeyondReach,
        format!("the role assignment {name} has a condition, which vaudit does not evaluate"),
    )
    .at(assignment.id.as_str())
}
