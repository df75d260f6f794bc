//! What the auditor may read, and what it was refused.

use super::{Estate, typed};
use crate::arm_id::ArmId;
use crate::document::{Answer, Document, ErrorBody};
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::need::{Request, RequestKind};

/// A set of permissions the auditor holds at a scope (R16).
#[derive(Clone, Debug, PartialEq)]
pub struct Permission {
    /// `actions`, with wildcards.
    pub actions: Vec<String>,
    /// `notActions`: what is taken away from them again.
    pub not_actions: Vec<String>,
    /// `dataActions` and `notDataActions`, where the answer speaks of them.
    pub data_actions: Option<(Vec<String>, Vec<String>)>,
    /// `condition`: the expression that narrows it. It is not evaluated.
    pub condition: Option<String>,
}

/// A read that was refused for lack of permission.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What was asked.
    pub kind: RequestKind,
    /// What is lost for it.
    pub gap: Gap,
    /// The answer, for evidence.
    pub source: Source,
}

impl Estate<'_> {
    /// The auditor's own permissions on the resource group.
    pub fn permissions(&self) -> Fact<List<Permission>> {
        self.permissions_at(&self.deployment.resource_group_id())
    }

    /// The auditor's own permissions at a scope, with what it inherits.
    pub fn permissions_at(&self, scope: &ArmId) -> Fact<List<Permission>> {
        let request = Request::arm(RequestKind::Permissions, scope);
        self.snapshot.list_of_existing(&request).map(|list| {
            typed(list, |node| {
                let texts = |field: &str| match node.at(field).items() {
                    Fact::Known(list, _) => list
                        .items
                        .iter()
                        .map(|item| match item.text() {
                            Fact::Known(action, _) => Ok(action),
                            Fact::Absent(source) => Err(Gap::because(
                                Reason::MissingField,
                                format!("an entry of `{field}` is no text"),
                            )
                            .at(source.resource)),
                            Fact::Unread(gap) => Err(gap),
                        })
                        .collect(),
                    Fact::Absent(_) => Ok(Vec::new()),
                    Fact::Unread(gap) => Err(gap),
                };
                let says_data = !node.at("dataActions").is_blank();
                let left_out = || match node.at("notDataActions").is_blank() {
                    true => Ok(Vec::new()),
                    false => texts("notDataActions"),
                };
                let data_actions = match says_data {
                    true => Some((texts("dataActions")?, left_out()?)),
                    false => None,
                };
                Ok(Permission {
                    actions: texts("actions")?,
                    not_actions: texts("notActions")?,
                    data_actions,
                    condition: node.at("condition").text().value().cloned(),
                })
            })
        })
    }

    /// The reads about this deployment that were refused: for lack of a permission, or because the
    /// token was not taken. Sorted by what is lacking where, each once. A list that was refused
    /// while what was wanted from it was then read by id is no loss.
    pub fn refusals(&self) -> Vec<Refusal> {
        // Most audits are refused nothing; whose the answers are then does not matter.
        let is_read = |document| matches!(self.snapshot.answer(document), Answer::Read(_));
        if self.snapshot.documents().all(is_read) {
            return Vec::new();
        }
        let mut refusals: Vec<Refusal> = self
            .documents()
            .filter_map(|document| match self.snapshot.answer(document) {
                Answer::Unread(gap) if is_refusal(&gap) && !lacks_a_licence(document) => {
                    let kind = document.request.kind;
                    let source = Source {
                        resource: document.request.target.clone(),
                        pointer: String::new(),
                        origin: document.origin(),
                    };
                    Some(Refusal { kind, gap, source })
                }
                _ => None,
            })
            .filter(|refusal| !self.was_read_by_id(refusal.kind))
            .collect();
        let lacking = |own: &Refusal| {
            let lower = |text: &Option<String>| text.as_deref().map(str::to_ascii_lowercase);
            (own.gap.reason, lower(&own.gap.action), lower(&own.gap.scope), own.kind)
        };
        refusals.sort_by_key(lacking);
        refusals.dedup_by_key(|own| lacking(own));
        refusals
    }

    /// Whether everything that was wanted from a list of the subscription is known without it.
    fn was_read_by_id(&self, list: RequestKind) -> bool {
        let is_lost = |gap: Option<&Gap>| gap.is_some_and(is_refusal);
        let are_read = |item: RequestKind, wanted: Vec<ArmId>| {
            let is_read = |id: &ArmId| {
                let read = self.snapshot.resource(&Request::arm(item, id));
                !read.gap().is_some_and(|gap| is_refusal(gap) || gap.is_not_collected())
            };
            wanted.iter().all(is_read)
        };
        let subnets = || self.traffic_subnets().into_iter();
        match list {
            RequestKind::VirtualNetworks => {
                !is_lost(self.aks_vnet().gap()) && !is_lost(self.postgres_vnet().gap())
            }
            RequestKind::PrivateEndpoints => !is_lost(self.postgres_subnet_id().gap()),
            RequestKind::NetworkSecurityGroups => {
                let groups =
                    subnets().filter_map(|own| own.network_security_group.value().cloned());
                are_read(RequestKind::NetworkSecurityGroup, groups.collect())
            }
            RequestKind::RouteTables => {
                let tables = subnets().filter_map(|own| own.route_table.value().cloned());
                are_read(RequestKind::RouteTable, tables.collect())
            }
            _ => false,
        }
    }
}

/// Whether a gap is a refusal of the auditor, as opposed to trouble on the way.
fn is_refusal(gap: &Gap) -> bool {
    matches!(gap.reason, Reason::Forbidden | Reason::SignIn)
}

/// Whether it is not the auditor who lacks something but the tenant: what no licence covers is not
/// there, and no permission would show it.
fn lacks_a_licence(document: &Document) -> bool {
    ErrorBody::of(&document.body).code.to_ascii_lowercase().contains("license")
}
