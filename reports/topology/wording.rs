//! The words of the picture for what is known of a thing.

use vaudit_model::topology::{PeeringSide, Seen, Several};

use super::layout::{Look, Style, Text, text};
use super::marks::Mark;
use super::text::shown;

/// The last part of an id: the name of a resource.
pub(super) fn name_of(id: &str) -> String {
    shown(id.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

/// A value as it was read, else what is known of it.
pub(super) fn said(seen: &Seen<String>, absent: &str) -> String {
    match seen {
        Seen::Known(value) => shown(value),
        Seen::Absent => absent.to_owned(),
        Seen::Unread(_) => "unread".to_owned(),
        Seen::NotAsked => "not asked".to_owned(),
    }
}

/// The look of a thing: what was found about it counts, then whether it is there.
pub(super) fn look<T>(seen: &Seen<T>, mark: &Mark) -> Look {
    match seen {
        Seen::Absent if !mark.failing.is_empty() => Look::Missing,
        _ if !mark.failing.is_empty() => Look::Broken,
        Seen::Unread(_) => Look::Unread,
        _ if !mark.unread.is_empty() => Look::Unread,
        Seen::Absent if !mark.waived.is_empty() => Look::Spared,
        _ if !mark.waived.is_empty() => Look::Waived,
        Seen::Absent => Look::Gone,
        Seen::NotAsked => Look::Faint,
        Seen::Known(_) if mark.is_sound => Look::Sound,
        Seen::Known(_) => Look::Plain,
    }
}

/// The name of a thing that was read, else what is known of it, and why.
pub(super) fn heading<T>(seen: &Seen<T>, id: impl FnOnce(&T) -> &str, absent: &str) -> Vec<Text> {
    match seen {
        Seen::Known(value) => vec![text(Style::Name, name_of(id(value)))],
        Seen::Absent => vec![text(Style::Bad, absent)],
        Seen::Unread(loss) => vec![
            text(Style::Name, "unread"),
            text(Style::Detail, format!("{}: {}", loss.reason, shown(&loss.why))),
        ],
        Seen::NotAsked => vec![text(Style::Detail, "not asked")],
    }
}

/// Address prefixes in one line.
pub(super) fn prefixes(seen: &Seen<Vec<String>>) -> String {
    match seen {
        Seen::Known(list) => several_words(list),
        Seen::Absent => "no addresses".to_owned(),
        Seen::Unread(_) => "addresses unread".to_owned(),
        Seen::NotAsked => "addresses not asked".to_owned(),
    }
}

/// The first two of many, and how many more.
pub(super) fn several_words(list: &[String]) -> String {
    let first: Vec<String> = list.iter().take(2).map(|item| shown(item)).collect();
    match list.len() {
        0 => "none".to_owned(),
        1 | 2 => first.join(", "),
        more => format!("{} +{}", first.join(", "), more - 2),
    }
}

/// The items of a list in one line, with a word in front; none where there are none.
pub(super) fn listed(word: &str, seen: &Seen<Several<String>>) -> Option<String> {
    match seen {
        Seen::Known(several) if several.items.is_empty() && several.missing.is_none() => None,
        Seen::Known(several) => {
            let unread = if several.missing.is_some() { ", more unread" } else { "" };
            Some(format!("{word}: {}{unread}", several_words(&several.items)))
        }
        Seen::Absent | Seen::NotAsked => None,
        Seen::Unread(_) => Some(format!("{word}: unread")),
    }
}

/// What is known of one side of a peering, in one line if all is well.
pub(super) fn peering_terms(side: &PeeringSide) -> Vec<Text> {
    let state = said(&side.state, "no state");
    let is_connected = side.state.known().is_some_and(|own| own.eq_ignore_ascii_case("Connected"));
    let style = match is_connected || side.state.is_unread() {
        true => Style::Detail,
        false => Style::Bad,
    };
    let (mut words, mut is_bad) = (Vec::new(), false);
    match &side.sync_level {
        Seen::Known(level) if level.eq_ignore_ascii_case("FullyInSync") => {
            words.push("in sync".to_owned());
        }
        Seen::Known(level) => {
            words.push(shown(level));
            is_bad = true;
        }
        Seen::Unread(_) => words.push("sync unread".to_owned()),
        Seen::Absent | Seen::NotAsked => {}
    }
    match side.allows_access {
        Seen::Known(true) | Seen::NotAsked => {}
        Seen::Known(false) => {
            words.push("access off".to_owned());
            is_bad = true;
        }
        Seen::Absent | Seen::Unread(_) => words.push("access unread".to_owned()),
    }
    if side.whole_network == Seen::Known(false) {
        words.push("named subnets".to_owned());
    }
    if side.ipv6_only == Seen::Known(true) {
        words.push("IPv6 only".to_owned());
        is_bad = true;
    }
    if is_connected && !is_bad && words.len() == 1 {
        return vec![text(style, format!("{state} · {}", words[0]))];
    }
    let mut lines = vec![text(style, state)];
    if !words.is_empty() {
        let style = if is_bad { Style::Bad } else { Style::Detail };
        lines.push(text(style, words.join(" · ")));
    }
    lines
}
