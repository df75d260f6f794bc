//! Estates made up for the tests: of every shape, with things that are lost and names that try to get
//! out.

use vaudit_model::assessment::{DeploymentAssessment, RuleResult};
use vaudit_model::deployment::Deployment;
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::rule::{Judgement, Meta};
use vaudit_model::topology::{
    Account, BlobPoint, Cluster, Container, FurtherNetwork, Loss, Network, NetworkRule,
    PeeringSide, PostgresPoint, Principal, Role, Seen, Server, ServerSubnet, Several, Subnet,
    Topology, Zone, ZoneLink,
};

use crate::canned::{HOSTILE, WIDE};
use crate::canned_rules::AKS;

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg";

/// How an estate is made.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) subnets: usize,
    pub(super) others: usize,
    pub(super) further_zones: usize,
    pub(super) networks: usize,
    pub(super) roles: usize,
    /// Network of both, no network of the server, an account for the backups.
    pub(super) is_one_network: bool,
    pub(super) is_public: bool,
    pub(super) has_backup_account: bool,
    /// Which names are used, from a list.
    pub(super) names: usize,
    /// What is not known, one bit a thing; and how.
    pub(super) lost: u32,
    pub(super) is_absent: bool,
    /// The rules that fail (0), are unread (1) or waived (2), each with the subject of a thing.
    pub(super) findings: Vec<(usize, usize, u8)>,
}

impl Plan {
    /// The estate of the guide.
    pub(super) fn ordinary() -> Self {
        Self {
            subnets: 1,
            others: 0,
            further_zones: 0,
            networks: 0,
            roles: 1,
            is_one_network: false,
            is_public: false,
            has_backup_account: true,
            names: 0,
            lost: 0,
            is_absent: false,
            findings: Vec::new(),
        }
    }
}

const RULES: [&str; 24] = [
    "PLC001", "AKS001", "PG001", "PG004", "PG010", "NET001", "NET002", "NET004", "NET005",
    "NET006", "NET012", "DNS001", "DNS003", "DNS005", "DNS006", "STO003", "STO004", "STO006",
    "IAM001", "IAM008", "IAM010", "BKP001", "BKP009", "BKP010",
];

struct Maker<'p>(&'p Plan, u32);

impl Maker<'_> {
    /// A name of the kind the plan is about.
    fn name(&self, own: &str) -> String {
        match self.0.names {
            0 => own.to_owned(),
            1 => format!("{own}-{}", "long".repeat(60)),
            2 => format!("{own}{}", HOSTILE.replace('/', "")),
            3 => format!("{own}{}", WIDE.repeat(12)),
            _ => "W".repeat(80),
        }
    }

    fn id(&self, path: &str, own: &str) -> String {
        format!("{GROUP}/providers/{path}/{}", self.name(own))
    }

    /// A thing that is known, unless the plan has lost it.
    fn seen<T>(&mut self, value: T) -> Seen<T> {
        self.1 += 1;
        match (self.0.lost >> (self.1 % 32) & 1, self.0.is_absent, self.1 % 3) {
            (0, ..) => Seen::Known(value),
            (_, true, 0) => Seen::Absent,
            (_, _, 1) => Seen::NotAsked,
            _ => {
                let why = format!("{} may not be read by the auditor", self.name("it"));
                Seen::Unread(Loss { reason: Reason::Forbidden, why })
            }
        }
    }

    fn word(&mut self, text: &str) -> Seen<String> {
        let text = if self.0.names > 1 { self.name(text) } else { text.to_owned() };
        self.seen(text)
    }

    fn list<T>(&mut self, items: Vec<T>) -> Seen<Several<T>> {
        let missing = (self.0.lost & 3 == 3)
            .then(|| Loss { reason: Reason::Throttled, why: "a page is missing".to_owned() });
        self.seen(Several { items, missing })
    }

    fn subnet(&mut self, network: &str, at: usize) -> Subnet {
        let id = format!("{network}/subnets/{}", self.name(&format!("snet-{at}")));
        let (group, table) = (self.id("nsg", "nsg-1"), self.id("rt", "routes-1"));
        Subnet {
            prefixes: self.seen(vec![format!("10.1.{at}.0/24"), "fd00::/64".into(), "b".into()]),
            security_group: self.seen(group),
            route_table: self.seen(table),
            service_endpoints: self.list(vec!["Microsoft.Storage".to_owned()]),
            delegations: self.list(Vec::new()),
            id,
        }
    }

    fn peering(&mut self, network: &str, own: &str) -> PeeringSide {
        PeeringSide {
            id: format!("{network}/virtualNetworkPeerings/{}", self.name(own)),
            state: self.word("Connected"),
            sync_level: self.word("FullyInSync"),
            allows_access: self.seen(true),
            whole_network: self.seen(false),
            ipv6_only: self.seen(false),
        }
    }

    fn account(&mut self, own: &str, subnets: &[Subnet]) -> Account {
        let rules: Vec<NetworkRule> = subnets
            .iter()
            .map(|subnet| NetworkRule {
                subnet: Seen::Known(subnet.id.to_uppercase()),
                state: self.word("Succeeded"),
            })
            .collect();
        Account {
            id: self.id("Microsoft.Storage/storageAccounts", own),
            region: self.word("westeurope"),
            public_access: self.word("Enabled"),
            default_action: self.word("Deny"),
            network_rules: self.list(rules),
            ip_rules: self.list(vec!["203.0.113.7".to_owned()]),
            private_endpoints: self.list(Vec::new()),
        }
    }

    fn topology(&mut self) -> Topology {
        let plan = self.0;
        let vnet = "Microsoft.Network/virtualNetworks";
        let (aks, pg) = (self.id(vnet, "vnet-aks"), self.id(vnet, "vnet-pg"));
        let pg = if plan.is_one_network { aks.clone() } else { pg };
        let subnets: Vec<Subnet> = (0..plan.subnets).map(|at| self.subnet(&aks, at)).collect();
        let mut others: Vec<Subnet> =
            (0..plan.others).map(|at| self.subnet(&pg, at + 50)).collect();
        others.push(self.subnet(&pg, 99));
        let server_subnet = others[plan.others].id.clone();
        let all = if plan.is_one_network { [subnets.clone(), others].concat() } else { others };
        let ids: Vec<String> = subnets.iter().map(|subnet| subnet.id.to_uppercase()).collect();
        let networks: Vec<FurtherNetwork> = (0..plan.networks)
            .map(|at| FurtherNetwork {
                id: self.id(vnet, &format!("vnet-hub-{at}")),
                peering_from_aks: Some(self.peering(&aks, &format!("to-hub-{at}"))),
                peering_from_postgres: (at % 2 == 0).then(|| self.peering(&pg, "pg-to-hub")),
            })
            .collect();
        let mut zone = |at: usize| {
            let id = self.id("Microsoft.Network/privateDnsZones", &format!("zone-{at}.postgres"));
            let mut links = Vec::new();
            let hub = networks.first().map_or(&aks, |network| &network.id);
            for (nth, network) in [&aks, &pg, hub].into_iter().enumerate() {
                links.push(ZoneLink {
                    id: format!("{id}/virtualNetworkLinks/link-{nth}"),
                    network: Seen::Known(network.clone()),
                    registration: self.seen(nth == 0),
                    state: self.word("Completed"),
                });
            }
            Zone { state: self.word("Succeeded"), links: self.list(links), id }
        };
        let own_zone = zone(0);
        let further_zones: Vec<Zone> = (1..=plan.further_zones).map(zone).collect();
        let roles: Vec<Role> = (0..plan.roles)
            .map(|at| {
                let account = self.id("Microsoft.Storage/storageAccounts", "st");
                let scope = match at % 4 {
                    0 => account,
                    1 => GROUP.to_owned(),
                    2 => "/".to_owned(),
                    _ => format!("{account}/blobServices/default/containers/vectice"),
                };
                Role {
                    id: format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments/{at}"),
                    role: self.word("Storage Blob Data Contributor"),
                    scope: self.seen(scope),
                    direct: self.seen(at % 2 == 0),
                    condition: self.word("x"),
                }
            })
            .collect();
        let cluster = Cluster {
            id: self.id("Microsoft.ContainerService/managedClusters", "aks"),
            region: self.word("westeurope"),
            power_state: self.word("Running"),
            provisioning_state: self.word("Succeeded"),
            subnets: self.list(ids),
        };
        let server = Server {
            id: self.id("Microsoft.DBforPostgreSQL/flexibleServers", "pg"),
            region: self.word("westeurope"),
            version: self.word("13"),
            minor_version: self.word("22"),
            state: self.word("Ready"),
            public_access: self.word("Disabled"),
        };
        let aks_network = Network {
            id: aks.clone(),
            address_space: self.seen(vec!["10.1.0.0/16".to_owned()]),
            subnets: if plan.is_one_network {
                self.list(all.clone())
            } else {
                self.list(subnets.clone())
            },
        };
        let postgres_network = Network {
            id: pg.clone(),
            address_space: self.seen(vec!["10.2.0.0/24".to_owned()]),
            subnets: self.list(all),
        };
        let (there, back) = (self.peering(&aks, "aks-to-pg"), self.peering(&pg, "pg-to-aks"));
        let account = self.account("st", &subnets);
        let backup_account = match plan.has_backup_account {
            true => self.account("stbkp", &subnets),
            false => account.clone(),
        };
        let container = |maker: &mut Self, name: &str, account: &Account| Container {
            name: maker.name(name),
            id: Seen::Known(format!("{}/blobServices/default/containers/{name}", account.id)),
            exists: maker.seen(true),
        };
        let own_container = container(self, "vectice", &account);
        let backup_container = container(self, "vectice-backup", &backup_account);
        let storage = self.seen(account);
        let point = BlobPoint {
            folder: self.name("2026-11-22"),
            instant: "2026-11-22T02:00:00Z".parse().unwrap(),
            complete: Some(plan.lost.is_multiple_of(2)),
        };
        Topology {
            path: Vec::new(),
            cluster: self.seen(cluster),
            aks_network: self.seen(aks_network),
            server: self.seen(server),
            server_subnet: match plan.is_public {
                true => Seen::Absent,
                false => {
                    let exists = self.seen(true);
                    self.seen(ServerSubnet { id: server_subnet, exists })
                }
            },
            postgres_network: match plan.is_public {
                true => Seen::Absent,
                false => self.seen(postgres_network),
            },
            peering_from_aks: self.seen(there),
            peering_from_postgres: self.seen(back),
            further_networks: networks,
            zone: self.seen(own_zone),
            further_zones,
            backup_storage: match plan.has_backup_account {
                true => self.seen(backup_account),
                false => storage.clone(),
            },
            storage,
            container: self.seen(own_container),
            backup_container: self.seen(backup_container),
            service_principal: self.seen(Principal {
                id: "graph:servicePrincipals/33333333-3333-3333-3333-333333333333".to_owned(),
                client_id: Seen::Known("22222222-2222-2222-2222-222222222222".to_owned()),
                enabled: Seen::Known(true),
            }),
            roles: self.list(roles),
            postgres_backup: self.seen(PostgresPoint {
                name: "backup".to_owned(),
                instant: "2026-11-22T03:10:00Z".parse().unwrap(),
            }),
            blob_backup: self.seen(point),
        }
    }
}

/// The estate of a plan.
pub(super) fn estate(plan: &Plan) -> DeploymentAssessment {
    let topology = Maker(plan, 0).topology();
    let mut subjects = vec![GROUP.to_owned(), format!("{GROUP}/elsewhere"), "graph:x".to_owned()];
    let mut add = |id: Option<&String>| subjects.extend(id.cloned());
    add(topology.server.known().map(|own| &own.id));
    add(topology.aks_network.known().map(|own| &own.id));
    add(topology.peering_from_aks.known().map(|own| &own.id));
    add(topology.storage.known().map(|own| &own.id));
    topology.roles.items().iter().for_each(|role| add(Some(&role.id)));
    topology.further_networks.iter().for_each(|network| add(Some(&network.id)));
    let results = plan.findings.iter().map(|(rule, subject, kind)| {
        let subject = subjects[subject % subjects.len()].clone();
        let meta = Meta { id: RULES[rule % RULES.len()], ..AKS };
        let judgement = match kind % 4 {
            0 | 2 => Judgement::fail(subject, "It is not so."),
            1 => Judgement::indeterminate(subject, Gap::because(Reason::Forbidden, "refused")),
            _ => Judgement::pass(subject, "It is so."),
        };
        RuleResult {
            meta,
            judgement,
            severity: meta.severity,
            location: None,
            waiver: (kind % 4 == 2).then_some(0),
            lapsed_waiver: None,
            fingerprint: String::new(),
            observed_digest: String::new(),
        }
    });
    DeploymentAssessment {
        deployment: Deployment::new(WIDE, "00000000-0000-0000-0000-00000000000a", "rg"),
        results: results.collect(),
        gaps: Vec::new(),
        backups: Vec::new(),
        topology,
    }
}
