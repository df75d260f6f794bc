//! Facts of the service principal: what it is, what it signs in with, and what it may.

use super::value::Comparable;
use super::{EstateFacts, Facts};
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
            let dates = [&own.starts, &own.ends].map(|at| at.as_ref().map(ToString::to_string));
            let Some([starts, ends]) = self.told_apart(list, dates) else { continue };
            let key = format!("{list} {} {starts} {ends}", own.name);
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
            let holder = (own.principal_id, own.role, own.scope);
            if let Some(grant) = self.grant("role assignment", ASSIGNMENTS, holder, own.source) {
                grant.text("condition", &own.condition);
            }
        }
        // Without a licence for Privileged Identity Management there is nothing to be eligible for.
        let eligible = match estate.has_no_pim_licence() {
            true => Vec::new(),
            false => self.list(ELIGIBLE, estate.eligible_roles()),
        };
        for own in eligible {
            let holder = (own.principal_id, own.role, own.scope);
            self.grant("eligible role", ELIGIBLE, holder, own.source);
        }
        for own in self.list(ELSEWHERE, estate.tenant_assignments()) {
            // Those of the deployment's subscription are there already, under the same key.
            let holder = (own.principal_id, own.role, own.scope);
            self.grant("role assignment", ELSEWHERE, holder, own.source);
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
            let parts = [own.principal_id, own.role];
            let Some([principal, role]) = self.told_apart(DIRECTORY_ROLES, parts) else { continue };
            let key = format!("directory role {principal} {role}");
            self.resource("directory role", DIRECTORY_ROLES, key, role, own.source);
        }
        for own in self.list(APP_ROLES, estate.app_role_assignments()) {
            let parts = [own.app_role, own.api];
            let Some([role, api]) = self.told_apart(APP_ROLES, parts) else { continue };
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

    /// A role of a principal at a scope. One that is taken away and given again is the same grant,
    /// whatever the id Azure makes for it.
    fn grant(
        &mut self,
        kind: &'static str,
        list: &str,
        (principal, role, scope): (Fact<String>, Fact<String>, Fact<ArmId>),
        source: Source,
    ) -> Option<Facts<'_>> {
        let scope = scope.map(|scope| scope.to_string());
        let [principal, role, scope] = self.told_apart(list, [principal, role, scope])?;
        let key = format!("{kind} {principal} {role} {scope}").to_ascii_lowercase();
        let name = format!("{} at {scope}", role_name(&role));
        Some(self.resource(kind, list, key, name, source))
    }
}
