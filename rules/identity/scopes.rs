//! Where the one role has to be: on the account or on the container.

use vaudit_model::deployment::RoleScope;
use vaudit_model::{ArmId, Estate};

/// The scopes the reference design knows.
pub(super) struct Scopes {
    pub(super) account: ArmId,
    pub(super) container: Option<ArmId>,
    container_only: bool,
}

impl Scopes {
    pub(super) fn of(estate: &Estate<'_>, account: &ArmId) -> Self {
        let container = estate.deployment.storage.container.as_deref();
        let id = |name| account.child("blobServices", "default").child("containers", name);
        Self {
            account: account.clone(),
            container: container.map(id),
            container_only: estate.deployment.identity.role_scope == RoleScope::Container,
        }
    }

    /// Whether a scope covers the container: it is itself, the account, or wider.
    pub(super) fn reach_container(&self, scope: Option<&ArmId>) -> bool {
        let Some(scope) = scope else { return false };
        // A management group's id is no prefix of what lies in it; it is on the list because it is
        // above the subscription.
        scope.is_root()
            || scope.is_type("Microsoft.Management/managementGroups")
            || self.account.is_within(scope)
            || self.container.as_ref().is_some_and(|container| container == scope)
    }

    /// Whether a scope lies in the account.
    pub(super) fn below_account(&self, scope: Option<&ArmId>) -> bool {
        scope.is_some_and(|scope| scope.is_within(&self.account))
    }

    /// Whether a scope is as narrow as the manifest asks: a container of the account, or the
    /// account itself where that is enough.
    pub(super) fn are_narrow(&self, scope: &ArmId) -> bool {
        let is_container =
            scope.is_type("Microsoft.Storage/storageAccounts/blobServices/containers");
        (is_container && scope.is_within(&self.account))
            || (!self.container_only && *scope == self.account)
    }

    /// The narrowest scope that is known to do.
    pub(super) fn wanted(&self) -> &ArmId {
        self.container.as_ref().unwrap_or(&self.account)
    }

    /// What the manifest asks for, in words.
    pub(super) fn expected(&self) -> &'static str {
        if self.container_only {
            "a container of the account"
        } else {
            "the account or a container"
        }
    }
}
