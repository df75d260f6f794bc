//! An assessment in a format, whether it was just made or saved.

use std::path::{Path, PathBuf};

use vaudit_model::assessment::Assessment;
use vaudit_reports::{
    Format, SarifOptions, csv, github, html, json, junit, markdown, ocsf, oscal, sarif, table,
};

use crate::arguments::Talk;
use crate::conversation::Conversation;
use crate::git;
use crate::terminal::Screen;

/// How reports are rendered.
pub(crate) struct Rendering<'a> {
    /// The file of the manifest, where there is one.
    pub(crate) manifest: Option<&'a Path>,
    /// What `--source-root` says.
    pub(crate) source_root: Option<&'a Path>,
    /// Whether SARIF holds every result.
    pub(crate) sarif_all: bool,
    pub(crate) talk: &'a Talk,
    pub(crate) conversation: &'a Conversation,
}

impl Rendering<'_> {
    /// The report.
    pub(crate) fn of(&self, assessment: &Assessment, format: Format, screen: Screen) -> String {
        match format {
            Format::Table => table::render(assessment, &screen.table(self.talk)),
            Format::Json => json::render(assessment),
            Format::Sarif => {
                let own = sarif_options(self.manifest, self.source_root);
                let options = SarifOptions { all: self.sarif_all, ..own };
                let report = sarif::render(assessment, &options);
                report.notes.iter().for_each(|note| self.conversation.warn(note));
                report.text
            }
            Format::Junit => junit::render(assessment),
            Format::Markdown => markdown::render(assessment),
            Format::Github => {
                let (_, manifest) = source_tree(self.manifest, self.source_root);
                github::render(assessment, manifest.as_deref())
            }
            Format::Html => html::render(assessment),
            Format::Csv => csv::render(assessment),
            Format::Ocsf => ocsf::render(assessment),
            Format::Oscal => oscal::render(assessment),
        }
    }
}

/// How a SARIF report points at the manifest.
pub(crate) fn sarif_options(manifest: Option<&Path>, source_root: Option<&Path>) -> SarifOptions {
    let (root, manifest_uri) = source_tree(manifest, source_root);
    // The revision is that of the manifest, not of where the command happens to run.
    let is_here = manifest.is_some_and(Path::exists);
    let revised = root.as_deref().filter(|_| is_here);
    SarifOptions {
        manifest_uri,
        version_control: revised.and_then(git::version_control),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..SarifOptions::default()
    }
}

/// The root of the source tree around the manifest, and the manifest's path below it.
fn source_tree(
    manifest: Option<&Path>,
    source_root: Option<&Path>,
) -> (Option<PathBuf>, Option<String>) {
    let nearby = manifest.filter(|path| path.exists()).unwrap_or(Path::new("."));
    let root = source_root.map(Path::to_owned).or_else(|| git::work_tree(nearby));
    let manifest = manifest.map(|path| {
        let base = root.as_deref().unwrap_or(Path::new("."));
        let name = || path.file_name().map(|name| name.to_string_lossy().into_owned());
        // A path outside the root would say something about this machine and nothing to others.
        git::relative(path, base).or_else(name).unwrap_or_default()
    });
    (root, manifest)
}
