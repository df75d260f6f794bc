//! The Blob service: listings in Azure's XML, markers, folders, errors.

use serde_json::json;

use super::support::{Azure, STORAGE, serve, serve_named};

const BACKUPS: &str = "/stvecticebkp/vectice-backup?restype=container&comp=list";

/// The texts of all elements of a name.
fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = xml.split(&open).skip(1);
    parts.filter_map(|part| Some(part.split_once(&close)?.0.to_owned())).collect()
}

async fn listing(azure: &Azure, query: &str) -> String {
    let path = format!("/acc/c?restype=container&comp=list{query}");
    let reply = azure.blob(&path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

async fn odd_names() -> Azure {
    serve(json!({
        "description": "odd names", "now": "2026-11-22T09:00:00Z",
        "blobs": {"acc/c": [
            {"name": "a/ü & <b>.txt", "size": 3, "md5": "AAAAAAAAAAAAAAAAAAAAAA==", "created": "{now-1h}"},
            {"name": "a/b/c", "size": 5, "created": "{now-2h}", "modified": "{now-1h}", "omit": ["Creation-Time"],
             "metadata": {"k": "v"}, "tier": "Archive",
             "copy": {"id": "i", "status": "failed", "description": "500 no", "completed": "{now}"}},
            {"name": "d", "size": 0, "created": "{now}", "content_type": "text/plain"}
        ]}
    }))
    .await
}

#[tokio::test]
async fn a_listing_is_azures_xml() {
    let azure = odd_names().await;
    let xml = listing(&azure, "&include=copy,metadata").await;
    assert!(
        xml.starts_with("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults")
    );
    let endpoint =
        format!("ServiceEndpoint=\"{}/acc/\" ContainerName=\"c\"", azure.simulator.url());
    assert!(xml.contains(&endpoint), "{xml}");
    assert_eq!(texts(&xml, "Name"), ["a/b/c", "a/ü &amp; &lt;b&gt;.txt", "d"]);
    assert_eq!(
        texts(&xml, "Creation-Time"),
        ["Sun, 22 Nov 2026 08:00:00 GMT", "Sun, 22 Nov 2026 09:00:00 GMT"]
    );
    assert_eq!(texts(&xml, "Content-Length"), ["5", "3", "0"]);
    assert_eq!(texts(&xml, "Content-MD5"), ["AAAAAAAAAAAAAAAAAAAAAA=="]);
    assert_eq!(texts(&xml, "CopyStatus"), ["failed"]);
    assert_eq!(texts(&xml, "CopyProgress"), ["0/5"]);
    assert_eq!(texts(&xml, "AccessTier"), ["Archive", "Hot", "Hot"]);
    assert_eq!(texts(&xml, "k"), ["v"]);
    assert!(xml.ends_with("<NextMarker /></EnumerationResults>"));
    let plain = listing(&azure, "").await;
    assert!(!plain.contains("CopyStatus") && !plain.contains("<Metadata>"));
}

#[tokio::test]
async fn folders_prefixes_and_markers() {
    let azure = odd_names().await;
    let xml = listing(&azure, "&delimiter=%2F").await;
    assert!(xml.contains("<Delimiter>/</Delimiter>"));
    assert!(xml.contains("<BlobPrefix><Name>a/</Name></BlobPrefix>"), "{xml}");
    assert_eq!(texts(&xml, "Name"), ["a/", "d"]);
    let below = listing(&azure, "&prefix=a%2F&delimiter=%2F").await;
    assert_eq!(texts(&below, "Name")[0], "a/b/");
    let mut names = Vec::new();
    let mut marker = String::new();
    loop {
        let page = listing(&azure, &format!("&maxresults=1&marker={marker}")).await;
        assert!(page.contains("<MaxResults>1</MaxResults>"));
        names.extend(texts(&page, "Name"));
        match texts(&page, "NextMarker").pop() {
            Some(next) => marker = next,
            None => break,
        }
    }
    assert_eq!(names.len(), 3);
}

#[tokio::test]
async fn the_scenario_can_make_pages_smaller() {
    let azure =
        serve(json!({"description": "small pages", "extends": "compliant", "blob_page_size": 4}))
            .await;
    let reply = azure.blob(&format!("{BACKUPS}&delimiter=/")).await;
    assert_eq!(texts(&reply.text, "Name").len(), 4);
    assert_eq!(texts(&reply.text, "NextMarker").len(), 1);
}

#[tokio::test]
async fn containers_are_those_that_arm_knows() {
    let azure = serve_named("compliant").await;
    let reply = azure.blob("/stvectice?comp=list").await;
    assert_eq!(texts(&reply.text, "Name"), ["vectice"]);
    let there = azure.blob("/stvectice/vectice?restype=container").await;
    assert_eq!((there.status, there.header("x-ms-lease-state")), (200, "available"));
    let gone = json!({"description": "soft-deleted", "extends": "compliant", "changes": [
        {"set": "{container}#/properties/deleted", "to": true},
        {"add": "{stvectice}/blobServices/default/containers/empty"}]});
    let azure = serve(gone).await;
    let gone = azure.blob("/stvectice/vectice?restype=container&comp=list").await;
    assert_eq!((gone.status, gone.header("x-ms-error-code")), (404, "ContainerNotFound"));
    let empty = azure.blob("/stvectice/empty?restype=container&comp=list").await;
    assert_eq!((empty.status, texts(&empty.text, "Name").len()), (200, 0));
}

#[tokio::test]
async fn directories_of_a_hierarchical_account_are_marked() {
    let azure = serve(json!({"description": "hierarchical", "extends": "compliant", "changes": [
        {"set": "{stvectice}#/properties/isHnsEnabled", "to": true},
        {"add": "blob:stvectice/vectice/folder", "body": {"directory": true, "created": "{now-1h}"}}]}))
    .await;
    let reply = azure
        .blob("/stvectice/vectice?restype=container&comp=list&prefix=folder&include=metadata")
        .await;
    assert_eq!(texts(&reply.text, "ResourceType"), ["directory"]);
    assert_eq!(texts(&reply.text, "hdi_isfolder"), ["true"]);
}

#[tokio::test]
async fn errors_are_the_services_own() {
    let azure = serve_named("compliant").await;
    for (path, status, code) in [
        ("/stvectice/nope?restype=container&comp=list", 404, "ContainerNotFound"),
        ("/nobody/nope?restype=container&comp=list", 404, "ResourceNotFound"),
        ("/stvectice/vectice/README.txt", 403, "AuthorizationPermissionMismatch"),
        (
            "/stvectice/vectice?restype=container&comp=list&maxresults=0",
            400,
            "OutOfRangeQueryParameterValue",
        ),
        (
            "/stvectice/vectice?restype=container&comp=list&include=nonsense",
            400,
            "InvalidQueryParameterValue",
        ),
        (
            "/stvectice/vectice?restype=container&comp=list&marker=nonsense",
            400,
            "InvalidQueryParameterValue",
        ),
        ("/stvectice/vectice", 400, "InvalidUri"),
    ] {
        let reply = azure.blob(path).await;
        assert_eq!((reply.status, reply.header("x-ms-error-code")), (status, code), "{path}");
        assert_eq!(texts(&reply.text, "Code"), [code]);
        assert!(reply.text.contains("\nRequestId:"), "{}", reply.text);
    }
    let old = azure.send("GET", BACKUPS, Some(STORAGE), &[], "").await.unwrap();
    assert_eq!((old.status, old.header("x-ms-error-code")), (403, "AuthenticationFailed"));
    assert!(old.text.contains("Bearer is not supported in this version"));
    let version = [("x-ms-version", "2021-12-02"), ("x-ms-client-request-id", "mine")];
    let write = azure.send("PUT", BACKUPS, Some(STORAGE), &version, "").await.unwrap();
    assert_eq!((write.status, write.header("x-ms-client-request-id")), (405, "mine"));
}
