//! Every kind of change to an estate.

use serde_json::json;

use super::support::{ACCOUNTS, GROUP, NETWORK, PG, blob_names, body, changed};

#[tokio::test]
async fn bodies_are_set_and_merged() {
    let azure = changed(json!([
        {"merge": "{pg}", "with": {"properties": {"version": "17", "network": null}}},
        {"set": "{pg}#/tags", "to": null},
        {"set": "{aks}#/properties/agentPoolProfiles/*/count", "to": 0},
        {"merge": "{vnet-pg}/virtualNetworkPeerings/pg-to-aks", "with": {"properties": {"peeringState": "Initiated"}}},
        {"set": "{vnet-pg}/subnets/snet-pg#/properties/delegations/flexibleServers/properties/serviceName", "to": "Microsoft.Web/serverFarms"},
        {"remove": "{vnet-aks}#/properties/subnets/snet-aks/properties/networkSecurityGroup"},
        {"set": "{stvectice}#/properties/networkAcls/virtualNetworkRules/snet-aks/state", "to": "NetworkSourceDeleted"},
        {"merge": "{pg}/configurations/log_*", "with": {"properties": {"value": "off"}}},
        {"set": "{zone}/A/c3d2e1f0a9b8#/properties/aRecords/10.2.0.4/ipv4Address", "to": "10.9.9.9"},
        {"set": "graph:applications/{app}#/passwordCredentials/helm/endDateTime", "to": "{now-1d}"},
        {"set": "graph:applications/{app}#/passwordCredentials/-", "to": {"displayName": "second"}}
    ]))
    .await;
    let server = body(&azure, PG).await;
    assert_eq!(server["properties"]["version"], "17");
    assert!(server["properties"].get("network").is_none() && server["tags"].is_null());
    let cluster =
        body(&azure, "providers/Microsoft.ContainerService/managedClusters/aks-vectice").await;
    assert_eq!(cluster["properties"]["agentPoolProfiles"][1]["count"], 0);
    let network = body(&azure, &format!("{NETWORK}/virtualNetworks/vnet-pg")).await;
    assert_eq!(
        network["properties"]["virtualNetworkPeerings"][0]["properties"]["peeringState"],
        "Initiated"
    );
    let subnet = body(&azure, &format!("{NETWORK}/virtualNetworks/vnet-pg/subnets/snet-pg")).await;
    assert_eq!(
        subnet["properties"]["delegations"][0]["properties"]["serviceName"],
        "Microsoft.Web/serverFarms"
    );
    let subnet =
        body(&azure, &format!("{NETWORK}/virtualNetworks/vnet-aks/subnets/snet-aks")).await;
    assert!(subnet["properties"].get("networkSecurityGroup").is_none());
    let account = body(&azure, &format!("{ACCOUNTS}/stvectice")).await;
    assert_eq!(
        account["properties"]["networkAcls"]["virtualNetworkRules"][0]["state"],
        "NetworkSourceDeleted"
    );
    for name in ["log_checkpoints", "log_connections", "log_disconnections"] {
        assert_eq!(
            body(&azure, &format!("{PG}/configurations/{name}")).await["properties"]["value"],
            "off"
        );
    }
    let application = azure.graph("applications/44444444-4444-4444-4444-444444444444").await.json();
    assert_eq!(application["passwordCredentials"][0]["endDateTime"], "2026-11-21T09:00:00Z");
    assert_eq!(application["passwordCredentials"][1]["displayName"], "second");
}

#[tokio::test]
async fn resources_come_and_go() {
    let azure = changed(json!([
        {"remove": "{pg}/databases/vectice"},
        {"remove": "{vnet-pg}/subnets/snet-pg"},
        {"remove": "{stvecticebkp}"},
        {"remove": "{pg}/backups/*"},
        {"add": "{rg}/providers/Microsoft.DBforPostgreSQL/servers/old", "body": {"location": "westeurope"}},
        {"add": "{nsg-pg}/securityRules/allow-internet", "body": {"properties": {"priority": 95}}},
        {"add": "{vnet-aks}/subnets/snet-aks2", "body": {"properties": {"addressPrefix": "10.1.16.0/24"}}},
        {"add": "{rg}/providers/Microsoft.Authorization/denyAssignments/d", "body": {"properties": {"principals": [{"id": "{sp}"}]}}},
        {"remove": "graph:servicePrincipals/{sp}"}
    ]))
    .await;
    assert_eq!(azure.arm(&format!("{GROUP}/{PG}/databases/vectice")).await.status, 404);
    assert_eq!(
        azure
            .arm(&format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-pg/subnets/snet-pg"))
            .await
            .status,
        404
    );
    let container =
        format!("{GROUP}/{ACCOUNTS}/stvecticebkp/blobServices/default/containers/vectice-backup");
    assert_eq!(azure.arm(&container).await.code(), "ParentResourceNotFound");
    assert!(azure.arm(&format!("{GROUP}/{PG}/backups")).await.names().is_empty());
    let old = body(&azure, "providers/Microsoft.DBforPostgreSQL/servers/old").await;
    assert_eq!(old["type"], "Microsoft.DBforPostgreSQL/servers");
    let rule = body(
        &azure,
        &format!("{NETWORK}/networkSecurityGroups/nsg-pg/securityRules/allow-internet"),
    )
    .await;
    assert_eq!(rule["properties"]["sourcePortRanges"], json!([]));
    assert!(rule["etag"].is_string());
    let subnets =
        azure.arm(&format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-aks/subnets")).await.names();
    assert_eq!(subnets, ["snet-aks", "snet-aks2"]);
    let denied = "providers/Microsoft.Authorization/denyAssignments?$filter=atScope()";
    assert_eq!(azure.arm(&format!("{GROUP}/{denied}")).await.names(), ["d"]);
    let principal =
        azure.graph("servicePrincipals(appId='22222222-2222-2222-2222-222222222222')").await;
    assert_eq!(principal.status, 404);
}

#[tokio::test]
async fn moves_take_references_along() {
    let azure = changed(json!([
        {"move": "{zone}", "to": "{rg}/providers/Microsoft.Network/privateDnsZones/x.postgres.database.azure.com"},
        {"move": "{vnet-aks}", "to": "{node-rg}/providers/Microsoft.Network/virtualNetworks/aks-vnet-12345678"},
        {"move": "{vnet-pg}/subnets/snet-pg", "to": "{vnet-pg}/subnets/database"},
        {"move": "{assignment}", "to": "{sub}/providers/Microsoft.Authorization/roleAssignments/moved"},
        {"move": "{pg}/databases/vectice", "to": "{pg}/databases/Vectice"},
        {"add": "{sub}/resourceGroups/rg-other", "body": {"location": "westeurope"}},
        {"move": "{aks}", "to": "{sub}/resourcegroups/rg-other/providers/Microsoft.ContainerService/managedClusters/aks-vectice"},
        {"move": "{nsg-aks}", "to": "{rg}/providers/Microsoft.Network/networkSecurityGroups/nsg-new", "references": "keep"}
    ]))
    .await;
    let server = body(&azure, PG).await;
    let network = &server["properties"]["network"];
    assert!(
        network["privateDnsZoneArmResourceId"]
            .as_str()
            .unwrap()
            .ends_with("/x.postgres.database.azure.com")
    );
    assert!(network["delegatedSubnetResourceId"].as_str().unwrap().ends_with("/subnets/database"));
    let subnet = body(&azure, &format!("{NETWORK}/virtualNetworks/vnet-pg/subnets/database")).await;
    assert!(
        subnet["properties"]["delegations"][0]["id"]
            .as_str()
            .unwrap()
            .contains("/subnets/database/")
    );
    let links = azure
        .arm(&format!(
            "{GROUP}/{NETWORK}/privateDnsZones/x.postgres.database.azure.com/virtualNetworkLinks"
        ))
        .await;
    let link = links.json()["value"][0]["properties"]["virtualNetwork"]["id"].clone();
    assert!(link.as_str().unwrap().ends_with("/aks-vnet-12345678"), "{link}");
    let account = body(&azure, &format!("{ACCOUNTS}/stvectice")).await;
    let rule = account["properties"]["networkAcls"]["virtualNetworkRules"][0]["id"].clone();
    assert!(rule.as_str().unwrap().contains("/aks-vnet-12345678/subnets/snet-aks"));
    let subscription = "/subscriptions/00000000-0000-0000-0000-00000000000a";
    let moved = azure
        .arm(&format!("{subscription}/providers/Microsoft.Authorization/roleAssignments/moved"))
        .await;
    assert_eq!(moved.json()["properties"]["scope"], subscription);
    assert!(
        azure.arm(&format!("{GROUP}/{PG}/databases")).await.names().contains(&"Vectice".to_owned())
    );
    let clusters = "providers/Microsoft.ContainerService/managedClusters";
    assert!(azure.arm(&format!("{GROUP}/{clusters}")).await.names().is_empty());
    let other = azure.arm(&format!("{subscription}/resourceGroups/rg-other/{clusters}")).await;
    assert_eq!(other.names(), ["aks-vectice"]);
    let node_group = format!("{subscription}/resourceGroups/MC_rg-vectice_aks-vectice_westeurope");
    let network = azure
        .arm(&format!("{node_group}/{NETWORK}/virtualNetworks/aks-vnet-12345678"))
        .await
        .json();
    let group = &network["properties"]["subnets"][0]["properties"]["networkSecurityGroup"]["id"];
    assert!(group.as_str().unwrap().ends_with("/nsg-aks"), "the reference was to be kept");
}

#[tokio::test]
async fn texts_are_replaced_everywhere() {
    let azure = changed(json!([
        {"replace": "10.2.0.", "with": "10.1.128."},
        {"replace": "Succeeded", "with": "SUCCEEDED", "whole": true},
        {"everywhere": {"futureProperty": {"a": 1}}},
        {"ids": "lower"}
    ]))
    .await;
    let network = body(&azure, &format!("{NETWORK}/virtualNetworks/vnet-pg")).await;
    assert_eq!(network["properties"]["addressSpace"]["addressPrefixes"], json!(["10.1.128.0/24"]));
    assert_eq!(network["properties"]["provisioningState"], "SUCCEEDED");
    assert_eq!(network["properties"]["subnets"][0]["futureProperty"], json!({"a": 1}));
    let id = network["id"].as_str().unwrap();
    assert_eq!(id, id.to_lowercase());
    let rules = body(&azure, &format!("{NETWORK}/networkSecurityGroups/nsg-pg")).await;
    assert!(rules.to_string().contains("10.1.128.0/28") && !rules.to_string().contains("10.2.0."));
}

#[tokio::test]
async fn folders_and_blobs_are_changed() {
    let azure = changed(json!([
        {"remove": "blob:stvecticebkp/vectice-backup/{folder-1}/README.txt"},
        {"merge": "blob:stvecticebkp/vectice-backup/{folder-2}/README.txt", "with": {"md5": "other"}},
        {"move": "blob:stvecticebkp/vectice-backup/{folder-3}/", "to": "blob:stvecticebkp/vectice-backup/latest/"},
        {"move": "blob:stvecticebkp/vectice-backup/{folder-4}/", "to": "blob:stvecticebkp/vectice-backup/{folder-4}/vectice/"},
        {"remove": "blob:stvecticebkp/vectice-backup/{folder-5}/"},
        {"remove": "blob:stvecticebkp/vectice-backup/2026-11-13*"},
        {"copy": "stvectice/vectice", "to": "stvecticebkp/vectice-backup/2027-01-01T000000Z/", "at": "{now-1h}",
            "status": "pending", "except": {"README.txt": null, "graphs/lineage/churn.svg": {"size": 1}}},
        {"add": "blob:stvectice/vectice/new.bin", "body": {"size": 1, "created": "{now}"}},
        {"clone": "blob:stvectice/vectice/new.bin", "to": "blob:stvectice/vectice/newer.bin"},
        {"merge": "blob:stvecticebkp/vectice-backup/{folder-6}/", "with": {"copy": {"status": "failed"}}}
    ]))
    .await;
    let folders = blob_names(&azure, "/stvecticebkp/vectice-backup?delimiter=/&").await;
    assert_eq!(folders.len(), 9);
    assert!(
        folders.contains(&"latest/".to_owned())
            && folders.contains(&"2027-01-01T000000Z/".to_owned())
    );
    let first = blob_names(&azure, "/stvecticebkp/vectice-backup?prefix=2026-11-22&").await;
    assert_eq!(first.len(), 10);
    let fourth = blob_names(&azure, "/stvecticebkp/vectice-backup?prefix=2026-11-19&").await;
    assert!(fourth.iter().all(|name| name.starts_with("2026-11-19T020000Z/vectice/")));
    let future = blob_names(&azure, "/stvecticebkp/vectice-backup?prefix=2027&").await;
    assert_eq!(future.len(), 11);
    assert!(blob_names(&azure, "/stvectice/vectice?").await.contains(&"newer.bin".to_owned()));
    let copies =
        azure.blob("/stvecticebkp/vectice-backup?restype=container&comp=list&include=copy").await;
    assert_eq!(copies.text.matches("<CopyStatus>failed</CopyStatus>").count(), 10);
    assert_eq!(copies.text.matches("<CopyStatus>pending</CopyStatus>").count(), 11);
    assert_eq!(copies.text.matches("<Content-MD5>other</Content-MD5>").count(), 1);
}

#[tokio::test]
async fn a_container_moves_to_another_account() {
    let azure = changed(json!([
        {"move": "{backup-container}", "to": "{stvectice}/blobServices/default/containers/vectice-backup"},
        {"move": "blob:stvecticebkp/vectice-backup", "to": "blob:stvectice/vectice-backup"}
    ]))
    .await;
    assert_eq!(blob_names(&azure, "/stvectice/vectice-backup?delimiter=/&").await.len(), 10);
    let gone = azure.blob("/stvecticebkp/vectice-backup?restype=container&comp=list").await;
    assert_eq!(gone.status, 404);
    let assignments = "providers/Microsoft.Authorization/roleAssignments?$filter=atScope()";
    let container =
        format!("{GROUP}/{ACCOUNTS}/stvectice/blobServices/default/containers/vectice-backup");
    let names = azure.arm(&format!("{container}/{assignments}")).await.names();
    assert!(names.contains(&"e0000000-0000-4000-8000-000000000004".to_owned()), "{names:?}");
}
