//! Reads `vaudit.toml`: every mistake at once, with its place and with what to write instead.
//!
//! A manifest is read in two steps. `toml` gives the tree of values with their places, as much of it
//! as is TOML; the key table (`keys.rs`) then says of each value whether it may stand there, and
//! carries it into the validated types of `vaudit-model`. This room reads no file, no environment
//! and no clock: text and date are given.

use jiff::civil::Date;
use vaudit_model::deployment::WaiverPolicy;
use vaudit_model::{Cloud, Deployment};

pub use documentation::commented_defaults;
pub use draft::{Draft, Entry};
pub use flags::{Flags, flag_for_key, from_flags};
pub use problem::{Note, Problem};
pub use redaction::redacted;
pub use schema::json_schema;

mod clouds;
mod deployments;
mod documentation;
mod draft;
mod endpoints;
mod flags;
mod forms;
mod homes;
mod keys;
mod nearest;
mod places;
mod problem;
mod redaction;
mod room;
mod schema;
mod syntax;
mod types;
mod values;
mod waivers;

/// What is needed to judge a manifest besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The present day in UTC.
    pub today: Date,
}

/// A manifest without mistakes.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What is audited, in the order of the file; at least one.
    pub deployments: Vec<Deployment>,
    /// What is accepted, in the order of the file.
    pub waivers: Vec<WaiverPolicy>,
    /// The cloud of all deployments.
    pub cloud: Cloud,
    /// Whether the manifest names endpoints that are not on this machine: credentials may go there
    /// only when the environment agrees.
    pub custom_cloud_needs_consent: bool,
}

/// Reads a manifest.
///
/// # Errors
///
/// All mistakes of the text in the order of the file.
pub fn parse(text: &str, context: &Context) -> Result<Manifest, Vec<Problem>> {
    let repaired = syntax::Repaired::new(text);
    let mut problems = problem::Problems::new(&repaired.text);
    let root = syntax::read(&repaired, &mut problems);
    let mut reader = values::Reader { problems, today: context.today };
    let file =
        room::Room { table: &root, key: String::new(), heading: "the file".to_owned(), span: 0..0 };
    file.report_unknown(keys::TOPS.iter().map(|top| top.name), &mut reader);
    let cloud = clouds::read(&file, &mut reader);
    let deployments = deployments::read(&file, cloud.clone(), &mut reader);
    let waivers = waivers::read(&file, &mut reader);

    let problems = reader.problems.finish(|offset| repaired.original(offset));
    if !problems.is_empty() {
        return Err(problems);
    }
    let custom_cloud_needs_consent = clouds::needs_consent(&cloud);
    Ok(Manifest { deployments, waivers, cloud, custom_cloud_needs_consent })
}
