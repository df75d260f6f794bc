//! A snapshot that is judged here and not by the binary, so that many can be compared.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use jiff::tz::TimeZone;
use vaudit_engine::{FailOn, Inputs, Look, assess, drift};
use vaudit_manifest::{Context, parse};
use vaudit_model::assessment::{Assessment, Source};
use vaudit_model::blob::Shelf;
use vaudit_model::drift::Drift;
use vaudit_model::{Rule, Snapshot};

/// What a run of the binary read, judged by the manifest in it.
pub(crate) struct Seen {
    pub(crate) snapshot: Snapshot,
    pub(crate) assessment: Assessment,
}

impl Seen {
    /// Judges a snapshot by rules.
    pub(crate) fn at(path: &Path, rules: &[&'static Rule]) -> Self {
        let file = BufReader::new(File::open(path).unwrap());
        let snapshot = Snapshot::read_from(file, &Shelf::default()).unwrap();
        let today = snapshot.header.finished_at.to_zoned(TimeZone::UTC).date();
        let manifest = parse(&snapshot.header.manifest.text, &Context { today }).unwrap();
        let assessment = assess(Inputs {
            snapshot: &snapshot,
            deployments: &manifest.deployments,
            described: &manifest.deployments,
            rules,
            catalogue: vaudit_rules::CATALOGUE,
            waivers: &manifest.waivers,
            profile: "reference",
            source: Source::Snapshot,
            fail_on: FailOn::Never,
        });
        Self { snapshot, assessment }
    }

    /// What has drifted since this.
    pub(crate) fn drift_to(&self, now: &Self, rules: &[&'static Rule]) -> Drift {
        drift(self.look(), now.look(), rules)
    }

    fn look(&self) -> Look<'_> {
        Look { snapshot: &self.snapshot, assessment: &self.assessment }
    }
}
