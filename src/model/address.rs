//! IPv4 addresses and the prefixes of subnets (`10.2.0.0/28`).

use std::net::Ipv4Addr;

/// Whether an address lies in a prefix. A prefix of IPv6 holds no IPv4 address; one that is not
/// understood gives nothing.
pub fn holds(prefix: &str, address: Ipv4Addr) -> Option<bool> {
    let (network, length) = prefix.trim().split_once('/')?;
    if network.contains(':') {
        return Some(false);
    }
    let network: Ipv4Addr = network.parse().ok()?;
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    Some(network.to_bits() & mask == address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_holds_its_addresses_and_no_others() {
        let address = |text: &str| text.parse::<Ipv4Addr>().unwrap();
        assert_eq!(holds("10.2.0.0/28", address("10.2.0.15")), Some(true));
        assert_eq!(holds("10.2.0.0/28", address("10.2.0.16")), Some(false));
        assert_eq!(holds("0.0.0.0/0", address("203.0.113.9")), Some(true));
        assert_eq!(holds("10.2.0.4/32", address("10.2.0.5")), Some(false));
        assert_eq!(holds("fd00::/64", address("10.2.0.4")), Some(false));
        for odd in ["10.2.0.0", "10.2.0.0/33", "10.2.0/24", "snet-pg"] {
            assert_eq!(holds(odd, address("10.2.0.4")), None, "{odd}");
        }
    }
}
