//! The two columns: the AKS network with its cluster, and the PostgreSQL network with the server.

use vaudit_model::topology::{Network, Seen, Server, Subnet};

use super::layout::{LEFT, Look, PAD, RIGHT, Sheet, Side, Span, Style, Text, WIDTH, text};
use super::marks::{End, MOST_SUBNETS, Mark, Part, Scene, same};
use super::text::shown;
use super::wording::{heading, listed, look, name_of, prefixes, said};

/// What lies in the PostgreSQL network leaves room for the lane to the server's backup.
const SERVER_SIDE: Span = Span { x: RIGHT.x + PAD, w: RIGHT.w - PAD - 22 };

/// Where the two columns are.
pub(super) struct Networks {
    pub(super) aks: usize,
    /// The PostgreSQL network; none where it is the same, or the server is in none.
    pub(super) postgres: Option<usize>,
    pub(super) server: usize,
    /// The middle of the right side of each subnet that traffic to the account may come from, with
    /// its id.
    pub(super) ways_out: Vec<(String, i32)>,
    pub(super) bottom: i32,
}

/// The strip at the top: the deployment itself.
pub(super) fn deployment(sheet: &mut Sheet, scene: &Scene<'_>) -> i32 {
    let own = &scene.own.deployment;
    let line = format!(
        "resource group {} · subscription {}",
        shown(&own.resource_group),
        shown(&own.subscription)
    );
    let room = Span { x: LEFT.x, w: WIDTH - 2 * LEFT.x };
    let mark = scene.mark_of(Part::Deployment);
    sheet.write(None, (room, 8), Side::Left, [text(Style::Detail, line)], &mark) + 10
}

/// The networks and all that lies in them.
pub(super) fn networks(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> Networks {
    let (aks, mut ways_out, left) = aks(sheet, scene, y);
    let (postgres, server, right) = match (scene.topology.is_one_network(), in_network(scene)) {
        (false, true) => postgres(sheet, scene, y),
        _ => {
            let (server, bottom) = outside(sheet, scene, y);
            (None, server, bottom)
        }
    };
    ways_out.sort_by_key(|(_, y)| *y);
    Networks { aks, postgres, server, ways_out, bottom: left.max(right) }
}

/// Gives both networks the height of the higher one.
pub(super) fn stretch(sheet: &mut Sheet, networks: &Networks, bottom: i32) {
    sheet.close(networks.aks, bottom);
    if let Some(postgres) = networks.postgres {
        sheet.close(postgres, bottom);
    }
}

fn in_network(scene: &Scene<'_>) -> bool {
    !scene.topology.server_subnet.is_absent() || scene.topology.server.is_absent()
}

fn frame(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    end: End,
    (span, y): (Span, i32),
    (kind, network): (&str, &Seen<Network>),
) -> (usize, i32) {
    let mark = scene.mark_of(Part::Network(end));
    let block = sheet.open(None, span, y, look(network, &mark));
    sheet.blocks[block].is_network = true;
    let mut texts = vec![text(Style::Kind, kind)];
    texts.extend(heading(network, |own| &own.id, "does not exist"));
    if let Some(network) = network.known() {
        texts.push(text(Style::Detail, prefixes(&network.address_space)));
    }
    let room = (span.inside(PAD), y + 8);
    let y = sheet.write(Some(block), room, Side::Left, texts, &mark);
    (block, y + 6)
}

fn aks(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> (usize, Vec<(String, i32)>, i32) {
    let topology = scene.topology;
    let (block, y) =
        frame(sheet, scene, End::Aks, (LEFT, y), ("AKS virtual network", &topology.aks_network));
    let mark = scene.mark_of(Part::Cluster);
    let mut texts = vec![text(Style::Kind, "AKS cluster")];
    texts.extend(heading(&topology.cluster, |own| &own.id, "there is no cluster"));
    if let Some(cluster) = topology.cluster.known() {
        let words =
            format!("{} · {}", said(&cluster.power_state, "no state"), said(&cluster.region, ""));
        texts.push(text(Style::Detail, words));
    }
    let span = LEFT.inside(PAD);
    let cluster = sheet.card(Some(block), (span, y), look(&topology.cluster, &mark), texts, &mark);
    let lane = span.x + 8;
    let start = sheet.rect(cluster).bottom();
    let mut y = start + 10;
    let members = topology.cluster.known().map_or(&[][..], |own| own.subnets.items());
    let room = Span { x: span.x + 16, w: span.w - 28 };
    let (mut ways_out, mut down) = (Vec::new(), None);
    for (at, subnet) in scene.aks_subnets.iter().enumerate() {
        let is_clusters = members.iter().any(|id| same(id, &subnet.id));
        let mark = scene.mark_of(Part::AksSubnet(at));
        let kind = if is_clusters { "subnet of the cluster" } else { "subnet" };
        let look = look(&Seen::Known(()), &mark);
        let card = sheet.card(Some(block), (room, y), look, subnet_texts(kind, subnet), &mark);
        let rect = sheet.rect(card);
        let middle = rect.y + 16;
        if is_clusters {
            sheet.line(vec![(lane, middle), (room.x, middle)], Look::Plain, false);
            down = Some(middle);
        }
        ways_out.push((subnet.id.clone(), middle));
        y = rect.bottom() + 8;
    }
    if let Some(down) = down {
        sheet.line(vec![(lane, start), (lane, down)], Look::Plain, false);
    }
    let all = topology.aks_network.known().map(|network| &network.subnets);
    y = remark(sheet, block, (room, y), all.map(Seen::items).unwrap_or_default(), &ways_out, all);
    (block, ways_out, y + 4)
}

/// What is not shown of the subnets of a network.
fn remark(
    sheet: &mut Sheet,
    block: usize,
    place: (Span, i32),
    all: &[Subnet],
    shown: &[(String, i32)],
    seen: Option<&Seen<vaudit_model::topology::Several<Subnet>>>,
) -> i32 {
    let words = match seen {
        Some(Seen::Unread(_)) => "subnets unread".to_owned(),
        Some(Seen::Known(several)) if several.missing.is_some() => "more subnets unread".to_owned(),
        _ if all.len() > MOST_SUBNETS => format!("and {} more subnets", all.len() - shown.len()),
        _ => return place.1,
    };
    let clear = Mark::default();
    sheet.write(Some(block), place, Side::Left, [text(Style::Detail, words)], &clear)
}

fn subnet_texts(kind: &str, subnet: &Subnet) -> Vec<Text> {
    let guard = |seen: &Seen<String>, word: &str| match seen {
        Seen::Known(id) => Some(format!("{word} {}", name_of(id))),
        Seen::Absent => Some(format!("no {word}")),
        Seen::Unread(_) => Some(format!("{word} unread")),
        Seen::NotAsked => None,
    };
    let group = guard(&subnet.security_group, "NSG");
    let table = match &subnet.route_table {
        // Most subnets have none, which is as it should be.
        Seen::Absent => None,
        told => guard(told, "route table"),
    };
    let guards: Vec<String> = group.into_iter().chain(table).collect();
    let mut texts = vec![
        text(Style::Kind, format!("{kind} · {}", prefixes(&subnet.prefixes))),
        text(Style::Name, name_of(&subnet.id)),
    ];
    let more = [
        Some(guards.join(" · ")).filter(|line| !line.is_empty()),
        listed("service endpoint", &subnet.service_endpoints),
        listed("delegated to", &subnet.delegations),
    ];
    texts.extend(more.into_iter().flatten().map(|line| text(Style::Detail, line)));
    texts
}

fn postgres(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> (Option<usize>, usize, i32) {
    let topology = scene.topology;
    let network = &topology.postgres_network;
    let (block, mut y) =
        frame(sheet, scene, End::Postgres, (RIGHT, y), ("PostgreSQL virtual network", network));
    let span = SERVER_SIDE;
    for (at, subnet) in scene.other_subnets.iter().enumerate() {
        let mark = scene.mark_of(Part::OtherSubnet(at));
        let look = look(&Seen::Known(()), &mark);
        let card = sheet.card(Some(block), (span, y), look, subnet_texts("subnet", subnet), &mark);
        y = sheet.rect(card).bottom() + 8;
    }
    let all = network.known().map_or(0, |own| own.subnets.items().len());
    let shown = scene.other_subnets.len() + usize::from(scene.server_subnet.is_some());
    if all > shown {
        let words = text(Style::Detail, format!("and {} more subnets", all - shown));
        y = sheet.write(Some(block), (span, y), Side::Left, [words], &Mark::default()) + 6;
    }
    let (server, bottom) = server_subnet(sheet, scene, Some(block), y);
    (Some(block), server, bottom + PAD)
}

/// The server's subnet with the server in it. Gives the server and where both end.
fn server_subnet(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    parent: Option<usize>,
    y: i32,
) -> (usize, i32) {
    let topology = scene.topology;
    let span = SERVER_SIDE;
    let mark = scene.mark_of(Part::ServerSubnet);
    let is_there = match &topology.server_subnet {
        Seen::Known(own) => own.exists.state(),
        other => other.state(),
    };
    let subnet = sheet.open(parent, span, y, look(&is_there, &mark));
    let texts = match (scene.server_subnet, &topology.server_subnet) {
        (Some(own), _) => subnet_texts("subnet of the server", own),
        (None, Seen::Known(own)) => {
            let words = match &own.exists {
                Seen::Absent => "does not exist",
                Seen::Known(_) | Seen::NotAsked => "not shown by its network",
                Seen::Unread(_) => "unread",
            };
            vec![
                text(Style::Kind, "subnet of the server"),
                text(Style::Name, name_of(&own.id)),
                text(Style::Detail, words),
            ]
        }
        (None, seen) => {
            let kind = vec![text(Style::Kind, "subnet of the server")];
            kind.into_iter().chain(heading(seen, |own| &own.id, "no subnet")).collect()
        }
    };
    let room = (span.inside(PAD), y + 7);
    let y = sheet.write(Some(subnet), room, Side::Left, texts, &mark) + 4;
    let server = server(sheet, scene, Some(subnet), (span.inside(PAD), y));
    let bottom = sheet.rect(server).bottom() + PAD;
    sheet.close(subnet, bottom);
    (server, bottom)
}

fn server(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    parent: Option<usize>,
    place: (Span, i32),
) -> usize {
    let seen = &scene.topology.server;
    let mark = scene.mark_of(Part::Server);
    let mut texts = vec![text(Style::Kind, "PostgreSQL flexible server")];
    texts.extend(heading(seen, |own| &own.id, "there is no server"));
    if let Some(own) = seen.known() {
        texts.extend(server_texts(own));
    }
    sheet.card(parent, place, look(seen, &mark), texts, &mark)
}

fn server_texts(own: &Server) -> [Text; 2] {
    let version = match own.minor_version.known() {
        Some(minor) => format!("{}.{}", said(&own.version, "?"), shown(minor)),
        None => said(&own.version, "?"),
    };
    let state = said(&own.state, "no state");
    let region = said(&own.region, "no region");
    let access = match &own.public_access {
        Seen::Known(word) if word.eq_ignore_ascii_case("Disabled") => {
            text(Style::Detail, "public access disabled")
        }
        Seen::Known(word) => text(Style::Bad, format!("public access {}", shown(word))),
        Seen::Absent => text(Style::Detail, "public access not told"),
        Seen::Unread(_) => text(Style::Detail, "public access unread"),
        Seen::NotAsked => text(Style::Detail, "public access not asked"),
    };
    [text(Style::Detail, format!("version {version} · {state} · {region}")), access]
}

/// A server in the AKS network itself, or in none.
fn outside(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> (usize, i32) {
    if scene.topology.is_one_network() {
        return server_subnet(sheet, scene, None, y);
    }
    let mark = scene.mark_of(Part::ServerSubnet);
    let note = [
        text(Style::Kind, "PostgreSQL virtual network"),
        text(Style::Bad, "none: the server has no private access"),
    ];
    let mut all = scene.mark_of(Part::Network(End::Postgres));
    all.add(&mark);
    let card = sheet.card(None, (RIGHT, y), look(&Seen::<()>::Absent, &all), note, &all);
    let y = sheet.rect(card).bottom() + 14;
    let server = server(sheet, scene, None, (SERVER_SIDE, y));
    (server, sheet.rect(server).bottom())
}
