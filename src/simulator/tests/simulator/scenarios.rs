//! Scenario files: the built-in ones, and what mistakes are told.

use serde_json::{Value, json};
use vaudit_simulator::{DEMO_AUDITOR, Scenario, demo_manifest};

use super::support::{ACCOUNTS, GROUP, NETWORK, PG, blob_names, body, changed, serve, serve_named};

fn refusal(scenario: Value) -> String {
    Scenario::parse(&scenario.to_string()).unwrap_err().to_string()
}

#[tokio::test]
async fn the_compliant_estate_is_the_one_the_catalogue_describes() {
    let azure = changed(json!([])).await;
    let server = body(&azure, PG).await;
    assert_eq!(server["location"], "West Europe");
    let properties = &server["properties"];
    assert_eq!(
        (properties["version"].as_str(), properties["minorVersion"].as_str()),
        (Some("13"), Some("22"))
    );
    assert_eq!(properties["backup"]["earliestRestoreDate"], "2026-11-08T10:00:00.4857812+00:00");
    let backups = body(&azure, &format!("{PG}/backups")).await;
    let times = backups["value"].as_array().unwrap().iter();
    let mut times: Vec<&str> =
        times.map(|backup| backup["properties"]["completedTime"].as_str().unwrap()).collect();
    times.sort_unstable();
    assert_eq!(
        (times.len(), &times[13][..16], &times[0][..16]),
        (14, "2026-11-22T03:10", "2026-11-09T03:10")
    );
    let folders = blob_names(&azure, "/stvecticebkp/vectice-backup?delimiter=/&").await;
    assert_eq!((folders.len(), folders[0].as_str()), (10, "2026-11-13T020000Z/"));
    assert_eq!(folders[9], "2026-11-22T020000Z/");
    let source = blob_names(&azure, "/stvectice/vectice?").await;
    let newest = blob_names(&azure, "/stvecticebkp/vectice-backup?prefix=2026-11-22&").await;
    assert_eq!((source.len(), newest.len()), (12, 11), "one was made after the copy");
    let auditor =
        azure.graph(&format!("servicePrincipals/{}", DEMO_AUDITOR.object_id)).await.json();
    assert_eq!(auditor["appId"], DEMO_AUDITOR.client_id);
}

#[tokio::test]
async fn the_drifted_estate_differs_where_its_story_says() {
    let azure = serve_named("drifted").await;
    assert_eq!(body(&azure, PG).await["properties"]["version"], "14");
    let databases = azure.arm(&format!("{GROUP}/{PG}/databases")).await.names();
    assert!(
        databases.contains(&"vectice_v14".to_owned()) && !databases.contains(&"vectice".to_owned())
    );
    let account = body(&azure, &format!("{ACCOUNTS}/stvectice")).await;
    assert_eq!(account["properties"]["networkAcls"]["defaultAction"], "Allow");
    assert_eq!(account["location"], "northeurope");
    let peerings = azure
        .arm(&format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-pg/virtualNetworkPeerings"))
        .await;
    assert!(peerings.names().is_empty());
    assert_eq!(azure.arm(&format!("{GROUP}/{PG}/backups")).await.code(), "AuthorizationFailed");
    let folders = blob_names(&azure, "/stvecticebkp/vectice-backup?delimiter=/&").await;
    assert_eq!(folders.len(), 6);
    let secrets = azure.graph("applications/44444444-4444-4444-4444-444444444444").await.json();
    assert_eq!(secrets["passwordCredentials"].as_array().map(Vec::len), Some(1));
    assert!(Scenario::named("drifted").unwrap().description().contains("Contributor"));
}

#[test]
fn the_manifest_fits_the_estate() {
    let manifest = demo_manifest();
    for name in
        ["rg-vectice", "pg-vectice", "aks-vectice", "stvectice", "stvecticebkp", "vectice-backup"]
    {
        assert!(manifest.contains(&format!("\"{name}\"")), "{name}");
    }
    assert!(manifest.contains(DEMO_AUDITOR.tenant) && !manifest.contains("[cloud]"));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let extending = |field: &str, value: Value| json!({"description": "x", "extends": "compliant", field: value});
    for (scenario, expected) in [
        (json!({}), "description: say in a sentence what the scenario is about"),
        (json!({"description": "x", "nonsense": 1}), "nonsense: unknown field `nonsense`"),
        (json!({"description": "x", "extends": "nope"}), "extends: there is no scenario \"nope\""),
        (json!({"description": "x", "now": "yesterday"}), "now: a date and time such as"),
        (json!({"description": "x", "clock_offset": "soon"}), "clock_offset: a duration such as"),
        (json!({"description": "x", "page_size": 0}), "page_size: invalid value"),
        (json!({"description": "x", "names": {"a": "{b}"}}), "names.a: unknown short name {b}"),
        (json!({"description": "x", "names": {"a": 1}}), "names.a: invalid type"),
        (
            json!({"description": "x", "resources": {"/x": {}}}),
            "resources./x: \"/x\" is not an ARM id",
        ),
        (
            json!({"description": "x", "resources": {"/subscriptions/s/resourceGroups/g": {}}}),
            "resources: /subscriptions/s/resourceGroups/g hangs on /subscriptions/s, which is not",
        ),
        (
            json!({"description": "x", "resources": {"/subscriptions/s": {"a": ["{nope}"]}}}),
            "resources./subscriptions/s.a[0]: unknown short name {nope}",
        ),
        (
            json!({"description": "x", "graph": {"people": {}}}),
            "graph.people: unknown field `people`",
        ),
        (
            json!({"description": "x", "blobs": {"acc": []}}),
            "blobs.acc: \"acc\" is not an account and a container",
        ),
        (
            json!({"description": "x", "blobs": {"a/c": [{"name": "b"}]}}),
            "blobs: the blob \"b\": no `created`",
        ),
        (
            json!({"description": "x", "copies": {"a/c": [{"folder": "f", "from": "a/b", "at": "2026-01-01T00:00:00Z"}]}}),
            "copies.a/c[0]: there is no container a/b",
        ),
        (json!({"description": "x", "auditors": [{"tenant": "t"}]}), "auditors[0]: missing field"),
        (
            extending("resources", json!({"/subscriptions/s": {}})),
            "resources: a scenario that extends",
        ),
        (extending("faults", json!([{"on": "*"}])), "faults[0]: the fault does nothing"),
        (
            extending("faults", json!([{"on": "*", "statsu": 1}])),
            "faults[0].statsu: unknown field `statsu`",
        ),
        (extending("changes", json!([{"merge": "{pg}"}])), "changes[0]: missing field `with`"),
        (extending("changes", json!([{"set": "{pg}#/x"}])), "changes[0]: `set` needs `to`"),
        (
            extending("changes", json!([{"mrege": "{pg}"}])),
            "changes[0]: a change has exactly one of add",
        ),
        (
            extending("changes", json!([{"remove": "{pg}", "add": "{pg}"}])),
            "changes[0]: a change has exactly one of",
        ),
        (
            extending("changes", json!([{"remove": "{pg}", "with": 1}])),
            "changes[0]: unknown field `with`",
        ),
        (
            extending("changes", json!([{"remove": "{rg}/providers/a/b/c"}])),
            "changes[0]: there is no /subscriptions",
        ),
        (
            extending("changes", json!([{"remove": "{pg}#/nope"}])),
            "/pg-vectice#/nope: there is no \"nope\" here",
        ),
        (extending("changes", json!([{"remove": "{pg}/nope/*"}])), "matches nothing"),
        (extending("changes", json!([{"add": "{pg}"}])), "is there already"),
        (
            extending("changes", json!([{"move": "{pg}", "to": "graph:groups/x"}])),
            "are not of the same kind",
        ),
        (
            extending("changes", json!([{"remove": "blob:stvectice/vectice/nope"}])),
            "there is no blob \"nope\"",
        ),
        (
            extending("changes", json!([{"remove": "blob:stvectice/vectice/nope/"}])),
            "matches nothing",
        ),
        (extending("changes", json!([{"replace": "nope", "with": ""}])), "\"nope\" does not occur"),
        (
            extending("changes", json!([{"remove": "graph:groups/nope"}])),
            "there is no nope in groups",
        ),
    ] {
        let told = refusal(scenario.clone());
        assert!(told.contains(expected), "{scenario}\n  {told}\n  {expected}");
    }
    let twice = Scenario::parse("{\"description\": \"x\",\n\"description\": \"y\"}").unwrap_err();
    assert!(twice.to_string().contains("stands here twice at line 2"), "{twice}");
    assert!(Scenario::named("nope").is_err());
}

#[tokio::test]
async fn a_scenario_can_stand_on_its_own_or_on_the_drifted_one() {
    let azure = serve(
        json!({"description": "tiny", "resources": {"/subscriptions/s": {"state": "Enabled"}}}),
    )
    .await;
    assert_eq!(azure.arm("/subscriptions/s").await.json()["subscriptionId"], "s");
    let azure = serve(json!({"description": "healed", "extends": "drifted",
        "changes": [{"set": "{pg}#/properties/version", "to": "13"}],
        "faults": [{"on": "GET {pg}/backups?*", "delay_ms": 1}]}))
    .await;
    assert_eq!(body(&azure, PG).await["properties"]["version"], "13");
    let backups = azure.arm(&format!("{GROUP}/{PG}/backups")).await;
    assert_eq!(backups.status, 200, "the outer fault comes first");
    let links = azure.arm(&format!("{GROUP}/{NETWORK}/privateDnsZones/pg-vectice.private.postgres.database.azure.com/virtualNetworkLinks/aks")).await;
    assert_eq!(links.json()["properties"]["registrationEnabled"], false);
}

#[test]
fn every_row_of_the_catalogue_can_be_told() {
    let rows: Value = serde_json::from_str(include_str!("../catalogue-rows.json")).unwrap();
    for (row, scenario) in rows.as_object().unwrap() {
        let mut scenario = scenario.clone();
        scenario["description"] = row.as_str().into();
        scenario["extends"] = "compliant".into();
        scenario["now"] = "2026-11-22T09:00:00Z".into();
        let told = Scenario::parse(&scenario.to_string());
        assert!(told.is_ok(), "{row}: {}", told.unwrap_err());
    }
}
