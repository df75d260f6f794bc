//! `vaudit permissions`: the least an auditor has to be allowed, how to grant it, and whether it is.

mod text;

use std::collections::BTreeSet;

use serde_json::{Value, json, to_value};
use vaudit_engine::ExitCode;
use vaudit_model::least_privilege::{
    CustomRole, Excess, Finding, GRAPH_SUBSTITUTE, Given, Holdings, LISTING_CONDITION, Requirement,
    ResourceAccess, Standing, app_role_id, asked_scopes, control_role, own_permission_requests,
    requirements, storage_role, subscriptions,
};
use vaudit_model::shell::inert;
use vaudit_model::snapshot::Identity;
use vaudit_model::{ArmId, Deployment, Estate, Request};

use crate::arguments::{Permissions, PermissionsFormat, Talk};
use crate::check::selected;
use crate::collecting;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::outputs::to_stdout;
use crate::sources;
use crate::terminal::Screen;

/// What stands for the subscription where no manifest says which.
const ANY_SUBSCRIPTION: &str = "/subscriptions/<subscription-id>";

/// What a check cannot tell: nothing in a manifest names the subscription of these.
const EXTENT: &str = "This speaks of the scopes that were asked and of what lies in them; networks, zones, \
    endpoints, security groups and route tables may lie in other subscriptions, and `vaudit check` tells \
    whether they can be read.";

/// What some rules need, where.
struct Wanted<'a> {
    arguments: &'a Permissions,
    rules: Vec<&'static str>,
    deployments: Vec<Deployment>,
    requirements: Vec<Requirement>,
}

/// What the present identity has of it.
struct Checked {
    identity: Identity,
    deployments: Vec<CheckedDeployment>,
}

struct CheckedDeployment {
    name: String,
    scope: String,
    /// Where the permissions were asked for; what lies elsewhere is not spoken of.
    asked: BTreeSet<ArmId>,
    findings: Vec<(Requirement, Finding)>,
    excess: BTreeSet<Excess>,
}

/// Prints what the selected rules need, or how the present identity stands to it.
///
/// # Errors
///
/// When the selection or the manifest is wrong, a role is asked for that nobody needs, or, to check,
/// nobody can be signed in.
pub(crate) async fn permissions(arguments: &Permissions, talk: &Talk) -> Result<ExitCode, Failure> {
    let selection = &arguments.selection;
    let profile = arguments.profile.as_deref().unwrap_or("reference");
    let rules = selected(profile, &selection.rules, &selection.skip)?;
    let live = match arguments.check {
        true => Some(sources::live(&arguments.target).await?),
        false => None,
    };
    let described = match &live {
        Some(_) => None,
        None => sources::described(&arguments.target)?,
    };
    let audit = live.as_ref().map(|live| &live.audit).or(described.as_ref());
    let deployments = match audit {
        Some(audit) => audit.deployments(&selection.deployments)?,
        None if selection.deployments.is_empty() => Vec::new(),
        None => {
            let message = "there is no vaudit.toml here that could describe a deployment";
            return Err(Failure::new(message).help("name one with --config FILE"));
        }
    };
    let wanted = Wanted {
        arguments,
        rules: rules.iter().map(|rule| rule.meta.id).collect(),
        requirements: requirements(&rules, &deployments),
        deployments,
    };
    let Some(live) = live else {
        return to_stdout(&wanted.printed()?).map(|()| ExitCode::Clean);
    };
    if !matches!(arguments.format, PermissionsFormat::Text | PermissionsFormat::Json) {
        let message = "--check is printed as text or json, not as a role";
        return Err(Failure::new(message));
    }
    let conversation = Conversation::new(talk);
    live.warnings.iter().for_each(|warning| conversation.warn(warning));
    let checked = check(&wanted, &live).await?;
    let printed = match arguments.format {
        PermissionsFormat::Json => pretty(&wanted.json(Some(&checked))),
        _ => text::checked(&checked, &Screen::of_stdout(talk.color)),
    };
    to_stdout(&printed)?;
    Ok(if checked.has_all() { ExitCode::Clean } else { ExitCode::Indeterminate })
}

async fn check(wanted: &Wanted<'_>, live: &sources::LiveAudit) -> Result<Checked, Failure> {
    let of_deployment = |own| own_permission_requests(&wanted.requirements, own);
    let requests: BTreeSet<Request> = wanted.deployments.iter().flat_map(of_deployment).collect();
    let requests: Vec<Request> = requests.into_iter().collect();
    let with_graph = wanted.requirements.iter().any(|own| own.given == Given::Graph);
    let target = &wanted.arguments.target;
    let (snapshot, graph) =
        collecting::own_permissions(live, &requests, with_graph, target).await?;
    let deployments = wanted.deployments.iter().map(|deployment| {
        let estate = Estate::new(&snapshot, deployment);
        let requirements = &wanted.requirements;
        let holdings = Holdings { estate: &estate, requirements, graph: &graph };
        let findings = requirements.iter();
        CheckedDeployment {
            name: deployment.name.clone(),
            scope: estate.resource_group_subject(),
            asked: asked_scopes(requirements, deployment),
            findings: findings.map(|own| (own.clone(), holdings.finding(own))).collect(),
            excess: holdings.excess(),
        }
    });
    Ok(Checked { deployments: deployments.collect(), identity: snapshot.header.identity.clone() })
}

impl Checked {
    fn has_all(&self) -> bool {
        self.count(Standing::Lacks) + self.count(Standing::Unknown) == 0
    }

    fn count(&self, standing: Standing) -> usize {
        let findings = self.deployments.iter().flat_map(|own| &own.findings);
        findings.filter(|(_, finding)| finding.standing == standing).count()
    }
}

impl Wanted<'_> {
    fn printed(&self) -> Result<String, Failure> {
        let nobody = |what: &str| {
            Failure::new(format!("the selected rules need nothing of {what}"))
                .help("`vaudit permissions` without --format says what they need")
        };
        Ok(match self.arguments.format {
            PermissionsFormat::Text => text::wanted(self),
            PermissionsFormat::Json => pretty(&self.json(None)),
            PermissionsFormat::Role => {
                let role = self.control_role();
                role.ok_or_else(|| nobody("Azure Resource Manager"))?.as_file()
            }
            PermissionsFormat::StorageRole => {
                self.storage_role().ok_or_else(|| nobody("the Blob service"))?.as_file()
            }
            PermissionsFormat::Graph => {
                self.graph().ok_or_else(|| nobody("Microsoft Graph"))?.as_file()
            }
        })
    }

    /// Each subscription in which a permission is needed once, in the order of the manifest.
    fn subscriptions(&self, given: Given) -> Vec<String> {
        let mut ids = Vec::new();
        let of_deployment = |own| subscriptions(&self.requirements, own, given);
        for id in self.deployments.iter().flat_map(of_deployment) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        match ids.is_empty() {
            true => vec![ANY_SUBSCRIPTION.to_owned()],
            false => ids.iter().map(ToString::to_string).collect(),
        }
    }

    fn control_role(&self) -> Option<CustomRole> {
        control_role(&self.requirements, self.subscriptions(Given::Subscription))
    }

    fn storage_role(&self) -> Option<CustomRole> {
        storage_role(&self.requirements, self.subscriptions(Given::Containers))
    }

    fn graph(&self) -> Option<ResourceAccess> {
        ResourceAccess::of_graph(&self.requirements)
    }

    fn json(&self, checked: Option<&Checked>) -> Value {
        let requirements = self.requirements.iter().map(|own| {
            json!({
                "given": given(own.given), "permission": own.permission,
                "app_role_id": app_role_id(own.permission),
                "reads": own.reads_what(), "rules": own.rules,
            })
        });
        let substitute =
            json!({"permission": GRAPH_SUBSTITUTE, "app_role_id": app_role_id(GRAPH_SUBSTITUTE)});
        json!({
            "schema_version": 1,
            "rules": self.rules,
            "requirements": requirements.collect::<Vec<_>>(),
            "role": self.control_role().and_then(|own| to_value(own).ok()),
            "storage_role": self.storage_role().and_then(|own| to_value(own).ok()),
            "storage_condition": LISTING_CONDITION,
            "graph": self.graph().and_then(|own| to_value(own).ok()),
            "graph_substitute": substitute,
            "check": checked.map(checked_json),
        })
    }
}

fn checked_json(checked: &Checked) -> Value {
    let deployments = checked.deployments.iter().map(|own| {
        let findings = own.findings.iter().map(|(requirement, finding)| {
            json!({
                "permission": requirement.permission, "given": given(requirement.given),
                "standing": finding.standing.word().replace("cannot tell", "unknown"),
                "why": inert(&finding.why), "rules": requirement.rules,
            })
        });
        let excess = own.excess.iter();
        let excess =
            excess.map(|own| json!({"permission": inert(&own.permission), "scope": own.scope}));
        json!({
            "name": own.name, "scope": own.scope,
            "scopes": own.asked.iter().map(ArmId::as_str).collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(), "excess": excess.collect::<Vec<_>>(),
        })
    });
    let identity = &checked.identity;
    json!({
        "identity": {"object_id": identity.object_id, "client_id": identity.client_id,
            "tenant": identity.tenant},
        "has_all": checked.has_all(),
        "extent": EXTENT,
        "deployments": deployments.collect::<Vec<_>>(),
    })
}

fn given(given: Given) -> &'static str {
    match given {
        Given::Subscription => "subscription",
        Given::RootManagementGroup => "root-management-group",
        Given::Containers => "containers",
        Given::Graph => "graph",
    }
}

/// JSON for a file. A value of JSON is always one.
fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
