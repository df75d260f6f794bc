//! Reports: one renderer a file over one [`Assessment`](vaudit_model::assessment::Assessment).
//!
//! This room is pure: it turns an assessment into text and leaves writing to the command line. All
//! that came from Azure or from a manifest is hostile text, so no renderer lets a character through
//! that could act on a terminal.

use std::fmt;
use std::str::FromStr;

pub mod csv;
pub mod diagnosis;
pub mod drift;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod ocsf;
pub mod oscal;
pub mod sarif;
pub mod saved;
pub mod snapshot;
pub mod table;
pub mod topology;
pub mod trend;

mod changes;
mod inert_json;
mod json_deployment;
mod json_list;
mod json_previous;
mod layout;
mod markdown_findings;
mod markdown_text;
mod ocsf_objects;
mod oscal_model;
mod oscal_result;
mod oscal_uuid;
mod sarif_location;
mod sarif_past;
mod sarif_results;
mod sarif_rules;
mod snapshot_json;
mod snapshot_text;
mod style;
mod table_changes;
mod table_findings;
mod table_folded;
mod trend_json;
mod trend_markdown;
mod trend_wording;
mod wording;

#[cfg(test)]
mod canned;
#[cfg(test)]
mod canned_past;
#[cfg(test)]
mod canned_rules;
#[cfg(test)]
mod canned_topology;

pub use sarif::{Analysis, SarifOptions, SarifReport, VersionControl};
pub use table::TableOptions;
pub use wording::waiver_hint;

/// A report format this version can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person in front of a terminal.
    Table,
    /// For programs: the schema of `CONTRACT.md`.
    Json,
    /// For code-scanning services.
    Sarif,
    /// For whatever shows test results.
    Junit,
    /// For a job summary or a comment.
    Markdown,
    /// For annotations by GitHub Actions.
    Github,
    /// For a security review: one page with everything in it.
    Html,
    /// For a spreadsheet: a row a result.
    Csv,
    /// For security data lakes: Open Cybersecurity Schema Framework, Compliance Finding.
    Ocsf,
    /// For compliance tools: assessment results of NIST's Open Security Controls Assessment Language.
    Oscal,
}

/// Why a word is not a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a report format (available: {available})", available = available())]
pub struct FormatError(String);

impl Format {
    /// Every format this version can write.
    pub const ALL: [Self; 10] = [
        Self::Table,
        Self::Json,
        Self::Sarif,
        Self::Junit,
        Self::Markdown,
        Self::Github,
        Self::Html,
        Self::Csv,
        Self::Ocsf,
        Self::Oscal,
    ];

    /// The word of the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Ocsf => "ocsf",
            Self::Oscal => "oscal",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|format| format.word() == word);
        known.ok_or_else(|| FormatError(vaudit_model::shell::inert(word)))
    }
}

fn available() -> String {
    Format::ALL.map(Format::word).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_interface_is_recognised() {
        for format in Format::ALL {
            assert_eq!(format.word().parse(), Ok(format));
        }
        assert_eq!(
            "xml\u{1b}".parse::<Format>().unwrap_err().to_string(),
            "`xml\u{fffd}` is not a report format (available: table, json, sarif, junit, markdown, github, html, csv, ocsf, oscal)"
        );
    }
}
