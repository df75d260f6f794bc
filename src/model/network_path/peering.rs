//! What a pair of peerings carries (`catalogue.md`, NET007 and NET009).
//!
//! Whether the peerings are there, connected and open is the question of others (NET004–NET006,
//! NET008): here both are taken to be.

use super::address::AddressSet;
use super::reach::State;

/// A subnet as far as peerings and messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its name, by which subnet peerings list it.
    pub name: String,
    /// Its prefixes.
    pub addresses: AddressSet,
}

/// One side of a pair of peerings. `None` in a field is what could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeeringSide {
    /// What messages call the peering, such as `aks-to-pg`.
    pub name: String,
    /// `peerCompleteVnets` with `localSubnetNames` and `remoteSubnetNames`.
    pub extent: Option<Extent>,
    /// `enableOnlyIPv6Peering`; false when Azure leaves it out.
    pub ipv6_only: Option<bool>,
    /// `remoteAddressSpace`: what of the other network is peered.
    pub remote_space: Option<AddressSet>,
    /// The subnets of this side's own network that the traffic needs.
    pub subnets: Vec<Subnet>,
}

/// What of the two networks a peering is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of both: `peerCompleteVnets` true or left out.
    Complete,
    /// Only these subnets: `peerCompleteVnets` false. Such a peering cannot be widened in place.
    Subnets {
        /// `localSubnetNames`.
        local: Vec<String>,
        /// `remoteSubnetNames`.
        remote: Vec<String>,
    },
}

/// Whether a pair of peerings carries the IPv4 traffic between the subnets of its two sides
/// (NET009). The server speaks IPv4 only, so IPv6 prefixes of a subnet do not matter.
pub fn peering_carries(one: &PeeringSide, other: &PeeringSide) -> State {
    let directions = [(one, &other.subnets), (other, &one.subnets)];
    State::all(directions.into_iter().flat_map(|(side, far)| side_carries(side, far)))
}

fn side_carries(side: &PeeringSide, far: &[Subnet]) -> Vec<State> {
    let name = &side.name;
    let unread = |what: &str| State::Unknown(format!("{what} of {name} could not be read"));
    let mut states = vec![match side.ipv6_only {
        Some(false) => State::Open,
        Some(true) => State::Broken(format!("{name} carries IPv6 only")),
        None => unread("`enableOnlyIPv6Peering`"),
    }];
    if side.subnets.is_empty() || far.is_empty() {
        states.push(State::Unknown(format!("not both subnets that {name} has to join are known")));
    }
    match &side.extent {
        None => states.push(unread("`peerCompleteVnets`")),
        Some(Extent::Complete) => {}
        Some(Extent::Subnets { local, remote }) => {
            for (field, list, needed) in [
                ("localSubnetNames", local, side.subnets.as_slice()),
                ("remoteSubnetNames", remote, far),
            ] {
                // Resource names are compared case-blind.
                let left_out = needed.iter().filter(|subnet| {
                    !list.iter().any(|name| name.trim().eq_ignore_ascii_case(&subnet.name))
                });
                states.extend(left_out.map(|subnet| {
                    State::Broken(format!("{} is not in `{field}` of {name}", subnet.name))
                }));
            }
        }
    }
    for subnet in far {
        let needed = subnet.addresses.ipv4();
        states.push(match &side.remote_space {
            _ if needed.is_empty() => {
                State::Unknown(format!("no IPv4 prefix of {} is known", subnet.name))
            }
            None => unread("`remoteAddressSpace`"),
            Some(space) if space.contains_all(&needed) => State::Open,
            Some(space) => {
                let beyond = needed.difference(space);
                State::Broken(format!(
                    "{beyond} of {} is not in `remoteAddressSpace` of {name}",
                    subnet.name
                ))
            }
        });
    }
    states
}

/// Whether a peering knows the address space that the other network has now (NET007).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeeringSync {
    /// It does.
    InSync,
    /// It does not.
    OutOfSync {
        /// What of the other network is not peered, where both spaces were read.
        not_peered: Option<AddressSet>,
        /// Whether all of these subnets lie in what is peered all the same, so that the traffic
        /// between them is not affected.
        harmless: bool,
    },
    /// It could not be found out; a sentence fragment says why.
    Unknown(String),
}

/// Judges one side of a peering by `peeringSyncLevel`, which Azure left out before 2021, else by
/// whether `remoteAddressSpace` (what is peered) and `remoteVirtualNetworkAddressSpace` (what the
/// other network has now) are equal as sets.
///
/// `needed` are the subnets of the other network that the deployment's traffic needs; it is harmed
/// only where one of them, or one of which nothing is known, is not peered.
pub fn peering_sync(
    level: Option<&str>,
    peered: Option<&AddressSet>,
    current: Option<&AddressSet>,
    needed: &AddressSet,
) -> PeeringSync {
    let not_peered = match (peered, current) {
        (Some(peered), Some(current)) => Some(current.difference(peered)),
        _ => None,
    };
    let harmless = !needed.is_empty() && peered.is_some_and(|peered| peered.contains_all(needed));
    let out_of_sync = PeeringSync::OutOfSync { not_peered, harmless };
    match level.map(|level| level.trim().to_ascii_lowercase()).as_deref() {
        Some("fullyinsync") => PeeringSync::InSync,
        Some("localnotinsync" | "remotenotinsync" | "localandremotenotinsync") => out_of_sync,
        Some(other) => PeeringSync::Unknown(format!(
            "`peeringSyncLevel` is {other:?}, which is not understood"
        )),
        None => match (peered, current) {
            (Some(peered), Some(current)) if peered == current => PeeringSync::InSync,
            (Some(_), Some(_)) => out_of_sync,
            _ => PeeringSync::Unknown(
                "neither `peeringSyncLevel` nor both address spaces could be read".to_owned(),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::tests::addresses;
    use super::*;

    fn subnet(name: &str, prefix: &str) -> Subnet {
        Subnet { name: name.to_owned(), addresses: addresses(&[prefix]) }
    }

    fn pair() -> (PeeringSide, PeeringSide) {
        let side = |name: &str, remote: &str, subnets| PeeringSide {
            name: name.to_owned(),
            extent: Some(Extent::Complete),
            ipv6_only: Some(false),
            remote_space: Some(addresses(&[remote])),
            subnets,
        };
        let nodes = vec![subnet("snet-aks", "10.1.0.0/20"), subnet("snet-pods", "10.1.16.0/20")];
        (
            side("aks-to-pg", "10.2.0.0/24", nodes),
            side("pg-to-aks", "10.1.0.0/16", vec![subnet("snet-pg", "10.2.0.0/28")]),
        )
    }

    fn subnets(local: &[&str], remote: &[&str]) -> Option<Extent> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Some(Extent::Subnets { local: names(local), remote: names(remote) })
    }

    fn check(change: impl FnOnce(&mut PeeringSide, &mut PeeringSide), expected: &State) {
        let (mut aks, mut postgres) = pair();
        change(&mut aks, &mut postgres);
        assert_eq!(&peering_carries(&aks, &postgres), expected);
        assert_eq!(&peering_carries(&postgres, &aks), expected, "sides are alike");
    }

    fn broken(why: &str) -> State {
        State::Broken(why.to_owned())
    }

    fn unknown(why: &str) -> State {
        State::Unknown(why.to_owned())
    }

    #[test]
    fn whole_networks_are_carried() {
        check(|_, _| {}, &State::Open);
    }

    #[test]
    fn subnet_peerings_must_list_every_subnet_on_both_sides() {
        check(
            |aks, postgres| {
                aks.extent = subnets(&["SNET-AKS", "snet-pods"], &["snet-pg"]);
                postgres.extent = subnets(&["snet-pg"], &["snet-pods", "snet-aks"]);
            },
            &State::Open,
        );
        check(
            |aks, _| aks.extent = subnets(&["snet-aks", "snet-pods"], &["snet-other"]),
            &broken("snet-pg is not in `remoteSubnetNames` of aks-to-pg"),
        );
        check(
            |_, postgres| postgres.extent = subnets(&["snet-pg"], &["snet-aks"]),
            &broken("snet-pods is not in `remoteSubnetNames` of pg-to-aks"),
        );
        check(
            |aks, _| aks.extent = subnets(&["snet-pods"], &["snet-pg"]),
            &broken("snet-aks is not in `localSubnetNames` of aks-to-pg"),
        );
    }

    #[test]
    fn ipv6_alone_does_not_carry_the_server() {
        check(
            |_, postgres| postgres.ipv6_only = Some(true),
            &broken("pg-to-aks carries IPv6 only"),
        );
    }

    #[test]
    fn the_peered_space_must_hold_the_subnets() {
        check(
            |_, postgres| postgres.remote_space = Some(addresses(&["10.1.0.0/20"])),
            &broken("10.1.16.0/20 of snet-pods is not in `remoteAddressSpace` of pg-to-aks"),
        );
        // IPv6 prefixes of a dual-stack subnet are not needed.
        check(
            |aks, _| aks.subnets[0].addresses = addresses(&["10.1.0.0/20", "fd00::/64"]),
            &State::Open,
        );
    }

    #[test]
    fn what_was_not_read_is_unknown_and_never_open() {
        check(
            |aks, _| aks.remote_space = None,
            &unknown("`remoteAddressSpace` of aks-to-pg could not be read"),
        );
        check(
            |aks, _| aks.extent = None,
            &unknown("`peerCompleteVnets` of aks-to-pg could not be read"),
        );
        check(
            |_, postgres| postgres.subnets[0].addresses = AddressSet::default(),
            &unknown("no IPv4 prefix of snet-pg is known"),
        );
        let (mut aks, mut postgres) = pair();
        (aks.subnets, postgres.subnets) = (vec![], vec![]);
        assert!(matches!(peering_carries(&aks, &postgres), State::Unknown(_)));
        // A contradiction that was read outweighs it.
        check(
            |aks, postgres| {
                aks.remote_space = None;
                postgres.ipv6_only = Some(true);
            },
            &broken("pg-to-aks carries IPv6 only"),
        );
    }

    #[test]
    fn sync_is_the_level_else_equal_spaces() {
        let (peered, current) = (addresses(&["10.2.0.0/24"]), addresses(&["10.2.0.0/23"]));
        let sync = |level, peered, current| {
            peering_sync(level, peered, current, &addresses(&["10.2.0.0/28"]))
        };
        let halves = addresses(&["10.2.0.128/25", "10.2.0.0/25"]);
        assert_eq!(sync(Some("fullyInSync"), Some(&peered), None), PeeringSync::InSync);
        assert_eq!(sync(None, Some(&peered), Some(&halves)), PeeringSync::InSync);
        let outdated = PeeringSync::OutOfSync {
            not_peered: Some(addresses(&["10.2.1.0/24"])),
            harmless: true,
        };
        assert_eq!(sync(Some("LocalNotInSync"), Some(&peered), Some(&current)), outdated);
        assert_eq!(sync(None, Some(&peered), Some(&current)), outdated);
        let harmful = PeeringSync::OutOfSync { not_peered: None, harmless: false };
        assert_eq!(sync(Some("RemoteNotInSync"), None, Some(&current)), harmful);
        assert!(matches!(
            sync(Some("Soon"), Some(&peered), Some(&peered)),
            PeeringSync::Unknown(_)
        ));
        assert!(matches!(sync(None, Some(&peered), None), PeeringSync::Unknown(_)));
    }
}
