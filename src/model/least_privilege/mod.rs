//! The least an auditor has to be allowed for some rules: derived from what the rules need, and held
//! against what an identity is allowed.
//!
//! Nothing is listed here a second time: [`requirements`] asks each [`RequestKind`] which needs it
//! serves, which permission it takes and who answers it. [`Holdings`] compares.

mod holdings;
mod role;
mod scopes;

pub use holdings::{ApplicationRoles, Excess, Finding, Holdings, Standing};
pub use role::{CustomRole, LISTING_CONDITION, ResourceAccess, control_role, storage_role};
pub use scopes::{asked_scopes, subscriptions};

use crate::arm_id::ArmId;
use crate::deployment::{Deployment, OtherSubscriptions, Selector};
use crate::need::{Audience, Need, Request, RequestKind};
use crate::rule::Rule;

/// The Graph application permission that stands for all the others.
pub const GRAPH_SUBSTITUTE: &str = "Directory.Read.All";

/// The app id of Microsoft Graph, the same in every tenant.
pub const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// By what a permission is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// An action of a role on the subscription.
    Subscription,
    /// An action of a role on the tenant's root management group.
    RootManagementGroup,
    /// A data action of a role on the containers.
    Containers,
    /// An application permission of Microsoft Graph.
    Graph,
}

impl Given {
    fn by(kind: RequestKind) -> Self {
        match kind.audience() {
            Audience::Graph => Self::Graph,
            Audience::Storage => Self::Containers,
            Audience::ResourceManager if kind == RequestKind::ManagementGroup => {
                Self::RootManagementGroup
            }
            Audience::ResourceManager => Self::Subscription,
        }
    }
}

/// One permission that some rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// By what it is given.
    pub given: Given,
    /// The action, data action, or application permission.
    pub permission: &'static str,
    /// What is read by it.
    pub reads: Vec<RequestKind>,
    /// The ids of the rules that need it, themselves or on the way to what they need.
    pub rules: Vec<&'static str>,
}

impl Requirement {
    /// What is read by it, as a person would say it.
    pub fn reads_what(&self) -> String {
        let titles: Vec<&str> = self.reads.iter().map(|kind| kind.title()).collect();
        titles.join(", ")
    }
}

/// The permissions that some rules need, each once: those of Resource Manager, Storage and Graph, each
/// sorted by name. What `deployments` do not ask for is left out; without any, what one asks for that
/// says nothing of its own.
pub fn requirements(rules: &[&'static Rule], deployments: &[Deployment]) -> Vec<Requirement> {
    let is_tenant_wide = deployments
        .iter()
        .any(|own| own.identity.other_subscriptions == OtherSubscriptions::Tenant);
    let mut found: Vec<Requirement> = Vec::new();
    for kind in RequestKind::ALL {
        let given = Given::by(kind);
        if given == Given::RootManagementGroup && !is_tenant_wide {
            continue;
        }
        let is_needed = |rule: &&&'static Rule| {
            let needs = Need::closure(rule.needs.iter().copied());
            needs.iter().any(|need| kind.serves(*need))
        };
        let needed: Vec<&'static str> =
            rules.iter().filter(is_needed).map(|rule| rule.meta.id).collect();
        if needed.is_empty() {
            continue;
        }
        let permission = kind.permission();
        let same = |own: &&mut Requirement| own.given == given && own.permission == permission;
        match found.iter_mut().find(same) {
            Some(own) => {
                own.reads.push(kind);
                own.rules.extend(needed);
            }
            None => {
                found.push(Requirement { given, permission, reads: vec![kind], rules: needed });
            }
        }
    }
    for own in &mut found {
        own.rules.sort_unstable();
        own.rules.dedup();
    }
    found.sort_by_key(|own| (own.given, own.permission));
    found
}

/// The id of an application permission of Graph: that of its app role, the same in every tenant.
pub fn app_role_id(permission: &str) -> Option<&'static str> {
    Some(match permission {
        "Application.Read.All" => "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        "DelegatedPermissionGrant.Read.All" => "81b4724a-58aa-41c1-8a55-84ef97466587",
        GRAPH_SUBSTITUTE => "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
        "RoleManagement.Read.Directory" => "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
        _ => return None,
    })
}

/// A container whose blobs are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    /// The application's.
    Application,
    /// That of the backups.
    Backup,
}

impl Container {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Application, Self::Backup];

    /// As a person would say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Application => "the application container",
            Self::Backup => "the backup container",
        }
    }

    /// Whether a request lists blobs of it.
    pub fn is_listed_by(self, kind: RequestKind) -> bool {
        match self {
            Self::Application => kind == RequestKind::SourceBlobs,
            Self::Backup => matches!(kind, RequestKind::BackupFolders | RequestKind::FolderBlobs),
        }
    }

    /// Its id, where the manifest names account and container.
    pub fn id(self, deployment: &Deployment) -> Option<ArmId> {
        let own = &deployment.storage;
        let (account, container) = match self {
            Self::Application => (own.account.as_ref(), own.container.as_deref()),
            Self::Backup => {
                let backup = &deployment.backup;
                (backup.account.as_ref().or(own.account.as_ref()), backup.container.as_deref())
            }
        };
        let account = match account? {
            Selector::Id(id) => id.clone(),
            Selector::Name(name) => {
                deployment.resource_group_id().resource("Microsoft.Storage/storageAccounts", name)
            }
        };
        Some(account.child("blobServices", "default").child("containers", container?))
    }
}

/// The reads of the caller's own permissions (R16) that tell whether it meets the requirements of a
/// deployment, at its [`asked_scopes`].
pub fn own_permission_requests(
    requirements: &[Requirement],
    deployment: &Deployment,
) -> Vec<Request> {
    let scopes = asked_scopes(requirements, deployment);
    scopes.iter().map(|scope| Request::arm(RequestKind::Permissions, scope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_permission_has_its_app_role() {
        for kind in RequestKind::ALL {
            let is_graph = kind.audience() == Audience::Graph;
            assert_eq!(app_role_id(kind.permission()).is_some(), is_graph, "{kind:?}");
        }
    }

    #[test]
    fn every_permission_only_reads() {
        for kind in RequestKind::ALL {
            let permission = kind.permission();
            match kind.audience() {
                Audience::Graph => assert!(permission.contains(".Read."), "{permission}"),
                _ => assert!(permission.ends_with("/read"), "{permission}"),
            }
            assert!(!permission.contains('*'), "{permission}");
        }
    }

    #[test]
    fn containers_have_the_id_of_their_account() {
        let mut deployment = Deployment::new("p", "s", "rg");
        assert_eq!(Container::Backup.id(&deployment), None);
        deployment.storage.account = Some(Selector::Name("stvectice".to_owned()));
        deployment.backup.container = Some("copies".to_owned());
        let id = Container::Backup.id(&deployment).unwrap();
        assert!(
            id.as_str()
                .ends_with("/storageAccounts/stvectice/blobServices/default/containers/copies"),
            "{id}"
        );
        assert_eq!(Container::Application.id(&deployment), None);
    }
}
