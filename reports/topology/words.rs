//! The picture in sentences, for whoever does not see it. They say the same, finding by finding.

use vaudit_model::instant::show_age;
use vaudit_model::topology::{Account, PeeringSide, Seen, Several, Subnet};

use super::layout::Text;
use super::marks::{End, Mark, Part, Scene, same};
use super::text::shown;
use super::wording::{name_of, peering_terms, prefixes, said};

/// What is broken, what could not be read and what is waived, in one sentence each.
pub(super) fn summary(scene: &Scene<'_>) -> String {
    let mut all = Mark::default();
    for part in parts(scene) {
        all.add(&scene.mark_of(part));
    }
    let listed = |rules: &mut Vec<&'static str>| {
        rules.sort_unstable();
        rules.dedup();
        rules.join(", ")
    };
    let told = [
        ("Failing", listed(&mut all.failing)),
        ("Could not be judged", listed(&mut all.unread)),
        ("Waived", listed(&mut all.waived)),
    ];
    let told: Vec<String> = told
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(word, rules)| format!("{word}: {rules}."))
        .collect();
    if told.is_empty() { "No finding is open.".to_owned() } else { told.join(" ") }
}

/// Every element there may be a finding at, in the order of the sentences.
fn parts(scene: &Scene<'_>) -> Vec<Part> {
    let mut parts = vec![
        Part::Deployment,
        Part::Cluster,
        Part::Network(End::Aks),
        Part::Network(End::Postgres),
        Part::ServerSubnet,
        Part::Server,
        Part::PostgresBackup,
        Part::Peering(End::Aks),
        Part::Peering(End::Postgres),
        Part::Account,
        Part::Admission,
        Part::Container,
        Part::BackupAccount,
        Part::BackupContainer,
        Part::Principal,
        Part::MissingRole,
    ];
    parts.extend((0..scene.aks_subnets.len()).map(Part::AksSubnet));
    parts.extend((0..scene.other_subnets.len()).map(Part::OtherSubnet));
    parts.extend((0..scene.further_networks.len()).map(Part::FurtherNetwork));
    parts.extend((0..scene.roles.len()).map(Part::Role));
    for (at, _) in scene.zones() {
        parts.extend([Part::Zone(at), Part::Link(at, End::Aks), Part::Link(at, End::Postgres)]);
    }
    parts
}

/// The sentences.
pub(super) fn of(scene: &Scene<'_>) -> Vec<String> {
    let mut told = Told { scene, lines: Vec::new() };
    told.deployment();
    told.zones();
    told.aks();
    told.postgres();
    told.between();
    told.storage();
    told.principal();
    told.backups();
    told.lines
}

struct Told<'s, 'a> {
    scene: &'s Scene<'a>,
    lines: Vec<String>,
}

impl Told<'_, '_> {
    /// A sentence about elements, with what was found at them.
    fn say(&mut self, parts: &[Part], sentence: String) {
        let mut mark = Mark::default();
        for part in parts {
            mark.add(&self.scene.mark_of(*part));
        }
        let mut line = sentence;
        for (word, rules) in [
            ("Failing", &mark.failing),
            ("Could not be judged", &mark.unread),
            ("Waived", &mark.waived),
        ] {
            if !rules.is_empty() {
                line.push_str(&format!(" {word}: {}.", rules.join(", ")));
            }
        }
        self.lines.push(line);
    }

    /// The sentence of a thing that is not known.
    fn unknown<T>(&mut self, parts: &[Part], what: &str, seen: &Seen<T>) {
        let sentence = match seen {
            Seen::Known(_) => return,
            Seen::Absent => format!("{what} does not exist."),
            Seen::Unread(loss) => {
                format!("{what} could not be read ({}): {}.", loss.reason, shown(&loss.why))
            }
            Seen::NotAsked => format!("{what} was not asked for."),
        };
        self.say(parts, sentence);
    }

    fn deployment(&mut self) {
        let own = &self.scene.own.deployment;
        let (group, subscription) = (shown(&own.resource_group), shown(&own.subscription));
        let sentence = format!(
            "The deployment is the resource group {group} of the subscription {subscription}."
        );
        self.say(&[Part::Deployment], sentence);
    }

    fn zones(&mut self) {
        let scene = self.scene;
        self.unknown(
            &[Part::Zone(0), Part::Link(0, End::Aks), Part::Link(0, End::Postgres)],
            "The private DNS zone of the server",
            &scene.topology.zone,
        );
        for (at, zone) in scene.zones() {
            let Some(zone) = zone else { continue };
            let what = if at == 0 { "zone of the server" } else { "further zone" };
            let missing = if zone.state.is_absent() { ", which does not exist" } else { "" };
            let sentence = format!("The private DNS {what} is {}{missing}.", name_of(&zone.id));
            self.say(&[Part::Zone(at)], sentence);
            for (end, network) in [(End::Aks, "AKS"), (End::Postgres, "PostgreSQL")] {
                let part = Part::Link(at, end);
                let sentence = match scene.link(zone, end) {
                    Some(link) => {
                        let registration = match link.registration {
                            Seen::Known(true) => "with auto-registration",
                            Seen::Known(false) => "without auto-registration",
                            _ => "registration not known",
                        };
                        let state = said(&link.state, "no state");
                        let name = name_of(&link.id);
                        format!(
                            "Its link {name} leads to the {network} network, {registration}, {state}."
                        )
                    }
                    None if at == 0 => match &zone.links {
                        Seen::Known(Several { missing: None, .. }) => {
                            format!("It has no link to the {network} network.")
                        }
                        _ => {
                            format!("Whether it has a link to the {network} network is not known.")
                        }
                    },
                    None => continue,
                };
                self.say(&[part], sentence);
            }
        }
    }

    fn aks(&mut self) {
        let scene = self.scene;
        let topology = scene.topology;
        self.unknown(&[Part::Cluster], "The AKS cluster", &topology.cluster);
        if let Some(cluster) = topology.cluster.known() {
            let state = said(&cluster.power_state, "in no state");
            let region = said(&cluster.region, "no region");
            let sentence =
                format!("The AKS cluster {} is {state}, in {region}.", name_of(&cluster.id));
            self.say(&[Part::Cluster], sentence);
        }
        let network = &topology.aks_network;
        self.unknown(&[Part::Network(End::Aks)], "The AKS network", network);
        if let Some(network) = network.known() {
            let addresses = prefixes(&network.address_space);
            let sentence = format!("Its network is {} ({addresses}).", name_of(&network.id));
            self.say(&[Part::Network(End::Aks)], sentence);
        }
        let members = topology.cluster.known().map_or(&[][..], |own| own.subnets.items());
        for (at, subnet) in scene.aks_subnets.iter().enumerate() {
            let whose = match members.iter().any(|id| same(id, &subnet.id)) {
                true => "of the cluster",
                false => "beside the cluster's",
            };
            self.say(&[Part::AksSubnet(at)], subnet_sentence(whose, subnet));
        }
    }

    fn postgres(&mut self) {
        let scene = self.scene;
        let topology = scene.topology;
        self.unknown(&[Part::Server], "The PostgreSQL server", &topology.server);
        if let Some(server) = topology.server.known() {
            let minor = server.minor_version.known();
            let minor = minor.map(|minor| format!(".{}", shown(minor))).unwrap_or_default();
            let sentence = format!(
                "The PostgreSQL server {} runs version {}{minor}, is {}, in {}, with public access {}.",
                name_of(&server.id),
                said(&server.version, "unknown"),
                said(&server.state, "in no state"),
                said(&server.region, "no region"),
                said(&server.public_access, "not told"),
            );
            self.say(&[Part::Server], sentence);
        }
        if !topology.is_one_network() {
            let part = [Part::Network(End::Postgres), Part::ServerSubnet];
            let part = if topology.server_subnet.is_absent() { &part[..] } else { &part[..1] };
            match topology.postgres_network.known() {
                Some(network) => {
                    let addresses = prefixes(&network.address_space);
                    let name = name_of(&network.id);
                    self.say(part, format!("It is in the network {name} ({addresses})."));
                }
                None if topology.server_subnet.is_absent() => {
                    self.say(part, "It is in no virtual network.".to_owned());
                }
                None => self.unknown(part, "The PostgreSQL network", &topology.postgres_network),
            }
        }
        match (scene.server_subnet, &topology.server_subnet) {
            (Some(subnet), _) => {
                self.say(&[Part::ServerSubnet], subnet_sentence("of the server", subnet));
            }
            (None, Seen::Known(own)) => {
                let state = match &own.exists {
                    Seen::Absent => "does not exist",
                    Seen::Known(_) => "is not shown by its network",
                    Seen::Unread(_) | Seen::NotAsked => "could not be read",
                };
                let sentence = format!("The subnet of the server, {}, {state}.", name_of(&own.id));
                self.say(&[Part::ServerSubnet], sentence);
            }
            (None, Seen::Absent) => {}
            (None, other) => self.unknown(&[Part::ServerSubnet], "The subnet of the server", other),
        }
        for (at, subnet) in scene.other_subnets.iter().enumerate() {
            self.say(&[Part::OtherSubnet(at)], subnet_sentence("beside the server's", subnet));
        }
    }

    fn between(&mut self) {
        let topology = self.scene.topology;
        if topology.is_one_network() {
            let sentence = "Cluster and server share one network, so no peering is needed.";
            self.say(&[], sentence.to_owned());
        } else if topology.needs_peering() {
            for (end, from, side) in [
                (End::Aks, "AKS network to the PostgreSQL network", &topology.peering_from_aks),
                (
                    End::Postgres,
                    "PostgreSQL network to the AKS network",
                    &topology.peering_from_postgres,
                ),
            ] {
                let what = format!("The peering from the {from}");
                self.unknown(&[Part::Peering(end)], &what, side);
                if let Some(side) = side.known() {
                    let sentence = format!("{what}, {}: {}.", name_of(&side.id), terms(side));
                    self.say(&[Part::Peering(end)], sentence);
                }
            }
        }
        for (at, network) in self.scene.further_networks.iter().enumerate() {
            let peerings = [
                ("the AKS network", &network.peering_from_aks),
                ("the PostgreSQL network", &network.peering_from_postgres),
            ];
            let mut sentence = format!("Beside them there is the network {}", name_of(&network.id));
            for (whose, side) in peerings {
                if let Some(side) = side {
                    sentence.push_str(&format!(", peered with {whose}: {}", terms(side)));
                }
            }
            for (_, zone) in self.scene.zones() {
                let Some(zone) = zone else { continue };
                let leads_here = |id: Option<&String>| id.is_some_and(|id| same(id, &network.id));
                if zone.links.items().iter().any(|link| leads_here(link.network.known())) {
                    sentence.push_str(&format!(", linked to the zone {}", name_of(&zone.id)));
                }
            }
            self.say(&[Part::FurtherNetwork(at)], sentence + ".");
        }
    }

    fn storage(&mut self) {
        let topology = self.scene.topology;
        let parts = [Part::Account, Part::Admission];
        self.unknown(&parts, "The application's storage account", &topology.storage);
        if let Some(account) = topology.storage.known() {
            let sentence = account_sentence("The application's storage account", account);
            self.say(&parts, sentence);
        }
        let part = [Part::Container];
        self.unknown(&part, "The application's container", &topology.container);
        if let Some(container) = topology.container.known() {
            let sentence = format!(
                "The application's container {} {}.",
                shown(&container.name),
                existence(&container.exists)
            );
            self.say(&part, sentence);
        }
    }

    fn principal(&mut self) {
        let topology = self.scene.topology;
        let seen = &topology.service_principal;
        self.unknown(&[Part::Principal], "The service principal", seen);
        if let Some(own) = seen.known() {
            let enabled = match own.enabled {
                Seen::Known(true) => "is enabled",
                Seen::Known(false) => "is disabled",
                _ => "may or may not be enabled",
            };
            let sentence = format!("The service principal {} {enabled}.", name_of(&own.id));
            self.say(&[Part::Principal], sentence);
        }
        for (at, role) in self.scene.roles.iter().enumerate() {
            let through = match role.direct {
                Seen::Known(false) => " through a group",
                _ => "",
            };
            let condition =
                if role.condition.known().is_some() { ", with a condition" } else { "" };
            let sentence = format!(
                "It has the role {} on {}{through}{condition}.",
                said(&role.role, "unknown"),
                said(&role.scope, "no scope"),
            );
            self.say(&[Part::Role(at)], sentence);
        }
        match &topology.roles {
            _ if self.scene.lacks_role => {
                let sentence = "It lacks the role Storage Blob Data Contributor.";
                self.say(&[Part::MissingRole], sentence.to_owned());
            }
            Seen::Known(Several { missing: Some(loss), .. }) | Seen::Unread(loss) => {
                let sentence = format!(
                    "Not all of its roles could be read ({}): {}.",
                    loss.reason,
                    shown(&loss.why)
                );
                self.say(&[Part::MissingRole], sentence);
            }
            Seen::NotAsked => self.say(&[], "Its roles were not asked for.".to_owned()),
            Seen::Known(_) | Seen::Absent => {}
        }
    }

    fn backups(&mut self) {
        let scene = self.scene;
        let topology = scene.topology;
        let part = [Part::PostgresBackup];
        let what = "The newest automatic backup of the server";
        self.unknown(&part, what, &topology.postgres_backup);
        if let Some(point) = topology.postgres_backup.known() {
            let age = show_age(point.instant, scene.now);
            self.say(&part, format!("{what} is {age} old ({}).", point.instant));
        }
        if topology.has_backup_account() {
            let what = "The storage account of the backups";
            self.unknown(&[Part::BackupAccount], what, &topology.backup_storage);
            if let Some(account) = topology.backup_storage.known() {
                self.say(&[Part::BackupAccount], account_sentence(what, account));
            }
        }
        let container = &topology.backup_container;
        self.unknown(&[Part::BackupContainer], "The backup container", container);
        let Some(container) = container.known() else { return };
        let folder = match &topology.blob_backup {
            Seen::Known(point) => {
                let state = match point.complete {
                    Some(true) => ", complete",
                    Some(false) => ", incomplete",
                    None => "",
                };
                let age = show_age(point.instant, scene.now);
                format!("; its newest folder {} is {age} old{state}", shown(&point.folder))
            }
            Seen::Absent => "; it holds no dated folder".to_owned(),
            Seen::Unread(loss) => format!("; its folders could not be read ({})", loss.reason),
            Seen::NotAsked => String::new(),
        };
        let name = shown(&container.name);
        let exists = existence(&container.exists);
        let sentence = format!("The backup container {name} {exists}{folder}.");
        self.say(&[Part::BackupContainer], sentence);
    }
}

fn terms(side: &PeeringSide) -> String {
    let lines: Vec<String> = peering_terms(side).into_iter().map(Text::into_words).collect();
    lines.join(" · ")
}

fn existence(exists: &Seen<bool>) -> &'static str {
    match exists {
        Seen::Known(_) => "exists",
        Seen::Absent => "does not exist",
        Seen::Unread(_) => "could not be read",
        Seen::NotAsked => "was not asked for",
    }
}

fn subnet_sentence(whose: &str, subnet: &Subnet) -> String {
    let guard = |seen: &Seen<String>, what: &str| match seen {
        Seen::Known(id) => format!("the {what} {}", name_of(id)),
        Seen::Absent => format!("no {what}"),
        Seen::Unread(_) => format!("a {what} or not, which could not be read"),
        Seen::NotAsked => format!("a {what} or not, which was not asked"),
    };
    let mut sentence = format!(
        "The subnet {} {whose} ({}) has {} and {}",
        name_of(&subnet.id),
        prefixes(&subnet.prefixes),
        guard(&subnet.security_group, "security group"),
        guard(&subnet.route_table, "route table"),
    );
    for (what, list) in
        [("service endpoints", &subnet.service_endpoints), ("delegations", &subnet.delegations)]
    {
        if !list.items().is_empty() {
            let names: Vec<String> = list.items().iter().map(|item| shown(item)).collect();
            sentence.push_str(&format!("; {what}: {}", names.join(", ")));
        }
    }
    sentence + "."
}

fn account_sentence(what: &str, account: &Account) -> String {
    let rules = match &account.network_rules {
        Seen::Known(rules) => {
            let names = rules.items.iter().map(|rule| match rule.subnet.known() {
                Some(id) => name_of(id),
                None => "one that could not be read".to_owned(),
            });
            let names: Vec<String> = names.collect();
            match names.is_empty() {
                true => "it names no subnet".to_owned(),
                false => format!("it names the subnets {}", names.join(", ")),
            }
        }
        Seen::Absent => "it names no subnet".to_owned(),
        Seen::Unread(_) => "the subnets it names could not be read".to_owned(),
        Seen::NotAsked => "the subnets it names were not asked for".to_owned(),
    };
    let addresses = account.ip_rules.items().len();
    let endpoints = account.private_endpoints.items().len();
    format!(
        "{what} {} is in {}; public access {}, firewall default {}, {rules}; addresses it names: {addresses}, private endpoints: {endpoints}.",
        name_of(&account.id),
        said(&account.region, "no region"),
        said(&account.public_access, "never set"),
        said(&account.default_action, "not told"),
    )
}
