//! The token endpoint, discovery, and what services say to bad tokens.

use serde_json::json;
use vaudit_simulator::DEMO_AUDITOR;

use super::support::{ARM, Azure, GRAPH, Reply, STORAGE, serve, serve_named};

fn form(client: &str, secret: &str, scope: &str) -> String {
    format!("grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={scope}")
}

fn token_path(tenant: &str) -> String {
    format!("/{tenant}/oauth2/v2.0/token")
}

async fn sign_in(azure: &Azure, scope: &str) -> Reply {
    let form = form(DEMO_AUDITOR.client_id, DEMO_AUDITOR.client_secret, scope);
    azure.post(&token_path(DEMO_AUDITOR.tenant), &form).await
}

#[tokio::test]
async fn a_secret_buys_a_token_for_one_service() {
    let azure = serve_named("compliant").await;
    let reply = sign_in(&azure, "https%3A%2F%2Fmanagement.azure.com%2F.default").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let body = reply.json();
    assert_eq!(
        (body["token_type"].as_str(), body["expires_in"].as_i64()),
        (Some("Bearer"), Some(3600))
    );
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let bearer = [("authorization", bearer.as_str())];
    let arm = azure.send("GET", "/subscriptions?api-version=2021-01-01", None, &bearer, "").await;
    assert_eq!(arm.unwrap().status, 200);
    let graph = azure.send("GET", "/v1.0/groups", None, &bearer, "").await.unwrap();
    assert_eq!((graph.status, graph.code().as_str()), (401, "InvalidAuthenticationToken"));
    assert!(graph.text.contains("Invalid audience"));
    assert!(graph.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn refusals_are_entras_own() {
    let scope = "https%3A%2F%2Fmanagement.azure.com%2F.default";
    let expired = json!({"description": "an expired secret", "auditors": [{"tenant": "t",
        "client_id": "old", "secret": "s", "object_id": "o", "secret_expired": true}]});
    let azure = serve(expired).await;
    for (tenant, form, status, error, code) in [
        ("t", form("old", "s", scope), 401, "invalid_client", 7_000_222),
        ("t", form("old", "wrong", scope), 401, "invalid_client", 7_000_215),
        ("t", form("other", "s", scope), 400, "unauthorized_client", 700_016),
        ("unknown", form("old", "s", scope), 400, "invalid_request", 90_002),
        ("t", form("old", "", scope), 401, "invalid_client", 7_000_216),
        ("t", form("old", "s", ""), 400, "invalid_request", 900_144),
        ("t", "grant_type=password".to_owned(), 400, "unsupported_grant_type", 70_003),
    ] {
        let reply = azure.post(&token_path(tenant), &form).await;
        let body = reply.json();
        assert_eq!((reply.status, body["error"].as_str()), (status, Some(error)), "{form}");
        assert_eq!(body["error_codes"], json!([code]));
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
        for field in ["timestamp", "trace_id", "correlation_id"] {
            assert!(body[field].is_string(), "{field}");
        }
    }
    let get = azure.send("GET", &token_path("t"), None, &[], "").await.unwrap();
    assert_eq!(get.status, 405);
}

fn assertion_form(assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id={}&client_assertion={assertion}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &scope=https%3A%2F%2Fstorage.azure.com%2F.default",
        DEMO_AUDITOR.client_id
    )
}

#[tokio::test]
async fn a_federated_token_is_as_good_as_a_secret() {
    let azure = serve(json!({"description": "an issuer that is trusted", "auditors": [{
        "tenant": DEMO_AUDITOR.tenant, "client_id": DEMO_AUDITOR.client_id, "secret": "s",
        "object_id": "o", "federation": {"issuer": "https://issuer", "subject": "job"}}]}))
    .await;
    let path = token_path(DEMO_AUDITOR.tenant);
    let trusted = azure.simulator.federated_token("https://issuer", "job");
    let reply = azure.post(&path, &assertion_form(&trusted)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    // `{"aud": "else", …}`, `{"x5t#S256": "?"}`
    for (assertion, code) in [
        ("a.b.c".to_owned(), 50_027),
        ("nothing".to_owned(), 50_027),
        (azure.simulator.federated_token("https://issuer", "other"), 700_213),
        ("e30.eyJhdWQiOiJlbHNlIn0.x".to_owned(), 700_212),
        ("eyJ4NXQjUzI1NiI6Ij8ifQ.e30.AAAA".to_owned(), 700_027),
    ] {
        let body = azure.post(&path, &assertion_form(&assertion)).await.json();
        assert_eq!(body["error_codes"], json!([code]), "{assertion}: {body}");
    }
    let unknown =
        azure.post(&path, &form(DEMO_AUDITOR.client_id, "s", "https%3A%2F%2Fe.com")).await;
    assert_eq!(unknown.json()["error"], "invalid_resource");
}

#[tokio::test]
async fn a_job_of_azure_pipelines_gets_a_token_to_exchange() {
    let azure = serve_named("compliant").await;
    let job = "/org/project/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken";
    let path = format!("{job}?api-version=7.1&serviceConnectionId=3");
    let bearer = format!("Bearer {}", DEMO_AUDITOR.client_secret);
    let own = [("authorization", bearer.as_str())];
    let reply = azure.send("POST", &path, None, &own, "").await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    let token = reply.json()["oidcToken"].as_str().unwrap().to_owned();
    let exchanged = azure.post(&token_path(DEMO_AUDITOR.tenant), &assertion_form(&token)).await;
    assert_eq!(exchanged.status, 200, "{}", exchanged.text);
    let foreign = [("authorization", "Bearer x")];
    for (method, path, headers, status) in [
        ("POST", path.as_str(), &foreign[..], 401),
        ("POST", &path, &[], 401),
        ("POST", job, &own, 400),
        ("POST", "/org/project/_apis/build/builds", &own, 404),
        ("GET", &path, &own, 405),
    ] {
        let reply = azure.send(method, path, None, headers, "").await.unwrap();
        assert_eq!(reply.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn discovery_names_the_host_the_client_came_by() {
    let azure = serve_named("compliant").await;
    let path = format!("/{}/v2.0/.well-known/openid-configuration", DEMO_AUDITOR.tenant);
    let reply = azure.send("GET", &path, None, &[], "").await.unwrap();
    let endpoint = reply.json()["token_endpoint"].as_str().unwrap().to_owned();
    let expected = format!("{}{}", azure.simulator.url(), token_path(DEMO_AUDITOR.tenant));
    assert_eq!(endpoint, expected);
    let instance = "/common/discovery/instance?api-version=1.1";
    let reply = azure.send("GET", instance, None, &[], "").await.unwrap();
    let host = azure.simulator.address().to_string();
    assert_eq!(reply.json()["metadata"][0]["preferred_network"], host);
    let unknown =
        azure.send("GET", "/x/v2.0/.well-known/openid-configuration", None, &[], "").await;
    assert_eq!(unknown.unwrap().status, 400);
}

#[tokio::test]
async fn a_managed_identity_gets_its_token_from_the_metadata_endpoint() {
    let azure = serve_named("compliant").await;
    let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F\
                management.azure.com%2F";
    let refused = azure.send("GET", path, None, &[], "").await.unwrap();
    assert_eq!(refused.status, 400);
    let reply = azure.send("GET", path, None, &[("metadata", "true")], "").await.unwrap();
    let body = reply.json();
    assert!(body["expires_on"].is_string() && body["access_token"].is_string());
    let wrong = format!("{path}&client_id=somebody");
    let wrong = azure.send("GET", &wrong, None, &[("metadata", "true")], "").await.unwrap();
    assert_eq!(
        (wrong.status, wrong.json()["error_description"].as_str()),
        (400, Some("Identity not found"))
    );
    let app = "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com";
    for (header, status) in [(DEMO_AUDITOR.client_secret, 200), ("wrong", 401)] {
        let headers = [("x-identity-header", header)];
        let reply = azure.send("GET", app, None, &headers, "").await.unwrap();
        assert_eq!(reply.status, status, "{}", reply.text);
    }
}

#[tokio::test]
async fn every_service_refuses_bad_tokens_in_its_own_shape() {
    let azure = serve_named("compliant").await;
    let arm = "/subscriptions?api-version=2021-01-01";
    let blob = "/stvectice/vectice?restype=container&comp=list";
    let garbage = [("authorization", "Bearer a.b.c")];
    for (path, none, bad) in [
        (arm, "AuthenticationFailed", "InvalidAuthenticationToken"),
        ("/v1.0/groups", "InvalidAuthenticationToken", "InvalidAuthenticationToken"),
        (blob, "NoAuthenticationInformation", "InvalidAuthenticationInfo"),
    ] {
        let missing = azure.send("GET", path, None, &[], "").await.unwrap();
        let wrong = azure.send("GET", path, None, &garbage, "").await.unwrap();
        for (reply, code) in [(missing, none), (wrong, bad)] {
            assert_eq!(reply.status, 401);
            assert!(reply.text.contains(code), "{}", reply.text);
            assert!(reply.header("www-authenticate").starts_with("Bearer"));
            assert!(!reply.header("date").is_empty());
        }
    }
    let wrong = azure.send("GET", arm, Some(STORAGE), &[], "").await.unwrap();
    assert_eq!(wrong.code(), "InvalidAuthenticationTokenAudience");
    let wrong = azure.send("GET", blob, Some(ARM), &[], "").await.unwrap();
    assert!(wrong.text.contains("Audience validation failed"));
    let right = azure.send("GET", "/v1.0/groups", Some(GRAPH), &[], "").await.unwrap();
    assert_eq!(right.status, 200);
    let own = azure.simulator.url();
    for path in [arm, "/v1.0/groups"] {
        let reply = azure.send("GET", path, Some(&own), &[], "").await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_says_so() {
    let azure = serve(json!({"description": "short-lived tokens", "auditors": [{"tenant": "t",
        "client_id": "c", "secret": "s", "object_id": "o", "token_lifetime": "-1m"}]}))
    .await;
    let reply = azure.arm("/subscriptions").await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "ExpiredAuthenticationToken"));
    assert!(reply.text.contains("is earlier than current UTC time"), "{}", reply.text);
}
