//! What lies between the two networks: the peering as each side has it, and further networks.

use vaudit_model::topology::{FurtherNetwork, PeeringSide, Seen, Zone};

use super::columns::Networks;
use super::layout::{Look, MIDDLE, Sheet, Side, Style, Text, text};
use super::marks::{End, Mark, Part, Scene, same};
use super::wording::{look, name_of, peering_terms};

/// Where the things between the networks are.
pub(super) struct Between {
    /// The line of each side.
    peerings: Vec<(End, i32)>,
    /// The box of each further network.
    networks: Vec<usize>,
    pub(super) bottom: i32,
}

/// Writes what lies in the middle; the lines follow when the networks have their height.
pub(super) fn middle(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> Between {
    let room = MIDDLE.inside(8);
    let mut between = Between { peerings: Vec::new(), networks: Vec::new(), bottom: y };
    let mut y = y + 6;
    if scene.topology.is_one_network() {
        let words = [
            text(Style::Detail, "one network for both,"),
            text(Style::Detail, "no peering needed"),
        ];
        y = sheet.write(None, (room, y + 20), Side::Middle, words, &Mark::default()) + 10;
    } else if scene.topology.needs_peering() {
        for (end, side, words) in [
            (End::Aks, &scene.topology.peering_from_aks, "peering from AKS"),
            (End::Postgres, &scene.topology.peering_from_postgres, "peering from PostgreSQL"),
        ] {
            let line = y + 34;
            let mark = scene.mark_of(Part::Peering(end));
            let (name, terms) = peering_texts(side);
            let above = vec![text(Style::Kind, words), name];
            let bottom = sheet.beside((room, line), Side::Middle, (above, terms), &mark);
            between.peerings.push((end, line));
            y = bottom + 10;
        }
    }
    for (at, network) in scene.further_networks.iter().enumerate() {
        let mark = scene.mark_of(Part::FurtherNetwork(at));
        let look = look(&Seen::Known(()), &mark);
        let texts = network_texts(scene, network);
        let card = sheet.card(None, (MIDDLE.inside(12), y), look, texts, &mark);
        between.networks.push(card);
        y = sheet.rect(card).bottom() + 10;
    }
    let all = scene.topology.further_networks.len();
    if all > scene.further_networks.len() {
        let words = format!("and {} more networks", all - scene.further_networks.len());
        let words = [text(Style::Detail, words)];
        y = sheet.write(None, (room, y), Side::Middle, words, &Mark::default()) + 6;
    }
    between.bottom = y;
    between
}

fn peering_texts(side: &Seen<PeeringSide>) -> (Text, Vec<Text>) {
    match side {
        Seen::Known(side) => (text(Style::Name, name_of(&side.id)), peering_terms(side)),
        Seen::Absent => (text(Style::Bad, "no peering"), Vec::new()),
        Seen::Unread(loss) => {
            (text(Style::Name, "unread"), vec![text(Style::Detail, loss.reason.code())])
        }
        Seen::NotAsked => (text(Style::Detail, "not asked"), Vec::new()),
    }
}

fn network_texts(scene: &Scene<'_>, network: &FurtherNetwork) -> Vec<Text> {
    let mut texts =
        vec![text(Style::Kind, "further network"), text(Style::Name, name_of(&network.id))];
    let sides = [("AKS", &network.peering_from_aks), ("PG", &network.peering_from_postgres)];
    for (whose, side) in sides {
        let Some(side) = side else { continue };
        let state = match side.state.known() {
            Some(state) => super::text::shown(state),
            None => "unread".to_owned(),
        };
        texts.push(text(Style::Detail, format!("peered with {whose}: {state}")));
    }
    let is_linked = |zone: &Zone| {
        let leads_here = |id: &String| same(id, &network.id);
        zone.links.items().iter().any(|link| link.network.known().is_some_and(leads_here))
    };
    let zones: Vec<&Zone> =
        scene.zones().filter_map(|(_, zone)| zone).filter(|zone| is_linked(zone)).collect();
    match zones.as_slice() {
        [] => {}
        [only] => texts.push(text(Style::Detail, format!("linked to {}", name_of(&only.id)))),
        several => texts.push(text(Style::Detail, format!("linked to {} zones", several.len()))),
    }
    texts
}

/// Draws the peerings from one network to the other.
pub(super) fn lines(sheet: &mut Sheet, scene: &Scene<'_>, networks: &Networks, between: &Between) {
    let (left, right) = (MIDDLE.x, MIDDLE.end());
    for (end, y) in &between.peerings {
        let side = match end {
            End::Aks => &scene.topology.peering_from_aks,
            End::Postgres => &scene.topology.peering_from_postgres,
        };
        let look = look(side, &scene.mark_of(Part::Peering(*end)));
        let points = match end {
            End::Aks => vec![(left, *y), (right, *y)],
            End::Postgres => vec![(right, *y), (left, *y)],
        };
        sheet.line(points, look, true);
    }
    for (card, network) in between.networks.iter().zip(&scene.further_networks) {
        let rect = sheet.rect(*card);
        let middle = rect.y + 16;
        let look = sheet.blocks[*card].look;
        if network.peering_from_aks.is_some() {
            sheet.line(vec![(left, middle), (rect.x, middle)], look, false);
        }
        if network.peering_from_postgres.is_some() && networks.postgres.is_some() {
            sheet.line(vec![(right, middle), (rect.right(), middle)], look, false);
        }
    }
    if scene.topology.is_one_network() {
        let y = sheet.rect(networks.aks).y + 12;
        sheet.line(vec![(left, y), (MIDDLE.end() + super::layout::PAD, y)], Look::Plain, false);
    }
}
