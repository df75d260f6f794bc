//! What goes and what stays, shape by shape.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::blob::{BlobEntry, BlobPage, NameOrder};
use crate::deployment::BackupPolicy;
use crate::folder_name::{FolderName, read_folder_name};

const NESTED: &[&str] = &["2026/", "2026/11/", "2026/11/22/", "2026/11/22/02/"];

fn redactor_of(hides: Hides, cloud: &Cloud, regexes: &[&str], snapshot: &Snapshot) -> Redactor {
    let regexes: BTreeSet<&str> = regexes.iter().copied().collect();
    Redactor::new(Key::new([1; 32]), hides, cloud, &regexes, snapshot)
}

fn empty() -> Snapshot {
    Snapshot::empty(Header::beginning("0", jiff::Timestamp::UNIX_EPOCH))
}

fn redactor() -> Redactor {
    redactor_of(Hides::All, &Cloud::public(), &[], &empty())
}

/// A document of a listing.
fn listed(kind: RequestKind, number: u32, page: BlobPage) -> Document {
    let container = "https://st.blob.core.windows.net/app";
    Document {
        request: Request::blobs(kind, container, None),
        page: number,
        method: "GET".into(),
        url: format!("{container}?restype=container&comp=list&marker=2%21abc"),
        api_version: None,
        asked_api_version: None,
        status: Some(200),
        headers: BTreeMap::new(),
        body: Body::Blobs(page),
        failure: None,
        read_at: jiff::Timestamp::UNIX_EPOCH,
        round_trip_ms: None,
    }
}

#[test]
fn one_name_has_one_pseudonym_wherever_it_stands() {
    let texts = redactor().texts;
    let name = texts.segment("stcontoso");
    assert_eq!(name.len(), 12);
    let id = "/subscriptions/0a000000-0000-0000-0000-00000000000a/resourceGroups/rg-x/providers/Microsoft.Storage/storageAccounts/stcontoso/blobServices/default/containers/Logs";
    let redacted = texts.arm(id);
    assert!(
        redacted.contains(&format!("/storageAccounts/{name}/blobServices/default/containers/"))
    );
    assert!(redacted.starts_with("/subscriptions/") && !redacted.contains("rg-x"), "{redacted}");
    assert_eq!(texts.arm(&id.to_uppercase()).to_lowercase(), redacted.to_lowercase());
    assert_eq!(texts.unknown(id), redacted);
    let host = texts.host("stcontoso.blob.core.windows.net");
    assert_eq!(host, format!("{name}.blob.core.windows.net"));
    assert_eq!(texts.unknown("stcontoso.blob.core.windows.net"), host);
    let container = texts.segment("Logs");
    let url = texts.url("https://stcontoso.blob.core.windows.net/Logs");
    assert_eq!(url, format!("https://{host}/{container}"));
    let sub = redactor().subject("https://stcontoso.blob.core.windows.net/Logs/2026-11-22T020000Z");
    assert_eq!(sub, format!("{url}/2026-11-22T020000Z"));
}

#[test]
fn hosts_lose_their_labels_and_keep_azures_domains() {
    let texts = redactor().texts;
    for kept in ["management.azure.com", "graph.microsoft.com", "10.0.0.4", "localhost"] {
        assert_eq!(texts.host(kept), kept);
    }
    let zone = "pg-x.private.postgres.database.azure.com";
    let pg = texts.segment("pg-x");
    assert_eq!(texts.host(zone), format!("{pg}.private.postgres.database.azure.com"));
    assert_eq!(texts.segment(zone), texts.host(zone), "a zone is named like a host");
    let dotted = texts.host(&format!("{zone}."));
    assert_eq!(dotted, format!("{}.", texts.host(zone)));
    let foreign = texts.host("db.contoso.example");
    assert_eq!(foreign.split('.').count(), 3);
    assert!(
        !foreign.contains("contoso") && !foreign.contains("example") && !foreign.contains("db")
    );
    let near = texts.host("evilcore.windows.net");
    assert!(near.ends_with(".windows.net") && !near.contains("evil"), "{near}");
}

#[test]
fn a_custom_cloud_keeps_its_endpoints() {
    let cloud = Cloud {
        resource_manager: "https://arm.cloud.example".into(),
        storage_suffix: "127.0.0.1:9999".into(),
        ..Cloud::public()
    };
    let texts = redactor_of(Hides::All, &cloud, &[], &empty()).texts;
    let container = texts.url("http://127.0.0.1:9999/stcontoso/logs/2026/11/a");
    let (account, logs, a) =
        (texts.segment("stcontoso"), texts.segment("logs"), texts.segment("a"));
    assert_eq!(container, format!("http://127.0.0.1:9999/{account}/{logs}/2026/11/{a}"));
    assert_eq!(
        texts.url("https://arm.cloud.example/subscriptions?api-version=2021-01-01"),
        "https://arm.cloud.example/subscriptions?api-version=2021-01-01"
    );
}

#[test]
fn what_makes_an_id_unusable_stays() {
    let texts = redactor().texts;
    for hostile in ["..", "a%2fb", "a?b", "a\\b"] {
        let id = format!("/subscriptions/s/resourceGroups/{hostile}/providers/Microsoft.X/y/z");
        assert!(crate::ArmId::parse(&id).is_err());
        assert!(crate::ArmId::parse(&texts.arm(&id)).is_err(), "{}", texts.arm(&id));
    }
    assert_eq!(texts.arm("/"), "/");
}

#[test]
fn urls_keep_what_was_asked_and_hide_of_whom() {
    let texts = redactor().texts;
    let principal = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    let url = format!(
        "https://management.azure.com/subscriptions/{principal}/resourceGroups/rg%20x/providers/Microsoft.Y/z?api-version=2022-04-01&%24filter=assignedTo%28%27{principal}%27%29&%24skiptoken=eyJhIjoiYiJ9"
    );
    let redacted = texts.url(&url);
    for gone in [principal, "rg%20x", "eyJhIjoiYiJ9"] {
        assert!(!redacted.contains(gone), "{redacted}");
    }
    for kept in ["api-version=2022-04-01", "assignedTo", "/providers/Microsoft.Y/z?"] {
        assert!(redacted.contains(kept), "{redacted}");
    }
    let graph = format!(
        "https://graph.microsoft.com/v1.0/servicePrincipals(appId='{principal}')/appRoleAssignments"
    );
    let redacted = texts.url(&graph);
    assert!(redacted.starts_with("https://graph.microsoft.com/v1.0/servicePrincipals(appId='"));
    assert!(redacted.ends_with("')/appRoleAssignments") && !redacted.contains(principal));
    let user = texts.url("https://jane:pw@contoso.example/a?b=c#d");
    assert!(!["jane", "pw", "contoso", "b=c"].iter().any(|own| user.contains(own)), "{user}");
}

#[test]
fn of_a_body_only_words_and_values_stay() {
    let texts = redactor().texts;
    let body = json!({
        "name": "rg-contoso", "type": "Microsoft.Resources/resourceGroups", "location": "West Europe",
        "sku": {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"},
        "contosoField": "x", "state": "jane@contoso.example",
        "properties": {"version": "13", "owner": "Jane Doe", "addressPrefix": "10.0.0.0/8",
            "sourceAddressPrefix": "Storage.WestEurope", "createdAt": "2026-01-01T00:00:00Z",
            "roleDefinitionId": "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "principalId": "3f2504e04f8941d39a0c0305e82c3301", "nextLink": "https://x/y",
            "description": "for 4711", "count": 4711, "enabled": true, "free": "10.1.1.1"},
        "userAssignedIdentities": {"/subscriptions/s/resourceGroups/g/providers/M.I/ids/contoso": {}},
    });
    let redacted = texts.body(&body);
    let text = redacted.to_string();
    for gone in ["contoso", "jane", "Jane", "4711\"", "3f2504e0", "https://x", "for "] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    for kept in ["type", "location", "sku"] {
        assert_eq!(redacted[kept], body[kept]);
    }
    for kept in ["version", "addressPrefix", "sourceAddressPrefix", "createdAt", "count", "enabled"]
    {
        assert_eq!(redacted["properties"][kept], body["properties"][kept]);
    }
    assert!(text.contains("10.1.1.1") && !text.contains("free"), "a field that nobody knows");
    let role = redacted["properties"]["roleDefinitionId"].as_str().unwrap();
    assert!(role.ends_with("ba92f5b4-2d11-453d-a403-e96b0029c9fe"));
    assert_eq!(redacted["properties"]["principalId"].as_str().unwrap().len(), 32);
    let ids =
        redactor_of(Hides::Ids, &Cloud::public(), &[], &empty()).texts.body(&body).to_string();
    assert!(ids.contains("rg-contoso") && ids.contains("Jane Doe") && !ids.contains("3f2504e0"));
    let names = redactor_of(Hides::Names, &Cloud::public(), &[], &empty()).texts.body(&body);
    let names = names.to_string();
    assert!(!names.contains("contoso") && names.contains("3f2504e04f8941d39a0c0305e82c3301"));
}

#[test]
fn conditions_keep_what_they_compare() {
    let texts = redactor().texts;
    let found = |text: &str| texts.body(&json!({ "condition": text }))["condition"].clone();
    let logs = texts.segment("logs");
    let container =
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals ";
    assert_eq!(found(&format!("{container}'logs'")), format!("{container}'{logs}'"));
    assert_eq!(found(&format!("{container}'vectice'")), format!("{container}'vectice'"));
    let portal = "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR (@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00Z'))";
    let redacted = found(portal);
    let redacted = redacted.as_str().unwrap();
    assert!(redacted.starts_with("((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR ("));
    assert!(redacted.contains("'2026-01-01T00:00:00Z'"));
    let tag = found(
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Contoso<$key_case_sensitive$>] StringEquals 'Cascade'",
    );
    assert!(!tag.to_string().contains("Contoso") && !tag.to_string().contains("Cascade"), "{tag}");
    let attribute = found(
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Contoso_Project] StringEquals 'x'",
    );
    assert!(!attribute.to_string().contains("Contoso"), "{attribute}");
    assert!(!found("'contoso").to_string().contains("contoso"));
}

#[test]
fn errors_keep_the_action_and_lose_the_scope() {
    let texts = redactor().texts;
    let found = |text: &str| texts.body(&json!({ "message": text }))["message"].clone();
    let refusal = "does not have authorization to perform action 'Microsoft.A/b/read' over scope '/subscriptions/s1/resourceGroups/contoso'";
    let redacted = found(refusal);
    let group = texts.arm("/subscriptions/s1/resourceGroups/contoso");
    assert_eq!(
        redacted,
        format!(
            "does not have authorization to perform action 'Microsoft.A/b/read' over scope '{group}'"
        )
    );
    let versions = "the supported api-versions are '2023-01-01, 2024-08-01'";
    assert_eq!(found(versions), versions);
    assert!(!found("contoso is not here").to_string().contains("contoso"));
}

const FOLDERS: &[&str] = &[
    "2026-11-22T020000Z",
    "backup-2026-11-22T020000Z",
    "20261122T020000Z_full",
    "latest",
    "copy1",
    "daily 2026-11-22 of contoso",
    "job-12-2026-11-22",
    "2026-11-04T02:00-05:00_full",
    "22-11-2026",
    "03-04-2026",
    "11.22.2026",
    "1795312800",
    "1795312800123",
    "2026_11_22",
    "20261131",
    "v20261122",
    "2026-11-22_24-00-00",
    "2026112202",
    "2026",
    "11",
    "2026-W47",
    "contoso=2026-11-22",
    "a=b",
    "n20261122x",
];

/// Folders say when they were made, redacted or not, whatever finds it in their names.
#[track_caller]
fn holds_dates(names: &[String], regexes: &[&str]) {
    let mut snapshot = empty();
    let prefixes = NESTED.iter().map(|path| (*path).to_owned()).collect();
    let page = BlobPage { prefixes, ..Default::default() };
    snapshot.insert(listed(RequestKind::BackupFolders, 0, page));
    let redactor = redactor_of(Hides::All, &Cloud::public(), regexes, &snapshot);
    let own = regexes.iter().map(|regex| Some((*regex).to_owned()));
    for regex in own.chain([None]) {
        let redacted = regex.as_ref().map(|text| redactor.texts.folders.redacted(text));
        let policy = BackupPolicy { folder_regex: regex, ..Default::default() };
        let after = BackupPolicy { folder_regex: redacted, ..Default::default() };
        for name in names {
            let path = redactor.texts.blob_path(name);
            let (before, found) =
                (read_folder_name(name, &policy), read_folder_name(&path, &after));
            assert_eq!(found, before, "{name} is {path} by {:?}", after.folder_regex);
        }
    }
}

#[test]
fn folders_keep_their_dates_and_nothing_else() {
    let names: Vec<String> = FOLDERS.iter().map(|name| (*name).to_owned()).collect();
    let nested = NESTED.iter().map(|path| path.trim_end_matches('/').to_owned());
    let all: Vec<String> = names.iter().cloned().chain(nested).collect();
    holds_dates(&all, &[]);
    holds_dates(&all, &[r"^n(?<timestamp>\d{8})x$"]);
    holds_dates(&all, &[r"(?<timestamp>\d{4}-\d\d-\d\d)", r"^n(?<timestamp>\d{8})x$"]);
    holds_dates(
        &all,
        &[r"^(?<timestamp>\d{4}/\d\d/\d\d)$", r"(?<timestamp>contoso|\d{4}-\d\d-\d\dT\d{6}Z)"],
    );
    let texts = redactor().texts;
    for name in FOLDERS {
        let redacted = texts.blob_path(name);
        let words = name.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 2);
        assert!(words.into_iter().all(|word| !redacted.contains(word)), "{name} is {redacted}");
    }
    let stamped = |name: &str| {
        matches!(read_folder_name(name, &BackupPolicy::default()), FolderName::Stamped(_))
    };
    assert!(stamped(&texts.blob_path("backup-2026-11-22T020000Z")));
}

proptest! {
    #[test]
    fn no_folder_gains_or_loses_a_date(parts in prop::collection::vec(
        prop::sample::select(vec!["2026", "11", "22", "-", "_", ".", "T", "02", "00", "Z", "ab", "b-", "20261122", " ", "+01:00", ":"]), 1..8)) {
        let name = [parts.concat()];
        holds_dates(&name, &[]);
        holds_dates(&name, &[r"(?<timestamp>\d\d.*)", r"^b-(?<timestamp>\d.*)$"]);
    }
}

#[test]
fn listings_are_sorted_anew_and_keep_their_pages() {
    let names = ["a-b/c", "a.b", "a/b", "b/c", "c", "d/e/f"];
    for order in [NameOrder::Bytes, NameOrder::Tree] {
        let mut sorted = names.to_vec();
        sorted.sort_by(|a, b| order.compare(a, b));
        let mut snapshot = empty();
        for (number, blobs) in sorted.chunks(4).enumerate() {
            let entries = blobs.iter().map(|name| BlobEntry {
                name: (*name).to_owned(),
                md5: Some(format!("md5 of {}", name.len())),
                length: Some(name.len() as u64),
                ..Default::default()
            });
            let page = BlobPage {
                blobs: entries.collect::<Vec<_>>().into(),
                unreadable: number as u64,
                next_marker: (number == 0).then(|| "2!contoso".to_owned()),
                ..Default::default()
            };
            snapshot.insert(listed(RequestKind::SourceBlobs, number as u32, page));
        }
        let redactor = redactor();
        let redacted = redactor.snapshot(&snapshot, String::new(), &Shelf::default()).unwrap();
        let request = redactor.request(&snapshot.documents().next().unwrap().request);
        let pages: Vec<&BlobPage> = redacted
            .documents()
            .map(|document| match &document.body {
                Body::Blobs(page) => page,
                _ => panic!("it is a listing"),
            })
            .collect();
        assert_eq!(pages.iter().map(|page| page.blobs.len()).collect::<Vec<_>>(), [4, 2]);
        assert_eq!(pages[1].unreadable, 1);
        assert!(pages[0].next_marker.as_ref().is_some_and(|marker| !marker.contains("contoso")));
        let listing = redacted.blobs(&request);
        let listing = listing.value().unwrap();
        assert!(listing.summary().files.are_in(order), "{order:?}");
        let found: BTreeSet<String> =
            listing.entries().map(|entry| entry.unwrap().name.clone()).collect();
        let expected = names.iter().map(|name| redactor.texts.blob_path(name)).collect();
        assert_eq!(found, expected);
        let md5 = listing.entries().map(|entry| entry.unwrap().md5.clone().unwrap());
        let md5: BTreeSet<String> = md5.collect();
        assert_eq!(md5.len(), 3, "{md5:?}");
        assert!(md5.iter().all(|own| own.len() == 24));
        assert_eq!(redacted.header.redaction.unwrap().hides, Hides::All);
    }
}
