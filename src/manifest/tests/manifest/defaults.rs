//! What `[defaults]` does to deployments.

use vaudit_model::deployment::{EndOfLife, Federation, Selector};

use crate::{SUBSCRIPTION, check, deployments};

#[test]
fn deployments_override_defaults_key_by_key() {
    let found = deployments(
        r#"
[defaults]
clock_skew_seconds = 60
tenant = "11111111-1111-1111-1111-111111111111"
subscription = "00000000-0000-0000-0000-00000000000A"
[defaults.postgres]
expected_major = "16"
end_of_life = "fail"
[defaults.network]
database_ports = [5432, 6432]
[defaults.backup]
folder_regex = "(?<timestamp>.+)"
folder_timezone = "Europe/Paris"

[[deployment]]
name = "one"
resource_group = "rg-one"
clock_skew_seconds = 90
[deployment.postgres]
server = "/subscriptions/s/resourceGroups/RG/providers/microsoft.dbforpostgresql/flexibleservers/pg"
end_of_life = "off"
[deployment.network]
database_ports = [6432]
[deployment.backup]
folder_regex = ""
[[deployment.identity.allowed_federations]]
issuer = "https://issuer.example.com"
subject = "s"

[[deployment]]
name = "two"
subscription = "00000000-0000-0000-0000-00000000000b"
resource_group = "rg-two"
"#,
    );
    let [one, two] = &found[..] else { panic!("{} deployments", found.len()) };
    assert_eq!((&*one.subscription, one.clock_skew_seconds), (SUBSCRIPTION, 90));
    assert_eq!(one.tenant, two.tenant);
    assert_eq!((&*one.postgres.expected_major, one.postgres.end_of_life), ("16", EndOfLife::Off));
    assert!(matches!(&one.postgres.server, Some(Selector::Id(id)) if id.name() == "pg"));
    assert_eq!(one.network.database_ports, [6432]);
    assert_eq!(one.backup.folder_regex, None);
    assert_eq!(one.backup.folder_timezone.iana_name(), Some("Europe/Paris"));
    let federation =
        Federation { issuer: "https://issuer.example.com".to_owned(), subject: "s".to_owned() };
    assert_eq!(one.identity.allowed_federations, [federation]);

    assert_eq!(two.subscription, "00000000-0000-0000-0000-00000000000b");
    assert_eq!(two.clock_skew_seconds, 60);
    assert_eq!((&*two.postgres.expected_major, two.postgres.end_of_life), ("16", EndOfLife::Fail));
    assert_eq!(two.network.database_ports, [5432, 6432]);
    assert_eq!(two.backup.folder_regex.as_deref(), Some("(?<timestamp>.+)"));
}

#[test]
fn a_mistake_in_the_defaults_is_reported_once() {
    check(
        r#"[defaults]
name = "p"
subscription = "x"
[defaults.postgres]
server = "x"
account = "x"
[[deployment]]
name = "one"
resource_group = "rg"
[[deployment]]
name = "two"
resource_group = "rg"
"#,
        "
        2:1 unknown key `name` in `[defaults]`
        = `name` belongs in `[[deployment]]`
        3:16 `subscription` must be a GUID, found `x`
        = write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it
        5:10 `server` must be the name of a server or an ARM id, found `x`
        = write 3 to 63 letters, digits and `-`, without a domain
        6:1 unknown key `account` in `[defaults.postgres]`
        = `account` belongs in `[defaults.storage]` or `[defaults.backup]`
        ",
    );
}
