//! Faults: refusals, outages, foreign links, pages that fail, broken connections.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{ARM, Azure, GROUP, serve};

async fn with_faults(faults: Value) -> Azure {
    serve(
        json!({"description": "faults", "extends": "compliant", "page_size": 5, "faults": faults}),
    )
    .await
}

const BACKUPS: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-vectice/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice/backups";

#[tokio::test]
async fn a_refusal_is_azures_sentence() {
    let azure = with_faults(json!([{"on": "get {pg}/BACKUPS?*", "status": 403}])).await;
    let reply = azure.arm(BACKUPS).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "AuthorizationFailed"));
    let expected = format!(
        "The client 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' with object id \
         'bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb' does not have authorization to perform action \
         'Microsoft.DBforPostgreSQL/flexibleServers/backups/read' over scope '{}' or the scope is \
         invalid. If access was recently granted, please refresh your credentials.",
        BACKUPS.trim_end_matches("/backups")
    );
    assert_eq!(reply.json()["error"]["message"], expected);
    assert_eq!(azure.arm(GROUP).await.status, 200);
}

#[tokio::test]
async fn every_service_fails_in_its_own_words() {
    let azure = with_faults(json!([
        {"on": "GET /v1.0/groups*", "status": 403},
        {"on": "GET /v1.0/users*", "status": 429, "headers": {"Retry-After": "7"}},
        {"on": "GET /stvectice/*", "status": 403, "code": "AuthorizationFailure"},
        {"on": "GET /stvecticebkp/*", "status": 503},
        {"on": "GET */locks?*", "status": 409, "code": "ServerIsBusy", "message": "Busy."},
        {"on": "GET */permissions?*", "status": 504},
        {"on": "POST */oauth2/v2.0/token", "status": 503}
    ]))
    .await;
    assert_eq!(azure.graph("groups").await.code(), "Authorization_RequestDenied");
    let throttled = azure.graph("users").await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, "7"));
    let list = "restype=container&comp=list";
    let firewall = azure.blob(&format!("/stvectice/vectice?{list}")).await;
    assert_eq!(firewall.header("x-ms-error-code"), "AuthorizationFailure");
    let busy = azure.blob(&format!("/stvecticebkp/vectice-backup?{list}")).await;
    assert_eq!((busy.status, busy.header("x-ms-error-code")), (503, "ServerBusy"));
    let authorization = format!("{GROUP}/providers/Microsoft.Authorization");
    let locks = azure.arm(&format!("{authorization}/locks")).await.json();
    assert_eq!(locks["error"], json!({"code": "ServerIsBusy", "message": "Busy."}));
    let timeout = azure.arm(&format!("{authorization}/permissions")).await;
    assert!(timeout.text.contains("did not receive a response from 'Microsoft.Authorization'"));
    let token = azure.post("/t/oauth2/v2.0/token", "").await;
    assert_eq!(
        (token.status, token.json()["error"].as_str()),
        (503, Some("temporarily_unavailable"))
    );
}

#[tokio::test]
async fn the_second_page_fails_once() {
    let azure =
        with_faults(json!([{"on": "GET */backups?*", "status": 500, "skip": 1, "times": 1}])).await;
    let first = azure.arm(BACKUPS).await.json();
    let next = first["nextLink"].as_str().unwrap();
    assert_eq!(azure.follow(next, ARM).await.status, 500);
    assert_eq!(azure.follow(next, ARM).await.status, 200);
}

#[tokio::test]
async fn answers_are_altered() {
    let azure = with_faults(json!([
        {"on": "GET */backups?*", "next_link": "https://evil.example/next"},
        {"on": "GET */virtualNetworks/vnet-pg?*", "patch": {"location": null, "extra": 1}, "headers": {"Date": null}},
        {"on": "GET */virtualNetworks/vnet-aks?*", "status": 503, "body": "<html>down</html>"},
        {"on": "GET */locks?*", "body": {"value": [{}]}},
        {"on": "GET /v1.0/groups", "next_link": "https://evil.example/graph"}
    ]))
    .await;
    assert_eq!(azure.arm(BACKUPS).await.json()["nextLink"], "https://evil.example/next");
    let network = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks");
    let patched = azure.arm(&format!("{network}/vnet-pg")).await;
    assert!(patched.json().get("location").is_none() && patched.json()["extra"] == 1);
    assert!(!patched.headers.contains_key("date"));
    let html = azure.arm(&format!("{network}/vnet-aks")).await;
    assert_eq!((html.status, html.header("content-type")), (503, "text/html"));
    let locks = azure.arm(&format!("{GROUP}/providers/Microsoft.Authorization/locks")).await;
    assert_eq!((locks.status, locks.json()), (200, json!({"value": [{}]})));
    let graph = azure.graph("groups").await.json();
    assert_eq!(graph["@odata.nextLink"], "https://evil.example/graph");
}

#[tokio::test]
async fn connections_break_and_answers_tarry() {
    let azure = with_faults(json!([
        {"on": "GET */locks?*", "drop": true, "times": 1},
        {"on": "GET */permissions?*", "delay_ms": 60}
    ]))
    .await;
    let locks = format!("{GROUP}/providers/Microsoft.Authorization/locks?api-version=2020-05-01");
    assert!(azure.send("GET", &locks, Some(ARM), &[], "").await.is_err());
    assert_eq!(azure.send("GET", &locks, Some(ARM), &[], "").await.unwrap().status, 200);
    assert_eq!(azure.simulator.requests()[0].status, None);
    let start = Instant::now();
    azure.arm(&format!("{GROUP}/providers/Microsoft.Authorization/permissions")).await;
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_blob_listing_can_lead_elsewhere_too() {
    let azure =
        with_faults(json!([{"on": "GET /stvectice/vectice?*", "next_link": "foreign"}])).await;
    let reply = azure.blob("/stvectice/vectice?restype=container&comp=list").await;
    assert!(reply.text.ends_with("<NextMarker>foreign</NextMarker></EnumerationResults>"));
}
