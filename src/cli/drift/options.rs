//! The options of `vaudit drift`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::arguments::{PROFILES, Selection, Target};

/// `vaudit drift`.
#[derive(Args, Debug)]
#[command(after_help = DRIFT_EXIT_CODES)]
pub(crate) struct Drift {
    #[command(flatten)]
    pub(crate) target: Target,

    /// The approved snapshot: what `vaudit collect` or `check --save-snapshot` wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: PathBuf,

    /// Compare it with this snapshot instead of with Azure
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["demo", "subscription", "credential", "max_duration", "save_snapshot", "activity"]
    )]
    pub(crate) snapshot: Option<PathBuf>,

    /// Take the blobs from a file that `vaudit list-blobs` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["snapshot", "demo"])]
    pub(crate) blob_listing: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// By which rules it is judged whether a change matters: `reference`, `hardened`, `all`
    /// [default: reference]
    #[arg(long, value_name = "PROFILE", value_parser = PossibleValuesParser::new(PROFILES))]
    pub(crate) profile: Option<String>,

    /// Ask the Activity Log who changed what is different, and when
    #[arg(long)]
    pub(crate) activity: bool,

    /// Write a report to a file; `-` is stdout, and then replaces --format
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub(crate) outputs: Vec<String>,

    /// The report on stdout: table, json, sarif, markdown
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: String,

    /// Also write what was read: once it is approved, it is the next baseline
    #[arg(long, value_name = "FILE")]
    pub(crate) save_snapshot: Option<PathBuf>,

    /// The root that paths in SARIF are relative to [default: the enclosing git work tree]
    #[arg(long, value_name = "DIR")]
    pub(crate) source_root: Option<PathBuf>,
}

const DRIFT_EXIT_CODES: &str = "\
Exit codes: 0 nothing breaks the design that did not before · 1 something does · 2 usage, or nothing could be \
compared · 3 something could not be compared · 130/143 interrupted";
