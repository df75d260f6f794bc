//! What the terminal can show: width, colours, characters.

use std::env;
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};

use vaudit_reports::TableOptions;

use crate::arguments::{ColorWhen, Talk};

/// The width of reports that do not go to a terminal.
const WIDTH_OF_FILES: usize = 100;

/// The narrowest width anything is laid out for.
const NARROWEST: usize = 40;

/// What stdout can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Columns.
    pub(crate) width: usize,
    /// Whether colours are wanted.
    pub(crate) colour: bool,
    /// Whether it shows UTF-8.
    pub(crate) unicode: bool,
}

impl Screen {
    /// A file: no colours, and it is read as UTF-8 wherever it is opened.
    pub(crate) fn of_file() -> Self {
        Self { width: WIDTH_OF_FILES, colour: false, unicode: true }
    }

    /// Asks stdout and the environment.
    pub(crate) fn of_stdout(when: ColorWhen) -> Self {
        Self { width: width(), colour: colour(when), unicode: unicode() }
    }

    /// How a table is written for it.
    pub(crate) fn table(self, talk: &Talk) -> TableOptions {
        let Self { width, colour, unicode } = self;
        TableOptions { width, colour, unicode, verbose: talk.verbose, quiet: talk.quiet }
    }
}

/// What `--color` means for a stream library.
pub(crate) fn choice(when: ColorWhen) -> ColorChoice {
    match when {
        ColorWhen::Auto => ColorChoice::Auto,
        ColorWhen::Always => ColorChoice::Always,
        ColorWhen::Never => ColorChoice::Never,
    }
}

fn colour(when: ColorWhen) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    }
}

fn width() -> usize {
    let columns = || env::var("COLUMNS").ok()?.parse::<usize>().ok();
    let terminal = || {
        let (terminal_size::Width(width), _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(usize::from(width))
    };
    let known = if io::stdout().is_terminal() { terminal().or_else(columns) } else { columns() };
    known.unwrap_or(WIDTH_OF_FILES).max(NARROWEST)
}

/// Whether the locale says UTF-8. The first variable that is set decides, as in POSIX.
fn unicode() -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
