//! The permissions that would let an application do far more than store its files.

use super::effective::Wanted;
use super::pattern::ActionPattern;
use super::role::{Permission, Plane};

/// A permission no workload of the reference design may have (`catalogue.md`, IAM013).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dangerous {
    /// Where it acts.
    pub plane: Plane,
    /// The action, or the pattern that is dangerous as a whole: `*` and `*/write` are held by the
    /// granted pattern itself or a wider one, not by any action that ends so.
    pub permission: &'static str,
    /// Another pattern that gives the same, in which built-in roles spell it.
    pub also: Option<&'static str>,
    /// What whoever has it can do.
    pub allows: &'static str,
}

/// The list of IAM013. Deciding by permissions finds custom roles too, which no list of roles does.
///
/// Of Key Vault's data actions on secrets, `readMetadata` is left out: it shows names and dates and
/// no secret, and the built-in Key Vault Reader has it.
pub const DANGEROUS: &[Dangerous] = &[
    control("*", "do anything"),
    control("*/write", "change every resource"),
    control("Microsoft.Authorization/roleAssignments/write", "give itself any role"),
    control("Microsoft.Authorization/roleDefinitions/write", "widen the roles it has"),
    control("Microsoft.Authorization/elevateAccess/action", "take over the tenant's root scope"),
    control("Microsoft.Storage/storageAccounts/listKeys/action", "read the account keys"),
    control("Microsoft.Storage/storageAccounts/regenerateKey/action", "renew the account keys"),
    control("Microsoft.Storage/storageAccounts/listAccountSas/action", "sign access to an account"),
    control("Microsoft.Storage/storageAccounts/listServiceSas/action", "sign access to a service"),
    control("Microsoft.Storage/storageAccounts/write", "open a storage account's firewall"),
    control(
        "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
        "administer the cluster",
    ),
    control(
        "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        "sign in to the cluster",
    ),
    control(
        "Microsoft.ContainerService/managedClusters/runCommand/action",
        "run commands in the cluster",
    ),
    control("Microsoft.DBforPostgreSQL/flexibleServers/write", "reset the database password"),
    control("Microsoft.DBforPostgreSQL/flexibleServers/delete", "delete the database server"),
    control("Microsoft.Compute/virtualMachines/runCommand/action", "run commands on machines"),
    Dangerous {
        // Managed Identity Operator has only the second spelling, and can assign identities.
        also: Some("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"),
        ..control(
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "act as managed identities",
        )
    },
    control(
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "let outsiders act as managed identities",
    ),
    data("Microsoft.KeyVault/vaults/secrets/getSecret/action", "read secrets"),
    data("Microsoft.KeyVault/vaults/secrets/setSecret/action", "replace secrets"),
    data("Microsoft.KeyVault/vaults/secrets/update/action", "disable secrets"),
    data("Microsoft.KeyVault/vaults/secrets/delete", "delete secrets"),
    data("Microsoft.KeyVault/vaults/secrets/backup/action", "copy secrets out"),
    data("Microsoft.KeyVault/vaults/secrets/restore/action", "bring old secrets back"),
    data("Microsoft.KeyVault/vaults/secrets/recover/action", "bring deleted secrets back"),
    data("Microsoft.KeyVault/vaults/secrets/purge/action", "destroy deleted secrets"),
];

const fn control(permission: &'static str, allows: &'static str) -> Dangerous {
    Dangerous { plane: Plane::Control, permission, also: None, allows }
}

const fn data(permission: &'static str, allows: &'static str) -> Dangerous {
    Dangerous { plane: Plane::Data, permission, also: None, allows }
}

/// What `*` gives beyond reading. A role of everything without these reads everything, which is
/// much, but is not what `*` stands for in the list.
const BEYOND_READING: [&str; 3] = ["*/write", "*/delete", "*/action"];

impl Dangerous {
    /// What a role must grant, and a deny assignment must take, for this to be held or lost.
    pub(super) fn wanted(&self) -> Wanted {
        let permission =
            |text: &str| Permission { plane: self.plane, pattern: ActionPattern::new(text) };
        let wholes: Vec<_> =
            [Some(self.permission), self.also].into_iter().flatten().map(permission).collect();
        let parts = match self.permission {
            "*" => BEYOND_READING.map(permission).to_vec(),
            _ => wholes.clone(),
        };
        Wanted { wholes, parts }
    }
}
