//! Facts of the service principal: what it is, what it signs in with, and what it may.

use super::EstateFacts;
use super::value::Comparable;
use crate::arm_id::ArmId;
use crate::estate::{Credential, Estate, role_name};
use crate::fact::{Fact, List, Source};

const PRINCIPAL: &str = "the service principal";
const APPLICATION: &str = "the app registration";
const ASSIGNMENTS: &str = "the role assignments";
const ELIGIBLE: &str = "the roles it is eligible for";
const ELSEWHERE: &str = "the role assignments in other subscriptions";
const DENIALS: &str = "the deny assignments";
const MEMBERSHIPS: &str = "the memberships";
const DIRECTORY_ROLES: &str = "the directory roles";
const APP_ROLES: &str = "the application permissions";
const DELEGATED: &str = "the delegated permissions";
const FEDERATED: &str = "the federated credentials";

impl EstateFacts {
    pub(super) fn identity(&mut self, estate: &Estate<'_>) {
        self.principal(estate);
        self.application(estate);
        self.roles(estate);
        self.directory(estate);
    }

    fn principal(&mut self, estate: &Estate<'_>) {
        let principal = estate.service_principal();
        // Of an unread principal the secrets are unread, too.
        let secrets = principal.as_ref().and_then(|own, _| own.secrets.clone());
        self.credentials("secret", "the secrets of the service principal", secrets);
        let Some((own, _)) = self.one(PRINCIPAL, principal.clone()) else { return };
        let subject = estate.service_principal_subject();
        let name = own.app_id.value().cloned().unwrap_or_else(|| subject.clone());
        let source = Source { resource: subject.clone(), ..own.source.clone() };
        self.resource("service principal", PRINCIPAL, subject.to_ascii_lowercase(), name, source)
            .text("id", &own.object_id)
            .text("appId", &own.app_id)
            .text("servicePrincipalType", &own.kind)
            .text("appOwnerOrganizationId", &own.owner_tenant)
            .flag("accountEnabled", &own.enabled)
            .text("disabledByMicrosoftStatus", &own.disabled_by_microsoft);
    }

    fn application(&mut self, estate: &Estate<'_>) {
        let application = estate.application();
        let secrets = application.as_ref().and_then(|own, _| own.secrets.clone());
        let certificates = application.as_ref().and_then(|own, _| own.certificates.clone());
        self.credentials("secret", "the secrets of the app registration", secrets);
        self.credentials("certificate", "the certificates", certificates);
        if let Some((own, _)) = self.one(APPLICATION, application) {
            let resource = own.source.resource.clone();
            let key = resource.to_ascii_lowercase();
            self.resource("app registration", APPLICATION, key, resource, own.source);
        }
        for own in self.list(FEDERATED, estate.federated_credentials()) {
            let name = own.name.value().cloned().unwrap_or_else(|| own.id.clone());
            let key = format!("federated {}", own.id.to_ascii_lowercase());
            self.resource("federated credential", FEDERATED, key, name, own.source)
                .exact("issuer", &own.issuer)
                .exact("subject", &own.subject);
        }
    }

    /// Secrets or certificates. One that is renewed is another one: its dates never change.
    fn credentials(&mut self, kind: &'static str, list: &str, credentials: Fact<List<Credential>>) {
        for own in self.list(list, credentials) {
            let at = |fact: &Fact<jiff::Timestamp>| {
                fact.value().map_or_else(|| "?".to_owned(), ToString::to_string)
            };
            let key = format!("{list} {} {} {}", own.name, at(&own.starts), at(&own.ends));
            self.resource(
                kind,
                list,
                key.to_ascii_lowercase(),
                own.name.clone(),
                own.source.clone(),
            )
            .instant("startDateTime", &own.starts)
            .instant("endDateTime", &own.ends)
            .text("usage", &own.usage);
        }
    }

    fn roles(&mut self, estate: &Estate<'_>) {
        for own in self.list(ASSIGNMENTS, estate.role_assignments().clone()) {
            let grant = Grant::of(&own.principal_id, &own.role, &own.scope);
            grant
                .told(self, "role assignment", ASSIGNMENTS, own.source)
                .text("condition", &own.condition);
        }
        // Without a licence for Privileged Identity Management there is nothing to be eligible for.
        let eligible = match estate.has_no_pim_licence() {
            true => Vec::new(),
            false => self.list(ELIGIBLE, estate.eligible_roles()),
        };
        for own in eligible {
            let grant = Grant::of(&own.principal_id, &own.role, &own.scope);
            grant.told(self, "eligible role", ELIGIBLE, own.source);
        }
        for own in self.list(ELSEWHERE, estate.tenant_assignments()) {
            // Those of the deployment's subscription are there already, under the same key.
            let grant = Grant::of(&own.principal_id, &own.role, &own.scope);
            grant.told(self, "role assignment", ELSEWHERE, own.source);
        }
        for own in self.list(DENIALS, estate.deny_assignments()) {
            let source = Source {
                resource: own.id.as_str().to_owned(),
                pointer: String::new(),
                origin: Default::default(),
            };
            let key = own.id.key().to_owned();
            self.resource("deny assignment", DENIALS, key, own.name, source);
        }
    }

    fn directory(&mut self, estate: &Estate<'_>) {
        for own in self.list(MEMBERSHIPS, estate.memberships()) {
            let name = own.display_name.value().cloned().unwrap_or_else(|| own.id.clone());
            let key = format!("membership {}", own.id);
            self.resource("membership", MEMBERSHIPS, key, name, own.source)
                .text("@odata.type", &own.kind)
                .flag("isAssignableToRole", &own.is_assignable_to_role);
        }
        for own in self.list(DIRECTORY_ROLES, estate.directory_roles()) {
            let role = own.role.value().map_or("an unread role", String::as_str);
            let principal = own.principal_id.value().map_or("?", String::as_str);
            let key = format!("directory role {principal} {role}");
            self.resource("directory role", DIRECTORY_ROLES, key, role.to_owned(), own.source);
        }
        for own in self.list(APP_ROLES, estate.app_role_assignments()) {
            let role = own.app_role.value().map_or("an unread permission", String::as_str);
            let api = own.api.value().map_or("?", String::as_str);
            let key = format!("application permission {api} {role}").to_ascii_lowercase();
            let name = format!("{role} at {api}");
            self.resource("application permission", APP_ROLES, key, name, own.source);
        }
        for own in self.list(DELEGATED, estate.delegated_grants()) {
            let told = own.permissions.as_ref().map(|words| {
                let mut words = words.clone();
                words.sort_unstable();
                Comparable::text(&words.join(" "))
            });
            let key = format!("delegated permission {}", own.id);
            self.resource("delegated permission", DELEGATED, key, own.id, own.source)
                .fact("scope", told);
        }
    }
}

/// A role of a principal at a scope. One that is taken away and given again is the same grant, whatever
/// the id Azure makes for it.
struct Grant<'a> {
    principal: &'a str,
    role: &'a str,
    scope: Option<&'a ArmId>,
}

impl<'a> Grant<'a> {
    fn of(principal: &'a Fact<String>, role: &'a Fact<String>, scope: &'a Fact<ArmId>) -> Self {
        Self {
            principal: principal.value().map_or("?", String::as_str),
            role: role.value().map_or("?", String::as_str),
            scope: scope.value(),
        }
    }

    fn told<'f>(
        &self,
        facts: &'f mut EstateFacts,
        kind: &'static str,
        list: &str,
        source: Source,
    ) -> super::Facts<'f> {
        let (scope, at) = self.scope.map_or(("?", "?"), |scope| (scope.key(), scope.as_str()));
        let key = format!("{kind} {} {} {scope}", self.principal, self.role).to_ascii_lowercase();
        let name = format!("{} at {at}", role_name(self.role));
        facts.resource(kind, list, key, name, source)
    }
}
