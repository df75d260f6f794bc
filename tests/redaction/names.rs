//! The ids and names of a snapshot, found without any help of the redactor, and whether they are
//! still in a file.

use std::collections::BTreeSet;

use serde_json::Value;
use vaudit_model::Snapshot;
use vaudit_model::redaction::{Hides, PUBLIC_IDS};

/// Names that stay, because they say nothing about anybody. `docs/redaction.md` has them all.
const PUBLIC: &[&str] = &[
    // The installation guide and PostgreSQL.
    "vectice",
    "keycloak",
    "postgres",
    "azure_sys",
    "azure_maintenance",
    // Azure's own.
    "default",
    "$web",
    "$root",
    "$logs",
    "@",
    "*",
    "GatewaySubnet",
    "AzureFirewallSubnet",
    "AzureFirewallManagementSubnet",
    "AzureBastionSubnet",
    "RouteServerSubnet",
    "AllowVnetInBound",
    "AllowAzureLoadBalancerInBound",
    "DenyAllInBound",
    "AllowVnetOutBound",
    "AllowInternetOutBound",
    "DenyAllOutBound",
    // What the manifest's file is usually called.
    "vaudit.toml",
    "vaudit-demo.toml",
];

/// Names in the scenarios that are words of Azure or of vaudit in other places.
const WORDS_TOO: &[&str] = &[
    // Zones of Azure, which are named alike everywhere; that of a server named after the product.
    "privatelink.blob.core.windows.net",
    "privatelink.file.core.windows.net",
    "privatelink.postgres.database.azure.com",
    "vectice.postgres.database.azure.com",
    "vectice.private.postgres.database.azure.com",
    // Somebody may call a container, an identity or a blob so; the words are in other places, too.
    "applications",
    "approved",
    "azure",
    "backup",
    "blob",
    "dfs",
    "file",
    "identity",
    "kind",
    "managed",
    "management",
    "name",
    "queue",
    "sku",
    "table",
    "type",
    "web",
    // A delegation is often named like the service it is for.
    "flexibleServers",
    "Microsoft.ContainerInstance",
    "Microsoft.DBforMySQL",
    "Microsoft.DBforPostgreSQL",
    "PostgreSQLFlexibleServer",
    "Microsoft.DBforPostgreSQL/flexibleServers",
];

/// What identifies somebody or something in a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) names: BTreeSet<String>,
    /// Regions stay, and are labels of hosts, too.
    regions: BTreeSet<String>,
}

impl Found {
    /// Everything in a snapshot, of which `text` is the file.
    pub(crate) fn of(snapshot: &Snapshot, text: &str) -> Self {
        let mut found = Self { ids: guids(text), ..Self::default() };
        for line in text.lines() {
            found.look(&serde_json::from_str(line).unwrap(), "", "");
        }
        found.of_manifest(&snapshot.header.manifest.text);
        let public = PUBLIC.iter().chain(WORDS_TOO).map(|name| name.to_ascii_lowercase());
        let kept: BTreeSet<String> = public.chain(std::mem::take(&mut found.regions)).collect();
        found.names.retain(|name| !kept.contains(&name.to_ascii_lowercase()));
        // A number, a letter or two may be anywhere.
        found.names.retain(|name| {
            name.len() > 2 && !name.bytes().all(|c| c.is_ascii_digit()) && !is_guid(name.as_bytes())
        });
        found
    }

    fn look(&mut self, value: &Value, field: &str, parent: &str) {
        match value {
            Value::Object(fields) => {
                for (name, below) in fields {
                    self.arm(name);
                    self.look(below, name, field);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item, field, parent)),
            Value::String(text) => self.text(text, field, parent),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, field: &str, parent: &str) {
        self.arm(text);
        self.host(text);
        let names = ["name", "displayname", "noderesourcegroup", "dnsprefix", "denyassignmentname"];
        let field = field.to_ascii_lowercase();
        if field == "location" {
            self.regions.insert(text.to_ascii_lowercase());
        }
        let is_tag = field.starts_with("kubernetes.io-");
        if is_tag || names.contains(&field.as_str()) && parent != "sku" && !text.contains('/') {
            self.names.insert(text.to_owned());
        }
        if field == "description" && parent != "properties" || field == "path" {
            self.names.insert(text.to_owned());
        }
        if field == "prefixes" || parent == "blobs" && field == "name" {
            self.path(text);
        }
        for word in text.split(|c: char| c.is_whitespace() || "'\"<>(),;".contains(c)) {
            if word.contains('@') && !word.starts_with('@') && word.contains('.') {
                self.names.insert(word.to_owned());
            }
        }
    }

    /// Every second segment of an ARM id but for namespaces.
    fn arm(&mut self, text: &str) {
        for beginning in ["/subscriptions/", "/providers/"] {
            let Some(at) = text.find(beginning) else { continue };
            // Actions and types have such segments, too.
            if text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric()) {
                continue;
            }
            let end = |c: char| c.is_whitespace() || "?&'\"#".contains(c);
            let rest = text[at + 1..].split(end).next().unwrap();
            let mut segments = rest.split('/').filter(|segment| !segment.is_empty());
            while let Some(kind) = segments.next() {
                if kind.eq_ignore_ascii_case("providers") {
                    segments.next();
                } else if let Some(name) = segments.next() {
                    self.names.insert(name.to_owned());
                }
            }
            return;
        }
    }

    /// The first label of a host in Azure's domains, and hosts of others.
    fn host(&mut self, text: &str) {
        let Some((_, rest)) = text.split_once("://") else { return };
        let host = rest.split(['/', ':', '?']).next().unwrap();
        if host.parse::<std::net::IpAddr>().is_ok() {
            return;
        }
        let public = ["management.", "graph.", "login.", "sts.", "token."];
        if host.contains('.') && !public.iter().any(|own| host.starts_with(own)) {
            self.names.insert(host.split('.').next().unwrap().to_owned());
        }
    }

    fn path(&mut self, path: &str) {
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let is_dated = segment.as_bytes().windows(4).any(|w| w.iter().all(u8::is_ascii_digit));
            if is_dated {
                let words = segment.split(|c: char| !c.is_ascii_alphabetic());
                self.names.extend(words.filter(|word| word.len() > 3).map(str::to_owned));
            } else {
                self.names.insert(segment.to_owned());
            }
        }
    }

    fn of_manifest(&mut self, text: &str) {
        let manifest: toml::Table = text.parse().unwrap();
        let named = [
            "name",
            "resource_group",
            "server",
            "cluster",
            "account",
            "container",
            "storage_account",
            "storage_container",
            "vectice_database",
            "keycloak_database",
            "allowed_volume_namespaces",
            "owner",
            "ticket",
            "reason",
            "folder_regex",
        ];
        let mut open: Vec<(String, toml::Value)> =
            manifest.into_iter().filter(|(key, _)| key != "cloud").collect();
        while let Some((key, value)) = open.pop() {
            match value {
                toml::Value::Table(table) => open.extend(table),
                toml::Value::Array(items) => {
                    open.extend(items.into_iter().map(|item| (key.clone(), item)));
                }
                toml::Value::String(text) => {
                    self.arm(&text);
                    self.host(&text);
                    if named.contains(&key.as_str()) && !text.contains('/') {
                        self.names.insert(text);
                    }
                }
                _ => {}
            }
        }
        let comments = text.lines().filter(|line| line.trim_start().starts_with('#'));
        let comments = comments.map(|line| line.trim_start().trim_start_matches('#').trim());
        self.names.extend(comments.filter(|line| line.len() > 5).map(str::to_owned));
    }
}

/// What a redacted file still has.
pub(crate) fn left(found: &Found, hides: Hides, text: &str) -> Vec<String> {
    let mut left = Vec::new();
    if hides != Hides::Names {
        let text = text.to_ascii_lowercase();
        left.extend(found.ids.iter().filter(|id| text.contains(id.as_str())));
    }
    if hides != Hides::Ids {
        let escaped = |name: &str| serde_json::to_string(name).unwrap();
        let is_left = |name: &&String| has_token(text, escaped(name).trim_matches('"'));
        left.extend(found.names.iter().filter(is_left));
    }
    left.into_iter().cloned().collect()
}

/// Whether a name stands in a text by itself.
fn has_token(text: &str, name: &str) -> bool {
    let mut from = 0;
    while let Some(at) = text[from..].find(name).map(|at| at + from) {
        let ends = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric());
        if ends(text[..at].chars().next_back()) && ends(text[at + name.len()..].chars().next()) {
            return true;
        }
        from = at + name.chars().next().map_or(1, char::len_utf8);
    }
    false
}

/// Every GUID of a text, in lower case, but for those of Microsoft's documentation.
fn guids(text: &str) -> BTreeSet<String> {
    let all = text.as_bytes().windows(36).filter(|own| is_guid(own));
    let all = all.map(|own| String::from_utf8(own.to_vec()).unwrap().to_ascii_lowercase());
    all.filter(|id| !PUBLIC_IDS.contains(&id.as_str()) && !id.trim_matches(['0', '-']).is_empty())
        .collect()
}

fn is_guid(own: &[u8]) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, c): (usize, &u8)| match is_dash(at) {
        true => *c == b'-',
        false => c.is_ascii_hexdigit(),
    };
    own.len() == 36 && own.iter().enumerate().all(fits)
}

#[test]
fn a_name_is_found_where_it_stands_by_itself() {
    assert!(has_token("a/pg-1/b", "pg-1"));
    assert!(!has_token("a/xpg-1/b pg-12", "pg-1"));
    assert!(has_token("xpg-1 pg-1", "pg-1"));
}
