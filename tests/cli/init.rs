//! `vaudit init`: from nothing to a manifest that can be audited with.

use jiff::civil::Date;
use serde_json::{Value, json};
use vaudit_manifest::{Context, Manifest, parse};
use vaudit_model::deployment::Selector;
use vaudit_simulator::{Scenario, demo_manifest};

use super::support::proxy::Foreign;
use super::support::{Ran, Vaudit};

fn manifest(vaudit: &Vaudit) -> Manifest {
    let today: Date = "2026-11-22".parse().unwrap();
    parse(&vaudit.read("vaudit.toml"), &Context { today }).unwrap()
}

/// The compliant estate after some changes, and faults on the way.
fn changed(changes: Value, faults: Value) -> (Foreign, Vaudit) {
    let scenario = json!({"description": "A test changes it.", "extends": "compliant", "changes": changes, "faults": faults});
    Foreign::around(Scenario::parse(&scenario.to_string()).unwrap())
}

fn init(vaudit: &Vaudit, arguments: &[&str]) -> Ran {
    vaudit.run(&[&["init", "--no-progress"], arguments].concat())
}

#[test]
fn what_is_there_is_found_written_and_audited() {
    let (_azure, vaudit) = Foreign::named("drifted");
    let ran = init(&vaudit, &[]).exits(0).says("Wrote vaudit.toml").says("The first check");
    assert!(ran.stdout.contains("Exit code 1"), "{}", ran.stdout);
    let found = manifest(&vaudit).deployments.remove(0);
    let today: Date = "2026-11-22".parse().unwrap();
    let mut demo = parse(demo_manifest(), &Context { today }).unwrap().deployments.remove(0);
    // What nobody can find out, and what only this manifest has.
    demo.application = Default::default();
    demo.name = "rg-vectice".to_owned();
    demo.service_principal.object_id = found.service_principal.object_id.clone();
    demo.locations = found.locations.clone();
    assert_eq!(found, demo);
    let schema: Value = serde_json::from_str(&vaudit.read("vaudit.schema.json")).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    vaudit.run(&["check", "--no-progress"]).exits(1);
}

#[test]
fn a_manifest_that_is_there_stays_unless_force_is_used() {
    let (_azure, vaudit) = Foreign::named("compliant");
    let vaudit = vaudit.file("vaudit.toml", "mine");
    init(&vaudit, &[]).exits(2).says("vaudit.toml is there already").says("--force");
    assert_eq!(vaudit.read("vaudit.toml"), "mine");
    assert!(!vaudit.path("vaudit.schema.json").exists());
    let ran = init(&vaudit, &["--force", "--no-check"]).exits(0);
    assert_eq!(ran.stdout, "");
    assert_eq!(manifest(&vaudit).deployments.len(), 1);
}

#[test]
fn of_several_groups_nobody_is_guessed_where_nobody_can_be_asked() {
    let other = "{sub}/resourceGroups/rg-staging";
    let server = format!("{other}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-staging");
    let cluster =
        format!("{other}/providers/Microsoft.ContainerService/managedClusters/aks-staging");
    let (_azure, vaudit) = changed(
        json!([
            {"add": other, "body": {"location": "westeurope"}},
            {"clone": "{pg}", "to": server},
            {"clone": "{aks}", "to": cluster},
        ]),
        json!([]),
    );
    init(&vaudit, &[])
        .exits(2)
        .says("several resource groups")
        .says("vaudit init --subscription 00000000-0000-0000-0000-00000000000a --resource-group rg-staging")
        .says("--resource-group rg-vectice");
    assert!(!vaudit.path("vaudit.toml").exists());
    init(&vaudit, &["--resource-group", "RG-STAGING", "--no-check"]).exits(0);
    let found = manifest(&vaudit).deployments.remove(0);
    assert_eq!(found.resource_group, "rg-staging");
    assert_eq!(found.postgres.server, Some(Selector::Name("pg-staging".to_owned())));
    assert_eq!(found.storage.account, None);
}

#[test]
fn what_cannot_be_seen_is_said_and_left_open() {
    let (_azure, vaudit) = changed(
        json!([]),
        json!([
            {"on": "GET {stvectice}/providers/Microsoft.Authorization/roleAssignments?*", "status": 403},
            {"on": "GET {stvecticebkp}/blobServices/*", "status": 403},
        ]),
    );
    init(&vaudit, &["--no-check"])
        .exits(0)
        .says("Could not be found out")
        .says("around the storage account could not be read: the auditor lacks Microsoft.Authorization/roleAssignments/read")
        .says("lacks Microsoft.Storage/storageAccounts/blobServices/containers/read");
    let found = manifest(&vaudit).deployments.remove(0);
    assert_eq!(found.service_principal, Default::default());
    assert_eq!(found.backup.container, None);
    assert_eq!(found.storage.container.as_deref(), Some("vectice"));
    assert!(vaudit.read("vaudit.toml").contains("# Not found out: "));
}

#[test]
fn a_place_that_is_not_there_is_said() {
    let (_azure, vaudit) = Foreign::named("compliant");
    let there =
        ["--subscription", "00000000-0000-0000-0000-00000000000a", "--resource-group", "rg"];
    init(&vaudit, &there).exits(2).says("there is no resource group rg in subscription");
    init(&vaudit, &["--resource-group", "rg-none"]).exits(2).says("no resource group rg-none");
    assert!(!vaudit.path("vaudit.toml").exists());
    let nobody = Vaudit::default();
    init(&nobody, &[]).exits(2).says("nobody is signed in").says("az login");
}

#[test]
fn what_the_command_line_says_is_written_and_has_to_make_sense() {
    let (_azure, vaudit) = Foreign::named("compliant");
    let said = ["--name", "blue", "--container", "assets", "--backup-account", "stvectice"];
    init(&vaudit, &[&said[..], &["--no-check"]].concat()).exits(0);
    let found = manifest(&vaudit).deployments.remove(0);
    assert_eq!(found.name, "blue");
    assert_eq!(found.storage.container.as_deref(), Some("assets"));
    assert_eq!(found.backup.account, Some(Selector::Name("stvectice".to_owned())));
    let ran = init(&vaudit, &["--force", "--container", "No Container"]).exits(2);
    assert!(ran.stderr.contains("--container No Container: "), "{}", ran.stderr);
    assert_eq!(manifest(&vaudit).deployments.remove(0), found);
}

#[test]
fn a_schema_of_somebody_else_stays_and_nothing_is_left_behind() {
    let (_azure, vaudit) = Foreign::named("compliant");
    let vaudit = vaudit.file("vaudit.schema.json", "{}");
    init(&vaudit, &["--no-check"]).exits(2).says("vaudit.schema.json is there already");
    assert_eq!(vaudit.read("vaudit.schema.json"), "{}");
    init(&vaudit, &["--no-check", "--config", "vaudit.schema.json", "--force"]).exits(2);
    let names: Vec<String> = std::fs::read_dir(vaudit.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".pem"))
        .collect();
    assert_eq!(names, ["vaudit.schema.json"]);
}

#[test]
fn where_not_all_could_be_listed_nothing_is_taken_unasked() {
    let list =
        "GET /subscriptions/00000000-0000-0000-0000-00000000000a/resources?*managedclusters*";
    let (_azure, vaudit) = changed(json!([]), json!([{"on": list, "status": 403}]));
    init(&vaudit, &[]).exits(2).says("this resource group may hold").says("there may be others");
    assert!(!vaudit.path("vaudit.toml").exists());
    init(
        &vaudit,
        &[
            "--no-check",
            "--subscription",
            "00000000-0000-0000-0000-00000000000a",
            "--resource-group",
            "rg-vectice",
        ],
    )
    .exits(0);
}
