//! What an identity is allowed, held against what is required.

use std::collections::BTreeSet;

use super::scopes::{asked_scopes, needed_at};
use super::{Container, GRAPH_SUBSTITUTE, Given, LISTING_CONDITION, Requirement};
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
/// below. Deny assignments are not looked at, nor networks, zones and the like in subscriptions that the
/// manifest does not name.
#[derive(Clone, Copy)]
pub struct Holdings<'a> {
    /// The estate whose snapshot holds the answers.
    pub estate: &'a Estate<'a>,
    /// What is required.
    pub requirements: &'a [Requirement],
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
        let mut said: Vec<(String, ArmId)> = Vec::new();
        // The wider scopes come first.
        for scope in asked_scopes(self.requirements, self.estate.deployment) {
            let Fact::Known(list, _) = self.estate.permissions_at(&scope) else { continue };
            for pattern in list.items.iter().flat_map(beyond_reading) {
                // What is inherited is said once, where it comes from.
                if !said.iter().any(|(own, above)| *own == pattern && scope.is_within(above)) {
                    found.insert(Excess { permission: pattern.clone(), scope: scope.to_string() });
                    said.push((pattern, scope.clone()));
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
        let (mut lacking, mut untold) = (Vec::new(), None);
        for scope in needed_at(requirement, self.estate.deployment) {
            match self.settled(&action, &scope) {
                Allowance::Yes => {}
                Allowance::No => lacking.push(scope),
                Allowance::Untold(why) => {
                    untold.get_or_insert(why);
                }
            }
        }
        match lacking.is_empty() {
            true => untold.map_or_else(Finding::has, Finding::unknown),
            false => Finding::lacks(self.where_lacking(&action, &lacking)),
        }
    }

    /// Whether an action is allowed at a scope, by all that was answered: what is allowed above is
    /// allowed there, and what is not allowed below is not.
    fn settled(&self, action: &Permission, scope: &ArmId) -> Allowance {
        let asked = asked_scopes(self.requirements, self.estate.deployment);
        let others = |is_meant: &dyn Fn(&ArmId) -> bool| {
            let meant = asked.iter().filter(|own| *own != scope && is_meant(own));
            meant.map(|own| self.allowance(action, own)).collect::<Vec<_>>()
        };
        let is_yes = |own: &Allowance| matches!(own, Allowance::Yes);
        let is_no = |own: &Allowance| matches!(own, Allowance::No);
        match self.allowance(action, scope) {
            Allowance::Yes => Allowance::Yes,
            _ if others(&|own| scope.is_within(own)).iter().any(is_yes) => Allowance::Yes,
            Allowance::Untold(_) if others(&|own| own.is_within(scope)).iter().any(is_no) => {
                Allowance::No
            }
            own => own,
        }
    }

    /// Where an action is lacking, for somebody who has it elsewhere; empty when it is lacking outright.
    fn where_lacking(&self, action: &Permission, lacking: &[ArmId]) -> String {
        let deployment = self.estate.deployment;
        let (subscription, group) = (deployment.subscription_id(), deployment.resource_group_id());
        if !lacking.iter().any(|scope| *scope == subscription || *scope == group) {
            let scopes: Vec<&str> = lacking.iter().map(ArmId::as_str).collect();
            return format!("not given on {}", scopes.join(", "));
        }
        match self.allowance(action, &group) {
            Allowance::Yes => "given on the resource group only; needed on the subscription".into(),
            Allowance::No => String::new(),
            Allowance::Untold(_) => "not given on the subscription".into(),
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
            let condition = entry.condition.as_deref();
            if condition.is_none_or(|condition| leaves_listing(condition, action)) {
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

/// Whether a condition is the one that is proposed, which leaves of reading blobs the listing: all that
/// is needed.
fn leaves_listing(condition: &str, action: &Permission) -> bool {
    let listing = Permission::data(RequestKind::SourceBlobs.permission());
    action.plane == Plane::Data
        && action.pattern == listing.pattern
        && unspaced(condition) == unspaced(LISTING_CONDITION)
}

/// A condition without white space, but for that in its texts.
fn unspaced(condition: &str) -> String {
    let parts = condition.split('\'').enumerate().map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().collect(),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<String>>().join("'")
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
            "vaudit_snapshot": 2, "tool_version": "0", "requests": 0, "retries": 0,
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
        finding_in(&deployment(), requirement, answers)
    }

    fn finding_in(
        deployment: &Deployment,
        requirement: &Requirement,
        answers: &[(ArmId, Option<Value>)],
    ) -> Finding {
        let snapshot = snapshot(answers);
        let estate = Estate::new(&snapshot, deployment);
        let graph = ApplicationRoles::Named(BTreeSet::new());
        let requirements = std::slice::from_ref(requirement);
        Holdings { estate: &estate, requirements, graph: &graph }.finding(requirement)
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

    /// A right on the deployment's own scopes says nothing about an account in another subscription.
    #[test]
    fn what_is_named_by_id_is_judged_there() {
        use Standing::{Has, Lacks, Unknown};
        let group = ArmId::resource_group_scope("t", "far");
        let account = group.resource("Microsoft.Storage/storageAccounts", "copies");
        let mut own = deployment();
        own.backup.account = Some(Selector::Id(account.clone()));
        let yes = || Some(json!([{"actions": ["*/read"], "notActions": []}]));
        let no = || Some(json!([]));
        for (at_home, of_group, of_account, standing) in [
            (yes(), yes(), yes(), Has),
            (yes(), None, yes(), Has),
            (yes(), yes(), None, Has),
            (yes(), no(), no(), Lacks),
            (yes(), no(), None, Unknown),
            (yes(), None, None, Unknown),
            (no(), yes(), yes(), Lacks),
            (None, yes(), yes(), Unknown),
        ] {
            let told = format!("{at_home:?} {of_group:?} {of_account:?}");
            let of_home = at_home.clone();
            let answers = [
                (own.subscription_id(), at_home.clone()),
                (own.resource_group_id(), at_home),
                (group.clone(), of_group),
                (account.clone(), of_account),
            ];
            let containers = requirement(RequestKind::BlobContainers, Given::Subscription);
            let found = finding_in(&own, &containers, &answers);
            assert_eq!(found.standing, standing, "{told}");
            let why = match standing {
                Lacks if of_home == yes() => format!("not given on {account}"),
                Lacks => String::new(),
                Has | Unknown => found.why.clone(),
            };
            assert_eq!(found.why, why, "{told}");
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
    fn the_condition_that_is_proposed_leaves_listing() {
        let at = Container::Application.id(&deployment()).unwrap();
        let listing = requirement(RequestKind::SourceBlobs, Given::Containers);
        let spaced = LISTING_CONDITION.replace(" AND NOT ", "\n AND  NOT\t");
        for (condition, standing) in [
            (LISTING_CONDITION.to_owned(), Standing::Has),
            (format!("(\n {} )", &spaced[1..spaced.len() - 1]), Standing::Has),
            (LISTING_CONDITION.replace("Blob.List", "Blob. List"), Standing::Unknown),
            (LISTING_CONDITION.replace("AND NOT", "AND"), Standing::Unknown),
            (format!("{LISTING_CONDITION} AND false"), Standing::Unknown),
        ] {
            let entry = json!([{"actions": [], "notActions": [], "notDataActions": [],
                "dataActions": [listing.permission], "condition": condition}]);
            let found = finding(&listing, &[(at.clone(), Some(entry))]);
            assert_eq!(found.standing, standing, "{condition}");
        }
        // Of anything but listing it says nothing.
        let other = Permission::data("Microsoft.Storage/storageAccounts/fileServices/read");
        assert!(!leaves_listing(LISTING_CONDITION, &other));
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
