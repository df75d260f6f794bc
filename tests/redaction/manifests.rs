//! Other manifests for the same facts: with waivers, with ids as selectors, with an expression for
//! folders.

use vaudit_model::snapshot::ManifestCopy;
use vaudit_model::{Snapshot, Verdict};

use crate::judging::judged;

/// The snapshot with another manifest.
fn with(snapshot: &Snapshot, text: String) -> Snapshot {
    let mut other = snapshot.clone();
    let path = Some("../contoso/night.toml".to_owned());
    other.header.manifest = ManifestCopy { path, text };
    other
}

/// With waivers for what is open: pinned to what is observed, by subject, by deployment, and pinned
/// to something else.
pub(crate) fn with_waivers(snapshot: &Snapshot) -> Snapshot {
    let assessment = judged(snapshot);
    let mut text =
        format!("# Contoso's exceptions.\n{}\n", snapshot.header.manifest.text.trim_end());
    let results = assessment.deployments.iter().flat_map(|own| &own.results);
    let open = results.filter(|result| {
        matches!(result.judgement.verdict, Verdict::Fail | Verdict::Indeterminate)
    });
    for (index, result) in open.take(8).enumerate() {
        let subject = &result.judgement.subject;
        let how = match index % 4 {
            0 => format!("pin = \"{}\"", result.observed_digest.to_uppercase()),
            1 => format!("subject = {}", toml::Value::from(subject.as_str())),
            2 => "deployment = \"production\"".to_owned(),
            _ => "pin = \"0123456789abcdef0123456789abcdef\"".to_owned(),
        };
        text.push_str(&format!(
            "\n[[waiver]] # by Jane\nrule = \"{}\"\naccept = \"both\"\n{how}\nreason = \"\"\"\nagreed with\nContoso\"\"\"\nowner = \"jane@contoso.example\"\nticket = \"CONTOSO-{index}\"\nexpires = 2026-12-31\n",
            result.meta.id
        ));
    }
    // Nothing is ever covered by this one.
    text.push_str("\n[[waiver]]\nrule = \"PG*\"\nsubject = \"/subscriptions/contoso\"\nreason = \"none\"\nowner = \"nobody\"\nexpires = 2026-12-31\n");
    with(snapshot, text)
}

/// With ids where names stood, an expression for folders, everything that may be allowed, and a second
/// deployment without all that.
pub(crate) fn with_ids(snapshot: &Snapshot) -> Snapshot {
    let mut manifest: toml::Table = snapshot.header.manifest.text.parse().unwrap();
    // The same once more, as it was: two readings of one container.
    let mut twin = manifest["deployment"][0].clone();
    twin["name"] = "Contoso East".into();
    manifest["deployment"].as_array_mut().unwrap().push(twin);
    let deployment = manifest["deployment"][0].as_table_mut().unwrap();
    let text = |key: &str, table: &toml::Table| table[key].as_str().unwrap().to_owned();
    let group = format!(
        "/subscriptions/{}/resourceGroups/{}/providers",
        text("subscription", deployment),
        text("resource_group", deployment)
    );
    let mut set = |table: &str, key: &str, value: toml::Value| {
        let table = deployment.entry(table).or_insert_with(|| toml::Table::new().into());
        table.as_table_mut().unwrap().insert(key.to_owned(), value);
    };
    let texts = |some: &[&str]| toml::Value::from(some.to_vec());
    let id = |rest: &str| toml::Value::from(format!("{group}/{rest}"));
    set("postgres", "server", id("Microsoft.DBforPostgreSQL/flexibleServers/PG-vectice"));
    set("postgres", "keycloak_database", "Contoso_Keys".into());
    set("kubernetes", "cluster", id("Microsoft.ContainerService/managedClusters/aks-vectice"));
    set("kubernetes", "allowed_volume_namespaces", texts(&["mlflow", "contoso-1"]));
    set("storage", "account", id("microsoft.storage/storageAccounts/stvectice"));
    set("storage", "allowed_ip_rules", texts(&["203.0.113.0/24"]));
    let vnet = format!("{group}/Microsoft.Network/virtualNetworks/vnet-contoso");
    set("network", "allowed_vnets", texts(&[&vnet]));
    set("identity", "allowed_principals", texts(&["5d2f4a5c-5a53-44c1-8d7f-2d7e3b0f0f01"]));
    set("backup", "folder_regex", r"(?:^|[^0-9])(?<timestamp>\d{4}.?\d\d.?\d\dT?\d*Z?)".into());
    set("application", "storage_account", "stvectice".into());
    set("application", "storage_container", "vectice".into());
    set("application", "postgres_host", "PG-vectice.postgres.database.azure.com".into());
    with(snapshot, manifest.to_string())
}
