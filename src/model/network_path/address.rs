//! IP prefixes as Azure writes them, and sets of addresses.
//!
//! Written by hand: what is needed is a page of arithmetic on [`std::net`], and direct dependencies
//! stay few.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ranges::Ranges;

/// How many prefixes of a set a message names; the rest is counted.
const NAMED_PREFIXES: usize = 4;

/// An IPv4 or IPv6 prefix, such as `10.1.0.0/20`: the `addressPrefix` of subnets, routes and rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The lowest address: no bit is set beyond the length.
    first: IpAddr,
    length: u8,
}

/// The text is not an IP prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an IP address or prefix")]
pub struct PrefixError(String);

impl Prefix {
    /// Reads `10.1.0.0/20`, or an address alone as the prefix that holds just it. Blanks around the
    /// two parts do not matter.
    ///
    /// Bits beyond the length are cleared: Azure accepts a subnet written `10.0.0.1/28` and keeps
    /// the spelling, but means the whole block.
    ///
    /// # Errors
    ///
    /// When it is neither an address nor a prefix.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let error = || PrefixError(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.trim())),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| error())?;
        let width = width(address);
        let length = match length {
            None => width,
            // Rust reads `+8` as a number; nobody else does.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|length| *length <= width).ok_or_else(error)?
            }
            Some(_) => return Err(error()),
        };
        Ok(Self::masked(address, length))
    }

    /// The prefix that holds just this address.
    pub fn address(address: IpAddr) -> Self {
        Self { first: address, length: width(address) }
    }

    /// The prefix of that length around an address; a length beyond the family's is the family's.
    fn masked(address: IpAddr, length: u8) -> Self {
        let length = length.min(width(address));
        let first = from_bits(bits(address) & !host_mask(address, length), address);
        Self { first, length }
    }

    /// The lowest address.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The highest address.
    pub fn last(&self) -> IpAddr {
        from_bits(bits(self.first) | host_mask(self.first, self.length), self.first)
    }

    /// The number after the slash: the larger, the fewer addresses.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether this is an IPv4 prefix.
    pub fn is_ipv4(&self) -> bool {
        self.first.is_ipv4()
    }

    /// Whether the address lies in the prefix.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.is_ipv4() && Self::masked(address, self.length) == *self
    }

    /// Whether the whole other prefix lies in this one.
    pub fn contains_prefix(&self, other: &Self) -> bool {
        self.length <= other.length && self.contains(other.first)
    }

    /// What two prefixes have in common: the longer one, where it lies in the other.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        match (self.contains_prefix(other), other.contains_prefix(self)) {
            (true, _) => Some(*other),
            (_, true) => Some(*self),
            _ => None,
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of IPv4 and IPv6 addresses. Equal sets are equal values, however they came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressSet {
    v4: Ranges,
    v6: Ranges,
}

impl AddressSet {
    /// Every address of both families: what `*` means in a security rule.
    pub fn everything() -> Self {
        let v4 = Prefix { first: Ipv4Addr::UNSPECIFIED.into(), length: 0 };
        let v6 = Prefix { first: Ipv6Addr::UNSPECIFIED.into(), length: 0 };
        [v4, v6].into_iter().collect()
    }

    /// The IPv4 addresses of the set.
    #[must_use]
    pub fn ipv4(&self) -> Self {
        Self { v4: self.v4.clone(), v6: Ranges::default() }
    }

    /// The IPv6 addresses of the set.
    #[must_use]
    pub fn ipv6(&self) -> Self {
        Self { v4: Ranges::default(), v6: self.v6.clone() }
    }

    /// Whether the set holds no address.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether the address is in the set.
    pub fn contains(&self, address: IpAddr) -> bool {
        let ranges = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        ranges.contains(bits(address))
    }

    /// Whether all of the other set is in this one.
    pub fn contains_all(&self, other: &Self) -> bool {
        other.difference(self).is_empty()
    }

    /// Whether the two sets have an address in common.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// The fewest prefixes that hold just this set, in ascending order, IPv4 first.
    pub fn prefixes(&self) -> Vec<Prefix> {
        let mut prefixes = Vec::new();
        let families =
            [(&self.v4, Ipv4Addr::UNSPECIFIED.into()), (&self.v6, Ipv6Addr::UNSPECIFIED.into())];
        for (ranges, family) in families {
            for (first, last) in ranges.iter() {
                push_prefixes(first, last, family, &mut prefixes);
            }
        }
        prefixes
    }
}

/// The prefixes of one range: from its start, each time the largest block that is aligned and fits.
fn push_prefixes(first: u128, last: u128, family: IpAddr, prefixes: &mut Vec<Prefix>) {
    let mut first = first;
    loop {
        let aligned = first.trailing_zeros().min(width(family).into());
        // The whole of IPv6 holds one address more than a u128 counts.
        let fitting = (last - first).checked_add(1).map_or(u128::BITS, u128::ilog2);
        let host_bits = u8::try_from(aligned.min(fitting)).unwrap_or(u8::MAX);
        let prefix = Prefix {
            first: from_bits(first, family),
            length: width(family).saturating_sub(host_bits),
        };
        prefixes.push(prefix);
        let end = bits(prefix.last());
        if end >= last {
            return;
        }
        first = end + 1;
    }
}

impl From<Prefix> for AddressSet {
    fn from(prefix: Prefix) -> Self {
        [prefix].into_iter().collect()
    }
}

impl FromIterator<Prefix> for AddressSet {
    fn from_iter<I: IntoIterator<Item = Prefix>>(prefixes: I) -> Self {
        let (v4, v6): (Vec<Prefix>, Vec<Prefix>) = prefixes.into_iter().partition(Prefix::is_ipv4);
        let ranges = |family: Vec<Prefix>| {
            let ends = |prefix: &Prefix| (bits(prefix.first()), bits(prefix.last()));
            Ranges::covering(family.iter().map(ends).collect())
        };
        Self { v4: ranges(v4), v6: ranges(v6) }
    }
}

impl fmt::Display for AddressSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no address");
        }
        if *self == Self::everything() {
            return f.write_str("any address");
        }
        let prefixes = self.prefixes();
        for (at, prefix) in prefixes.iter().take(NAMED_PREFIXES).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{prefix}")?;
        }
        match prefixes.len().checked_sub(NAMED_PREFIXES) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}

/// How many bits an address of this family has.
fn width(family: IpAddr) -> u8 {
    if family.is_ipv4() { 32 } else { 128 }
}

/// The bits beyond a length that is at most the family's.
fn host_mask(family: IpAddr, length: u8) -> u128 {
    let host_bits = u32::from(width(family).saturating_sub(length));
    // Shifting by the whole width is no shift in Rust.
    1_u128.checked_shl(host_bits).map_or(u128::MAX, |block| block - 1)
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address with these bits in the family of another one.
fn from_bits(bits: u128, family: IpAddr) -> IpAddr {
    match family {
        IpAddr::V4(_) => Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX)).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(bits).into(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    pub(crate) fn addresses(texts: &[&str]) -> AddressSet {
        texts.iter().map(|text| prefix(text)).collect()
    }

    #[test]
    fn prefixes_are_read() {
        for (text, read) in [
            ("10.1.0.0/20", "10.1.0.0/20"),
            (" 10.1.0.0 / 20 ", "10.1.0.0/20"),
            ("168.63.129.16", "168.63.129.16/32"),
            ("10.0.0.1/28", "10.0.0.0/28"),
            ("255.255.255.255/0", "0.0.0.0/0"),
            ("FD00:DB8::1", "fd00:db8::1/128"),
            ("fd00:db8::1/64", "fd00:db8::/64"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(prefix(text).to_string(), read, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "*",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0.0/255.0.0.0",
            "10.0/16",
            "010.0.0.0/8",
            "10.0.0.256",
            "10.0.0.0/999",
            "fd00::/129",
            "VirtualNetwork",
            "10.0.0.1-10.0.0.9",
        ] {
            assert_eq!(Prefix::parse(text), Err(PrefixError(text.to_owned())));
        }
    }

    #[test]
    fn prefixes_nest_or_are_apart() {
        let (net, subnet) = (prefix("10.1.0.0/16"), prefix("10.1.4.0/24"));
        assert!(net.contains_prefix(&subnet) && !subnet.contains_prefix(&net));
        assert_eq!(net.intersection(&subnet), Some(subnet));
        assert_eq!(subnet.intersection(&net), Some(subnet));
        assert_eq!(subnet.intersection(&prefix("10.1.5.0/24")), None);
        assert_eq!(prefix("0.0.0.0/0").intersection(&prefix("fd00::/8")), None);
        assert!(!prefix("::/0").contains(subnet.first()));
        assert_eq!(subnet.last().to_string(), "10.1.4.255");
    }

    #[test]
    fn sets_are_shown_by_the_fewest_prefixes() {
        assert_eq!(
            addresses(&["10.1.1.0/24", "10.1.0.0/24", "10.1.0.7"]).to_string(),
            "10.1.0.0/23"
        );
        assert_eq!(AddressSet::default().to_string(), "no address");
        assert_eq!(AddressSet::everything().to_string(), "any address");
        assert_eq!(AddressSet::everything().prefixes(), [prefix("0.0.0.0/0"), prefix("::/0")]);
        let others = AddressSet::everything().ipv4().difference(&addresses(&["10.0.0.0/8"]));
        assert_eq!(others.to_string(), "0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8, 12.0.0.0/6 and 4 more");
    }

    /// NET010: the server's block moved into the network of the cluster, or under its pods.
    #[test]
    fn overlap_of_address_spaces_is_seen() {
        let aks = addresses(&["10.1.0.0/16"]);
        assert!(!aks.intersects(&addresses(&["10.2.0.0/24"])));
        assert!(aks.intersects(&addresses(&["10.1.128.0/24"])));
        assert!(addresses(&["10.2.0.0/16"]).intersects(&addresses(&["10.2.0.0/24"])));
    }
}
