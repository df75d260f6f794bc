//! Resource Graph: the two queries of the audit, their pages, what is left out, and refusals.

use serde_json::{Value, json};

use super::support::{ARM, Azure, GROUP, NETWORK, Reply, changed, serve, serve_named};

const VERSION: &str = "2022-10-01";
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";
const SP: &str = "33333333-3333-3333-3333-333333333333";
const ALL_LEVELS: &str = "AtScopeAboveAndBelow";

async fn post(azure: &Azure, version: &str, body: &str) -> Reply {
    let path = format!("/providers/Microsoft.ResourceGraph/resources?api-version={version}");
    let headers = [("content-type", "application/json")];
    azure.send("POST", &path, Some(ARM), &headers, body).await.unwrap()
}

/// The answer to a query that is good.
async fn ask(azure: &Azure, query: &str, options: Value) -> Value {
    let body = json!({"query": query, "options": options}).to_string();
    let reply = post(azure, VERSION, &body).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.json()
}

/// A01, as the audit sends it.
fn assignments_of(principals: &[&str]) -> String {
    let principals: Vec<String> = principals.iter().map(|id| format!("'{id}'")).collect();
    format!(
        "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' \
         | where tolower(tostring(properties.principalId)) in ({}) \
         | project id, scope=properties.scope, role=properties.roleDefinitionId, \
         principal=properties.principalId | order by id asc",
        principals.join(",")
    )
}

/// A02, as the audit sends it.
fn links_of(vnet: &str) -> String {
    format!(
        "resources | where type =~ 'microsoft.network/privatednszones/virtualnetworklinks' \
         | where tolower(tostring(properties.virtualNetwork.id)) =~ '{vnet}' \
         | project id, properties | order by id asc"
    )
}

fn column(answer: &Value, name: &str) -> Vec<String> {
    let rows = answer["data"].as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap_or("?").to_owned()).collect()
}

#[tokio::test]
async fn assignments_of_a_principal_are_found_wherever_they_are() {
    let azure = changed(json!([
        {"add": "{root-group}/providers/Microsoft.Authorization/roleAssignments/inherited",
            "body": {"properties": {"principalId": SP.to_uppercase(), "roleDefinitionId": "{reader}"}}}
    ]))
    .await;
    let all =
        ask(&azure, &assignments_of(&[SP]), json!({"authorizationScopeFilter": ALL_LEVELS})).await;
    assert_eq!((&all["totalRecords"], &all["count"]), (&json!(2), &json!(2)));
    assert_eq!((&all["facets"], &all["resultTruncated"]), (&json!([]), &json!("false")));
    assert!(all.get("$skipToken").is_none());
    let rows = all["data"].as_array().unwrap();
    assert!(rows[0]["id"].as_str().unwrap().starts_with("/providers/Microsoft.Management/"));
    assert_eq!(
        rows[1]["scope"],
        format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/stvectice")
    );
    assert_eq!(rows[1]["principal"], SP);
    assert_eq!(rows[1].as_object().unwrap().len(), 4);
    // What is inherited is left out unless it is asked for, and old versions cannot ask.
    for (version, options, expected) in [
        (VERSION, json!({}), 1),
        (VERSION, json!({"authorizationScopeFilter": "atScopeAndBelow"}), 1),
        (VERSION, json!({"authorizationScopeFilter": "AtScopeAndAbove"}), 1),
        (VERSION, json!({"authorizationScopeFilter": "AtScopeExact"}), 0),
        ("2021-03-01", json!({"authorizationScopeFilter": ALL_LEVELS}), 1),
        ("2021-06-01-preview", json!({"authorizationScopeFilter": ALL_LEVELS}), 2),
    ] {
        let body = json!({"query": assignments_of(&[SP]), "options": options}).to_string();
        let reply = post(&azure, version, &body).await;
        assert_eq!(reply.json()["count"], expected, "{version} {options}");
    }
    let body =
        json!({"query": assignments_of(&[SP]), "subscriptions": [SUBSCRIPTION.to_uppercase()]});
    assert_eq!(post(&azure, VERSION, &body.to_string()).await.json()["count"], 1);
}

#[tokio::test]
async fn links_of_a_network_are_found() {
    let azure = serve_named("compliant").await;
    let vnet = format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-aks");
    let links = ask(&azure, &links_of(&vnet.to_lowercase()), json!({})).await;
    assert_eq!(links["count"], 1);
    assert_eq!(links["data"][0]["properties"]["virtualNetwork"]["id"], vnet);
    assert!(column(&links, "id")[0].ends_with("/virtualNetworkLinks/aks"));
    let none = ask(&azure, &links_of("/subscriptions/x"), json!({})).await;
    assert_eq!((&none["totalRecords"], &none["data"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn rows_have_the_columns_of_resource_graph() {
    let azure = serve_named("compliant").await;
    let query = "where type =~ 'Microsoft.DBforPostgreSQL/flexibleServers'";
    let answer = ask(&azure, query, json!({"resultFormat": "objectArray"})).await;
    let row = &answer["data"][0];
    assert_eq!(row["type"], "microsoft.dbforpostgresql/flexibleservers");
    assert_eq!(
        (&row["resourceGroup"], &row["subscriptionId"]),
        (&json!("rg-vectice"), &json!(SUBSCRIPTION))
    );
    assert_eq!((&row["kind"], &row["zones"]), (&json!(""), &Value::Null));
    assert_eq!(row["tenantId"], "11111111-1111-1111-1111-111111111111");
    assert_eq!(row.as_object().unwrap().len(), 16);
    // Children of a server are not in the table.
    for kind in ["flexibleServers/databases", "flexibleServers/backups"] {
        let query = format!("resources | where type =~ 'Microsoft.DBforPostgreSQL/{kind}'");
        assert_eq!(ask(&azure, &query, json!({})).await["count"], 0, "{kind}");
    }
}

#[tokio::test]
async fn pages_follow_a_token() {
    let azure = serve_named("compliant").await;
    let query = "Resources | project id | order by id asc";
    let whole = ask(&azure, query, json!({})).await;
    let total = whole["totalRecords"].as_u64().unwrap();
    assert!(total > 7, "{total}");
    let mut ids = Vec::new();
    let mut options = json!({"$top": 3});
    let mut pages = 0;
    loop {
        let page = ask(&azure, query, options).await;
        assert_eq!(
            (&page["totalRecords"], &page["resultTruncated"]),
            (&json!(total), &json!("false"))
        );
        ids.extend(column(&page, "id"));
        pages += 1;
        let Some(token) = page.get("$skipToken") else { break };
        options = json!({"$top": 3, "$skipToken": token});
    }
    assert_eq!((ids, pages), (column(&whole, "id"), total.div_ceil(3)));
    let skipped = ask(&azure, query, json!({"$skip": total - 1, "$top": 3})).await;
    assert_eq!(column(&skipped, "id"), column(&whole, "id")[total as usize - 1..]);
    // Without ids there is no going on.
    let cut = ask(&azure, "resources | project name", json!({"$top": 3})).await;
    assert_eq!((&cut["resultTruncated"], cut.get("$skipToken")), (&json!("true"), None));
    let small =
        serve(json!({"description": "small pages", "extends": "compliant", "page_size": 2})).await;
    let page = ask(&small, query, json!({"$top": 3})).await;
    assert_eq!((&page["count"], page["$skipToken"].is_string()), (&json!(2), true));
}

#[tokio::test]
async fn what_the_auditor_may_not_read_is_left_out_without_a_word() {
    let vnet = format!("{GROUP}/{NETWORK}/virtualNetworks/vnet-aks");
    let actions = "{auditor-role}#/properties/permissions/0/actions";
    let azure = changed(json!([
        {"set": actions, "to": ["Microsoft.Resources/subscriptions/read", "Microsoft.Network/*"]},
        {"set": "{auditor-role}#/properties/permissions/0/notActions",
            "to": ["Microsoft.Network/privateDnsZones/virtualNetworkLinks/Read"]}
    ]))
    .await;
    let answer = ask(&azure, &links_of(&vnet), json!({})).await;
    assert_eq!((&answer["totalRecords"], &answer["resultTruncated"]), (&json!(0), &json!("false")));
    let networks = "resources | where type =~ 'microsoft.network/virtualnetworks' | project id";
    assert_eq!(ask(&azure, networks, json!({})).await["count"], 2);
    let servers = "resources | where type =~ 'microsoft.dbforpostgresql/flexibleservers'";
    assert_eq!(ask(&azure, servers, json!({})).await["count"], 0);
    let options = json!({"authorizationScopeFilter": ALL_LEVELS});
    assert_eq!(ask(&azure, &assignments_of(&[SP]), options).await["count"], 0);

    let blind = changed(json!([
        {"remove": "{sub}/providers/Microsoft.Authorization/roleAssignments/e0000000-0000-4000-8000-000000000002"}
    ]))
    .await;
    assert_eq!(ask(&blind, networks, json!({})).await["count"], 0);
    let body = json!({"query": networks, "subscriptions": [SUBSCRIPTION]}).to_string();
    let reply = post(&blind, VERSION, &body).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "BadRequest"));
    let detail = &reply.json()["error"]["details"][0];
    assert_eq!(detail["code"], "NoValidSubscriptionsInQueryRequest");
}

#[tokio::test]
async fn a_group_lends_its_eyes() {
    let azure = changed(json!([
        {"remove": "{sub}/providers/Microsoft.Authorization/roleAssignments/e0000000-0000-4000-8000-000000000002"},
        {"merge": "graph:groups/{security-team}", "with": {"members": ["{auditor}"]}}
    ]))
    .await;
    let networks = "resources | where type =~ 'microsoft.network/virtualnetworks' | project id";
    assert_eq!(ask(&azure, networks, json!({})).await["count"], 2);
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let azure = serve_named("compliant").await;
    for (body, code, position) in [
        (json!({"query": "resources | where id has 'x'"}), "ParserFailure", json!(21)),
        (json!({"query": "resources | summarize count()"}), "ParserFailure", json!(12)),
        (json!({"query": ""}), "ParserFailure", json!(0)),
        (json!({"query": "dnsresources | project id"}), "DisallowedLogicalTableName", Value::Null),
    ] {
        let reply = post(&azure, VERSION, &body.to_string()).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "BadRequest"), "{body}");
        let details = reply.json()["error"]["details"].take();
        assert_eq!(details[0]["code"], "InvalidQuery", "{body}");
        assert_eq!(
            (&details[1]["code"], &details[1]["characterPositionInLine"]),
            (&json!(code), &position)
        );
    }
    for (body, code) in [
        (json!({"query": "resources", "options": {"$skipToken": "x"}}), "InvalidSkipToken"),
        (
            json!({"query": "resources", "options": {"authorizationScopeFilter": "AtScope"}}),
            "InvalidAuthorizationScopeFilter",
        ),
        (json!({"subscriptions": []}), "InvalidRequestBody"),
    ] {
        let reply = post(&azure, VERSION, &body.to_string()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.json()["error"]["details"][0]["code"], code, "{body}");
    }
    for (version, options) in
        [(VERSION, json!({"resultFormat": "table"})), ("2019-04-01", json!({}))]
    {
        let body = json!({"query": "resources", "options": options}).to_string();
        let reply = post(&azure, version, &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (501, "NotImplemented"));
    }
    let path = "/providers/Microsoft.ResourceGraph/resources";
    let reply = azure.send("POST", path, Some(ARM), &[], "{}").await.unwrap();
    assert_eq!((reply.status, reply.code().as_str()), (400, "MissingApiVersionParameter"));
    let reply = azure.send("POST", path, None, &[], "{}").await.unwrap();
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn the_quota_and_faults_are_told() {
    let azure = serve(json!({"description": "throttled", "extends": "compliant", "faults": [
        {"on": "POST /providers/Microsoft.ResourceGraph/*", "status": 429, "skip": 1, "times": 1,
            "headers": {"Retry-After": "2"}}
    ]}))
    .await;
    let body = json!({"query": "resources | project id | order by id asc"}).to_string();
    let first = post(&azure, VERSION, &body).await;
    assert_eq!((first.status, first.header("x-ms-user-quota-remaining")), (200, "14"));
    assert_eq!(first.header("x-ms-user-quota-resets-after"), "00:00:05");
    assert_eq!(first.header("x-ms-ratelimit-remaining-tenant-resource-requests"), "14");
    assert_eq!(first.header("x-ms-ratelimit-remaining-tenant-reads"), "");
    let second = post(&azure, VERSION, &body).await;
    assert_eq!((second.status, second.header("retry-after")), (429, "2"));
    assert_eq!(post(&azure, VERSION, &body).await.status, 200);
}
