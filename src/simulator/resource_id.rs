//! ARM ids taken apart: what they name, what they hang on, and how they are compared.

use crate::types;

/// An id as it is compared: lower case, one leading slash, no trailing or doubled ones. The root
/// scope `/` is the empty key, so that every key below it starts with its own and a slash.
pub(crate) fn key(id: &str) -> String {
    let mut key = String::with_capacity(id.len() + 1);
    for segment in id.split('/').filter(|segment| !segment.is_empty()) {
        key.push('/');
        key.push_str(&segment.to_ascii_lowercase());
    }
    key
}

/// Whether a key is `scope` itself or lies below it.
pub(crate) fn is_within(key: &str, scope: &str) -> bool {
    key.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An id of a provider's resource or list, taken apart at its last `providers` segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProviderId<'a> {
    /// What stands before `/providers/`: a subscription, a group, a resource, or nothing.
    pub(crate) scope: &'a str,
    /// The provider's namespace, such as `Microsoft.Network`.
    pub(crate) namespace: &'a str,
    /// Type and name segments after it, alternating.
    pub(crate) segments: Vec<&'a str>,
}

impl<'a> ProviderId<'a> {
    /// Takes an id apart; `None` for subscriptions and resource groups.
    pub(crate) fn parse(id: &'a str) -> Option<Self> {
        let lower = id.to_ascii_lowercase();
        let at = lower.rfind("/providers/")?;
        let mut segments = id[at + "/providers/".len()..].split('/');
        let namespace = segments.next()?;
        let segments: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
        let named = !namespace.is_empty() && !segments.is_empty();
        named.then_some(Self { scope: &id[..at], namespace, segments })
    }

    /// Whether the id names one resource rather than a list of them.
    pub(crate) fn is_item(&self) -> bool {
        self.segments.len().is_multiple_of(2)
    }

    /// The resource's own name.
    pub(crate) fn name(&self) -> &'a str {
        self.segments.last().copied().unwrap_or_default()
    }

    /// The full type, `Microsoft.Network/virtualNetworks/subnets`, in Azure's usual spelling.
    pub(crate) fn full_type(&self) -> String {
        let mut full = self.namespace.to_owned();
        for segment in self.segments.iter().step_by(2) {
            full.push('/');
            full.push_str(segment);
        }
        types::spelling(&full).map_or(full, str::to_owned)
    }

    /// The id of the parent: a resource for children, else the scope.
    pub(crate) fn parent(&self) -> String {
        let own = if self.is_item() { 2 } else { 1 };
        let above = &self.segments[..self.segments.len() - own];
        if above.is_empty() {
            return self.scope.to_owned();
        }
        format!("{}/providers/{}/{}", self.scope, self.namespace, above.join("/"))
    }
}

/// The subscription an id lies in.
pub(crate) fn subscription(id: &str) -> Option<&str> {
    let mut segments = id.split('/').filter(|segment| !segment.is_empty());
    let first = segments.next()?;
    first.eq_ignore_ascii_case("subscriptions").then(|| segments.next()).flatten()
}

/// The resource group an id lies in, with the id of the group.
pub(crate) fn resource_group(id: &str) -> Option<(&str, String)> {
    let segments: Vec<&str> = id.split('/').filter(|segment| !segment.is_empty()).collect();
    let [subscriptions, subscription, groups, group, ..] = segments.as_slice() else {
        return None;
    };
    let is_group = subscriptions.eq_ignore_ascii_case("subscriptions")
        && groups.eq_ignore_ascii_case("resourceGroups");
    is_group.then(|| (*group, format!("/{subscriptions}/{subscription}/{groups}/{group}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_apart() {
        let vnet =
            "/subscriptions/s/resourceGroups/rg/providers/microsoft.network/VirtualNetworks/v";
        let subnet = format!("{vnet}/subnets/n");
        let id = ProviderId::parse(&subnet).unwrap();
        assert_eq!(id.full_type(), "Microsoft.Network/virtualNetworks/subnets");
        assert_eq!((id.name(), id.is_item(), id.parent().as_str()), ("n", true, vnet));

        let lock = format!("{vnet}/providers/Microsoft.Authorization/locks");
        let id = ProviderId::parse(&lock).unwrap();
        assert_eq!((id.scope, id.is_item(), id.parent().as_str()), (vnet, false, vnet));

        let root = ProviderId::parse("/providers/Microsoft.Authorization/roleDefinitions/x");
        assert_eq!(root.unwrap().scope, "");
        assert_eq!(ProviderId::parse("/subscriptions/s/resourceGroups/rg"), None);
        assert_eq!(ProviderId::parse("/subscriptions/s/providers/Microsoft.Network"), None);
    }

    #[test]
    fn ids_are_compared_case_blind() {
        assert_eq!(
            key("//Subscriptions/S/resourceGroups/RG/"),
            "/subscriptions/s/resourcegroups/rg"
        );
        assert_eq!(key("/"), "");
        assert!(is_within("/subscriptions/s/x", "/subscriptions/s"));
        assert!(!is_within("/subscriptions/sx", "/subscriptions/s"));
        assert!(is_within("/subscriptions/s", ""));
        let (name, id) = resource_group("/subscriptions/s/resourcegroups/rg/providers/x").unwrap();
        assert_eq!((name, id.as_str()), ("rg", "/subscriptions/s/resourcegroups/rg"));
        assert_eq!(subscription("subscriptions/s"), Some("s"));
    }
}
