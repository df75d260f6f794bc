//! The keys of a deployment: those of `[[deployment]]` itself, and its tables.

use vaudit_model::Deployment;
use vaudit_model::deployment::{
    AccessMode, AutoRegistration, EndOfLife, Federation, OtherSubscriptions, PrivateMode, RoleScope,
};

use crate::forms;
use crate::keys::Absent::{Means, Mistake, Unknown};
use crate::keys::Kind::{
    Federations, Flag, Ids, Number, OptionalText, Ports, Selector, Text, Texts, Word,
};
use crate::keys::{Key, Resource, Table};

mod backup;

/// The key no two deployments share, and the defaults cannot have.
pub(crate) const NAME: &str = "name";

/// The keys that stand in `[[deployment]]` itself.
pub(crate) static KEYS: [Key<Deployment>; 5] = [
    Key {
        name: NAME,
        kind: Text(&forms::LABEL, |d, text| d.name = text),
        absent: Mistake(r#""production""#),
        about: "the unique name of the deployment, as reports show it",
    },
    Key {
        name: "tenant",
        kind: OptionalText(&forms::GUID, |d, text| d.tenant = text),
        absent: Unknown(r#""11111111-1111-1111-1111-111111111111""#),
        about: "the tenant the subscription must belong to",
    },
    Key {
        name: "subscription",
        kind: Text(&forms::GUID, |d, text| d.subscription = text),
        absent: Mistake(r#""00000000-0000-0000-0000-00000000000a""#),
        about: "the subscription's id",
    },
    Key {
        name: "resource_group",
        kind: Text(&forms::RESOURCE_GROUP, |d, text| d.resource_group = text),
        absent: Mistake(r#""rg-vectice""#),
        about: "the resource group the deployment lies in",
    },
    Key {
        name: "clock_skew_seconds",
        kind: Number(0..=86400, |d, number| d.clock_skew_seconds = number),
        absent: Means("300"),
        about: "how far clocks may differ",
    },
];

/// The tables of a deployment.
pub(crate) static TABLES: [Table<Deployment>; 9] = [
    Table {
        name: "service_principal",
        about: "the Vectice service principal, by either id or both",
        keys: &SERVICE_PRINCIPAL,
    },
    Table { name: "postgres", about: "the PostgreSQL flexible server", keys: &POSTGRES },
    Table { name: "kubernetes", about: "the AKS cluster", keys: &KUBERNETES },
    Table { name: "network", about: "the virtual networks", keys: &NETWORK },
    Table { name: "dns", about: "the private DNS zone", keys: &DNS },
    Table { name: "storage", about: "the application's storage account", keys: &STORAGE },
    Table { name: "identity", about: "what the service principal may be", keys: &IDENTITY },
    Table { name: "backup", about: "the backups of database and blobs", keys: &backup::KEYS },
    Table {
        name: "application",
        about: "what the release is configured with (BKP022)",
        keys: &APPLICATION,
    },
];

static SERVER: Resource =
    Resource { resource_type: "Microsoft.DBforPostgreSQL/flexibleServers", name: &forms::SERVER };

static CLUSTER: Resource =
    Resource { resource_type: "Microsoft.ContainerService/managedClusters", name: &forms::CLUSTER };

static ACCOUNT: Resource =
    Resource { resource_type: "Microsoft.Storage/storageAccounts", name: &forms::ACCOUNT };

static SERVICE_PRINCIPAL: [Key<Deployment>; 2] = [
    Key {
        name: "client_id",
        kind: OptionalText(&forms::GUID, |d, text| d.service_principal.client_id = text),
        absent: Unknown(r#""22222222-2222-2222-2222-222222222222""#),
        about: "the application (client) id",
    },
    Key {
        name: "object_id",
        kind: OptionalText(&forms::GUID, |d, text| d.service_principal.object_id = text),
        absent: Unknown(r#""33333333-3333-3333-3333-333333333333""#),
        about: "the object id of the service principal, for auditors without Graph",
    },
];

static POSTGRES: [Key<Deployment>; 6] = [
    Key {
        name: "server",
        kind: Selector(&SERVER, |d, selector| d.postgres.server = selector),
        absent: Unknown(r#""pg-vectice""#),
        about: "the server; the only one of the resource group when not set",
    },
    Key {
        name: "expected_major",
        kind: Text(&forms::MAJOR_VERSION, |d, text| d.postgres.expected_major = text),
        absent: Means(r#""13""#),
        about: "the major version the design asks for",
    },
    Key {
        name: "end_of_life",
        kind: Word(&[
            ("fail", |d| d.postgres.end_of_life = EndOfLife::Fail),
            ("informational", |d| d.postgres.end_of_life = EndOfLife::Informational),
            ("off", |d| d.postgres.end_of_life = EndOfLife::Off),
        ]),
        absent: Means(r#""informational""#),
        about: "how a version past its end of life counts",
    },
    Key {
        name: "private_mode",
        kind: Word(&[
            ("vnet", |d| d.postgres.private_mode = PrivateMode::Vnet),
            ("private_endpoint", |d| d.postgres.private_mode = PrivateMode::PrivateEndpoint),
            ("either", |d| d.postgres.private_mode = PrivateMode::Either),
        ]),
        absent: Means(r#""vnet""#),
        about: "how the server is kept private",
    },
    Key {
        name: "vectice_database",
        kind: Text(&forms::DATABASE, |d, text| d.postgres.vectice_database = text),
        absent: Means(r#""vectice""#),
        about: "the application's database",
    },
    Key {
        name: "keycloak_database",
        kind: Text(&forms::DATABASE, |d, text| d.postgres.keycloak_database = text),
        absent: Means(r#""keycloak""#),
        about: "Keycloak's database",
    },
];

static KUBERNETES: [Key<Deployment>; 2] = [
    Key {
        name: "cluster",
        kind: Selector(&CLUSTER, |d, selector| d.kubernetes.cluster = selector),
        absent: Unknown(r#""aks-vectice""#),
        about: "the cluster; the only one of the resource group when not set",
    },
    Key {
        name: "allowed_volume_namespaces",
        kind: Texts(&forms::NAMESPACE, |d, texts| d.kubernetes.allowed_volume_namespaces = texts),
        absent: Means("[]"),
        about: "namespaces whose volumes are known and accepted",
    },
];

static NETWORK: [Key<Deployment>; 3] = [
    Key {
        name: "allow_virtual_appliance",
        kind: Flag(|d, flag| d.network.allow_virtual_appliance = flag),
        absent: Means("false"),
        about: "whether a route through a virtual appliance counts as reaching its target",
    },
    Key {
        name: "database_ports",
        kind: Ports(|d, ports| d.network.database_ports = ports),
        absent: Means("[5432]"),
        about: "the ports the database is reached on",
    },
    Key {
        name: "allowed_vnets",
        kind: Ids(Some("Microsoft.Network/virtualNetworks"), |d, ids| {
            d.network.allowed_vnets = ids;
        }),
        absent: Means("[]"),
        about: "ARM ids of virtual networks that may be peered, linked or admitted besides the two of the design",
    },
];

static DNS: [Key<Deployment>; 1] = [Key {
    name: "auto_registration",
    kind: Word(&[
        ("required", |d| d.dns.auto_registration = AutoRegistration::Required),
        ("forbidden", |d| d.dns.auto_registration = AutoRegistration::Forbidden),
        ("ignore", |d| d.dns.auto_registration = AutoRegistration::Ignore),
    ]),
    absent: Means(r#""required""#),
    about: "what auto-registration on the AKS link should be",
}];

static STORAGE: [Key<Deployment>; 5] = [
    Key {
        name: "account",
        kind: Selector(&ACCOUNT, |d, selector| d.storage.account = selector),
        absent: Unknown(r#""stvectice""#),
        about: "the account; the only one of the resource group besides `backup.account` when not set",
    },
    Key {
        name: "container",
        kind: OptionalText(&forms::CONTAINER, |d, text| d.storage.container = text),
        absent: Unknown(r#""vectice""#),
        about: "the application's container",
    },
    Key {
        name: "access_mode",
        kind: Word(&[
            ("service_endpoint", |d| d.storage.access_mode = AccessMode::ServiceEndpoint),
            ("private_endpoint", |d| d.storage.access_mode = AccessMode::PrivateEndpoint),
            ("either", |d| d.storage.access_mode = AccessMode::Either),
        ]),
        absent: Means(r#""either""#),
        about: "how the cluster reaches the account",
    },
    Key {
        name: "allowed_ip_rules",
        kind: Texts(&forms::IP_RULE, |d, texts| d.storage.allowed_ip_rules = texts),
        absent: Means("[]"),
        about: "IP rules of the storage firewall that are known and accepted",
    },
    Key {
        name: "allowed_resource_ids",
        kind: Ids(None, |d, ids| d.storage.allowed_resource_ids = ids),
        absent: Means("[]"),
        about: "ARM ids of resource instances that are known and accepted",
    },
];

static IDENTITY: [Key<Deployment>; 9] = [
    Key {
        name: "role_scope",
        kind: Word(&[
            ("account_or_container", |d| d.identity.role_scope = RoleScope::AccountOrContainer),
            ("container", |d| d.identity.role_scope = RoleScope::Container),
        ]),
        absent: Means(r#""account_or_container""#),
        about: "where the one role may be assigned",
    },
    Key {
        name: "other_subscriptions",
        kind: Word(&[
            ("visible", |d| d.identity.other_subscriptions = OtherSubscriptions::Visible),
            ("tenant", |d| d.identity.other_subscriptions = OtherSubscriptions::Tenant),
            ("off", |d| d.identity.other_subscriptions = OtherSubscriptions::Off),
        ]),
        absent: Means(r#""visible""#),
        about: "how far to look for further role assignments",
    },
    Key {
        name: "secret_warn_days",
        kind: Number(0..=36500, |d, number| d.identity.secret_warn_days = number),
        absent: Means("30"),
        about: "how many days before its end a secret is worth a warning",
    },
    Key {
        name: "secret_max_lifetime_days",
        kind: Number(1..=36500, |d, number| d.identity.secret_max_lifetime_days = number),
        absent: Means("365"),
        about: "how many days a secret may live",
    },
    Key {
        name: "max_valid_secrets",
        kind: Number(0..=1000, |d, number| d.identity.max_valid_secrets = number),
        absent: Means("2"),
        about: "how many credentials may be valid at once",
    },
    Key {
        name: "allow_stronger_credentials",
        kind: Flag(|d, flag| d.identity.allow_stronger_credentials = flag),
        absent: Means("true"),
        about: "whether a certificate or a federated credential may stand in for the secret",
    },
    Key {
        name: "allowed_principals",
        kind: Texts(&forms::GUID, |d, texts| d.identity.allowed_principals = texts),
        absent: Means("[]"),
        about: "object ids of other principals that may write blobs or list keys",
    },
    Key {
        name: "allowed_federations",
        kind: Federations(&FEDERATION, |d, federations| {
            d.identity.allowed_federations = federations;
        }),
        absent: Means("[]"),
        about: "federated credentials that are known",
    },
    Key {
        name: "known_owners",
        kind: Texts(&forms::GUID, |d, texts| d.identity.known_owners = texts),
        absent: Means("[]"),
        about: "object ids of known owners of the app registration",
    },
];

static FEDERATION: [Key<Federation>; 2] = [
    Key {
        name: "issuer",
        kind: Text(&forms::LINE, |f, text| f.issuer = text),
        absent: Mistake(r#""https://token.actions.githubusercontent.com""#),
        about: "the issuer's URL",
    },
    Key {
        name: "subject",
        kind: Text(&forms::LINE, |f, text| f.subject = text),
        absent: Mistake(r#""repo:example/vectice:environment:production""#),
        about: "the subject of the token",
    },
];

static APPLICATION: [Key<Deployment>; 3] = [
    Key {
        name: "storage_account",
        kind: OptionalText(&forms::ACCOUNT, |d, text| d.application.storage_account = text),
        absent: Unknown(r#""stvectice""#),
        about: "the storage account's name",
    },
    Key {
        name: "storage_container",
        kind: OptionalText(&forms::CONTAINER, |d, text| d.application.storage_container = text),
        absent: Unknown(r#""vectice""#),
        about: "the container's name",
    },
    Key {
        name: "postgres_host",
        kind: OptionalText(&forms::HOST, |d, text| d.application.postgres_host = text),
        absent: Unknown(r#""pg-vectice.postgres.database.azure.com""#),
        about: "the database host",
    },
];
