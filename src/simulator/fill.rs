//! What Azure fills in: ids, names, types, etags and an NSG's default rules.

use serde_json::{Map, Value, json};

use crate::resource_id::{self, ProviderId};
use crate::types::{self, Inline};

/// Completes a resource's body where it leaves out what its id already says.
pub(crate) fn resource(id: &str, body: &mut Map<String, Value>) {
    let Some(provider) = ProviderId::parse(id) else {
        return subscription_or_group(id, body);
    };
    // A list at a fixed place (`…/kubernetesVersions`) is a document without a name.
    if !provider.is_item() {
        return;
    }
    let full_type = provider.full_type();
    default(body, "id", || id.into());
    default(body, "name", || provider.name().into());
    default(body, "type", || full_type.clone().into());
    if let Some(etag) = etag(&full_type, id) {
        default(body, "etag", || etag.into());
    }
    match full_type.to_ascii_lowercase().as_str() {
        "microsoft.authorization/roleassignments"
        | "microsoft.authorization/denyassignments"
        | "microsoft.authorization/roleassignmentscheduleinstances"
        | "microsoft.authorization/roleeligibilityscheduleinstances" => {
            let scope = if provider.scope.is_empty() { "/" } else { provider.scope };
            property(body, "scope", || scope.into());
        }
        "microsoft.network/networksecuritygroups" => {
            property(body, "securityRules", || json!([]));
            property(body, "defaultSecurityRules", default_security_rules);
        }
        "microsoft.network/privateendpoints" => {
            for array in ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"] {
                each_child(body, array, |child| sub_resource(id, &full_type, array, child));
            }
        }
        _ => {}
    }
    for inline in types::INLINE {
        if inline.parent.eq_ignore_ascii_case(&full_type) {
            each_child(body, inline.array, |child| inline_child(id, inline, child));
        }
    }
}

/// Completes a child that is written inside its parent's body.
pub(crate) fn inline_child(parent: &str, inline: Inline, child: &mut Map<String, Value>) {
    // Agent pools inside a cluster have neither id nor type.
    if inline.child == "agentPools" {
        return;
    }
    sub_resource(parent, inline.parent, inline.child, child);
    if inline.array.ends_with("ecurityRules") {
        property(child, "provisioningState", || "Succeeded".into());
        for list in [
            "sourcePortRanges",
            "destinationPortRanges",
            "sourceAddressPrefixes",
            "destinationAddressPrefixes",
        ] {
            property(child, list, || json!([]));
        }
    }
    if inline.child == "subnets" {
        let id = child.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let full_type = format!("{}/{}", inline.parent, inline.child);
        each_child(child, "delegations", |delegation| {
            sub_resource(&id, &full_type, "delegations", delegation);
        });
    }
}

fn sub_resource(parent: &str, parent_type: &str, segment: &str, child: &mut Map<String, Value>) {
    let Some(name) = child.get("name").and_then(Value::as_str) else {
        return;
    };
    let id = format!("{parent}/{segment}/{name}");
    default(child, "id", || id.into());
    default(child, "type", || format!("{parent_type}/{segment}").into());
    // Network resources carry one etag from the parent down.
    let root = parent.split("/subnets/").next().unwrap_or(parent);
    if let Some(etag) = etag(parent_type, root) {
        default(child, "etag", || etag.into());
    }
}

fn subscription_or_group(id: &str, body: &mut Map<String, Value>) {
    default(body, "id", || id.into());
    if let Some((group, _)) = resource_id::resource_group(id) {
        default(body, "name", || group.into());
        default(body, "type", || "Microsoft.Resources/resourceGroups".into());
        property(body, "provisioningState", || "Succeeded".into());
    } else if let Some(subscription) = resource_id::subscription(id) {
        default(body, "subscriptionId", || subscription.into());
    }
}

fn default(body: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
    if !body.contains_key(key) {
        body.insert(key.to_owned(), value());
    }
}

/// Sets a property that is left out.
fn property(body: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
    let properties = body.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        default(properties, key, value);
    }
}

fn each_child(
    body: &mut Map<String, Value>,
    array: &str,
    mut complete: impl FnMut(&mut Map<String, Value>),
) {
    let items = body.get_mut("properties").and_then(|properties| properties.get_mut(array));
    let items = items.and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut).for_each(&mut complete);
}

/// The etag of a resource; each service has its own spelling, some send none.
fn etag(full_type: &str, id: &str) -> Option<String> {
    let lower = full_type.to_ascii_lowercase();
    let guid = || stable_guid(id);
    if lower.starts_with("microsoft.network/privatednszones/virtualnetworklinks") {
        return Some(format!("\"{}\"", guid()));
    }
    if lower.starts_with("microsoft.network/privatednszones") {
        return Some(guid());
    }
    if lower.starts_with("microsoft.network/") {
        return Some(format!("W/\"{}\"", guid()));
    }
    (lower == "microsoft.storage/storageaccounts/blobservices/containers")
        .then(|| format!("\"{}\"", blob_etag(id)))
}

/// An etag as the Blob service makes them.
pub(crate) fn blob_etag(text: &str) -> String {
    format!("0x8DE{:012X}", fingerprint(text, 3) & 0xffff_ffff_ffff)
}

/// A GUID that is always the same for the same text.
pub(crate) fn stable_guid(text: &str) -> String {
    let (high, low) = (fingerprint(text, 1), fingerprint(text, 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// FNV-1a with a seed: stable over runs and platforms, which the standard hasher is not.
fn fingerprint(text: &str, seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(start, step)
}

/// The six rules every network security group has.
fn default_security_rules() -> Value {
    let rule = |name: &str, what: &str, priority: u32, direction: &str, from: &str, to: &str| {
        let access = if name.starts_with("Allow") { "Allow" } else { "Deny" };
        json!({
            "name": name,
            "properties": {
                "description": what,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": from,
                "destinationAddressPrefix": to,
                "access": access,
                "priority": priority,
                "direction": direction
            }
        })
    };
    let vnet = "VirtualNetwork";
    json!([
        rule(
            "AllowVnetInBound",
            "Allow inbound traffic from all VMs in VNET",
            65000,
            "Inbound",
            vnet,
            vnet
        ),
        rule(
            "AllowAzureLoadBalancerInBound",
            "Allow inbound traffic from azure load balancer",
            65001,
            "Inbound",
            "AzureLoadBalancer",
            "*"
        ),
        rule("DenyAllInBound", "Deny all inbound traffic", 65500, "Inbound", "*", "*"),
        rule(
            "AllowVnetOutBound",
            "Allow outbound traffic from all VMs to all VMs in VNET",
            65000,
            "Outbound",
            vnet,
            vnet
        ),
        rule(
            "AllowInternetOutBound",
            "Allow outbound traffic from all VMs to Internet",
            65001,
            "Outbound",
            "*",
            "Internet"
        ),
        rule("DenyAllOutBound", "Deny all outbound traffic", 65500, "Outbound", "*", "*"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(id: &str, body: Value) -> Value {
        let Value::Object(mut body) = body else { panic!("not an object") };
        resource(id, &mut body);
        Value::Object(body)
    }

    #[test]
    fn a_network_gets_ids_down_to_its_delegations() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v";
        let delegation = json!({"name": "d", "properties": {}});
        let subnet = json!({"name": "n", "properties": {"delegations": [delegation]}});
        let body = filled(id, json!({"properties": {"subnets": [subnet]}}));
        assert_eq!(body["type"], "Microsoft.Network/virtualNetworks");
        let subnet = &body["properties"]["subnets"][0];
        assert_eq!(subnet["id"], format!("{id}/subnets/n"));
        assert_eq!(subnet["etag"], body["etag"]);
        let delegation = &subnet["properties"]["delegations"][0];
        assert_eq!(delegation["id"], format!("{id}/subnets/n/delegations/d"));
        assert_eq!(delegation["type"], "Microsoft.Network/virtualNetworks/subnets/delegations");
        assert_eq!(delegation["etag"], body["etag"]);
    }

    #[test]
    fn what_is_written_stays() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z";
        assert_eq!(filled(id, json!({"name": "Z", "etag": null}))["name"], "Z");
        assert!(filled(id, json!({"etag": null}))["etag"].is_null());
        let group = filled("/subscriptions/s/resourceGroups/g", json!({"location": "x"}));
        assert_eq!(group["type"], "Microsoft.Resources/resourceGroups");
        let root = filled("/providers/Microsoft.Authorization/roleAssignments/a", json!({}));
        assert_eq!(root["properties"]["scope"], "/");
    }

    #[test]
    fn stable_values_are_well_formed() {
        assert_eq!(stable_guid("a"), stable_guid("a"));
        assert_ne!(stable_guid("a"), stable_guid("b"));
        assert_eq!(stable_guid("a").len(), 36);
        assert!(blob_etag("a").starts_with("0x8DE"));
    }
}
