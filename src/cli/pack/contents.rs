//! What goes into a pack.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use vaudit_model::assessment::{Assessment, run_id};
use vaudit_model::blob_listing::Contents;
use vaudit_model::instant::show;
use vaudit_model::snapshot::{SnapshotFile, hex};
use vaudit_reports::{SarifOptions, csv, html, sarif};

use crate::failure::Failure;
use crate::report::{Report, read_text};
use crate::snapshot::{HOW_TO_WRITE, read as read_snapshot};

/// Files of a pack by their path in it, with `/` between folders.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// The saved report, byte for byte as `check` wrote it.
pub(super) const REPORT: &str = "report.json";
/// The manifest that the run was judged by.
pub(super) const MANIFEST: &str = "vaudit.toml";
/// What was read of Azure; compressed when it was.
pub(super) const SNAPSHOTS: [&str; 2] = ["evidence.snapshot", "evidence.snapshot.zst"];
/// The digests of all other files, as `sha256sum` writes them.
pub(super) const SUMS: &str = "SHA256SUMS";
/// What is in the pack, for who opens it.
pub(super) const ABOUT: &str = "README.txt";

/// How a compressed snapshot begins.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What a pack is made of.
pub(super) struct Parts {
    assessment: Assessment,
    /// The text of the report.
    report: String,
    snapshot: Option<Vec<u8>>,
    manifest: Option<String>,
}

impl Parts {
    /// Reads the parts, and refuses those of another run.
    pub(super) fn read(arguments: &Report, result: &Path) -> Result<Self, Failure> {
        let (report, assessment) = read_text(result)?;
        let mut manifest = None;
        let mut snapshot = None;
        if let Some(file) = &arguments.snapshot {
            let read = read_snapshot(file, "snapshot", HOW_TO_WRITE)?;
            is_of_run(file, &read, &assessment)?;
            let own = &read.snapshot.header.manifest;
            // Judged with --config, a snapshot has another manifest than its report.
            manifest = (own.sha256() == assessment.run.manifest_sha256).then(|| own.text.clone());
            let bytes = fs::read(file).map_err(|error| unreadable(file, &error))?;
            snapshot = Some(bytes);
        }
        if let Some(file) = &arguments.config {
            let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
            if digest(text.as_bytes()) != assessment.run.manifest_sha256 {
                return Err(Failure::new(format!(
                    "{} is not the manifest that the report was judged by",
                    file.display()
                ))
                .help(format!("that one has the SHA-256 {}", assessment.run.manifest_sha256)));
            }
            manifest = Some(text);
        }
        Ok(Self { assessment, report, snapshot, manifest })
    }

    /// When the last answer was in.
    pub(super) fn finished_at(&self) -> Timestamp {
        self.assessment.run.header.finished_at
    }

    /// What a reviewer will miss, and how it comes into the pack.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if self.snapshot.is_none() {
            hints.push(
                "the pack holds no snapshot, so nobody can judge again what was read: add \
                 --snapshot FILE, which `vaudit check --save-snapshot FILE` writes"
                    .to_owned(),
            );
        }
        if self.manifest.is_none() {
            hints.push(
                "the pack holds no manifest, so nobody sees what was expected: add --config FILE"
                    .to_owned(),
            );
        }
        hints
    }

    /// The files, with their digests.
    pub(super) fn files(&self) -> Files {
        let mut files = rendered(&self.assessment);
        files.insert(REPORT.to_owned(), self.report.clone().into_bytes());
        if let Some(manifest) = &self.manifest {
            files.insert(MANIFEST.to_owned(), manifest.clone().into_bytes());
        }
        if let Some(snapshot) = &self.snapshot {
            let [plain, compressed] = SNAPSHOTS;
            let name = if snapshot.starts_with(&ZSTD) { compressed } else { plain };
            files.insert(name.to_owned(), snapshot.clone());
        }
        files.insert(ABOUT.to_owned(), self.about().into_bytes());
        let lines = files.iter().map(|(name, bytes)| format!("{}  {name}\n", digest(bytes)));
        let sums: String = lines.collect();
        files.insert(SUMS.to_owned(), sums.into_bytes());
        files
    }

    /// What stands in the pack beside the files.
    fn about(&self) -> String {
        let run = &self.assessment.run;
        let has = |is: bool, yes: &'static str, no: &'static str| if is { yes } else { no };
        format!(
            "Evidence of vaudit run {}, which ended {}.\n\
             Made by vaudit {}.\n\
             \n\
             report.html     the report: open this one\n\
             report.json     the same for programs, as the run wrote it\n\
             report.sarif    the same for code-scanning services, every result in it\n\
             report.csv      the same for spreadsheets, a row a result\n\
             rules/          what each rule asks, why, and how it is mended\n\
             {}\
             {}\
             SHA256SUMS      the digests of all files\n\
             \n\
             To check it, from this folder:\n\
             \n    sha256sum --check SHA256SUMS\n\
             \n    vaudit report --verify-pack .\n\
             \n\
             The second also renders the reports anew from report.json{}.\n\
             Whoever can change all files can change SHA256SUMS too: keep its digest elsewhere, or\n\
             sign it.\n",
            run.id,
            show(run.header.finished_at),
            env!("CARGO_PKG_VERSION"),
            has(self.manifest.is_some(), "vaudit.toml     the manifest: what was expected\n", ""),
            has(self.snapshot.is_some(), "evidence.*      the snapshot: what Azure answered\n", ""),
            has(
                self.snapshot.is_some(),
                ", and judges the\nsnapshot again, without Azure",
                "; there is no\nsnapshot in this pack that could be judged again"
            ),
        )
    }
}

/// What this version makes of an assessment: the files that can be made anew.
pub(super) fn rendered(assessment: &Assessment) -> Files {
    // Inside the pack the manifest lies at its root, and the pack is no work tree of anybody.
    let options = SarifOptions {
        all: true,
        manifest_uri: Some(MANIFEST.to_owned()),
        version_control: None,
        ..SarifOptions::default()
    };
    let mut files = Files::from([
        ("report.csv".to_owned(), csv::render(assessment).into_bytes()),
        ("report.html".to_owned(), html::render(assessment).into_bytes()),
        ("report.sarif".to_owned(), sarif::render(assessment, &options).text.into_bytes()),
    ]);
    for entry in assessment.catalogue.iter().filter(|entry| !entry.page.is_empty()) {
        files.insert(format!("rules/{}.md", entry.meta.id), entry.page.as_bytes().to_vec());
    }
    files
}

/// Whether a snapshot is what the report was judged from.
///
/// # Errors
///
/// When it is not.
fn is_of_run(file: &Path, read: &SnapshotFile, assessment: &Assessment) -> Result<(), Failure> {
    let name = file.display();
    if read.snapshot.header.contents != Contents::Audit {
        let message = format!("{name} is a blob listing, and no snapshot of an audit");
        return Err(Failure::new(message).help(HOW_TO_WRITE));
    }
    let (own, id) = (run_id(&read.snapshot), &assessment.run.id);
    if own == *id {
        return Ok(());
    }
    let failure = Failure::new(format!("{name} is of run {own}, and the report is of run {id}"));
    Err(match read.snapshot.header.redaction {
        // A redacted snapshot has names of its own, which a report with the others would give away.
        Some(_) => failure.help(format!(
            "a redacted snapshot needs a report of its own: \
             `vaudit check --snapshot {name} --output json=RESULT.json`"
        )),
        None => failure.help("both come from one `vaudit check --save-snapshot`"),
    })
}

/// The SHA-256 of a file in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be read: {error}", file.display()))
}
