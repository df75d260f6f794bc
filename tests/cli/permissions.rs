//! `vaudit permissions`: what is printed is enough and no more, and an identity is held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use super::support::{Azure, Vaudit, root, verdicts};

/// The app roles of the application permissions that the demo's auditor was granted.
const APP_ROLES: [(&str, &str); 3] = [
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("DelegatedPermissionGrant.Read.All", "81b4724a-58aa-41c1-8a55-84ef97466587"),
    ("RoleManagement.Read.Directory", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"),
];

/// The compliant estate under the eyes of an auditor with these permissions and no others, which
/// are enforced.
fn allowing(actions: &[&str], data_actions: &[&str], graph: &[&str]) -> Value {
    let grants = graph.iter().map(|name| {
        let role = APP_ROLES.iter().find(|(own, _)| own == name).map_or(*name, |(_, id)| id);
        json!({"appRoleId": role, "principalId": "{auditor}", "resourceDisplayName": "Microsoft Graph"})
    });
    json!({
        "description": "An auditor with few permissions.", "extends": "compliant",
        "enforce_permissions": true,
        "changes": [
            {"set": "{auditor-role}#/properties/permissions/0/actions", "to": actions},
            {"set": "{blob-names-role}#/properties/permissions/0/dataActions", "to": data_actions},
            {"set": "graph:servicePrincipals/{auditor}#/appRoleAssignments", "to": grants.collect::<Vec<_>>()},
        ]
    })
}

/// What the rules of a profile need, as `vaudit permissions` prints it.
fn needed(profile: &str) -> Value {
    let arguments = ["permissions", "--profile", profile, "--format", "json"];
    Vaudit::default().run(&arguments).exits(0).json()
}

/// The same, without some of it.
fn all_but(needed: &Value, lacking: &str) -> Value {
    let of = |given: &str| -> Vec<&str> {
        let all = needed["requirements"].as_array().unwrap().iter();
        all.filter(|own| own["given"] == given)
            .map(|own| own["permission"].as_str().unwrap())
            .filter(|own| *own != lacking)
            .collect()
    };
    allowing(&of("subscription"), &of("containers"), &of("graph"))
}

fn lost(azure: &Azure, profile: &str) -> BTreeSet<String> {
    let report = azure.vaudit().run(&["check", "--profile", profile, "--format", "json"]).json();
    let verdicts = verdicts(&report).into_iter();
    verdicts.filter(|(_, own)| own == "indeterminate").map(|(rule, _)| rule).collect()
}

/// What is documented of a permission: the rules that are judged all the same, and whether AUD001 names
/// the refusal even when no rule lost a verdict.
fn documented() -> BTreeMap<String, (BTreeSet<String>, bool)> {
    let path = root().join("tests/cases/permissions.json");
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let row = |case: &Value| {
        let permission = case["permission"].as_str().unwrap().to_owned();
        (permission, (words(&case["still_judged"]), case["named"] == true))
    };
    cases.iter().map(row).collect()
}

fn words(value: &Value) -> BTreeSet<String> {
    let all = value.as_array().into_iter().flatten();
    all.map(|own| own.as_str().unwrap().to_owned()).collect()
}

/// The simulator grants exactly what is printed and refuses the rest, so the first run shows that it is
/// enough, and the others what is lost without each.
#[test]
fn what_is_printed_is_enough_and_each_of_it_costs_the_rules_it_names() {
    let needed = needed("all");
    let azure = Azure::parsed(&all_but(&needed, ""));
    azure.vaudit().run(&["check", "--profile", "all"]).exits(0);
    let mut documented = documented();
    let mut wrong = Vec::new();
    for requirement in needed["requirements"].as_array().unwrap() {
        let permission = requirement["permission"].as_str().unwrap();
        azure.tell(&all_but(&needed, permission));
        let lost = lost(&azure, "all");
        let (judged, is_named) = documented.remove(permission).unwrap_or_default();
        let mut due: BTreeSet<String> =
            words(&requirement["rules"]).difference(&judged).cloned().collect();
        if !due.is_empty() || is_named {
            // It names what was refused.
            due.insert("AUD001".to_owned());
        }
        if lost != due {
            wrong.push(format!("without {permission} lost {lost:?}, documented {due:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(documented.is_empty(), "nobody needs these any more: {documented:?}");
}

#[test]
fn the_role_of_the_reference_profile_is_what_az_takes() {
    let vaudit = Vaudit::default();
    for format in ["role", "storage-role", "graph"] {
        let printed = vaudit.run(&["permissions", "--format", format]).exits(0).stdout;
        insta::assert_snapshot!(format!("permissions-{format}"), printed);
    }
}

#[test]
fn the_scopes_are_those_of_the_manifest() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    let role = vaudit.run(&["permissions", "--format", "role"]).exits(0).json();
    let subscription = "/subscriptions/00000000-0000-0000-0000-00000000000a";
    assert_eq!(role["AssignableScopes"], json!([subscription]));
    let text = vaudit.run(&["permissions"]).exits(0).stdout;
    for said in [
        "az role definition create --role-definition vaudit-role.json",
        "--scope /subscriptions/00000000-0000-0000-0000-00000000000a\n",
        "storageAccounts/stvecticebkp/blobServices/default/containers/vectice-backup --condition",
        "--condition-version 2.0",
        "az ad app permission admin-consent",
    ] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    assert!(azure.simulator.requests().is_empty(), "nothing is asked without --check");
    let flags = ["--subscription", "s-1", "--resource-group", "rg"];
    let by_flags = [&["permissions", "--format", "role"][..], &flags].concat();
    let role = Vaudit::default().run(&by_flags).exits(2);
    assert!(role.stderr.contains("--subscription"), "{}", role.stderr);
}

#[test]
fn one_rule_needs_one_action() {
    let vaudit = Vaudit::default();
    let role = vaudit.run(&["permissions", "--rule", "PG001", "--format", "role"]).exits(0).json();
    assert_eq!(role["Actions"], json!(["Microsoft.DBforPostgreSQL/flexibleServers/read"]));
    for format in ["storage-role", "graph"] {
        vaudit
            .run(&["permissions", "--rule", "PG001", "--format", format])
            .exits(2)
            .says("the selected rules need nothing of");
    }
    let text = vaudit.run(&["permissions", "--rule", "PG001"]).exits(0).stdout;
    assert!(text.contains("vaudit permissions --check --rule PG001"), "{text}");
    assert!(!text.contains("Blob service") && !text.contains("Graph"), "{text}");
    vaudit.run(&["permissions", "--rule", "XYZ"]).exits(2).says("matches no rule");
    vaudit.run(&["permissions", "--deployment", "p"]).exits(2).says("no vaudit.toml");
    vaudit.run(&["permissions", "--config", "nowhere.toml"]).exits(2).says("nowhere.toml");
}

/// Only then the tenant's root is looked at.
#[test]
fn the_whole_tenant_takes_a_role_on_its_root() {
    let azure = Azure::parsed(&all_but(&needed("all"), ""));
    let manifest = azure
        .manifest()
        .replace("[cloud]", "[defaults.identity]\nother_subscriptions = \"tenant\"\n\n[cloud]");
    let vaudit = azure.vaudit().file("vaudit.toml", &manifest);
    let text = vaudit.run(&["permissions"]).exits(0).stdout;
    assert!(text.contains("--role 'Management Group Reader'"), "{text}");
    let role = vaudit.run(&["permissions", "--format", "role"]).exits(0).stdout;
    assert!(!role.contains("managementGroups"), "{role}");
    let report = vaudit.run(&["check", "--format", "json"]).exits(3).json();
    assert_eq!(verdicts(&report)["IAM012"], "indeterminate");
    let checked = vaudit.run(&["permissions", "--check"]).exits(3).stdout;
    assert!(
        checked.contains("cannot tell  Microsoft.Management/managementGroups/read"),
        "{checked}"
    );
}

/// Who signs in, to what estate, the exit code, what is said, and what is not.
type SignedIn<'a> = (&'a str, Value, i32, &'a [&'a str], &'a [&'a str]);

#[test]
fn an_identity_is_held_against_what_is_needed() {
    let needed = needed("reference");
    let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
    let graph = APP_ROLES.map(|(name, _)| name);
    let backups = "Microsoft.DBforPostgreSQL/flexibleServers/backups/read";
    let auditor = "{sub}/providers/Microsoft.Authorization/roleAssignments/e0000000-0000-4000-8000-000000000002";
    let on_the_group = json!({"description": "x", "extends": "compliant", "changes": [
        {"move": auditor, "to": "{rg}/providers/Microsoft.Authorization/roleAssignments/e0000000-0000-4000-8000-000000000002"}]});
    let unreadable = json!({"description": "x", "extends": "compliant",
        "faults": [{"on": "GET */permissions?*", "status": 403}]});
    let directory = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
    let writing = "19dbc75e-c2e2-444c-a770-ec69d8559fc7";
    const BEYOND: &str = "more than needed";
    let cases: Vec<SignedIn<'_>> = vec![
        (
            "the demo's",
            json!({"description": "x", "extends": "compliant"}),
            0,
            &["Permissions: 27 there."],
            &["lacks", "cannot tell", BEYOND],
        ),
        (
            "a Reader with the storage role",
            allowing(&["*/read"], &[blobs], &graph),
            0,
            &["Permissions: 27 there."],
            &["lacks", "cannot tell", BEYOND],
        ),
        (
            "a Reader",
            allowing(&["*/read"], &[], &graph),
            3,
            &[
                "lacks        Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "on the application container",
                "26 there, 1 lacking",
            ],
            &["cannot tell", BEYOND],
        ),
        (
            "without the backups",
            all_but(&needed, backups),
            3,
            &[
                "lacks        Microsoft.DBforPostgreSQL/flexibleServers/backups/read",
                "needed by BKP001 BKP002 BKP004",
                "26 there, 1 lacking",
            ],
            &["cannot tell", BEYOND],
        ),
        (
            "without Graph",
            allowing(&["*/read"], &[blobs], &[]),
            3,
            &[
                "lacks        Application.Read.All",
                "lacks        DelegatedPermissionGrant.Read.All",
                "lacks        RoleManagement.Read.Directory",
                "24 there, 3 lacking",
            ],
            &["cannot tell", BEYOND],
        ),
        (
            "with the one substitute",
            allowing(&["*/read"], &[blobs], &[directory]),
            0,
            &["has          RoleManagement.Read.Directory"],
            &["lacks", BEYOND],
        ),
        (
            "Owner",
            allowing(&["*"], &[blobs], &graph),
            0,
            &[
                "more than needed: the auditor can write; vaudit needs only reads",
                "* on /subscriptions/00000000-0000-0000-0000-00000000000a\n",
            ],
            &["lacks"],
        ),
        (
            "who may write to the directory",
            allowing(&["*/read"], &[blobs], &[writing]),
            0,
            &["Directory.ReadWrite.All on Microsoft Graph"],
            &["lacks"],
        ),
        (
            "on the resource group only",
            on_the_group,
            3,
            &[
                "has          Microsoft.DBforPostgreSQL/flexibleServers/backups/read",
                "lacks        Microsoft.Network/virtualNetworks/read",
                "given on the resource group only; needed on the subscription",
            ],
            &["cannot tell", BEYOND],
        ),
        (
            "whose permissions cannot be read",
            unreadable,
            3,
            &[
                "cannot tell  Microsoft.Compute/disks/read",
                "could not be read",
                "has          Application.Read.All",
            ],
            &["lacks  ", BEYOND],
        ),
    ];
    let azure = Azure::named("compliant");
    for (who, scenario, code, said, unsaid) in cases {
        azure.tell(&scenario);
        let ran = azure.vaudit().run(&["permissions", "--check"]);
        let text = &ran.stdout;
        assert_eq!(ran.code, code, "{who}:\n{text}\n{}", ran.stderr);
        // Long explanations are broken into lines.
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in said {
            assert!(text.contains(words) || flat.contains(words), "{who}: no {words:?} in\n{text}");
        }
        for words in unsaid {
            assert!(!text.contains(words), "{who}: {words:?} in\n{text}");
        }
        let json = azure.vaudit().run(&["permissions", "--check", "--format", "json"]).exits(code);
        assert_eq!(json.json()["check"]["has_all"], code == 0, "{who}");
    }
}

/// What the drifted estate refuses, its auditor's role does not allow.
#[test]
fn the_demo_says_the_same_twice() {
    let vaudit = Vaudit::default();
    let checked = vaudit.run(&["permissions", "--demo", "--check"]).exits(3).stdout;
    let lacking = "lacks        Microsoft.DBforPostgreSQL/flexibleServers/backups/read\n";
    assert!(checked.contains(lacking) && checked.contains("26 there, 1 lacking."), "{checked}");
    let report = vaudit.run(&["check", "--demo", "--format", "json"]).json();
    let gaps = report["deployments"][0]["gaps"].as_array().unwrap();
    let refused: Vec<&str> = gaps.iter().filter_map(|own| own["action"].as_str()).collect();
    assert_eq!(refused, ["Microsoft.DBforPostgreSQL/flexibleServers/backups/read"], "{gaps:?}");
}

#[test]
fn a_check_needs_somebody_who_is_signed_in() {
    let azure = Azure::named("compliant");
    let nobody = Vaudit::default().file("vaudit.toml", &azure.manifest());
    let ran = nobody.run(&["permissions", "--check", "--credential", "environment"]).exits(2);
    assert_eq!(ran.stdout, "");
    azure.vaudit().run(&["permissions", "--check", "--format", "role"]).exits(2).says("--check");
    Vaudit::default().run(&["permissions", "--check"]).exits(2).says("there is no vaudit.toml");
}

/// A world with a second subscription, in which the auditor has no role, and `moved` there.
fn with_another_subscription(moved: &str, to: &str) -> Value {
    const OTHER: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";
    json!({"description": "x", "extends": "compliant", "enforce_permissions": true, "changes": [
        {"add": OTHER, "body": {"displayName": "hub", "state": "Enabled"}},
        {"add": format!("{OTHER}/resourceGroups/far"), "body": {"location": "westeurope", "properties": {"provisioningState": "Succeeded"}}},
        {"move": moved, "to": format!("{OTHER}/resourceGroups/far/providers/{to}")},
    ]})
}

/// The manifest, with the account of the backups by its id.
fn with_backups_at(azure: &Azure, id: &str) -> String {
    let (by_name, by_id) = ("account = \"stvecticebkp\"", format!("account = \"{id}\""));
    let manifest = azure.manifest();
    assert!(manifest.contains(by_name), "{manifest}");
    manifest.replace(by_name, &by_id)
}

#[test]
fn what_the_manifest_names_elsewhere_is_asked_there() {
    let account = "Microsoft.Storage/storageAccounts/stvecticebkp";
    let azure = Azure::parsed(&with_another_subscription("{stvecticebkp}", account));
    let other = "/subscriptions/00000000-0000-0000-0000-00000000000b";
    let id = format!("{other}/resourceGroups/far/providers/{account}");
    let vaudit = azure.vaudit().file("vaudit.toml", &with_backups_at(&azure, &id));
    vaudit.run(&["check", "--rule", "BKP007"]).exits(3);
    let checked = vaudit.run(&["permissions", "--check", "--rule", "BKP007"]).exits(3).stdout;
    let unsure = "cannot tell  Microsoft.Storage/storageAccounts/";
    assert!(checked.contains(unsure) && checked.contains(&id), "{checked}");
    let elsewhere = json!(["/subscriptions/00000000-0000-0000-0000-00000000000a", other]);
    for format in ["role", "storage-role"] {
        let role = vaudit.run(&["permissions", "--format", format]).exits(0).json();
        assert_eq!(role["AssignableScopes"], elsewhere, "{format}");
    }
    let text = vaudit.run(&["permissions"]).exits(0).stdout;
    assert!(text.contains(&format!("--scope {other}\n")), "{text}");
    // What does not read the account has no business there.
    let alone = vaudit.run(&["permissions", "--rule", "PG001", "--format", "role"]).exits(0).json();
    assert_eq!(alone["AssignableScopes"], json!([elsewhere[0]]));
    let checked = vaudit.run(&["permissions", "--check", "--rule", "PG001"]).exits(0).stdout;
    assert!(!checked.contains(other), "{checked}");
}

/// The role reaches the deployment's resource group only, and the backups lie beside it.
#[test]
fn a_right_on_the_resource_group_says_nothing_of_the_next() {
    const AUDITOR: &str =
        "providers/Microsoft.Authorization/roleAssignments/e0000000-0000-4000-8000-000000000002";
    let account =
        "resourceGroups/rg-backups/providers/Microsoft.Storage/storageAccounts/stvecticebkp";
    let azure = Azure::parsed(
        &json!({"description": "x", "extends": "compliant", "enforce_permissions": true, "changes": [
            {"add": "{sub}/resourceGroups/rg-backups", "body": {"location": "westeurope", "properties": {"provisioningState": "Succeeded"}}},
            {"move": "{stvecticebkp}", "to": format!("{{sub}}/{account}")},
            {"move": format!("{{sub}}/{AUDITOR}"), "to": format!("{{rg}}/{AUDITOR}")},
        ]}),
    );
    let id = format!("/subscriptions/00000000-0000-0000-0000-00000000000a/{account}");
    let vaudit = azure.vaudit().file("vaudit.toml", &with_backups_at(&azure, &id));
    let checked = vaudit.run(&["permissions", "--check"]).exits(3).stdout;
    for (standing, permission) in [
        ("cannot tell", "Microsoft.Storage/storageAccounts/read"),
        ("cannot tell", "Microsoft.Storage/storageAccounts/blobServices/containers/read"),
        ("has", "Microsoft.DBforPostgreSQL/flexibleServers/backups/read"),
    ] {
        let line = format!("{standing:<11}  {permission}\n");
        assert!(checked.contains(&line), "{line}{checked}");
    }
}

/// No manifest names the zone's subscription, so `has` is of what was asked, which is said.
#[test]
fn a_check_says_what_it_does_not_speak_of() {
    let zone = "Microsoft.Network/privateDnsZones/pg-vectice.private.postgres.database.azure.com";
    let azure = Azure::parsed(&with_another_subscription("{zone}", zone));
    let vaudit = azure.vaudit();
    vaudit.run(&["check", "--rule", "DNS001"]).exits(3);
    let asked = "/subscriptions/00000000-0000-0000-0000-00000000000a";
    let ran = vaudit.run(&["permissions", "--check"]).exits(0).stdout;
    let flat = ran.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!(
        "Asked: {asked}. This speaks of the scopes that were asked and of what lies in them; networks, zones, endpoints, security groups and route tables may lie in other subscriptions, and `vaudit check` tells whether they can be read."
    );
    assert!(flat.ends_with(&said), "{ran}");
    let json = vaudit.run(&["permissions", "--check", "--format", "json"]).exits(0).json();
    let scopes = words(&json["check"]["deployments"][0]["scopes"]);
    assert!(scopes.contains(asked) && scopes.len() == 4, "{scopes:?}");
    assert!(said.ends_with(json["check"]["extent"].as_str().unwrap()), "{json}");
}
