//! What an identity is allowed, held against what is required.

use std::collections::BTreeSet;

use super::{Container, GRAPH_SUBSTITUTE, Given, Requirement};
use crate::arm_id::ArmId;
use crate::estate::{Estate, Permission as Allowed};
use crate::fact::{Fact, Gap};
use crate::need::RequestKind;
use crate::permissions::{ActionPattern, Permission, PermissionEntry, Plane};

/// The application permissions that a Graph token names, as far as it names them. The token is not
/// checked, so this is for advice and never for a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationRoles {
    /// It is an application's token with these.
    Named(BTreeSet<String>),
    /// They cannot be told, for this reason.
    Untold(String),
}

/// Whether an identity has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has.
    Has,
    /// It has not.
    Lacks,
    /// That cannot be told.
    Unknown,
}

impl Standing {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Has => "has",
            Self::Lacks => "lacks",
            Self::Unknown => "cannot tell",
        }
    }
}

/// How an identity stands towards a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it has the permission, everywhere it is needed.
    pub standing: Standing,
    /// Where it lacks it, or why that cannot be told; empty when it has it.
    pub why: String,
}

impl Finding {
    fn has() -> Self {
        Self { standing: Standing::Has, why: String::new() }
    }

    fn lacks(why: impl Into<String>) -> Self {
        Self { standing: Standing::Lacks, why: why.into() }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self { standing: Standing::Unknown, why: why.into() }
    }
}

/// Something an identity is allowed beyond reading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excess {
    /// The pattern of actions, or the application permission.
    pub permission: String,
    /// Where.
    pub scope: String,
}

/// What an identity was seen to be allowed in a deployment: by the answers to
/// [`own_permission_requests`](super::own_permission_requests) in the snapshot, and by its Graph token.
///
/// What Azure answers about a scope holds what is inherited, so it settles the scope and what lies
/// below. Deny assignments and what lies in other subscriptions are not looked at.
#[derive(Clone, Copy)]
pub struct Holdings<'a> {
    /// The estate whose snapshot holds the answers.
    pub estate: &'a Estate<'a>,
    /// What the Graph token names.
    pub graph: &'a ApplicationRoles,
}

/// Whether some action is allowed at one scope.
enum Allowance {
    Yes,
    No,
    Untold(String),
}

impl Holdings<'_> {
    /// How the identity stands towards a requirement.
    pub fn finding(&self, requirement: &Requirement) -> Finding {
        match requirement.given {
            Given::Subscription => self.on_resources(requirement),
            Given::RootManagementGroup => {
                Finding::unknown("it is given on the root management group, which was not asked")
            }
            Given::Containers => self.on_containers(requirement),
            Given::Graph => self.in_graph(requirement.permission),
        }
    }

    /// What the identity is allowed beyond reading. vaudit never needs any of it.
    pub fn excess(&self) -> BTreeSet<Excess> {
        let mut found = BTreeSet::new();
        let deployment = self.estate.deployment;
        let mut scopes = vec![deployment.subscription_id(), deployment.resource_group_id()];
        scopes.extend(Container::ALL.into_iter().filter_map(|own| own.id(deployment)));
        for scope in scopes {
            let Fact::Known(list, _) = self.estate.permissions_at(&scope) else { continue };
            for pattern in list.items.iter().flat_map(beyond_reading) {
                // What is inherited is said once, where it comes from.
                let is_said = |own: &Excess| own.permission == pattern;
                if !found.iter().any(is_said) {
                    found.insert(Excess { permission: pattern, scope: scope.to_string() });
                }
            }
        }
        if let ApplicationRoles::Named(roles) = self.graph {
            let scope = || "Microsoft Graph".to_owned();
            let beyond = roles.iter().filter(|role| !only_reads(role));
            found.extend(beyond.map(|role| Excess { permission: role.clone(), scope: scope() }));
        }
        found
    }

    fn on_resources(&self, requirement: &Requirement) -> Finding {
        let action = Permission::control(requirement.permission);
        let deployment = self.estate.deployment;
        let (subscription, group) = (deployment.subscription_id(), deployment.resource_group_id());
        let in_group = requirement.reads.iter().all(|kind| is_in_resource_group(*kind));
        match (self.allowance(&action, &subscription), self.allowance(&action, &group)) {
            (Allowance::Yes, _) => Finding::has(),
            (_, Allowance::Yes) if in_group => Finding::has(),
            (_, Allowance::No) => Finding::lacks(""),
            (Allowance::No, Allowance::Untold(why)) if in_group => Finding::unknown(why),
            (Allowance::No, Allowance::Yes) => {
                Finding::lacks("given on the resource group only; needed on the subscription")
            }
            (Allowance::No, Allowance::Untold(_)) => {
                Finding::lacks("not given on the subscription")
            }
            (Allowance::Untold(why), _) => Finding::unknown(why),
        }
    }

    fn on_containers(&self, requirement: &Requirement) -> Finding {
        let action = Permission::data(requirement.permission);
        let mut untold = None;
        for container in Container::ALL {
            if !requirement.reads.iter().any(|kind| container.is_listed_by(*kind)) {
                continue;
            }
            let title = container.title();
            let Some(scope) = container.id(self.estate.deployment) else {
                untold.get_or_insert(format!(
                    "the manifest does not name account and container of {title}"
                ));
                continue;
            };
            match self.allowance(&action, &scope) {
                Allowance::Yes => {}
                Allowance::No => return Finding::lacks(format!("on {title}")),
                Allowance::Untold(why) => {
                    untold.get_or_insert(why);
                }
            }
        }
        untold.map_or_else(Finding::has, Finding::unknown)
    }

    fn in_graph(&self, permission: &str) -> Finding {
        match self.graph {
            ApplicationRoles::Untold(why) => Finding::unknown(why.clone()),
            ApplicationRoles::Named(roles) => {
                let wider = permission.replace(".Read.", ".ReadWrite.");
                let all = GRAPH_SUBSTITUTE.replace(".Read.", ".ReadWrite.");
                let enough = [permission, &wider, GRAPH_SUBSTITUTE, &all];
                if enough.iter().any(|own| roles.contains(*own)) {
                    Finding::has()
                } else {
                    Finding::lacks("")
                }
            }
        }
    }

    fn allowance(&self, action: &Permission, scope: &ArmId) -> Allowance {
        let (list, missing) = match self.estate.permissions_at(scope) {
            Fact::Known(list, _) => (list.items, list.missing),
            Fact::Absent(_) => (Vec::new(), None),
            Fact::Unread(gap) => return Allowance::Untold(untold(&gap, scope)),
        };
        let mut doubt = missing.map(|gap| untold(&gap, scope));
        for allowed in &list {
            let Some(entry) = entry(allowed, action.plane) else {
                doubt.get_or_insert(format!(
                    "Azure did not say which data actions there are on {scope}"
                ));
                continue;
            };
            if !entry.takes_all(action) {
                continue;
            }
            if entry.condition.is_none() {
                return Allowance::Yes;
            }
            doubt.get_or_insert(format!(
                "it is given under a condition, which vaudit does not evaluate, on {scope}"
            ));
        }
        doubt.map_or(Allowance::No, Allowance::Untold)
    }
}

/// What was answered about one role, as the engine of permissions reads it; none when the answer does
/// not speak of the plane.
fn entry(allowed: &Allowed, plane: Plane) -> Option<PermissionEntry> {
    let patterns = |texts: &[String]| texts.iter().map(ActionPattern::new).collect();
    let mut entry = PermissionEntry {
        actions: patterns(&allowed.actions),
        not_actions: patterns(&allowed.not_actions),
        condition: allowed.condition.clone(),
        ..PermissionEntry::default()
    };
    match &allowed.data_actions {
        Some((given, left_out)) => {
            entry.data_actions = patterns(given);
            entry.not_data_actions = patterns(left_out);
        }
        None if plane == Plane::Data => return None,
        None => {}
    }
    Some(entry)
}

/// The patterns of a role by which something else than a read may be done.
fn beyond_reading(allowed: &Allowed) -> Vec<String> {
    const BEYOND: [&str; 3] = ["*/write", "*/delete", "*/action"];
    let none = (Vec::new(), Vec::new());
    let (data, data_left_out) = allowed.data_actions.as_ref().unwrap_or(&none);
    let planes = [(&allowed.actions, &allowed.not_actions), (data, data_left_out)];
    let mut found = Vec::new();
    for (given, left_out) in planes {
        let left_out: Vec<ActionPattern> = left_out.iter().map(ActionPattern::new).collect();
        let is_beyond = |pattern: &ActionPattern| {
            BEYOND.into_iter().map(ActionPattern::new).any(|beyond| {
                let is_taken = |own: &ActionPattern| own.covers(&beyond) || own.covers(pattern);
                pattern.intersects(&beyond) && !left_out.iter().any(is_taken)
            })
        };
        let beyond = given.iter().map(ActionPattern::new).filter(is_beyond);
        found.extend(beyond.map(|pattern| pattern.as_str().to_owned()));
    }
    found
}

/// Whether an application permission only reads. Its second word says what it does.
fn only_reads(permission: &str) -> bool {
    let does = permission.split('.').nth(1).unwrap_or_default();
    does.starts_with("Read") && !does.contains("Write")
}

/// Whether a request is sent to a scope in the resource group, whatever the manifest says; the others
/// go to the subscription or to wherever a resource leads.
fn is_in_resource_group(kind: RequestKind) -> bool {
    matches!(
        kind,
        RequestKind::ResourceGroup
            | RequestKind::PostgresServers
            | RequestKind::PostgresServer
            | RequestKind::PostgresDatabases
            | RequestKind::PostgresBackups
            | RequestKind::ManagedClusters
            | RequestKind::ManagedCluster
            | RequestKind::StorageAccounts
            | RequestKind::StorageAccount
            | RequestKind::BlobContainers
            | RequestKind::Permissions
            | RequestKind::Resources
            | RequestKind::DenyAssignmentsAbove
            | RequestKind::DenyAssignmentsBelow
    )
}

fn untold(gap: &Gap, scope: &ArmId) -> String {
    format!("the permissions on {scope} could not be read: {}", gap.message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::deployment::{Deployment, Selector};
    use crate::snapshot::Snapshot;

    /// What is answered about some scopes: 200 with the entries, or a refusal.
    fn snapshot(answers: &[(ArmId, Option<Value>)]) -> Snapshot {
        let header = json!({
            "vaudit_snapshot": 1, "tool_version": "0", "requests": 0, "retries": 0,
            "started_at": "2026-11-22T09:00:00Z", "finished_at": "2026-11-22T09:00:00Z",
            "selection": {"profile": "all"}, "manifest": {"path": null, "text": ""},
        });
        let mut snapshot = Snapshot::empty(serde_json::from_value(header).unwrap());
        for (scope, entries) in answers {
            let (status, body) = match entries {
                Some(entries) => (200, json!({"value": entries})),
                None => (403, json!({"error": {"code": "AuthorizationFailed"}})),
            };
            let document = json!({
                "request": {"kind": "permissions", "target": scope.as_str()}, "page": 0,
                "method": "GET", "url": scope.as_str(), "status": status, "headers": {},
                "body": {"json": body}, "read_at": "2026-11-22T09:00:00Z",
            });
            snapshot.insert(serde_json::from_value(document).unwrap());
        }
        snapshot
    }

    fn deployment() -> Deployment {
        let mut deployment = Deployment::new("p", "s", "rg");
        deployment.storage.account = Some(Selector::Name("st".to_owned()));
        deployment.storage.container = Some("vectice".to_owned());
        deployment
    }

    fn finding(requirement: &Requirement, answers: &[(ArmId, Option<Value>)]) -> Finding {
        let (snapshot, deployment) = (snapshot(answers), deployment());
        let estate = Estate::new(&snapshot, &deployment);
        let graph = ApplicationRoles::Named(BTreeSet::new());
        Holdings { estate: &estate, graph: &graph }.finding(requirement)
    }

    fn requirement(kind: RequestKind, given: Given) -> Requirement {
        Requirement { given, permission: kind.permission(), reads: vec![kind], rules: Vec::new() }
    }

    /// What the subscription and the group answer, and how that stands for a read in the group and for
    /// one of the subscription.
    #[test]
    fn a_scope_settles_itself_and_what_lies_below() {
        use Standing::{Has, Lacks, Unknown};
        let yes = || Some(json!([{"actions": ["*/read"], "notActions": []}]));
        let no = || Some(json!([{"actions": ["*/read"], "notActions": ["Microsoft.*"]}]));
        let conditional = || Some(json!([{"actions": ["*"], "notActions": [], "condition": "x"}]));
        for (subscription, group, in_group, wide) in [
            (yes(), yes(), Has, Has),
            (yes(), None, Has, Has),
            (no(), yes(), Has, Lacks),
            (None, yes(), Has, Unknown),
            (no(), no(), Lacks, Lacks),
            (None, no(), Lacks, Lacks),
            (no(), None, Unknown, Lacks),
            (None, None, Unknown, Unknown),
            (conditional(), conditional(), Unknown, Unknown),
            (Some(json!([])), Some(json!([])), Lacks, Lacks),
        ] {
            let own = deployment();
            let told = format!("{subscription:?} {group:?}");
            let answers = [(own.subscription_id(), subscription), (own.resource_group_id(), group)];
            let of = |kind| finding(&requirement(kind, Given::Subscription), &answers).standing;
            assert_eq!(of(RequestKind::PostgresBackups), in_group, "{told}");
            assert_eq!(of(RequestKind::VirtualNetworks), wide, "{told}");
        }
    }

    #[test]
    fn data_actions_that_are_not_spoken_of_are_unknown() {
        let listing = requirement(RequestKind::SourceBlobs, Given::Containers);
        let at = Container::Application.id(&deployment()).unwrap();
        let entry =
            |data: Value| Some(json!([{"actions": [], "notActions": [], "dataActions": data}]));
        for (answer, standing) in [
            (entry(json!([listing.permission])), Standing::Has),
            (entry(json!([])), Standing::Lacks),
            (entry(Value::Null), Standing::Unknown),
            (None, Standing::Unknown),
        ] {
            let told = format!("{answer:?}");
            assert_eq!(finding(&listing, &[(at.clone(), answer)]).standing, standing, "{told}");
        }
        // No container of the backups is configured.
        let folders = requirement(RequestKind::BackupFolders, Given::Containers);
        assert_eq!(finding(&folders, &[]).standing, Standing::Unknown);
    }

    #[test]
    fn what_goes_beyond_reading_is_told_by_patterns() {
        let beyond = |actions: &[&str], not_actions: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect();
            let allowed = Allowed {
                actions: texts(actions),
                not_actions: texts(not_actions),
                data_actions: None,
                condition: None,
            };
            beyond_reading(&allowed)
        };
        assert_eq!(beyond(&["*/read", "Microsoft.Network/*/read"], &[]), [] as [&str; 0]);
        assert_eq!(beyond(&["*"], &["Microsoft.Authorization/*/Write"]), ["*"]);
        assert_eq!(beyond(&["*"], &["*/write", "*/delete", "*/action"]), [] as [&str; 0]);
        assert_eq!(beyond(&["a/write", "b/*"], &["a/write"]), ["b/*"]);
        for (role, reads) in [
            ("Application.Read.All", true),
            ("User.ReadBasic.All", true),
            ("Directory.ReadWrite.All", false),
            ("Mail.Send", false),
        ] {
            assert_eq!(only_reads(role), reads, "{role}");
        }
    }
}
