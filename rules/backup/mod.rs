//! Backup and recovery (BKP).

pub(crate) mod application_container;
pub(crate) mod backup_container;
pub(crate) mod copies_succeeded;
pub(crate) mod daily_folders;
pub(crate) mod daily_postgres_backups;
pub(crate) mod newest_folder_complete;
pub(crate) mod point_in_time_restore;
pub(crate) mod recent_complete_folder;
pub(crate) mod recent_postgres_backup;
pub(crate) mod retention;
pub(crate) mod separate_container;
pub(crate) mod server_state;
pub(crate) mod timestamped_folders;
pub(crate) mod truthful_folder_names;

use jiff::Timestamp;
use vaudit_model::estate::{DatedFolders, PostgresServer};
use vaudit_model::rule::Control;
use vaudit_model::{Estate, Evidence, Fact, Gap, Reason, Source, Stop};

use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// The controls that ask for backups of the database.
const DATABASE_BACKUPS: &[Control] = &[
    control(MCSB, &["BR-1", "BR-3"]),
    control(NIST_800_53, &["CP-9"]),
    control(ISO_27001, &["8.13"]),
    control(SOC2, &["A1.2"]),
];

/// The server, if it is one that has backups of its own.
fn backed_up_server<'e>(estate: &'e Estate<'_>) -> Result<(&'e PostgresServer, &'e Source), Stop> {
    let (server, source) = estate.server().required("PLC002")?;
    if server.is_replica() {
        let message = "the audited server is a read replica, which has no backups of its own";
        return Err(Gap::because(Reason::ServerState, message).at(server.id.as_str()).into());
    }
    Ok((server, source))
}

/// How long the server has been there at a moment, in seconds. A creation in the future is no age.
fn age_of_server(server: &PostgresServer, now: Timestamp, skew: i64) -> Fact<i64> {
    server.created_at.as_ref().and_then(|created, source| {
        let age = now.as_second() - created.as_second();
        if age < -skew {
            let message = "the server claims to have been created in the future";
            return Fact::Unread(Gap::because(Reason::Unrecognised, message).at(source.resource));
        }
        Fact::Known(age.max(0), source)
    })
}

/// Ends the question when there is no timestamped folder that is not in the future.
fn some_folder(dated: &DatedFolders, source: &Source) -> Result<(), Stop> {
    match &dated.missing {
        _ if !dated.past.is_empty() => Ok(()),
        Some(gap) => Err(gap.clone().into()),
        None => Err(Stop::absent("BKP008", source)),
    }
}

/// Evidence from the listing of a folder.
fn evidence_in(listing: &Source, folder: &str) -> Evidence {
    let resource = format!("{}/{folder}", listing.resource);
    Evidence::at(&Source { resource, ..listing.clone() })
}

/// `a`, `a and b`, `a, b and 3 more`: the first few of several things.
fn first_few(things: &[String]) -> String {
    first_few_of(things, things.len())
}

/// The same, of so many things of which only the first are at hand.
fn first_few_of(things: &[String], count: usize) -> String {
    const QUOTED: usize = 3;
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if count <= QUOTED => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", things[..QUOTED].join(", "), count - QUOTED),
    }
}
