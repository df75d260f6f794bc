//! `vaudit trend`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use vaudit_engine::{ExitCode, RuleGlob, TrendBuilder, TrendChoice};
use vaudit_reports::trend;

use crate::arguments::Talk;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::history;
use crate::outputs::to_stdout;
use crate::terminal::Screen;

/// `vaudit trend`.
#[derive(Args, Debug)]
pub(crate) struct Trend {
    /// The folder that `vaudit check --history` keeps its reports in
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// What is printed
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(crate) format: TrendFormat,

    /// Only this deployment; repeatable
    #[arg(long = "deployment", value_name = "NAME")]
    pub(crate) deployments: Vec<String>,

    /// Only rules whose id or name matches; repeatable
    #[arg(long = "rule", value_name = "GLOB")]
    pub(crate) rules: Vec<String>,

    /// Only runs from this day on (UTC), and what failed or could not be judged in them
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<Date>,
}

/// How a trend is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrendFormat {
    /// For a person in front of a terminal
    Table,
    /// For programs
    Json,
    /// For a job summary or an issue
    Markdown,
}

/// Says since when, how often and how long rules fail, from the reports of a folder alone.
///
/// # Errors
///
/// When there is no report, an option names nothing, or stdout cannot be written.
pub(crate) fn trend(arguments: &Trend, talk: &Talk) -> Result<ExitCode, Failure> {
    let conversation = Conversation::new(talk);
    let mut builder = TrendBuilder::default();
    let folder = arguments.folder.as_path();
    for file in history::reports(folder)? {
        match history::read(&file) {
            Ok(report) => builder.add(&report),
            Err(why) => conversation.warn(&why),
        }
    }
    others(arguments, &conversation)?;
    if builder.is_empty() {
        return Err(Failure::new(format!("there is no report in {}", folder.display()))
            .help("`vaudit check --history DIR` keeps one of every run"));
    }
    let since = arguments.since.map(midnight).transpose()?;
    if let (Some(since), Some(date)) = (since, arguments.since)
        && builder.last_at().is_some_and(|last| last < since)
    {
        return Err(Failure::new(format!("there is no report since {date}")));
    }
    let known = builder.deployments();
    for name in &arguments.deployments {
        if !known.contains(&name.as_str()) {
            return Err(Failure::new(format!("no report is about a deployment `{name}`"))
                .help(format!("there are: {}", known.join(", "))));
        }
    }
    let globs: Vec<RuleGlob> = arguments.rules.iter().map(|text| RuleGlob::new(text)).collect();
    for (glob, text) in globs.iter().zip(&arguments.rules) {
        if !builder.has_rule(|id, name| glob.names(id, name)) {
            return Err(Failure::new(format!("`{text}` matches no rule of any report")));
        }
    }
    let choice = TrendChoice {
        deployment: &|name| {
            arguments.deployments.is_empty()
                || arguments.deployments.iter().any(|wanted| wanted == name)
        },
        rule: &|id, name| globs.is_empty() || globs.iter().any(|glob| glob.names(id, name)),
        since,
    };
    let told = builder.finish(&choice);
    let text = match arguments.format {
        TrendFormat::Table => {
            let options = Screen::of_stdout(talk.color).table(talk);
            trend::table(&told, &options)
        }
        TrendFormat::Json => trend::json(&told),
        TrendFormat::Markdown => trend::markdown(&told),
    };
    to_stdout(&text)?;
    Ok(ExitCode::Clean)
}

/// Names what lies in the folder and is not looked at.
fn others(arguments: &Trend, conversation: &Conversation) -> Result<(), Failure> {
    let folder = arguments.folder.as_path();
    let reports = history::reports(folder)?;
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !reports.contains(&entry.path()) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    if !names.is_empty() {
        conversation.warn(&format!("no reports, and not looked at: {}", names.join(", ")));
    }
    Ok(())
}

fn midnight(date: Date) -> Result<Timestamp, Failure> {
    let zoned = date.to_zoned(TimeZone::UTC);
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| Failure::new(format!("{date} is no date")))
}
