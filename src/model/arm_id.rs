//! Azure Resource Manager ids: compared case-blind, tolerant of stray slashes.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The id of an ARM scope or resource, such as
/// `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/vnet-aks`.
///
/// Azure mixes `resourceGroups` and `resourcegroups`, provider casing, and now and then leaves a
/// slash out or puts one too many, so two ids are equal when their segments are, ASCII case
/// ignored. The text keeps the spelling Azure used, with exactly one leading slash and no trailing
/// one.
#[derive(Clone)]
pub struct ArmId {
    text: String,
    key: String,
}

/// Why a text is not an ARM id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArmIdError {
    /// There is nothing between the slashes.
    #[error("the id is empty")]
    Empty,
    /// The first segment is neither `subscriptions` nor `providers`, so this is not an ARM id.
    #[error("the id does not start with /subscriptions or /providers")]
    NotRooted,
    /// A segment could change the meaning of a URL built from the id.
    #[error("the id holds the segment {0:?}, which cannot be part of an id")]
    HostileSegment(String),
}

impl ArmId {
    /// The root scope `/`, at which tenant-wide role assignments are made.
    pub fn root() -> Self {
        Self { text: "/".to_owned(), key: "/".to_owned() }
    }

    /// Reads an id in any of the spellings Azure uses.
    ///
    /// # Errors
    ///
    /// When the text is empty, is not rooted in a subscription or a provider, or holds a segment
    /// that would change a URL (`..`, `?`, `#`, `%`, control characters).
    pub fn parse(text: &str) -> Result<Self, ArmIdError> {
        let text = text.trim();
        if text == "/" {
            return Ok(Self::root());
        }
        let segments: Vec<&str> = text.split('/').filter(|segment| !segment.is_empty()).collect();
        let first = segments.first().ok_or(ArmIdError::Empty)?;
        if !first.eq_ignore_ascii_case("subscriptions") && !first.eq_ignore_ascii_case("providers")
        {
            return Err(ArmIdError::NotRooted);
        }
        if let Some(hostile) = segments.iter().find(|segment| !is_plain_segment(segment)) {
            return Err(ArmIdError::HostileSegment((*hostile).to_owned()));
        }
        Ok(Self::from_segments(&segments))
    }

    /// The id of a subscription.
    pub fn subscription_scope(subscription: &str) -> Self {
        Self::from_segments(&["subscriptions", subscription])
    }

    /// The id of a resource group.
    pub fn resource_group_scope(subscription: &str, resource_group: &str) -> Self {
        Self::from_segments(&["subscriptions", subscription, "resourceGroups", resource_group])
    }

    /// A top-level resource of `resource_type` (`Microsoft.Network/virtualNetworks`) in a scope.
    #[must_use]
    pub fn resource(&self, resource_type: &str, name: &str) -> Self {
        let base = if self.is_root() { "" } else { self.text.as_str() };
        Self::from_text(format!("{base}/providers/{resource_type}/{name}"))
    }

    /// A child resource, such as a subnet of a virtual network.
    #[must_use]
    pub fn child(&self, child_type: &str, name: &str) -> Self {
        Self::from_text(format!("{}/{child_type}/{name}", self.text))
    }

    /// The id as Azure spelled it, with one leading slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id in lower case: equal ids have equal keys.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether this is the root scope `/`.
    pub fn is_root(&self) -> bool {
        self.text == "/"
    }

    /// The subscription the id lies in.
    pub fn subscription(&self) -> Option<&str> {
        self.value_after("subscriptions")
    }

    /// The resource group the id lies in.
    pub fn resource_group(&self) -> Option<&str> {
        self.value_after("resourcegroups")
    }

    /// The full resource type, such as `Microsoft.Network/virtualNetworks/subnets`.
    pub fn resource_type(&self) -> Option<String> {
        let segments: Vec<&str> = self.segments().collect();
        let providers =
            segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"))?;
        let provider = segments.get(providers + 1)?;
        let types = segments.iter().skip(providers + 2).step_by(2);
        Some(types.fold((*provider).to_owned(), |text, part| text + "/" + part))
    }

    /// Whether the id names a resource of that type.
    pub fn is_type(&self, resource_type: &str) -> bool {
        self.resource_type().is_some_and(|own| own.eq_ignore_ascii_case(resource_type))
    }

    /// The last segment: the resource's own name.
    pub fn name(&self) -> &str {
        self.segments().last().unwrap_or("/")
    }

    /// The scope one level up: the virtual network of a subnet, the resource group of a virtual
    /// network, the subscription of a resource group.
    pub fn parent(&self) -> Option<Self> {
        let segments: Vec<&str> = self.segments().collect();
        let keep = segments.len().checked_sub(2)?;
        let mut rest = &segments[..keep];
        // A top-level resource ends in `providers/Namespace/type/name`: drop the namespace too.
        if rest.len() >= 2 && rest[rest.len() - 2].eq_ignore_ascii_case("providers") {
            rest = &rest[..rest.len() - 2];
        }
        if rest.is_empty() { None } else { Some(Self::from_segments(rest)) }
    }

    /// Whether `scope` is this id or one above it.
    pub fn is_within(&self, scope: &Self) -> bool {
        scope.is_root()
            || self.key == scope.key
            || self.key.strip_prefix(&scope.key).is_some_and(|rest| rest.starts_with('/'))
    }

    fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.text.split('/').filter(|segment| !segment.is_empty())
    }

    fn value_after(&self, name: &str) -> Option<&str> {
        let mut segments = self.segments();
        while let Some(segment) = segments.next() {
            let value = segments.next();
            if segment.eq_ignore_ascii_case(name) {
                return value;
            }
            if segment.eq_ignore_ascii_case("providers") {
                return None;
            }
        }
        None
    }

    fn from_segments(segments: &[&str]) -> Self {
        let length = segments.iter().map(|segment| segment.len() + 1).sum();
        let mut text = String::with_capacity(length);
        for segment in segments {
            text.push('/');
            text.push_str(segment);
        }
        Self::from_text(text)
    }

    fn from_text(text: String) -> Self {
        let key = text.to_ascii_lowercase();
        Self { text, key }
    }
}

/// Whether a segment can stand in a URL path without changing its meaning.
pub fn is_plain_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && !segment.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '?' | '#' | '%'))
}

impl PartialEq for ArmId {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ArmId {}

impl PartialOrd for ArmId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ArmId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for ArmId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Display for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: &str = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet";

    fn id(text: &str) -> ArmId {
        ArmId::parse(text).unwrap()
    }

    #[test]
    fn spelling_does_not_matter() {
        for other in [
            "/SUBSCRIPTIONS/S1/resourcegroups/RG/providers/microsoft.network/VirtualNetworks/VNET/subnets/SNET",
            "subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet",
            "//subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet/",
        ] {
            assert_eq!(id(other), id(SUBNET), "{other}");
        }
    }

    #[test]
    fn parts_are_found() {
        let subnet = id(SUBNET);
        assert_eq!(subnet.subscription(), Some("s1"));
        assert_eq!(subnet.resource_group(), Some("rg"));
        assert_eq!(
            subnet.resource_type().as_deref(),
            Some("Microsoft.Network/virtualNetworks/subnets")
        );
        assert_eq!(subnet.name(), "snet");
        let vnet = subnet.parent().unwrap();
        assert!(vnet.is_type("microsoft.network/virtualnetworks"));
        let group = vnet.parent().unwrap();
        assert_eq!(group.as_str(), "/subscriptions/s1/resourceGroups/rg");
        assert_eq!(group.parent().unwrap().as_str(), "/subscriptions/s1");
        assert_eq!(group.parent().unwrap().parent(), None);
    }

    #[test]
    fn extension_resources_have_the_resource_as_parent() {
        let assignment = id(SUBNET).resource("Microsoft.Authorization/roleAssignments", "a1");
        assert!(assignment.is_type("Microsoft.Authorization/roleAssignments"));
        assert_eq!(assignment.parent().unwrap(), id(SUBNET));
        assert_eq!(assignment.resource_group(), Some("rg"));
    }

    #[test]
    fn scopes_contain_what_lies_below() {
        let subnet = id(SUBNET);
        assert!(subnet.is_within(&id("/subscriptions/S1")));
        assert!(subnet.is_within(&ArmId::root()));
        assert!(!subnet.is_within(&id("/subscriptions/s")));
        let group = id("/providers/Microsoft.Management/managementGroups/mg");
        assert!(!subnet.is_within(&group));
        assert_eq!(group.subscription(), None);
    }

    #[test]
    fn what_could_bend_a_url_is_refused() {
        assert_eq!(ArmId::parse(" // "), Err(ArmIdError::Empty));
        assert_eq!(ArmId::parse(""), Err(ArmIdError::Empty));
        assert_eq!(ArmId::parse("pg-vectice"), Err(ArmIdError::NotRooted));
        for hostile in ["..", "a?b", "a%2fb", "a#b", "a\\b", "a\u{1b}[31m"] {
            let text = format!("/subscriptions/s1/resourceGroups/{hostile}");
            assert_eq!(ArmId::parse(&text), Err(ArmIdError::HostileSegment(hostile.to_owned())));
        }
    }
}
