//! The directory: applications and service principals with their credentials, grants and
//! memberships.

use serde_json::Value;
use vaudit_model::estate::{
    AppRoleAssignment, Application, Credential, DelegatedGrant, DirectoryRole, FederatedCredential,
    Membership, ServicePrincipal,
};
use vaudit_model::{Fact, List, Request, RequestKind};

use super::listed;
use crate::comparison::{Comparison, Field};
use crate::naive::Naive::{By, May, Must};
use crate::naive::Shape::{Flag, Instant, Lower, Text};
use crate::naive::{LOST, array, joined, look};
use crate::shown::show;
use crate::world::World;

const APPLICATION: &[Field<Application>] = &[
    Field("secrets", By(|own| raw_credentials(own, "passwordCredentials")), |own| {
        credentials(&own.secrets)
    }),
    Field("certificates", By(|own| raw_credentials(own, "keyCredentials")), |own| {
        credentials(&own.certificates)
    }),
    Field("requested", By(requested), |own| show(&own.requested_permissions)),
];

const PRINCIPAL: &[Field<ServicePrincipal>] = &[
    Field("object id", Must(Lower, "id"), |own| show(&own.object_id)),
    Field("client id", Must(Text, "appId"), |own| show(&own.app_id)),
    Field("principal type", Must(Text, "servicePrincipalType"), |own| show(&own.kind)),
    Field("owner tenant", Must(Lower, "appOwnerOrganizationId"), |own| show(&own.owner_tenant)),
    Field("enabled", Must(Flag, "accountEnabled"), |own| show(&own.enabled)),
    Field("disabled by Microsoft", May(Text, "disabledByMicrosoftStatus"), |own| {
        show(&own.disabled_by_microsoft)
    }),
    Field("secrets", By(|own| raw_credentials(own, "passwordCredentials")), |own| {
        credentials(&own.secrets)
    }),
];

const FEDERATED: &[Field<FederatedCredential>] = &[
    Field("federation", Must(Text, "name"), |own| show(&own.name)),
    Field("issuer", Must(Text, "issuer"), |own| show(&own.issuer)),
    Field("subject", Must(Text, "subject"), |own| show(&own.subject)),
];

const DELEGATED: &[Field<DelegatedGrant>] =
    &[Field("permissions", By(words), |own| show(&own.permissions))];

const APP_ROLE: &[Field<AppRoleAssignment>] = &[
    Field("app role", Must(Lower, "appRoleId"), |own| show(&own.app_role)),
    Field("API", May(Text, "resourceDisplayName"), |own| show(&own.api)),
];

const MEMBERSHIP: &[Field<Membership>] = &[
    Field("kind", Must(Text, "@odata.type"), |own| show(&own.kind)),
    Field("display name", May(Text, "displayName"), |own| show(&own.display_name)),
    Field("may hold roles", May(Flag, "isAssignableToRole"), |own| {
        show(&own.is_assignable_to_role)
    }),
    Field("template", May(Lower, "roleTemplateId"), |own| show(&own.role_template_id)),
];

const DIRECTORY_ROLE: &[Field<DirectoryRole>] = &[
    Field("principal", Must(Lower, "principalId"), |own| show(&own.principal_id)),
    Field("role", Must(Lower, "roleDefinitionId"), |own| show(&own.role)),
];

/// Each credential's dates and use. Values, hints and names are nobody's business here.
fn raw_credentials(object: &Value, field: &str) -> String {
    let Value::Array(credentials) = look(object, field) else { return LOST.to_owned() };
    let fields =
        [Must(Instant, "startDateTime"), Must(Instant, "endDateTime"), Must(Text, "usage")];
    joined(credentials.iter().map(|own| fields.map(|field| field.of(own)).join(" ")).collect())
}

fn credentials(list: &Fact<List<Credential>>) -> String {
    let told =
        |own: Credential| format!("{} {} {}", show(&own.starts), show(&own.ends), show(&own.usage));
    show(&list.clone().map(|list| list.map(told)))
}

fn requested(application: &Value) -> String {
    let Value::Array(all) = look(application, "requiredResourceAccess") else {
        return LOST.to_owned();
    };
    all.iter().map(|own| array(own, "resourceAccess").len()).sum::<usize>().to_string()
}

fn words(grant: &Value) -> String {
    let scope = look(grant, "scope").as_str().unwrap_or_default();
    joined(scope.split_whitespace().map(str::to_owned).collect())
}

/// A Graph id, in lower case.
fn by_graph_id(item: &Value) -> Option<String> {
    Some(look(item, "id").as_str()?.to_lowercase())
}

/// Each application as the one that belongs to the client.
pub(super) fn applications(comparison: &mut Comparison<'_>) {
    let request = Request::graph(RequestKind::Application, "applications(appId='c')".to_owned());
    for (name, raw) in comparison.exchange.each() {
        let world = World::around(comparison.exchange).answering_with(&request, raw);
        comparison.fact(&name, raw, &world.estate().application(), APPLICATION);
    }
}

/// Each service principal as the audited one.
pub(super) fn service_principals(comparison: &mut Comparison<'_>) {
    for (name, raw) in comparison.exchange.each() {
        let world = World::around(comparison.exchange);
        let request = world.estate().service_principal_request().unwrap();
        let world = world.answering_with(&request, raw);
        comparison.fact(&name, raw, world.estate().service_principal(), PRINCIPAL);
    }
}

/// A collection of the audited service principal.
fn collection<'e>(comparison: &Comparison<'e>, kind: RequestKind, path: &str) -> World<'e> {
    let request = Request::graph(kind, format!("servicePrincipals(appId='c')/{path}"));
    World::around(comparison.exchange).answering_with(&request, &listed(&comparison.exchange.body))
}

fn compare<T>(
    comparison: &mut Comparison<'_>,
    read: &Fact<List<T>>,
    key: fn(&T) -> String,
    fields: &[Field<T>],
) {
    comparison.list((&comparison.exchange.items(), read), (by_graph_id, key), fields);
    comparison.completeness(read, comparison.names_all(by_graph_id), false);
}

pub(super) fn federated_credentials(comparison: &mut Comparison<'_>) {
    let path = "applications(appId='c')/federatedIdentityCredentials";
    let request = Request::graph(RequestKind::FederatedCredentials, path.to_owned());
    let world = World::around(comparison.exchange)
        .answering_with(&request, &listed(&comparison.exchange.body));
    let read = world.estate().federated_credentials();
    compare(comparison, &read, |own| own.id.to_lowercase(), FEDERATED);
}

pub(super) fn delegated_grants(comparison: &mut Comparison<'_>) {
    let world = collection(comparison, RequestKind::DelegatedGrants, "oauth2PermissionGrants");
    let read = world.estate().delegated_grants();
    compare(comparison, &read, |own| own.id.to_lowercase(), DELEGATED);
}

pub(super) fn app_role_assignments(comparison: &mut Comparison<'_>) {
    let world = collection(comparison, RequestKind::AppRoleAssignments, "appRoleAssignments");
    let read = world.estate().app_role_assignments();
    compare(comparison, &read, |own| own.id.to_lowercase(), APP_ROLE);
}

pub(super) fn memberships(comparison: &mut Comparison<'_>) {
    let world = collection(comparison, RequestKind::Memberships, "transitiveMemberOf");
    let read = world.estate().memberships();
    compare(comparison, &read, |own| own.id.to_lowercase(), MEMBERSHIP);
}

pub(super) fn directory_roles(comparison: &mut Comparison<'_>) {
    let world = World::around(comparison.exchange);
    let request = world.estate().directory_roles_request("o");
    let world = world.answering_with(&request, &listed(&comparison.exchange.body));
    let read = match world.estate().directory_roles() {
        // The roles of a principal that was refused leave an empty list with a gap.
        Fact::Known(List { items, missing: Some(gap) }, _) if items.is_empty() => Fact::Unread(gap),
        other => other,
    };
    compare(comparison, &read, |own| own.id.to_lowercase(), DIRECTORY_ROLE);
}
