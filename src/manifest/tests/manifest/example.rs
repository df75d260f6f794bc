//! The complete example of the contract, and that defaults are what the contract shows.

use jiff::civil::date;
use vaudit_manifest::{Manifest, commented_defaults};
use vaudit_model::deployment::{Accept, Selector, WaiverPolicy};
use vaudit_model::{Cloud, Deployment};

use crate::{SUBSCRIPTION, deployments, read, with};

const EXAMPLE: &str = r#"
[defaults]                                # optional: any table of a deployment, applied to all
clock_skew_seconds = 300

[[deployment]]
name = "production"
tenant = "11111111-1111-1111-1111-111111111111"          # optional: the tenant it must belong to
subscription = "00000000-0000-0000-0000-00000000000a"
resource_group = "rg-vectice"

[deployment.service_principal]
client_id = "22222222-2222-2222-2222-222222222222"        # or object_id, or both

[deployment.postgres]
server = "pg-vectice"                     # selector
expected_major = "13"
end_of_life = "informational"             # fail | informational | off
private_mode = "vnet"                     # vnet | private_endpoint | either
vectice_database = "vectice"
keycloak_database = "keycloak"

[deployment.kubernetes]
cluster = "aks-vectice"                   # selector
allowed_volume_namespaces = []

[deployment.network]
allow_virtual_appliance = false
database_ports = [5432]
allowed_vnets = []                        # ARM ids

[deployment.dns]
auto_registration = "required"            # required | forbidden | ignore

[deployment.storage]
account = "stvectice"                     # selector
container = "vectice"
access_mode = "either"                    # service_endpoint | private_endpoint | either
allowed_ip_rules = []
allowed_resource_ids = []

[deployment.identity]
role_scope = "account_or_container"       # or container
other_subscriptions = "visible"           # visible | tenant | off
secret_warn_days = 30
secret_max_lifetime_days = 365
max_valid_secrets = 2
allow_stronger_credentials = true
allowed_principals = []                   # object ids that may also write blobs or list keys
allowed_federations = []                  # { issuer = "…", subject = "…" }
known_owners = []

[deployment.backup]
account = "stvecticebkp"                  # selector; defaults to storage.account
container = "vectice-backup"
max_age_hours = 30                        # PostgreSQL
gap_hours = 30
min_retention_days = 7
idle_suspension = "fail"                  # fail | indeterminate
blob_max_age_hours = 30
blob_gap_hours = 30
blob_min_points = 7
folder_regex = ""                         # optional, with a group named `timestamp`
folder_timezone = "UTC"
date_order = "ymd"
copy_settle_minutes = 15

[deployment.application]                  # what the release is configured with (BKP022)
storage_account = "stvectice"
storage_container = "vectice"
postgres_host = "pg-vectice.postgres.database.azure.com"

[[waiver]]
rule = "DNS005"                           # id or glob
deployment = "production"                 # optional
subject = "…"                             # optional
accept = "fail"                           # fail | indeterminate | both
reason = "Registration zone is owned by the platform team"
owner = "platform@example.com"
expires = 2027-03-31                      # required, last valid day (UTC), at most 366 days ahead
ticket = "SEC-123"                        # optional
pin = "…"                                 # optional: observed_digest of the result; void when it changes

[cloud]
name = "public"
"#;

#[test]
fn the_example_of_the_contract_is_read() {
    let mut expected = Deployment::new("production", SUBSCRIPTION, "rg-vectice");
    let text = |text: &str| Some(text.to_owned());
    let selector = |name: &str| Some(Selector::Name(name.to_owned()));
    expected.tenant = text("11111111-1111-1111-1111-111111111111");
    expected.service_principal.client_id = text("22222222-2222-2222-2222-222222222222");
    expected.postgres.server = selector("pg-vectice");
    expected.kubernetes.cluster = selector("aks-vectice");
    expected.storage.account = selector("stvectice");
    expected.storage.container = text("vectice");
    expected.backup.account = selector("stvecticebkp");
    expected.backup.container = text("vectice-backup");
    expected.application.storage_account = text("stvectice");
    expected.application.storage_container = text("vectice");
    expected.application.postgres_host = text("pg-vectice.postgres.database.azure.com");

    let manifest = read(EXAMPLE).unwrap();
    expected.locations = manifest.deployments[0].locations.clone();
    let waiver = WaiverPolicy {
        rule: "DNS005".to_owned(),
        deployment: text("production"),
        subject: text("…"),
        accept: Accept::Fail,
        reason: "Registration zone is owned by the platform team".to_owned(),
        owner: "platform@example.com".to_owned(),
        expires: date(2027, 3, 31),
        ticket: text("SEC-123"),
        pin: text("…"),
    };
    let expected = Manifest {
        deployments: vec![expected],
        waivers: vec![waiver],
        cloud: Cloud::public(),
        custom_cloud_needs_consent: false,
    };
    assert_eq!(manifest, expected);
}

#[test]
fn what_is_left_out_has_the_defaults_of_the_model() {
    let mut found = deployments(&with("")).remove(0);
    found.locations = Default::default();
    assert_eq!(found, Deployment::new("p", SUBSCRIPTION, "rg"));
}

#[test]
fn the_documented_defaults_are_those_of_the_model() {
    let mut found = deployments(&commented_defaults()).remove(0);
    found.locations = Default::default();
    assert_eq!(found, Deployment::new("production", SUBSCRIPTION, "rg-vectice"));
}

#[test]
fn the_documented_examples_are_good_values() {
    let key_or_header = |line: &str| {
        let start = line.split([' ', ']']).next().unwrap_or_default();
        line[start.len()..].starts_with(" = ") || start.starts_with('[')
    };
    let in_force: Vec<_> = commented_defaults()
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| key_or_header(rest)).unwrap_or(line))
        .map(|line| line.replace(r#"name = "public""#, r#"name = "custom""#))
        .collect();
    let manifest = read(&in_force.join("\n")).unwrap();
    assert_eq!(manifest.waivers.len(), 1);
    assert_eq!(manifest.cloud, Cloud { name: "custom".to_owned(), ..Cloud::public() });
    assert_eq!(manifest.deployments[0].backup.account, Some(Selector::Name("stvecticebkp".into())));
}
