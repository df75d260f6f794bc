//! Reads every `[[waiver]]`.

use jiff::civil::Date;
use vaudit_model::deployment::{Accept, WaiverPolicy};

use crate::deployments::written_names;
use crate::keys::waiver::KEYS;
use crate::keys::{WAIVER, names};
use crate::nearest::nearest;
use crate::problem::quote;
use crate::room::{Room, several};
use crate::values::Reader;

/// All waivers of the file.
pub(crate) fn read(file: &Room<'_>, reader: &mut Reader<'_>) -> Vec<WaiverPolicy> {
    let deployments = written_names(file);
    let rooms = several(file, &WAIVER, reader);
    rooms.iter().map(|room| read_one(room, &deployments, reader)).collect()
}

fn read_one(room: &Room<'_>, deployments: &[&str], reader: &mut Reader<'_>) -> WaiverPolicy {
    let mut waiver = WaiverPolicy {
        rule: String::new(),
        deployment: None,
        subject: None,
        accept: Accept::Fail,
        reason: String::new(),
        owner: String::new(),
        expires: Date::ZERO,
        ticket: None,
        pin: None,
    };
    room.read(&KEYS, &mut waiver, reader);
    room.report_unknown(names(&KEYS), reader);
    room.report_missing(&KEYS, |_| false, reader);
    report_unknown_deployment(&waiver, room, deployments, reader);
    waiver
}

fn report_unknown_deployment(
    waiver: &WaiverPolicy,
    room: &Room<'_>,
    deployments: &[&str],
    reader: &mut Reader<'_>,
) {
    const KEY: &str = "deployment";
    let (Some(name), Some(value)) = (&waiver.deployment, room.table.get(KEY)) else { return };
    // Without a name, or with one that cannot be read, another mistake is to be mended first.
    if deployments.is_empty()
        || deployments.contains(&name.as_str())
        || reader.problems.are_damaged()
    {
        return;
    }
    let help = match nearest(name, deployments.iter().copied()) {
        Some(near) => format!("did you mean {}?", quote(near)),
        None => {
            let names: Vec<_> = deployments.iter().map(|name| quote(name)).collect();
            format!("described are {}", names.join(", "))
        }
    };
    let message = format!("no deployment {} is described", quote(name));
    reader.problems.add(value.span(), &room.path(KEY), message).help(help);
}
