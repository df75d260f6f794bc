//! What is held of a redacted snapshot, judged in this process with all rules.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use vaudit_engine::{FailOn, Inputs, assess};
use vaudit_manifest::{Context, Manifest, parse};
use vaudit_model::assessment::{Assessment, Source};
use vaudit_model::blob::Shelf;
use vaudit_model::redaction::{Hides, Key};
use vaudit_model::{Severity, Snapshot};

use crate::names::{self, Found};
use crate::pipeline;

/// The key of tests.
pub(crate) fn key() -> Key {
    Key::new([42; 32])
}

/// The manifest in a snapshot.
pub(crate) fn manifest(snapshot: &Snapshot) -> Manifest {
    let today = snapshot.header.finished_at.to_zoned(TimeZone::UTC).date();
    let text = &snapshot.header.manifest.text;
    parse(text, &Context { today }).unwrap_or_else(|found| panic!("{found:?}\n{text}"))
}

/// What all rules say of a snapshot.
pub(crate) fn judged(snapshot: &Snapshot) -> Assessment {
    let manifest = manifest(snapshot);
    assess(Inputs {
        snapshot,
        deployments: &manifest.deployments,
        described: &manifest.deployments,
        rules: vaudit_rules::CATALOGUE,
        catalogue: vaudit_rules::CATALOGUE,
        waivers: &manifest.waivers,
        profile: "all",
        source: Source::Snapshot,
        fail_on: FailOn::AtLeast(Severity::Low),
    })
}

/// What must not change, deployment by deployment: how often each result, gap and backup is there.
fn essence(assessment: &Assessment) -> Vec<BTreeMap<String, usize>> {
    let mut all = vec![BTreeMap::from([(format!("exit {}", assessment.run.exit_code), 1)])];
    let states = assessment.waivers.iter().enumerate();
    all.push(states.map(|(index, own)| (format!("{index} {:?}", own.state), 1)).collect());
    for own in &assessment.deployments {
        let mut counts = BTreeMap::new();
        let mut count = |what: String| *counts.entry(what).or_default() += 1;
        for result in &own.results {
            let reason = result.judgement.gap.as_ref().map(|gap| gap.reason.to_string());
            let waived = (result.waiver, result.lapsed_waiver);
            let (rule, verdict) = (result.meta.id, result.judgement.verdict);
            let line = result.location.as_ref().map(|place| place.line);
            let severity = result.severity;
            count(format!("{rule} {verdict:?} {severity:?} {reason:?} {waived:?} {line:?}"));
        }
        own.gaps
            .iter()
            .for_each(|gap| count(format!("{} {:?} {:?}", gap.reason, gap.status, gap.rules)));
        own.backups.iter().for_each(|point| count(format!("{point:?}")));
        count(format!("{} hops", own.topology.path.len()));
        all.push(counts);
    }
    all
}

/// A snapshot as it is written.
pub(crate) fn written(snapshot: &Snapshot) -> String {
    let mut bytes = Vec::new();
    snapshot.write_to(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Redacts a snapshot in some modes and says what is wrong.
pub(crate) fn wrong(snapshot: &Snapshot, modes: &[Hides]) -> Vec<String> {
    let before = essence(&judged(snapshot));
    let original = written(snapshot);
    let found = Found::of(snapshot, &original);
    let mut wrong = Vec::new();
    for hides in modes.iter().copied() {
        // Not held against the original by itself: that is what the test is for.
        let redacted = match pipeline::renamed(snapshot, hides, key(), &Shelf::default()) {
            Ok(redacted) => redacted,
            Err(error) => {
                wrong.push(format!("{hides:?}: {error}"));
                continue;
            }
        };
        let text = written(&redacted);
        // What is read again is what was written.
        let redacted = Snapshot::read_from(text.as_bytes(), &Shelf::default()).unwrap();
        let after = essence(&judged(&redacted));
        if after != before {
            let differ = before.iter().zip(&after).flat_map(|(before, after)| {
                let gone = before.iter().filter(|(what, count)| after.get(*what) != Some(count));
                let new = after.iter().filter(|(what, count)| before.get(*what) != Some(count));
                gone.map(|(what, n)| format!("- {what} ({n})"))
                    .chain(new.map(|(what, n)| format!("+ {what} ({n})")))
                    .collect::<Vec<_>>()
            });
            wrong.push(format!("{hides:?}: {}", differ.collect::<Vec<_>>().join("; ")));
        }
        let counts = |own: &Snapshot| own.documents().count();
        if counts(&redacted) != counts(snapshot) {
            wrong.push(format!("{hides:?}: {} documents", counts(&redacted)));
        }
        let left = names::left(&found, hides, &text);
        if !left.is_empty() {
            wrong.push(format!("{hides:?} leaves {}", left.join(", ")));
        }
    }
    wrong
}
