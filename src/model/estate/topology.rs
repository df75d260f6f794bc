//! How the resources of a deployment hang together, from its facts.
//!
//! It looks at what rules asked for and asks for nothing itself: what no rule needed is not there,
//! and is told as not asked.

use jiff::Timestamp;

use super::{
    BlobContainer, Estate, FolderState, ManagedCluster, Peering, PostgresServer, RoleAssignment,
    StorageAccount, Subnet, VirtualNetwork, VirtualNetworkLink, role_name,
};
use crate::arm_id::ArmId;
use crate::fact::{Fact, Gap, List, Source};
use crate::network_path::{Hop, Prefix, Stage};
use crate::region::Region;
use crate::topology::{
    Account, BlobPoint, Cluster, Container, EndpointConnection, FurtherNetwork, Network,
    NetworkRule, PeeringSide, PostgresPoint, Principal, Role, Seen, Server, ServerSubnet, Several,
    Subnet as SubnetSeen, Topology, Zone, ZoneLink,
};

impl Estate<'_> {
    /// How the resources hang together, as far as it was seen.
    pub fn topology(&self) -> Topology {
        let (aks_id, postgres_id) = (self.aks_vnet_id(), self.postgres_vnet_id());
        let peering = |own: &Fact<VirtualNetwork>, other: &Fact<ArmId>| {
            own.as_ref().and_then(|own, source| {
                other.as_ref().and_then(|other, _| match own.id == *other {
                    true => Fact::Absent(source),
                    false => own.peering_to(other).map(PeeringSide::of),
                })
            })
        };
        let known = [aks_id.value(), postgres_id.value()];
        let known: Vec<&ArmId> = known.into_iter().flatten().collect();
        let zone = self.zone();
        let further_zones = self.further_zones(&known);
        let zones = || zone.known().into_iter().chain(&further_zones);
        Topology {
            path: self.network_hops(),
            cluster: self.cluster().as_ref().map(|own| self.cluster_seen(own)).into(),
            aks_network: network(self.aks_vnet(), &aks_id),
            server: self.server().as_ref().map(Server::of).into(),
            server_subnet: self
                .postgres_subnet_id()
                .map(|id| ServerSubnet {
                    exists: self.postgres_subnet().map(|_| true).into(),
                    id: id.to_string(),
                })
                .into(),
            postgres_network: network(self.postgres_vnet(), &postgres_id),
            peering_from_aks: peering(self.aks_vnet(), &postgres_id).into(),
            peering_from_postgres: peering(self.postgres_vnet(), &aks_id).into(),
            further_networks: self.further_networks(&known, zones()),
            storage: self.storage_account().as_ref().map(Account::of).into(),
            container: self.container_seen(
                self.deployment.storage.container.as_deref(),
                "storage.container",
                self.storage_account(),
                self.application_container(),
            ),
            backup_storage: self.backup_account().as_ref().map(Account::of).into(),
            backup_container: self.container_seen(
                self.deployment.backup.container.as_deref(),
                "backup.container",
                self.backup_account(),
                self.backup_container(),
            ),
            service_principal: self.principal_seen(),
            roles: self.roles_seen(),
            postgres_backup: self.newest_postgres_backup().into(),
            blob_backup: self.newest_folder().into(),
            further_zones,
            zone,
        }
    }

    /// The hops of the way to the server that lie in networks; names are judged by rules alone.
    fn network_hops(&self) -> Vec<Hop> {
        let hops = self.way_to_server().hops().into_iter();
        hops.filter(|hop| hop.stage <= Stage::ReturnRoutes).collect()
    }

    fn postgres_vnet_id(&self) -> Fact<ArmId> {
        self.postgres_subnet_id().and_then(|subnet, source| match subnet.parent() {
            Some(vnet) => Fact::Known(vnet, source),
            None => Fact::Absent(source),
        })
    }

    fn cluster_seen(&self, cluster: &ManagedCluster) -> Cluster {
        Cluster {
            id: cluster.id.to_string(),
            region: region(&cluster.location),
            power_state: cluster.power_state.clone().into(),
            provisioning_state: cluster.provisioning_state.clone().into(),
            subnets: several(self.cluster_subnets(), |id| Fact::Known(id, nowhere())),
        }
    }

    fn zone(&self) -> Seen<Zone> {
        self.zone_id()
            .map(|id| Zone {
                state: self.server_zone().and_then(|zone, _| zone.provisioning_state).into(),
                links: links(self.zone_links().clone()),
                id: id.to_string(),
            })
            .into()
    }

    /// Zones beside the server's whose links were read, and that are linked to one of the networks.
    fn further_zones(&self, networks: &[&ArmId]) -> Vec<Zone> {
        let own = self.zone_id();
        let others = self.private_dns_zones();
        let others = others.value().map_or(&[][..], |list| &list.items);
        let others = others.iter().filter(|id| own.value() != Some(id));
        let mut zones: Vec<(ArmId, Zone)> = Vec::new();
        for id in others {
            let found = self.links_of(id);
            let is_linked = |link: &VirtualNetworkLink| {
                link.virtual_network.value().is_some_and(|vnet| networks.contains(&vnet))
            };
            let are_linked = found.value().is_some_and(|list| list.items.iter().any(is_linked));
            if are_linked {
                // The list of zones is where it stands; its body was not asked for by itself.
                let zone = Zone { id: id.to_string(), state: Seen::NotAsked, links: links(found) };
                zones.push((id.clone(), zone));
            }
        }
        zones.sort_by(|a, b| a.0.cmp(&b.0));
        zones.into_iter().map(|(_, zone)| zone).collect()
    }

    /// The networks beside the two of the deployment that these are peered with, or zones linked to.
    fn further_networks<'z>(
        &self,
        own: &[&ArmId],
        zones: impl Iterator<Item = &'z Zone>,
    ) -> Vec<FurtherNetwork> {
        let mut found: Vec<(ArmId, FurtherNetwork)> = Vec::new();
        let place = |found: &mut Vec<(ArmId, FurtherNetwork)>, id: &ArmId| {
            if own.contains(&id) {
                return None;
            }
            let at = found.iter().position(|(other, _)| other == id).unwrap_or_else(|| {
                let network = FurtherNetwork {
                    id: id.to_string(),
                    peering_from_aks: None,
                    peering_from_postgres: None,
                };
                found.push((id.clone(), network));
                found.len() - 1
            });
            Some(at)
        };
        for (is_aks, vnet) in [(true, self.aks_vnet()), (false, self.postgres_vnet())] {
            let peerings = vnet.value().and_then(|vnet| vnet.peerings.value());
            for peering in peerings.map_or(&[][..], |list| &list.items) {
                let Some(remote) = peering.remote.value() else { continue };
                let Some(at) = place(&mut found, remote) else { continue };
                let network = &mut found[at].1;
                let side = match is_aks {
                    true => &mut network.peering_from_aks,
                    false => &mut network.peering_from_postgres,
                };
                *side = Some(PeeringSide::of(peering));
            }
        }
        for link in zones.flat_map(|zone| zone.links.items()) {
            let id = link.network.known().and_then(|id| ArmId::parse(id).ok());
            if let Some(id) = id {
                place(&mut found, &id);
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found.into_iter().map(|(_, network)| network).collect()
    }

    fn container_seen(
        &self,
        name: Option<&str>,
        setting: &str,
        account: &Fact<StorageAccount>,
        container: Fact<BlobContainer>,
    ) -> Seen<Container> {
        let Some(name) = name else {
            return Fact::<Container>::Unread(Gap::not_configured(setting)).into();
        };
        Seen::Known(Container {
            id: account.as_ref().map(|account| account.container_id(name).to_string()).into(),
            exists: container.map(|_| true).into(),
            name: name.to_owned(),
        })
    }

    fn principal_seen(&self) -> Seen<Principal> {
        let read = self.service_principal().as_ref().map(|principal| Principal {
            id: principal.source.resource.clone(),
            client_id: principal.app_id.clone().into(),
            enabled: principal.enabled.clone().into(),
        });
        // Where the directory is closed, the configured object id is what roles are given to.
        match (&read, self.principal_id()) {
            (Fact::Unread(gap), Fact::Known(_, source)) => Seen::Known(Principal {
                id: source.resource,
                client_id: self.client_id().into(),
                enabled: Fact::Unread(gap.clone()).into(),
            }),
            _ => read.into(),
        }
    }

    fn roles_seen(&self) -> Seen<Several<Role>> {
        let own = self.principal_id();
        let list = self.role_assignments().clone().map(|mut list| {
            list.items.sort_by(|a, b| a.id.cmp(&b.id));
            list.map(|assignment| Role::of(assignment, &own))
        });
        list.map(Several::from).into()
    }

    fn newest_postgres_backup(&self) -> Fact<PostgresPoint> {
        self.backups().as_ref().and_then(|list, source| {
            let automatic = list.items.iter().filter(|backup| backup.is_automatic());
            let newest = automatic
                .filter_map(|backup| Some((*backup.completed.value()?, backup)))
                .max_by_key(|(instant, _)| *instant);
            match (newest, &list.missing) {
                (Some((instant, backup)), _) => {
                    let point =
                        PostgresPoint { name: backup.name.clone(), instant: whole(instant) };
                    Fact::Known(point, source)
                }
                (None, Some(gap)) => Fact::Unread(gap.clone()),
                (None, None) => {
                    let undated = list.items.iter().filter_map(|backup| {
                        backup.completed.gap().or(backup.backup_type.gap()).cloned()
                    });
                    undated.map(Fact::Unread).next().unwrap_or(Fact::Absent(source))
                }
            }
        })
    }

    fn newest_folder(&self) -> Fact<BlobPoint> {
        self.dated_folders().and_then(|dated, source| {
            let Some((folder, instant)) = dated.past.first() else {
                return match dated.missing {
                    Some(gap) => Fact::Unread(gap),
                    None => Fact::Absent(source),
                };
            };
            let complete = match self.folder_state(folder) {
                FolderState::Complete(_) => Some(true),
                FolderState::Incomplete(_) => Some(false),
                FolderState::InProgress | FolderState::Unread(_) => None,
            };
            let folder = folder.display_name().to_owned();
            Fact::Known(BlobPoint { folder, instant: whole(*instant), complete }, source)
        })
    }
}

impl Server {
    fn of(server: &PostgresServer) -> Self {
        let public = server.access.as_ref();
        Self {
            id: server.id.to_string(),
            region: region(&server.location),
            version: server.version.clone().into(),
            minor_version: server.minor_version.clone().into(),
            state: server.state.clone().into(),
            public_access: public.and_then(|own, _| own.public_network_access.clone()).into(),
        }
    }
}

impl PeeringSide {
    fn of(peering: &Peering) -> Self {
        let terms = &peering.terms;
        Self {
            id: peering.id.to_string(),
            state: peering.state.clone().into(),
            sync_level: terms.sync_level.clone().into(),
            allows_access: terms.allows_access.clone().into(),
            whole_network: terms.complete.clone().into(),
            ipv6_only: terms.ipv6_only.clone().into(),
        }
    }
}

impl Account {
    fn of(account: &StorageAccount) -> Self {
        let rules = account.network_rules.clone().map(|list| {
            list.map(|rule| NetworkRule {
                subnet: rule.subnet.map(|id| id.to_string()).into(),
                state: rule.state.into(),
            })
        });
        let endpoints = account.private_endpoints.clone().map(|list| {
            list.map(|own| EndpointConnection {
                endpoint: own.endpoint.map(|id| id.to_string()).into(),
                status: own.status.into(),
            })
        });
        Self {
            id: account.id.to_string(),
            region: region(&account.location),
            public_access: account.public_network_access.clone().into(),
            default_action: account.default_action.clone().into(),
            network_rules: rules.map(Several::from).into(),
            ip_rules: account.ip_rules.clone().map(Several::from).into(),
            private_endpoints: endpoints.map(Several::from).into(),
        }
    }
}

impl Role {
    fn of(assignment: RoleAssignment, own: &Fact<String>) -> Self {
        let holder = assignment.principal_id;
        let direct = own.clone().and_then(|own, _| holder.map(|holder| holder == own));
        Self {
            id: assignment.id.to_string(),
            role: assignment.role.map(|guid| role_name(&guid).to_owned()).into(),
            scope: assignment.scope.map(|scope| scope.to_string()).into(),
            direct: direct.into(),
            condition: assignment.condition.into(),
        }
    }
}

fn region(region: &Fact<Region>) -> Seen<String> {
    region.as_ref().map(ToString::to_string).into()
}

/// A network that is named, though perhaps not read itself.
fn network(vnet: &Fact<VirtualNetwork>, id: &Fact<ArmId>) -> Seen<Network> {
    match (vnet, id) {
        (Fact::Known(vnet, _), _) => Seen::Known(Network {
            id: vnet.id.to_string(),
            address_space: prefixes(&vnet.address_space),
            subnets: subnets(&vnet.subnets),
        }),
        (Fact::Unread(gap), Fact::Known(id, _)) => {
            let unread = Fact::<()>::Unread(gap.clone());
            Seen::Known(Network {
                id: id.to_string(),
                address_space: unread.clone().map(|()| Vec::new()).into(),
                subnets: unread.map(|()| List::complete(Vec::new()).into()).into(),
            })
        }
        (Fact::Absent(_), _) => Seen::Absent,
        (Fact::Unread(gap), _) => Fact::Unread(gap.clone()).into(),
    }
}

fn subnets(list: &Fact<List<Subnet>>) -> Seen<Several<SubnetSeen>> {
    let mut list = list.clone();
    if let Fact::Known(list, _) = &mut list {
        list.items.sort_by(|a, b| a.id.cmp(&b.id));
    }
    list.map(|list| Several::from(list.map(subnet))).into()
}

fn subnet(subnet: Subnet) -> SubnetSeen {
    SubnetSeen {
        id: subnet.id.to_string(),
        prefixes: prefixes(&subnet.prefixes),
        security_group: subnet.network_security_group.map(|id| id.to_string()).into(),
        route_table: subnet.route_table.map(|id| id.to_string()).into(),
        service_endpoints: several(subnet.service_endpoints, |own| own.service),
        delegations: several(subnet.delegations, |service| service),
    }
}

fn prefixes(prefixes: &Fact<Vec<Prefix>>) -> Seen<Vec<String>> {
    prefixes.as_ref().map(|list| list.iter().map(ToString::to_string).collect()).into()
}

fn links(list: Fact<List<VirtualNetworkLink>>) -> Seen<Several<ZoneLink>> {
    let told = list.map(|mut list| {
        list.items.sort_by(|a, b| a.id.cmp(&b.id));
        list.map(|link| ZoneLink {
            id: link.id.to_string(),
            network: link.virtual_network.map(|id| id.to_string()).into(),
            registration: link.registration_enabled.into(),
            state: link.state.into(),
        })
    });
    told.map(Several::from).into()
}

/// What each item of a list is called; one that cannot be read leaves the list incomplete.
fn several<T, U: ToString>(
    list: Fact<List<T>>,
    name: impl Fn(T) -> Fact<U>,
) -> Seen<Several<String>> {
    let told = list.map(|list| {
        let mut names = List { items: Vec::new(), missing: list.missing };
        for item in list.items {
            match name(item) {
                Fact::Known(text, _) => names.items.push(text.to_string()),
                Fact::Absent(_) => {}
                Fact::Unread(gap) => {
                    names.missing.get_or_insert(gap);
                }
            }
        }
        Several::from(names)
    });
    told.into()
}

/// Reports show whole seconds.
fn whole(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// The source of what stands in no answer by itself.
fn nowhere() -> Source {
    Source { resource: String::new(), pointer: String::new(), origin: Default::default() }
}
