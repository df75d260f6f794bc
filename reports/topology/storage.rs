//! What stands below the networks: the storage accounts, the service principal with its roles, and
//! the backups with their ages.

use vaudit_model::instant::show_age;
use vaudit_model::topology::{Account, Container, Role, Seen};

use super::columns::Networks;
use super::layout::{LEFT, Look, MIDDLE, PAD, RIGHT, Sheet, Side, Span, Style, Text, text};
use super::marks::{Mark, Part, Scene, same};
use super::text::shown;
use super::wording::{heading, listed, look, name_of, said};

/// Where the service principal stands: beside the lane to the server's backup.
const PRINCIPAL: Span = Span { x: RIGHT.x, w: RIGHT.w - 22 };
/// The lane from the subnets down to the account.
const BUS: i32 = 357;

/// The lane from the server down to its backup.
const BACKUP_LANE: i32 = RIGHT.x + RIGHT.w - 11;

/// Draws everything below the networks. Gives where it ends.
pub(super) fn below(sheet: &mut Sheet, scene: &Scene<'_>, networks: &Networks, top: i32) -> i32 {
    let topology = scene.topology;
    let y = admission_texts(sheet, scene, top) + 14;
    let mark = scene.mark_of(Part::Account);
    let account = sheet.open(None, LEFT, y, look(&topology.storage, &mark));
    let start = account_head(sheet, account, "storage account", &topology.storage, &mark);
    let own = container(sheet, scene, account, start, false);
    let copied = (LEFT.x + LEFT.w / 2, sheet.rect(own).bottom());
    let (rows, roles_end) = roles(sheet, scene, y);
    let (principal, principal_end) = principal(sheet, scene, y);
    let right = principal_end.max(roles_end);
    sheet.close(principal, right);
    role_lines(sheet, &rows);
    admission_line(sheet, scene, networks, y);
    if topology.has_backup_account() {
        let low = (copied.1 + PAD).max(right);
        sheet.close(account, low);
        sheet.close(principal, low);
        let y = low + 44;
        let seen = &topology.backup_storage;
        let mark = scene.mark_of(Part::BackupAccount);
        let apart = sheet.open(None, LEFT, y, look(seen, &mark));
        let start = account_head(sheet, apart, "storage account of the backups", seen, &mark);
        let backup = container(sheet, scene, apart, start, true);
        let end = sheet.rect(backup).bottom() + PAD;
        sheet.close(apart, end);
        copies(sheet, scene, apart, copied);
        end.max(postgres_backup(sheet, scene, networks, y))
    } else {
        let backup = container(sheet, scene, account, copied.1 + 34, true);
        let low = (sheet.rect(backup).bottom() + PAD).max(roles_end);
        sheet.close(account, low);
        copies(sheet, scene, backup, copied);
        low.max(postgres_backup(sheet, scene, networks, right + 30))
    }
}

/// The server's newest backup.
fn postgres_backup(sheet: &mut Sheet, scene: &Scene<'_>, networks: &Networks, y: i32) -> i32 {
    let seen = &scene.topology.postgres_backup;
    let mark = scene.mark_of(Part::PostgresBackup);
    let mut texts = vec![text(Style::Kind, "newest automatic backup of the server")];
    match seen {
        Seen::Known(point) => {
            texts.push(text(Style::Name, ago(show_age(point.instant, scene.now))));
            texts.push(text(Style::Detail, point.instant.to_string()));
        }
        other => texts.extend(heading(other, |own| &own.name, "there is none")),
    }
    let look = look(seen, &mark);
    let card = sheet.card(None, (RIGHT, y), look, texts, &mark);
    let server = sheet.rect(networks.server);
    let from = server.y + 16;
    let to = sheet.rect(card);
    sheet.line(vec![(server.right(), from), (BACKUP_LANE, from), (BACKUP_LANE, to.y)], look, true);
    to.bottom()
}

fn ago(age: String) -> String {
    if age.ends_with("future") { age } else { format!("{age} ago") }
}

/// The head of an account. Gives where its containers may be.
fn account_head(
    sheet: &mut Sheet,
    block: usize,
    kind: &str,
    seen: &Seen<Account>,
    mark: &Mark,
) -> i32 {
    let kind = match seen.known().map(|own| &own.region) {
        Some(Seen::Known(region)) => format!("{kind} · {}", shown(region)),
        Some(Seen::Unread(_)) => format!("{kind} · region unread"),
        Some(Seen::Absent | Seen::NotAsked) | None => kind.to_owned(),
    };
    let mut texts = vec![text(Style::Kind, kind)];
    texts.extend(heading(seen, |own| &own.id, "there is no account"));
    if let Some(own) = seen.known() {
        texts.extend(account_texts(own));
    }
    let rect = sheet.rect(block);
    let room = Span { x: rect.x, w: rect.w }.inside(PAD);
    sheet.write(Some(block), (room, rect.y + 8), Side::Left, texts, mark) + 6
}

fn account_texts(own: &Account) -> Vec<Text> {
    let is = |seen: &Seen<String>, word: &str| {
        seen.known().is_some_and(|own| own.eq_ignore_ascii_case(word))
    };
    let door = if is(&own.public_access, "Disabled") {
        text(Style::Detail, "public access disabled")
    } else if is(&own.default_action, "Allow") {
        text(Style::Bad, "firewall: every network admitted")
    } else if is(&own.default_action, "Deny") {
        text(Style::Detail, "firewall: only what it names is admitted")
    } else {
        let words = format!("firewall: default {}", said(&own.default_action, "not told"));
        text(Style::Detail, words)
    };
    let mut texts = vec![door];
    texts.extend(listed("admitted addresses", &own.ip_rules).map(|line| text(Style::Detail, line)));
    let endpoints = match &own.private_endpoints {
        Seen::Known(list) if list.items.is_empty() => None,
        Seen::Known(list) => Some(format!("private endpoints: {}", list.items.len())),
        Seen::Unread(_) => Some("private endpoints: unread".to_owned()),
        Seen::Absent | Seen::NotAsked => None,
    };
    texts.extend(endpoints.map(|line| text(Style::Detail, line)));
    texts
}

/// A container in its account.
fn container(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    account: usize,
    y: i32,
    is_backup: bool,
) -> usize {
    let topology = scene.topology;
    let (seen, part, kind) = match is_backup {
        false => (&topology.container, Part::Container, "application container"),
        true => (&topology.backup_container, Part::BackupContainer, "backup container"),
    };
    let mark = scene.mark_of(part);
    let is_there = match seen {
        Seen::Known(own) => own.exists.state(),
        other => other.state(),
    };
    let mut texts = vec![text(Style::Kind, kind)];
    texts.extend(container_name(seen));
    if is_backup {
        texts.extend(folder_texts(scene));
    }
    sheet.card(Some(account), (LEFT.inside(PAD), y), look(&is_there, &mark), texts, &mark)
}

fn container_name(seen: &Seen<Container>) -> Vec<Text> {
    let Some(own) = seen.known() else {
        return heading(seen, |own| &own.name, "there is none");
    };
    let name = text(Style::Name, shown(&own.name));
    match &own.exists {
        Seen::Absent => vec![name, text(Style::Bad, "does not exist")],
        Seen::Unread(loss) => vec![name, text(Style::Detail, format!("unread: {}", loss.reason))],
        Seen::Known(_) | Seen::NotAsked => vec![name],
    }
}

fn folder_texts(scene: &Scene<'_>) -> Vec<Text> {
    match &scene.topology.blob_backup {
        Seen::Known(point) => {
            let (style, state) = match point.complete {
                Some(true) => (Style::Detail, " · complete"),
                Some(false) => (Style::Bad, " · incomplete"),
                None => (Style::Detail, ""),
            };
            let age = ago(show_age(point.instant, scene.now));
            vec![
                text(style, format!("newest folder {age}{state}")),
                text(Style::Detail, shown(&point.folder)),
            ]
        }
        Seen::Absent => vec![text(Style::Bad, "no dated folder")],
        Seen::Unread(loss) => {
            vec![text(Style::Detail, format!("folders unread: {}", loss.reason))]
        }
        Seen::NotAsked => Vec::new(),
    }
}

/// The copies, from the application's container to that of the backups.
fn copies(sheet: &mut Sheet, scene: &Scene<'_>, to: usize, (x, from): (i32, i32)) {
    let is_there = match &scene.topology.blob_backup {
        Seen::Known(_) => Seen::Known(()),
        other => other.state(),
    };
    let look = look(&is_there, &scene.mark_of(Part::BackupContainer));
    let y = sheet.rect(to).y;
    let room = Span { x: x + 8, w: LEFT.end() - PAD - x - 8 };
    let owner = sheet.blocks[to].parent;
    sheet.write(
        owner,
        (room, y - 22),
        Side::Left,
        [text(Style::Detail, "copied by folder")],
        &Mark::default(),
    );
    sheet.line(vec![(x, from), (x, y)], look, true);
}

/// How many of the cluster's subnets the firewall of the account names, beside the line that says so.
fn admission_texts(sheet: &mut Sheet, scene: &Scene<'_>, top: i32) -> i32 {
    let room = Span { x: LEFT.x, w: BUS - 8 - LEFT.x };
    let mark = scene.mark_of(Part::Admission);
    let words = match &scene.topology.storage {
        Seen::Known(own) => admitted(scene, own, &mark),
        _ => text(Style::Detail, "network rules not known"),
    };
    sheet.write(None, (room, top + 10), Side::Right, [words], &mark)
}

fn admitted(scene: &Scene<'_>, own: &Account, mark: &Mark) -> Text {
    let cluster = scene.topology.cluster.known().map(|own| own.subnets.items());
    let style = if mark.failing.is_empty() { Style::Detail } else { Style::Bad };
    let rules = match &own.network_rules {
        Seen::Known(rules) => &rules.items,
        Seen::Absent => return text(style, "its firewall names no subnet"),
        Seen::Unread(_) => return text(Style::Detail, "network rules unread"),
        Seen::NotAsked => return text(Style::Detail, "network rules not asked"),
    };
    let names =
        |id: &String| rules.iter().any(|rule| rule.subnet.known().is_some_and(|own| same(own, id)));
    match cluster {
        Some(subnets) if !subnets.is_empty() => {
            let admitted = subnets.iter().filter(|id| names(id)).count();
            let of = subnets.len();
            text(style, format!("its firewall names {admitted} of {of} cluster subnets"))
        }
        _ => text(Style::Detail, format!("its firewall names {} subnets", rules.len())),
    }
}

/// The line from the subnets that the firewall names down to the account.
fn admission_line(sheet: &mut Sheet, scene: &Scene<'_>, networks: &Networks, to: i32) {
    let mark = scene.mark_of(Part::Admission);
    let storage = &scene.topology.storage;
    let rules = storage.known().map(|own| &own.network_rules);
    let rules = rules.map_or(&[][..], Seen::items);
    let members = scene.topology.cluster.known().map_or(&[][..], |own| own.subnets.items());
    let is_named =
        |id: &str| rules.iter().any(|rule| rule.subnet.known().is_some_and(|own| same(own, id)));
    let edge = LEFT.end() - PAD - 12;
    let mut from = None;
    for (id, y) in &networks.ways_out {
        let is_clusters = members.iter().any(|own| same(own, id));
        let own = match is_named(id) {
            true => Look::Plain,
            // The cluster's own that should be named.
            false if is_clusters && !mark.failing.is_empty() => Look::Missing,
            false => continue,
        };
        sheet.line(vec![(edge, *y), (BUS, *y)], own, false);
        from.get_or_insert(*y);
    }
    let look = match storage {
        Seen::Known(_) if !rules.iter().any(|rule| rule.subnet.known().is_some()) => {
            look(&Seen::<()>::Absent, &mark)
        }
        other => look(other, &mark),
    };
    let from = from.unwrap_or_else(|| sheet.rect(networks.aks).bottom());
    sheet.line(vec![(BUS, from), (BUS, to)], look, true);
}

/// A role on the sheet: the height of its line, where that ends, and how it looks.
struct Row {
    y: i32,
    end: i32,
    look: Look,
}

/// Writes the roles between the service principal and the account.
fn roles(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> (Vec<Row>, i32) {
    let room = MIDDLE.inside(8);
    let mut rows = Vec::new();
    let mut y = y + 4;
    for (at, role) in scene.roles.iter().enumerate() {
        let mark = scene.mark_of(Part::Role(at));
        let line = y + 20;
        let (scope, reaches) = scope_of(scene, role);
        let below = [Some(scope), terms(role)].into_iter().flatten();
        let below = below.map(|words| text(Style::Detail, words)).collect();
        let above = vec![text(Style::Detail, said(&role.role, "no role"))];
        // A role on something else ends at a stub, beside which there is less room.
        let mut end = MIDDLE.x;
        let room = if reaches { room } else { Span { x: end + 26, w: MIDDLE.w - 34 } };
        y = sheet.beside((room, line), Side::Middle, (above, below), &mark) + 8;
        if !reaches {
            let span = Span { x: end + 8, w: 14 };
            let scope = sheet.open(None, span, line - 7, look(&Seen::Known(()), &mark));
            sheet.close(scope, line + 7);
            end = span.end();
        }
        rows.push(Row { y: line, end, look: look(&Seen::Known(()), &mark) });
    }
    let (word, seen_look) = match &scene.topology.roles {
        _ if scene.lacks_role => ("no Blob Data Contributor", None),
        Seen::Unread(_) => ("roles unread", Some(Look::Unread)),
        Seen::Known(several) if several.missing.is_some() => {
            ("more roles unread", Some(Look::Unread))
        }
        Seen::Known(several) if several.items.is_empty() => ("no role", Some(Look::Gone)),
        Seen::NotAsked => ("roles not asked", Some(Look::Faint)),
        Seen::Known(_) | Seen::Absent => {
            let more = scene.topology.roles.items().len() - scene.roles.len();
            if more > 0 {
                let words = [text(Style::Detail, format!("and {more} more roles"))];
                y = sheet.write(None, (room, y), Side::Middle, words, &Mark::default());
            }
            return (rows, y);
        }
    };
    let mark = scene.mark_of(Part::MissingRole);
    let line = y + 20;
    let style = if seen_look.is_none() { Style::Bad } else { Style::Detail };
    let above = vec![text(style, word)];
    y = sheet.beside((room, line), Side::Middle, (above, Vec::new()), &mark) + 8;
    let look = seen_look.unwrap_or_else(|| look(&Seen::<()>::Absent, &mark));
    rows.push(Row { y: line, end: MIDDLE.x, look });
    (rows, y)
}

/// What a role is assigned at, and whether that lies in the application's account.
fn scope_of(scene: &Scene<'_>, role: &Role) -> (String, bool) {
    match &role.scope {
        Seen::Known(scope) => {
            let account = scene.topology.storage.known().map(|own| own.id.to_ascii_lowercase());
            let lower = scope.to_ascii_lowercase();
            let is_inside = account.is_some_and(|account| {
                lower
                    .strip_prefix(&account)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if is_inside {
                let what = if lower.contains("/containers/") { "container" } else { "account" };
                (format!("on the {what}"), true)
            } else {
                (format!("on {}", place(scope)), false)
            }
        }
        Seen::Absent => ("on no scope".to_owned(), false),
        Seen::Unread(_) => ("scope unread".to_owned(), false),
        Seen::NotAsked => ("scope not asked".to_owned(), false),
    }
}

/// How a role is held, if there is anything to say about it.
fn terms(role: &Role) -> Option<String> {
    let group = (role.direct == Seen::Known(false)).then_some("through a group");
    let condition = role.condition.known().map(|_| "with a condition");
    let words: Vec<&str> = group.into_iter().chain(condition).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// A scope as one would say it.
fn place(scope: &str) -> String {
    let parts: Vec<&str> = scope.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => "the whole tenant".to_owned(),
        [kind, _] if kind.eq_ignore_ascii_case("subscriptions") => "the subscription".to_owned(),
        [_, _, kind, name] if kind.eq_ignore_ascii_case("resourceGroups") => {
            format!("the group {}", shown(name))
        }
        [.., kind, name] if kind.eq_ignore_ascii_case("managementGroups") => {
            format!("management group {}", shown(name))
        }
        _ => name_of(scope),
    }
}

fn role_lines(sheet: &mut Sheet, rows: &[Row]) {
    for row in rows {
        sheet.line(vec![(MIDDLE.end(), row.y), (row.end, row.y)], row.look, true);
    }
}

/// The service principal. Gives its box and where it ends at the least.
fn principal(sheet: &mut Sheet, scene: &Scene<'_>, y: i32) -> (usize, i32) {
    let seen = &scene.topology.service_principal;
    let mark = scene.mark_of(Part::Principal);
    let block = sheet.open(None, PRINCIPAL, y, look(seen, &mark));
    let mut texts = vec![text(Style::Kind, "identity of the application")];
    match seen {
        Seen::Known(own) => {
            texts.push(text(Style::Name, "service principal"));
            texts.push(text(Style::Detail, format!("object {}", name_of(&own.id))));
            let client = said(&own.client_id, "none");
            texts.push(text(Style::Detail, format!("client {client}")));
            match own.enabled {
                Seen::Known(true) => {}
                Seen::Known(false) => texts.push(text(Style::Bad, "disabled")),
                Seen::Absent | Seen::Unread(_) | Seen::NotAsked => {
                    texts.push(text(Style::Detail, "not known whether it is enabled"));
                }
            }
        }
        other => texts.extend(heading(other, |own| &own.id, "does not exist")),
    }
    let room = (PRINCIPAL.inside(PAD), y + 8);
    let bottom = sheet.write(Some(block), room, Side::Left, texts, &mark);
    (block, bottom + PAD)
}
