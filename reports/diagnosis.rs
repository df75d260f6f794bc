//! What `vaudit doctor` found: a line for each thing that has to work, with what to do where it does
//! not.

use crate::TableOptions;
use crate::layout::Sheet;
use crate::style::{Style, Terminal};

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Works,
    /// It works, but something of it has to be known or is better mended.
    Doubtful,
    /// It does not work.
    Broken,
    /// It was not tried.
    Untried,
}

/// A thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is, in a word or two.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen. It may hold text from anywhere.
    pub said: String,
    /// What to do about it, each a sentence or a list of commands on lines of their own.
    pub fixes: Vec<Fix>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// In words.
    Words(String),
    /// A command to copy.
    Command(String),
}

impl Finding {
    /// Something that was seen.
    pub fn new(what: &'static str, state: State, said: impl Into<String>) -> Self {
        Self { what, state, said: said.into(), fixes: Vec::new() }
    }

    /// Adds advice.
    #[must_use]
    pub fn fix(mut self, words: impl Into<String>) -> Self {
        self.fixes.push(Fix::Words(words.into()));
        self
    }

    /// Adds a command.
    #[must_use]
    pub fn run(mut self, command: impl Into<String>) -> Self {
        self.fixes.push(Fix::Command(command.into()));
        self
    }
}

/// The findings as text for a terminal, and a line at the end that counts them.
pub fn render(findings: &[Finding], options: &TableOptions) -> String {
    let terminal = Terminal { colour: options.colour, unicode: options.unicode };
    let mut sheet = Sheet::new(terminal, options.width);
    let width = findings.iter().map(|own| own.what.len()).max().unwrap_or(0);
    for finding in findings {
        let (symbol, style) = symbol(finding.state, options.unicode);
        let what = format!("{:width$}  ", finding.what);
        let symbol = format!("{symbol} ");
        let lead = [(style, symbol.as_str()), (Style::Strong, what.as_str())];
        sheet.hanging(0, &lead, Style::Plain, &finding.said);
        for (number, fix) in finding.fixes.iter().enumerate() {
            let label = if number == 0 { "fix  " } else { "     " };
            match fix {
                Fix::Words(words) => {
                    sheet.hanging(4, &[(Style::Faint, label)], Style::Plain, words);
                }
                Fix::Command(command) => sheet.command(command),
            }
        }
    }
    sheet.blank();
    let count = |state: State| findings.iter().filter(|own| own.state == state).count();
    let broken = count(State::Broken);
    let (style, summary) = match (broken, count(State::Doubtful)) {
        (0, 0) => (Style::Good, "Everything works.".to_owned()),
        (0, 1) => (Style::Doubt, "It works; one thing is worth a look.".to_owned()),
        (0, doubtful) => (Style::Doubt, format!("It works; {doubtful} things are worth a look.")),
        (1, _) => (Style::Bad, "One thing does not work.".to_owned()),
        (broken, _) => (Style::Bad, format!("{broken} things do not work.")),
    };
    sheet.prose(0, style, &summary);
    sheet.finish()
}

/// One column wide.
fn symbol(state: State, unicode: bool) -> (&'static str, Style) {
    match (state, unicode) {
        (State::Works, true) => ("✓", Style::Good),
        (State::Works, false) => ("+", Style::Good),
        (State::Doubtful, _) => ("!", Style::Doubt),
        (State::Broken, true) => ("✗", Style::Bad),
        (State::Broken, false) => ("x", Style::Bad),
        (State::Untried, true) => ("–", Style::Faint),
        (State::Untried, false) => ("-", Style::Faint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(width: usize, unicode: bool) -> TableOptions {
        TableOptions { width, colour: false, unicode, verbose: 0, quiet: false }
    }

    #[test]
    fn each_finding_has_its_line_and_what_to_do_below_it() {
        let findings = [
            Finding::new("proxy", State::Works, "none is set"),
            Finding::new("clock", State::Broken, "20 minutes\u{1b}[2J behind")
                .fix("set it")
                .run("timedatectl set-ntp true"),
            Finding::new("sign-in", State::Untried, "not tried"),
        ];
        let text = render(&findings, &options(80, true));
        assert_eq!(
            text,
            "✓ proxy    none is set\n\
             ✗ clock    20 minutes\u{fffd}[2J behind\n    fix  set it\n      timedatectl set-ntp true\n\
             – sign-in  not tried\n\nOne thing does not work.\n"
        );
        let ascii = render(&findings, &options(40, false));
        assert!(ascii.is_ascii(), "{ascii}");
        assert!(ascii.starts_with("+ proxy"), "{ascii}");
    }
}
