//! Lists of IP prefixes in Azure's answers.

use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::network_path::{AddressSet, Prefix};
use crate::reader::Node;

use super::texts;

/// The prefixes of a list that must be there and hold something, sorted, each once.
pub(super) fn prefixes(node: &Node<'_>) -> Fact<Vec<Prefix>> {
    node.items().map(texts).and_then(parsed)
}

/// The prefixes of a subnet, from the field for one and the field for several: either may be left
/// out, not both.
pub(super) fn subnet_prefixes(properties: &Node<'_>) -> Fact<Vec<Prefix>> {
    let one = properties.at("addressPrefix");
    let several = properties.at("addressPrefixes");
    let listed = match (one.is_blank(), several.is_missing()) {
        (true, _) => return prefixes(&several),
        (false, true) => several.items_or_none(),
        (false, false) => several.items(),
    };
    one.text().and_then(|one, source| {
        listed.map(texts).and_then(|mut list, _| {
            list.items.push(one);
            parsed(list, source)
        })
    })
}

/// The prefixes of one field or of another; absent when both are left out.
pub(super) fn one_or_several(one: &Node<'_>, several: &Node<'_>) -> Fact<Vec<Prefix>> {
    let list = several.items_or_none().map(texts);
    let one = one.or_none(Node::text);
    list.and_then(|mut list, source| match one {
        Fact::Known(one, own) => {
            list.items.push(one);
            parsed(list, own)
        }
        Fact::Absent(own) if list.items.is_empty() && list.is_complete() => Fact::Absent(own),
        Fact::Absent(_) => parsed(list, source),
        Fact::Unread(gap) => Fact::Unread(gap),
    })
}

/// The set of all addresses of some prefixes.
pub(super) fn addresses(prefixes: &[Prefix]) -> AddressSet {
    prefixes.iter().copied().collect()
}

fn parsed(list: List<String>, source: Source) -> Fact<Vec<Prefix>> {
    if let Some(gap) = list.missing {
        return Fact::Unread(gap);
    }
    let mut prefixes = Vec::with_capacity(list.items.len());
    for text in &list.items {
        // A network always says how long its prefix is; an address alone is something else.
        if !text.contains('/') {
            let message = format!("{text} is an address where a prefix belongs");
            let gap = Gap::because(Reason::Unrecognised, message);
            return Fact::Unread(gap.at(source.resource));
        }
        match Prefix::parse(text) {
            Ok(prefix) => prefixes.push(prefix),
            Err(error) => {
                let gap = Gap::because(Reason::Unrecognised, error.to_string());
                return Fact::Unread(gap.at(source.resource));
            }
        }
    }
    if prefixes.is_empty() {
        let message = format!("{} holds no prefix", source.pointer);
        return Fact::Unread(Gap::because(Reason::MissingField, message).at(source.resource));
    }
    prefixes.sort_unstable();
    prefixes.dedup();
    Fact::Known(prefixes, source)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    fn shown(fact: Fact<Vec<Prefix>>) -> Result<String, Reason> {
        match fact {
            Fact::Known(prefixes, _) => Ok(addresses(&prefixes).to_string()),
            Fact::Absent(_) => Ok("absent".to_owned()),
            Fact::Unread(gap) => Err(gap.reason),
        }
    }

    fn subnet(body: &Value) -> Result<String, Reason> {
        shown(subnet_prefixes(&Node::root(body, "r", Arc::default())))
    }

    #[test]
    fn a_subnet_has_one_prefix_or_several() {
        let one = "10.0.0.0/28";
        assert_eq!(subnet(&json!({"addressPrefix": one})).unwrap(), one);
        assert_eq!(subnet(&json!({"addressPrefixes": [one]})).unwrap(), one);
        let both = json!({"addressPrefix": one, "addressPrefixes": [one, "10.0.0.16/28"]});
        assert_eq!(subnet(&both).unwrap(), "10.0.0.0/27");
    }

    #[test]
    fn what_is_not_understood_is_no_empty_set() {
        let missing = Err(Reason::MissingField);
        assert_eq!(subnet(&json!({})), missing);
        assert_eq!(subnet(&json!({"addressPrefixes": []})), missing);
        assert_eq!(subnet(&json!({"addressPrefix": "10.0.0.0/28", "addressPrefixes": 1})), missing);
        assert_eq!(subnet(&json!({"addressPrefix": "10.0.0/28"})), Err(Reason::Unrecognised));
    }

    #[test]
    fn a_cluster_may_have_no_pod_range() {
        let body = json!({"podCidr": "10.244.0.0/16", "podCidrs": ["10.244.0.0/16", "fd00::/64"]});
        let node = Node::root(&body, "r", Arc::default());
        let read = |one, several| shown(one_or_several(&node.at(one), &node.at(several)));
        assert_eq!(read("podCidr", "podCidrs").unwrap(), "10.244.0.0/16, fd00::/64");
        assert_eq!(read("none", "podCidrs").unwrap(), "10.244.0.0/16, fd00::/64");
        assert_eq!(read("none", "neither").unwrap(), "absent");
    }
}
