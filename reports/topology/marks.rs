//! What is drawn, and which finding belongs to which element.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vaudit_model::assessment::{DeploymentAssessment, RuleResult};
use vaudit_model::rule::Verdict;
use vaudit_model::topology::{FurtherNetwork, Role, Seen, Subnet, Topology, Zone};

/// How many there are in the picture of what may be many.
pub(super) const MOST_SUBNETS: usize = 6;
const MOST_OTHER_SUBNETS: usize = 3;
const MOST_ZONES: usize = 4;
const MOST_NETWORKS: usize = 3;
const MOST_ROLES: usize = 6;

/// An element of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Deployment,
    Zone(usize),
    /// The link of a zone to one of the two networks.
    Link(usize, End),
    Cluster,
    Network(End),
    /// A subnet of the AKS network.
    AksSubnet(usize),
    /// A subnet beside the server's in its network.
    OtherSubnet(usize),
    ServerSubnet,
    Server,
    /// The peering as its end has it.
    Peering(End),
    FurtherNetwork(usize),
    PostgresBackup,
    Account,
    /// What lets the cluster's subnets reach the account.
    Admission,
    Container,
    BackupAccount,
    BackupContainer,
    Principal,
    Role(usize),
    /// The role that should be there.
    MissingRole,
}

/// One of the two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Aks,
    Postgres,
}

/// The findings at an element, by rule id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Failures no waiver covers.
    pub(super) failing: Vec<&'static str>,
    /// Verdicts that were lost.
    pub(super) unread: Vec<&'static str>,
    /// What a waiver covers.
    pub(super) waived: Vec<&'static str>,
    /// Whether some rule passed.
    pub(super) is_sound: bool,
}

/// A deployment as it is drawn.
pub(super) struct Scene<'a> {
    pub(super) own: &'a DeploymentAssessment,
    pub(super) topology: &'a Topology,
    pub(super) now: Timestamp,
    /// The subnets of the AKS network that are drawn, the cluster's first.
    pub(super) aks_subnets: Vec<&'a Subnet>,
    /// The subnets beside the server's that are drawn.
    pub(super) other_subnets: Vec<&'a Subnet>,
    /// The server's subnet, where its network shows it.
    pub(super) server_subnet: Option<&'a Subnet>,
    /// The zones beside the server's that are drawn.
    pub(super) further_zones: Vec<&'a Zone>,
    pub(super) further_networks: Vec<&'a FurtherNetwork>,
    pub(super) roles: Vec<&'a Role>,
    /// Whether the one role the application needs is proven not to be there.
    pub(super) lacks_role: bool,
    /// Failing rules that belong to nothing in the picture.
    pub(super) not_drawn: Vec<&'static str>,
    marks: BTreeMap<Part, Mark>,
    ids: BTreeMap<String, Part>,
}

/// Whether two ids are the same, whatever their casing.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/').eq_ignore_ascii_case(b.trim_end_matches('/'))
}

impl<'a> Scene<'a> {
    /// What is drawn of a deployment, with its findings.
    pub(super) fn of(own: &'a DeploymentAssessment, now: Timestamp) -> Self {
        let topology = &own.topology;
        let cluster = topology.cluster.known().map_or(&[][..], |own| own.subnets.items());
        let is_clusters = |subnet: &&Subnet| !cluster.iter().any(|id| same(id, &subnet.id));
        let mut aks_subnets: Vec<&Subnet> = match topology.aks_network.known() {
            Some(network) => network.subnets.items().iter().collect(),
            None => Vec::new(),
        };
        aks_subnets.sort_by_key(is_clusters);
        let server_subnet_id = topology.server_subnet.known().map(|own| own.id.as_str());
        let is_servers = |subnet: &Subnet| server_subnet_id.is_some_and(|id| same(id, &subnet.id));
        let postgres = topology.postgres_network.known();
        let postgres = postgres.map_or(&[][..], |network| network.subnets.items());
        let is_shared = topology.is_one_network();
        let others = postgres.iter().filter(|subnet| !is_shared && !is_servers(subnet));
        let lacks_role = own
            .results
            .iter()
            .any(|result| result.meta.id == "IAM008" && result.judgement.verdict == Verdict::Fail);
        let mut scene = Self {
            own,
            topology,
            now,
            server_subnet: postgres.iter().find(|subnet| is_servers(subnet)),
            aks_subnets: aks_subnets
                .into_iter()
                .filter(|subnet| !(is_shared && is_servers(subnet)))
                .take(MOST_SUBNETS)
                .collect(),
            other_subnets: others.take(MOST_OTHER_SUBNETS).collect(),
            further_zones: topology.further_zones.iter().take(MOST_ZONES - 1).collect(),
            further_networks: topology.further_networks.iter().take(MOST_NETWORKS).collect(),
            roles: topology.roles.items().iter().take(MOST_ROLES).collect(),
            lacks_role,
            not_drawn: Vec::new(),
            marks: BTreeMap::new(),
            ids: BTreeMap::new(),
        };
        scene.ids = scene.drawn_ids();
        for result in &own.results {
            scene.mark(result);
        }
        scene.not_drawn.sort_unstable();
        scene.not_drawn.dedup();
        scene
    }

    /// The findings at an element.
    pub(super) fn mark_of(&self, part: Part) -> Mark {
        self.marks.get(&part).cloned().unwrap_or_default()
    }

    /// The zones that are drawn; the server's is the first, and drawn even where it is not known.
    pub(super) fn zones(&self) -> impl Iterator<Item = (usize, Option<&'a Zone>)> {
        let own = std::iter::once(self.topology.zone.known());
        own.chain(self.further_zones.iter().map(|zone| Some(*zone))).enumerate()
    }

    /// The id of one of the two networks.
    pub(super) fn network_id(&self, end: End) -> Option<&'a str> {
        let network = match end {
            End::Aks => &self.topology.aks_network,
            End::Postgres => &self.topology.postgres_network,
        };
        network.known().map(|network| network.id.as_str())
    }

    fn drawn_ids(&self) -> BTreeMap<String, Part> {
        let topology = self.topology;
        let deployment = &self.own.deployment;
        let group = deployment.resource_group_id().to_string();
        let mut ids = vec![
            (deployment.subscription_id().to_string(), Part::Deployment),
            (group, Part::Deployment),
        ];
        let mut add = |id: &str, part| ids.push((id.to_owned(), part));
        for (at, zone) in self.zones() {
            let Some(zone) = zone else { continue };
            add(&zone.id, Part::Zone(at));
            for end in [End::Aks, End::Postgres] {
                if let Some(link) = self.link(zone, end) {
                    add(&link.id, Part::Link(at, end));
                }
            }
        }
        known(&topology.cluster, |own| add(&own.id, Part::Cluster));
        known(&topology.aks_network, |own| add(&own.id, Part::Network(End::Aks)));
        if !topology.is_one_network() {
            known(&topology.postgres_network, |own| add(&own.id, Part::Network(End::Postgres)));
        }
        for (at, subnet) in self.aks_subnets.iter().enumerate() {
            add(&subnet.id, Part::AksSubnet(at));
        }
        for (at, subnet) in self.other_subnets.iter().enumerate() {
            add(&subnet.id, Part::OtherSubnet(at));
        }
        known(&topology.server_subnet, |own| add(&own.id, Part::ServerSubnet));
        known(&topology.server, |own| add(&own.id, Part::Server));
        if topology.needs_peering() {
            let back = Part::Peering(End::Postgres);
            known(&topology.peering_from_aks, |own| add(&own.id, Part::Peering(End::Aks)));
            known(&topology.peering_from_postgres, |own| add(&own.id, back));
        }
        for (at, network) in self.further_networks.iter().enumerate() {
            add(&network.id, Part::FurtherNetwork(at));
            let sides = [&network.peering_from_aks, &network.peering_from_postgres];
            for side in sides.into_iter().flatten() {
                add(&side.id, Part::FurtherNetwork(at));
            }
        }
        // What the backups lie in goes first: the application's own account keeps its part.
        let container = |own: &Seen<vaudit_model::topology::Container>| {
            own.known().and_then(|own| own.id.known().cloned())
        };
        if topology.has_backup_account() {
            known(&topology.backup_storage, |own| add(&own.id, Part::BackupAccount));
        }
        container(&topology.backup_container).iter().for_each(|id| add(id, Part::BackupContainer));
        known(&topology.storage, |own| add(&own.id, Part::Account));
        container(&topology.container).iter().for_each(|id| add(id, Part::Container));
        known(&topology.service_principal, |own| add(&own.id, Part::Principal));
        for (at, role) in self.roles.iter().enumerate() {
            add(&role.id, Part::Role(at));
        }
        let key = |id: String| id.trim_end_matches('/').to_ascii_lowercase();
        ids.into_iter().map(|(id, part)| (key(id), part)).collect()
    }

    fn mark(&mut self, result: &RuleResult) {
        let id = result.meta.id;
        let list: fn(&mut Mark) -> &mut Vec<&'static str> =
            match (result.judgement.verdict, result.waiver) {
                (Verdict::Fail | Verdict::Indeterminate, Some(_)) => |mark| &mut mark.waived,
                (Verdict::Fail, None) => |mark| &mut mark.failing,
                (Verdict::Indeterminate, None) => |mark| &mut mark.unread,
                (Verdict::Pass, _) => {
                    for place in self.places(result) {
                        self.marks.entry(place).or_default().is_sound = true;
                    }
                    return;
                }
                (Verdict::NotApplicable | Verdict::Informational, _) => return,
            };
        let places = self.places(result);
        if places.is_empty() && result.is_open() && result.judgement.verdict == Verdict::Fail {
            self.not_drawn.push(id);
        }
        for place in places {
            let list = list(self.marks.entry(place).or_default());
            if !list.contains(&id) {
                list.push(id);
            }
        }
    }

    /// The elements a result is about.
    fn places(&self, result: &RuleResult) -> Vec<Part> {
        let subject = result.judgement.subject.as_str();
        let own = self.exactly(subject);
        let named = || {
            let evidence = result.judgement.evidence.iter();
            let mut parts: Vec<Part> =
                evidence.filter_map(|evidence| self.exactly(&evidence.resource)).collect();
            parts.sort_unstable();
            parts.dedup();
            parts
        };
        let only = |wanted: fn(&Part) -> bool| {
            let mut parts = named();
            parts.retain(wanted);
            parts
        };
        let is_peered = self.topology.needs_peering();
        // Rules whose subject stands for something that is not there, or for a line.
        let substitutes = match result.meta.id {
            "NET004" if is_peered => vec![Part::Peering(End::Aks)],
            "NET005" if is_peered => vec![Part::Peering(End::Postgres)],
            "NET006" | "NET007" | "NET008" | "NET009" if is_peered => {
                let sides = only(|part| matches!(part, Part::Peering(_)));
                match own {
                    Some(side @ Part::Peering(_)) => vec![side],
                    _ if !sides.is_empty() => sides,
                    Some(Part::Network(End::Postgres)) => vec![Part::Peering(End::Postgres)],
                    _ => vec![Part::Peering(End::Aks)],
                }
            }
            "NET002" => vec![Part::ServerSubnet],
            "NET001" => vec![Part::Network(End::Aks)],
            "DNS001" | "PG008" => vec![Part::Zone(0)],
            "DNS006" if !self.topology.is_one_network() => vec![Part::Link(0, End::Postgres)],
            "DNS003" | "DNS006" => vec![Part::Link(0, End::Aks)],
            "DNS004" | "DNS005" if !matches!(own, Some(Part::Link(..))) => {
                vec![Part::Link(0, End::Aks)]
            }
            "STO002" | "BKP022" => vec![Part::Container],
            "STO004" | "STO005" | "STO007" => vec![Part::Admission],
            "STO006" => match only(|part| matches!(part, Part::AksSubnet(_))) {
                none if none.is_empty() => vec![Part::Admission],
                subnets => subnets,
            },
            "IAM008" if self.lacks_role => vec![Part::MissingRole],
            "IAM009" | "IAM010" | "IAM011" | "IAM014" | "IAM015" => {
                only(|part| matches!(part, Part::Role(_)))
            }
            "BKP001" | "BKP002" | "BKP003" | "BKP004" | "BKP006" => vec![Part::PostgresBackup],
            id if id.starts_with("AUD") => vec![Part::Deployment],
            id if id.starts_with("BKP") => vec![Part::BackupContainer],
            _ => Vec::new(),
        };
        if !substitutes.is_empty() {
            return substitutes;
        }
        let named = named();
        let nearest = own
            .or_else(|| self.nearest(subject))
            // The deployment is near to everything: whatever is named more closely is meant.
            .filter(|part| *part != Part::Deployment || named.is_empty());
        match nearest.or_else(|| named.first().copied()) {
            Some(part) => vec![part],
            None => self.by_module(result.meta.id).into_iter().collect(),
        }
    }

    /// Where what a rule of a module says belongs if nothing it names is drawn.
    fn by_module(&self, rule: &str) -> Option<Part> {
        let module = rule.trim_end_matches(|c: char| c.is_ascii_digit());
        Some(match module {
            "AUD" | "PLC" => Part::Deployment,
            "AKS" => Part::Cluster,
            "PG" => Part::Server,
            "NET" if self.topology.is_one_network() => Part::Network(End::Aks),
            "NET" => Part::Network(End::Postgres),
            "DNS" => Part::Zone(0),
            "STO" => Part::Account,
            "IAM" => Part::Principal,
            _ => return None,
        })
    }

    fn exactly(&self, id: &str) -> Option<Part> {
        self.ids.get(&id.trim_end_matches('/').to_ascii_lowercase()).copied()
    }

    /// The element with the longest id that this one lies in.
    fn nearest(&self, id: &str) -> Option<Part> {
        let id = id.to_ascii_lowercase();
        let mut rest = id.as_str();
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if let Some(part) = self.ids.get(parent) {
                return Some(*part);
            }
            rest = parent;
        }
        None
    }

    /// The link of a zone to one of the two networks.
    pub(super) fn link(
        &self,
        zone: &'a Zone,
        end: End,
    ) -> Option<&'a vaudit_model::topology::ZoneLink> {
        let network = self.network_id(end)?;
        zone.links
            .items()
            .iter()
            .find(|link| link.network.known().is_some_and(|id| same(id, network)))
    }
}

impl Mark {
    /// Whether nothing is wrong, lost or waived.
    pub(super) fn is_clear(&self) -> bool {
        self.failing.is_empty() && self.unread.is_empty() && self.waived.is_empty()
    }

    /// The same with the findings of another element that is drawn as one with it.
    pub(super) fn add(&mut self, other: &Self) {
        self.failing.extend(&other.failing);
        self.unread.extend(&other.unread);
        self.waived.extend(&other.waived);
    }
}

fn known<T>(seen: &Seen<T>, add: impl FnOnce(&T)) {
    if let Some(value) = seen.known() {
        add(value);
    }
}
