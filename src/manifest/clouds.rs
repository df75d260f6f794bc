//! Reads `[cloud]`.

use vaudit_model::Cloud;

use crate::endpoints;
use crate::keys::cloud::{CUSTOM, CUSTOM_KEYS, KEYS};
use crate::keys::{CLOUD, names};
use crate::room::{Room, single};
use crate::values::Reader;

/// The cloud of the file.
pub(crate) fn read(file: &Room<'_>, reader: &mut Reader<'_>) -> Cloud {
    let mut cloud = Cloud::public();
    let Some(room) = single(file, &CLOUD, reader) else { return cloud };
    room.report_unknown(names(&KEYS).chain(names(&CUSTOM_KEYS)), reader);
    let problems_before = reader.problems.count();
    room.read(&KEYS, &mut cloud, reader);
    if cloud.name == CUSTOM {
        room.read(&CUSTOM_KEYS, &mut cloud, reader);
        room.report_missing(&CUSTOM_KEYS, |_| false, reader);
    } else if reader.problems.count() == problems_before {
        report_endpoints(&cloud, &room, reader);
    }
    cloud
}

/// Whether the credentials would be sent to endpoints that the manifest names and that are not on
/// this machine.
pub(crate) fn needs_consent(cloud: &Cloud) -> bool {
    cloud.name == CUSTOM && !endpoints::all_are_loopback(cloud)
}

/// The known clouds have their endpoints built in.
fn report_endpoints(cloud: &Cloud, room: &Room<'_>, reader: &mut Reader<'_>) {
    for name in names(&CUSTOM_KEYS) {
        let Some((key, _)) = room.table.get_key_value(name) else { continue };
        let message =
            format!("`{name}` is only for the cloud `{CUSTOM}`, this is `{}`", cloud.name);
        reader
            .problems
            .add(key.span(), &room.path(name), message)
            .help(format!("remove it, or write `name = \"{CUSTOM}\"`"));
    }
}
