//! What is audited and what is expected of it: one deployment of the manifest, validated.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::arm_id::ArmId;
use crate::cloud::Cloud;

/// One audited deployment. The defaults are those of `CONTRACT.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The unique name.
    pub name: String,
    /// The tenant the subscription must belong to.
    pub tenant: Option<String>,
    /// The subscription id.
    pub subscription: String,
    /// The resource group's name.
    pub resource_group: String,
    /// The Azure cloud it lies in.
    pub cloud: Arc<Cloud>,
    /// How far clocks may differ, in seconds.
    pub clock_skew_seconds: u32,
    /// The Vectice service principal.
    pub service_principal: ServicePrincipalPolicy,
    /// The PostgreSQL server.
    pub postgres: PostgresPolicy,
    /// The AKS cluster.
    pub kubernetes: KubernetesPolicy,
    /// The networks.
    pub network: NetworkPolicy,
    /// The private DNS zone.
    pub dns: DnsPolicy,
    /// The application's storage account.
    pub storage: StoragePolicy,
    /// What the service principal may be.
    pub identity: IdentityPolicy,
    /// The backups.
    pub backup: BackupPolicy,
    /// What the release is configured with.
    pub application: ApplicationPolicy,
    /// Where the manifest says what.
    pub locations: Locations,
}

/// A resource named in the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// By its name in the deployment's resource group.
    Name(String),
    /// By its full ARM id, wherever it is.
    Id(ArmId),
}

impl Selector {
    /// The name of the resource.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Id(id) => id.name(),
        }
    }
}

/// `[deployment.service_principal]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicePrincipalPolicy {
    /// The application (client) id.
    pub client_id: Option<String>,
    /// The object id of the service principal.
    pub object_id: Option<String>,
}

/// `[deployment.postgres]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresPolicy {
    /// Which server.
    pub server: Option<Selector>,
    /// The major version the design asks for.
    pub expected_major: String,
    /// What a version past its end of life is.
    pub end_of_life: EndOfLife,
    /// How the server is kept private.
    pub private_mode: PrivateMode,
    /// The application's database.
    pub vectice_database: String,
    /// Keycloak's database.
    pub keycloak_database: String,
}

/// How a version past its end of life counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfLife {
    /// As a failure.
    Fail,
    /// As information.
    Informational,
    /// Not at all.
    Off,
}

/// How the server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateMode {
    /// Injected into a virtual network, as the reference design has it.
    Vnet,
    /// Public access off, reached through a private endpoint.
    PrivateEndpoint,
    /// Either of the two.
    Either,
}

/// `[deployment.kubernetes]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesPolicy {
    /// Which cluster.
    pub cluster: Option<Selector>,
    /// Namespaces whose volumes are known and accepted.
    pub allowed_volume_namespaces: Vec<String>,
}

/// `[deployment.network]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPolicy {
    /// Whether a route through a virtual appliance counts as reaching its target.
    pub allow_virtual_appliance: bool,
    /// The ports the database is reached on.
    pub database_ports: Vec<u16>,
    /// Virtual networks that may be peered, linked or admitted besides the two of the design.
    pub allowed_vnets: Vec<ArmId>,
}

/// `[deployment.dns]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsPolicy {
    /// What auto-registration on the AKS link should be.
    pub auto_registration: AutoRegistration,
}

/// What auto-registration on the AKS link should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoRegistration {
    /// On, as the reference design asks.
    Required,
    /// Off.
    Forbidden,
    /// Either.
    Ignore,
}

/// `[deployment.storage]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoragePolicy {
    /// Which account.
    pub account: Option<Selector>,
    /// The application's container.
    pub container: Option<String>,
    /// How the cluster reaches the account.
    pub access_mode: AccessMode,
    /// IP rules that are known and accepted.
    pub allowed_ip_rules: Vec<String>,
    /// Resource instances that are known and accepted.
    pub allowed_resource_ids: Vec<ArmId>,
}

/// How the cluster reaches the storage account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// Through the subnet's service endpoint.
    ServiceEndpoint,
    /// Through a private endpoint.
    PrivateEndpoint,
    /// Either of the two.
    Either,
}

/// `[deployment.identity]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityPolicy {
    /// Where the one role may be assigned.
    pub role_scope: RoleScope,
    /// How far to look for further assignments.
    pub other_subscriptions: OtherSubscriptions,
    /// How many days before its end a secret is worth a warning.
    pub secret_warn_days: u32,
    /// How many days a secret may live.
    pub secret_max_lifetime_days: u32,
    /// How many credentials may be valid at once.
    pub max_valid_secrets: u32,
    /// Whether a certificate or a federated credential may stand in for the secret.
    pub allow_stronger_credentials: bool,
    /// Other principals that may write blobs or list keys (object ids).
    pub allowed_principals: Vec<String>,
    /// Federated credentials that are known.
    pub allowed_federations: Vec<Federation>,
    /// Known owners of the app registration (object ids).
    pub known_owners: Vec<String>,
}

/// Where the one role may be assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleScope {
    /// On the account or on the container.
    AccountOrContainer,
    /// On the container only.
    Container,
}

/// How far to look for further role assignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSubscriptions {
    /// In the subscriptions the auditor can see.
    Visible,
    /// In the whole tenant; what cannot be seen is indeterminate.
    Tenant,
    /// Not at all.
    Off,
}

/// A federated credential that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federation {
    /// The issuer's URL.
    pub issuer: String,
    /// The subject of the token.
    pub subject: String,
}

/// `[deployment.backup]`.
#[derive(Clone, Debug, PartialEq)]
pub struct BackupPolicy {
    /// The account of the blob copies; the application's account when not given.
    pub account: Option<Selector>,
    /// The container of the blob copies.
    pub container: Option<String>,
    /// How old the newest automatic PostgreSQL backup may be, in hours.
    pub max_age_hours: u32,
    /// How far apart PostgreSQL backups may be, in hours.
    pub gap_hours: u32,
    /// How many days PostgreSQL backups must be kept.
    pub min_retention_days: u32,
    /// What an old backup of a server that may be idle is.
    pub idle_suspension: IdleSuspension,
    /// How old the newest complete folder may be, in hours.
    pub blob_max_age_hours: u32,
    /// How far apart folders may be, in hours.
    pub blob_gap_hours: u32,
    /// How many folders there must be.
    pub blob_min_points: u32,
    /// A regular expression with a group `timestamp`, for folder names of another form.
    pub folder_regex: Option<String>,
    /// The time zone of folder names without one.
    pub folder_timezone: TimeZone,
    /// The order of day and month where a name leaves it open.
    pub date_order: DateOrder,
    /// How many minutes after its last write a folder is taken as finished.
    pub copy_settle_minutes: u32,
}

/// What an old backup of a server that may be idle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleSuspension {
    /// A failure: a live Keycloak writes all the time.
    Fail,
    /// Indeterminate: the server may have had nothing to back up.
    Indeterminate,
}

/// The order of day and month in folder names of the form `03-04-2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// Year first; a name with the year last is ambiguous unless one number is above 12.
    YearMonthDay,
    /// Day, month, year.
    DayMonthYear,
    /// Month, day, year.
    MonthDayYear,
}

/// `[deployment.application]`: what the release is configured with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationPolicy {
    /// The storage account's name.
    pub storage_account: Option<String>,
    /// The container's name.
    pub storage_container: Option<String>,
    /// The database host.
    pub postgres_host: Option<String>,
}

/// One `[[waiver]]` of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverPolicy {
    /// Rule id, name, or glob.
    pub rule: String,
    /// Only in this deployment.
    pub deployment: Option<String>,
    /// Only for this subject.
    pub subject: Option<String>,
    /// What is accepted.
    pub accept: Accept,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day it is valid, in UTC.
    pub expires: Date,
    /// A ticket.
    pub ticket: Option<String>,
    /// The observation it was given for.
    pub pin: Option<String>,
}

/// What a waiver accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// A failure.
    Fail,
    /// A verdict that could not be reached.
    Indeterminate,
    /// Both.
    Both,
}

impl Accept {
    /// The word of the manifest.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Indeterminate => "indeterminate",
            Self::Both => "both",
        }
    }
}

/// Where the manifest says what: key paths inside a deployment (`postgres.expected_major`; empty for
/// the deployment itself) to places in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    places: BTreeMap<String, Location>,
}

/// A place in the manifest. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
    /// The full key, such as `deployment.postgres.expected_major`.
    pub key: String,
}

impl Locations {
    /// Notes where a key is.
    pub fn insert(&mut self, path: &str, location: Location) {
        self.places.insert(path.to_owned(), location);
    }

    /// The place of a key, else of the table it would stand in, else of the deployment.
    pub fn nearest(&self, path: &str) -> Option<&Location> {
        let mut path = path;
        loop {
            if let Some(location) = self.places.get(path) {
                return Some(location);
            }
            if path.is_empty() {
                return None;
            }
            path = path.rsplit_once('.').map_or("", |(table, _)| table);
        }
    }
}

impl Deployment {
    /// A deployment with every default.
    pub fn new(name: &str, subscription: &str, resource_group: &str) -> Self {
        Self {
            name: name.to_owned(),
            tenant: None,
            subscription: subscription.to_owned(),
            resource_group: resource_group.to_owned(),
            cloud: Arc::new(Cloud::public()),
            clock_skew_seconds: 300,
            service_principal: ServicePrincipalPolicy::default(),
            postgres: PostgresPolicy::default(),
            kubernetes: KubernetesPolicy::default(),
            network: NetworkPolicy::default(),
            dns: DnsPolicy { auto_registration: AutoRegistration::Required },
            storage: StoragePolicy::default(),
            identity: IdentityPolicy::default(),
            backup: BackupPolicy::default(),
            application: ApplicationPolicy::default(),
            locations: Locations::default(),
        }
    }

    /// The subscription's scope.
    pub fn subscription_id(&self) -> ArmId {
        ArmId::subscription_scope(&self.subscription)
    }

    /// The resource group's scope.
    pub fn resource_group_id(&self) -> ArmId {
        ArmId::resource_group_scope(&self.subscription, &self.resource_group)
    }
}

impl Default for PostgresPolicy {
    fn default() -> Self {
        Self {
            server: None,
            expected_major: "13".to_owned(),
            end_of_life: EndOfLife::Informational,
            private_mode: PrivateMode::Vnet,
            vectice_database: "vectice".to_owned(),
            keycloak_database: "keycloak".to_owned(),
        }
    }
}

impl Default for NetworkPolicy {
    fn default() -> Self {
        Self {
            allow_virtual_appliance: false,
            database_ports: vec![5432],
            allowed_vnets: Vec::new(),
        }
    }
}

impl Default for StoragePolicy {
    fn default() -> Self {
        Self {
            account: None,
            container: None,
            access_mode: AccessMode::Either,
            allowed_ip_rules: Vec::new(),
            allowed_resource_ids: Vec::new(),
        }
    }
}

impl Default for IdentityPolicy {
    fn default() -> Self {
        Self {
            role_scope: RoleScope::AccountOrContainer,
            other_subscriptions: OtherSubscriptions::Visible,
            secret_warn_days: 30,
            secret_max_lifetime_days: 365,
            max_valid_secrets: 2,
            allow_stronger_credentials: true,
            allowed_principals: Vec::new(),
            allowed_federations: Vec::new(),
            known_owners: Vec::new(),
        }
    }
}

impl Default for BackupPolicy {
    fn default() -> Self {
        Self {
            account: None,
            container: None,
            max_age_hours: 30,
            gap_hours: 30,
            min_retention_days: 7,
            idle_suspension: IdleSuspension::Fail,
            blob_max_age_hours: 30,
            blob_gap_hours: 30,
            blob_min_points: 7,
            folder_regex: None,
            folder_timezone: TimeZone::UTC,
            date_order: DateOrder::YearMonthDay,
            copy_settle_minutes: 15,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_place_is_the_key_then_its_table_then_the_deployment() {
        let mut locations = Locations::default();
        let place = |line| Location { line, column: 1, key: "k".into() };
        locations.insert("", place(1));
        locations.insert("postgres", place(5));
        locations.insert("postgres.server", place(6));
        assert_eq!(locations.nearest("postgres.server").unwrap().line, 6);
        assert_eq!(locations.nearest("postgres.expected_major").unwrap().line, 5);
        assert_eq!(locations.nearest("backup.container").unwrap().line, 1);
    }
}
