//! Colour and symbols of the terminal report. The only place that writes SGR sequences.
//!
//! Colour repeats what words and symbols say already; nothing is lost without it.

use std::fmt::Write;

use vaudit_model::rule::{Severity, Verdict};
use vaudit_model::shell::inert;

/// How a piece of text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// As the terminal does.
    Plain,
    /// Headings.
    Strong,
    /// What is looked up, not read.
    Faint,
    /// Commands to copy.
    Command,
    /// What is broken.
    Bad,
    /// What is broken and cannot wait.
    Alarm,
    /// What needs a look.
    Doubt,
    /// What is fine.
    Good,
}

impl Style {
    fn codes(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Command => "36",
            Self::Bad => "31",
            Self::Alarm => "1;31",
            Self::Doubt => "33",
            Self::Good => "32",
        }
    }

    /// The style of a severity.
    pub(crate) fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Alarm,
            Severity::High => Self::Bad,
            Severity::Medium => Self::Doubt,
            Severity::Low | Severity::Note => Self::Plain,
        }
    }
}

/// What a terminal can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Whether SGR sequences are wanted.
    pub(crate) colour: bool,
    /// Whether it shows more than ASCII.
    pub(crate) unicode: bool,
}

impl Terminal {
    /// Sets text that was made inert before.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if !self.colour || style == Style::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", style.codes())
    }

    /// The symbol of a verdict, one column wide.
    pub(crate) fn symbol(self, verdict: Verdict) -> &'static str {
        match (verdict, self.unicode) {
            (Verdict::Fail, true) => "✗",
            (Verdict::Fail, false) => "x",
            (Verdict::Indeterminate, _) => "?",
            (Verdict::Informational, _) => "i",
            (Verdict::Pass, true) => "✓",
            (Verdict::Pass, false) => "+",
            (Verdict::NotApplicable, true) => "–",
            (Verdict::NotApplicable, false) => "-",
        }
    }

    /// The horizontal line between deployments.
    pub(crate) fn line(self, width: usize) -> String {
        if self.unicode { "─" } else { "-" }.repeat(width)
    }

    /// Prose: inert, and in ASCII where the terminal shows no more. Punctuation gets its nearest
    /// relative, everything else an escape.
    pub(crate) fn prose(self, text: &str) -> String {
        let text = inert(text);
        if self.unicode { text } else { ascii(&text, relative) }
    }

    /// A name, an id or a command: inert, and in ASCII where the terminal shows no more. Everything
    /// beyond ASCII gets an escape: a relative would be the name of another thing.
    pub(crate) fn exact(self, text: &str) -> String {
        let text = inert(text);
        if self.unicode { text } else { ascii(&text, |_| None) }
    }
}

fn ascii(text: &str, relative: impl Fn(char) -> Option<&'static str>) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            plain.push(c);
        } else if let Some(near) = relative(c) {
            plain.push_str(near);
        } else {
            // Writing to a text cannot fail.
            let _ = write!(plain, "\\u{{{:x}}}", u32::from(c));
        }
    }
    plain
}

fn relative(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' | '\u{202f}' => " ",
        '‘' | '’' => "'",
        '“' | '”' | '«' | '»' => "\"",
        '‐' | '‑' | '–' | '−' => "-",
        '—' => "--",
        '…' => "...",
        '·' | '•' => "*",
        '→' => "->",
        '←' => "<-",
        '≥' => ">=",
        '≤' => "<=",
        '≠' => "!=",
        '×' => "x",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII: Terminal = Terminal { colour: false, unicode: false };

    #[test]
    fn prose_finds_relatives_and_names_do_not() {
        assert_eq!(ASCII.prose("at least 7 days — “daily” …"), "at least 7 days -- \"daily\" ...");
        assert_eq!(ASCII.prose("rg-é\u{1b}[31m"), "rg-\\u{e9}\\u{fffd}[31m");
        assert_eq!(ASCII.exact("rg–a"), "rg\\u{2013}a");
        assert_eq!(Terminal { unicode: true, ..ASCII }.exact("rg–日本\u{202e}"), "rg–日本\u{fffd}");
    }

    #[test]
    fn colour_wraps_and_resets() {
        let terminal = Terminal { colour: true, unicode: true };
        assert_eq!(terminal.paint(Style::Alarm, "x"), "\u{1b}[1;31mx\u{1b}[0m");
        assert_eq!(terminal.paint(Style::Plain, "x"), "x");
        assert_eq!(ASCII.paint(Style::Alarm, "x"), "x");
    }
}
