//! Wrong keys and values.

use crate::{check, deployments, with};

#[test]
fn ten_mistakes_are_reported_in_order() {
    check(
        r#"[defaults]
clock_skew_seconds = "300"

[[deployment]]
name = "production"
subscription = "my subscription"
ressource_group = "rg-vectice"

[deployment.postgres]
sever = "pg-vectice"
expected_major = 13
end_of_life = "informal"
container = "vectice"

[deployment.network]
database_ports = [5432, 70000]
allowed_vnets = ["/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg"]

[[deployment]]
name = "production"
subscription = "00000000-0000-0000-0000-00000000000a"
resource_group = "rg-vectice"

[[waiver]]
rule = "DNS005"
reason = "Known"
owner = "platform@example.com"
expires = 2028-03-31
"#,
        "
        2:22 `clock_skew_seconds` must be a whole number from 0 to 86400, found a string
        = write it without quotes: `clock_skew_seconds = 300`
        4:1 `resource_group` is missing from `[[deployment]]`
        = add the resource group the deployment lies in, such as `resource_group = \"rg-vectice\"`
        6:16 `subscription` must be a GUID, found `my subscription`
        = write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it
        7:1 unknown key `ressource_group` in `[[deployment]]`
        = did you mean `resource_group`?
        10:1 unknown key `sever` in `[deployment.postgres]`
        = did you mean `server`?
        11:18 `expected_major` must be a major version, found an integer
        = write it in quotes: `expected_major = \"13\"`
        12:15 `end_of_life` must be one of `fail`, `informational`, `off`, found `informal`
        13:1 unknown key `container` in `[deployment.postgres]`
        = `container` belongs in `[deployment.storage]` or `[deployment.backup]`
        16:25 each item of `database_ports` must be a whole number from 1 to 65535, found `70000`
        17:18 each item of `allowed_vnets` must be the ARM id of a `Microsoft.Network/virtualNetworks`, found `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Netwo…`
        = this is the id of a `Microsoft.Network/networkSecurityGroups`
        20:8 a deployment `production` is already described
        = give every deployment a name of its own
        + line 5: the first one
        28:11 `expires` must be at most 366 days ahead, found `2028-03-31`
        = write `2027-11-23` or an earlier day, and renew it then
        ",
    );
}

#[test]
fn a_file_needs_a_deployment() {
    let nothing = "
        1:1 no deployment is described: there is no `[[deployment]]`
        = add `[[deployment]]` with name = \"production\", subscription = \"…\", resource_group = \"…\"
        ";
    check("", nothing);
    check("deployment = []", nothing);
    check("# [[deployment]]\n", nothing);
    check(
        "[[deployment]]",
        "
        1:1 `name` is missing from `[[deployment]]`
        = add the unique name of the deployment, as reports show it, such as `name = \"production\"`
        1:1 `subscription` is missing from `[[deployment]]`
        = add the subscription's id, such as `subscription = \"00000000-0000-0000-0000-00000000000a\"`
        1:1 `resource_group` is missing from `[[deployment]]`
        = add the resource group the deployment lies in, such as `resource_group = \"rg-vectice\"`
        ",
    );
}

#[test]
fn brackets_make_the_difference() {
    check(
        &with("").replace("[[deployment]]", "[deployment]"),
        "1:1 `deployment` must be an array of tables, each written as `[[deployment]]`, found a table",
    );
    check(
        &with("[[cloud]]\nname = \"public\"\n[[deployment.postgres]]\nsever = 1\n"),
        "
        5:1 `cloud` must be one table, written as `[cloud]`, found an array
        7:1 `postgres` must be a table, written as `[deployment.postgres]`, found an array
        8:1 unknown key `sever` in `[deployment.postgres]`
        = did you mean `server`?
        ",
    );
    check(
        "deployment = \"production\"\nwaiver = [1]\ndefaults = 1",
        "
        1:14 `deployment` must be an array of tables, each written as `[[deployment]]`, found a string
        2:11 `waiver` must be an array of tables, each written as `[[waiver]]`, found an integer
        3:12 `defaults` must be one table, written as `[defaults]`, found an integer
        ",
    );
}

#[test]
fn unknown_keys_name_the_nearest_or_their_table() {
    check(
        &with(
            "Clock-Skew-Seconds = 1
[deployment.postgress]
[deployment.dns]
colour = 1
\"a\\u001bb\" = 1
[deployment.dns.storage]
[postgres]
",
        ),
        "
        5:1 unknown key `Clock-Skew-Seconds` in `[[deployment]]`
        = did you mean `clock_skew_seconds`?
        6:13 unknown table `postgress` in `[[deployment]]`
        = did you mean `postgres`?
        8:1 unknown key `colour` in `[deployment.dns]`
        = known here: `auto_registration`
        9:1 unknown key `a\\u{1b}b` in `[deployment.dns]`
        = known here: `auto_registration`
        10:17 unknown table `storage` in `[deployment.dns]`
        = write it as a table of its own, `[deployment.storage]`
        11:2 unknown table `postgres` in the file
        = write it as a table of its own, `[deployment.postgres]`
        ",
    );
    check(
        "[[deployments]]\nname = \"p\"",
        "
        1:1 no deployment is described: there is no `[[deployment]]`
        = add `[[deployment]]` with name = \"production\", subscription = \"…\", resource_group = \"…\"
        1:3 unknown table `deployments` in the file
        = did you mean `deployment`?
        ",
    );
}

#[test]
fn types_are_told_apart() {
    check(
        &with(
            "postgres.expected_major = [\"13\"]
postgres.vectice_database = true
storage.account = 1
storage.access_mode = 1.5
storage.allowed_ip_rules = \"203.0.113.7\"
network.allow_virtual_appliance = \"true\"
network.allowed_vnets = [{}, 1]
identity.secret_warn_days = 30.0
identity.max_valid_secrets = -1
identity.allowed_federations = [\"x\", { issuer = \"i\", subjet = \"s\" }]
backup.folder_timezone = 07:32:00
backup.gap_hours = 99999999999999999999999
",
        ),
        "
        5:27 `expected_major` must be a major version, found an array
        6:29 `vectice_database` must be the name of a database, found a boolean
        = write it in quotes: `vectice_database = \"true\"`
        7:19 `account` must be the name of a storage account or an ARM id, found an integer
        = write it in quotes: `account = \"1\"`
        8:23 `access_mode` must be one of `service_endpoint`, `private_endpoint`, `either`, found a float
        = write it in quotes: `access_mode = \"1.5\"`
        9:28 `allowed_ip_rules` must be an array, each item an IP address or a range in CIDR notation, found a string
        = write it in brackets: `allowed_ip_rules = [\"203.0.113.7\"]`
        10:35 `allow_virtual_appliance` must be true or false, found a string
        = write it without quotes: `allow_virtual_appliance = true`
        11:26 each item of `allowed_vnets` must be the ARM id of a `Microsoft.Network/virtualNetworks`, found a table
        11:30 each item of `allowed_vnets` must be the ARM id of a `Microsoft.Network/virtualNetworks`, found an integer
        = write it in quotes: `\"1\"`
        12:29 `secret_warn_days` must be a whole number from 0 to 36500, found a float
        13:30 `max_valid_secrets` must be a whole number from 0 to 1000, found `-1`
        14:33 each item of `allowed_federations` must be a table of `issuer`, `subject`, found a string
        14:38 `subject` is missing from `allowed_federations`
        = add the subject of the token, such as `subject = \"repo:example/vectice:environment:production\"`
        14:54 unknown key `subjet` in `allowed_federations`
        = did you mean `subject`?
        15:26 `folder_timezone` must be the name of a time zone, found a time
        = write it in quotes: `folder_timezone = \"07:32:00\"`
        16:20 `gap_hours` must be a whole number from 1 to 8760, found `99999999999999999999999`
        ",
    );
}

#[test]
fn values_are_examined() {
    check(
        &with(
            r#"tenant = "contoso.onmicrosoft.com"
service_principal.object_id = "O1"
postgres.server = "pg-vectice.postgres.database.azure.com"
postgres.private_mode = "VNet"
kubernetes.cluster = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg"
network.database_ports = []
storage.account = "/subscriptions/s/../x"
storage.container = "Vectice"
storage.allowed_resource_ids = ["/subscriptions/s", "adf"]
identity.known_owners = ["", "00000000-0000-0000-0000-00000000000b"]
backup.folder_regex = "^(\\d+)$"
backup.folder_timezone = "Europe/Berln"
backup.date_order = "ydm"
backup.min_retention_days = 36
application.storage_account = "https://stvectice.blob.core.windows.net"
"#,
        ),
        "
        5:10 `tenant` must be a GUID, found `contoso.onmicrosoft.com`
        = write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it
        6:31 `object_id` must be a GUID, found `O1`
        = write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it
        7:19 `server` must be the name of a server or an ARM id, found `pg-vectice.postgres.database.azure.com`
        = write 3 to 63 letters, digits and `-`, without a domain
        8:25 `private_mode` must be one of `vnet`, `private_endpoint`, `either`, found `VNet`
        = did you mean `vnet`?
        9:22 `cluster` must be the ARM id of a `Microsoft.ContainerService/managedClusters`, found `/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBfor…`
        = this is the id of a `Microsoft.DBforPostgreSQL/flexibleServers`
        10:26 `database_ports` must be an array of ports, found an empty one
        = name one port
        11:19 `account` must be the ARM id of a `Microsoft.Storage/storageAccounts`, found `/subscriptions/s/../x`
        = the id holds the segment \"..\", which cannot be part of an id
        12:21 `container` must be the name of a container, found `Vectice`
        = write 3 to 63 lower-case letters, digits and single `-`
        13:33 each item of `allowed_resource_ids` must be the ARM id of a resource, found `/subscriptions/s`
        = write `/subscriptions/…/resourceGroups/…/providers/Microsoft.DataFactory/factories/…`
        13:53 each item of `allowed_resource_ids` must be the ARM id of a resource, found `adf`
        = write `/subscriptions/…/resourceGroups/…/providers/Microsoft.DataFactory/factories/…`
        14:26 each item of `known_owners` must be a GUID, found an empty text
        = write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it
        15:23 `folder_regex` must be a regular expression with a group `timestamp`, found `^(\\d+)$`
        = put what holds the time into `(?<timestamp>…)`, such as `^nightly-(?<timestamp>\\d{8})$`
        16:26 `folder_timezone` must be the name of a time zone, found `Europe/Berln`
        = did you mean `Europe/Berlin`?
        17:21 `date_order` must be one of `ymd`, `dmy`, `mdy`, found `ydm`
        = did you mean `ymd`?
        18:29 `min_retention_days` must be a whole number from 1 to 35, found `36`
        19:31 `storage_account` must be the name of a storage account, found `https://stvectice.blob.core.windows.net`
        = write 3 to 24 lower-case letters and digits, without a domain
        ",
    );
}

#[test]
fn empty_texts_are_not_set_where_nothing_is_required() {
    let found = deployments(&with(
        "tenant = \"\"\npostgres.server = \"\"\nstorage.container = \"\"\nbackup.folder_regex = \"\"\n",
    ));
    let deployment = &found[0];
    assert_eq!(deployment.tenant, None);
    assert_eq!(deployment.postgres.server, None);
    assert_eq!(deployment.storage.container, None);
    assert_eq!(deployment.backup.folder_regex, None);
    check(
        &with("postgres.expected_major = \"\"\n").replace("\"p\"", "\"\""),
        "
        2:8 `name` must be a name, found an empty text
        = write one line without blanks around it
        5:27 `expected_major` must be a major version, found an empty text
        = write the number before the first dot, such as `13`
        ",
    );
}
