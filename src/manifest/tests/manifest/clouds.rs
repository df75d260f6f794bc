//! The clouds and their endpoints.

use vaudit_model::Cloud;

use crate::{check, manifest, read, with};

#[track_caller]
fn cloud(lines: &str) -> (Cloud, bool) {
    let manifest = manifest(&with(&format!("[cloud]\n{lines}")));
    assert_eq!(*manifest.deployments[0].cloud, manifest.cloud);
    (manifest.cloud, manifest.custom_cloud_needs_consent)
}

fn custom(resource_manager: &str, storage_suffix: &str) -> String {
    format!(
        "graph = \"http://[::1]:1/\"\nname = \"custom\"\nauthority = \"http://a.localhost\"\n\
         resource_manager = \"{resource_manager}\"\nstorage_suffix = \"{storage_suffix}\"\n"
    )
}

#[test]
fn known_clouds_have_their_endpoints() {
    assert_eq!(cloud(""), (Cloud::public(), false));
    assert_eq!(cloud("name = \"public\""), (Cloud::public(), false));
    assert_eq!(cloud("name = \"usgov\""), (Cloud::usgov(), false));
    assert_eq!(cloud("name = \"china\""), (Cloud::china(), false));
}

#[test]
fn a_custom_cloud_off_this_machine_needs_consent() {
    let (loopback, consent) = cloud(&custom("http://127.0.0.1:9999/arm/", "127.0.0.1:10000"));
    let expected = Cloud {
        name: "custom".to_owned(),
        resource_manager: "http://127.0.0.1:9999/arm".to_owned(),
        graph: "http://[::1]:1".to_owned(),
        authority: "http://a.localhost".to_owned(),
        storage_suffix: "127.0.0.1:10000".to_owned(),
        ..Cloud::public()
    };
    assert_eq!((loopback, consent), (expected, false));
    for (resource_manager, storage_suffix, consent) in [
        ("https://127.255.0.1", "localhost", false),
        ("https://localhost:1", "[::1]:1", false),
        ("https://localhost:1", "st.localhost:1", false),
        ("https://localhost:1", "core.windows.net", true),
        ("https://localhost.example.com", "localhost", true),
        ("https://management.azure.com", "localhost", true),
        ("https://0.0.0.0", "localhost", true),
        ("https://localhost", "10.0.0.1:10000", true),
    ] {
        let (_, found) = cloud(&custom(resource_manager, storage_suffix));
        assert_eq!(found, consent, "{resource_manager} {storage_suffix}");
    }
}

#[test]
fn the_storage_suffix_is_that_of_blob_endpoints() {
    for (written, normal) in [
        ("core.windows.net", "blob.core.windows.net"),
        ("Blob.Core.Windows.Net", "blob.core.windows.net"),
        ("blob.core.windows.net", "blob.core.windows.net"),
        ("storage.test:8443", "blob.storage.test:8443"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:10000", "127.0.0.1:10000"),
        ("[::1]:10000", "[::1]:10000"),
        ("localhost", "localhost"),
        ("LOCALHOST:10000", "localhost:10000"),
    ] {
        assert_eq!(cloud(&custom("https://localhost", written)).0.storage_suffix, normal);
    }
    for bad in
        ["", "https://core.windows.net", "a/b", "a@b", ".core", "a..b", "127.1", "a:99999", "[::1]"]
    {
        let problems = read(&with(&format!("[cloud]\n{}", custom("https://localhost", bad))));
        assert_eq!(problems.map(|_| ()).unwrap_err().len(), 1, "{bad}");
    }
}

#[test]
fn endpoints_are_https_or_loopback() {
    for bad in [
        "management.azure.com",
        "http://management.azure.com",
        "http://127.0.0.1.example.com",
        "ftp://localhost",
        "https://user@localhost",
        "https://user:secret@localhost",
        "https://localhost?x=1",
        "https://localhost#x",
        "https://localhost\\\\@example.com",
        "http://localhost\\t.example.com",
        "https://",
        "https:// localhost",
    ] {
        let problems = read(&with(&format!("[cloud]\n{}", custom(bad, "localhost"))));
        assert_eq!(problems.map(|_| ()).unwrap_err().len(), 1, "{bad}");
    }
    check(
        &with(&format!("[cloud]\n{}", custom("http://example.com", "localhost"))),
        "
        9:20 `resource_manager` must be an https URL, found `http://example.com`
        = write `https://`; `http://` is only for loopback addresses
        ",
    );
}

#[test]
fn endpoints_are_for_a_custom_cloud_and_all_of_them() {
    check(
        &with("[cloud]\nname = \"usgov\"\ngraph = \"https://graph.example.com\"\n"),
        "
        7:1 `graph` is only for the cloud `custom`, this is `usgov`
        = remove it, or write `name = \"custom\"`
        ",
    );
    check(
        &with("[cloud]\npostgres_suffix = \"pg.example.com\"\n"),
        "
        6:1 `postgres_suffix` is only for the cloud `custom`, this is `public`
        = remove it, or write `name = \"custom\"`
        ",
    );
    check(
        &with("[cloud]\nname = \"custom\"\ngraph = \"https://graph.example.com\"\nauthority = \"x\"\n"),
        "
        5:1 `resource_manager` is missing from `[cloud]`
        = add Azure Resource Manager, such as `resource_manager = \"https://management.azure.com\"`
        5:1 `storage_suffix` is missing from `[cloud]`
        = add the suffix of blob endpoints, or the address of a test service, such as `storage_suffix = \"core.windows.net\"`
        8:13 `authority` must be an https URL, found `x`
        = such as `https://management.azure.com`, without user name, query and fragment; `http` only towards loopback
        ",
    );
    check(
        &with("[cloud]\nname = \"gov\"\ngraph = \"https://graph.example.com\"\nregion = 1\n"),
        "
        6:8 `name` must be one of `public`, `usgov`, `china`, `custom`, found `gov`
        8:1 unknown key `region` in `[cloud]`
        = known here: `name`, `resource_manager`, `graph`, `authority`, `storage_suffix`, `postgres_suffix`
        ",
    );
}
