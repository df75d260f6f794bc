//! The keys of `[deployment.backup]`.

use vaudit_model::Deployment;
use vaudit_model::deployment::{DateOrder, IdleSuspension};

use super::ACCOUNT;
use crate::forms;
use crate::keys::Absent::{Means, Unknown};
use crate::keys::Key;
use crate::keys::Kind::{Number, OptionalText, Selector, Word, Zone};

pub(super) static KEYS: [Key<Deployment>; 13] = [
    Key {
        name: "account",
        kind: Selector(&ACCOUNT, |d, selector| d.backup.account = selector),
        absent: Unknown(r#""stvecticebkp""#),
        about: "the account of the blob copies; `storage.account` when not set",
    },
    Key {
        name: "container",
        kind: OptionalText(&forms::CONTAINER, |d, text| d.backup.container = text),
        absent: Unknown(r#""vectice-backup""#),
        about: "the container of the blob copies",
    },
    Key {
        name: "max_age_hours",
        kind: Number(1..=8760, |d, number| d.backup.max_age_hours = number),
        absent: Means("30"),
        about: "how old the newest automatic PostgreSQL backup may be",
    },
    Key {
        name: "gap_hours",
        kind: Number(1..=8760, |d, number| d.backup.gap_hours = number),
        absent: Means("30"),
        about: "how far apart PostgreSQL backups may be",
    },
    Key {
        name: "min_retention_days",
        kind: Number(1..=35, |d, number| d.backup.min_retention_days = number),
        absent: Means("7"),
        about: "how long PostgreSQL backups must be kept; Azure keeps them 35 days at most",
    },
    Key {
        name: "idle_suspension",
        kind: Word(&[
            ("fail", |d| d.backup.idle_suspension = IdleSuspension::Fail),
            ("indeterminate", |d| d.backup.idle_suspension = IdleSuspension::Indeterminate),
        ]),
        absent: Means(r#""fail""#),
        about: "what an old backup of a server that may be idle is",
    },
    Key {
        name: "blob_max_age_hours",
        kind: Number(1..=8760, |d, number| d.backup.blob_max_age_hours = number),
        absent: Means("30"),
        about: "how old the newest complete folder may be",
    },
    Key {
        name: "blob_gap_hours",
        kind: Number(1..=8760, |d, number| d.backup.blob_gap_hours = number),
        absent: Means("30"),
        about: "how far apart folders may be",
    },
    Key {
        name: "blob_min_points",
        kind: Number(0..=10000, |d, number| d.backup.blob_min_points = number),
        absent: Means("7"),
        about: "how many folders there must be",
    },
    Key {
        name: "folder_regex",
        kind: OptionalText(&forms::FOLDER_REGEX, |d, text| d.backup.folder_regex = text),
        absent: Means(r#""""#),
        about: "an expression with a group `timestamp`, for folder names of another form",
    },
    Key {
        name: "folder_timezone",
        kind: Zone(|d, zone| d.backup.folder_timezone = zone),
        absent: Means(r#""UTC""#),
        about: "the time zone of folder names without one",
    },
    Key {
        name: "date_order",
        kind: Word(&[
            ("ymd", |d| d.backup.date_order = DateOrder::YearMonthDay),
            ("dmy", |d| d.backup.date_order = DateOrder::DayMonthYear),
            ("mdy", |d| d.backup.date_order = DateOrder::MonthDayYear),
        ]),
        absent: Means(r#""ymd""#),
        about: "the order of day and month where a folder name leaves it open",
    },
    Key {
        name: "copy_settle_minutes",
        kind: Number(0..=10080, |d, number| d.backup.copy_settle_minutes = number),
        absent: Means("15"),
        about: "how long after its last write a folder is taken as finished",
    },
];
