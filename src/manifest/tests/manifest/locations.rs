//! Where the manifest says what.

use crate::{deployments, with};

#[track_caller]
fn check(text: &str, deployment: usize, expected: &[(&str, &str)]) {
    let locations = &deployments(text)[deployment].locations;
    for (path, place) in expected {
        let found =
            locations.nearest(path).map(|at| format!("{}:{} {}", at.line, at.column, at.key));
        assert_eq!(found.as_deref(), Some(*place), "{path}");
    }
}

#[test]
fn keys_tables_and_deployments_have_places() {
    let text = r#"
[defaults]
clock_skew_seconds = 60
[defaults.postgres]
end_of_life = "off"
vectice_database = "v"
[defaults.dns]

[[deployment]]
name = "one"
subscription = "00000000-0000-0000-0000-00000000000a"
resource_group = "rg"

[[deployment]]
  "name" = "two"
subscription = "00000000-0000-0000-0000-00000000000a"
resource_group = "rg"
  [deployment.postgres]
    vectice_database = "w"
    server = "pg-two"
"#;
    check(
        text,
        0,
        &[
            ("", "9:1 deployment"),
            ("name", "10:1 deployment.name"),
            ("clock_skew_seconds", "3:1 defaults.clock_skew_seconds"),
            ("postgres", "4:1 defaults.postgres"),
            ("postgres.end_of_life", "5:1 defaults.postgres.end_of_life"),
            ("postgres.server", "4:1 defaults.postgres"),
            ("dns.auto_registration", "7:1 defaults.dns"),
            ("backup.container", "9:1 deployment"),
        ],
    );
    check(
        text,
        1,
        &[
            ("", "14:1 deployment"),
            ("name", "15:3 deployment.name"),
            ("postgres", "18:3 deployment.postgres"),
            ("postgres.vectice_database", "19:5 deployment.postgres.vectice_database"),
            ("postgres.server", "20:5 deployment.postgres.server"),
            ("postgres.end_of_life", "5:1 defaults.postgres.end_of_life"),
            ("storage.account", "14:1 deployment"),
        ],
    );
}

#[test]
fn dotted_keys_and_inline_tables_have_places() {
    check(
        &with("postgres.server = \"pg-vectice\"\nstorage = { account = \"stvectice\" }\n"),
        0,
        &[
            ("postgres", "5:1 deployment.postgres"),
            ("postgres.server", "5:10 deployment.postgres.server"),
            ("postgres.expected_major", "5:1 deployment.postgres"),
            ("storage", "6:1 deployment.storage"),
            ("storage.account", "6:13 deployment.storage.account"),
        ],
    );
    check(
        "deployment = [\n  { name = \"p\", subscription = \"00000000-0000-0000-0000-00000000000a\", \
         resource_group = \"rg\", dns.auto_registration = \"ignore\" },\n]\n",
        0,
        &[
            ("", "2:3 deployment"),
            ("name", "2:5 deployment.name"),
            ("dns.auto_registration", "2:99 deployment.dns.auto_registration"),
        ],
    );
}

#[test]
fn an_inherited_table_keeps_its_place_below_its_own_header() {
    check(
        "[[deployment]]\nname = \"p\"\nsubscription = \"00000000-0000-0000-0000-00000000000a\"\n\
         resource_group = \"rg\"\n[deployment.identity]\n\
         [[deployment.identity.allowed_federations]]\nissuer = \"i\"\nsubject = \"s\"\n",
        0,
        &[
            ("identity", "5:1 deployment.identity"),
            ("identity.allowed_federations", "6:23 deployment.identity.allowed_federations"),
        ],
    );
}
