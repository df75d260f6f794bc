//! The private DNS zones above the networks, and their links into them.

use vaudit_model::topology::{Seen, Zone};

use super::layout::{Look, Sheet, Side, Span, Style, Text, text};
use super::marks::{End, Mark, Part, Scene};
use super::text::shown;
use super::wording::{heading, look, name_of};

/// Where zones stand.
const ZONE: Span = Span { x: 258, w: 444 };
/// The first lane of each side, and how far lanes are apart. Those of upper zones lie further out, so
/// that no two lines cross.
const LANES: [i32; 2] = [36, 924];
const APART: i32 = 22;
/// What may be written between the lanes and a zone.
const LEFT_ROOM: Span = Span { x: 108, w: 142 };
const RIGHT_ROOM: Span = Span { x: 710, w: 142 };

/// A zone on the sheet: its box and the height its links leave it at.
pub(super) struct Placed {
    at: usize,
    line: i32,
}

/// Draws the boxes of the zones. Gives them, and where the next thing may be.
pub(super) fn boxes(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> (Vec<Placed>, i32) {
    let mut y = y;
    let mut placed = Vec::new();
    for (at, zone) in scene.zones() {
        let mark = scene.mark_of(Part::Zone(at));
        let kind = if at == 0 { "private DNS zone of the server" } else { "private DNS zone" };
        let mut texts = vec![text(Style::Kind, kind)];
        let is_there = match zone {
            Some(zone) => {
                texts.push(text(Style::Name, name_of(&zone.id)));
                if zone.state.is_absent() {
                    texts.push(text(Style::Bad, "does not exist"));
                }
                match zone.state.state() {
                    // Further zones stand on a list and were not read by themselves.
                    Seen::NotAsked => Seen::Known(()),
                    told => told,
                }
            }
            None => {
                let own = &scene.topology.zone;
                texts.extend(heading(own, |own| &own.id, "the server names no zone"));
                own.state()
            }
        };
        let card = sheet.card(None, (ZONE, y), look(&is_there, &mark), texts, &mark);
        let line = y + 22;
        let mut bottom = sheet.rect(card).bottom();
        for (end, room, side) in
            [(End::Aks, LEFT_ROOM, Side::Right), (End::Postgres, RIGHT_ROOM, Side::Left)]
        {
            let Some((above, below, _)) = link(scene, at, zone, end) else { continue };
            let mark = scene.mark_of(Part::Link(at, end));
            bottom = bottom.max(sheet.beside((room, line), side, (above, below), &mark));
        }
        placed.push(Placed { at, line });
        y = bottom + 12;
    }
    let all = scene.topology.further_zones.len();
    if all > scene.further_zones.len() {
        let words = format!("and {} more zones", all - scene.further_zones.len());
        let words = [text(Style::Detail, words)];
        y = sheet.write(None, (ZONE, y - 4), Side::Middle, words, &Mark::default()) + 8;
    }
    (placed, y + 8)
}

/// What is written at the link of a zone to a network, and how the link looks. None where there is
/// no link and none is called for.
fn link<'a>(
    scene: &Scene<'a>,
    at: usize,
    zone: Option<&'a Zone>,
    end: End,
) -> Option<(Vec<Text>, Vec<Text>, Look)> {
    let mark = scene.mark_of(Part::Link(at, end));
    let found = zone.and_then(|zone| scene.link(zone, end));
    if let Some(link) = found {
        let registration = match &link.registration {
            Seen::Known(true) => "auto-registration on",
            Seen::Known(false) => "auto-registration off",
            Seen::Absent | Seen::Unread(_) => "registration unread",
            Seen::NotAsked => "linked",
        };
        let is_complete = link.state.known().is_some_and(|state| {
            ["completed", "done"].contains(&state.to_ascii_lowercase().as_str())
        });
        let below = match &link.state {
            Seen::Known(state) if !is_complete => vec![text(Style::Bad, shown(state))],
            Seen::Unread(_) => vec![text(Style::Detail, "state unread")],
            _ => Vec::new(),
        };
        let above = vec![text(Style::Detail, registration)];
        let seen = if link.state.is_unread() { link.state.state() } else { Seen::Known(()) };
        return Some((above, below, look(&seen, &mark)));
    }
    // The server's zone is linked to both networks in the design; only that is worth a gap.
    if at > 0 || (end == End::Postgres && scene.topology.is_one_network()) {
        return None;
    }
    let links = zone.map(|zone| &zone.links);
    let (words, look) = match links {
        Some(Seen::Known(several)) if several.missing.is_none() => {
            let look = look(&Seen::<()>::Absent, &mark);
            (text(if look == Look::Missing { Style::Bad } else { Style::Detail }, "no link"), look)
        }
        Some(Seen::Known(_) | Seen::Unread(_)) => {
            (text(Style::Detail, "link unread"), look(&Seen::Known(()), &mark).max(Look::Unread))
        }
        Some(Seen::Absent) | None if mark.is_clear() => return None,
        Some(Seen::Absent) | None => {
            (text(Style::Detail, "link"), look(&Seen::<()>::Absent, &mark))
        }
        Some(Seen::NotAsked) => (text(Style::Detail, "links not asked"), Look::Faint),
    };
    Some((vec![words], Vec::new(), look))
}

/// Draws the links down into the networks.
pub(super) fn links(sheet: &mut Sheet, scene: &Scene<'_>, placed: &[Placed], top: i32) {
    let zones: Vec<_> = scene.zones().map(|(_, zone)| zone).collect();
    for (nth, own) in placed.iter().enumerate() {
        let offset = i32::try_from(nth).unwrap_or(i32::MAX) * APART;
        for (end, edge, lane) in
            [(End::Aks, ZONE.x, LANES[0] + offset), (End::Postgres, ZONE.end(), LANES[1] - offset)]
        {
            let Some((.., look)) = link(scene, own.at, zones[own.at], end) else { continue };
            let points = vec![(edge, own.line), (lane, own.line), (lane, top)];
            sheet.line(points, look, true);
        }
    }
}
