//! `--redact`: a snapshot for somebody outside.
//!
//! What is written was judged before: a redacted file gives every verdict of the original, or there
//! is none. Nothing here knows other parts of the command, so that a test can take it as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::tz::TimeZone;
use vaudit_engine::{FailOn, Inputs, assess, differences, renamed_digests};
use vaudit_manifest::{Context, Manifest, parse, redacted as redacted_manifest};
use vaudit_model::assessment::{Assessment, Source};
use vaudit_model::blob::Shelf;
use vaudit_model::redaction::{Hides, Key, Redactor};
use vaudit_model::{Deployment, Severity, Snapshot};

/// Why a snapshot cannot be redacted.
#[derive(Debug)]
pub(crate) enum RedactionError {
    /// A listing that was put aside cannot be read back.
    Blobs(std::io::Error),
    /// The manifest in it, or its redacted copy, has mistakes.
    Manifest,
    /// The redacted file would be judged otherwise.
    Verdicts(Vec<String>),
}

impl fmt::Display for RedactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blobs(error) => write!(f, "a listing cannot be read back: {error}"),
            Self::Manifest => f.write_str("its manifest cannot be redacted"),
            Self::Verdicts(what) => {
                write!(f, "redacted it would be judged otherwise: {}", what.join(", "))
            }
        }
    }
}

/// A snapshot with pseudonyms in the place of ids, names or both, which every rule judges as before.
///
/// # Errors
///
/// When it cannot be done without changing a verdict.
pub(crate) fn redacted(
    snapshot: &Snapshot,
    hides: Hides,
    key: Key,
    shelf: &Shelf,
) -> Result<Snapshot, RedactionError> {
    let redacted = renamed(snapshot, hides, key, shelf)?;
    let original = judged(snapshot, &manifest_of(snapshot)?);
    match differences(&original, &judged(&redacted, &manifest_of(&redacted)?)) {
        none if none.is_empty() => Ok(redacted),
        found => Err(RedactionError::Verdicts(found)),
    }
}

/// The same before it is held against the original. The waivers are pinned to what is observed in
/// the redacted snapshot.
pub(crate) fn renamed(
    snapshot: &Snapshot,
    hides: Hides,
    key: Key,
    shelf: &Shelf,
) -> Result<Snapshot, RedactionError> {
    let text = &snapshot.header.manifest.text;
    let manifest = manifest_of(snapshot)?;
    let regexes: BTreeSet<&str> =
        manifest.deployments.iter().filter_map(|own| own.backup.folder_regex.as_deref()).collect();
    let redactor = Redactor::new(key, hides, &manifest.cloud, &regexes, snapshot);
    let with_pins = |pins: &BTreeMap<String, String>| {
        redacted_manifest(text, |key, text| match pins.get(&text.to_ascii_lowercase()) {
            Some(digest) if key == "pin" => digest.clone(),
            _ => redactor.manifest_text(key, text),
        })
    };
    let mut redacted = redactor
        .snapshot(snapshot, with_pins(&BTreeMap::new()), shelf)
        .map_err(RedactionError::Blobs)?;
    if manifest.waivers.iter().any(|waiver| waiver.pin.is_some()) {
        // What is observed holds names, so the digest of the observation is another one.
        let original = judged(snapshot, &manifest);
        let after = judged(&redacted, &manifest_of(&redacted)?);
        let pins = renamed_digests(&original, &after, |subject| redactor.subject(subject));
        redacted.header.manifest.text = with_pins(&pins);
    }
    Ok(redacted)
}

/// The manifest in a snapshot, on the day of the snapshot.
fn manifest_of(snapshot: &Snapshot) -> Result<Manifest, RedactionError> {
    let today = snapshot.header.finished_at.to_zoned(TimeZone::UTC).date();
    let text = &snapshot.header.manifest.text;
    parse(text, &Context { today }).map_err(|_| RedactionError::Manifest)
}

/// What every rule says, whatever was asked for: whoever gets the file may ask anything.
fn judged(snapshot: &Snapshot, manifest: &Manifest) -> Assessment {
    let wanted = &snapshot.header.selection.deployments;
    let chosen = manifest.deployments.iter();
    let deployments: Vec<Deployment> =
        chosen.filter(|own| wanted.is_empty() || wanted.contains(&own.name)).cloned().collect();
    assess(Inputs {
        snapshot,
        deployments: &deployments,
        described: &manifest.deployments,
        rules: vaudit_rules::CATALOGUE,
        catalogue: vaudit_rules::CATALOGUE,
        waivers: &manifest.waivers,
        profile: "all",
        source: Source::Snapshot,
        fail_on: FailOn::AtLeast(Severity::Low),
    })
}
