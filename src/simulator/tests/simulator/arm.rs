//! ARM: ids in any spelling, lists and their pages, filters, errors, headers.

use serde_json::json;

use super::support::{ARM, GROUP, serve, serve_named};

const NETWORK: &str = "providers/Microsoft.Network";
const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a";

#[tokio::test]
async fn ids_are_read_in_any_spelling() {
    let azure = serve_named("compliant").await;
    let vnet = format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-aks");
    for path in [vnet.clone(), vnet.to_uppercase(), vnet.to_lowercase(), format!("/{vnet}/")] {
        let reply = azure.arm(&path).await;
        assert_eq!(
            (reply.status, reply.json()["id"].as_str()),
            (200, Some(vnet.as_str())),
            "{path}"
        );
    }
    let subnet = azure.arm(&format!("{vnet}/SUBNETS/SNET-AKS")).await;
    assert_eq!(subnet.json()["type"], "Microsoft.Network/virtualNetworks/subnets");
    assert_eq!(subnet.header("etag"), subnet.json()["etag"].as_str().unwrap());
    let cluster =
        azure.arm(&format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters")).await;
    assert!(cluster.json()["value"][0]["id"].as_str().unwrap().contains("/resourcegroups/"));
}

#[tokio::test]
async fn lists_are_complete_at_every_level() {
    let azure = serve_named("compliant").await;
    for (path, expected) in [
        (format!("{GROUP}/{NETWORK}/virtualNetworks"), vec!["vnet-aks", "vnet-pg"]),
        (format!("{SUBSCRIPTION}/{NETWORK}/virtualNetworks"), vec!["vnet-aks", "vnet-pg"]),
        (
            format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-pg/virtualNetworkPeerings"),
            vec!["pg-to-aks"],
        ),
        (format!("{GROUP}/{NETWORK}/routeTables"), vec![]),
        (format!("{SUBSCRIPTION}/{NETWORK}/privateEndpoints"), vec![]),
        (format!("{SUBSCRIPTION}/providers/Microsoft.DataProtection/backupVaults"), vec![]),
        (
            format!(
                "{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-vectice/agentPools"
            ),
            vec!["system", "user"],
        ),
        (
            format!(
                "{GROUP}/{NETWORK}/privateDnsZones/pg-vectice.private.postgres.database.azure.com/ALL"
            ),
            vec!["c3d2e1f0a9b8", "@"],
        ),
        (
            format!(
                "{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice/databases"
            ),
            vec!["azure_maintenance", "azure_sys", "keycloak", "postgres", "vectice"],
        ),
        (
            format!("{SUBSCRIPTION}/providers/Microsoft.Security/pricings"),
            vec!["OpenSourceRelationalDatabases", "StorageAccounts", "VirtualMachines"],
        ),
        (
            format!("{SUBSCRIPTION}/resourcegroups"),
            vec!["MC_rg-vectice_aks-vectice_westeurope", "rg-vectice"],
        ),
    ] {
        let reply = azure.arm(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        assert_eq!(reply.names(), expected, "{path}");
        assert!(reply.json().get("nextLink").is_none());
    }
    let inventory = azure.arm(&format!("{GROUP}/resources")).await;
    assert!(inventory.names().contains(&"aks".to_owned()), "links are tracked resources");
    let accounts = "$filter=resourceType%20eq%20'Microsoft.Storage%2FstorageAccounts'";
    let accounts = azure.arm(&format!("{GROUP}/resources?{accounts}")).await;
    assert_eq!(accounts.names(), ["stvectice", "stvecticebkp"]);
    assert!(accounts.json()["value"][0].get("properties").is_none());
    assert_eq!(azure.arm("/tenants").await.json()["value"].as_array().map(Vec::len), Some(1));
    let nothing = format!("{SUBSCRIPTION}/providers/Microsoft.Compute/disks");
    assert_eq!(azure.arm(&nothing).await.json(), json!({"value": []}));
}

#[tokio::test]
async fn pages_link_to_the_next_by_the_same_host() {
    let azure =
        serve(json!({"description": "pages", "extends": "compliant", "page_size": 5})).await;
    let path =
        format!("{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice/backups");
    let mut reply = azure.arm(&path).await;
    let mut names = reply.names();
    let mut pages = 1;
    while let Some(link) = reply.json()["nextLink"].as_str() {
        assert!(link.contains("%24skiptoken=") && link.contains("api-version="), "{link}");
        reply = azure.follow(link, ARM).await;
        names.extend(reply.names());
        pages += 1;
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!((pages, names.len()), (3, 14));
    let wrong = azure.arm(&format!("{path}?$skiptoken=nonsense")).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "InvalidSkipToken"));
    let few = azure.arm(&format!("{path}?$top=2")).await;
    assert_eq!(few.names().len(), 2);
}

#[tokio::test]
async fn an_empty_first_page_has_a_link() {
    let azure = serve(
        json!({"description": "empty page", "extends": "compliant", "empty_first_page": true}),
    )
    .await;
    let reply = azure.arm(&format!("{GROUP}/{NETWORK}/virtualNetworks")).await;
    assert!(reply.names().is_empty());
    let next = reply.json()["nextLink"].as_str().unwrap().to_owned();
    assert_eq!(azure.follow(&next, ARM).await.names(), ["vnet-aks", "vnet-pg"]);
}

#[tokio::test]
async fn errors_say_what_is_missing() {
    let azure = serve_named("compliant").await;
    let pg = format!("{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers");
    let other = "/subscriptions/00000000-0000-0000-0000-0000000000ff";
    for (path, status, code) in [
        (other.to_owned(), 404, "SubscriptionNotFound"),
        (format!("{other}/{NETWORK}/virtualNetworks"), 404, "SubscriptionNotFound"),
        (format!("{SUBSCRIPTION}/resourceGroups/nope"), 404, "ResourceGroupNotFound"),
        (
            format!("{SUBSCRIPTION}/resourceGroups/nope/{NETWORK}/virtualNetworks"),
            404,
            "ResourceGroupNotFound",
        ),
        (format!("{SUBSCRIPTION}/resourceGroups/nope/resources"), 404, "ResourceGroupNotFound"),
        (format!("{pg}/nope"), 404, "ResourceNotFound"),
        (format!("{pg}/nope/backups"), 404, "ParentResourceNotFound"),
        (format!("{pg}/nope/databases/x"), 404, "ParentResourceNotFound"),
        (format!("{GROUP}/{NETWORK}/nonsense"), 404, "InvalidResourceType"),
        (format!("{GROUP}/providers/Microsoft.Nonsense/things"), 404, "InvalidResourceNamespace"),
        (format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-pg/subnets/nope"), 404, "NotFound"),
        (
            format!(
                "{GROUP}/providers/Microsoft.Storage/storageAccounts/stvectice/managementPolicies/default"
            ),
            404,
            "ManagementPolicyNotFound",
        ),
        (format!("{pg}/nope/providers/Microsoft.Authorization/locks"), 404, "ResourceNotFound"),
        (format!("{SUBSCRIPTION}/nonsense"), 404, "NotFound"),
        (format!("{GROUP}/resources?$filter=nonsense"), 400, "InvalidFilterInQueryString"),
        (
            format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments?$filter=nonsense()"),
            400,
            "InvalidFilterInQueryString",
        ),
    ] {
        let reply = azure.arm(&path).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path}");
    }
    let setting = format!("{pg}/pg-vectice/providers/Microsoft.Insights/diagnosticSettings/nope");
    assert_eq!(azure.arm(&setting).await.json()["code"], "ResourceNotFound");
    let no_version = azure.send("GET", GROUP, Some(ARM), &[], "").await.unwrap();
    assert_eq!(
        (no_version.status, no_version.code().as_str()),
        (400, "MissingApiVersionParameter")
    );
    let odd = azure.send("GET", &format!("{GROUP}?api-version=latest"), Some(ARM), &[], "").await;
    assert_eq!(odd.unwrap().code(), "InvalidApiVersionParameter");
}

#[tokio::test]
async fn only_reads_are_answered() {
    let azure = serve_named("compliant").await;
    let path = format!("{GROUP}?api-version=2021-04-01");
    for method in ["PUT", "PATCH", "DELETE", "POST"] {
        let reply = azure.send(method, &path, Some(ARM), &[], "{}").await.unwrap();
        assert_eq!(reply.status, 405, "{method}");
    }
    let head = azure.send("HEAD", &path, Some(ARM), &[], "").await.unwrap();
    assert_eq!((head.status, head.text.as_str()), (204, ""));
    let none = azure.send("HEAD", &path.replace("rg-vectice", "x"), Some(ARM), &[], "").await;
    assert_eq!(none.unwrap().status, 404);
    let log = azure.simulator.requests();
    let refused = log.iter().filter(|request| request.status == Some(405)).count();
    assert_eq!((log.len(), refused), (6, 4));
    assert!(log[0].bearer && log[0].audience.as_deref() == Some(ARM));
    assert_eq!((log[0].method.as_str(), log[0].path_and_query.as_str()), ("PUT", path.as_str()));
}

#[tokio::test]
async fn headers_are_arms() {
    let azure = serve_named("compliant").await;
    let first = azure.arm(GROUP).await;
    let second = azure.arm(GROUP).await;
    let left = |name: &str| {
        let number = |text: &str| text.parse::<u32>().unwrap();
        (number(first.header(name)), number(second.header(name)))
    };
    let (before, after) = left("x-ms-ratelimit-remaining-subscription-reads");
    assert!(before == 249 && after < before, "{before} {after}");
    assert_eq!(left("x-ms-ratelimit-remaining-subscription-global-reads").0, 3749);
    assert_eq!(first.header("content-type"), "application/json; charset=utf-8");
    assert_ne!(first.header("x-ms-request-id"), second.header("x-ms-request-id"));
    assert!(first.header("date").ends_with(" GMT"));
}

#[tokio::test]
async fn what_hangs_on_a_scope_is_listed_at_it_and_around_it() {
    let azure = serve_named("compliant").await;
    let at = |scope: &str, kind: &str, filter: &str| {
        format!("{scope}/providers/Microsoft.Authorization/{kind}?$filter={filter}")
    };
    let principal = "33333333-3333-3333-3333-333333333333";
    let assigned = format!("assignedTo('{principal}')");
    let count = async |path: String| azure.arm(&path).await.names().len();
    assert_eq!(count(at(SUBSCRIPTION, "roleAssignments", &assigned)).await, 1);
    assert_eq!(count(at(SUBSCRIPTION, "roleAssignments", "")).await, 7);
    assert_eq!(count(at(GROUP, "roleAssignments", "atScope()")).await, 3);
    assert_eq!(count(at(GROUP, "locks", "atScope()")).await, 0);
    assert_eq!(count(at(GROUP, "locks", "")).await, 3);
    assert_eq!(count(at(GROUP, "denyAssignments", "atScope()")).await, 0);
    assert_eq!(count(at(SUBSCRIPTION, "roleAssignmentScheduleInstances", &assigned)).await, 1);
    assert_eq!(count(at(SUBSCRIPTION, "roleEligibilityScheduleInstances", &assigned)).await, 0);
    let permissions = azure.arm(&at(GROUP, "permissions", "")).await.json();
    let actions = permissions["value"][0]["actions"].as_array().unwrap();
    assert!(actions.contains(&json!("Microsoft.Authorization/locks/read")));

    let inherited = azure.arm(&at(GROUP, "roleAssignments", "atScope()")).await.json();
    let ids: Vec<&str> = inherited["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.iter().any(|id| id.starts_with("/providers/Microsoft.Management/managementGroups/"))
    );
    assert!(ids.iter().any(|id| id.starts_with("/providers/Microsoft.Authorization/")));

    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/stvectice");
    let settings = "providers/Microsoft.Insights/diagnosticSettings";
    assert_eq!(azure.arm(&format!("{account}/{settings}")).await.names().len(), 0);
    let service = format!("{account}/blobServices/default/{settings}");
    assert_eq!(azure.arm(&service).await.names(), ["to-workspace"]);
    let reader = "roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let role =
        azure.arm(&format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/{reader}")).await;
    assert_eq!(role.json()["properties"]["roleName"], "Reader");
    let group =
        "/providers/Microsoft.Management/managementGroups/11111111-1111-1111-1111-111111111111";
    assert_eq!(azure.arm(group).await.status, 200);
}

#[tokio::test]
async fn replicas_are_shown_in_a_poorer_shape() {
    let replica = json!({"clone": "{pg}", "to": "{rg}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-replica"});
    let azure = serve(json!({"description": "a replica", "extends": "compliant", "names": {
            "replica": "{rg}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-replica"},
        "changes": [replica, {"merge": "{replica}", "with": {"properties": {
            "replicationRole": "AsyncReplica", "sourceServerResourceId": "{pg}"}}}]}))
    .await;
    let server = format!("{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice");
    let list = azure.arm(&format!("{server}/replicas")).await;
    let entry = &list.json()["value"][0];
    assert_eq!(
        (entry["name"].as_str(), entry["location"].as_str()),
        (Some("pg-replica"), Some("westeurope"))
    );
    assert!(entry["properties"].get("version").is_none());
    let backups =
        azure.arm(&format!("{}/backups", server.replace("pg-vectice", "pg-replica"))).await;
    assert_eq!(backups.names().len(), 14);
}
