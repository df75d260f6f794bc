//! `vaudit report`: a saved JSON report in another format.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use vaudit_engine::ExitCode;
use vaudit_model::assessment::{Assessment, CatalogueEntry};
use vaudit_model::history::ReportError;
use vaudit_reports::{Format, saved};

use crate::arguments::Talk;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::outputs::{Outputs, to_stdout};
use crate::pack;
use crate::rendering::Rendering;
use crate::sources;
use crate::terminal::Screen;

/// What the file of a report on stdin or stdout is called.
const STREAM: &str = "-";

/// `vaudit report`.
#[derive(Args, Debug)]
pub(crate) struct Report {
    /// The report that `vaudit check --format json` wrote; `-` is stdin
    #[arg(value_name = "RESULT.json", required_unless_present = "verify_pack")]
    pub(crate) result: Option<PathBuf>,

    /// What it is to become: table, json, sarif, junit, markdown, github, html, csv, ocsf, oscal
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: String,

    /// The file to write; `-` is stdout
    #[arg(long, value_name = "FILE", default_value = STREAM)]
    pub(crate) output: PathBuf,

    /// Put passed, waived, not applicable and absent results into SARIF too
    #[arg(long)]
    pub(crate) sarif_all: bool,

    /// The root that paths in SARIF and GitHub's annotations are relative to [default: the enclosing git work tree]
    #[arg(long, value_name = "DIR")]
    pub(crate) source_root: Option<PathBuf>,

    /// Write an evidence pack for a reviewer, into a new folder or a zip file
    #[arg(
        long,
        value_name = "DIR|FILE.zip",
        conflicts_with_all = ["format", "output", "sarif_all", "source_root"]
    )]
    pub(crate) pack: Option<PathBuf>,

    /// The snapshot of the run, for the pack: with it the verdicts can be judged again
    #[arg(long, value_name = "FILE", requires = "pack")]
    pub(crate) snapshot: Option<PathBuf>,

    /// The manifest of the run, for the pack [default: the one in the snapshot]
    #[arg(long, value_name = "FILE", requires = "pack")]
    pub(crate) config: Option<PathBuf>,

    /// Say whether a pack is whole, its reports are what its JSON report says, and its snapshot
    /// judged again gives the same verdicts
    #[arg(
        long,
        value_name = "DIR|FILE.zip",
        conflicts_with_all = ["result", "format", "output", "sarif_all", "source_root", "pack"]
    )]
    pub(crate) verify_pack: Option<PathBuf>,
}

/// Renders a saved report.
///
/// # Errors
///
/// When it cannot be read, is none, or the other one cannot be written.
pub(crate) fn report(arguments: &Report, talk: &Talk) -> Result<ExitCode, Failure> {
    let conversation = Conversation::new(talk);
    if let Some(path) = &arguments.verify_pack {
        return pack::verify(path);
    }
    // The parser sees to it that there is one.
    let result = arguments.result.as_deref().unwrap_or(Path::new(STREAM));
    if let Some(to) = &arguments.pack {
        let hints = pack::pack(arguments, result, to)?;
        hints.iter().for_each(|hint| conversation.warn(hint));
        return Ok(ExitCode::Clean);
    }
    let outputs = outputs(arguments)?;
    let files = outputs.open(None)?;
    let (_, assessment) = read_text(result)?;
    let rendering = Rendering {
        manifest: sources::file_of(&assessment.run.header.manifest),
        source_root: arguments.source_root.as_deref(),
        sarif_all: arguments.sarif_all,
        talk,
        conversation: &conversation,
    };
    for (format, file) in files.reports {
        let text = rendering.of(&assessment, format, Screen::of_file());
        file.finish(|writer| writer.write_all(text.as_bytes()))?;
    }
    if let Some(format) = outputs.stdout {
        to_stdout(&rendering.of(&assessment, format, Screen::of_stdout(talk.color)))?;
    }
    Ok(ExitCode::Clean)
}

/// Where the report goes: `--format` and `--output` here are one `--output FORMAT=FILE` of `check`.
fn outputs(arguments: &Report) -> Result<Outputs, Failure> {
    let Report { format, output, .. } = arguments;
    // Who comes from `check` may write it as there.
    if let Some((word, file)) = output.to_str().and_then(|text| text.split_once('='))
        && word.parse::<Format>().is_ok()
    {
        return Err(Failure::new("--output wants a file, and --format the format")
            .help(format!("write --format {word} --output {file}")));
    }
    let format = format
        .parse()
        .map_err(|error: vaudit_reports::FormatError| Failure::new(error.to_string()))?;
    Ok(Outputs::one(format, output))
}

/// Reads a report that `check` wrote, and its text.
///
/// # Errors
///
/// When there is none, or it is damaged.
pub(crate) fn read_text(file: &Path) -> Result<(String, Assessment), Failure> {
    let is_stdin = file == Path::new(STREAM);
    let name = if is_stdin { "stdin".to_owned() } else { file.display().to_string() };
    let text = match is_stdin {
        true => io::read_to_string(io::stdin()),
        false => fs::read_to_string(file),
    };
    let text = text.map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))?;
    let assessment = parse(&text).map_err(|error| {
        Failure::new(format!("{name} {error}"))
            .help("`vaudit check --output json=FILE` writes a report that can be read back")
    })?;
    Ok((text, assessment))
}

/// The assessment of a report's text.
///
/// # Errors
///
/// When it is none, or damaged.
pub(crate) fn parse(text: &str) -> Result<Assessment, ReportError> {
    saved::read(text, &catalogue())
}

/// What this version knows of rules.
fn catalogue() -> Vec<CatalogueEntry> {
    let entry =
        |rule: &&'static vaudit_model::Rule| CatalogueEntry { meta: rule.meta, page: rule.page };
    vaudit_rules::CATALOGUE.iter().map(entry).collect()
}
