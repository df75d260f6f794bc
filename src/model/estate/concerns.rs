//! Which answers of a run are about a deployment: those it asked for. Deployments that share a
//! subscription share its lists, and nothing else.

use super::Estate;
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::document::Document;
use crate::need::{Audience, Need, Request, RequestKind};

/// What is known to be a deployment's own.
struct Own {
    /// Resource groups and resources; what lies below them is too.
    scopes: Vec<ArmId>,
    /// The object ids of the service principal: the directory's and the configured one.
    principals: Vec<String>,
    /// The keys of the service principal and its application in the directory.
    keys: Vec<String>,
    /// Whose directory roles reach the service principal.
    role_holders: Vec<String>,
    /// The URLs of its containers.
    containers: Vec<String>,
}

impl Estate<'_> {
    /// The documents of the snapshot that are about this deployment, and that a rule asks for.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        let own = self.own();
        let rules = self.rules.into_iter().flatten();
        let needs = Need::closure(rules.flat_map(|rule| rule.needs.iter().copied()));
        let is_asked_for = move |request: &Request| {
            self.rules.is_none() || needs.iter().any(|need| request.kind.serves(*need))
        };
        self.snapshot.documents().filter(move |document| {
            is_asked_for(&document.request) && self.concerns(&own, &document.request)
        })
    }

    fn concerns(&self, own: &Own, request: &Request) -> bool {
        match request.kind.audience() {
            Audience::ResourceManager => match ArmId::parse(&request.target) {
                Ok(id) => self.concerns_scope(own, request, &id),
                Err(_) => false,
            },
            Audience::Graph => match &request.filter {
                Some(principal) => own.role_holders.contains(principal),
                None => own.keys.iter().any(|key| {
                    let rest = request.target.strip_prefix(key.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                }),
            },
            Audience::Storage => own.containers.contains(&request.target),
        }
    }

    fn concerns_scope(&self, own: &Own, request: &Request, id: &ArmId) -> bool {
        if let Some(principals) = &request.filter {
            // A query for a principal and its groups names the principal first.
            let principal = principals.split(',').next().unwrap_or_default();
            return own.principals.iter().any(|own| own == principal);
        }
        let subscription = self.deployment.subscription_id();
        *id == subscription
            || own.scopes.iter().any(|scope| id.is_within(scope))
            || (request.kind == RequestKind::VirtualNetworkLinks
                && self.registers_in_server_zone() == Some(false)
                && id.is_within(&subscription))
    }

    fn own(&self) -> Own {
        let deployment = self.deployment;
        let selectors = [
            &deployment.postgres.server,
            &deployment.kubernetes.cluster,
            &deployment.storage.account,
            &deployment.backup.account,
        ];
        let selected = selectors.into_iter().flatten().filter_map(|selector| match selector {
            Selector::Id(id) => Some(id.clone()),
            Selector::Name(_) => None,
        });
        let zones = self.private_link_zones().value().map_or(Vec::new(), |list| list.items.clone());
        let (endpoints, _) = self.approved_endpoints();
        let guards = self.traffic_subnets().into_iter().flat_map(|subnet| {
            [subnet.network_security_group, subnet.route_table].map(|own| own.value().cloned())
        });
        let found = [
            self.node_resource_group_id().value().cloned(),
            self.aks_vnet_id().value().cloned(),
            self.postgres_subnet_id().value().and_then(ArmId::parent),
            self.zone_id().value().cloned(),
            self.root_management_group_id().value().cloned(),
        ];
        let found = found.into_iter().chain(guards).flatten();
        let own = [deployment.resource_group_id()].into_iter();
        let scopes = own.chain(selected).chain(zones).chain(endpoints).chain(found).collect();

        let configured = deployment.service_principal.object_id.as_deref();
        let found = self.principal_id().value().cloned();
        let principals: Vec<String> =
            configured.map(str::to_ascii_lowercase).into_iter().chain(found).collect();
        let by_id = principals.iter().map(|id| format!("servicePrincipals/{id}"));
        let principal = self.service_principal_request().map(|request| request.target);
        let application = self.application_request(RequestKind::Application, "");
        let application = application.value().map(|request| request.target.clone());
        Own {
            scopes,
            keys: by_id.chain(principal).chain(application).collect(),
            principals,
            role_holders: self.directory_role_principals().value().cloned().unwrap_or_default(),
            containers: [self.backup_container_url(), self.source_container_url()]
                .iter()
                .filter_map(|url| url.value().cloned())
                .collect(),
        }
    }
}
