//! Grafts: a recorded resource in the place of its counterpart in the compliant estate, with the
//! verdicts that its raw values amount to.
//!
//! Ids and names become those of the estate, and so do what only names or addresses it: spaces of
//! peered networks, endpoints, the regions. Everything else stays as it was recorded, what is
//! missing missing.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::naive::{array, look};

/// The clock of the grafted estates.
pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";

/// A recorded resource in the compliant estate.
pub(crate) struct Graft {
    /// What kind of resource it is.
    pub(crate) kind: &'static str,
    /// Where it was recorded.
    pub(crate) at: String,
    /// The changes of the scenario.
    pub(crate) changes: Vec<Value>,
    /// What rules have to say, by the raw values.
    pub(crate) expected: Vec<(&'static str, &'static str)>,
    /// What was grafted, to look fields up in.
    pub(crate) body: Value,
}

/// The changes that put a resource into the estate, and the verdicts to expect then.
type Grafted = (Vec<Value>, Vec<(&'static str, &'static str)>);

/// Puts a resource into the compliant scenario; none that lacks what the estate cannot lend.
type Grafting = fn(&Value, &Value) -> Option<Grafted>;

/// Which types are grafted, and how.
const GRAFTS: &[(&str, Grafting)] = &[
    ("microsoft.dbforpostgresql/flexibleservers", server),
    ("microsoft.network/virtualnetworks", network),
    ("microsoft.network/virtualnetworks/subnets", subnet),
    ("microsoft.network/virtualnetworks/virtualnetworkpeerings", peering),
    ("microsoft.network/privatednszones/virtualnetworklinks", link),
    ("microsoft.storage/storageaccounts", account),
    ("microsoft.containerservice/managedclusters", cluster),
    ("microsoft.authorization/roleassignments", assignment),
    ("graph/applications", application),
    ("graph/serviceprincipals", principal),
];

/// The grafts of an exchange; `compliant` is the scenario.
pub(crate) fn grafts(exchange: &Exchange, compliant: &Value) -> Vec<Graft> {
    let own = GRAFTS.iter().find(|(kind, _)| *kind == exchange.place.kind);
    let Some((kind, graft)) = own else { return Vec::new() };
    let mut found = Vec::new();
    for (name, raw) in exchange.items() {
        let body = rewritten(raw);
        if let Some((changes, expected)) = graft(&body, compliant) {
            let at = format!("{} {name}", exchange.at());
            found.push(Graft { kind, at, changes, expected, body });
        }
    }
    found
}

impl Graft {
    /// What the graft is like: its verdicts, and which fields it has.
    pub(crate) fn shape(&self) -> String {
        let mut fields: Vec<String> = Vec::new();
        let own = look(&self.body, "properties").as_object().or(self.body.as_object());
        for (name, value) in own.into_iter().flatten() {
            fields.push(name.clone());
            let inner = value.as_object().into_iter().flatten();
            fields.extend(inner.map(|(inner, _)| format!("{name}/{inner}")));
        }
        format!("{:?} {}", self.expected, fields.join(" "))
    }
}

/// A body as a scenario takes it: braces are literal, ids are those of the estate.
fn rewritten(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("/subscriptions/") => counterpart(text).into(),
        Value::String(text) => text.replace('{', "{{").replace('}', "}}").into(),
        Value::Array(items) => items.iter().map(rewritten).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = rewritten(&Value::from(name.as_str()));
                (name.as_str().unwrap_or_default().to_owned(), rewritten(value))
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// What stands in the estate for a recorded id.
fn counterpart(id: &str) -> String {
    let lower = id.to_lowercase();
    if lower.contains("/roledefinitions/") {
        return format!("{{roles}}/{}", lower.rsplit('/').next().unwrap_or_default());
    }
    let estate = [
        ("/subnets/", "{vnet-aks}/subnets/elsewhere"),
        ("/virtualnetworks/", "{rg}/providers/Microsoft.Network/virtualNetworks/vnet-elsewhere"),
        ("/networksecuritygroups/", "{nsg-aks}"),
        ("/privatednszones/", "{zone}"),
    ];
    let known = estate.iter().find(|(part, _)| lower.contains(part));
    known.map_or("{rg}/providers/Microsoft.Example/things/recorded", |(_, id)| id).to_owned()
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    look(value, path).as_str().unwrap_or_default()
}

/// `pass` or `fail`.
fn verdict(holds: bool) -> &'static str {
    if holds { "pass" } else { "fail" }
}

/// The verdict of a flag that has to be set.
fn flag(value: &Value) -> &'static str {
    value.as_bool().map_or("indeterminate", verdict)
}

/// A resource's properties with some of them changed.
fn properties(body: &Value) -> Option<Map<String, Value>> {
    look(body, "properties").as_object().cloned()
}

/// Puts a value where the recording has one too.
fn where_there(fields: &mut Map<String, Value>, name: &str, value: Value) {
    if fields.get(name).is_some_and(|own| !own.is_null()) {
        fields.insert(name.to_owned(), value);
    }
}

/// A region in the notation the recording has.
fn region(body: &Value) -> &'static str {
    if text(body, "location").contains(' ') { "West Europe" } else { "westeurope" }
}

fn server(body: &Value, _: &Value) -> Option<Grafted> {
    let mut own = properties(body)?;
    let network = own.get_mut("network")?.as_object_mut()?;
    where_there(network, "delegatedSubnetResourceId", json!("{snet-pg}"));
    where_there(network, "privateDnsZoneArmResourceId", json!("{zone}"));
    let network = Value::Object(network.clone());
    let has_subnet = network.get("delegatedSubnetResourceId").is_some();
    where_there(
        &mut own,
        "fullyQualifiedDomainName",
        json!("pg-vectice.postgres.database.azure.com"),
    );
    where_there(&mut own, "privateEndpointConnections", json!([]));
    if let Some(backup) = own.get_mut("backup").and_then(Value::as_object_mut) {
        where_there(backup, "earliestRestoreDate", json!("{now-6d-23h|%FT%T.4857812+00:00}"));
    }
    let role = match text(body, "properties/replicationRole") {
        "" => text(body, "properties/replica/role"),
        role => role,
    };
    let is_replica = ["AsyncReplica", "GeoAsyncReplica"].contains(&role);
    let mut expected = vec![
        ("PG004", verdict(has_subnet)),
        (
            "PG012",
            match text(body, "properties/state") {
                "Ready" => "pass",
                "Stopped" | "Stopping" | "Disabled" | "Dropping" | "Inaccessible" => "fail",
                _ => "indeterminate",
            },
        ),
        (
            "PG013",
            match look(body, "properties/sourceServerResourceId") {
                Value::String(_) if role.is_empty() => "indeterminate",
                _ => verdict(!is_replica),
            },
        ),
        (
            "PG001",
            match text(body, "properties/version") {
                "" => "indeterminate",
                version => verdict(version.split('.').next() == Some("13")),
            },
        ),
        (
            "PG002",
            match text(body, "properties/minorVersion") {
                "" => "indeterminate",
                _ => "pass",
            },
        ),
    ];
    match text(&network, "publicNetworkAccess") {
        "" => {}
        access => expected.push(("PG005", verdict(access == "Disabled"))),
    }
    if has_subnet {
        let has_zone = network.get("privateDnsZoneArmResourceId").is_some();
        expected.push(("PG008", verdict(has_zone)));
    }
    let changes = vec![
        json!({"set": "{pg}#/properties", "to": own}),
        json!({"merge": "{pg}", "with": {"location": region(body)}}),
    ];
    Some((changes, expected))
}

/// A network in the cluster's place: the first subnet is the cluster's.
fn network(body: &Value, compliant: &Value) -> Option<Grafted> {
    let mut own = properties(body)?;
    let subnets = own.get_mut("subnets")?.as_array_mut()?;
    for (index, subnet) in subnets.iter_mut().enumerate() {
        let name = if index == 0 { "snet-aks".to_owned() } else { format!("snet-{index}") };
        let mut kept = properties(subnet)?;
        kept.remove("routeTable");
        *subnet = json!({"name": name, "properties": kept});
    }
    let first = subnets.first()?.clone();
    let resources = &compliant["resources"]["{vnet-aks}"]["properties"];
    own.insert("virtualNetworkPeerings".into(), resources["virtualNetworkPeerings"].clone());
    let asks_azure = array(body, "properties/dhcpOptions/dnsServers")
        .iter()
        .all(|own| own.as_str().map(str::trim) == Some("168.63.129.16"));
    let expected = vec![
        ("DNS008", if asks_azure { "pass" } else { "indeterminate" }),
        ("STO006", verdict(reaches_storage(look(&first, "properties")))),
        ("NET004", "pass"),
    ];
    Some((vec![json!({"set": "{vnet-aks}#/properties", "to": own})], expected))
}

/// Whether a subnet has a service endpoint for the estate's account.
fn reaches_storage(subnet: &Value) -> bool {
    let mut endpoints = array(subnet, "serviceEndpoints").into_iter();
    endpoints.any(|own| {
        let mut locations = array(own, "locations").into_iter();
        text(own, "service").starts_with("Microsoft.Storage")
            && text(own, "provisioningState") == "Succeeded"
            && locations.any(is_near)
    })
}

/// Whether a region is everywhere, or the estate's.
fn is_near(location: &Value) -> bool {
    let location = location.as_str().unwrap_or_default().replace(' ', "");
    location == "*" || location.eq_ignore_ascii_case("westeurope")
}

/// A subnet in the server's place, in a network that has its addresses.
fn subnet(body: &Value, _: &Value) -> Option<Grafted> {
    let own = properties(body)?;
    let services = array(body, "properties/delegations");
    let is_postgres = |own: &&Value| {
        text(own, "properties/serviceName")
            .eq_ignore_ascii_case("Microsoft.DBforPostgreSQL/flexibleServers")
    };
    let is_dedicated = !services.is_empty() && services.iter().all(is_postgres);
    let mut prefixes = array(body, "properties/addressPrefixes");
    prefixes.push(look(body, "properties/addressPrefix"));
    let texts = prefixes.iter().filter_map(|own| own.as_str()).filter(|own| own.contains('.'));
    let lengths = texts.filter_map(|own| own.split_once('/')?.1.parse::<u8>().ok());
    let is_large = lengths.min()? <= 28;
    let changes = vec![
        json!({"set": "{vnet-pg}#/properties/subnets/snet-pg/properties", "to": own}),
        json!({"set": "{vnet-pg}#/properties/subnets/snet-pg/properties/networkSecurityGroup", "to": {"id": "{nsg-pg}"}}),
        json!({"remove": "{vnet-pg}#/properties/subnets/snet-pg/properties/routeTable"}),
    ];
    let has_table = look(body, "properties/routeTable").is_object();
    let changes = changes.into_iter().take(if has_table { 3 } else { 2 }).collect();
    Some((changes, vec![("PG007", verdict(is_dedicated && is_large)), ("NET002", "pass")]))
}

/// Both halves become what was recorded of one.
fn peering(body: &Value, _: &Value) -> Option<Grafted> {
    let half = |remote: &str, space: &str| {
        let mut own = properties(body)?;
        own.insert("remoteVirtualNetwork".into(), json!({"id": remote}));
        for field in ["remoteAddressSpace", "remoteVirtualNetworkAddressSpace"] {
            where_there(&mut own, field, json!({"addressPrefixes": [space]}));
        }
        Some(own)
    };
    let is_changed = text(body, "properties/provisioningState");
    let connected = match (text(body, "properties/peeringState"), is_changed) {
        ("Connected", "" | "Succeeded") => "pass",
        ("Connected", "Updating" | "Creating" | "Deleting") | ("", _) => "indeterminate",
        _ => "fail",
    };
    let mut expected = vec![
        ("NET004", "pass"),
        ("NET006", connected),
        ("NET008", flag(look(body, "properties/allowVirtualNetworkAccess"))),
    ];
    match text(body, "properties/peeringSyncLevel") {
        "" => {}
        level => expected.push(("NET007", verdict(level == "FullyInSync"))),
    }
    let changes = vec![
        json!({"set": "{vnet-aks}#/properties/virtualNetworkPeerings/aks-to-pg/properties", "to": half("{vnet-pg}", "10.2.0.0/24")?}),
        json!({"set": "{vnet-pg}#/properties/virtualNetworkPeerings/pg-to-aks/properties", "to": half("{vnet-aks}", "10.1.0.0/16")?}),
    ];
    Some((changes, expected))
}

fn link(body: &Value, _: &Value) -> Option<Grafted> {
    let mut own = properties(body)?;
    where_there(&mut own, "virtualNetwork", json!({"id": "{vnet-aks}"}));
    let states = [
        text(body, "properties/virtualNetworkLinkState"),
        text(body, "properties/provisioningState"),
    ];
    let complete = match states {
        ["Completed" | "Done", "Succeeded"] => "pass",
        ["Failed" | "Canceled", _] | [_, "Failed" | "Canceled"] => "fail",
        _ => "indeterminate",
    };
    let registers = flag(look(body, "properties/registrationEnabled"));
    let expected = vec![("DNS003", "pass"), ("DNS004", complete), ("DNS005", registers)];
    Some((vec![json!({"set": "{zone}/virtualNetworkLinks/aks#/properties", "to": own})], expected))
}

fn account(body: &Value, compliant: &Value) -> Option<Grafted> {
    let mut own = properties(body)?;
    let estate = &compliant["resources"]["{stvectice}"]["properties"];
    own.insert("primaryEndpoints".into(), estate["primaryEndpoints"].clone());
    for field in ["primaryLocation", "secondaryLocation"] {
        where_there(&mut own, field, json!("westeurope"));
    }
    where_there(&mut own, "privateEndpointConnections", json!([]));
    let rules = own.get_mut("networkAcls").and_then(|acls| acls.get_mut("virtualNetworkRules"));
    if let Some(first) = rules.and_then(|rules| rules.get_mut(0)) {
        first["id"] = json!("{snet-aks}");
    }
    let public = match text(body, "properties/publicNetworkAccess") {
        "" | "Enabled" => Some(true),
        "Disabled" => Some(false),
        _ => None,
    };
    let guarded = match (public, text(body, "properties/networkAcls/defaultAction")) {
        (Some(false), _) | (Some(true), "Deny") => "pass",
        (Some(true), "Allow") => "fail",
        _ => "indeterminate",
    };
    let states =
        [text(body, "properties/provisioningState"), text(body, "properties/statusOfPrimary")];
    let usable = match (text(body, "kind"), states) {
        ("Storage" | "FileStorage", _) | (_, ["Failed", _] | [_, "unavailable"]) => "fail",
        ("StorageV2" | "BlobStorage" | "BlockBlobStorage", ["Succeeded", "available"]) => "pass",
        _ => "indeterminate",
    };
    let changes = vec![
        json!({"set": "{stvectice}#/properties", "to": own}),
        json!({"merge": "{stvectice}", "with": {"kind": look(body, "kind")}}),
    ];
    Some((changes, vec![("STO001", usable), ("STO003", guarded), ("PLC005", "pass")]))
}

fn cluster(body: &Value, _: &Value) -> Option<Grafted> {
    let mut own = properties(body)?;
    where_there(&mut own, "nodeResourceGroup", json!("MC_rg-vectice_aks-vectice_westeurope"));
    let pools = own.get_mut("agentPoolProfiles")?.as_array_mut()?;
    for pool in pools.iter_mut().filter_map(Value::as_object_mut) {
        where_there(pool, "vnetSubnetID", json!("{snet-aks}"));
        where_there(pool, "podSubnetID", json!("{snet-aks}"));
    }
    let in_network = pools.iter().all(|pool| look(pool, "vnetSubnetID").is_string());
    let is_system = |pool: &&&Value| text(pool, "mode") == "System";
    let pools: Vec<&Value> = array(body, "properties/agentPoolProfiles");
    let runs = match text(body, "properties/powerState/code") {
        "Stopped" => "fail",
        power => match (text(body, "properties/provisioningState"), power) {
            ("Failed" | "Canceled", _) => "fail",
            ("Succeeded", "Running") => "pass",
            _ => "indeterminate",
        },
    };
    let mut expected = vec![("AKS001", runs)];
    let is_settled = |pool: &&Value| {
        text(pool, "provisioningState") == "Succeeded"
            && text(pool, "powerState/code") == "Running"
            && !text(pool, "mode").is_empty()
            && look(pool, "count").is_i64()
    };
    if pools.iter().all(is_settled) {
        let mut systems = pools.iter().filter(is_system);
        let has_nodes = systems.any(|pool| look(pool, "count").as_i64() > Some(0));
        expected.push(("AKS002", verdict(has_nodes)));
    }
    if in_network && !pools.is_empty() {
        expected.push(("NET001", "pass"));
    }
    let changes = vec![json!({"set": "{aks}#/properties", "to": own})];
    Some((changes, expected))
}

/// An assignment on the account, whatever its scope was.
fn assignment(body: &Value, _: &Value) -> Option<Grafted> {
    let mut own = properties(body)?;
    let role = text(body, "properties/roleDefinitionId").to_owned();
    own.insert("scope".into(), json!("{stvectice}"));
    own.insert("principalId".into(), json!("{sp}"));
    where_there(&mut own, "principalType", json!("ServicePrincipal"));
    own.insert("roleDefinitionId".into(), json!(role));
    let is_contributor = role.ends_with("ba92f5b4-2d11-453d-a403-e96b0029c9fe");
    let expected = vec![("IAM008", verdict(is_contributor)), ("IAM010", verdict(is_contributor))];
    Some((vec![json!({"set": "{assignment}#/properties", "to": own})], expected))
}

/// The secrets of a registration, moved in time so that the first one began ten days ago.
fn application(body: &Value, _: &Value) -> Option<Grafted> {
    let mut secrets = look(body, "passwordCredentials").as_array()?.clone();
    let at = |secret: &Value, field: &str| text(secret, field).parse::<Timestamp>().ok();
    let now: Timestamp = NOW.parse().ok()?;
    let first = secrets.iter().filter_map(|own| at(own, "startDateTime")).min();
    let shift = first.map_or(SignedDuration::ZERO, |first| {
        now.duration_since(first) - SignedDuration::from_hours(240)
    });
    let mut is_valid = false;
    for secret in &mut secrets {
        let [starts, ends] = ["startDateTime", "endDateTime"].map(|field| {
            let moved = at(secret, field)?.checked_add(shift).unwrap_or(Timestamp::MAX);
            secret[field] = json!(moved.to_string());
            Some(moved)
        });
        is_valid |= starts.is_some_and(|own| own <= now) && ends.is_some_and(|own| own > now);
    }
    let changes = vec![
        json!({"set": "graph:applications/{app}#/passwordCredentials", "to": secrets}),
        json!({"set": "graph:applications/{app}#/keyCredentials", "to": []}),
    ];
    Some((changes, vec![("IAM002", "pass"), ("IAM004", verdict(is_valid))]))
}

fn principal(body: &Value, _: &Value) -> Option<Grafted> {
    let kept = [
        "accountEnabled",
        "disabledByMicrosoftStatus",
        "servicePrincipalType",
        "createdDateTime",
        "notificationEmailAddresses",
    ];
    let changes = kept.iter().filter_map(|field| {
        let value = body.get(field)?;
        Some(json!({"set": format!("graph:servicePrincipals/{{sp}}#/{field}"), "to": value}))
    });
    let enabled = match text(body, "disabledByMicrosoftStatus") {
        "" | "NotDisabled" => flag(look(body, "accountEnabled")),
        _ => "fail",
    };
    Some((changes.collect(), vec![("IAM003", enabled)]))
}
