//! Deny assignments, and whom they would have to name (R14).

use super::super::{Estate, typed};
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List};
use crate::need::{Request, RequestKind};
use crate::permissions::{DenyAssignment, Principal, PrincipalId};

impl Estate<'_> {
    /// The service principal with the groups it is in, as far as they are known.
    pub fn principal(&self) -> Fact<Principal> {
        self.principal_id().map(|id| {
            let missing = match self.memberships() {
                Fact::Known(list, _) => list.missing,
                Fact::Absent(_) => None,
                Fact::Unread(gap) => Some(gap),
            };
            let items = self.group_ids().iter().map(|id| PrincipalId::new(id)).collect();
            Principal { id: PrincipalId::new(&id), groups: List { items, missing } }
        })
    }

    /// The resource groups whose deny assignments count: the deployment's, and that of a storage
    /// account the manifest names by an id elsewhere.
    pub fn deny_scopes(&self) -> Vec<ArmId> {
        let mut scopes = vec![self.deployment.resource_group_id()];
        if let Some(Selector::Id(account)) = &self.deployment.storage.account
            && let (Some(subscription), Some(group)) =
                (account.subscription(), account.resource_group())
        {
            let other = ArmId::resource_group_scope(subscription, group);
            if other != scopes[0] {
                scopes.push(other);
            }
        }
        scopes
    }

    /// The requests for the deny assignments: each scope has one for what lies at and above it, and
    /// one for what lies below.
    pub fn deny_requests(&self) -> Vec<Request> {
        let kinds = [RequestKind::DenyAssignmentsAbove, RequestKind::DenyAssignmentsBelow];
        let scopes = self.deny_scopes();
        let of_scope = |scope| kinds.map(|kind| Request::arm(kind, scope));
        scopes.iter().flat_map(of_scope).collect()
    }

    /// The deny assignments at, above and below the resource groups that count. A list that could
    /// not be read leaves the others.
    pub fn deny_assignments(&self) -> Fact<List<DenyAssignment>> {
        let mut all: List<DenyAssignment> = List::complete(Vec::new());
        let mut read_at = None;
        for request in self.deny_requests() {
            match self.snapshot.list_of_existing(&request) {
                Fact::Known(list, source) => {
                    let list = typed(list, DenyAssignment::read);
                    for item in list.items {
                        if !all.items.iter().any(|known| known.id == item.id) {
                            all.items.push(item);
                        }
                    }
                    all.missing = all.missing.or(list.missing);
                    read_at.get_or_insert(source);
                }
                Fact::Absent(_) => {}
                Fact::Unread(gap) => {
                    all.missing.get_or_insert(gap);
                }
            }
        }
        match (read_at, all.missing.take()) {
            (Some(source), missing) => Fact::Known(List { missing, ..all }, source),
            (None, Some(gap)) => Fact::Unread(gap),
            (None, None) => Fact::Unread(Gap::not_configured("resource_group")),
        }
    }
}
