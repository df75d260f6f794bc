//! Graph: keys, navigation properties, membership through groups, filters, pages, errors.

use serde_json::{Value, json};

use super::support::{GRAPH, serve, serve_named};

const CLIENT: &str = "22222222-2222-2222-2222-222222222222";
const PRINCIPAL: &str = "33333333-3333-3333-3333-333333333333";

fn ids(list: &Value) -> Vec<String> {
    let items = list["value"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap_or("?").to_owned()).collect()
}

#[tokio::test]
async fn a_principal_is_found_by_either_key() {
    let azure = serve_named("compliant").await;
    for path in [
        format!("servicePrincipals(appId='{CLIENT}')"),
        format!("servicePrincipals/{PRINCIPAL}"),
        format!("servicePrincipals('{PRINCIPAL}')"),
    ] {
        let reply = azure.graph(&path).await;
        let body = reply.json();
        assert_eq!((reply.status, body["appId"].as_str()), (200, Some(CLIENT)), "{path}");
        assert!(body["accountEnabled"].as_bool().unwrap());
        assert!(body.as_object().unwrap().contains_key("disabledByMicrosoftStatus"));
        assert!(body.get("appRoleAssignments").is_none(), "navigation properties are elsewhere");
        let context = format!("{}/v1.0/$metadata#servicePrincipals/$entity", azure.simulator.url());
        assert_eq!(body["@odata.context"], context);
        assert!(!reply.header("request-id").is_empty());
        assert!(reply.header("content-type").contains("odata.metadata=minimal"));
    }
    let application = azure.graph(&format!("applications(appId='{CLIENT}')")).await.json();
    let secret = &application["passwordCredentials"][0];
    assert_eq!(
        (secret["displayName"].as_str(), secret["secretText"].is_null()),
        (Some("helm"), true)
    );
    let selected =
        azure.graph(&format!("servicePrincipals/{PRINCIPAL}?$select=id,appId")).await.json();
    assert_eq!(selected.as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn every_collection_of_a_principal_is_there() {
    let azure = serve_named("compliant").await;
    let principal = format!("servicePrincipals(appId='{CLIENT}')");
    for path in [
        format!("{principal}/appRoleAssignments"),
        format!("{principal}/oauth2PermissionGrants"),
        format!("{principal}/transitiveMemberOf"),
        format!("{principal}/ownedObjects"),
        format!("applications(appId='{CLIENT}')/owners"),
        format!("applications(appId='{CLIENT}')/federatedIdentityCredentials"),
        format!(
            "roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{PRINCIPAL}'"
        ),
        "directory/deletedItems/microsoft.graph.servicePrincipal".to_owned(),
    ] {
        let reply = azure.graph(&path).await;
        assert_eq!((reply.status, reply.json()["value"].clone()), (200, json!([])), "{path}");
    }
    let grants = azure
        .graph("servicePrincipals(appId='aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa')/appRoleAssignments")
        .await;
    assert_eq!(grants.json()["value"][0]["resourceDisplayName"], "Microsoft Graph");
}

#[tokio::test]
async fn membership_reaches_through_groups_and_roles() {
    let azure = serve(json!({"description": "groups", "extends": "compliant", "changes": [
        {"add": "graph:groups/g1", "body": {"members": ["{sp}"], "displayName": "Inner"}},
        {"add": "graph:groups/g2", "body": {"members": ["g1"]}},
        {"add": "graph:roleAssignments/r1", "body": {"principalId": "g2", "directoryScopeId": "/",
            "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10"}},
        {"set": "graph:applications/{app}#/owners", "to": ["{sp}"]},
        {"add": "graph:deletedItems/d1", "body": {"@odata.type": "#microsoft.graph.servicePrincipal"}}
    ]}))
    .await;
    let principal = format!("servicePrincipals/{PRINCIPAL}");
    let members = azure.graph(&format!("{principal}/transitiveMemberOf")).await.json();
    assert_eq!(ids(&members), ["g1", "g2", "a1111111-0000-4000-8000-000000000001"]);
    let kinds: Vec<&str> = members["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["@odata.type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds[2], "#microsoft.graph.directoryRole");
    let groups =
        azure.graph(&format!("{principal}/transitiveMemberOf/microsoft.graph.group")).await;
    assert_eq!(ids(&groups.json()), ["g1", "g2"]);
    let direct = azure.graph(&format!("{principal}/memberOf/microsoft.graph.group")).await.json();
    assert_eq!(ids(&direct), ["g1"]);
    let owned = azure.graph(&format!("{principal}/ownedObjects")).await.json();
    assert_eq!(ids(&owned), ["44444444-4444-4444-4444-444444444444"]);
    assert_eq!(ids(&azure.graph("groups/g2/members").await.json()), ["g1"]);
    let deleted =
        azure.graph("directory/deletedItems/microsoft.graph.servicePrincipal").await.json();
    assert_eq!(ids(&deleted), ["d1"]);
    assert_eq!(azure.graph("directory/deletedItems/d1").await.status, 200);
}

#[tokio::test]
async fn filters_and_pages() {
    let azure =
        serve(json!({"description": "pages", "extends": "compliant", "page_size": 1})).await;
    let one =
        azure.graph(&format!("servicePrincipals?$filter=appId%20eq%20'{CLIENT}'")).await.json();
    assert_eq!(ids(&one), [PRINCIPAL]);
    assert!(one.get("@odata.nextLink").is_none());
    let mut page = azure.graph("servicePrincipals").await.json();
    let mut found = ids(&page);
    while let Some(link) = page["@odata.nextLink"].as_str() {
        page = azure.follow(link, GRAPH).await.json();
        found.extend(ids(&page));
    }
    assert_eq!(found.len(), 4);
    let wrong = azure.graph("servicePrincipals?$filter=appId%20gt%205").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "Request_UnsupportedQuery"));
}

#[tokio::test]
async fn errors_are_graphs() {
    let azure = serve_named("compliant").await;
    for (path, status, code) in [
        ("servicePrincipals(appId='nobody')", 404, "Request_ResourceNotFound"),
        ("servicePrincipals/nobody/owners", 404, "Request_ResourceNotFound"),
        ("nonsense/x", 404, "Request_ResourceNotFound"),
        ("groups/77777777-7777-7777-7777-777777777777/nonsense", 404, "Request_ResourceNotFound"),
    ] {
        let reply = azure.graph(path).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path}");
        assert!(reply.json()["error"]["innerError"]["request-id"].is_string());
    }
    let post = azure.send("POST", "/v1.0/groups", Some(GRAPH), &[], "{}").await.unwrap();
    assert_eq!(post.status, 405);
    let batch = azure.send("POST", "/v1.0/$batch", Some(GRAPH), &[], "{}").await.unwrap();
    assert_eq!((batch.status, batch.code().as_str()), (501, "NotImplemented"));
}
